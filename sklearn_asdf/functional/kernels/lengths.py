"""Weighted means of the lengths of vectors over joints, and paths of joints in windows."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops

__all__ = ["weighted_lengths", "window_paths"]


def _planes(vectors: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return three arrays (n_clips, n_frames, n_joints), the last axes repeated."""
    axes = [np.ascontiguousarray(vectors[..., axis]) for axis in range(vectors.shape[-1])]
    return tuple((axes * 3 if len(axes) == 1 else [*axes, axes[-1]])[:3])


def weighted_lengths(
    vectors: np.ndarray, weights: np.ndarray, *, squared: bool = False
) -> np.ndarray:
    """Return the weighted sum over joints of the lengths of vectors, with compiled loops.

    Parameters
    ----------
    vectors : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        Up to three axes; fast where these are stored first.
    weights : ndarray of shape (n_joints,)
        Weight of each joint. Joints of weight 0 are left out.
    squared : bool, default=False
        Whether to take the squares of the lengths.

    Returns
    -------
    ndarray of shape (n_clips, n_frames)
        ``weighted_over_joints(magnitude(vectors), weights)`` in float64; NaN where any joint of a
        weight above 0 was not seen.
    """
    out = np.empty(vectors.shape[:2])
    used = np.flatnonzero(weights)
    memory = np.empty(vectors.shape[2])
    share = np.asarray(weights, dtype=float)[used]
    _weighted_lengths(_planes(vectors), vectors.shape[-1], used, share, squared, memory, out)
    return out


@Loops
def _weighted_lengths(planes, n_axes, used, weights, squared, lengths, out):
    n_clips, n_frames = out.shape
    n = len(lengths)
    up, deep = 1.0 if n_axes > 1 else 0.0, 1.0 if n_axes > 2 else 0.0
    for clip in range(n_clips):
        for frame in range(n_frames):
            x, y, z = planes[0][clip, frame], planes[1][clip, frame], planes[2][clip, frame]
            for i in range(n):
                a, b, c = np.float64(x[i]), up * np.float64(y[i]), deep * np.float64(z[i])
                lengths[i] = a * a + b * b + c * c
            if not squared:
                for i in range(n):
                    lengths[i] = np.sqrt(lengths[i])
            out[clip, frame] = _weighted_sum(lengths, used, weights)


@Loops
def _weighted_sum(values, used, weights):
    """Sum in four parts, which a processor adds at the same time."""
    a = b = c = d = 0.0
    whole = len(used) // 4 * 4
    for i in range(0, whole, 4):
        a += weights[i] * values[used[i]]
        b += weights[i + 1] * values[used[i + 1]]
        c += weights[i + 2] * values[used[i + 2]]
        d += weights[i + 3] * values[used[i + 3]]
    for i in range(whole, len(used)):
        a += weights[i] * values[used[i]]
    return (a + b) + (c + d)


def window_paths(
    position: np.ndarray, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return length and chord of the joints' paths in windows, with compiled loops.

    Parameters
    ----------
    position : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        Positions without NaN.
    first, last : ndarray of int, shape (n_clips, n_windows)
        First and last frame of each window, both included.

    Returns
    -------
    path, chord : ndarray of shape (n_clips, n_windows, n_joints)
        Sum of the steps, and distance of the ends.
    """
    path = np.zeros((*first.shape, position.shape[2]))
    chord = np.zeros_like(path)
    _window_paths(_planes(position), position.shape[-1], first, last, path, chord)
    return path, chord


@Loops
def _window_paths(planes, n_axes, first, last, path, chord):
    n_clips, n_windows, _ = path.shape
    for clip in range(n_clips):
        for window in range(n_windows):
            low, high = first[clip, window], last[clip, window]
            to = path[clip, window]
            for frame in range(low, high):
                _add_distances(planes, n_axes, clip, frame, frame + 1, to)
            _add_distances(planes, n_axes, clip, low, high, chord[clip, window])


@Loops
def _add_distances(planes, n_axes, clip, start, stop, out):
    """Add the distances of the joints in one frame from their places in another."""
    x, y, z = planes[0][clip, stop], planes[1][clip, stop], planes[2][clip, stop]
    u, v, w = planes[0][clip, start], planes[1][clip, start], planes[2][clip, start]
    along, up, deep = 1.0, 1.0 if n_axes > 1 else 0.0, 1.0 if n_axes > 2 else 0.0
    for i in range(len(out)):
        a, b, c = (x[i] - u[i]) * along, (y[i] - v[i]) * up, (z[i] - w[i]) * deep
        out[i] += np.sqrt(a * a + b * b + c * c)
