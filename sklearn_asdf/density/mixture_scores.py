"""Scores of Gaussian mixtures at targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr
from sklearn.utils import check_random_state

__all__ = ["MixtureScoresMixin"]


class MixtureScoresMixin:
    """Proper scores of `GaussianMixtures`, which provides arrays, `sample` and `_targets`."""

    weights: Any
    means: Any
    scales: Any
    factors: Any
    log_prob: Any
    marginal_scales: Any
    n_components: Any
    sample: Any
    _targets: Any

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
        score = self.expected_distance(y)
        for k in range(self.n_components):
            pairs = _mean_magnitude(mu - mu[:, k, None], var + var[:, k, None])
            score -= 0.5 * np.einsum("nk,nkd->nd", w * w[:, k, None], pairs)
        return score

    def known_log_prob(self, y: Any) -> np.ndarray:
        """Return the logarithm of the joint density of those targets that are not NaN.

        Parameters
        ----------
        y : array-like of shape (n, D) or (n,)
            One target a row.

        Returns
        -------
        ndarray of shape (n,)
            In nats; 0 where all targets are NaN. Unknown targets are integrated out.
        """
        y = self._targets(y)
        unknown = np.isnan(y)[:, None]
        if not unknown.any():
            return self.log_prob(y)
        # An independent dimension with the density 1 at its target does not count.
        weights = np.broadcast_to(self.weights, (len(y), self.weights.shape[1]))
        means = np.where(unknown, 0.0, self.means)
        scales = np.where(unknown, 1 / np.sqrt(2 * np.pi), self.scales)
        factors = self.factors
        if factors is not None:
            factors = np.where(unknown[..., None], 0.0, factors)
        cls: Any = type(self)
        density = cls(weights, means, scales, factors)
        return density.log_prob(np.where(unknown[:, 0], 0.0, y))

    def expected_distance(self, y: Any) -> np.ndarray:
        """Return the expected absolute difference from `y` of each dimension.

        Parameters
        ----------
        y : array-like of shape (n, D) or (n,)
            One target a row.

        Returns
        -------
        ndarray of shape (n, D)
            E|X - y|, in the unit of the target.
        """
        distance = _mean_magnitude(self._targets(y)[:, None] - self.means, self.marginal_scales**2)
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


def _mean_magnitude(mean: np.ndarray, var: np.ndarray) -> np.ndarray:
    """Return E|X| of Gaussians."""
    std = np.sqrt(var)
    z = mean / std
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return 2 * std * density + mean * (2 * ndtr(z) - 1)


def _norm(difference: np.ndarray) -> np.ndarray:
    """Return Euclidean norms over the dimensions."""
    return np.sqrt(np.einsum("nds,nds->ns", difference, difference))
