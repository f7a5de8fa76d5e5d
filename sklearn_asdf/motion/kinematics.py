"""KinematicsTransformer: velocity, acceleration, jerk and curvature of every joint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from .._validation import Integral, Interval, Real, StrOptions
from ..functional import body, kinematics
from ..functional.curvature import rms_speed
from .container import Motion
from .skeletons import Skeleton
from .stage import MotionTransformer

__all__ = ["KinematicsTransformer", "height_of", "with_kinematics"]


class KinematicsTransformer(MotionTransformer):
    """Add velocity, acceleration, jerk and curvature to poses.

    Parameters
    ----------
    scale : {"body"} or None, default=None
        ``"body"`` divides lengths by the dancer's height, so that speeds do not depend on the
        distance to the camera; None keeps the unit of the poses.
    egocentric : bool, default=False
        Whether to compute motion relative to the center of the hips and, in three dimensions, to
        the direction of the dancer.
    vertical_axis : int, default=1
        The vertical axis of space, about which `egocentric` rotates poses: 1 is y, as in BVH and
        SMPL.
    slow_speed : float, default=0.05
        Speed below which the curvature is reduced, in heights of the dancer per s; 0 is equation 8
        of the paper, which is dominated by noise if a joint is nearly at rest.
    height : float or None, default=None
        Height of the dancer in the unit of the poses, the same for all clips; None estimates that
        of each clip.

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
    feature_names_in_ : ndarray of str
        Column names, if `fit` saw a DataFrame with names of type str.

    See Also
    --------
    PoseSmoother : The stage before: derivatives amplify noise.
    sklearn_asdf.functional.kinematics : The formulas as functions.

    Notes
    -----
    Velocity is equation 7 of the paper, acceleration the second and jerk the third central
    difference; at the ends of a clip and beside gaps the nearest estimate is repeated. All are NaN
    exactly where the position is.

    With ``scale="body"`` positions are in heights of the dancer, estimated once per clip from the
    median lengths of trunk, arms and legs and their average shares of the height. Poses with
    unnamed joints are scaled by the median diagonal of the bounding box, and a single joint is not
    scaled. In two dimensions a clip in which the dancer turns sideways has a smaller estimate: for
    clips of one take, pass the `height` of the take, as :func:`~sklearn_asdf.features_table` does.
    With ``egocentric=True`` the positions are relative to the dancer, too.

    `slow_speed` is in the same heights with any `scale`, so that a movement has the same curvature
    whatever else is in its clip.

    References
    ----------
    .. [1] The paper, section 3.2.1, equations 7 and 8.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import KinematicsTransformer
    >>> poses = np.random.default_rng(0).normal(size=(2, 120, 17, 2))
    >>> KinematicsTransformer().fit_transform(poses).curvature.shape
    (2, 120, 17)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "scale": [StrOptions({"body"}), None],
        "egocentric": ["boolean"],
        "vertical_axis": [Interval(Integral, 0, 2, closed="both")],
        "slow_speed": [Interval(Real, 0, None, closed="left")],
        "height": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        *,
        scale: str | None = None,
        egocentric: bool = False,
        vertical_axis: int = 1,
        slow_speed: float = 0.05,
        height: float | None = None,
    ) -> None:
        self.scale = scale
        self.egocentric = egocentric
        self.vertical_axis = vertical_axis
        self.slow_speed = slow_speed
        self.height = height

    def _transform(self, motion: Motion) -> Motion:
        position, fps, skeleton = motion.position, motion.fps, motion.skeleton
        size = np.ones(len(position))
        if self.scale == "body" or self.slow_speed > 0:
            size = self._heights(position, skeleton)
        if self.scale == "body":
            position = position / size.astype(position.dtype)[:, None, None, None]
            size = np.ones(len(position))
        if self.egocentric:
            center, lateral = _facing(skeleton)
            position = body.egocentric(
                position,
                fps=fps,
                center=center,
                lateral=lateral,
                vertical_axis=self.vertical_axis,
            )
        slow = self.slow_speed * size
        # Models of earlier versions have it as a share of the root mean square of the speeds.
        if self.slow_speed > 0 and getattr(self, "_slow_speed_is_share", False):
            slow = self.slow_speed * rms_speed(kinematics.velocity(position, fps=fps))
        velocity, acceleration, jerk, curvature = kinematics.derivatives(
            position, fps=fps, slow_speed=slow
        )
        return replace(
            motion,
            position=position,
            velocity=velocity,
            acceleration=acceleration,
            jerk=jerk,
            curvature=curvature,
        )

    def _heights(self, position: np.ndarray, skeleton: Skeleton | None) -> np.ndarray:
        """Return the height of the dancer of each clip, in the unit of the poses."""
        if self.height is not None:
            return np.full(len(position), float(self.height))
        return height_of(position, skeleton)


def height_of(position: np.ndarray, skeleton: Skeleton | None) -> np.ndarray:
    """Estimate the height of the dancer of each clip.

    Parameters
    ----------
    position : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    skeleton : Skeleton or None
        The joints.

    Returns
    -------
    ndarray of shape (n_clips,)
        In the unit of `position`, see :func:`sklearn_asdf.functional.body.body_size`.
    """
    return body.body_size(position, _measures(skeleton))


def with_kinematics(motion: Motion) -> Motion:
    """Return a motion with its derivatives and curvature.

    Parameters
    ----------
    motion : Motion
        Poses.

    Returns
    -------
    Motion
        `motion` itself if it has all of them; those that it lacks are computed with the defaults of
        :class:`KinematicsTransformer`.
    """
    names = ("velocity", "acceleration", "jerk", "curvature")
    missing = [name for name in names if getattr(motion, name) is None]
    if not missing:
        return motion
    computed = KinematicsTransformer().fit_transform(motion)
    return replace(motion, **{name: getattr(computed, name) for name in missing})


def _measures(skeleton: Skeleton | None) -> list[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """Return the joints of the parts of the body, and their shares of its height."""
    if skeleton is None:
        return []
    return [
        (tuple(skeleton.indices(s.proximal)), tuple(skeleton.indices(s.distal)), s.length)
        for s in skeleton.segments
        if s.length is not None
    ]


def _facing(skeleton: Skeleton | None) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
    """Return the joints of the hips' center, and the left-right pairs of the trunk."""
    if skeleton is None or skeleton.spine is None:
        return (), []
    ends = [tuple(np.asarray(skeleton.indices(end)).tolist()) for end in skeleton.spine]
    return ends[0], [(end[0], end[1]) for end in ends if len(end) == 2]
