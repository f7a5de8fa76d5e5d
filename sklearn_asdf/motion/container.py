"""Motion: poses as an array of clips, with their frame rate and joints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from .._validation import raise_all
from ..functional.gaps import seen_joints
from .arrays import (
    as_float,
    check_fps,
    check_positions,
    concatenate_frames,
    is_ragged,
    keyframe_problems,
    pad_clips,
    unpack_clips,
)
from .skeletons import Skeleton, get_skeleton, guess_skeleton
from .time_axis import TimeAxis
from .xarray import from_xarray, to_xarray

__all__ = ["DEFAULT_FPS", "Motion", "as_motion"]

# The frame rate of poses that come without one.
DEFAULT_FPS = 30.0
_VECTORS = ("velocity", "acceleration", "jerk")
# How many of the axes of the positions each field has, in the order of `_map`.
_N_AXES = {**dict.fromkeys(_VECTORS, 4), "curvature": 3, "confidence": 3, "beat": 2}


@dataclass(frozen=True, eq=False, repr=False)
class Motion(TimeAxis):
    """Poses of dancers: an array of clips that carries its frame rate and its joints.

    Parameters
    ----------
    position : array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Position of each joint, in any unit of length. NaN means that a joint was not seen; shorter
        clips are padded with NaN frames at the end.
    fps : float, default=30.0
        Frames per second (Hz).
    skeleton : Skeleton, str or None, default="auto"
        Names and bones of the joints, or the name of a registered skeleton. `"auto"` chooses it by
        the number of joints, if there is one
        (:func:`~sklearn_asdf.motion.skeletons.guess_skeleton`); None leaves the joints unnamed.
    confidence : array-like of shape (n_clips, n_frames, n_joints), default=None
        Confidence of the tracker, usually in [0, 1]; NaN where it is unknown.
    velocity, acceleration, jerk : array-like, shaped as `position`, default=None
        Derivatives, in the unit of length per s, s^2 and s^3.
    curvature : array-like of shape (n_clips, n_frames, n_joints), default=None
        Curvature of each joint's path, in 1 / unit of length.
    keyframes : array-like of int, shape (n_clips, n_keyframes), default=None
        Frames between which features are computed, increasing.
    beat : array-like of shape (n_clips, n_frames), default=None
        Cosine of the phase of the beat: 1 on a beat, -1 half way between two, 0 where unknown.

    Attributes
    ----------
    n_clips, n_frames, n_joints, n_axes : int
        Lengths of the four axes of `position`.
    lengths : ndarray of int, shape (n_clips,)
        Frames of each clip up to the last in which any joint was seen.
    duration : float
        Duration of `n_frames` in seconds.

    See Also
    --------
    as_motion : Converts arrays, lists and tables.

    Notes
    -----
    A Motion behaves like an array of clips: it has ``len``, ``shape``, ``ndim`` and ``dtype``,
    ``numpy.asarray`` gives `position`, and indexing selects clips and keeps their axis, so
    scikit-learn can split and shuffle it. It is immutable: each stage returns a new one, made by
    :func:`dataclasses.replace`. Arrays are not copied. float32 and float64 are kept; other numbers
    become float64.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import Motion
    >>> motion = Motion(np.zeros((4, 60, 17, 2)), fps=30, skeleton="coco17")
    >>> motion
    Motion(4 clips x 60 frames (2 s at 30 fps) x 17 joints (coco17) x 2 axes, float64)
    >>> motion[:2].shape
    (2, 60, 17, 2)
    """

    position: np.ndarray
    fps: float = DEFAULT_FPS
    skeleton: Skeleton | None = None
    confidence: np.ndarray | None = None
    velocity: np.ndarray | None = None
    acceleration: np.ndarray | None = None
    jerk: np.ndarray | None = None
    curvature: np.ndarray | None = None
    keyframes: np.ndarray | None = None
    beat: np.ndarray | None = None

    def __init__(
        self,
        position: Any,
        *,
        fps: float = DEFAULT_FPS,
        skeleton: Skeleton | str | None = "auto",
        confidence: Any = None,
        velocity: Any = None,
        acceleration: Any = None,
        jerk: Any = None,
        curvature: Any = None,
        keyframes: Any = None,
        beat: Any = None,
    ) -> None:
        position = as_float(position, name="poses")
        problems = check_positions(position)
        if isinstance(skeleton, str):
            auto = skeleton == "auto"
            skeleton = guess_skeleton(position.shape[2]) if auto else get_skeleton(skeleton)
        problems += check_fps(fps) + _skeleton_problems(skeleton, position.shape)
        given = {
            "velocity": velocity,
            "acceleration": acceleration,
            "jerk": jerk,
            "curvature": curvature,
            "confidence": confidence,
            "beat": beat,
        }
        values = {
            name: None if value is None else as_float(value, name=name)
            for name, value in given.items()
        }
        for name, value in values.items():
            expected = position.shape[: _N_AXES[name]]
            if value is not None and value.shape != expected:
                problems.append(f"expected {name} of shape {expected}, got {value.shape}")
        if keyframes is not None:
            keyframes = np.asarray(keyframes)
            problems += keyframe_problems(keyframes, len(position))
        raise_all(problems)
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "position", position)
        object.__setattr__(self, "fps", float(fps))
        object.__setattr__(self, "skeleton", skeleton)
        object.__setattr__(self, "keyframes", keyframes)

    @cached_property
    def complete(self) -> bool:
        """Whether every joint was seen in every frame, and all coordinates are finite."""
        # One pass without temporary arrays: a finite sum means that every value is finite.
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(np.isfinite(self.position.sum(dtype=np.float64)))

    @cached_property
    def seen(self) -> np.ndarray:
        """Joints that were seen, bool of shape (n_clips, n_frames, n_joints)."""
        return np.asarray(seen_joints(self.position))

    @cached_property
    def lengths(self) -> np.ndarray:
        """Frames of each clip up to the last in which any joint was seen."""
        if self.seen[:, -1].any(axis=-1).all():
            return np.full(self.n_clips, self.n_frames)
        seen = np.asarray(self.seen.any(axis=-1))
        return np.where(seen.any(axis=1), self.n_frames - seen[:, ::-1].argmax(axis=1), 0)

    def __repr__(self) -> str:
        def count(n: int, word: str, plural: str | None = None) -> str:
            return f"{n} {word if n == 1 else plural or word + 's'}"

        named = self.skeleton.name or "custom" if self.skeleton else "unnamed"
        extra = [f.name for f in fields(self)[3:] if getattr(self, f.name) is not None]
        return (
            f"Motion({count(self.n_clips, 'clip')} x {count(self.n_frames, 'frame')} "
            f"({self.duration:.4g} s at {self.fps:g} fps) x {count(self.n_joints, 'joint')} "
            f"({named}) x {count(self.n_axes, 'axis', 'axes')}, {self.dtype}"
            f"{', with ' + ', '.join(extra) if extra else ''})"
        )

    def __getstate__(self) -> dict[str, Any]:
        # Cached properties are left out, and the order of the axes in memory is kept, so that a
        # motion from joblib's cache has the same bits and the same hash as before.
        state = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("position", *_VECTORS):
            array = state[name]
            if array is not None and not array.flags.c_contiguous:
                state[name] = (np.moveaxis(array, -1, 0).ravel(), array.shape)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            if name in ("position", *_VECTORS) and isinstance(value, tuple):
                flat, shape = value
                value = np.moveaxis(flat.reshape(shape[-1], *shape[:-1]), 0, -1)
            self.__dict__[name] = value

    def _map(
        self, function: Callable[[np.ndarray], np.ndarray], *, keyframes: bool = True
    ) -> Motion:
        """Return a Motion of `function` of each array, with or without keyframes."""
        names = [*_N_AXES, *(["keyframes"] if keyframes else [])]
        arrays = {name: function(v) for name in names if (v := getattr(self, name)) is not None}
        return self._rebuild(function(self.position), fps=self.fps, **arrays)

    def _rebuild(self, position: np.ndarray, *, fps: float, **fields: Any) -> Motion:
        return Motion(position, fps=fps, skeleton=self.skeleton, **fields)

    @classmethod
    def from_clips(
        cls,
        clips: Sequence[Any],
        *,
        fps: float = DEFAULT_FPS,
        skeleton: Skeleton | str | None = "auto",
        confidence: Sequence[Any] | None = None,
    ) -> Motion:
        """Return clips of different length as one Motion, padded with NaN frames at the end.

        Parameters
        ----------
        clips : sequence of array-like of shape (n_frames_i, n_joints, n_axes)
            One array per clip.
        fps : float, default=30.0
            Frames per second (Hz).
        skeleton : Skeleton, str or None, default="auto"
            Names and bones of the joints, as in :class:`Motion`.
        confidence : sequence of array-like of shape (n_frames_i, n_joints), default=None
            Confidence of each clip; padded with 0.

        Returns
        -------
        Motion
            With as many frames as the longest clip.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> motion = Motion.from_clips([np.zeros((30, 17, 2)), np.zeros((20, 17, 2))])
        >>> motion.shape, motion.lengths
        ((2, 30, 17, 2), array([30, 20]))
        """
        position, padded = pad_clips(clips, confidence)
        return cls(position, fps=fps, skeleton=skeleton, confidence=padded)

    @classmethod
    def concatenate(cls, motions: Sequence[Motion]) -> Motion:
        """Concatenate the clips of several motions.

        Parameters
        ----------
        motions : sequence of Motion
            With the same fps, joints and axes; shorter ones are padded with NaN frames at the end.

        Returns
        -------
        Motion
            All clips. Fields that not every motion has (derivatives, confidence) are left out, and
            so are keyframes if their number differs.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> motion = Motion(np.zeros((4, 60, 17, 2)))
        >>> len(Motion.concatenate([motion, motion[:2]]))
        6
        """
        motions = list(motions)
        if not motions:
            raise ValueError("expected at least one Motion, got an empty list")
        first = motions[0]
        problems = []
        for i, other in enumerate(motions):
            if not isinstance(other, cls):
                problems.append(f"expected a Motion at index {i}, got {type(other).__name__}")
            else:
                problems += _differences(first, other, i)
        raise_all(problems)
        arrays = {}
        for name in ("position", *_N_AXES):
            parts = [p for m in motions if (p := getattr(m, name)) is not None]
            if len(parts) == len(motions):
                fill = 0.0 if name in ("confidence", "beat") else np.nan
                arrays[name] = concatenate_frames(parts, fill)
        keys = [m.keyframes for m in motions if m.keyframes is not None]
        if len(keys) == len(motions) and len({k.shape[1] for k in keys}) == 1:
            arrays["keyframes"] = np.concatenate(keys)
        return cls(fps=first.fps, skeleton=first.skeleton, **arrays)

    def to_xarray(self) -> Any:
        """Return an ``xarray.Dataset`` in the conventions of the package movement.

        Returns
        -------
        xarray.Dataset
            ``position`` (time, space, keypoints, individuals) and, if they are known,
            ``confidence`` (time, keypoints, individuals) and ``beat`` (time, individuals), time in
            seconds. Each clip is an individual.

        See Also
        --------
        from_xarray : The inverse.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> Motion(np.zeros((2, 60, 17, 2)), skeleton="coco17").to_xarray().position.dims
        ('time', 'space', 'keypoints', 'individuals')
        """
        return to_xarray(
            self.position,
            fps=self.fps,
            skeleton=self.skeleton,
            confidence=self.confidence,
            beat=self.beat,
        )

    @classmethod
    def from_xarray(
        cls, dataset: Any, *, fps: float | None = None, skeleton: Skeleton | str | None = None
    ) -> Motion:
        """Return the Motion of an ``xarray.Dataset`` in the conventions of the package movement.

        Parameters
        ----------
        dataset : xarray.Dataset
            With ``position`` over time, space, keypoints and individuals (the last may be missing),
            in any order, and possibly ``confidence`` and ``beat``.
        fps : float or None, default=None
            Frames per second (Hz); None takes the attribute ``fps``, or else the step of the time
            coordinate in seconds.
        skeleton : Skeleton, str or None, default=None
            Names and bones of the joints; None takes the names of the keypoints, without bones
            unless they are those of a registered skeleton.

        Returns
        -------
        Motion
            One clip per individual.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> motion = Motion(np.zeros((2, 60, 17, 2)), skeleton="coco17")
        >>> Motion.from_xarray(motion.to_xarray())
        Motion(2 clips x 60 frames (2 s at 30 fps) x 17 joints (coco17) x 2 axes, float64)
        """
        parts = from_xarray(dataset)
        if fps is not None:
            parts["fps"] = fps
        elif parts["fps"] is None:
            raise ValueError("expected a dataset with the attribute 'fps', got none: give fps=")
        if skeleton is not None:
            parts["skeleton"] = skeleton
        return cls(**parts)


def _skeleton_problems(skeleton: Any, shape: tuple[int, ...]) -> list[str]:
    if skeleton is None:
        return []
    if not isinstance(skeleton, Skeleton):
        return [f"expected skeleton to be a Skeleton, a name of one or None, got {skeleton!r}"]
    if len(skeleton) != shape[2]:
        return [
            f"expected as many joints as the skeleton has ({len(skeleton)}), got poses of shape "
            f"{shape} with {shape[2]} joints: give the skeleton that fits, or None"
        ]
    return []


def _differences(first: Motion, other: Motion, index: int) -> list[str]:
    """Return what keeps two motions from being concatenated."""
    problems = []
    if other.fps != first.fps:
        problems.append(
            f"expected {first.fps:g} fps as in the first, got {other.fps:g} at index {index}: "
            "use resample"
        )
    if other.shape[2:] != first.shape[2:]:
        problems.append(
            f"expected the joints and axes of the first, {first.shape[2:]}, got "
            f"{other.shape[2:]} at index {index}"
        )
    if first.skeleton and other.skeleton and first.skeleton.joints != other.skeleton.joints:
        problems.append(f"expected the joints of the first, got another skeleton at index {index}")
    return problems


def as_motion(
    X: Any, *, fps: float = DEFAULT_FPS, skeleton: Skeleton | str | None = "auto"
) -> Motion:
    """Convert poses in any accepted form to a Motion.

    Parameters
    ----------
    X : Motion or array-like
        A Motion, which is returned unchanged; an array (n_clips, n_frames, n_joints, n_axes); a
        list or an object array of arrays (n_frames_i, n_joints, n_axes) of different length; or a
        table (array, DataFrame) of shape (n_clips, n_frames), which is one scalar trajectory per
        row: one joint, one axis.
    fps : float, default=30.0
        Frames per second, unless `X` is a Motion.
    skeleton : Skeleton, str or None, default="auto"
        Names and bones of the joints, unless `X` is a Motion; as in :class:`Motion`.

    Returns
    -------
    Motion
        The poses.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.motion import as_motion
    >>> as_motion(np.zeros((4, 60, 17, 2))).skeleton.name
    'coco17'
    >>> as_motion(np.zeros((4, 60))).shape
    (4, 60, 1, 1)
    """
    if isinstance(X, Motion):
        return X
    X = unpack_clips(X)
    if is_ragged(X):
        return Motion.from_clips(X, fps=fps, skeleton=skeleton)
    array = as_float(X, name="poses")
    if array.ndim == 2:
        array = array[:, :, None, None]
    return Motion(array, fps=fps, skeleton=skeleton)
