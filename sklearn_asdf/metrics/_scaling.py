"""Standardization of tables that contain missing values."""

from __future__ import annotations

import numpy as np

__all__ = ["column_scaling", "standardize"]


def column_scaling(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and standard deviation of each column, ignoring NaN.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
        Values; NaN where missing.

    Returns
    -------
    mean : ndarray of shape (n_columns,)
        Means; 0 for a column without values.
    scale : ndarray of shape (n_columns,)
        Standard deviations; infinite for a constant column, so that it is scaled to 0.
    """
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, table, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(known, table - mean, 0.0) ** 2).sum(axis=0) / count)
    # The deviation of a constant column is a rounding error.
    varies = deviation > 1e-9 * (1 + np.abs(mean))
    return mean, np.where(varies, deviation, np.inf)


def standardize(table: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return a table with standardized columns, in which NaN is the mean.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
        Values; NaN where missing.
    mean, scale : ndarray of shape (n_columns,)
        As returned by `column_scaling`.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        Standardized values; 0 where a value is missing.
    """
    return np.nan_to_num((table - mean) / scale)
