"""The density of courses: means of the steps, offsets of the clips, and correlated residuals."""

from __future__ import annotations

import numpy as np

from .mixtures import GaussianMixtures
from .moments import column_moments
from .unconditional import fit_unconditional

__all__ = ["fit_densities", "fit_residual", "join_density", "with_offsets"]

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


def with_offsets(factors: np.ndarray, offset_scale: np.ndarray) -> np.ndarray:
    """Return factors of a covariance to which offsets of whole channels are added.

    Parameters
    ----------
    factors : ndarray of shape (n_steps * n_channels, n_factors)
        Factors without offsets.
    offset_scale : ndarray of shape (n_channels,)
        Standard deviations of the offsets.

    Returns
    -------
    ndarray of shape (n_steps * n_channels, n_factors + n_channels)
        An offset moves all steps of its channel together.
    """
    n_channels = len(offset_scale)
    added = np.tile(np.diag(offset_scale), (len(factors) // n_channels, 1))
    return np.concatenate([factors, added], axis=1)


def fit_densities(
    y: np.ndarray,
    courses: np.ndarray,
    residual: np.ndarray,
    weight: np.ndarray,
    offset_scale: np.ndarray | None,
) -> tuple[tuple[np.ndarray, np.ndarray], GaussianMixtures]:
    """Fit the density of the residuals of courses, and that of codes without features.

    Parameters
    ----------
    y : ndarray of shape (n_clips, n_targets)
        Codes: the courses, time-major, and the other numbers, if there are any.
    courses : ndarray of shape (n_clips, n_steps, n_channels)
        Courses of the same codes.
    residual : ndarray of shape (n_clips, n_steps, n_channels)
        Courses less their predictions.
    weight : ndarray of shape (n_clips,)
        Weights of the clips, above 0.
    offset_scale : ndarray of shape (n_channels,) or None
        Standard deviations of the residuals of the offsets, where clips have offsets.

    Returns
    -------
    residual : tuple of ndarray
        Scale (n_values,) and factors (n_values, n_factors) of the residuals.
    unconditional : GaussianMixtures
        Density of codes without features, one row.
    """
    n_values = courses[0].size
    spread = column_moments(y, weight)[1]
    spread = np.where(spread > 1e-9, spread, 1.0)

    def fit(left: np.ndarray, offsets: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        if offsets is not None:
            left = left - left.mean(axis=1, keepdims=True)
        scale, factors = fit_residual(left.reshape(len(left), -1), weight, spread[:n_values])
        return scale, factors if offsets is None else with_offsets(factors, offsets)

    mean = np.average(courses, axis=0, weights=weight)
    without = courses - mean
    of_clips = None
    if offset_scale is not None:
        of_clips = column_moments(without.mean(axis=1), weight)[1]
    rest = None
    if y.shape[1] > n_values:
        rest, _ = fit_unconditional(
            y[:, n_values:],
            weight,
            y[:0, n_values:],
            None,
            spread=spread[n_values:],
            n_mixtures=3,
            min_scale=_MIN_SCALE,
        )
    return fit(residual, offset_scale), join_density(mean[None], *fit(without, of_clips), rest)


def join_density(
    courses: np.ndarray, scale: np.ndarray, factors: np.ndarray, rest: GaussianMixtures | None
) -> GaussianMixtures:
    """Return the density of courses and other numbers, which are independent given a dance.

    Parameters
    ----------
    courses : ndarray of shape (n_rows, n_steps, n_channels)
        Means of the courses.
    scale : ndarray of shape (n_values,)
        Scales of their residuals.
    factors : ndarray of shape (n_values, n_factors)
        Factors of the residuals' covariance.
    rest : GaussianMixtures or None
        Density of the other numbers, if there are any.

    Returns
    -------
    GaussianMixtures
        Of ``n_values = n_steps * n_channels`` values, time-major, and the other numbers.
    """
    n_rows, n_values = len(courses), scale.size
    if rest is None:
        weights, k, n_others, rank = np.ones((n_rows, 1)), 1, 0, 0
    else:
        weights, k, n_others, rank = rest.weights, rest.n_components, rest.n_dimensions, rest.rank
    n_factors = factors.shape[1]
    means = np.empty((n_rows, k, n_values + n_others))
    scales, joined = np.empty_like(means), np.zeros((*means.shape, n_factors + rank))
    means[..., :n_values] = courses.reshape(n_rows, 1, n_values)
    scales[..., :n_values] = scale
    joined[..., :n_values, :n_factors] = factors
    if rest is not None:
        means[..., n_values:], scales[..., n_values:] = rest.means, rest.scales
        if rest.factors is not None:
            joined[..., n_values:, n_factors:] = rest.factors
    return GaussianMixtures(weights, means, scales, joined if joined.shape[-1] else None)
