"""Log-probabilities of the components of Gaussian mixtures."""

from __future__ import annotations

import numpy as np

__all__ = ["LOG_2PI", "component_log_prob", "log_weights"]

LOG_2PI = float(np.log(2 * np.pi))


def log_weights(weights: np.ndarray) -> np.ndarray:
    """Return the logarithms of weights; that of 0 is minus infinity, without a warning.

    Parameters
    ----------
    weights : ndarray
        Probabilities.

    Returns
    -------
    ndarray
        Logarithms.
    """
    with np.errstate(divide="ignore"):
        return np.log(weights)


def component_log_prob(
    square: np.ndarray,
    weights: np.ndarray,
    scales: np.ndarray,
    log_det: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return the logarithm of weight times density of each component.

    Parameters
    ----------
    square : ndarray of shape (n, K)
        Squared Mahalanobis distance of each row from each component.
    weights : ndarray of shape (K,) or (n, K)
        Weights of the components.
    scales : ndarray of shape (K, D) or (n, K, D)
        Standard deviations of the diagonal part of the covariances.
    log_det : ndarray of shape (K,) or (n, K), default=0.0
        Logarithm of the determinant of the covariances in units of the scales; 0 if diagonal.

    Returns
    -------
    ndarray of shape (n, K)
        In nats; their log-sum-exp is the log density of the mixture.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.gaussians import component_log_prob
    >>> component_log_prob(np.zeros((1, 1)), np.ones(1), np.ones((1, 2))).round(4)
    array([[-1.8379]])
    """
    constant = np.log(scales).sum(axis=-1) + 0.5 * (scales.shape[-1] * LOG_2PI + log_det)
    return log_weights(weights) - constant - 0.5 * square
