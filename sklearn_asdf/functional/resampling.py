"""Poses at another frame rate.

As in :mod:`sklearn_asdf.functional.filters`, poses are arrays (..., n_frames, n_joints, n_axes),
and a joint is unseen in a frame where any of its coordinates is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from .filters import butterworth

__all__ = ["antialias", "poses_at", "resample"]

# Of the new frame rate: what lies above would fold back below half of it.
_CUTOFF = 0.45
_ORDER = 4
# Rates that differ by less are one rate, written with fewer digits.
_SAME_RATE = 1e-6
# Coordinates worked on at once.
_CHUNK = 1 << 20


def antialias(position: np.ndarray, *, fps: float, new_fps: float) -> np.ndarray:
    """Remove what a lower frame rate cannot hold.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Their frame rate in Hz.
    new_fps : float
        The frame rate to come in Hz.

    Returns
    -------
    ndarray
        Poses at the same frames, filtered by a zero-phase Butterworth low-pass at 0.45 of
        `new_fps`; `position` itself where `new_fps` is not lower.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.resampling import antialias
    >>> jitter = np.cos(np.pi * np.arange(60)).reshape(-1, 1, 1)
    >>> bool(np.abs(antialias(jitter, fps=60, new_fps=30)).max() < 1)
    True
    """
    if new_fps >= fps * (1 - _SAME_RATE):
        return position
    return butterworth(position, fps=fps, cutoff=_CUTOFF * new_fps, order=_ORDER)


def poses_at(position: np.ndarray, frames: ArrayLike) -> np.ndarray:
    """Poses between frames, by cubic splines.

    Parameters
    ----------
    position : ndarray of shape (n_frames, ...)
        Coordinates without NaN.
    frames : array-like of float, shape (n_new,)
        Where, counted in frames.

    Returns
    -------
    ndarray of shape (n_new, ...)
        Before the first frame its pose is held. Past the last one the motion is continued oddly,
        by as many frames as there are: as far beyond the last pose as it was before it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.resampling import poses_at
    >>> poses_at(np.arange(5.0), [-1, 0.5, 4.5])
    array([0. , 0.5, 4.5])
    """
    at = np.asarray(frames, dtype=float)
    last = len(position) - 1
    if last == 0:
        return np.repeat(position, len(at), axis=0)
    spline = CubicSpline(np.arange(last + 1), position)
    values = spline(at.clip(0, last))
    beyond = at > last
    if beyond.any():
        values[beyond] = 2 * position[last] - spline((2 * last - at[beyond]).clip(0, last))
    return values


def resample(position: np.ndarray, *, fps: float, new_fps: float) -> np.ndarray:
    """Resample poses to another frame rate.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Their frame rate in Hz.
    new_fps : float
        Wanted frame rate in Hz.

    Returns
    -------
    ndarray of shape (..., n_new_frames, n_joints, n_axes)
        Frame i is the pose at ``i / new_fps`` seconds. It lasts as long as `position` does:
        ``ceil(n_frames * new_fps / fps)`` frames.

    Notes
    -----
    Where the new rate is lower, :func:`antialias` filters first. Each unbroken run of seen frames
    gets its own cubic spline (a line or a parabola for two or three frames), which is continued
    oddly past its last frame, for less than a frame; in a gap the joint is unseen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.resampling import resample
    >>> x = np.arange(4.0).reshape(-1, 1, 1)
    >>> resample(x, fps=30, new_fps=60).ravel()
    array([0. , 0.5, 1. , 1.5, 2. , 2.5, 3. , 3.5])
    """
    n_frames = position.shape[-3]
    n_new = max(1, int(np.ceil(n_frames * new_fps / fps - 1e-6)))
    frames = np.arange(n_new) * (fps / new_fps)
    near = np.rint(frames)
    # A time that rounding put beside a frame is that frame.
    frames = np.where(np.abs(frames - near) < 1e-9 * n_frames, near, frames)
    x = np.moveaxis(antialias(position, fps=fps, new_fps=new_fps), -3, 0)
    y = np.full((n_new, *x.shape[1:]), np.nan, dtype=position.dtype)
    flat, out = x.reshape(n_frames, -1, x.shape[-1]), y.reshape(n_new, -1, x.shape[-1])
    patterns, which = np.unique(~np.isnan(flat).any(axis=-1), axis=1, return_inverse=True)
    size = max(1, _CHUNK // (n_frames * x.shape[-1]))
    # Few patterns of unseen frames are shared by many joints.
    for k, pattern in enumerate(patterns.T):
        columns = np.flatnonzero(which.ravel() == k)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], pattern.astype(np.int8), [0]])))
        for start, stop in edges.reshape(-1, 2):
            at = np.flatnonzero((frames >= start) & (frames < stop))
            for some in np.array_split(columns, -(-len(columns) // size)):
                values = poses_at(flat[start:stop, some], frames[at] - start)
                out[np.ix_(at, some)] = values
    return np.ascontiguousarray(np.moveaxis(y, 0, -3))
