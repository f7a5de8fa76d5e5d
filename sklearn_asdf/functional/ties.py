"""Choices that do not depend on rounding errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["TOLERANCE", "first_largest"]

# Larger than the rounding errors of sums in float32, smaller than relevant differences.
TOLERANCE = 1e-6


def first_largest(values: ArrayLike, *, axis: int = -1, scale: ArrayLike = 0.0) -> np.ndarray:
    """Return the index of the first value that equals the largest, up to rounding errors.

    The result of `numpy.argmax` for equal values depends on their last bits, and so on the number
    of threads that summed them.

    Parameters
    ----------
    values : array-like
        Finite values, or minus infinity.
    axis : int, default=-1
        Axis of the search.
    scale : array-like, default=0.0
        Magnitude of the numbers that the values were computed from, if it exceeds that of the
        values; a number, or an array without `axis`.

    Returns
    -------
    ndarray of int
        Index of the first value within 1e-6 times the largest magnitude, or `scale`, of the
        largest.

    Examples
    --------
    >>> from sklearn_asdf.functional.ties import first_largest
    >>> int(first_largest([0.5, 1.0 - 1e-12, 1.0]))
    1
    """
    values = np.asarray(values, dtype=float)
    largest = values.max(axis=axis, keepdims=True)
    if np.ndim(scale):
        scale = np.expand_dims(scale, axis)
    size = np.maximum(np.abs(largest), scale)
    return (values >= largest - TOLERANCE * size).argmax(axis=axis)
