"""Covariances that are a diagonal plus a few factors: cheap where dimensions are many.

Shapes, throughout: n rows, K components, D dimensions, R factors.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from .gaussians import component_log_prob

__all__ = ["fit_factors", "whitened_square"]


def whitened_square(z: np.ndarray, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the Mahalanobis square and the log determinant of a unit diagonal plus factors.

    Parameters
    ----------
    z : ndarray of shape (..., n, D)
        Rows, in standard deviations of the diagonal part.
    factors : ndarray of shape (..., D, R)
        In the same unit.

    Returns
    -------
    square : ndarray of shape (..., n)
        :math:`z^T (I + G G^T)^{-1} z`.
    log_det : ndarray of shape (...)
        :math:`\log\det(I + G G^T)`.

    Notes
    -----
    By Woodbury's identity and the matrix determinant lemma only matrices of R x R are solved. The
    square is taken as :math:`\min_b |z - G b|^2 + |b|^2`, which equals it: a sum of squares, so
    nothing cancels and it is never below 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.low_rank import whitened_square
    >>> square, log_det = whitened_square(np.array([[1.0, 1.0]]), np.array([[1.0], [0.0]]))
    >>> square
    array([1.5])
    >>> bool(np.isclose(log_det, np.log(2)))
    True
    """
    code, _, values = _posterior(z, factors)
    rest = z - code @ np.swapaxes(factors, -1, -2)
    square = np.einsum("...d,...d->...", rest, rest) + np.einsum("...r,...r->...", code, code)
    return square, np.log1p(values).sum(axis=-1)


