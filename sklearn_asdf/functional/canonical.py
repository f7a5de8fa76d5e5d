"""Canonical correlations of two tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["canonical_directions", "pair_log_odds"]


def canonical_directions(
    X: ArrayLike, Y: ArrayLike, *, n_components: int, alpha: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Return the directions of two tables in which they correlate most.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_left)
        One side; columns of mean 0.
    Y : array-like of shape (n_rows, n_right)
        The other side; columns of mean 0.
    n_components : int
        Number of pairs of directions.
    alpha : float, default=0.0
        Ridge added to either covariance, as a share of its mean variance.

    Returns
    -------
    left : ndarray of shape (n_left, n_components)
        ``X @ left`` has variance 1.
    right : ndarray of shape (n_right, n_components)
        ``Y @ right`` has variance 1.
    correlations : ndarray of shape (n_components,)
        Correlations of ``X @ left`` with ``Y @ right``, at least 0.

    Notes
    -----
    Singular vectors of the covariance between the sides after whitening each by
    :math:`C + \alpha\,\overline{\mathrm{diag}\,C}\,I` [1]_. scikit-learn's
    :class:`~sklearn.cross_decomposition.CCA` has no ridge, without which clips of few pieces are
    overfitted.

    References
    ----------
    .. [1] H. D. Vinod, "Canonical ridge and econometrics of joint production", Journal of
       Econometrics 4(2), 1976.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.canonical import canonical_directions
    >>> rng = np.random.default_rng(0)
    >>> shared, *noise = rng.normal(size=(3, 1000, 1))
    >>> X, Y = np.c_[shared, noise[0]], np.c_[noise[1], -2 * shared]
    >>> left, right, r = canonical_directions(
    ...     X - X.mean(axis=0), Y - Y.mean(axis=0), n_components=1
    ... )
    >>> r.round(2)
    array([1.])
    """
    X, Y = np.asarray(X, dtype=float), np.asarray(Y, dtype=float)
    roots = [_root(table, alpha) for table in (X, Y)]
    cross = np.linalg.solve(roots[0], X.T @ Y / len(X))
    cross = np.linalg.solve(roots[1], cross.T).T
    u, _, vt = np.linalg.svd(cross, full_matrices=False)
    left = np.linalg.solve(roots[0].T, u[:, :n_components])
    right = np.linalg.solve(roots[1].T, vt[:n_components].T)
    # The ridge shrinks: directions are scaled to unit variance, and correlations computed anew.
    left /= _deviation(X @ left)
    right /= _deviation(Y @ right)
    return left, right, ((X @ left) * (Y @ right)).mean(axis=0)


def _root(table: np.ndarray, alpha: float) -> np.ndarray:
    covariance = table.T @ table / len(table)
    # A small ridge keeps the covariance of constant columns regular.
    ridge = max(alpha, 1e-9) * (np.trace(covariance) / len(covariance) or 1.0)
    return np.linalg.cholesky(covariance + ridge * np.eye(len(covariance)))


def _deviation(scores: np.ndarray) -> np.ndarray:
    deviation = np.sqrt((scores**2).mean(axis=0))
    return np.where(deviation > 0, deviation, 1.0)


def pair_log_odds(left: ArrayLike, right: ArrayLike, correlations: ArrayLike) -> np.ndarray:
    r"""How much likelier each pair is as a pair than as strangers.

    Parameters
    ----------
    left : array-like of shape (n_left, n_components)
        Canonical scores of one side, of variance 1.
    right : array-like of shape (n_right, n_components)
        Canonical scores of the other side, of variance 1.
    correlations : array-like of shape (n_components,)
        Their correlations in pairs.

    Returns
    -------
    log_odds : ndarray of shape (n_left, n_right)
        Log-likelihood ratio in nats; above 0 speaks for a pair.

    Notes
    -----
    With Gaussian scores of correlation :math:`r`,

    .. math:: \sum_k \frac{2 r_k u_k v_k - r_k^2 (u_k^2 + v_k^2)}{2 (1 - r_k^2)}
              - \tfrac12 \log(1 - r_k^2).

    Examples
    --------
    >>> from sklearn_asdf.functional.canonical import pair_log_odds
    >>> pair_log_odds([[1.0]], [[1.0], [-1.0]], [0.5]).round(2)
    array([[ 0.48, -0.86]])
    """
    u, v = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    r = np.clip(np.asarray(correlations, dtype=float), 0.0, 0.999)
    rest = 1 - r**2
    own = r**2 / (2 * rest)
    return (
        (u * (r / rest)) @ v.T - ((u**2) @ own)[:, None] - ((v**2) @ own) - 0.5 * np.log(rest).sum()
    )
