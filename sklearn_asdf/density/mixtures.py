"""Mixtures of Gaussians: a density for each row, as a value.

Shapes, throughout: n rows, K components, D dimensions, R factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri
from sklearn.utils import check_random_state

from .._validation import raise_all, require
from .low_rank import whitened_square

__all__ = ["GaussianMixtures"]

_LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False, repr=False)
class GaussianMixtures:
    r"""One mixture of Gaussians for each row, with diagonal covariances or some factors more.

    ============  =============  ==================================================
    array         shape          meaning
    ============  =============  ==================================================
    ``weights``   (n, K)         probability of each component; a row sums to 1
    ``means``     (n, K, D)      in the unit of the target
    ``scales``    (n, K, D)      standard deviations, above 0, in the same unit
    ``factors``   (n, K, D, R)   None, or what dimensions share, in the same unit
    ============  =============  ==================================================

    Parameters
    ----------
    weights : array-like of shape (n, K)
        Probability of each component.
    means : array-like of shape (n, K, D)
        Means of the components.
    scales : array-like of shape (n, K, D)
        Standard deviations of the components, or of what their factors leave.
    factors : array-like of shape (n, K, D, R), default=None
        Covariances are ``diag(scales**2) + factors @ factors.T``; None means diagonal ones.

    See Also
    --------
    sklearn_asdf.MDNRegressor : Predicts such densities from tables.

    Notes
    -----
    The density of row :math:`i` is

    .. math:: p_i(y) = \sum_k w_{ik}
              \mathcal N(y; \mu_{ik}, \mathrm{diag}(\sigma_{ik}^2) + F_{ik} F_{ik}^T),

    with :math:`F = 0` where there are no factors. Memory and time grow with D x R, never with the
    square of D.

    Quantiles, intervals, `cdf` and `crps` are of each dimension alone (the marginals);
    `log_prob` and `energy_score` are of the whole vector. Arrays are kept as float64 and are not
    copied where they are that already. A density of one row takes targets of any number of rows.
    Targets with NaN give NaN in their row only.

    References
    ----------
    C. M. Bishop, "Mixture density networks", report NCRG/94/004, Aston University, 1994.

    Examples
    --------
    >>> from sklearn_asdf.density.mixtures import GaussianMixtures
    >>> density = GaussianMixtures([[0.5, 0.5]], [[[-1.0], [1.0]]], [[[0.1], [0.1]]])
    >>> density
    GaussianMixtures(1 row, 2 components, 1 dimension)
    >>> density.mean
    array([[0.]])
    >>> density.quantile(0.25).round(3)
    array([[-1.]])
    """

    weights: np.ndarray
    means: np.ndarray
    scales: np.ndarray
    factors: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("weights", "means", "scales"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        if self.factors is not None:
            object.__setattr__(self, "factors", np.asarray(self.factors, dtype=float))
        w, m, s, f = self.weights, self.means, self.scales, self.factors
        if w.ndim != 2 or m.ndim != 3 or m.shape[:2] != w.shape or s.shape != m.shape:
            raise ValueError(
                "expected weights (n, K), means (n, K, D) and scales (n, K, D), got shapes "
                f"{w.shape}, {m.shape} and {s.shape}"
            )
        problems = []
        if f is not None and (f.ndim != 4 or f.shape[:3] != m.shape or not f.shape[3]):
            problems.append(
                f"expected factors (n, K, D, R) beside means of shape {m.shape}, got shape "
                f"{f.shape}: one column a factor, or None for diagonal covariances"
            )
        if w.size and (np.min(w) < 0 or not np.allclose(w.sum(axis=1), 1, atol=1e-6)):
            problems.append(
                "expected the weights of a row to be probabilities that sum to 1, got sums from "
                f"{w.sum(axis=1).min():g} to {w.sum(axis=1).max():g}: normalise them"
            )
        if s.size and not np.min(s) > 0:
            problems.append(f"expected scales above 0, got {np.min(s):g}: put a floor under them")
        raise_all(problems)

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, key: Any) -> GaussianMixtures:
        """Densities of some rows: an int, a slice, an index array or a mask."""
        if isinstance(key, (int, np.integer)):
            key = slice(key, key + 1 or None)
            if not len(self.weights[key]):
                raise IndexError(f"expected a row below {len(self)}, got {key.start}")
        factors = None if self.factors is None else self.factors[key]
        return GaussianMixtures(self.weights[key], self.means[key], self.scales[key], factors)

    def __repr__(self) -> str:
        counts = zip(self.means.shape, ("row", "component", "dimension"))
        parts = [f"{n} {w}" + "s" * (n != 1) for n, w in counts]
        parts += [f"rank {self.rank}"] if self.rank else []
        return f"GaussianMixtures({', '.join(parts)})"

    @classmethod
    def concatenate(cls, parts: Sequence[GaussianMixtures]) -> GaussianMixtures:
        """Join the rows of several densities of the same components and dimensions.

        Parameters
        ----------
        parts : sequence of GaussianMixtures
            At least one.

        Returns
        -------
        GaussianMixtures
            All rows, in order. Where ranks differ, factors of 0 fill the rest.
        """
        weights, means, scales = (
            np.concatenate([getattr(p, name) for p in parts])
            for name in ("weights", "means", "scales")
        )
        rank = max(p.rank for p in parts)
        if not rank:
            return cls(weights, means, scales)
        factors = np.zeros((*means.shape, rank))
        start = 0
        for p in parts:
            if p.factors is not None:
                factors[start : start + len(p), ..., : p.rank] = p.factors
            start += len(p)
        return cls(weights, means, scales, factors)

    @property
    def n_components(self) -> int:
        """Number of components, K."""
        return self.means.shape[1]

    @property
    def n_dimensions(self) -> int:
        """Number of dimensions, D."""
        return self.means.shape[2]

    @property
    def rank(self) -> int:
        """Number of factors, R; 0 where covariances are diagonal."""
        return 0 if self.factors is None else self.factors.shape[3]

    @cached_property
    def marginal_scales(self) -> np.ndarray:
        """Standard deviation of each dimension of each component, (n, K, D)."""
        if self.factors is None:
            return self.scales
        return np.sqrt(self.scales**2 + np.einsum("nkdr,nkdr->nkd", self.factors, self.factors))

    @property
    def mean(self) -> np.ndarray:
        """Expectation, (n, D)."""
        # Relative to one component, so that equal means give exactly that mean.
        base = self.means[:, 0]
        return base + np.einsum("nk,nkd->nd", self.weights, self.means - base[:, None])

    @property
    def var(self) -> np.ndarray:
        """Variance of each dimension, (n, D): within components and between them."""
        spread = (self.means - self.mean[:, None]) ** 2 + self.marginal_scales**2
        return np.einsum("nk,nkd->nd", self.weights, spread)

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of each dimension, (n, D)."""
        return np.sqrt(self.var)

    def log_prob(self, y: Any) -> np.ndarray:
        """Return the logarithm of the joint density at `y`, in nats.

        Parameters
        ----------
        y : array-like of shape (n, D) or (n,)
            One target a row; one axis will do where D is 1.

        Returns
        -------
        ndarray of shape (n,)
            By log-sum-exp: finite wherever `y` is.
        """
        z = (self._targets(y)[:, None] - self.means) / self.scales
        if self.factors is None:
            joint = -0.5 * np.einsum("nkd,nkd->nk", z, z) - np.log(self.scales).sum(axis=-1)
        else:
            square, log_det = self._whitened(z)
            joint = -0.5 * (square + log_det) - np.log(self.scales).sum(axis=-1)
        joint += _log(self.weights) - 0.5 * self.n_dimensions * _LOG_2PI
        return logsumexp(joint, axis=1)

    def marginal_log_prob(self, y: Any) -> np.ndarray:
        """Return the logarithm of each dimension's own density at `y`, in nats.

        Parameters
        ----------
        y : array-like of shape (n, D) or (n,)
            One target a row.

        Returns
        -------
        ndarray of shape (n, D)
            They add up to `log_prob` only where dimensions are independent.
        """
        z = (self._targets(y)[:, None] - self.means) / self.marginal_scales
        each = -0.5 * (z**2 + _LOG_2PI) - np.log(self.marginal_scales)
        return logsumexp(each + _log(self.weights)[..., None], axis=1)

    def _whitened(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert self.factors is not None
        relative = self.factors / self.scales[..., None]
        if len(self) == 1:
            square, log_det = whitened_square(np.swapaxes(z, 0, 1), relative[0])
            return square.T, log_det
        square, log_det = whitened_square(z[:, :, None], relative)
        return square[..., 0], log_det

    def cdf(self, y: Any) -> np.ndarray:
        """Return the distribution function of each dimension at `y`.

        Parameters
        ----------
        y : array-like of shape (n, D) or (n,)
            One target a row.

        Returns
        -------
        ndarray of shape (n, D)
            Probabilities; of targets drawn from the density they are uniform (the probability
            integral transform).
        """
        z = (self._targets(y)[:, None] - self.means) / self.marginal_scales
        return np.einsum("nk,nkd->nd", self.weights, ndtr(z))

    def quantile(self, q: Any) -> np.ndarray:
        """Return quantiles of each dimension.

        Parameters
        ----------
        q : float or array-like of shape (n_quantiles,)
            Probabilities in (0, 1).

        Returns
        -------
        ndarray of shape (n, D) or (n, D, n_quantiles)
            The second shape where `q` is an array.

        Notes
        -----
        By bisection between the least and the greatest of the components' own quantiles, which
        enclose the mixture's; 60 halvings reach the last bit or nearly so.
        """
        q = np.asarray(q, dtype=float)
        if q.ndim > 1 or not ((q > 0) & (q < 1)).all():
            raise ValueError(
                f"expected quantiles as a number or a list of numbers in (0, 1), got {q.tolist()}"
            )
        found = [self._quantile(p) for p in np.atleast_1d(q)]
        return found[0] if q.ndim == 0 else np.stack(found, axis=-1)

    def _quantile(self, p: Any) -> np.ndarray:
        # One probability for all, or (n, D): one for each.
        z = ndtri(p) if np.ndim(p) == 0 else ndtri(p)[:, None]
        each = self.means + z * self.marginal_scales
        used = self.weights[..., None] > 0
        low = np.min(each, axis=1, where=used, initial=np.inf)
        high = np.max(each, axis=1, where=used, initial=-np.inf)
        for _ in range(60):
            middle = 0.5 * (low + high)
            below = self.cdf(middle) < p
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    def interval(self, coverage: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Return the central interval of each dimension.

        Parameters
        ----------
        coverage : float, default=0.9
            Probability inside, in (0, 1).

        Returns
        -------
        low, high : ndarray of shape (n, D)
            With equal probability below and above.
        """
        low, high = np.moveaxis(self.quantile([0.5 - coverage / 2, 0.5 + coverage / 2]), -1, 0)
        return low, high

    def sample(
        self,
        n_samples: int = 1,
        random_state: Any = None,
        temperature: float = 1.0,
        *,
        weight_temperature: float | None = None,
        scale_temperature: float | None = None,
    ) -> np.ndarray:
        r"""Draw from each density.

        Parameters
        ----------
        n_samples : int, default=1
            Number of draws a row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same draws on each call.
        temperature : float, default=1.0
            1 draws from the density itself, less draws nearer to its peaks, more spreads out.
        weight_temperature : float, default=None
            The temperature of the weights alone; None means `temperature`.
        scale_temperature : float, default=None
            The temperature of the scales alone; None means `temperature`.

        Returns
        -------
        ndarray of shape (n, D, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.

        Notes
        -----
        Temperature :math:`T` raises each factor to the power :math:`1/T`, as in physics: weights
        become proportional to :math:`w^{1/T}`, covariances grow :math:`T`-fold. At 0 each draw
        is the mean of the heaviest component.
        """
        t_weight = temperature if weight_temperature is None else weight_temperature
        t_scale = temperature if scale_temperature is None else scale_temperature
        raise_all(
            [
                f"expected {name} to be 0 or more, got {value!r}"
                for name, value in (
                    ("weight temperature", t_weight),
                    ("scale temperature", t_scale),
                )
                if not value >= 0
            ]
        )
        rng = np.random.default_rng(
            check_random_state(random_state).randint(0, 2**32, size=4, dtype=np.uint32)
        )
        n = len(self)
        uniform = rng.random((n, n_samples, 1))
        edges = np.cumsum(_tempered(self.weights, t_weight), axis=1)
        # The last edge may round to less than 1: no draw may fall behind it.
        chosen = (uniform >= edges[:, None, :-1]).sum(axis=2)
        rows = np.arange(n)[:, None]
        draws = rng.standard_normal((n, n_samples, self.n_dimensions))
        draws *= np.sqrt(t_scale) * self.scales[rows, chosen]
        if self.factors is not None:
            codes = np.sqrt(t_scale) * rng.standard_normal((n, n_samples, self.rank))
            for r in range(self.rank):
                draws += codes[..., r, None] * self.factors[rows, chosen, :, r]
        draws += self.means[rows, chosen]
        return np.swapaxes(draws, 1, 2)

    def crps(self, y: Any) -> np.ndarray:
        r"""Return the continuous ranked probability score of each dimension.

        Parameters
        ----------
        y : array-like of shape (n, D) or (n,)
            One target a row.

        Returns
        -------
        ndarray of shape (n, D)
            In the unit of the target; 0 is best.

        Notes
        -----
        In closed form [1]_, with :math:`A(\mu, \sigma^2) = 2\sigma\varphi(\mu/\sigma) +
        \mu(2\Phi(\mu/\sigma) - 1)`:

        .. math:: \sum_k w_k A(y - \mu_k, \sigma_k^2)
                  - \tfrac12 \sum_{kl} w_k w_l A(\mu_k - \mu_l, \sigma_k^2 + \sigma_l^2)

        References
        ----------
        .. [1] E. P. Grimit et al., "The continuous ranked probability score for circular
           variables and its application to mesoscale forecast ensemble verification", QJRMS
           132, 2006.
        """
        w, mu, var = self.weights, self.means, self.marginal_scales**2
        score = self._distance_to(y)
        for k in range(self.n_components):
            pairs = _expected_distance(mu - mu[:, k, None], var + var[:, k, None])
            score -= 0.5 * np.einsum("nk,nkd->nd", w * w[:, k, None], pairs)
        return score

    def _distance_to(self, y: Any) -> np.ndarray:
        distance = _expected_distance(
            self._targets(y)[:, None] - self.means, self.marginal_scales**2
        )
        return np.einsum("nk,nkd->nd", self.weights, distance)

    def energy_score(self, y: Any, *, n_samples: int = 200, random_state: Any = None) -> np.ndarray:
        r"""Return the energy score of the whole vector, by simulation.

        Parameters
        ----------
        y : array-like of shape (n, D) or (n,)
            One target a row.
        n_samples : int, default=200
            Pairs of draws a row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same score on each call.

        Returns
        -------
        ndarray of shape (n,)
            In the unit of the target; less is better. In one dimension it is the CRPS.

        Notes
        -----
        :math:`E|X - y| - \tfrac12 E|X - X'|` with independent draws :math:`X, X'` [1]_, without
        bias; its standard error falls as the root of `n_samples`.

        References
        ----------
        .. [1] T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
           estimation", JASA 102, 2007, eq. (22).
        """
        rng = check_random_state(random_state)
        a, b = (self.sample(n_samples, rng) for _ in range(2))
        y = self._targets(y)[..., None]
        to_target = 0.5 * (_norm(a - y) + _norm(b - y))
        return np.mean(to_target - 0.5 * _norm(a - b), axis=1)

    def to_skpro(self, *, index: Any = None, columns: Any = None) -> Any:
        """Return this density as a distribution of skpro, for its metrics and plots.

        Parameters
        ----------
        index : array-like of shape (n,), default=None
            Names of the rows; None numbers them.
        columns : array-like of shape (D,), default=None
            Names of the dimensions; None numbers them.

        Returns
        -------
        skpro.distributions.base.BaseDistribution
            Of shape (n, D). Its `pdf`, `cdf`, `ppf` and `energy` are of each entry alone, as
            everywhere in skpro; its `sample` draws whole rows.

        Notes
        -----
        Needs skpro, which is not installed with this package.
        """
        require("skpro", extra="skpro", purpose="distributions of skpro")
        from .skpro import GaussianMixturesDistribution

        return GaussianMixturesDistribution(
            self.weights, self.means, self.scales, self.factors, index=index, columns=columns
        )

    def _targets(self, y: Any) -> np.ndarray:
        y = np.asarray(y, dtype=float)
        if y.ndim == 1 and self.n_dimensions == 1:
            y = y[:, None]
        fits = y.ndim == 2 and y.shape[1] == self.n_dimensions
        if not fits or not (len(y) == len(self) or len(self) == 1):
            raise ValueError(
                f"expected targets of shape ({len(self)}, {self.n_dimensions}), got {y.shape}"
            )
        return y


def _log(weights: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(weights)


def _tempered(weights: np.ndarray, temperature: float) -> np.ndarray:
    if temperature == 1:
        return weights
    if temperature == 0:
        heaviest = np.arange(weights.shape[1]) == weights.argmax(axis=1)[:, None]
        return heaviest.astype(float)
    logits = _log(weights) / temperature
    return np.exp(logits - logsumexp(logits, axis=1, keepdims=True))


def _expected_distance(mean: np.ndarray, var: np.ndarray) -> np.ndarray:
    # E|X| of a Gaussian.
    std = np.sqrt(var)
    z = mean / std
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return 2 * std * density + mean * (2 * ndtr(z) - 1)


def _norm(difference: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("nds,nds->ns", difference, difference))