def _posterior(z: np.ndarray, factors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and covariance of the factors' values given `z`, and eigenvalues of the Gram matrix."""
    values, vectors = np.linalg.eigh(np.swapaxes(factors, -1, -2) @ factors)
    values = np.maximum(values, 0)
    cov = (vectors / (1 + values)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return (z @ factors) @ cov, cov, values


def fit_factors(
    y: np.ndarray,
    mixture: tuple[np.ndarray, np.ndarray, np.ndarray],
    rank: int,
    *,
    sample_weight: np.ndarray | None = None,
    min_scale: float = 1e-2,
    n_iter: int = 50,
    tol: float = 1e-12,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fit factors to the components of a diagonal mixture.

    Parameters
    ----------
    y : ndarray of shape (n, D)
        Rows, each column with a spread of about 1.
    mixture : tuple of ndarray
        Weights (K,), means (K, D) and scales (K, D) of a diagonal mixture of these rows.
    rank : int
        Factors per component, R.
    sample_weight : ndarray of shape (n,), default=None
        Weight of each row.
    min_scale : float, default=1e-2
        Floor under the scales, in the unit of `y`.
    n_iter : int, default=50
        Most iterations.
    tol : float, default=1e-12
        Gain in mean log-likelihood per dimension below which iterations end; so small that one
        iteration more or less changes nothing.

    Returns
    -------
    weights : ndarray of shape (K,)
        Probabilities.
    means, scales : ndarray of shape (K, D)
        Of the components; scales of what the factors leave.
    factors : ndarray of shape (K, D, R)
        In the unit of `y`.

    Notes
    -----
    A mixture of factor analyzers [1]_ by alternating expectation and conditional maximization [2]_,
    from the principal components of each component's residuals. Each variance is shrunk towards the
    pooled one with the weight of one row; factors have a normal prior with the columns' spread of
    1. The principal components are found from fixed initial directions, so the method is
    deterministic.

    References
    ----------
    .. [1] Z. Ghahramani and G. E. Hinton, "The EM algorithm for mixtures of factor analyzers",
       report CRG-TR-96-1, University of Toronto, 1996.
    .. [2] X.-L. Meng and D. van Dyk, "The EM algorithm: an old folk-song sung to a fast new tune",
       JRSS B 59, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.em import fit_mixture
    >>> from sklearn_asdf.density.low_rank import fit_factors
    >>> common = np.random.default_rng(0).normal(size=(200, 1))
    >>> y = common + 0.1 * np.random.default_rng(1).normal(size=(200, 3))
    >>> *_, factors = fit_factors(y, fit_mixture(y, 1), 1)
    >>> bool(np.all(abs(abs(factors) - common.std()) < 0.05))
    True
    """
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    weights, means, scales = mixture
    n_components, n_dimensions = means.shape
    share = _shares(_joint(y, weights, means, scales, None))[0]
    relative = _start(y, w, share, means, scales, rank)
    factors = relative * scales[..., None]
    scales = np.maximum(
        scales * np.sqrt(np.maximum(1 - (relative**2).sum(axis=-1), 0.05)), min_scale
    )
    last = -np.inf
    for _ in range(n_iter):
        share, norm = _shares(_joint(y, weights, means, scales, factors))
        level = np.average(norm, weights=w) / n_dimensions
        if level - last < tol:
            break
        last = level
        counts = share * w[:, None]
        mass = counts.sum(axis=0)
        weights = mass / mass.sum()
        means = counts.T @ y / np.maximum(mass, 1e-300)[:, None]
        left, moved = np.empty_like(means), np.empty_like(factors)
        for k in range(n_components):
            x = y - means[k]
            code, cov, _ = _posterior(x / scales[k], factors[k] / scales[k][:, None])
            weighted = counts[:, k, None] * code
            cross, second = x.T @ weighted, code.T @ weighted + mass[k] * cov
            prior = scales[k, :, None, None] ** 2 * np.eye(rank)
            f = np.linalg.solve(second + prior, cross[..., None])[..., 0]
            left[k] = counts[:, k] @ x**2 - 2 * (f * cross).sum(axis=1) + ((f @ second) * f).sum(1)
            moved[k] = f
        left = np.maximum(left, 0)
        factors = moved
        variances = (left + left.sum(axis=0) / w.sum()) / (mass + 1)[:, None]
        scales = np.sqrt(np.maximum(variances, min_scale**2))
    return weights, means, scales, factors


def _start(
    y: np.ndarray,
    w: np.ndarray,
    share: np.ndarray,
    means: np.ndarray,
    scales: np.ndarray,
    rank: int,
) -> np.ndarray:
    """Principal components of each component's residuals, in units of its scales."""
    k, d = means.shape
    found = np.empty((k, d, rank))
    for i in range(k):
        counts = share[:, i] * w
        x = (y - means[i]) / scales[i] * np.sqrt(counts / (counts.sum() + rank))[:, None]
        axes = np.random.default_rng(0).standard_normal((d, rank))
        for _ in range(20):
            axes = np.linalg.qr(x.T @ (x @ axes) + 1e-9 * axes)[0]
        values = ((x @ axes) ** 2).sum(axis=0)
        noise = max((x**2).sum() - values.sum(), 0) / max(d - rank, 1)
        # A factor of 0 would stay 0: neither maximization nor a gradient moves it.
        found[i] = axes * np.sqrt(np.maximum(values - noise, 0.01))
    return found


def _joint(
    y: np.ndarray,
    weights: np.ndarray,
    means: np.ndarray,
    scales: np.ndarray,
    factors: np.ndarray | None,
) -> np.ndarray:
    square, log_det = np.empty((len(y), len(weights))), np.zeros(len(weights))
    for k in range(len(weights)):
        z = (y - means[k]) / scales[k]
        if factors is None:
            square[:, k] = np.einsum("nd,nd->n", z, z)
        else:
            relative = factors[k] / scales[k][:, None]
            square[:, k], log_det[k] = whitened_square(z, relative)
    return component_log_prob(square, weights, scales, log_det)


def _shares(joint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    norm = logsumexp(joint, axis=1)
    return np.exp(joint - norm[:, None]), norm
