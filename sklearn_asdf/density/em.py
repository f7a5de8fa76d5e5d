"""Gaussian mixtures of a table by expectation maximization from a partition."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from ..functional.ties import TOLERANCE, first_largest
from .gaussians import component_log_prob

__all__ = ["fit_mixture", "partition"]

_POWER_ITERATIONS = 20


def partition(
    y: np.ndarray, n_parts: int, *, sample_weight: np.ndarray | None = None, n_iter: int = 30
) -> np.ndarray:
    """Divide rows into clusters, the same way on each call.

    Parameters
    ----------
    y : ndarray of shape (n, D)
        Rows; finite.
    n_parts : int
        Clusters wanted.
    sample_weight : ndarray of shape (n,), default=None
        Weight of each row, above 0; a row of weight 2 counts as two rows.
    n_iter : int, default=30
        Most k-means iterations.

    Returns
    -------
    ndarray of int of shape (n,)
        Labels from 0; fewer than `n_parts` where there are fewer different rows, those that differ
        by less than 1e-6 of the standard deviation being equal.

    Notes
    -----
    The cluster with the greatest sum of squares is cut at its mean across its first principal
    axis until there are enough ("PCA-Part" [1]_), then k-means moves the borders. The method is
    deterministic, and neither the order of rows nor weights in place of repeated rows change the
    result beyond rounding. Of clusters and distances that are equal up to rounding the first is
    used. The axis is found by a fixed number of power iterations from a fixed start, so it changes
    continuously with the rows even if several axes have the same variance.

    References
    ----------
    .. [1] T. Su and J. G. Dy, "In search of deterministic methods for initializing k-means and
       Gaussian mixture clustering", Intelligent Data Analysis 11, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.em import partition
    >>> partition(np.array([[0.0], [0.1], [5.0], [5.1]]), 2)
    array([0, 0, 1, 1])
    """
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    labels = np.zeros(len(y), dtype=int)
    squares = [_sum_of_squares(y, w)]
    whole = squares[0]
    while len(squares) < min(n_parts, len(y)):
        widest = int(first_largest(squares))
        if squares[widest] <= TOLERANCE**2 * whole:
            break
        inside = labels == widest
        along, spread = _principal_coordinates(y[inside], w[inside])
        # Rows on the border, up to rounding, stay on one side.
        above = np.zeros_like(inside)
        above[inside] = along > TOLERANCE * spread
        # Rounding may put a mean of equal values below or above all of them.
        if not above.any() or (above == inside).all():
            break
        labels[above] = len(squares)
        squares.append(_sum_of_squares(y[above], w[above]))
        inside &= ~above
        squares[widest] = _sum_of_squares(y[inside], w[inside])
    for _ in range(n_iter):
        onehot = w[:, None] * (labels[:, None] == np.arange(len(squares)))
        total = onehot.sum(axis=0)
        centers = (onehot.T @ y) / np.where(total > 0, total, 1)[:, None]
        # |y - c|^2 without |y|^2, which is the same for all clusters.
        distance = (centers**2).sum(axis=1) - 2 * y @ centers.T
        distance[:, total == 0] = np.inf
        nearest = first_largest(-distance, scale=whole / w.sum())
        if (nearest == labels).all():
            break
        labels = nearest
    return np.unique(labels, return_inverse=True)[1]


def _sum_of_squares(y: np.ndarray, w: np.ndarray) -> float:
    return float((w @ (y - np.average(y, axis=0, weights=w)) ** 2).sum())


def _principal_coordinates(y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, float]:
    """Coordinates along the first principal axis, about the mean, and their standard deviation."""
    x = y - np.average(y, axis=0, weights=w)
    root = np.sqrt(w / w.sum())[:, None]
    scaled = root * x
    axis = np.random.default_rng(0).standard_normal(y.shape[1])
    for _ in range(_POWER_ITERATIONS):
        axis = (scaled @ axis) @ scaled
        size = np.linalg.norm(axis)
        if size == 0:
            break
        axis /= size
    return x @ axis, float(np.linalg.norm(scaled @ axis))


def fit_mixture(
    y: np.ndarray,
    n_components: int,
    *,
    sample_weight: np.ndarray | None = None,
    min_scale: float = 1e-2,
    n_iter: int = 100,
    tol: float = 1e-12,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit one mixture of Gaussians with diagonal covariances to all rows.

    Parameters
    ----------
    y : ndarray of shape (n, D)
        Rows, each column with a spread of about 1.
    n_components : int
        Components, K.
    sample_weight : ndarray of shape (n,), default=None
        Weight of each row: a row of weight 2 counts as two rows, one of weight 0 as none.
    min_scale : float, default=1e-2
        Floor under the scales, in the unit of `y`.
    n_iter : int, default=100
        Most iterations; 0 returns the partition's own means and pooled scales.
    tol : float, default=1e-12
        Gain in mean log-likelihood per dimension below which iterations end; so small that one
        iteration more or less changes nothing.

    Returns
    -------
    weights : ndarray of shape (K,)
        Probabilities.
    means, scales : ndarray of shape (K, D)
        Of the components. Where `y` has fewer different rows than K, components repeat.

    Notes
    -----
    Expectation maximization from `partition`, hence deterministic. Each variance is shrunk
    towards the pooled one with the weight of one row, so that a component of one row stays wide.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.em import fit_mixture
    >>> weights, means, scales = fit_mixture(np.array([[0.0], [0.2], [5.0], [5.2]]), 2)
    >>> means.round(1).ravel()
    array([0.1, 5.1])
    """
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    y, w = y[w > 0], w[w > 0]
    labels = partition(y, n_components, sample_weight=w)
    found = labels.max() + 1
    share = (labels[:, None] == np.arange(found)).astype(float)
    means, pooled = _moments(y, w, share)
    scales = np.broadcast_to(np.sqrt(np.maximum(pooled, min_scale**2)), means.shape)
    weights = w @ share / w.sum()
    last = -np.inf
    for _ in range(n_iter):
        joint = _joint(y, weights, means, scales)
        norm = logsumexp(joint, axis=1)
        level = np.average(norm, weights=w) / y.shape[1]
        if level - last < tol:
            break
        last = level
        share = np.exp(joint - norm[:, None])
        mass = w @ share
        weights = mass / mass.sum()
        means, pooled = _moments(y, w, share)
        within = (share * w[:, None]).T @ y**2 - mass[:, None] * means**2
        variances = (np.maximum(within, 0) + pooled) / (mass + 1)[:, None]
        scales = np.sqrt(np.maximum(variances, min_scale**2))
    if found < n_components:
        copies = np.arange(n_components) % found
        weights = (weights / np.bincount(copies))[copies]
        means, scales = means[copies], scales[copies]
    return weights, means, np.array(scales)


def _moments(y: np.ndarray, w: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each component, and the variance within components, pooled."""
    mass = w @ share
    means = (share * w[:, None]).T @ y / np.maximum(mass, 1e-300)[:, None]
    within = w @ y**2 - mass @ means**2
    return means, np.maximum(within, 0) / w.sum()


def _joint(y: np.ndarray, weights: np.ndarray, means: np.ndarray, scales: np.ndarray) -> np.ndarray:
    # The square is expanded: matrix products in place of an (n, K, D) array.
    precision = scales**-2.0
    distance = (
        y**2 @ precision.T - 2 * y @ (means * precision).T + (means**2 * precision).sum(axis=1)
    )
    return component_log_prob(np.maximum(distance, 0), weights, scales)
