"""Resampling of poses to another frame rate.

Poses are arrays (..., n_frames, n_joints, n_axes), and a joint is not seen in a frame where any of
its coordinates is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline

from .filters import butterworth
from .frames import fill_curves

__all__ = [
    "RATE_TOLERANCE",
    "antialias",
    "interpolate_linearly",
    "poses_at",
    "resample",
    "resample_filled",
]

# Cut-off as a share of the new frame rate: higher frequencies would be aliased.
_CUTOFF = 0.45
_ORDER = 4
# Rates whose relative difference is less are the same rate, written with fewer digits.
RATE_TOLERANCE = 1e-6
# Coordinates processed at a time.
_CHUNK = 1 << 20


def antialias(position: np.ndarray, *, fps: float, new_fps: float) -> np.ndarray:
    """Remove frequencies that a lower frame rate cannot represent.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Their frame rate in Hz.
    new_fps : float
        The new frame rate in Hz.

    Returns
    -------
    ndarray
        Poses at the same frames, filtered by a zero-phase Butterworth low-pass at 0.45 of
        `new_fps`; `position` itself if `new_fps` is not lower.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.resampling import antialias
    >>> jitter = np.cos(np.pi * np.arange(60)).reshape(-1, 1, 1)
    >>> bool(np.abs(antialias(jitter, fps=60, new_fps=30)).max() < 1)
    True
    """
    if new_fps >= fps * (1 - RATE_TOLERANCE):
        return position
    return butterworth(position, fps=fps, cutoff=_CUTOFF * new_fps, order=_ORDER)


def poses_at(position: np.ndarray, frames: ArrayLike) -> np.ndarray:
    """Return poses between frames, by cubic splines.

    Parameters
    ----------
    position : ndarray of shape (n_frames, ...)
        Coordinates without NaN.
    frames : array-like of float, shape (n_new,)
        Positions in time, counted in frames.

    Returns
    -------
    ndarray of shape (n_new, ...)
        Before the first frame its pose is held. After the last frame the motion is extended by odd
        reflection about the last pose, by at most as many frames as there are.

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


def interpolate_linearly(values: np.ndarray, frames: ArrayLike) -> np.ndarray:
    """Return curves between frames, by linear interpolation.

    Parameters
    ----------
    values : ndarray of shape (n_clips, n_frames, ...)
        Curves.
    frames : array-like of float, shape (n_new,)
        Positions in time, counted in frames from 0; after the last frame its value is held.

    Returns
    -------
    ndarray of shape (n_clips, n_new, ...)
        In the floating type of `values`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.resampling import interpolate_linearly
    >>> interpolate_linearly(np.array([[0.0, 2.0]]), [0, 0.5, 1.5]).tolist()
    [[0.0, 1.0, 2.0]]
    """
    frames = np.asarray(frames, dtype=float)
    last = values.shape[1] - 1
    low = np.minimum(frames.astype(np.intp), last)
    high = np.minimum(low + 1, last)
    share = (frames - low).reshape(-1, *[1] * (values.ndim - 2)).astype(values.dtype)
    return values[:, low] * (1 - share) + values[:, high] * share


def resample(position: np.ndarray, *, fps: float, new_fps: float) -> np.ndarray:
    """Resample poses to another frame rate.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Their frame rate in Hz.
    new_fps : float
        New frame rate in Hz.

    Returns
    -------
    ndarray of shape (..., n_new_frames, n_joints, n_axes)
        Frame i is the pose at ``i / new_fps`` seconds. It lasts as long as `position` does:
        ``ceil(n_frames * new_fps / fps)`` frames.

    Notes
    -----
    If the new rate is lower, :func:`antialias` filters first. Each unbroken run of seen frames gets
    its own cubic spline (a line or a parabola for two or three frames), which is extended past its
    last frame as by :func:`poses_at`, for less than a frame. In gaps the joint stays NaN.

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
    # A time that differs from a frame by rounding is that frame.
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


def resample_filled(
    position: np.ndarray, *, fps: float, new_fps: float, start: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Resample a take to a clock, with gaps filled, and return which joints were seen.

    Parameters
    ----------
    position : ndarray of shape (n_frames, n_joints, n_axes)
        The take; NaN means that a joint was not seen.
    fps : float
        Its frame rate in Hz.
    new_fps : float
        New frame rate in Hz.
    start : float, default=0.0
        Time of the first frame on the clock in s; may be negative.

    Returns
    -------
    position : ndarray of shape (n_new, n_joints, n_axes)
        The poses at times ``n / new_fps`` from 0 to the end of the take.
    seen : ndarray of bool of shape (n_new, n_joints)
        False where a joint was not seen, and before the take began.

    Notes
    -----
    Gaps are filled by linear interpolation, and the first and last pose are held; a joint that is
    never seen stays NaN. If the new rate is lower, :func:`antialias` filters first. Poses between
    frames are interpolated by cubic splines; frames that lie on the clock are returned unchanged.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.resampling import resample_filled
    >>> x = np.array([0.0, np.nan, 2.0]).reshape(-1, 1, 1)
    >>> position, seen = resample_filled(x, fps=30, new_fps=30)
    >>> position.ravel().tolist(), seen.ravel().tolist()
    ([0.0, 1.0, 2.0], [True, False, True])
    """
    n_frames = len(position)
    was_seen = np.isfinite(position).all(axis=-1)
    never = ~was_seen.any(axis=0)
    filled = antialias(_fill(position, was_seen), fps=fps, new_fps=new_fps)
    # The duration of the last frame counts; the tolerance is for rounding errors.
    n_new = max(0, int(np.ceil((start + n_frames / fps) * new_fps - 1e-6)))
    # Positions of the new frames among the old ones.
    at = (np.arange(n_new) / new_fps - start) * fps
    whole = np.rint(at)
    if np.abs(at - whole).max(initial=0.0) < 1e-6:
        new = filled[whole.astype(int).clip(0, n_frames - 1)]
    else:
        new = poses_at(filled, at)
    below = np.floor(at + 1e-6).astype(int).clip(0, n_frames - 1)
    above = np.ceil(at - 1e-6).astype(int).clip(0, n_frames - 1)
    seen = was_seen[below] & was_seen[above] & (at >= -1e-6)[:, None]
    new[:, never] = np.nan
    return new, seen


def _fill(position: np.ndarray, seen: np.ndarray) -> np.ndarray:
    if seen.all():
        return position
    curves = np.where(seen[..., None], position, np.nan).reshape(len(position), -1)
    return np.ascontiguousarray(fill_curves(curves.T).T).reshape(position.shape)
