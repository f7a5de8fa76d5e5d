"""Predictions of regressors that predict a density."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["DensityPredictionsMixin"]


class DensityPredictionsMixin:
    """Means, quantiles and samples of a regressor with `predict_dist`.

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
        density = self.predict_dist(X)
        mean = self._like_y(density.mean)
        return (mean, self._like_y(density.std)) if return_std else mean

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
        return self._like_y(self.predict_dist(X).quantile(quantiles))

    def sample_y(
        self,
        X: Any,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
        temperature: float = 1.0,
        *,
        weight_temperature: float | None = None,
        scale_temperature: float | None = None,
    ) -> np.ndarray:
        """Sample targets from the density of each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features.
        n_samples : int, default=1
            Samples per row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.
        temperature : float, default=1.0
            1 samples from the density. At T, the weights of the mixture are proportional to their
            1/T-th power and its variances are T times as large; 0 returns the mean of the component
            with the largest weight.
        weight_temperature : float, default=None
            Temperature of the weights; None means `temperature`.
        scale_temperature : float, default=None
            Temperature of the scales; None means `temperature`.

        Returns
        -------
        ndarray of shape (n_rows, n_samples) or (n_rows, n_targets, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.
        """
        samples = self.predict_dist(X).sample(
            n_samples,
            random_state,
            temperature,
            weight_temperature=weight_temperature,
            scale_temperature=scale_temperature,
        )
        return self._like_y(samples)

    def _like_y(self, values: np.ndarray) -> np.ndarray:
        """Return values (n_rows, n_targets, ...) without the second axis if `y` had one."""
        return values[:, 0] if self._y_ndim == 1 else values
