"""PoseCanonicalizer: poses of any skeleton and camera, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import gen_batches

from .._validation import Interval, Real, StrOptions, raise_all, validate_parameters
from ..functional import view
from ..functional.gaps import fill_gaps
from .canonical_joints import CANONICAL, check_names, map_joints
from .container import DEFAULT_FPS, Motion
from .smoothing import MIN_CONFIDENCE, certain_positions, confident_positions
from .stage import MotionTransformer, validate_motion

__all__ = ["PoseCanonicalizer"]

# Shorter gaps of a joint are filled before others are derived from it, in s.
_MAX_GAP = 0.5
# Coordinates that are processed at a time.
_BLOCK = 2**20
_PELVIS = CANONICAL.index("pelvis")
# From the feet up.
_CHAIN = [
    *[[CANONICAL.index(f"{s}_{part}") for s in ("left", "right")] for part in ("ankle", "knee")],
    [_PELVIS],
    [CANONICAL.index("neck")],
]
# Trunk and legs: arms are foreshortened more often.
_SIZE = [
    (CANONICAL.index("neck"), _PELVIS),
    *[
        (CANONICAL.index(f"{s}_{a}"), CANONICAL.index(f"{s}_{b}"))
        for s in ("left", "right")
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    ],
]
_LATERAL = [
    (CANONICAL.index(f"left_{part}"), CANONICAL.index(f"right_{part}"))
    for part in ("hip", "shoulder")
]


class PoseCanonicalizer(MotionTransformer):
    """Convert poses of any skeleton, seen by any camera, to one form.

    A model behind this stage can be fitted to dances of one tracker and be used for those of
    another, or for videos although it was fitted to motion capture.

    Parameters
    ----------
    names : dict of str to str or None, default=None
        Names of joints that are not found by themselves: for a canonical joint, the joint of the
        poses, ``{"left_wrist": "marker7"}``. Names that a skeleton lacks are not used for it.
    view : {"front"} or None, default="front"
        ``"front"`` returns two axes: poses in three dimensions are seen from the mean direction
        that the dancer faces in each clip. None keeps the axes, and a model then needs those of
        `fit`.
    upright : bool, default=True
        Whether to turn each clip so that the dancer's body points along y, upwards. Tilted
        cameras, pictures in which y points down, and other vertical axes then make no difference.
    trend_duration : float or None, default=0.5
        Standard deviation in s of a Gaussian moving average of the path of the hips, which is
        subtracted from all joints, so that moving cameras and dancers who walk through the picture
        make little difference. None keeps the path.
    size_duration : float or None, default=0.5
        Standard deviation in s of a Gaussian moving average of the dancer's size in a picture, by
        which its poses are divided, so that approaching the camera makes little difference. None
        keeps the size; poses in three dimensions always do.
    min_confidence : float, default=0.2
        Joints of lower confidence are treated as not seen, as in :class:`PoseSmoother`.

    Attributes
    ----------
    canonical_ : bool
        Whether the poses in `fit` have names by which they map to the canonical joints. If not,
        they pass unchanged, and others must have the same joints and axes.
    missing_ : tuple of str
        Canonical joints that the skeleton in `fit` lacks.
    n_features_in_ : int
        Columns of a table, or joints times axes.
    n_joints_in_, n_axes_in_ : int
        Joints and axes seen in `fit`.
    skeleton_ : Skeleton or None
        The joints seen in `fit`.
    fps_ : float
        Frame rate of the poses in `fit`, in Hz, to which others are resampled.
    feature_names_in_ : ndarray of str
        Column names, if `fit` saw a DataFrame with names of type str.

    See Also
    --------
    PoseSmoother : The next stage.
    KinematicsTransformer : Scales poses by the dancer's height.
    sklearn_asdf.functional.view : The formulas as functions.

    Notes
    -----
    The canonical joints are head, neck, pelvis, and the shoulders, elbows, wrists, hips, knees and
    ankles of both sides. The neck and the pelvis are the centers of shoulders and hips, since
    trackers put these joints in different places; the head is the center of the ears, or else the
    head, the eyes or the nose. Where a skeleton has no hips, the pelvis takes their place, and the
    neck that of the shoulders. Any other joint that a skeleton lacks is NaN, as one that was not
    seen. Hips, shoulders, and wrists or ankles are needed.

    A clip is turned by the smallest rotation that brings the mean direction from the ankles over
    knees and hips to the neck to the y axis. In two dimensions, bodies more than 45
    degrees from the y axis are taken to lie, and the camera to be level.

    Gaps up to 0.5 s are filled first, so that joints that are derived from others are continuous.
    Fields other than positions are dropped.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import Motion, PoseCanonicalizer
    >>> mocap = np.random.default_rng(0).normal(size=(2, 60, 24, 3))
    >>> stage = PoseCanonicalizer().fit(Motion(mocap, skeleton="smpl"))
    >>> video = np.random.default_rng(0).normal(size=(2, 60, 17, 2))
    >>> stage.transform(Motion(video, skeleton="coco17")).shape
    (2, 60, 15, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "names": [dict, None],
        "view": [StrOptions({"front"}), None],
        "upright": ["boolean"],
        "trend_duration": [Interval(Real, 0, None, closed="neither"), None],
        "size_duration": [Interval(Real, 0, None, closed="neither"), None],
        "min_confidence": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        names: Mapping[str, str] | None = None,
        view: str | None = "front",
        upright: bool = True,
        trend_duration: float | None = 0.5,
        size_duration: float | None = 0.5,
        min_confidence: float = MIN_CONFIDENCE,
    ) -> None:
        self.names = names
        self.view = view
        self.upright = upright
        self.trend_duration = trend_duration
        self.size_duration = size_duration
        self.min_confidence = min_confidence

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the poses, and whether their joints are known.

        Parameters
        ----------
        X : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
            Poses; a list of clips and a table (n_clips, n_frames) are accepted as well.
        y : None
            Ignored.

        Returns
        -------
        self
            The fitted stage.
        """
        validate_parameters(self)
        check_names(self.names)
        motion = validate_motion(self, X, reset=True)
        joints, problems = map_joints(motion.skeleton, self.names)
        if self.names:
            raise_all(problems)
        self.canonical_ = joints is not None and motion.n_axes > 1
        self.missing_: tuple[str, ...] = joints.missing if joints and self.canonical_ else ()
        return self

    def _validate(self, X: Any) -> Motion:
        motion = validate_motion(self, X, reset=False, any_joints=self.canonical_)
        if self.canonical_:
            raise_all(map_joints(motion.skeleton, self.names)[1] + self._axis_problems(motion))
        return motion

    def _axis_problems(self, motion: Motion) -> list[str]:
        if motion.n_axes == 1:
            return ["expected poses of two or three axes, got one"]
        if self.view is None and motion.n_axes != self.n_axes_in_:
            return [
                f"expected poses of {self.n_axes_in_} axes, as in fit, got {motion.n_axes}: with "
                "view='front' a model can be used for both"
            ]
        return []

    def _on_clock(self, motion: Motion) -> Motion:
        # Resampling would spread positions of low confidence to the frames beside them.
        if motion.confidence is not None and motion.fps != getattr(self, "fps_", DEFAULT_FPS):
            motion = replace(motion, position=confident_positions(motion, self.min_confidence))
        return super()._on_clock(motion)

    def _transform(self, motion: Motion) -> Motion:
        if not self.canonical_:
            return motion
        position = certain_positions(motion, self.min_confidence)
        joints, _ = map_joints(motion.skeleton, self.names)
        assert joints is not None
        canonical = None
        size = max(1, _BLOCK // int(np.prod(position.shape[1:])))
        # The padding of shorter clips is no part of their path.
        for length in np.unique(motion.lengths):
            clips = np.flatnonzero(motion.lengths == length)
            for block in gen_batches(len(clips), size):
                some = position[clips[block], :length]
                some = joints.apply(fill_gaps(some, fps=motion.fps, max_gap=_MAX_GAP))
                some = self._canonical(some, motion.fps)
                if canonical is None:
                    shape = (*position.shape[:2], *some.shape[2:])
                    canonical = np.full(shape, np.nan, position.dtype)
                canonical[clips[block], :length] = some
        return Motion(canonical, fps=motion.fps, skeleton=CANONICAL)

    def _canonical(self, position: np.ndarray, fps: float) -> np.ndarray:
        """Return clips of the canonical joints in the canonical view."""
        if self.upright:
            position = view.upright(position, _CHAIN)
        if position.shape[-1] == 2 and self.size_duration is not None:
            position = view.same_distance(
                position, _SIZE, _PELVIS, fps=fps, duration=self.size_duration
            )
        elif position.shape[-1] == 3 and self.view == "front":
            position = view.frontal(position, _LATERAL)
        if self.trend_duration is not None:
            hips = position[:, :, _PELVIS]
            trend = view.slow_part(hips, fps=fps, duration=self.trend_duration)
            position = position - trend[:, :, None].astype(position.dtype)
        return position

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the coordinates of the canonical joints.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names to return if the poses in `fit` passed unchanged; otherwise ignored.

        Returns
        -------
        names : ndarray of str
            ``head_x, head_y, neck_x, ...``
        """
        names = super().get_feature_names_out(input_features)
        if not self.canonical_:
            return names
        axes = "xyz"[: 2 if self.view == "front" else self.n_axes_in_]
        return np.array([f"{j}_{axis}" for j in CANONICAL.joints for axis in axes], dtype=object)
