"""Rests of a dancer: stretches of steps in which hardly anything moves."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

__all__ = ["find_rests", "median_without_rests", "mix_over_rests"]

# Steps that a rest grows on each side, over which the smoothing of poses spreads a sudden stop, and
# steps on each side within which the fastest one counts.
_GROWTH, _AROUND = 3, 4


def find_rests(speed: np.ndarray, threshold: float) -> np.ndarray:
    """Return which steps of clips are rests.

    Parameters
    ----------
    speed : ndarray of shape (n_clips, n_steps)
        Mean speed in each step.
    threshold : float
        Speed below which a step is still.

    Returns
    -------
    ndarray of bool of shape (n_clips, n_steps)
        Whether a step lies in a rest.

    Notes
    -----
    A rest has two successive steps that are still, or the last step of the clip, after which
    nothing is known. It begins up to three steps before them and ends up to three steps after them,
    as long as the speed is below twice the threshold, or below a third of the highest speed within
    four steps: filters of zero phase spread a sudden stop over half a second. So a single still
    step is no rest, and noise that is near the threshold does not interrupt one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.rests import find_rests
    >>> find_rests(np.array([[3.0, 1.0, 3.0, 0.9, 0.1, 0.0, 0.3, 3.0]]), 0.2).astype(int)
    array([[0, 0, 0, 1, 1, 1, 1, 0]])
    """
    still = speed < threshold
    rests = np.zeros(speed.shape, bool)
    pair = still[:, :-1] & still[:, 1:]
    rests[:, :-1] |= pair
    rests[:, 1:] |= pair
    rests[:, -1] |= still[:, -1]
    peak = maximum_filter1d(speed, 2 * _AROUND + 1, axis=1, mode="nearest")
    slow = speed < np.maximum(2 * threshold, peak / 3)
    for _ in range(_GROWTH):
        beside = np.zeros_like(rests)
        beside[:, :-1] |= rests[:, 1:]
        beside[:, 1:] |= rests[:, :-1]
        rests = rests | (beside & slow)
    return rests


def median_without_rests(values: np.ndarray, rests: np.ndarray) -> np.ndarray:
    """Return the medians over the steps of each clip that are not rests.

    Parameters
    ----------
    values : ndarray of shape (n_clips, n_steps, n_columns)
        Values of the steps.
    rests : ndarray of bool of shape (n_clips, n_steps)
        Steps that do not count; in a clip that is all rest, all count.

    Returns
    -------
    ndarray of shape (n_clips, n_columns)
        Medians.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.rests import median_without_rests
    >>> median_without_rests(np.array([[[1.0], [3.0], [0.0]]]), np.array([[False, False, True]]))
    array([[2.]])
    """
    medians = np.median(values, axis=1)
    for clip in np.flatnonzero(rests.any(axis=1) & ~rests.all(axis=1)):
        medians[clip] = np.median(values[clip, ~rests[clip]], axis=0)
    return medians


def mix_over_rests(
    values: np.ndarray, share: np.ndarray, time: np.ndarray, tau: float
) -> np.ndarray:
    r"""Return values of clips in which clips with rests have those of the clips around them.

    Parameters
    ----------
    values : ndarray of shape (n_clips, n_columns)
        Values of clips, which rests change.
    share : ndarray of shape (n_clips,)
        Share of rests in each clip, 0 to 1.
    time : ndarray of shape (n_clips,)
        Middles of the clips in s.
    tau : float
        Time in s over which the weights of other clips fall to 1/e.

    Returns
    -------
    ndarray of shape (n_clips, n_columns)
        Values; those of clips without rests are unchanged.

    Notes
    -----
    With :math:`k_i = \min(2 s_i, 1)` for the share :math:`s_i` of rests, the value of a clip is
    :math:`(1 - k_i) x_i + k_i \bar x_i`, where :math:`\bar x_i` is the mean of all clips with the
    weights :math:`(1 - k_j) \exp(-|t_i - t_j| / \tau)`. Where all clips are at least half rest,
    they are unchanged.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.rests import mix_over_rests
    >>> values = np.array([[3.0], [1.0], [3.0]])
    >>> mix_over_rests(values, np.array([0.0, 0.5, 0.0]), np.arange(3.0), 1.0).ravel()
    array([3., 3., 3.])
    """
    mixed = np.minimum(2 * np.asarray(share, dtype=float), 1.0)
    if not mixed.any() or (mixed == 1).all():
        return values
    # The largest exponent is 0, so that far from all movement weights do not vanish.
    log_weight = -np.abs(time[:, None] - time) / tau
    log_weight[:, mixed == 1] = -np.inf
    weight = (1 - mixed) * np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    around = weight @ values / weight.sum(axis=1, keepdims=True)
    return (1 - mixed[:, None]) * values + mixed[:, None] * around
