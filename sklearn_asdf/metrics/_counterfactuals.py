"""Counterfactual dances: larger, backwards, slower."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..motion.container import Motion, as_motion

__all__ = ["COUNTERFACTUALS", "amplify", "hold_still", "reverse", "slow_down"]

# Time in s in which a dancer who stood still gets back to the dance.
_RETURN = 0.2


def amplify(poses: Any, factor: float = 4.0, *, fps: float = 30.0) -> Motion:
    """Return dances with larger movements by dancers of unchanged size.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    factor : float, default=4.0
        Factor of the movements.
    fps : float, default=30.0
        Frame rate in Hz of poses that are not a Motion.

    Returns
    -------
    Motion
        The distance of each joint from its mean position in the clip is multiplied by `factor`.
        Derivatives and keyframes are dropped.

    Notes
    -----
    Speeds grow by the factor. Multiplying the coordinates instead would change the size of the
    dancer too, as if the camera were nearer.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import amplify
    >>> amplify(np.array([[1.0, 2.0, 3.0]]), 4).position.ravel()
    array([-2.,  2.,  6.])
    """
    motion = as_motion(poses, fps=fps)
    if not 0 < factor < np.inf:
        raise ValueError(f"expected factor to be finite and above 0, got {factor!r}")
    seen = motion.seen[..., None]
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    mean = np.where(seen, motion.position, 0).sum(axis=1, keepdims=True) / count
    mean = mean.astype(motion.dtype)
    return _moved(motion, mean + factor * (motion.position - mean), motion.confidence)


def reverse(poses: Any, *, fps: float = 30.0) -> Motion:
    """Return dances played backwards.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    fps : float, default=30.0
        Frame rate in Hz of poses that are not a Motion.

    Returns
    -------
    Motion
        The frames of each clip in reverse order; padding stays at the end. Derivatives
        and keyframes are dropped.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import reverse
    >>> reverse(np.array([[1.0, 2.0, 3.0]])).position.ravel()
    array([3., 2., 1.])
    """
    motion = as_motion(poses, fps=fps)
    frame = np.arange(motion.n_frames)
    order = motion.lengths[:, None] - 1 - frame
    order = np.where(order >= 0, order, frame)
    clip = np.arange(len(motion))[:, None]
    confidence = motion.confidence
    return _moved(
        motion,
        motion.position[clip, order],
        None if confidence is None else confidence[clip, order],
    )


def slow_down(poses: Any, factor: float = 2.0, *, fps: float = 30.0) -> Motion:
    """Return dances played more slowly, cut to the duration of the clip.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    factor : float, default=2.0
        Factor of the slowdown, at least 1; 2 is half the tempo.
    fps : float, default=30.0
        Frame rate in Hz of poses that are not a Motion.

    Returns
    -------
    Motion
        The first ``1 / factor`` of each clip, stretched to its duration by cubic splines.
        Derivatives and keyframes are dropped.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import slow_down
    >>> slow_down(np.arange(5.0)[None]).position.ravel().round(6)
    array([0. , 0.5, 1. , 1.5, 2. ])
    """
    motion = as_motion(poses, fps=fps)
    if not 1 <= factor < np.inf:
        raise ValueError(f"expected factor to be finite and at least 1, got {factor!r}")
    slower = motion.resample(motion.fps * factor)
    if slower.n_frames > motion.n_frames:
        slower = slower.frames(0, motion.n_frames)
    return _moved(motion, slower.position, slower.confidence)


def hold_still(poses: Any, start: float, duration: float = 3.0, *, fps: float = 30.0) -> Motion:
    """Return dances in which the dancer stands still for a while.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    start : float
        Begin of the stop in s.
    duration : float, default=3.0
        Its duration in s.
    fps : float, default=30.0
        Frame rate in Hz of poses that are not a Motion.

    Returns
    -------
    Motion
        Frames of the stop have the pose of its first one. In its last 0.2 s the dancer moves to
        the pose of the dance at its end, from where the dance goes on as before. Derivatives and
        keyframes are dropped.

    See Also
    --------
    stop_response : How music responds to a stop.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import hold_still
    >>> held = hold_still(np.arange(60.0)[None], 0.5, 1.0)
    >>> held.position.ravel()[[14, 15, 20, 38, 45]]
    array([14., 15., 15., 15., 45.])
    """
    motion = as_motion(poses, fps=fps)
    first, last = round(start * motion.fps), round((start + duration) * motion.fps)
    if not 0 <= first < last <= motion.n_frames:
        raise ValueError(
            f"expected a stop within the {motion.duration:g} s of the dances, got one from "
            f"{start:g} to {start + duration:g} s"
        )
    position = motion.position.copy()
    end = min(last, motion.n_frames - 1)
    ahead = max(min(round(_RETURN * motion.fps), end - first), 1)
    position[:, first:end] = motion.position[:, first, None]
    share = np.arange(1, ahead) / ahead
    # A minimum-jerk move (Flash and Hogan, 1985).
    share = (share**3 * (10 - 15 * share + 6 * share**2))[:, None, None]
    way = (motion.position[:, end] - motion.position[:, first])[:, None]
    position[:, end - ahead + 1 : end] = motion.position[:, first, None] + share * way
    return _moved(motion, position.astype(motion.dtype), motion.confidence)


def _moved(motion: Motion, position: np.ndarray, confidence: np.ndarray | None) -> Motion:
    return Motion(position, fps=motion.fps, skeleton=motion.skeleton, confidence=confidence)


# By the names of their columns in `evaluate`.
COUNTERFACTUALS = {"amplified": amplify, "reversed": reverse, "half_tempo": slow_down}
