"""`GaussianMixtures` as distributions of skpro."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .._validation import require
from .mixtures import GaussianMixtures

try:
    from skpro.distributions.base import BaseDistribution
except ImportError:
    # `to_skpro` raises an error that says what is missing.
    BaseDistribution = object

__all__ = ["GaussianMixturesDistribution", "to_skpro"]


def to_skpro(density: GaussianMixtures, *, index: Any = None, columns: Any = None) -> Any:
    """Return densities as a distribution of skpro, for its metrics and plots.

    Parameters
    ----------
    density : GaussianMixtures
        Densities of n rows and D dimensions.
    index : array-like of shape (n,), default=None
        Names of the rows; None numbers them.
    columns : array-like of shape (D,), default=None
        Names of the dimensions; None numbers them.

    Returns
    -------
    skpro.distributions.base.BaseDistribution
        Distribution of shape (n, D). Its `pdf`, `cdf`, `ppf` and `energy` are of each entry alone,
        as everywhere in skpro; its `sample` returns whole rows.

    Notes
    -----
    skpro is an optional dependency (``pip install 'sklearn-asdf[skpro]'``).
    """
    require("skpro", extra="skpro", purpose="distributions of skpro")
    return GaussianMixturesDistribution(
        density.weights,
        density.means,
        density.scales,
        density.factors,
        index=index,
        columns=columns,
    )


class GaussianMixturesDistribution(BaseDistribution):
    """Distribution of skpro with the densities of `GaussianMixtures`.

    skpro's own `Mixture` has the same weights in all rows, so it cannot hold a prediction. Weights
    (K,), means (K,) and scales (K,) make a scalar distribution, without index and columns.

    Parameters
    ----------
    weights, means, scales, factors : array-like
        As in `GaussianMixtures`.
    index, columns : array-like, default=None
        Names of rows and dimensions; None numbers them.

    Examples
    --------
    >>> from sklearn_asdf import GaussianMixtures
    >>> from sklearn_asdf.density import to_skpro
    >>> density = GaussianMixtures([[0.5, 0.5]], [[[-1.0], [1.0]]], [[[0.1], [0.1]]])
    >>> to_skpro(density, columns=["y"]).mean()  # doctest: +SKIP
         y
    0  0.0
    """

    _tags = {
        "capabilities:approx": ["pdfnorm"],
        "capabilities:exact": ["mean", "var", "energy", "pdf", "log_pdf", "cdf", "ppf"],
        "distr:measuretype": "continuous",
        "distr:paramtype": "nonparametric",
    }

    def __init__(
        self,
        weights: Any,
        means: Any,
        scales: Any,
        factors: Any = None,
        index: Any = None,
        columns: Any = None,
    ) -> None:
        self.weights = weights
        self.means = means
        self.scales = scales
        self.factors = factors
        if np.ndim(weights) == 1:
            arrays = [np.reshape(a, (1, -1, 1)) for a in (means, scales)]
            self._density = GaussianMixtures(np.reshape(weights, (1, -1)), *arrays)
        else:
            self._density = GaussianMixtures(weights, means, scales, factors)
            n, d = len(self._density), self._density.n_dimensions
            index = pd.RangeIndex(n) if index is None else index
            columns = pd.RangeIndex(d) if columns is None else columns
        super().__init__(index=index, columns=columns)

    def _iloc(self, rowidx: Any = None, colidx: Any = None) -> Any:
        rows = np.arange(self.shape[0]) if rowidx is None else np.atleast_1d(rowidx)
        columns = np.arange(self.shape[1]) if colidx is None else np.atleast_1d(colidx)
        if np.ndim(rowidx) == np.ndim(colidx) == 0 and rowidx is not None and colidx is not None:
            return self._iat(rowidx, colidx)
        density = self._density[rows]
        factors = density.factors
        return GaussianMixturesDistribution(
            density.weights,
            density.means[..., columns],
            density.scales[..., columns],
            None if factors is None else factors[:, :, columns],
            index=self.index[rows],
            columns=self.columns[columns],
        )

    def _iat(self, rowidx: Any = None, colidx: Any = None) -> Any:
        if rowidx is None or colidx is None:
            raise ValueError("expected a row and a column, got only one of them: use iloc")
        density = self._density[int(rowidx)]
        return GaussianMixturesDistribution(
            density.weights[0], density.means[0, :, colidx], density.marginal_scales[0, :, colidx]
        )

    def _table(self, x: Any) -> np.ndarray:
        return np.reshape(np.asarray(x, dtype=float), (len(self._density), -1))

    def _mean(self) -> np.ndarray:
        return self._density.mean.reshape(self.shape)

    def _var(self) -> np.ndarray:
        return self._density.var.reshape(self.shape)

    def _log_pdf(self, x: Any) -> np.ndarray:
        return self._density.marginal_log_prob(self._table(x)).reshape(self.shape)

    def _pdf(self, x: Any) -> np.ndarray:
        return np.exp(self._log_pdf(x))

    def _cdf(self, x: Any) -> np.ndarray:
        return self._density.cdf(self._table(x)).reshape(self.shape)

    def _ppf(self, p: Any) -> np.ndarray:
        return self._density.ppf(self._table(p)).reshape(self.shape)

    def _energy_x(self, x: Any) -> np.ndarray:
        # skpro sums the energies over the entries of a row.
        return self._density.expected_distance(self._table(x)).sum(axis=1).reshape(self.shape[:1])

    def _energy_self(self) -> np.ndarray:
        mean = self._density.mean
        within = 2 * (self._density.expected_distance(mean) - self._density.crps(mean))
        return within.sum(axis=1).reshape(self.shape[:1])

    def _sample(self, n_samples: int | None = None) -> Any:
        # skpro has no random_state and uses NumPy's global generator, so this does too.
        draws = np.moveaxis(self._density.sample(n_samples or 1, None), 2, 0)
        if not self.shape:
            return draws.item() if n_samples is None else pd.DataFrame(draws.reshape(-1, 1))
        index = self.index
        if n_samples is not None:
            index = pd.MultiIndex.from_product([range(n_samples), index])
        return pd.DataFrame(draws.reshape(-1, self.shape[1]), index=index, columns=self.columns)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return parameters to test with.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        list of dict
            Parameters with diagonal covariances, with one factor, and of a scalar.
        """
        rng = np.random.default_rng(0)
        params = {
            "weights": rng.dirichlet(np.ones(2), 3),
            "means": rng.normal(size=(3, 2, 2)),
            "scales": rng.uniform(0.5, 1, (3, 2, 2)),
            "columns": pd.Index(["a", "b"]),
        }
        single = {"weights": [0.3, 0.7], "means": [0.0, 1.0], "scales": [1.0, 0.5]}
        return [params, params | {"factors": rng.normal(size=(3, 2, 2, 1))}, single]
