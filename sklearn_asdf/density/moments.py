"""Means and standard deviations of the columns of tables."""

from __future__ import annotations

import numpy as np

__all__ = ["column_moments", "is_constant"]


def column_moments(a: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column, without NaN and without overflow.

    Parameters
    ----------
    a : ndarray of shape (n_rows, n_columns)
        Values; NaN is ignored.
    weight : ndarray of shape (n_rows,) or None
        Weights of the rows.

    Returns
    -------
    mean, std : ndarray of shape (n_columns,)
        Moments.
    """
    a = a.astype(float)
    seen = ~np.isnan(a)
    w = seen * (1.0 if weight is None else weight[:, None])
    total = np.maximum(w.sum(axis=0), 1e-300)
    size = np.abs(np.where(seen, a, 0)).max(axis=0)
    size[size == 0] = 1.0
    unit = np.where(seen, a, 0) / size
    mean = (w * unit).sum(axis=0) / total
    std = np.sqrt((w * (unit - mean) ** 2).sum(axis=0) / total)
    return mean * size, std * size


def is_constant(loc: np.ndarray, spread: np.ndarray, *, eps: float) -> np.ndarray:
    """Return which columns vary by no more than rounding.

    Parameters
    ----------
    loc, spread : ndarray of shape (n_columns,)
        Mean and standard deviation of the columns.
    eps : float
        Precision of their values.

    Returns
    -------
    ndarray of bool of shape (n_columns,)
        True for constant columns.
    """
    return ~(spread > 10 * eps * np.abs(loc)) | (spread == 0)
