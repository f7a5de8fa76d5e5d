"""The flat output of a mixture density network, in NumPy.

A row of the output is K logits, then K x D means, then K x D raw scales, then K x D x R factors
where covariances have any. This module does not import Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["PADDING", "UNKNOWN", "scale_of_numpy", "split_factors", "split_output"]

# Scaled value of padded time steps, below any real one.
PADDING = -1e6
# Scaled value of unknown targets in training, above any real one: scikeras refuses NaN.
UNKNOWN = 1e18


def split_output(
    output: Any, n_mixtures: int, *, reshape: Callable[..., Any] = np.reshape
) -> tuple[Any, Any, Any]:
    """Return logits (n, K), means (n, K, D) and raw scales (n, K, D) of a network's output.

    Parameters
    ----------
    output : tensor or ndarray of shape (n, K + 2 K D)
        What the network returned.
    n_mixtures : int
        K.
    reshape : callable, default=numpy.reshape
        The backend's function for tensors.

    Returns
    -------
    tuple of tensor or ndarray
        Views where the backend has them.
    """
    rest = (output.shape[1] - n_mixtures) // 2
    shape = (-1, n_mixtures, rest // n_mixtures)
    return (
        output[:, :n_mixtures],
        reshape(output[:, n_mixtures : n_mixtures + rest], shape),
        reshape(output[:, n_mixtures + rest :], shape),
    )


def split_factors(
    output: Any, n_mixtures: int, rank: int, *, reshape: Callable[..., Any] = np.reshape
) -> tuple[Any, Any]:
    """Take the factors from the end of a network's output.

    Parameters
    ----------
    output : tensor or ndarray of shape (n, K + 2 K D + K D R)
        What the network returned.
    n_mixtures, rank : int
        K and R.
    reshape : callable, default=numpy.reshape
        The backend's function for tensors.

    Returns
    -------
    rest : tensor or ndarray of shape (n, K + 2 K D)
        For `split_output`.
    factors : tensor or ndarray of shape (K, D, R)
        Of the first row; `Factors` repeats them on each row.
    """
    d = (output.shape[1] - n_mixtures) // (n_mixtures * (2 + rank))
    rest = n_mixtures * (1 + 2 * d)
    return output[:, :rest], reshape(output[0, rest:], (n_mixtures, d, rank))


def scale_of_numpy(raw: np.ndarray, activation: str, min_scale: float) -> np.ndarray:
    """Return standard deviations above `min_scale`, in the precision of `raw`.

    Parameters
    ----------
    raw : ndarray
        Any real numbers.
    activation : {"softplus", "elu"}
        How they are made positive; "elu" is ``elu(x) + 1``.
    min_scale : float
        Lower bound.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    if activation == "softplus":
        return np.logaddexp(raw, 0) + min_scale
    return np.where(raw > 0, raw + 1, np.exp(np.minimum(raw, 0))) + min_scale
