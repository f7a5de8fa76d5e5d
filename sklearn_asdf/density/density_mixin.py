"""Log-likelihoods of regressors that predict a density."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.metaestimators import available_if

from .mixtures import GaussianMixtures

__all__ = ["DensityMixin", "mean_log_prob"]


def mean_log_prob(density: Any, y: np.ndarray, weight: Any = None) -> float:
    """Return the mean log-likelihood per dimension.

    Parameters
    ----------
    density : GaussianMixtures
        A density for each row of `y`, or one for all of them.
    y : ndarray of shape (n_rows, n_targets)
        Targets.
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
    return float(np.average(density.log_prob(y), weights=weight) / y.shape[1])


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
        density = self.predict_dist(X)
        return density.log_prob(density.mean if y is None else _as_targets(y, density))

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
        density = self.predict_dist(X)
        return mean_log_prob(density, _as_targets(y, density), sample_weight)

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
        density = self.predict_dist(X)
        y = _as_targets(y, density)
        own = mean_log_prob(density, y, sample_weight)
        return own - mean_log_prob(self.unconditional_, y, sample_weight)


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
