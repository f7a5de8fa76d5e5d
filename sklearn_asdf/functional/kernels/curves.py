"""Loops over curves of bone angles: their salience, and the plateaus around frames."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops, use_compiled

__all__ = ["middle_of_plateaus", "symmetric_differences"]


def symmetric_differences(curves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the absolute value of curves filtered by a symmetric kernel whose sum is 0.

    Parameters
    ----------
    curves : ndarray of shape (..., n_frames)
        Curves without NaN, extended by their first and last value.
    weights : ndarray of shape (n_shifts,)
        Weights of the kernel at a distance of 1, 2, ... frames from its center.

    Returns
    -------
    ndarray of shape (..., n_frames)
        In the unit of the curves.
    """
    out = np.zeros(curves.shape)
    n_frames, reach = curves.shape[-1], len(weights)
    if use_compiled():
        rows = np.ascontiguousarray(curves).reshape(-1, n_frames)
        _symmetric_differences(
            rows, weights, np.empty(n_frames + 2 * reach), out.reshape(-1, n_frames)
        )
        return out
    ends = [(0, 0)] * (curves.ndim - 1) + [(reach, reach)]
    padded = np.pad(curves, ends, mode="edge")
    for shift, weight in enumerate(weights, 1):
        left = padded[..., reach - shift : reach - shift + n_frames]
        right = padded[..., reach + shift : reach + shift + n_frames]
        out += weight * ((left - curves) + (right - curves))
    return np.abs(out, out=out)


@Loops
def _symmetric_differences(curves, weights, padded, out):
    n_rows, n = curves.shape
    reach = len(weights)
    for row in range(n_rows):
        curve, to = curves[row], out[row]
        for i in range(reach):
            padded[i], padded[reach + n + i] = curve[0], curve[n - 1]
        middle = padded[reach : reach + n]
        for i in range(n):
            middle[i] = curve[i]
        for k in range(reach):
            left, right, weight = padded[reach - k - 1 :], padded[reach + k + 1 :], weights[k]
            for i in range(n):
                to[i] += weight * ((left[i] - curve[i]) + (right[i] - curve[i]))
        for i in range(n):
            to[i] = abs(to[i])


def middle_of_plateaus(
    row: np.ndarray, frame: np.ndarray, curve: np.ndarray, length: np.ndarray, tolerance: np.ndarray
) -> np.ndarray:
    """Return the middle of the plateau of a curve around each of some frames.

    Parameters
    ----------
    row, frame : ndarray of int, shape (n_found,)
        Rows of `curve`, and frames in them.
    curve : ndarray of shape (n_rows, n_frames)
        Curves without NaN.
    length : ndarray of int, shape (n_rows,)
        Frames of each curve; later ones are padding.
    tolerance : ndarray of shape (n_rows,)
        Deviation up to which a curve rests.

    Returns
    -------
    ndarray of int, shape (n_found,)
        Middle of the frames around `frame` at which the curve deviates from its value there by at
        most the tolerance.
    """
    if use_compiled():
        middle = np.empty(len(frame), dtype=np.intp)
        _middle_of_plateaus(row, frame, np.ascontiguousarray(curve), length, tolerance, middle)
        return middle
    level, tolerance, last = curve[row, frame], tolerance[row], length[row] - 1

    def reach(step: int) -> np.ndarray:
        edge = frame.copy()
        moving = np.arange(len(frame))
        while len(moving):
            ahead = edge[moving] + step
            inside = (ahead >= 0) & (ahead <= last[moving])
            moving, ahead = moving[inside], ahead[inside]
            flat = np.abs(curve[row[moving], ahead] - level[moving]) <= tolerance[moving]
            moving, ahead = moving[flat], ahead[flat]
            edge[moving] = ahead
        return edge

    return (reach(-1) + reach(1)) // 2


@Loops
def _middle_of_plateaus(row, frame, curve, length, tolerance, middle):
    for i in range(len(frame)):
        values, limit = curve[row[i]], tolerance[row[i]]
        low = high = frame[i]
        level = values[low]
        while low > 0 and abs(values[low - 1] - level) <= limit:
            low -= 1
        while high < length[row[i]] - 1 and abs(values[high + 1] - level) <= limit:
            high += 1
        middle[i] = (low + high) // 2
