"""What the music would be if the dance were another: larger, backwards, slower."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..motion.container import Motion, as_motion

__all__ = ["COUNTERFACTUALS", "amplify", "reverse", "slow_down"]


def amplify(poses: Any, factor: float = 4.0, *, fps: float = 30.0) -> Motion:
    """Make the movements of dances larger and leave the dancers as tall as they are.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    factor : float, default=4.0
        How many times as large.
    fps : float, default=30.0
        Frames a second of what is not a Motion (Hz).

    Returns
    -------
    Motion
        Each joint is `factor` times as far from its mean place in the clip. Derivatives and
        keyframes are dropped.

    Notes
    -----
    Speeds grow with the factor. Multiplying the coordinates would not do: a dancer of whom all is
    four times as large is one who stands nearer to the camera.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import amplify
    >>> amplify(np.array([[1.0, 2.0, 3.0]]), 4).position.ravel()
    array([-2.,  2.,  6.])
    """
    motion = as_motion(poses, fps=fps)
    if not 0 < factor < np.inf:
        raise ValueError(f"expected factor above 0, got {factor!r}")
    seen = motion.seen[..., None]
    count = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    mean = np.where(seen, motion.position, 0).sum(axis=1, keepdims=True) / count
    mean = mean.astype(motion.dtype)
    return _moved(motion, mean + factor * (motion.position - mean), motion.confidence)


def reverse(poses: Any, *, fps: float = 30.0) -> Motion:
    """Play dances backwards.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    fps : float, default=30.0
        Frames a second of what is not a Motion (Hz).

    Returns
    -------
    Motion
        The frames of each clip from its last to its first; padding stays at the end. Derivatives
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
    """Play dances more slowly, as far as they get in the time of the clip.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    factor : float, default=2.0
        How many times as slow; 2 is half the tempo. At least 1.
    fps : float, default=30.0
        Frames a second of what is not a Motion (Hz).

    Returns
    -------
    Motion
        As many frames as before: the first ``1 / factor`` of each clip, stretched by cubic splines.
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
        raise ValueError(f"expected factor of at least 1, got {factor!r}")
    slower = motion.resample(motion.fps * factor)
    if slower.n_frames > motion.n_frames:
        slower = slower.frames(0, motion.n_frames)
    return _moved(motion, slower.position, slower.confidence)


def _moved(motion: Motion, position: np.ndarray, confidence: np.ndarray | None) -> Motion:
    return Motion(position, fps=motion.fps, skeleton=motion.skeleton, confidence=confidence)


COUNTERFACTUALS = {"amplified": amplify, "reversed": reverse, "half_tempo": slow_down}
