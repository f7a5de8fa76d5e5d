"""Keyframes that need no salience, and interpolation of curves.

Curves have their frames on the last axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "add_farthest_frames",
    "distinct_frames",
    "fill_curves",
    "uniform_keyframes",
    "zero_crossing_frames",
]

_ROUNDING = 1e-10


def fill_curves(curves: ArrayLike) -> np.ndarray:
    """Fill missing values of curves by linear interpolation.

    Parameters
    ----------
    curves : array-like of shape (..., n_frames)
        Curves in any unit; NaN where a value is missing.

    Returns
    -------
    filled : ndarray of shape (..., n_frames)
        The same curves; gaps are interpolated linearly, ends hold the nearest value, and a curve of
        NaN only is 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.frames import fill_curves
    >>> fill_curves([np.nan, 1.0, np.nan, 3.0, np.nan]).tolist()
    [1.0, 1.0, 2.0, 3.0, 3.0]
    """
    curves = np.asarray(curves, dtype=float)
    missing = np.isnan(curves)
    if not missing.any():
        return curves
    n_frames = curves.shape[-1]
    frame = np.broadcast_to(np.arange(n_frames), curves.shape)
    before = np.maximum.accumulate(np.where(missing, -1, frame), axis=-1)
    after = np.where(missing, n_frames, frame)[..., ::-1]
    after = np.minimum.accumulate(after, axis=-1)[..., ::-1]
    before = np.where(before < 0, after, before)
    after = np.where(after >= n_frames, before, after)
    nothing = before >= n_frames
    before, after = np.where(nothing, 0, before), np.where(nothing, 0, after)
    left = np.take_along_axis(curves, before, axis=-1)
    right = np.take_along_axis(curves, after, axis=-1)
    share = (frame - before) / np.maximum(after - before, 1)
    return np.where(nothing, 0.0, left + share * (right - left))


def uniform_keyframes(lengths: ArrayLike, n_keyframes: int) -> np.ndarray:
    """Return equally spaced frames from the first to the last of each clip.

    Parameters
    ----------
    lengths : array-like of int, shape (n_clips,)
        Frames of each clip.
    n_keyframes : int
        Number of keyframes.

    Returns
    -------
    keyframes : ndarray of int, shape (n_clips, n_keyframes)
        Strictly increasing if a clip has at least `n_keyframes` frames; a shorter clip gets all
        its frames and repeats the last.

    Examples
    --------
    >>> from sklearn_asdf.functional.frames import uniform_keyframes
    >>> uniform_keyframes([9, 2], 3).tolist()
    [[0, 4, 8], [0, 1, 1]]
    """
    last = np.maximum(np.asarray(lengths) - 1, 0)[:, None]
    step = np.arange(n_keyframes)
    # Integer arithmetic: rounding can neither repeat a frame nor skip the last.
    spaced = (2 * step * last + max(n_keyframes - 1, 1)) // (2 * max(n_keyframes - 1, 1))
    if n_keyframes == 1:
        spaced = last // 2
    return np.where(last + 1 < n_keyframes, np.minimum(step, last), spaced).astype(np.intp)


def distinct_frames(frames: ArrayLike, lengths: ArrayLike) -> np.ndarray:
    """Make frames strictly increasing, moving those that coincide as little as possible.

    Parameters
    ----------
    frames : array-like of int, shape (n_clips, n_keyframes)
        In ascending order.
    lengths : array-like of int, shape (n_clips,)
        Frames of each clip.

    Returns
    -------
    keyframes : ndarray of int, shape (n_clips, n_keyframes)
        Strictly increasing in every clip of at least `n_keyframes` frames; a shorter clip gets all
        its frames and repeats the last.

    Examples
    --------
    >>> from sklearn_asdf.functional.frames import distinct_frames
    >>> distinct_frames([[3, 3, 4, 9]], [10]).tolist()
    [[3, 4, 5, 9]]
    """
    frames = np.asarray(frames)
    last = np.maximum(np.asarray(lengths) - 1, 0)[:, None]
    n_keyframes = frames.shape[1]
    step = np.arange(n_keyframes)
    later = np.maximum.accumulate(frames - step, axis=1) + step
    # Later keyframes need frames of their own.
    fitting = np.minimum(later, last - (n_keyframes - 1 - step))
    return np.where(last + 1 < n_keyframes, np.minimum(step, last), fitting).astype(np.intp)


def add_farthest_frames(
    chosen: ArrayLike, n_keyframes: int, lengths: ArrayLike | None = None
) -> np.ndarray:
    """Return exactly `n_keyframes` frames of each clip, adding those farthest from the chosen.

    Parameters
    ----------
    chosen : array-like of bool, shape (n_clips, n_frames)
        True at frames to keep, at most `n_keyframes` per clip.
    n_keyframes : int
        Number of keyframes.
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.

    Returns
    -------
    keyframes : ndarray of int, shape (n_clips, n_keyframes)
        In ascending order; strictly if a clip has at least `n_keyframes` frames.

    Notes
    -----
    A clip without chosen frames gets equally spaced ones from its first to its last. In others the
    frame farthest from all chosen ones is added, one at a time, the earlier of two equal ones
    first. A clip of fewer frames than `n_keyframes` gets all of them and repeats its last (0 if it
    has none).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.frames import add_farthest_frames
    >>> chosen = np.zeros((2, 9), dtype=bool)
    >>> chosen[1, 2] = True
    >>> add_farthest_frames(chosen, 3).tolist()
    [[0, 4, 8], [2, 5, 8]]
    """
    chosen = np.array(chosen, dtype=bool)
    n_clips, n_frames = chosen.shape
    if n_clips and (chosen.sum(axis=1) == n_keyframes).all():
        return np.nonzero(chosen)[1].reshape(n_clips, n_keyframes)
    length = np.full(n_clips, n_frames) if lengths is None else np.asarray(lengths)
    none = ~chosen.any(axis=1) & (length >= n_keyframes)
    if none.any():
        rows = np.flatnonzero(none)
        np.put_along_axis(
            sub := chosen[rows], uniform_keyframes(length[rows], n_keyframes), True, axis=1
        )
        chosen[rows] = sub
    frame = np.arange(n_frames)
    short = np.flatnonzero(chosen.sum(axis=1) < np.minimum(length, n_keyframes))
    while len(short):
        here = chosen[short]
        before = np.maximum.accumulate(np.where(here, frame, -2 * n_frames), axis=1)
        after = np.where(here, frame, 3 * n_frames)[:, ::-1]
        after = np.minimum.accumulate(after, axis=1)[:, ::-1]
        distance = np.minimum(frame - before, after - frame)
        distance[frame >= length[short, None]] = 0
        chosen[short, distance.argmax(axis=1)] = True
        short = short[chosen[short].sum(axis=1) < np.minimum(length[short], n_keyframes)]
    row, picked = np.nonzero(chosen)
    counts = np.bincount(row, minlength=n_clips)
    keyframes = np.repeat(np.maximum(length - 1, 0)[:, None], n_keyframes, axis=1).astype(np.intp)
    keyframes[row, np.arange(len(row)) - (np.cumsum(counts) - counts)[row]] = picked
    return keyframes


def zero_crossing_frames(speed: ArrayLike, lengths: ArrayLike | None = None) -> np.ndarray:
    """Return the frames where the scalar acceleration changes sign after it was large.

    Parameters
    ----------
    speed : array-like of shape (n_clips, n_curves, n_frames)
        Speed of each joint, without NaN, in any unit per second.
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.

    Returns
    -------
    candidates : ndarray of bool, shape (n_clips, n_curves, n_frames)
        True at each maximum and minimum of the speed that ends an interval in which the magnitude
        of the acceleration reached its mean.

    References
    ----------
    The ASDF-RNN paper, section 2.2.4 (its references 13 and 17).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.frames import zero_crossing_frames
    >>> speed = np.array([[[0.0, 1.0, 2.0, 3.0, 2.0, 1.0, 0.0, 1.0, 2.0]]])
    >>> np.flatnonzero(zero_crossing_frames(speed)).tolist()
    [3, 6]
    """
    speed = np.asarray(speed, dtype=float)
    found = np.zeros(speed.shape, dtype=bool)
    n_clips, _, n_frames = speed.shape
    if n_frames < 3:
        return found
    step = np.diff(speed, axis=-1)
    length = np.full(n_clips, n_frames) if lengths is None else np.asarray(lengths)
    inside = np.arange(n_frames - 1) < (length[:, None, None] - 1)
    step = np.where(inside, step, 0.0)
    floor = _ROUNDING * np.abs(speed).max(axis=-1, keepdims=True)
    sign = np.where(np.abs(step) > floor, np.sign(step), 0.0)
    # A frame of constant speed belongs to the interval before it.
    index = np.where(sign != 0, np.arange(n_frames - 1), 0)
    sign = np.take_along_axis(sign, np.maximum.accumulate(index, axis=-1), axis=-1)
    turn = np.zeros(step.shape, dtype=bool)
    turn[..., 1:] = (sign[..., 1:] * sign[..., :-1]) < 0
    magnitude = np.abs(step)
    mean = magnitude.sum(axis=-1, keepdims=True) / np.maximum(length - 1, 1)[:, None, None]
    opening = turn.copy()
    opening[..., 0] = True
    first = np.flatnonzero(opening)
    relative = magnitude / np.where(mean > 0, mean, 1.0)
    notable = np.maximum.reduceat(relative.ravel(), first) > 1 - 1e-9
    ended = np.zeros(step.size, dtype=bool)
    # A turn ends the interval that opened before it.
    ended[first[1:]] = notable[:-1]
    found[..., :-1] = ended.reshape(step.shape) & turn
    return found & (np.arange(n_frames) < length[:, None, None])
