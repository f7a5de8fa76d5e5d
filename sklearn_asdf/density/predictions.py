"""Predictions of regressors that predict a density."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .mixtures import GaussianMixtures

__all__ = ["DensityPredictionsMixin"]


class DensityPredictionsMixin:
    """Means and quantiles of a regressor with `predict_dist`.

    The class sets `_y_ndim`, the number of dimensions of `y` in `fit`.
    """

    predict_dist: Any
    _y_ndim: int

    def predict(
        self, X: Any, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Return the mean of each row's density.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        return_std : bool, default=False
            Whether to return the standard deviations as well.

        Returns
        -------
        mean : ndarray of shape (n_rows,) or (n_rows, n_targets)
            As `y` was in `fit`.
        std : ndarray of the same shape
            Only if `return_std`.
        """
        density, arrange = self._predicted(X)
        mean = arrange(density.mean)
        return (mean, arrange(density.std)) if return_std else mean

    def predict_quantiles(self, X: Any, quantiles: ArrayLike = (0.05, 0.5, 0.95)) -> np.ndarray:
        """Return quantiles of each target.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        quantiles : float or array-like of shape (n_quantiles,), default=(0.05, 0.5, 0.95)
            Probabilities in (0, 1).

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_targets), then (n_quantiles,)
            The last axis is left out where `quantiles` is a number.
        """
        density, arrange = self._predicted(X)
        return arrange(density.quantile(quantiles))

    def _predicted(self, X: Any) -> tuple[GaussianMixtures, Callable[[np.ndarray], Any]]:
        """Return densities, and the function that gives their moments the shape of `y`."""
        return self.predict_dist(X), self._like_y

    def _like_y(self, values: np.ndarray) -> np.ndarray:
        """Return values (n_rows, n_targets, ...) without the second axis if `y` had one."""
        return values[:, 0] if self._y_ndim == 1 else values
