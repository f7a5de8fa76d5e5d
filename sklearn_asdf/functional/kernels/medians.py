"""Median distances between joints."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops

__all__ = ["median_distances"]


def median_distances(
    position: np.ndarray, ends: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> np.ndarray:
    """Return the median over frames of distances between means of joints, with compiled loops.

    Parameters
    ----------
    position : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        Positions, NaN where a joint was not seen.
    ends : list of (tuple of int, tuple of int)
        The joints whose mean is one end of a line, and those whose mean is the other.

    Returns
    -------
    ndarray of shape (n_lines, n_clips)
        Medians over the frames in which all joints of a line were seen; NaN if there are none.
    """
    n_clips, n_frames, _, n_axes = position.shape
    # Weights of joints: means of one end minus those of the other.
    joints = np.array([joint for a, b in ends for joint in (*a, *b)], dtype=np.intp)
    shares = np.array([w for a, b in ends for w in [-1 / len(a)] * len(a) + [1 / len(b)] * len(b)])
    stops = np.cumsum([len(a) + len(b) for a, b in ends], dtype=np.intp)
    out = np.empty((len(ends), n_clips))
    axes = [np.ascontiguousarray(position[..., axis]) for axis in range(n_axes)]
    planes = tuple((axes * 3)[:3] if n_axes < 3 else axes)
    _median_distances(planes, n_axes, joints, shares, stops, np.empty(n_frames), out)
    return out


@Loops
def _median_distances(planes, n_axes, joints, shares, stops, values, out):
    n_clips, n_frames, _ = planes[0].shape
    for clip in range(n_clips):
        begin = 0
        for line in range(len(stops)):
            known = 0
            for frame in range(n_frames):
                x, y, z = planes[0][clip, frame], planes[1][clip, frame], planes[2][clip, frame]
                a = b = c = 0.0
                for i in range(begin, stops[line]):
                    a += shares[i] * x[joints[i]]
                    b += shares[i] * y[joints[i]]
                    c += shares[i] * z[joints[i]]
                square = a * a + (b * b if n_axes > 1 else 0.0) + (c * c if n_axes > 2 else 0.0)
                if square == square:
                    values[known] = np.sqrt(square)
                    known += 1
            begin = stops[line]
            out[line, clip] = np.nan
            if known > 0:
                low = _select(values[:known], (known - 1) // 2)
                high = _select(values[:known], known // 2)
                out[line, clip] = low + (high - low) / 2


@Loops
def _select(values, rank):
    """Return the value of a rank, by Hoare's selection; the values are reordered."""
    low, high = 0, len(values) - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]
