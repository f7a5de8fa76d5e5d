"""Takes of any frame rate, on the clock of the sound."""

from __future__ import annotations

import numpy as np

from ..functional.frames import fill_curves
from ..functional.resampling import antialias, poses_at


def on_clock(
    position: np.ndarray, *, fps: float, start: float, new_fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a take at the frames n / new_fps of a clock, and which joints were seen there.

    Parameters
    ----------
    position : ndarray of shape (n_frames, n_joints, n_axes)
        The take; NaN is a joint that was not seen.
    fps : float
        Its frame rate in Hz.
    start : float
        Time of its first frame on the clock in s; may be negative.
    new_fps : float
        The frame rate to bring it to, in Hz.

    Returns
    -------
    position : ndarray of shape (n_new, n_joints, n_axes)
        The take from time 0 of the clock to its end, gaps filled.
    seen : ndarray of bool of shape (n_new, n_joints)
        False where a joint was not seen, and before the take began.

    Notes
    -----
    Gaps are bridged linearly in time and ends hold the nearest value; a joint that is never seen
    stays NaN. Where the new rate is lower, what it cannot hold is filtered out first
    (:func:`sklearn_asdf.functional.resampling.antialias`). Between frames a cubic spline
    interpolates; at the same rate, frames that already lie on the clock stay as they are.
    """
    n_frames = len(position)
    was_seen = np.isfinite(position).all(axis=-1)
    never = ~was_seen.any(axis=0)
    filled = antialias(_fill(position, was_seen), fps=fps, new_fps=new_fps)
    # A last frame lasts until the next would have come; the tolerance is for rounding alone.
    n_new = max(0, int(np.ceil((start + n_frames / fps) * new_fps - 1e-6)))
    # Where each new frame falls among the old ones.
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
