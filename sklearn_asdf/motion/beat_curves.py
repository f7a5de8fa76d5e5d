"""Curves of the parts of the body in which a beat shows, as `DanceBeatTracker` learns it."""

from __future__ import annotations

import numpy as np

from ..functional.frames import fill_curves
from ..functional.kinematics import magnitude
from .container import Motion
from .kinematics import with_kinematics
from .skeletons import Skeleton

__all__ = ["beat_curves"]

# Parts of the body that move apart, by the vocabulary of skeletons.
_SIDED = (
    ("ankle", "heel", "toe", "big_toe", "small_toe", "foot", "foot_index"),
    ("wrist", "hand"),
    ("elbow",),
    ("hip",),
    ("knee",),
    ("shoulder",),
)
_CENTERS = (("head", "nose"), ("pelvis", "waist", "spine"))


def _parts(
    skeleton: Skeleton | None, n_joints: int
) -> tuple[list[tuple[list[int], list[int]]], list[list[int]]]:
    """Joints of the parts of the body that have two sides, and of those that have one."""
    singles = [list(range(n_joints))]
    if skeleton is None:
        return [], singles

    def known(*names: str) -> list[int]:
        return sorted({skeleton.index(name) for name in names if skeleton.find(name)})

    sides = [
        (known(*(f"left_{n}" for n in names)), known(*(f"right_{n}" for n in names)))
        for names in _SIDED
    ]
    singles += [joints for names in _CENTERS if (joints := known(*names))]
    return [(left, right) for left, right in sides if left and right], singles


def beat_curves(motion: Motion, *, horizontal: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return the curves of the body's parts, and which frames have them.

    Parameters
    ----------
    motion : Motion
        Clips; velocity and acceleration are computed where they are missing.
    horizontal : bool, default=False
        Whether there are curves to which horizontal movements contribute.

    Returns
    -------
    curves : ndarray of shape (n_clips, n_frames, n_curves)
        Height, vertical velocity and vertical acceleration of each part, left and right as their
        sum and as the size of their difference. With `horizontal`, the speed and the magnitude of
        the acceleration stand before these three.
    inside : ndarray of bool of shape (n_clips, n_frames, 1)
        False in padding.
    """
    motion = with_kinematics(motion)
    pairs, singles = _parts(motion.skeleton, motion.n_joints)
    curves = [_curves(motion, joints, horizontal) for joints in singles]
    for sides in pairs:
        left, right = (_curves(motion, joints, horizontal) for joints in sides)
        # Not which side moves: a mirrored dance has the same beat.
        curves += [left + right, np.abs(left - right)]
    inside = (np.arange(motion.n_frames) < motion.lengths[:, None])[..., None]
    return np.concatenate(curves, axis=-1), inside


def _curves(motion: Motion, joints: list[int], horizontal: bool) -> np.ndarray:
    """Curves of a part of the body, (n_clips, n_frames, 3), or 5 with horizontal movements."""
    up = min(1, motion.n_axes - 1)
    axes = slice(None) if horizontal else slice(up, up + 1)
    position, velocity, acceleration = (
        np.asarray(getattr(motion, name)[:, :, joints, axes], dtype=float)
        for name in ("position", "velocity", "acceleration")
    )
    at = up if horizontal else 0
    curves = [field[..., at] for field in (position, velocity, acceleration)]
    if horizontal:
        curves = [magnitude(velocity), magnitude(acceleration), *curves]
    return np.stack([_mean(curve) for curve in curves], axis=-1)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the joints seen, bridged where none is, (n_clips, n_frames)."""
    seen = ~np.isnan(values)
    count = seen.sum(axis=2)
    total = np.where(seen, values, 0.0).sum(axis=2)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return fill_curves(mean)
