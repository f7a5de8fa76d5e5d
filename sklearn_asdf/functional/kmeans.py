"""One-dimensional k-means, solved exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .compiled import use_compiled
from .kernels.clusters import first_of_clusters, first_of_clusters_compiled

__all__ = ["kmeans_1d"]

# Elements of one block of NumPy's cost table: some megabytes, which fit the cache.
_BLOCK = 2**19


def _labels(first: np.ndarray, n_values: int) -> np.ndarray:
    """Return the cluster of each value from the first of each cluster, (n_rows, n_clusters)."""
    opening = np.zeros((len(first), n_values), dtype=np.intp)
    np.put_along_axis(opening, first[:, 1:], 1, axis=1)
    return np.cumsum(opening, axis=1)


def kmeans_1d(
    values: ArrayLike,
    n_clusters: int,
    counts: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
) -> np.ndarray:
    """Return the clusters of ascending values with the least squared deviation.

    Lloyd's algorithm finds some local optimum that depends on where it starts; in one dimension
    the best clusters are stretches of the sorted values, and dynamic programming finds the global
    optimum, the same at every run.

    Parameters
    ----------
    values : array-like of shape (n_rows, n_values)
        Values in ascending order, each row a problem of its own.
    n_clusters : int
        Number of clusters.
    counts : array-like of int, shape (n_rows,), optional
        Number of values of each row; later ones are padding. By default all.
    weights : array-like of shape (n_rows, n_values), optional
        How much each value counts, above 0. By default all alike.

    Returns
    -------
    labels : ndarray of int, shape (n_rows, n_values)
        Cluster of each value, ascending from 0; -1 in the padding.

    Notes
    -----
    A row of at most `n_clusters` values has each value in a cluster of its own. Of equally good
    solutions the one whose last clusters begin earliest is taken. With compiled loops
    the time is about proportional to ``n_clusters * n_values``, times the logarithm of the values
    for few clusters; with NumPy to ``n_clusters * n_values ** 2``.

    References
    ----------
    Wang and Song, "Ckmeans.1d.dp: Optimal k-means clustering in one dimension by dynamic
    programming", The R Journal 3(2), 2011.

    Examples
    --------
    >>> from sklearn_asdf.functional.kmeans import kmeans_1d
    >>> kmeans_1d([[0, 1, 2, 10, 11, 30]], 3).tolist()
    [[0, 0, 0, 1, 1, 2]]
    """
    values = np.asarray(values, dtype=float)
    n_rows, n_values = values.shape
    counts = np.full(n_rows, n_values) if counts is None else np.asarray(counts)
    weights = np.ones_like(values) if weights is None else np.asarray(weights, dtype=float)
    position = np.arange(n_values)
    labels = np.broadcast_to(position, values.shape).copy()
    # Rows of similar size are solved together: little padding, and blocks that fit the cache.
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > n_clusters]
    if use_compiled() and len(order):
        first = first_of_clusters_compiled(values[order], weights[order], counts[order], n_clusters)
        labels[order] = _labels(first, n_values)
        order = order[:0]
    while len(order):
        size = counts[order[0]]
        limit = np.searchsorted(counts[order], max(size + size // 2, size + 8), side="right")
        many = max(1, 4 * _BLOCK // int(counts[order[limit - 1]]) ** 2)
        rows, order = order[: min(limit, many)], order[min(limit, many) :]
        size = counts[rows[-1]]
        inside = position[:size] < counts[rows, None]
        first = first_of_clusters(
            np.where(inside, values[rows, :size], 0.0).T,
            np.where(inside, weights[rows, :size], 0.0).T,
            counts[rows],
            n_clusters,
        )
        labels[rows] = _labels(first.T, n_values)
    labels[position >= counts[:, None]] = -1
    return labels
