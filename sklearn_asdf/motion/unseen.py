"""Windows in which too little was seen, and scaling of windows within a clip."""

from __future__ import annotations

import numpy as np

from ..functional.windows import reduce_windows
from .window_context import Columns, WindowContext

__all__ = ["hide_unseen", "within_clip"]

# Known without seeing anybody.
_TIMES = ("start", "duration")


def hide_unseen(
    columns: Columns, context: WindowContext, start: np.ndarray, stop: np.ndarray, min_seen: float
) -> Columns:
    """Return features, NaN in the windows in which too little of the dancer was seen.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n_clips, n_windows)
        Features by name.
    context : WindowContext
        The clips, and the weights of the joints in the features that have some.
    start, stop : ndarray of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    min_seen : float
        Least share of the frames and joints that must be seen, each joint counted by its weight.

    Returns
    -------
    dict of str to ndarray of shape (n_clips, n_windows)
        The same features.
    """
    if not columns or context.motion.seen.all():
        return columns
    joints = reduce_windows(context.motion.seen.astype(float), start, stop, how="mean")
    hidden = {}
    for name, values in columns.items():
        weights = context.weights.get(name, context.uniform)
        # The tolerance is for the rounding of a sum of shares.
        enough = joints @ weights >= min_seen * weights.sum() - 1e-9
        hidden[name] = values if name in _TIMES else np.where(enough, values, np.nan)
    return hidden


def within_clip(values: np.ndarray) -> np.ndarray:
    """Scale (n_clips, n_windows) to [0, 1] in each clip; 0 where all windows are equal."""
    low = np.fmin.reduce(values, axis=1, keepdims=True)
    span = np.fmax.reduce(values, axis=1, keepdims=True) - low
    equal = np.where(np.isnan(values), np.nan, 0.0)
    return np.divide(values - low, span, out=equal, where=span > 0)
