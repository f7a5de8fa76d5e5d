"""Activation of the beat in each frame, estimated from movement alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..functional.filters import butterworth
from ..functional.frames import fill_curves
from ..functional.kinematics import magnitude
from ..functional.periodicity import detrend
from .container import Motion
from .skeletons import Skeleton

__all__ = ["smooth_velocity", "stride_activation", "weight_activation"]

_CUTOFF = 6.0  # Hz
# The trunk carries the weight: it counts twice.
_TRUNK = ("left_hip", "right_hip", "left_shoulder", "right_shoulder", "head", "nose", "pelvis")
_FEET = ("ankle", "heel", "toe", "foot")
# The weight is lowest, and the feet rest, so much after the beat, in s: the median over synthetic
# dances of four styles is 28 ms where they step on each beat, and -20 ms where they bounce.
_LATE = 0.01


def weight_activation(motion: Motion) -> np.ndarray:
    """Return how near a beat each frame is, if beats are where the dancer's weight is lowest.

    Parameters
    ----------
    motion : Motion
        Clips.

    Returns
    -------
    activation : ndarray of shape (n_clips, n_frames)
        From -1 to 1: high just before the trunk is pushed upwards and the feet rest. Where the
        joints have no names, high where all of them rest.
    """
    velocity, upward = smooth_velocity(motion)
    feet = _joints(motion.skeleton, [f"{s}_{f}" for s in ("left", "right") for f in _FEET])
    options: dict[str, Any] = {"fps": motion.fps, "lengths": motion.lengths}
    if upward is None:
        return -np.tanh(detrend(magnitude(velocity).mean(axis=2), **options))
    activation = 2 * detrend(upward, **options)
    if feet:
        speed = magnitude(velocity[:, :, feet]).mean(axis=2)
        # Feet land before they rest.
        activation -= detrend(speed, **options)
        activation -= detrend(np.gradient(speed, axis=1), **options) / 2
    return _earlier(np.tanh(activation / 2), _LATE * motion.fps)


def _earlier(curves: np.ndarray, n_frames: float) -> np.ndarray:
    """Return curves (n_clips, n_frames) so many frames earlier, linearly interpolated."""
    place = np.minimum(np.arange(curves.shape[1]) + n_frames, curves.shape[1] - 1)
    low = place.astype(int)
    after = curves[:, np.minimum(low + 1, curves.shape[1] - 1)]
    return curves[:, low] + (place - low) * (after - curves[:, low])


def stride_activation(motion: Motion, *, metre: int) -> np.ndarray:
    """Return how near a beat each frame is, if the strides of the feet tell it.

    Parameters
    ----------
    motion : Motion
        Clips.
    metre : int
        Beats per bar.

    Returns
    -------
    activation : ndarray of shape (n_clips, n_frames)
        From -1 to 1. In bars of three it is high where the feet are fast, and one much faster than
        the other; in others where both rest, and where the trunk is pushed upwards. Where the
        joints have no names, all of them are the feet.
    """
    velocity, upward = smooth_velocity(motion)
    speed = magnitude(velocity)
    options: dict[str, Any] = {"fps": motion.fps, "lengths": motion.lengths}
    left, right = (_joints(motion.skeleton, [f"{s}_{f}" for f in _FEET]) for s in ("left", "right"))
    if left and right:
        one, other = speed[:, :, left].mean(axis=2), speed[:, :, right].mean(axis=2)
    else:
        one = other = speed.mean(axis=2)
    both = one + other
    activation = detrend(both, **options) + detrend(np.abs(one - other), **options)
    if metre != 3:
        # Feet land before they rest.
        activation = -activation - detrend(np.gradient(both, axis=1), **options) / 2
        if upward is not None:
            activation += detrend(upward, **options)
    return np.tanh(activation / 2)


def smooth_velocity(motion: Motion) -> tuple[np.ndarray, np.ndarray | None]:
    """Return smooth velocities, and the upward acceleration of the trunk where it is known.

    Parameters
    ----------
    motion : Motion
        Clips.

    Returns
    -------
    velocity : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        Below 6 Hz.
    upward : ndarray of shape (n_clips, n_frames) or None
        None where trunk and ankles have no names.
    """
    position = np.asarray(motion.position, dtype=float)
    filled = np.moveaxis(fill_curves(np.moveaxis(position, 1, -1)), -1, 1)
    if 0.45 * motion.fps > _CUTOFF:
        filled = butterworth(filled, fps=motion.fps, cutoff=_CUTOFF)
    if motion.n_frames < 2:
        return np.zeros_like(filled), None
    velocity = np.gradient(filled, axis=1) * motion.fps
    trunk = _joints(motion.skeleton, _TRUNK)
    ankles = _joints(motion.skeleton, ("left_ankle", "right_ankle"))
    if not trunk or not ankles or motion.n_axes < 2:
        return velocity, None
    # Pixels count downwards.
    above = filled[:, :, trunk, 1].mean(axis=(1, 2)) - filled[:, :, ankles, 1].mean(axis=(1, 2))
    rise = np.gradient(velocity[:, :, trunk, 1].mean(axis=2), axis=1) * motion.fps
    return velocity, np.where(above < 0, -1.0, 1.0)[:, None] * rise


def _joints(skeleton: Skeleton | None, names: Sequence[str]) -> list[int]:
    if skeleton is None:
        return []
    return sorted({skeleton.index(name) for name in names if skeleton.find(name)})
