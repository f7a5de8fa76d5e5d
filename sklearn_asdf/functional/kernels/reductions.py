"""Sums, means and extremes of curves over windows of frames."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops

__all__ = ["reduce_curves"]

_WAYS = {"sum": 0, "mean": 1, "max": 2, "min": 3, "known mean": 4}


def reduce_curves(curves: np.ndarray, start: np.ndarray, stop: np.ndarray, how: str) -> np.ndarray:
    """Reduce curves over windows of frames, with compiled loops.

    Parameters
    ----------
    curves : ndarray of shape (n_clips, n_frames, ...)
        In any unit.
    start, stop : ndarray of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    how : {"sum", "mean", "max", "min", "known mean"}
        As in :func:`sklearn_asdf.functional.windows.reduce_windows`; the last is the mean of what
        is not NaN, as in :func:`sklearn_asdf.functional.lma.mean_of_windows`.

    Returns
    -------
    ndarray of shape (n_clips, n_windows, ...)
        In the unit of the curves.
    """
    n_clips, n_frames, *rest = curves.shape
    flat = curves if not rest else np.moveaxis(curves.reshape(n_clips, n_frames, -1), -1, 1)
    rows = np.ascontiguousarray(flat, dtype=float).reshape(-1, n_frames)
    out = np.empty((len(rows), start.shape[1]))
    start, stop = (np.ascontiguousarray(edge, dtype=np.intp) for edge in (start, stop))
    _reduce(rows, start, stop, len(rows) // max(n_clips, 1), _WAYS[how], out)
    if not rest:
        return out
    return np.moveaxis(out.reshape(n_clips, *rest, -1), -1, 1)


@Loops
def _reduce(curves, start, stop, each, how, out):
    """Reduce curves, of which `each` belong to one clip."""
    gaps = 0
    if how == 4:
        for value in curves.flat:
            gaps += value != value
    for row in range(len(out)):
        curve, clip = curves[row], row // each
        for window in range(out.shape[1]):
            low, high = start[clip, window], stop[clip, window]
            values = curve[max(low, 0) : min(max(high, 0), len(curve))]
            if how >= 2 and how <= 3:
                out[row, window] = _extreme(values, how == 2)
                continue
            total, known = 0.0, 0
            for value in values:
                seen = value == value or how < 4
                total += value if seen else 0.0
                known += seen
            if how == 1 or (how == 4 and gaps == 0):
                known = max(high - low, 1)
            if how == 0:
                known = 1
            out[row, window] = total / known if known > 0 else np.nan


@Loops
def _extreme(values, largest):
    """Return the largest or smallest value, 0 if there is none; NaN if any is."""
    if len(values) == 0:
        return 0.0
    found = values[0]
    for value in values:
        if ((value > found) == largest and value != found) or value != value:
            found = value
        if found != found:
            break
    return found
