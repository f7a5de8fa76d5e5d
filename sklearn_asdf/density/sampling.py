"""Samples of Gaussian mixtures."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp
from sklearn.utils import check_random_state

from .._validation import raise_all
from .gaussians import log_weights

__all__ = ["Temperature", "new_generator", "sample_mixtures"]


class Temperature(NamedTuple):
    """Temperatures of a sample.

    Temperature T raises each factor of a density to the power 1/T, as in physics: weights become
    proportional to their 1/T-th power, covariances grow T-fold.

    Parameters
    ----------
    weight : float
        Of the weights; at 0 the component with the largest weight is chosen.
    scale : float
        Of the covariances; at 0 a sample is the mean of its component.
    """

    weight: float
    scale: float

    @classmethod
    def of(cls, both: float, weight: float | None, scale: float | None) -> Temperature:
        """Return checked temperatures.

        Parameters
        ----------
        both : float
            Value for those that are None.
        weight, scale : float or None
            Temperatures.

        Returns
        -------
        Temperature
            Neither below 0.
        """
        found = cls(both if weight is None else weight, both if scale is None else scale)
        raise_all(
            [
                f"expected {name} temperature to be 0 or more, got {value!r}"
                for name, value in zip(cls._fields, found, strict=True)
                if not value >= 0
            ]
        )
        return found


def new_generator(random_state: Any) -> np.random.Generator:
    """Return a generator that is seeded from scikit-learn's kind of random state.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        Seed.

    Returns
    -------
    Generator
        The same for the same int.
    """
    return np.random.default_rng(
        check_random_state(random_state).randint(0, 2**32, size=4, dtype=np.uint32)
    )


def sample_mixtures(
    weights: np.ndarray,
    means: np.ndarray,
    scales: np.ndarray,
    factors: np.ndarray | None,
    *,
    n_samples: int,
    generator: np.random.Generator,
    temperature: Temperature,
    n_averaged: int = 0,
) -> np.ndarray:
    """Sample mixtures of Gaussians.

    Parameters
    ----------
    weights : ndarray of shape (n, K)
        Probabilities of the components.
    means, scales : ndarray of shape (n, K, D)
        Of the components.
    factors : ndarray of shape (n, K, D, R) or None
        Of the covariances.
    n_samples : int
        Samples per row.
    generator : Generator
        Source of random numbers.
    temperature : Temperature
        Of the samples.
    n_averaged : int, default=0
        In the first dimensions, as many as this, the temperature of the scales multiplies the
        deviation of the sample from the mean of the mixture, and not the variance of a component:
        at 0 a sample is the mean of the mixture.

    Returns
    -------
    ndarray of shape (n, n_samples, D)
        Samples.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.sampling import Temperature, new_generator, sample_mixtures
    >>> sample_mixtures(
    ...     np.array([[0.2, 0.8]]), np.array([[[1.0], [2.0]]]), np.ones((1, 2, 1)), None,
    ...     n_samples=3, generator=new_generator(0), temperature=Temperature(0, 0),
    ... ).ravel()
    array([2., 2., 2.])
    """
    n, _, d = means.shape
    uniform = generator.random((n, n_samples, 1))
    edges = np.cumsum(_tempered(weights, temperature.weight), axis=1)
    # The last edge, which may round to less than 1, is not compared.
    chosen = (uniform >= edges[:, None, :-1]).sum(axis=2)
    rows = np.arange(n)[:, None]
    samples = generator.standard_normal((n, n_samples, d))
    samples *= np.sqrt(temperature.scale) * scales[rows, chosen]
    if factors is not None:
        rank = factors.shape[3]
        codes = np.sqrt(temperature.scale) * generator.standard_normal((n, n_samples, rank))
        for r in range(rank):
            samples += codes[..., r, None] * factors[rows, chosen, :, r]
    centers = means[rows, chosen]
    if n_averaged:
        average = np.einsum("nk,nkd->nd", weights, means[..., :n_averaged])[:, None]
        away = centers[..., :n_averaged] - average
        centers[..., :n_averaged] = average + temperature.scale * away
        samples[..., :n_averaged] *= np.sqrt(temperature.scale)
    samples += centers
    return samples


def _tempered(weights: np.ndarray, temperature: float) -> np.ndarray:
    """Return weights to the power of 1 / temperature, normalized."""
    if temperature == 1:
        return weights
    if temperature == 0:
        heaviest = np.arange(weights.shape[1]) == weights.argmax(axis=1)[:, None]
        return heaviest.astype(float)
    logits = log_weights(weights) / temperature
    return np.exp(logits - logsumexp(logits, axis=1, keepdims=True))
