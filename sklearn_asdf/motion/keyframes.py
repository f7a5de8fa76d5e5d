"""KeyframeSegmenter: keyframes of a dance, the same number in every clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from .._validation import Integral, Interval, Real, StrOptions, did_you_mean, raise_all
from ..functional.frames import (
    distinct_frames,
    fill_curves,
    uniform_keyframes,
    zero_crossing_frames,
)
from ..functional.keyframe_candidates import bone_angles, candidate_frames, curve_salience
from ..functional.keyframes import cluster_extremes, select_keyframes
from ..functional.kinematics import magnitude, velocity
from .container import DEFAULT_FPS, Motion
from .skeletons import Skeleton
from .stage import MotionTransformer

__all__ = ["KeyframeSegmenter"]

# Parameters of earlier versions, in frames, and their names in seconds.
_ONCE_IN_FRAMES = {
    "sigma": "kernel_sigma",
    "window_length": "kernel_duration",
    "cluster_gap": "gap_duration",
}
# Salience below this share of a curve's largest value is a rounding error.
_ROUNDING = 1e-10
# Coordinates processed at a time: some megabytes, which bounds the memory.
_BLOCK = 2**19


class KeyframeSegmenter(MotionTransformer):
    """Add keyframes to poses: the frames at which a movement turns.

    Frames at which the angle of a limb bone to the spine turns sharply are candidates. The
    candidates of all bones are clustered into `n_keyframes` clusters, and the most extreme pose of
    each is kept. Between consecutive keyframes lie the windows that `LMAFeaturizer` describes.

    Parameters
    ----------
    n_keyframes : int, default=10
        Number of keyframes of each clip; ten make the paper's nine windows.
    method : {"salience", "uniform", "zero_crossing"}, default="salience"
        `"salience"` is the paper's (eqs. 9 to 13). `"uniform"` spaces the keyframes equally from
        the first frame to the last. With `"zero_crossing"`, candidates are the frames at which a
        joint's scalar acceleration changes sign (section 2.2.4).
    kernel_sigma : float, default=0.025
        Standard deviation of the narrower Gaussian of eq. 10 in s: the paper's 0.75 frames at
        30 fps.
    kernel_duration : float, default=1/6
        Length of both Gaussian kernels in s: the paper's 5 frames at 30 fps.
    gap_duration : float, default=1/6
        Candidates of one bone that are at most this many seconds apart are one cluster: the
        paper's 5 frames at 30 fps.
    search_fps : float or None, default=30.0
        Frame rate in Hz at which keyframes are searched for, since the candidates depend on it.
        The keyframes are the frames of the poses nearest to those found. None searches at the
        frame rate of the poses.
    refine : bool, default=True
        Whether to find held poses at their middle and to prefer frames on which several bones
        agree, see the notes. False is the method of the paper.
    reference : {"spine", "vertical", "image_origin"} or (str, str), default="spine"
        Reference of the angles: the line from the center of the hips to that of the shoulders; the
        second axis of space (the first if there is one); the line from the origin of the image to
        the center of the hips, as in the paper's code; or the bone between two named joints. For
        a skeleton without spine it is `"vertical"`.
    limb_bones : sequence of (str, str) or None, default=None
        The bones whose angles are used. By default those of the skeleton.

    Attributes
    ----------
    n_features_in_ : int
        Columns of a table, or joints times axes.
    n_joints_in_, n_axes_in_ : int
        Joints and axes seen in `fit`.
    skeleton_ : Skeleton or None
        The joints seen in `fit`.
    fps_ : float
        Frame rate of the poses in `fit`, in Hz, to which others are resampled.

    See Also
    --------
    LMAFeaturizer : Describes the windows between keyframes.
    sklearn_asdf.functional.keyframes : The formulas.

    Notes
    -----
    There are always exactly `n_keyframes`, strictly increasing in every clip that has as many
    frames. If there are fewer candidates, the frames farthest from them are added; a clip without
    movement gets equally spaced keyframes; a clip with fewer frames than keyframes gets all its
    frames and repeats the last, so its remaining windows are empty.

    k-means in one dimension is solved exactly by dynamic programming instead of by Lloyd's
    algorithm, so nothing is random. The paper keeps the frame that "maximizes or minimizes" the
    angle; here that is the one with the largest deviation from the mean angle around its cluster.

    With `refine`, a bone that rests at an extreme (within 2 % of its range) gives the middle of
    the rest; a cluster with a maximum and a minimum of its bone more than `gap_duration` apart
    gives both; and frames are weighted in k-means, and selected, by the number of bones that gave
    them. `n_keyframes` poses that are held one after the other, each at least as long as the
    movement to the next, are usually found near the middle of each hold; after smoothing at 3 Hz,
    so are more than nine in ten of the poses held for two thirds of a second.

    Poses without bones (unnamed joints, a single trajectory) are described by their coordinates
    instead of angles. Curves are interpolated linearly where joints were not seen. There are no
    keyframes in the padding at the end of a shorter clip.

    References
    ----------
    The ASDF-RNN paper, section 3.2.2, eqs. 9 to 13; E. Bulut and T. Capin, "Key frame extraction
    from motion capture data by curve saliency", 2007; J. Xiao, Y. Zhuang, T. Yang and F. Wu, "An
    efficient keyframe extraction from motion capture data", 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import KeyframeSegmenter
    >>> swing = np.abs((np.arange(60) + 5) % 20 - 10.0)[None]
    >>> KeyframeSegmenter(n_keyframes=6).fit_transform(swing).keyframes.tolist()
    [[5, 15, 25, 35, 45, 55]]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_keyframes": [Interval(Integral, 2, None, closed="left")],
        "method": [StrOptions({"salience", "uniform", "zero_crossing"})],
        "kernel_sigma": [Interval(Real, 0, None, closed="neither")],
        "kernel_duration": [Interval(Real, 0, None, closed="neither")],
        "gap_duration": [Interval(Real, 0, None, closed="left")],
        "search_fps": [Interval(Real, 0, None, closed="neither"), None],
        "refine": ["boolean"],
        "reference": [StrOptions({"spine", "vertical", "image_origin"}), list, tuple],
        "limb_bones": [None, list, tuple],
    }

    _added = "keyframes"

    def __init__(
        self,
        *,
        n_keyframes: int = 10,
        method: str = "salience",
        kernel_sigma: float = 0.025,
        kernel_duration: float = 1 / 6,
        gap_duration: float = 1 / 6,
        search_fps: float | None = DEFAULT_FPS,
        refine: bool = True,
        reference: str | tuple[str, str] = "spine",
        limb_bones: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        self.n_keyframes = n_keyframes
        self.method = method
        self.kernel_sigma = kernel_sigma
        self.kernel_duration = kernel_duration
        self.gap_duration = gap_duration
        self.search_fps = search_fps
        self.refine = refine
        self.reference = reference
        self.limb_bones = limb_bones

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Earlier versions counted in frames, at 30 fps.
        state = dict(state)
        for old, new in _ONCE_IN_FRAMES.items():
            if old in state:
                state[new] = state.pop(old) / DEFAULT_FPS
        super().__setstate__(state)

    def _check(self, motion: Motion) -> None:
        problems = []
        pairs = list(self.limb_bones or ())
        if self.limb_bones is not None and not pairs:
            problems.append("expected at least one pair of joints in limb_bones, got none")
        if not isinstance(self.reference, str):
            pairs.append(self.reference)
        for pair in pairs:
            if isinstance(pair, str) or len(pair) != 2 or not all(isinstance(j, str) for j in pair):
                problems.append(f"expected a bone to be a pair of joint names, got {pair!r}")
            elif motion.skeleton is None:
                problems.append(
                    f"expected poses with named joints to find the bone {pair!r}, got unnamed "
                    "ones: pass a Motion with a skeleton"
                )
            else:
                joints = motion.skeleton.joints
                problems += [
                    f"expected bones between joints of the skeleton, got {pair!r}: there is no "
                    f"joint {name!r}.{did_you_mean(name, joints)}"
                    for name in pair
                    if motion.skeleton.find(name) is None
                ]
        raise_all(problems)

    def _transform(self, motion: Motion) -> Motion:
        size = max(1, _BLOCK // int(np.prod(motion.shape[1:])))
        keyframes = [self._on_grid(part) for _, part in motion.batches(size)]
        return replace(motion, keyframes=np.concatenate(keyframes))

    def _on_grid(self, motion: Motion) -> np.ndarray:
        """Return the keyframes found at `search_fps`, as frames of the motion."""
        if self.search_fps is None or self.search_fps == motion.fps or self.method == "uniform":
            return self._keyframes(motion)
        grid = Motion(motion.position, fps=motion.fps, skeleton=motion.skeleton)
        keyframes = self._keyframes(grid.resample(self.search_fps))
        nearest = np.rint(keyframes * (motion.fps / self.search_fps)).astype(np.intp)
        return distinct_frames(nearest, motion.lengths)

    def _keyframes(self, motion: Motion) -> np.ndarray:
        lengths = motion.lengths
        if self.method == "uniform":
            return uniform_keyframes(lengths, self.n_keyframes)
        # Angles and speeds of coordinates near the largest floats may overflow; such frames are
        # treated as not seen.
        with np.errstate(over="ignore", invalid="ignore"):
            if self.method == "zero_crossing":
                curves = self._speeds(motion)
            else:
                curves = self.curves(motion)
        curves = fill_curves(np.where(np.isfinite(curves), curves, np.nan))
        ragged = None if (lengths == motion.n_frames).all() else lengths
        if self.method == "zero_crossing":
            candidates = zero_crossing_frames(curves, ragged)
        else:
            salience = curve_salience(
                curves,
                fps=motion.fps,
                sigma=self.kernel_sigma,
                kernel_duration=self.kernel_duration,
            )
            floor = _ROUNDING * np.abs(curves).max(axis=-1, keepdims=True)
            candidates = candidate_frames(salience, ragged, floor=floor)
        clock = {"fps": motion.fps, "gap_duration": self.gap_duration}
        kept = cluster_extremes(candidates, curves, ragged, refine=self.refine, **clock)
        return select_keyframes(
            kept.sum(axis=1) if self.refine else kept.any(axis=1),
            curves.mean(axis=1),
            self.n_keyframes,
            ragged,
            **clock,
        )

    def _speeds(self, motion: Motion) -> np.ndarray:
        """Return the speed of each joint, (n_clips, n_joints, n_frames)."""
        known = motion.velocity
        speed = magnitude(velocity(motion.position, fps=motion.fps) if known is None else known)
        return np.ascontiguousarray(speed.transpose(0, 2, 1), dtype=float)

    def curves(self, motion: Motion) -> np.ndarray:
        """Return the curves in which the method "salience" looks for keyframes.

        Parameters
        ----------
        motion : Motion
            Poses.

        Returns
        -------
        curves : ndarray of shape (n_clips, n_curves, n_frames)
            Angle of each limb bone to the reference in radians (eq. 9), or the coordinates of
            poses without bones; NaN where a joint was not seen.
        """
        skeleton = motion.skeleton
        bones = self.limb_bones or (skeleton.limb_bones if skeleton is not None else ())
        if skeleton is None or not bones:
            flat = motion.position.reshape(motion.n_clips, motion.n_frames, -1)
            return np.ascontiguousarray(flat.transpose(0, 2, 1), dtype=float)
        return bone_angles(
            motion.position, skeleton.indices(bones), self._reference(motion, skeleton)
        )

    def _reference(self, motion: Motion, skeleton: Skeleton) -> np.ndarray:
        """Return the reference vector of eq. 9, (n_clips, n_frames, n_axes)."""

        def center(names: Sequence[str]) -> np.ndarray:
            joints = [motion.position[:, :, joint] for joint in skeleton.indices(names)]
            return sum(joints[1:], start=joints[0]) / len(joints)

        if not isinstance(self.reference, str):
            start, stop = self.reference
            return center([stop]) - center([start])
        if self.reference != "vertical" and skeleton.spine is not None:
            hips, shoulders = skeleton.spine
            if self.reference == "image_origin":
                return center(hips)
            return center(shoulders) - center(hips)
        vertical = np.zeros((motion.n_clips, motion.n_frames, motion.n_axes))
        vertical[..., min(1, motion.n_axes - 1)] = 1.0
        return vertical
