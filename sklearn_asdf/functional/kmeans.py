"""One-dimensional k-means, solved exactly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["kmeans_1d"]

# Numbers in one block of the cost table: some megabytes, so that blocks stay in cache.
_BLOCK = 2**19


def _cost(prefix: np.ndarray, square: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Squared deviations of points ``i, ..., j`` for ``j`` in ``start, ..., stop - 1``.

    Shape (n_rows, stop - start, stop), infinite where ``i > j``.
    """
    i, j = np.arange(stop), np.arange(start, stop)[:, None]
    size = j - i + 1
    total = prefix[:, start + 1 : stop + 1, None] - prefix[:, None, :stop]
    cost = square[:, start + 1 : stop + 1, None] - square[:, None, :stop]
    total *= total
    total /= np.maximum(size, 1)
    cost -= total
    np.maximum(cost, 0.0, out=cost)
    cost[:, size < 1] = np.inf
    return cost


def _first_of_clusters(points: np.ndarray, counts: np.ndarray, n_clusters: int) -> np.ndarray:
    """Index of each cluster's first point, (n_rows, n_clusters), by dynamic programming."""
    n_rows, n_points = points.shape
    points = points - points.mean(axis=1, keepdims=True)
    prefix = np.zeros((n_rows, n_points + 1))
    square = np.zeros((n_rows, n_points + 1))
    np.cumsum(points, axis=1, out=prefix[:, 1:])
    np.cumsum(points**2, axis=1, out=square[:, 1:])
    fits = n_rows * n_points**2 <= 2 * _BLOCK
    # Half the table is infinite (a cluster cannot begin after its end): blocks skip most of it.
    height = max(1, min(16 if fits else n_points, _BLOCK // (n_rows * n_points)))
    blocks = [(low, min(low + height, n_points)) for low in range(0, n_points, height)]
    held = [_cost(prefix, square, *block) for block in blocks] if fits else None

    # best[k][:, j]: least cost of the first j points in k clusters. The way forward keeps costs
    # only: where a cluster begins is wanted for one point a row and step, on the way back.
    best = np.full((n_clusters + 1, n_rows, n_points + 1), np.inf)
    best[0, :, 0] = 0.0
    for before, after in pairwise(best):
        for block, (low, high) in enumerate(blocks):
            cost = held[block] if held else _cost(prefix, square, low, high)
            np.min(cost + before[:, None, :high], axis=2, out=after[:, low + 1 : high + 1])

    rows = np.arange(n_rows)
    first = np.zeros((n_rows, n_clusters), dtype=np.intp)
    stop = counts.copy()
    position = np.arange(n_points)
    for cluster in reversed(range(n_clusters)):
        size = stop[:, None] - position
        total = prefix[rows, stop][:, None] - prefix[:, :-1]
        cost = square[rows, stop][:, None] - square[:, :-1] - total**2 / np.maximum(size, 1)
        cost = np.where(size > 0, np.maximum(cost, 0.0), np.inf) + best[cluster, :, :-1]
        stop = first[:, cluster] = cost.argmin(axis=1)
    return first


def kmeans_1d(values: ArrayLike, n_clusters: int, counts: ArrayLike | None = None) -> np.ndarray:
    """Split ascending values into the `n_clusters` groups of least squared deviation.

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

    Returns
    -------
    labels : ndarray of int, shape (n_rows, n_values)
        Cluster of each value, ascending from 0; -1 in the padding.

    Notes
    -----
    A row of at most `n_clusters` values has each value in a cluster of its own. Of equally good
    solutions the one whose last clusters begin earliest is taken. The time is proportional to
    ``n_clusters * n_values ** 2``; memory is bounded.

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
    position = np.arange(n_values)
    labels = np.broadcast_to(position, values.shape).copy()
    # Rows of like size are solved together: little padding, and blocks that stay in cache.
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > n_clusters]
    while len(order):
        size = counts[order[0]]
        limit = np.searchsorted(counts[order], max(size + size // 8, size + 4), side="right")
        many = max(1, _BLOCK // int(counts[order[limit - 1]]) ** 2)
        rows, order = order[: min(limit, many)], order[min(limit, many) :]
        size = counts[rows[-1]]
        padded = np.where(position[:size] < counts[rows, None], values[rows, :size], 0.0)
        first = _first_of_clusters(padded, counts[rows], n_clusters)
        opening = np.zeros((len(rows), n_values), dtype=np.intp)
        np.put_along_axis(opening, first[:, 1:], 1, axis=1)
        labels[rows] = np.cumsum(opening, axis=1)
    labels[position >= counts[:, None]] = -1
    return labels
