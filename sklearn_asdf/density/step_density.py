"""The density of courses: means of the steps, offsets of the clips, and correlated residuals."""

from __future__ import annotations

import numpy as np

from .mixtures import GaussianMixtures

__all__ = ["fit_residual", "join_density"]

# Directions in which residuals are correlated over the steps of a clip.
_RANK = 6
# Lower bound of scales, relative to the standard deviation.
_MIN_SCALE = 0.01


def fit_residual(
    residual: np.ndarray, weight: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a Gaussian of low rank to residuals of mean 0.

    Parameters
    ----------
    residual : ndarray of shape (n_rows, n_values)
        Residuals.
    weight : ndarray of shape (n_rows,)
        Weights of the rows.
    spread : ndarray of shape (n_values,)
        Standard deviations of the targets.

    Returns
    -------
    scale : ndarray of shape (n_values,)
        Standard deviations of the uncorrelated part.
    factors : ndarray of shape (n_values, n_factors)
        Factors of the covariance: principal components [1]_, less the mean of the variances that
        they leave out.

    References
    ----------
    .. [1] M. E. Tipping and C. M. Bishop, "Probabilistic principal component analysis", Journal of
       the Royal Statistical Society B 61(3), 1999.
    """
    standard = residual / spread
    total = weight.sum()
    covariance = (standard * weight[:, None]).T @ standard / total
    values, vectors = np.linalg.eigh(covariance)
    rank = min(_RANK, len(values) - 1, int(np.count_nonzero(weight)) // 4)
    noise = max(float(values[: len(values) - rank].mean()), _MIN_SCALE**2)
    size = np.sqrt(np.maximum(values[len(values) - rank :] - noise, 0.0))
    factors = vectors[:, len(values) - rank :] * size * spread[:, None]
    left = covariance.diagonal() - np.square(factors / spread[:, None]).sum(axis=1)
    scale = np.sqrt(np.maximum(left, _MIN_SCALE**2)) * spread
    # The sign of a principal component is arbitrary.
    if rank:
        largest = np.abs(factors).argmax(axis=0)
        factors = factors * np.sign(factors[largest, np.arange(rank)] + 1e-300)
    return scale, factors


def join_density(
    rest: GaussianMixtures, mean: np.ndarray, scale: np.ndarray, factors: np.ndarray
) -> GaussianMixtures:
    """Return the density of courses and other numbers.

    Parameters
    ----------
    rest : GaussianMixtures
        Density of the offsets of the channels, which come first, and of the other numbers.
    mean : ndarray of shape (n_rows or 1, n_steps, n_channels)
        Courses without their offsets.
    scale : ndarray of shape (n_values,)
        Scales of the residuals.
    factors : ndarray of shape (n_values, n_factors)
        Factors of their covariance.

    Returns
    -------
    GaussianMixtures
        Of ``n_steps * n_channels`` values, time-major, and the other numbers.
    """
    _, n_steps, n_channels = mean.shape
    n_values, n_rows, k = n_steps * n_channels, max(len(rest), len(mean)), rest.n_components
    weights = np.broadcast_to(rest.weights, (n_rows, k))
    others = slice(n_channels, None)
    n_others = rest.n_dimensions - n_channels
    of_steps = mean[:, None] + rest.means[:, :, None, :n_channels]
    of_steps = np.broadcast_to(of_steps, (n_rows, k, n_steps, n_channels))
    means = np.empty((n_rows, k, n_values + n_others))
    means[..., :n_values] = of_steps.reshape(n_rows, k, n_values)
    means[..., n_values:] = rest.means[..., others]
    scales = np.empty_like(means)
    scales[..., :n_values], scales[..., n_values:] = scale, rest.scales[..., others]
    # An offset moves all steps of its channel together.
    rank = factors.shape[1] + n_channels + rest.rank
    joined = np.zeros((*means.shape, rank))
    joined[..., :n_values, : factors.shape[1]] = factors
    at = factors.shape[1]
    for channel in range(n_channels):
        joined[..., channel:n_values:n_channels, at + channel] = rest.scales[..., channel, None]
    if rest.factors is not None:
        at += n_channels
        for channel in range(n_channels):
            joined[..., channel:n_values:n_channels, at:] = rest.factors[..., channel, None, :]
        joined[..., n_values:, at:] = rest.factors[..., others, :]
    return GaussianMixtures(weights, means, scales, joined)
