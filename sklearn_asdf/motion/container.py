"""Motion: what flows between the motion stages, an array of clips that knows its fps and joints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.sparse import issparse

from .._validation import raise_all
from ..functional.resampling import resample
from . import xarray as _xarray
from .skeletons import Skeleton, get_skeleton, guess_skeleton

__all__ = ["DEFAULT_FPS", "Motion", "as_motion", "unpack_clips"]

# The frame rate of poses that tell none.
DEFAULT_FPS = 30.0
_SHAPE = "(n_clips, n_frames, n_joints, n_axes)"
_VECTORS = ("velocity", "acceleration", "jerk")
_SCALARS = ("curvature", "confidence")
# Rates that differ by less, as a share, are one rate written with fewer digits.
_SAME_RATE = 1e-6


def _as_float(array: Any, *, name: str) -> np.ndarray:
    """Return a float32 or float64 array, or say why this cannot be one."""
    if issparse(array):
        raise TypeError(f"Sparse data was passed for {name}, but dense data is required.")
    try:
        array = np.asarray(array)
    except ValueError:
        raise ValueError(
            f"expected {name} to be a regular array of numbers, got rows of different length: for "
            "clips of different length use Motion.from_clips"
        ) from None
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: expected real numbers for {name}")
    if array.dtype.kind not in "fiubO":
        raise ValueError(f"expected {name} to be numbers, got an array of dtype {array.dtype}")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(f"expected {name} to be numbers: {error}") from None


@dataclass(frozen=True, eq=False, repr=False)
class Motion:
    """Poses of dancers: an array of clips that carries its frame rate and its joints.

    Parameters
    ----------
    position : array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Where each joint is, in any unit of length. NaN is a joint that was not seen; shorter clips
        are padded with NaN frames at the end.
    fps : float, default=30.0
        Frames a second (Hz).
    skeleton : Skeleton, str or None, default="auto"
        Who the joints are, or the name of a registered skeleton. `"auto"` takes the one that is
        known by its number of joints, if there is one
        (:func:`~sklearn_asdf.motion.skeletons.guess_skeleton`); None leaves the joints unnamed.
    confidence : array-like of shape (n_clips, n_frames, n_joints), default=None
        How sure the tracker was, usually in [0, 1]; NaN where that is not known.
    velocity, acceleration, jerk : array-like, shaped as `position`, default=None
        Derivatives, in the unit of length by s, s^2 and s^3.
    curvature : array-like of shape (n_clips, n_frames, n_joints), default=None
        Curvature of each joint's path, in 1 by the unit of length.
    keyframes : array-like of int, shape (n_clips, n_keyframes), default=None
        Frames between which features are computed, increasing.
    beat : array-like of shape (n_clips, n_frames), default=None
        How near a beat is: 1 on it, -1 half way between two, 0 where nothing is known.

    Attributes
    ----------
    n_clips, n_frames, n_joints, n_axes : int
        The lengths of the four axes of `position`.
    lengths : ndarray of int, shape (n_clips,)
        Frames of each clip up to the last in which any joint was seen.
    duration : float
        Seconds that `n_frames` last.

    See Also
    --------
    as_motion : Converts what users have (arrays, lists, tables).

    Notes
    -----
    A Motion is an array of clips to whoever asks: it has ``len``, ``shape``, ``ndim``, ``dtype``,
    ``numpy.asarray`` gives `position`, and indexing picks clips and keeps their axis, so that
    scikit-learn can split, shuffle and search. It is never changed: every stage returns a new one.
    Arrays are not copied. float32 and float64 are kept; other numbers become float64.

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
        position = _as_float(position, name="poses")
        if position.ndim != 4:
            hint = {3: ": add a clip axis (poses[None])", 2: ": see as_motion for tables"}
            raise ValueError(
                f"expected poses of shape {_SHAPE}, got {position.shape}"
                f"{hint.get(position.ndim, '')}"
            )
        if isinstance(skeleton, str):
            auto = skeleton == "auto"
            skeleton = guess_skeleton(position.shape[2]) if auto else get_skeleton(skeleton)
        values = {
            "velocity": velocity,
            "acceleration": acceleration,
            "jerk": jerk,
            "curvature": curvature,
            "confidence": confidence,
            "beat": beat,
        }
        problems = []
        if min(position.shape[1:]) == 0:
            problems.append(
                f"expected at least one frame, joint and axis, got poses of shape {position.shape}"
            )
        if position.shape[3] > 3:
            problems.append(
                f"expected 1 to 3 axes of space, got {position.shape[3]} in poses of shape "
                f"{position.shape}: transpose them to {_SHAPE}"
            )
        if isinstance(fps, bool) or not isinstance(fps, Real) or not 0 < float(fps) < np.inf:
            problems.append(f"expected fps to be a positive number of frames a second, got {fps!r}")
        if skeleton is not None and not isinstance(skeleton, Skeleton):
            problems.append(
                f"expected skeleton to be a Skeleton, a name of one or None, got {skeleton!r}"
            )
        elif skeleton is not None and len(skeleton) != position.shape[2]:
            problems.append(
                f"expected as many joints as the skeleton has ({len(skeleton)}), got poses of "
                f"shape {position.shape} with {position.shape[2]} joints: give the skeleton that "
                "fits, or None"
            )
        for name, value in values.items():
            if value is None:
                continue
            value = values[name] = _as_float(value, name=name)
            n_axes = 4 if name in _VECTORS else 3 if name in _SCALARS else 2
            expected = position.shape[:n_axes]
            if value.shape != expected:
                problems.append(f"expected {name} of shape {expected}, got {value.shape}")
        if keyframes is not None:
            keyframes = np.asarray(keyframes)
            if keyframes.ndim != 2 or len(keyframes) != len(position):
                problems.append(
                    f"expected keyframes of shape ({len(position)}, n_keyframes), got "
                    f"{keyframes.shape}"
                )
            elif keyframes.dtype.kind not in "iu":
                problems.append(f"expected keyframes to be integers, got {keyframes.dtype}")
        raise_all(problems)
        values |= {
            "position": position,
            "fps": float(fps),
            "skeleton": skeleton,
            "keyframes": keyframes,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    # An array of clips

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of `position`."""
        return self.position.shape

    @property
    def ndim(self) -> int:
        """Always 4."""
        return self.position.ndim

    @property
    def dtype(self) -> np.dtype:
        """The floating type of `position`."""
        return self.position.dtype

    @property
    def n_clips(self) -> int:
        """Number of clips."""
        return self.position.shape[0]

    @property
    def n_frames(self) -> int:
        """Number of frames of the longest clip."""
        return self.position.shape[1]

    @property
    def n_joints(self) -> int:
        """Number of joints."""
        return self.position.shape[2]

    @property
    def n_axes(self) -> int:
        """Number of axes of space."""
        return self.position.shape[3]

    @property
    def duration(self) -> float:
        """Seconds that `n_frames` last."""
        return self.n_frames / self.fps

    @cached_property
    def seen(self) -> np.ndarray:
        """Which joints were seen, bool of shape (n_clips, n_frames, n_joints)."""
        return ~np.asarray(np.isnan(self.position).any(axis=-1))

    @cached_property
    def lengths(self) -> np.ndarray:
        """Frames of each clip up to the last in which any joint was seen."""
        if self.seen[:, -1].any(axis=-1).all():
            return np.full(self.n_clips, self.n_frames)
        seen = np.asarray(self.seen.any(axis=-1))
        return np.where(seen.any(axis=1), self.n_frames - seen[:, ::-1].argmax(axis=1), 0)

    def __len__(self) -> int:
        return self.n_clips

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.position if dtype is None else self.position.astype(dtype, copy=False)
        if copy is False and array is not self.position:
            raise ValueError(f"expected dtype {self.dtype} where no copy is allowed, got {dtype}")
        return array.copy() if copy and array is self.position else array

    def __getitem__(self, key: Any) -> Motion:
        if isinstance(key, tuple):
            if len(key) != 2 or key[1] is not Ellipsis:
                raise IndexError(
                    "expected an index of clips (a number, slice, index array or mask), got "
                    f"{key!r}: use frames(start, stop) to cut in time, or position for the array"
                )
            key = key[0]
        if isinstance(key, Integral) and not isinstance(key, (bool, np.bool_)):
            place = int(key) + (self.n_clips if key < 0 else 0)
            if not 0 <= place < self.n_clips:
                raise IndexError(f"expected a clip below {self.n_clips}, got {key}")
            key = slice(place, place + 1)
        elif not isinstance(key, slice):
            key = np.asarray(key)
            if key.ndim != 1 or key.dtype.kind not in "iub":
                if key.size:
                    raise IndexError(
                        "expected an index of clips (a number, slice, index array or mask), got "
                        f"an array of {key.dtype} and shape {key.shape}"
                    )
                key = np.zeros(0, dtype=np.intp)
        return self._map(lambda array: array[key])

    def __iter__(self) -> Iterator[Motion]:
        return (self[i] for i in range(self.n_clips))

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
        # What was cached is no part of the value, and the order of the axes in memory is kept, so
        # that a motion from joblib's cache gives the same bits and the same hash as before.
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

    def _map(self, function: Any, *, drop: Sequence[str] = ()) -> Motion:
        """Return a Motion of `function` of every array that it holds."""
        arrays = {"position": function(self.position)}
        for name in (*_VECTORS, *_SCALARS, "beat", "keyframes"):
            value = getattr(self, name)
            if value is not None and name not in drop:
                arrays[name] = function(value)
        return Motion(fps=self.fps, skeleton=self.skeleton, **arrays)

    def _with(self, **changes: Any) -> Motion:
        return replace(self, **changes)

    # Making and cutting

    @classmethod
    def from_clips(
        cls,
        clips: Sequence[Any],
        *,
        fps: float = DEFAULT_FPS,
        skeleton: Skeleton | str | None = "auto",
        confidence: Sequence[Any] | None = None,
    ) -> Motion:
        """Put clips of different length together, padding with NaN frames at the end.

        Parameters
        ----------
        clips : sequence of array-like of shape (n_frames_i, n_joints, n_axes)
            One array a clip.
        fps : float, default=30.0
            Frames a second (Hz).
        skeleton : Skeleton, str or None, default="auto"
            Who the joints are, as in :class:`Motion`.
        confidence : sequence of array-like of shape (n_frames_i, n_joints), default=None
            Confidence of each clip; padded with 0.

        Returns
        -------
        Motion
            As many frames long as the longest clip.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> motion = Motion.from_clips([np.zeros((30, 17, 2)), np.zeros((20, 17, 2))])
        >>> motion.shape, motion.lengths
        ((2, 30, 17, 2), array([30, 20]))
        """
        arrays = [_as_float(clip, name=f"clip {i}") for i, clip in enumerate(clips)]
        if not arrays:
            raise ValueError("expected at least one clip, got an empty list")
        problems = [
            f"expected clip {i} of shape (n_frames, n_joints, n_axes), got {a.shape}"
            for i, a in enumerate(arrays)
            if a.ndim != 3 or 0 in a.shape
        ]
        raise_all(problems)
        body = arrays[0].shape[1:]
        problems = [
            f"expected all clips to have the joints and axes of the first, {body}, got "
            f"{a.shape[1:]} in clip {i}"
            for i, a in enumerate(arrays)
            if a.shape[1:] != body
        ]
        sure = None
        if confidence is not None:
            sure = [_as_float(c, name=f"confidence {i}") for i, c in enumerate(confidence)]
            if [c.shape for c in sure] != [a.shape[:2] for a in arrays]:
                problems.append(
                    "expected confidence to have the shape (n_frames, n_joints) of each clip, got "
                    f"{[c.shape for c in sure]} for {[a.shape[:2] for a in arrays]}"
                )
        raise_all(problems)
        n_frames = max(len(a) for a in arrays)
        position = np.full((len(arrays), n_frames, *body), np.nan, np.result_type(*arrays))
        for i, a in enumerate(arrays):
            position[i, : len(a)] = a
        padded = None
        if sure is not None:
            padded = np.zeros(position.shape[:3], np.result_type(*sure))
            for i, c in enumerate(sure):
                padded[i, : len(c)] = c
        return cls(position, fps=fps, skeleton=skeleton, confidence=padded)

    @classmethod
    def concatenate(cls, motions: Sequence[Motion]) -> Motion:
        """Put the clips of several motions one after the other.

        Parameters
        ----------
        motions : sequence of Motion
            With the same fps, joints and axes; shorter ones are padded with NaN frames at the end.

        Returns
        -------
        Motion
            All clips. What not every motion has (derivatives, confidence) is left out, and so are
            keyframes where their number differs.

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
                problems.append(f"expected a Motion at place {i}, got {type(other).__name__}")
                continue
            if other.fps != first.fps:
                problems.append(
                    f"expected {first.fps:g} fps as in the first, got {other.fps:g} at place {i}: "
                    "use resample"
                )
            if other.shape[2:] != first.shape[2:]:
                problems.append(
                    f"expected the joints and axes of the first, {first.shape[2:]}, got "
                    f"{other.shape[2:]} at place {i}"
                )
            if first.skeleton and other.skeleton and first.skeleton.joints != other.skeleton.joints:
                problems.append(
                    f"expected the joints of the first, got another skeleton at place {i}"
                )
        raise_all(problems)
        n_frames = max(m.n_frames for m in motions)
        arrays = {}
        for name in ("position", *_VECTORS, *_SCALARS, "beat"):
            parts = [p for m in motions if (p := getattr(m, name)) is not None]
            if len(parts) < len(motions):
                continue
            fill = 0.0 if name in ("confidence", "beat") else np.nan
            arrays[name] = np.concatenate([_pad_frames(p, n_frames, fill) for p in parts])
        keys = [m.keyframes for m in motions if m.keyframes is not None]
        if len(keys) == len(motions) and len({k.shape[1] for k in keys}) == 1:
            arrays["keyframes"] = np.concatenate(keys)
        return cls(fps=first.fps, skeleton=first.skeleton, **arrays)

    def frames(self, start: int | None = None, stop: int | None = None) -> Motion:
        """Cut all clips to the frames from `start` up to, not including, `stop`.

        Parameters
        ----------
        start, stop : int or None, default=None
            As in a slice.

        Returns
        -------
        Motion
            Views of the same arrays, without keyframes.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> Motion(np.zeros((4, 60, 17, 2))).frames(10, 40).n_frames
        30
        """
        first, last, _ = slice(start, stop).indices(self.n_frames)
        if last <= first:
            raise ValueError(
                f"expected start < stop within {self.n_frames} frames, got start={start!r} and "
                f"stop={stop!r}: no frame is left"
            )
        return self._map(lambda array: array[:, first:last], drop=("keyframes",))

    def windows(self, clip_duration: float = 8.0, hop_duration: float = 1.0) -> Motion:
        """Cut one long take into overlapping clips.

        Parameters
        ----------
        clip_duration : float, default=8.0
            Seconds of a clip.
        hop_duration : float, default=1.0
            Seconds from the start of a clip to the start of the next.

        Returns
        -------
        Motion
            Clip i starts at the frame nearest to ``i * hop_duration``; a rest shorter than a clip
            is left out. The clips are read-only views of this take as far as its frame rate allows:
            overlap then costs no memory.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> Motion(np.zeros((1, 600, 17, 2))).windows(8, 1).shape
        (13, 240, 17, 2)
        """
        problems = []
        if self.n_clips != 1:
            problems.append(
                f"expected one take to cut, got {self.n_clips} clips: cut each and join them, "
                "Motion.concatenate([take.windows() for take in motion])"
            )
        for name, value in (("clip_duration", clip_duration), ("hop_duration", hop_duration)):
            if not isinstance(value, Real) or not 1 <= value * self.fps < np.inf:
                problems.append(
                    f"expected {name} to be at least one frame ({1 / self.fps:.4g} s), got "
                    f"{value!r}"
                )
        raise_all(problems)
        size = round(clip_duration * self.fps)
        length = int(self.lengths[0])
        if size > length:
            raise ValueError(
                f"expected a take of at least clip_duration={clip_duration} s, got "
                f"{length / self.fps:.4g} s: take a shorter clip_duration"
            )
        hop = hop_duration * self.fps
        starts = np.rint(np.arange(int((length - size + 0.5) / hop) + 1) * hop).astype(np.intp)
        starts = starts[starts + size <= length]
        even = hop == int(hop)
        chosen: Any = slice(0, length - size + 1, int(hop)) if even else starts

        def cut(array: np.ndarray) -> np.ndarray:
            view = np.lib.stride_tricks.sliding_window_view(array[0], size, axis=0)
            return np.moveaxis(view[chosen], -1, 1)

        return self._map(cut, drop=("keyframes",))

    def resample(self, fps: float) -> Motion:
        """Resample all clips to another frame rate.

        Parameters
        ----------
        fps : float
            Wanted frames a second (Hz).

        Returns
        -------
        Motion
            With positions, confidence and beat only: compute derivatives after resampling. Frame i
            is the pose at ``i / fps`` seconds, by cubic splines of what was seen without a gap;
            the last pose lasts until the next one would have come. Where `fps` is lower, a
            zero-phase low-pass at 0.45 of it goes first.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> Motion(np.zeros((4, 61, 17, 2)), fps=30).resample(60).shape
        (4, 122, 17, 2)
        """
        if isinstance(fps, bool) or not isinstance(fps, Real) or not 0 < float(fps) < np.inf:
            raise ValueError(
                f"expected fps to be a positive number of frames a second, got {fps!r}"
            )
        if fps == self.fps:
            return self
        if abs(fps - self.fps) < _SAME_RATE * fps:
            return self._with(fps=float(fps))
        position = resample(self.position, fps=self.fps, new_fps=fps)
        time = np.arange(position.shape[1]) * (self.fps / fps)
        low = np.minimum(time.astype(np.intp), self.n_frames - 1)
        high = np.minimum(low + 1, self.n_frames - 1)

        def between(values: np.ndarray | None) -> np.ndarray | None:
            if values is None:
                return None
            share = (time - low).reshape(-1, *[1] * (values.ndim - 2)).astype(values.dtype)
            return values[:, low] * (1 - share) + values[:, high] * share

        return Motion(
            position,
            fps=fps,
            skeleton=self.skeleton,
            confidence=between(self.confidence),
            beat=between(self.beat),
        )

    # Other containers

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
        from_xarray : The way back.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> Motion(np.zeros((2, 60, 17, 2)), skeleton="coco17").to_xarray().position.dims
        ('time', 'space', 'keypoints', 'individuals')
        """
        return _xarray.to_xarray(self)

    @classmethod
    def from_xarray(
        cls, dataset: Any, *, fps: float | None = None, skeleton: Skeleton | str | None = None
    ) -> Motion:
        """Take poses from an ``xarray.Dataset`` in the conventions of the package movement.

        Parameters
        ----------
        dataset : xarray.Dataset
            With ``position`` over time, space, keypoints and individuals (the last may be missing),
            in any order, and possibly ``confidence`` and ``beat``.
        fps : float or None, default=None
            Frames a second (Hz); None takes the attribute ``fps``, or else the step of time in
            seconds.
        skeleton : Skeleton, str or None, default=None
            Who the joints are; None takes the names of the keypoints, without bones unless they are
            those of a registered skeleton.

        Returns
        -------
        Motion
            One clip an individual.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> motion = Motion(np.zeros((2, 60, 17, 2)), skeleton="coco17")
        >>> Motion.from_xarray(motion.to_xarray())
        Motion(2 clips x 60 frames (2 s at 30 fps) x 17 joints (coco17) x 2 axes, float64)
        """
        return _xarray.from_xarray(dataset, fps=fps, skeleton=skeleton)


def _pad_frames(array: np.ndarray, n_frames: int, fill: float) -> np.ndarray:
    missing = n_frames - array.shape[1]
    if not missing:
        return array
    width = [(0, 0), (0, missing), *[(0, 0)] * (array.ndim - 2)]
    return np.pad(array, width, constant_values=fill)


def as_motion(
    X: Any, *, fps: float = DEFAULT_FPS, skeleton: Skeleton | str | None = "auto"
) -> Motion:
    """Convert poses in any accepted form to a Motion.

    Parameters
    ----------
    X : Motion or array-like
        A Motion, which is returned as it is; an array (n_clips, n_frames, n_joints, n_axes); a list
        or an object array of arrays (n_frames_i, n_joints, n_axes) of different length; or a table
        (array, DataFrame) of shape (n_clips, n_frames), which is one scalar trajectory per row: one
        joint, one axis.
    fps : float, default=30.0
        Frames a second of what is not a Motion.
    skeleton : Skeleton, str or None, default="auto"
        Joints of what is not a Motion, as in :class:`Motion`.

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
    if _is_ragged(X):
        return Motion.from_clips(X, fps=fps, skeleton=skeleton)
    array = _as_float(X, name="poses")
    if array.ndim == 2:
        array = array[:, :, None, None]
    return Motion(array, fps=fps, skeleton=skeleton)


def unpack_clips(X: Any) -> Any:
    """Return the clips of an object array as a list, and anything else as it is.

    Parameters
    ----------
    X : object
        Poses in any form.

    Returns
    -------
    object
        A list of clips, or `X`.

    Raises
    ------
    ValueError
        If `X` is a DataFrame of frames by joints, which would be read as a table of clips.
    """
    if getattr(getattr(X, "columns", None), "nlevels", 1) > 1:
        raise ValueError(
            "expected poses of shape (n_clips, n_frames, n_joints, n_axes), got a DataFrame whose "
            f"columns have {X.columns.nlevels} levels, as DeepLabCut writes it, which is one take: "
            "read its file with sklearn_asdf.io.read_poses"
        )
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1:
        return list(X) if len(X) and np.ndim(X[0]) == 3 else X
    return X


def _is_ragged(X: Any) -> bool:
    """Tell whether `X` is a list of clips that differ in length."""
    if not isinstance(X, (list, tuple)) or not X:
        return False
    clips = [clip if hasattr(clip, "shape") else np.asarray(clip, dtype=object) for clip in X]
    return clips[0].ndim == 3 and any(clip.shape != clips[0].shape for clip in clips)
