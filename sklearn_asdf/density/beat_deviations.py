"""Density of the deviations of the music's beat from that of the dance."""

from __future__ import annotations

import numpy as np

from .em import fit_mixture
from .moments import column_moments

__all__ = ["MIN_SCALE", "fit_deviations", "weighted_median"]

# Lower bound of scales, relative to the standard deviation.
MIN_SCALE = 0.01
# Weight and scales of the component for dances whose beat is unrelated to the music's.
_UNRELATED = 0.05
_UNRELATED_SCALES = (0.5, 1.0, 1.0)


def fit_deviations(
    deviation: np.ndarray, weight: np.ndarray, n_mixtures: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a mixture to deviations, with one more component that is wide and fixed.

    Parameters
    ----------
    deviation : ndarray of shape (n_rows, 3)
        Music minus dance: log2 of the tempo, cosine and sine of the phase of the beat.
    weight : ndarray of shape (n_rows,)
        Weights of the rows.
    n_mixtures : int
        Number of components that are fitted.

    Returns
    -------
    weights : ndarray of shape (n_mixtures + 1,)
        Probabilities.
    means, scales : ndarray of shape (n_mixtures + 1, 3)
        Means and standard deviations of the components.
    """
    spread = np.maximum(column_moments(deviation, weight)[1], 1e-6)
    weights, means, scales = fit_mixture(
        deviation / spread, n_mixtures, sample_weight=weight, min_scale=MIN_SCALE
    )
    # The beat of a new dance may be wrong even if those of all training dances are right.
    return (
        np.append(weights * (1 - _UNRELATED), _UNRELATED),
        np.vstack([means * spread, np.zeros(3)]),
        np.vstack([scales * spread, _UNRELATED_SCALES]),
    )


def weighted_median(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted median of values.

    Parameters
    ----------
    values, weight : ndarray of shape (n,)
        Values and their weights: a weight of 2 counts as two values.

    Returns
    -------
    float
        The median.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.beat_deviations import weighted_median
    >>> weighted_median(np.array([1.0, 5.0, 9.0]), np.array([1.0, 1.0, 3.0]))
    9.0
    """
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weight[order])
    middle = [np.searchsorted(mass, mass[-1] / 2, side=side) for side in ("left", "right")]
    return float(values[order][np.minimum(middle, len(values) - 1)].mean())
