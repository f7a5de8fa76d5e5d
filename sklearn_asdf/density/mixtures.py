"""Mixtures of Gaussians, one density per row.

Shapes, throughout: n rows, K components, D dimensions, R factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from .._validation import raise_all
from .gaussians import LOG_2PI, component_log_prob, log_weights
from .low_rank import whitened_square
from .mixture_scores import MixtureScoresMixin
from .sampling import Temperature, new_generator, sample_mixtures

__all__ = ["GaussianMixtures"]


@dataclass(frozen=True, eq=False, repr=False)
class GaussianMixtures(MixtureScoresMixin):
    r"""Mixtures of Gaussians, one per row, with covariances that are diagonal plus factors.

    ============  =============  ==================================================
    array         shape          meaning
    ============  =============  ==================================================
    ``weights``   (n, K)         probability of each component; a row sums to 1
    ``means``     (n, K, D)      in the unit of the target
    ``scales``    (n, K, D)      standard deviations, above 0, in the same unit
    ``factors``   (n, K, D, R)   None, or factors of the covariances, in the same unit
    ============  =============  ==================================================

    Parameters
    ----------
    weights : array-like of shape (n, K)
        Probability of each component.
    means : array-like of shape (n, K, D)
        Means of the components.
    scales : array-like of shape (n, K, D)
        Standard deviations of the diagonal part of the covariances.
    factors : array-like of shape (n, K, D, R), default=None
        Covariances are ``diag(scales**2) + factors @ factors.T``; None means diagonal ones.

    See Also
    --------
    sklearn_asdf.MDNRegressor : Predicts such densities.

    Notes
    -----
    The density of row :math:`i` is

    .. math:: p_i(y) = \sum_k w_{ik}
              \mathcal N(y; \mu_{ik}, \mathrm{diag}(\sigma_{ik}^2) + F_{ik} F_{ik}^T),

    with :math:`F = 0` where there are no factors. Memory and time grow with D x R, never with the
    square of D.

    Quantiles, intervals, `cdf` and `crps` are marginal, of each dimension alone;
    `log_prob` and `energy_score` are of the whole vector. Arrays are float64; arrays of that type
    are not copied. A density of one row takes targets of any number of rows. Targets with NaN
    give NaN in their row only.

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
                f"{w.sum(axis=1).min():g} to {w.sum(axis=1).max():g}: normalize them"
            )
        if s.size and not np.min(s) > 0:
            problems.append(f"expected scales above 0, got {np.min(s):g}: put a floor under them")
        raise_all(problems)

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, key: Any) -> GaussianMixtures:
        """Return the densities of some rows, by an int, a slice, an index array or a mask."""
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
        return cls(weights, means, scales, _joined_factors(parts, axis=0))

    def mixed_with(self, other: GaussianMixtures, weight: Any) -> GaussianMixtures:
        """Return mixtures of these densities and another one.

        Parameters
        ----------
        other : GaussianMixtures
            A density for each row, or one row for all.
        weight : float or array-like of shape (n,)
            Weight of the other density, for all rows or for each.

        Returns
        -------
        GaussianMixtures
            With the components of both. Where ranks differ, factors of 0 fill the rest.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import GaussianMixtures
        >>> normal = GaussianMixtures(np.ones((1, 1)), np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
        >>> wide = GaussianMixtures(np.ones((1, 1)), np.zeros((1, 1, 1)), np.full((1, 1, 1), 9.0))
        >>> normal.mixed_with(wide, 0.25).weights
        array([[0.75, 0.25]])
        """
        if len(other) == 1 != len(self):
            other = other[np.zeros(len(self), int)]
        parts = (self, other)
        weight = np.reshape(weight, (-1, 1))
        return GaussianMixtures(
            np.concatenate([(1 - weight) * self.weights, weight * other.weights], axis=1),
            np.concatenate([p.means for p in parts], axis=1),
            np.concatenate([p.scales for p in parts], axis=1),
            _joined_factors(parts, axis=1),
        )

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
        # Relative to one component, so that the mean of equal means is exact.
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
            One target per row; of shape (n,) if D is 1.

        Returns
        -------
        ndarray of shape (n,)
            By log-sum-exp: finite wherever `y` is.
        """
        z = (self._targets(y)[:, None] - self.means) / self.scales
        square: Any
        log_det: Any
        if self.factors is None:
            square, log_det = np.einsum("nkd,nkd->nk", z, z), 0.0
        else:
            square, log_det = self._whitened(z)
        return logsumexp(component_log_prob(square, self.weights, self.scales, log_det), axis=1)

    def marginal_log_prob(self, y: Any) -> np.ndarray:
        """Return the logarithm of each dimension's own density at `y`, in nats.

        Parameters
        ----------
        y : array-like of shape (n, D) or (n,)
            One target per row.

        Returns
        -------
        ndarray of shape (n, D)
            Their sum is `log_prob` only if the dimensions are independent.
        """
        z = (self._targets(y)[:, None] - self.means) / self.marginal_scales
        each = -0.5 * (z**2 + LOG_2PI) - np.log(self.marginal_scales)
        return logsumexp(each + log_weights(self.weights)[..., None], axis=1)

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
            One target per row.

        Returns
        -------
        ndarray of shape (n, D)
            Probabilities. For samples of the density they are uniform (probability integral
            transform).
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
        found = [self.ppf(p) for p in np.atleast_1d(q)]
        return found[0] if q.ndim == 0 else np.stack(found, axis=-1)

    def ppf(self, p: Any) -> np.ndarray:
        """Return the inverse of `cdf`: one quantile of each entry.

        Parameters
        ----------
        p : float or ndarray of shape (n, D)
            Probability in (0, 1), one for all entries or one for each.

        Returns
        -------
        ndarray of shape (n, D)
            Quantiles.
        """
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
        r"""Sample each density.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples per row.
        random_state : int, RandomState instance or None, default=None
            Pass an int for the same samples on each call.
        temperature : float, default=1.0
            1 samples the density itself; less is nearer to its modes, more is wider.
        weight_temperature : float, default=None
            Temperature of the weights; None means `temperature`.
        scale_temperature : float, default=None
            Temperature of the scales; None means `temperature`.

        Returns
        -------
        ndarray of shape (n, D, n_samples)
            As :meth:`sklearn.gaussian_process.GaussianProcessRegressor.sample_y`.

        Notes
        -----
        Temperature :math:`T` raises each factor to the power :math:`1/T`, as in physics: weights
        become proportional to :math:`w^{1/T}`, covariances grow :math:`T`-fold. At 0 each sample
        is the mean of the component with the largest weight.
        """
        samples = sample_mixtures(
            self.weights,
            self.means,
            self.scales,
            self.factors,
            n_samples=n_samples,
            generator=new_generator(random_state),
            temperature=Temperature.of(temperature, weight_temperature, scale_temperature),
        )
        return np.swapaxes(samples, 1, 2)

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


def _joined_factors(parts: Sequence[GaussianMixtures], *, axis: int) -> np.ndarray | None:
    """Join factors along rows or components; where ranks differ, factors of 0 fill the rest."""
    rank = max(p.rank for p in parts)
    if not rank:
        return None
    factors = [np.zeros((*p.means.shape, 0)) if p.factors is None else p.factors for p in parts]
    return np.concatenate(
        [np.pad(f, [(0, 0)] * 3 + [(0, rank - f.shape[-1])]) for f in factors], axis=axis
    )
