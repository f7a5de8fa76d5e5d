"""Sums, means and extremes over windows of frames, as between two keyframes (eq. 14)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .compiled import use_compiled
from .kernels.reductions import reduce_curves

__all__ = ["count_steps", "frame_windows", "reduce_windows", "step_edges"]

_REDUCTIONS = {"sum": np.add, "max": np.maximum, "min": np.minimum}


def frame_windows(keyframes: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows between consecutive keyframes (eq. 14).

    Parameters
    ----------
    keyframes : array-like of int, shape (n_clips, n_keyframes)
        Frames in ascending order, at least two per clip.

    Returns
    -------
    start, stop : ndarray of int, shape (n_clips, n_keyframes - 1)
        Window `i` holds the frames ``start[i], ..., stop[i] - 1``: as many as eq. 14 counts.

    References
    ----------
    The ASDF-RNN paper, section 3.2.3, eq. 14.

    Examples
    --------
    >>> from sklearn_asdf.functional.windows import frame_windows
    >>> start, stop = frame_windows([[0, 10, 25]])
    >>> (stop - start).tolist()
    [[10, 15]]
    """
    keyframes = np.asarray(keyframes)
    if keyframes.ndim != 2 or keyframes.shape[1] < 2:
        raise ValueError(
            "expected keyframes of shape (n_clips, n_keyframes) with at least 2 keyframes, got "
            f"shape {keyframes.shape}: windows lie between consecutive keyframes."
        )
    return keyframes[:, :-1], keyframes[:, 1:]


def reduce_windows(
    values: ArrayLike, start: ArrayLike, stop: ArrayLike, *, how: str = "sum"
) -> np.ndarray:
    """Reduce `values` over the frames ``start, ..., stop - 1`` of each window.

    Parameters
    ----------
    values : array-like of shape (n_clips, n_frames, ...)
        What to reduce, in any unit.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last. ``0 <= start, stop <= n_frames``.
    how : {"sum", "mean", "max", "min"}, default="sum"
        The reduction.

    Returns
    -------
    reduced : ndarray of shape (n_clips, n_windows, ...)
        In the unit of `values`.

    Notes
    -----
    A window without frames (``stop <= start``) gives 0. NaN is not treated apart: replace it
    before. Windows may overlap; each is summed on its own, so nothing leaks between windows as it
    would through differences of cumulative sums.

    Examples
    --------
    >>> from sklearn_asdf.functional.windows import reduce_windows
    >>> reduce_windows([[1.0, 2.0, 3.0, 4.0]], [[0, 2]], [[2, 4]]).tolist()
    [[3.0, 7.0]]
    """
    values = np.asarray(values)
    start, stop = np.broadcast_arrays(np.asarray(start, dtype=np.intp), stop)
    if how not in ("sum", "mean", "max", "min"):
        raise ValueError(f"expected how to be 'sum', 'mean', 'max' or 'min', got {how!r}.")
    if values.size and values.dtype.kind == "f" and use_compiled():
        return reduce_curves(values, start, stop, how)
    if how == "mean":
        size = np.maximum(stop - start, 1).reshape(start.shape + (1,) * (values.ndim - 2))
        return reduce_windows(values, start, stop) / size

    n_clips, n_frames = values.shape[:2]
    rest = values.shape[2:]
    shape = (n_clips, start.shape[1])
    total = n_clips * n_frames
    out = np.zeros((*rest, *shape), dtype=np.result_type(values, float))
    if total == 0 or start.size == 0 or out.size == 0:
        return np.moveaxis(out, (-2, -1), (0, 1))
    empty = stop <= start
    first = np.clip(start, 0, n_frames - 1)
    offset = n_frames * np.arange(n_clips)[:, None]
    last = np.clip(stop, first + 1, n_frames)
    bounds = np.stack([first + offset, last + offset], axis=-1).ravel()
    # `reduceat` rejects an index past the end, which only a stop can be: one spare frame suffices.
    flat = np.moveaxis(values.reshape(total, -1), 0, -1)
    ends_inside = bounds[-1] == total and not np.any(bounds[:-1] == total)
    if ends_inside:
        bounds = bounds[:-1]
    else:
        flat = np.concatenate([flat, flat[:, -1:]], axis=1)
    reduced = _REDUCTIONS[how].reduceat(np.ascontiguousarray(flat), bounds, axis=-1)[:, ::2]
    out[...] = reduced.reshape(*rest, *shape)
    out[..., empty] = 0.0
    return np.moveaxis(out, (-2, -1), (0, 1))


def count_steps(duration: float, step_duration: float, n_frames: int) -> int:
    """Return the number of steps of a clip.

    Parameters
    ----------
    duration : float
        Duration of the clip in s.
    step_duration : float
        Wanted duration of a step in s.
    n_frames : int
        Frames or samples of the clip; a step has at least one.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> from sklearn_asdf.functional.windows import count_steps
    >>> count_steps(8.0, 0.25, 240)
    32
    """
    return int(np.clip(round(duration / step_duration), 1, max(n_frames, 1)))


def step_edges(n_frames: int, n_steps: int) -> np.ndarray:
    """Return the frames that bound the steps of a clip, as near to equal as whole frames are.

    Parameters
    ----------
    n_frames : int
        Frames or samples of a clip.
    n_steps : int
        Steps of a clip.

    Returns
    -------
    ndarray of int of shape (n_steps + 1,)
        Frames, from 0 to `n_frames`.

    Examples
    --------
    >>> from sklearn_asdf.functional.windows import step_edges
    >>> step_edges(60, 4).tolist()
    [0, 15, 30, 45, 60]
    """
    return np.rint(np.linspace(0, n_frames, n_steps + 1)).astype(int)
