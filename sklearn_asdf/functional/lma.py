"""Features of Laban Movement Analysis of windows (eqs. 2 to 6).

All functions share their arguments: kinematics of shape (n_clips, n_frames, n_joints, ...),
windows as `start` and `stop` frames of shape (n_clips, n_windows), and `weights`, the alpha of the
paper, of shape (n_joints,). All return (n_clips, n_windows).

A joint that was not seen in a window is left out, and the weights of the others are scaled up to
the same sum. A window in which nothing was seen or nothing moves, or without frames, gives 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .compiled import use_compiled
from .curvature import squared_magnitude
from .gaps import all_seen
from .kernels.lengths import weighted_lengths, window_paths
from .kernels.reductions import reduce_curves
from .kinematics import magnitude
from .windows import reduce_windows

__all__ = [
    "effort_flow",
    "effort_space",
    "effort_time",
    "effort_weight",
    "mean_length",
    "mean_of_windows",
    "shape_directional",
    "weighted_over_joints",
]

# A path longer than this multiple of its chord is treated as closed.
_LARGEST_RATIO = 1000.0


def weighted_over_joints(values: ArrayLike, weights: ArrayLike) -> np.ndarray:
    """Return a weighted sum over joints, with the weights of missing joints redistributed.

    Parameters
    ----------
    values : array-like of shape (..., n_joints)
        One value per joint; NaN where it was not seen.
    weights : array-like of shape (n_joints,)
        Weight of each joint, not negative.

    Returns
    -------
    total : ndarray of shape (...)
        ``sum(weights * values)``, with the weights of the seen joints scaled to the sum of all;
        0 where no joint of positive weight was seen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.lma import weighted_over_joints
    >>> weighted_over_joints([[1.0, 3.0], [np.nan, 3.0]], [0.5, 0.5]).tolist()
    [2.0, 3.0]
    """
    values, weights = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    missing = np.isnan(values)
    if not missing.any():
        return values @ weights
    present = ~missing @ weights
    total = np.where(missing, 0.0, values) @ weights
    return total * np.divide(weights.sum(), present, out=np.zeros_like(present), where=present > 0)


def mean_of_windows(values: ArrayLike, start: ArrayLike, stop: ArrayLike) -> np.ndarray:
    """Return the mean over the frames of each window with known values.

    Parameters
    ----------
    values : array-like of shape (n_clips, n_frames, ...)
        In any unit; NaN where unknown.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.

    Returns
    -------
    mean : ndarray of shape (n_clips, n_windows, ...)
        NaN where nothing is known; 0 for a window without frames of clips without NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.lma import mean_of_windows
    >>> mean_of_windows([[1.0, np.nan, 3.0]], [[0]], [[3]]).tolist()
    [[2.0]]
    """
    values = np.asarray(values)
    if values.size and values.dtype.kind == "f" and use_compiled():
        first, end = np.broadcast_arrays(start, stop)
        return reduce_curves(values, first, end, "known mean")
    missing = np.isnan(values)
    if not missing.any():
        return reduce_windows(values, start, stop, how="mean")
    known = reduce_windows(~missing, start, stop)
    total = reduce_windows(np.where(missing, 0.0, values), start, stop)
    return np.divide(total, known, out=np.full_like(total, np.nan), where=known > 0)


def effort_weight(
    velocity: ArrayLike, start: ArrayLike, stop: ArrayLike, weights: ArrayLike
) -> np.ndarray:
    """Return Weight: the maximum of the weighted energy in the window (eq. 2).

    Parameters
    ----------
    velocity : array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Velocities, in the unit of length per second.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    weights : array-like of shape (n_joints,)
        Weight of each joint.

    Returns
    -------
    weight : ndarray of shape (n_clips, n_windows)
        In the square of unit of length per second; large is strong, small is light.

    Notes
    -----
    The first frame of the next window is included, since the window of eq. 14 ends there: otherwise
    a maximum at the end of a window would depend on the frame rate. The weights of missing joints
    are redistributed frame by frame, since the maximum is over frames.

    References
    ----------
    The ASDF-RNN paper, section 2.2.3, eq. 2, after Larboulette and Gibet (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.lma import effort_weight
    >>> velocity = np.array([1.0, 3.0, 2.0]).reshape(1, 3, 1, 1)
    >>> effort_weight(velocity, [[0]], [[3]], [1.0]).tolist()
    [[9.0]]
    """
    energy = mean_length(velocity, weights, squared=True)
    start, stop = np.asarray(start), np.asarray(stop)
    closed = np.where(stop > start, stop + 1, stop)
    return reduce_windows(energy, start, closed, how="max")


def mean_length(
    vectors: ArrayLike, weights: ArrayLike, *, squared: bool = False, missing: bool = True
) -> np.ndarray:
    """Return the weighted mean over joints of the lengths of vectors, such as speeds.

    Parameters
    ----------
    vectors : array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Vectors; NaN where a joint was not seen.
    weights : array-like of shape (n_joints,)
        Weight of each joint, not negative. Joints of weight 0 are left out.
    squared : bool, default=False
        Whether to take the squares of the lengths.
    missing : bool, default=True
        Whether to return the mean where joints were not seen, as :func:`weighted_over_joints`, or
        NaN.

    Returns
    -------
    mean : ndarray of shape (n_clips, n_frames)
        In the unit of the vectors, or its square.

    Examples
    --------
    >>> from sklearn_asdf.functional.lma import mean_length
    >>> mean_length([[[[3.0, 4.0], [0.0, 0.0]]]], [0.5, 0.5]).tolist()
    [[2.5]]
    """
    vectors, weights = np.asarray(vectors), np.asarray(weights, dtype=float)
    used = np.flatnonzero(weights)
    if use_compiled():
        mean = weighted_lengths(vectors, weights, squared=squared)
        if not (missing and np.isnan(mean).any()):
            return mean
    some = vectors[:, :, used].astype(float, copy=False)
    lengths = squared_magnitude(some) if squared else magnitude(some)
    if missing:
        return weighted_over_joints(lengths, weights[used])
    return lengths @ weights[used]


def _weighted_mean(
    values: np.ndarray, start: ArrayLike, stop: ArrayLike, weights: ArrayLike
) -> np.ndarray:
    weights = np.asarray(weights, dtype=float)
    if not np.isnan(values).any():
        # Sums over joints and over frames commute: the smaller table is summed over frames.
        return reduce_windows(values @ weights, start, stop, how="mean")
    return weighted_over_joints(mean_of_windows(values, start, stop), weights)


def _mean_of_lengths(
    vectors: ArrayLike, start: ArrayLike, stop: ArrayLike, weights: ArrayLike
) -> np.ndarray:
    # Sums over joints and over frames commute, but the weights of joints that are not seen.
    mean = mean_length(vectors, weights, missing=False)
    if not np.isnan(mean).any():
        return reduce_windows(mean, start, stop, how="mean")
    vectors = np.asarray(vectors, dtype=float)
    return _weighted_mean(magnitude(vectors), start, stop, weights)


def effort_time(
    acceleration: ArrayLike, start: ArrayLike, stop: ArrayLike, weights: ArrayLike
) -> np.ndarray:
    """Return Time: the weighted mean magnitude of acceleration in the window (eq. 3).

    Parameters
    ----------
    acceleration : array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Accelerations, in the unit of length per second squared.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    weights : array-like of shape (n_joints,)
        Weight of each joint.

    Returns
    -------
    time : ndarray of shape (n_clips, n_windows)
        In the unit of `acceleration`; large is sudden, small is sustained.

    References
    ----------
    The ASDF-RNN paper, section 2.2.3, eq. 3, after Larboulette and Gibet (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.lma import effort_time
    >>> effort_time(np.full((1, 4, 1, 2), [3.0, 4.0]), [[0]], [[4]], [1.0]).tolist()
    [[5.0]]
    """
    return _mean_of_lengths(acceleration, start, stop, weights)


def effort_flow(
    jerk: ArrayLike, start: ArrayLike, stop: ArrayLike, weights: ArrayLike
) -> np.ndarray:
    """Return Flow: the weighted mean magnitude of jerk in the window (eq. 5).

    Parameters
    ----------
    jerk : array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Jerks, in the unit of length per second cubed.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    weights : array-like of shape (n_joints,)
        Weight of each joint.

    Returns
    -------
    flow : ndarray of shape (n_clips, n_windows)
        In the unit of `jerk`; small is smooth and continuous.

    References
    ----------
    The ASDF-RNN paper, section 2.2.3, eq. 5, after Larboulette and Gibet (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.lma import effort_flow
    >>> effort_flow(np.full((1, 4, 1, 1), -2.0), [[0]], [[4]], [1.0]).tolist()
    [[2.0]]
    """
    return _mean_of_lengths(jerk, start, stop, weights)


def shape_directional(
    curvature: ArrayLike, start: ArrayLike, stop: ArrayLike, weights: ArrayLike
) -> np.ndarray:
    """Return Shape: the weighted mean curvature of the joints' paths in the window (eq. 6).

    Parameters
    ----------
    curvature : array-like of shape (n_clips, n_frames, n_joints)
        Curvatures, in 1 by the unit of length.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    weights : array-like of shape (n_joints,)
        Weight of each joint.

    Returns
    -------
    shape : ndarray of shape (n_clips, n_windows)
        In the unit of `curvature`; small is spoke-like, large is arc-like.

    References
    ----------
    The ASDF-RNN paper, section 2.2.3, eq. 6, after Larboulette and Gibet (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.lma import shape_directional
    >>> shape_directional(np.full((1, 4, 1), 0.5), [[0]], [[4]], [1.0]).tolist()
    [[0.5]]
    """
    return _weighted_mean(np.asarray(curvature, dtype=float), start, stop, weights)


def effort_space(
    position: ArrayLike,
    start: ArrayLike,
    stop: ArrayLike,
    weights: ArrayLike,
    *,
    space: str = "directness",
) -> np.ndarray:
    """Return Space: the directness of the joints' paths in the window (eq. 4).

    Parameters
    ----------
    position : array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Positions, in any unit of length.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    weights : array-like of shape (n_joints,)
        Weight of each joint.
    space : {"directness", "path_ratio"}, default="directness"
        `"path_ratio"` is eq. 4: length of the path over the distance between its ends, from 1 (a
        straight line). `"directness"` is its inverse, from 0 (a closed path) to 1.

    Returns
    -------
    space : ndarray of shape (n_clips, n_windows)
        Without unit.

    Notes
    -----
    The path leads from the window's first frame to the next window's, both included: it takes the
    time of eq. 14 whatever the frame rate.

    A path through frames in which the joint was not seen goes straight from the last position
    seen to the next; its ends are the first and the last position seen in the window.

    Eq. 4 has no bound. Here a ratio above 1000, or a closed path, counts as 1000. A joint that
    does not move (no farther than the rounding of its coordinates) gives 0 to both.

    References
    ----------
    The ASDF-RNN paper, section 2.2.3, eq. 4, after Larboulette and Gibet (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.lma import effort_space
    >>> corner = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]).reshape(1, 3, 1, 2)
    >>> effort_space(corner, [[0]], [[3]], [1.0], space="path_ratio").round(4).tolist()
    [[1.4142]]
    """
    if space not in ("directness", "path_ratio"):
        raise ValueError(f"expected space to be 'directness' or 'path_ratio', got {space!r}.")
    weights = np.asarray(weights, dtype=float)
    used = np.flatnonzero(weights)
    weights = weights[used]
    ratio = _directness(np.asarray(position)[:, :, used], start, stop)
    if space == "path_ratio":
        moved = ratio > -1
        np.maximum(ratio, 1 / _LARGEST_RATIO, out=ratio, where=moved)
        np.divide(1.0, ratio, out=ratio, where=moved)
    ratio[ratio < 0] = 0.0
    return weighted_over_joints(ratio, weights)


def _directness(position: np.ndarray, start: ArrayLike, stop: ArrayLike) -> np.ndarray:
    """Chord over path, (n_clips, n_windows, n_joints): -1 where still, NaN where not seen."""
    start, stop = np.asarray(start), np.asarray(stop)
    n_clips, n_frames, n_joints = position.shape[:3]
    eps = np.finfo(position.dtype if position.dtype.kind == "f" else float).eps
    position = np.asarray(position, dtype=float)
    clip, joint = np.arange(n_clips)[:, None, None], np.arange(n_joints)
    first = np.clip(start, 0, n_frames - 1)
    last = np.clip(stop, first, n_frames - 1)
    begin = first[:, :, None]
    gaps = not all_seen(position)
    missing = np.isnan(position).any(axis=-1) if gaps else np.zeros(position.shape[:-1], dtype=bool)
    if not gaps and use_compiled():
        path, chord = window_paths(position, first, last)
        return _ratio_of_paths(position, path, chord, eps, last - first)
    if gaps:
        # In a gap the joint stays at its last position, so the gap adds its chord to the path.
        frame = np.arange(n_frames)[:, None]
        before = np.maximum.accumulate(np.where(missing, -1, frame), axis=1)
        after = np.where(missing, n_frames, frame)[:, ::-1]
        after = np.minimum.accumulate(after, axis=1)[:, ::-1]
        begin = after[clip, begin, joint]
        seen = (begin <= before[clip, last[:, :, None], joint]) & (stop > start)[:, :, None]
        begin = np.minimum(begin, n_frames - 1)
        held = np.where(before < 0, np.minimum(after, n_frames - 1), before)
        position = np.nan_to_num(position[clip, held, joint])
    chord = magnitude(position[clip, last[:, :, None], joint] - position[clip, begin, joint])
    # Step t leads from frame t to t + 1.
    step = np.zeros(position.shape[:-1])
    step[:, :-1] = magnitude(np.diff(position, axis=1))
    path = reduce_windows(step, first, last)
    if gaps:
        # The step that ends a gap at the window's first frame began before the window.
        lead = step[clip, np.maximum(begin - 1, 0), joint]
        path -= np.where(seen & (begin > first[:, :, None]), lead, 0.0)
    ratio = _ratio_of_paths(position, path, chord, eps, last - first)
    if gaps:
        ratio[~seen] = np.nan
    return ratio


def _ratio_of_paths(
    position: np.ndarray, path: np.ndarray, chord: np.ndarray, eps: float, n_steps: np.ndarray
) -> np.ndarray:
    """Chord over path, at most 1; -1 where the path is as short as rounding errors."""
    extent = np.abs(position).max(axis=(1, 3), initial=0.0)[:, None, :]
    moved = path > 8 * eps * extent * np.maximum(n_steps, 1)[:, :, None]
    ratio = np.divide(chord, path, out=np.full_like(path, -1.0), where=moved)
    return np.minimum(ratio, 1.0, out=ratio)
