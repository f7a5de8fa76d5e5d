"""Log-likelihoods of regressors that predict a density."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.metaestimators import available_if

from .mixtures import GaussianMixtures

__all__ = ["DensityMixin", "ScoredRows", "mean_log_prob"]


class ScoredRows(NamedTuple):
    """Log densities of the targets of rows, or of steps of rows.

    Parameters
    ----------
    log_prob : ndarray of shape (m,)
        In nats.
    y : ndarray of shape (m, n_targets)
        The targets; NaN is not scored.
    row : ndarray of int of shape (m,)
        Number of the row of each.
    n_rows : int
        Number of rows.
    """

    log_prob: np.ndarray
    y: np.ndarray
    row: np.ndarray
    n_rows: int

    def mean(self, sample_weight: Any = None) -> float:
        """Return the mean per target that is not NaN.

        Parameters
        ----------
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row.

        Returns
        -------
        float
            In nats.
        """
        weight = None if sample_weight is None else np.asarray(sample_weight, float)[self.row]
        return _mean_per_target(self.log_prob, self.y, weight)


def mean_log_prob(density: Any, y: np.ndarray, weight: Any = None) -> float:
    """Return the mean log-likelihood per dimension.

    Parameters
    ----------
    density : GaussianMixtures
        A density for each row of `y`, or one for all of them.
    y : ndarray of shape (n_rows, n_targets)
        Targets; NaN is not scored.
    weight : ndarray of shape (n_rows,), default=None
        Weight of each row.

    Returns
    -------
    float
        In nats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import GaussianMixtures
    >>> from sklearn_asdf.density.density_mixin import mean_log_prob
    >>> normal = GaussianMixtures(np.ones((1, 1)), np.zeros((1, 1, 2)), np.ones((1, 1, 2)))
    >>> round(mean_log_prob(normal, np.zeros((5, 2))), 4)
    -0.9189
    """
    return _mean_per_target(density.known_log_prob(y), y, weight)


def _mean_per_target(log_prob: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> float:
    n_known = np.isfinite(y).sum(axis=1)
    if (n_known == y.shape[1]).all():
        return float(np.average(log_prob, weights=weight) / y.shape[1])
    weight = np.ones(len(y)) if weight is None else weight
    return float((weight * log_prob).sum() / (weight * n_known).sum())


def _is_density(regressor: Any) -> bool:
    return hasattr(regressor, "predict_dist")


class DensityMixin:
    """Scores of a regressor that predicts a density with `predict_dist`.

    The class provides `predict_dist(X)`, which returns :class:`GaussianMixtures`, and the fitted
    attribute `unconditional_`, the mixture of the training targets without features. The scorers
    of :func:`sklearn_asdf.metrics.get_scorer` for densities use these methods.
    """

    predict_dist: Any
    unconditional_: Any

    @available_if(_is_density)
    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the log-likelihood of the targets of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows,) or (n_rows, n_targets), default=None
            Targets. None means the mean of each row's density.

        Returns
        -------
        ndarray of shape (n_rows,)
            In nats, of all targets together.
        """
        scored = self._scored(X, y)
        return np.bincount(scored.row, weights=scored.log_prob, minlength=scored.n_rows)

    @available_if(_is_density)
    def log_likelihood(self, X: Any, y: ArrayLike, sample_weight: Any = None) -> float:
        """Return the mean log-likelihood per target.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row.

        Returns
        -------
        float
            In nats, in the unit of the targets; higher is better. Likelihoods of different
            targets, or of targets in another unit, cannot be compared.
        """
        return self._scored(X, y).mean(sample_weight)

    @available_if(_is_density)
    def information_gain(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the gain in log-likelihood over the density without features.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight of each row.

        Returns
        -------
        float
            `log_likelihood` less that of `unconditional_`, in nats per target. At most 0, up to
            chance, if the features explain nothing.
        """
        scored = self._scored(X, y)
        without = ScoredRows(self.unconditional_.known_log_prob(scored.y), *scored[1:])
        return scored.mean(sample_weight) - without.mean(sample_weight)

    def _scored(self, X: Any, y: Any) -> ScoredRows:
        """Return the log density of each row at its target, or, for None, at its mean."""
        density = self.predict_dist(X)
        y = density.mean if y is None else _as_targets(y, density)
        return ScoredRows(density.log_prob(y), y, np.arange(len(y)), len(y))


def _as_targets(y: Any, density: GaussianMixtures) -> np.ndarray:
    """Return targets as a table with a column for each dimension of the density."""
    y = np.asarray(y, dtype=float)
    y = y[:, None] if y.ndim == 1 else y
    if y.shape != (len(density), density.n_dimensions):
        raise ValueError(
            f"expected {len(density)} rows of targets with {density.n_dimensions} columns as in "
            f"fit, got shape {y.shape}"
        )
    return y
