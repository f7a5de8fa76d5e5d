"""One-dimensional k-means, solved exactly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["kmeans_1d"]

# Elements of one block of the cost table: some megabytes, which fit the cache.
_BLOCK = 2**19


def _deviation(size: np.ndarray, total: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Return squared deviations from the mean, from weight, sum and sum of squares of a cluster.

    Works in place; infinite where there is no point.
    """
    np.maximum(size, 0.0, out=size)
    with np.errstate(divide="ignore", invalid="ignore"):
        total *= total
        total /= size
    square -= total
    np.maximum(square, 0.0, out=square)
    square[size == 0] = np.inf
    return square


def _cost(sums: np.ndarray, left: int, start: int, stop: int) -> np.ndarray:
    """Return the costs of clusters of points ``i, ..., j``, ``j`` in ``start, ..., stop - 1``.

    Shape (stop - start, stop - left, n_rows): j, then i from `left`, and the rows last, so that
    all that follows runs over contiguous rows.
    """
    return _deviation(*(sums[:, start + 1 : stop + 1, None] - sums[:, None, left:stop]))


def _upper_bound(sums: np.ndarray, n_clusters: int) -> np.ndarray:
    """Return the cost of clusters of about equal weight, (n_rows,): an upper bound."""
    weight = sums[0]
    share = np.arange(1, n_clusters)[:, None, None] / n_clusters
    cuts = (weight <= share * weight[-1]).sum(axis=1) - 1
    ends = np.zeros((1, weight.shape[1]), dtype=np.intp)
    cuts = np.concatenate([ends, cuts, ends + len(weight) - 1])
    at = np.take_along_axis(sums, cuts[None], axis=1)
    cost = _deviation(*np.diff(at, axis=1))
    return np.where(np.isfinite(cost), cost, 0.0).sum(axis=0)


def _leftmost(sums: np.ndarray, bound: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Where, in any row, the longest cluster that costs no more than `bound` and ends at `last`
    begins.
    """
    rows = np.arange(len(bound))
    low = np.zeros((len(last), len(bound)), dtype=np.intp)
    high = np.broadcast_to(last[:, None], low.shape).copy()
    stop = sums[:, last + 1][:, :, rows]
    while (low < high).any():
        middle = (low + high) // 2
        cost = _deviation(*(stop - sums[:, middle, rows]))
        # Clusters of padding only cost 0 wherever they begin.
        dear = np.where(np.isfinite(cost), cost, 0.0) > bound
        low, high = np.where(dear, middle + 1, low), np.where(dear, high, middle)
    return low.min(axis=1)


def _first_of_clusters(
    points: np.ndarray, weights: np.ndarray, counts: np.ndarray, n_clusters: int
) -> np.ndarray:
    """Return the index of each cluster's first point, (n_clusters, n_rows).

    `points` and `weights` have shape (n_points, n_rows).
    """
    n_points, n_rows = points.shape
    # Centered, so that squares of points far from 0 are accurate.
    points = points - (points * weights).sum(axis=0) / weights.sum(axis=0)
    sums = np.zeros((3, n_points + 1, n_rows))
    np.cumsum([weights, weights * points, weights * points**2], axis=1, out=sums[:, 1:])
    height = max(1, min(16, _BLOCK // (n_rows * n_points)))
    starts = np.arange(0, n_points, height)
    # Most of the table is not needed: a cluster that costs more than some solution is not in the
    # best one, and a cluster cannot begin after its end.
    bound = _upper_bound(sums, n_clusters) * (1 + 1e-9)
    lefts = _leftmost(sums, bound, starts)
    blocks = [
        (int(left), int(low), int(min(low + height, n_points))) for left, low in zip(lefts, starts)
    ]
    fits = n_rows * sum((high - low) * (high - left) for left, low, high in blocks) <= 2 * _BLOCK
    held = [_cost(sums, *block) for block in blocks] if fits else None

    # best[k][j]: least cost of the first j points in k clusters. The forward pass stores costs
    # only: the begin of a cluster is needed for one point per row and step, in the backward pass.
    best = np.full((n_clusters, n_points + 1, n_rows), np.inf)
    best[0, 0] = 0.0
    for before, after in pairwise(best):
        origin = 0
        for block, (left, low, high) in enumerate(blocks):
            cost = held[block] if held else _cost(sums, left, low, high)
            origin = max(origin, left)
            cost = cost[:, origin - left :] + before[origin:high]
            np.min(cost, axis=1, out=after[low + 1 : high + 1])
            # The begin of the best last cluster never decreases as points are added.
            origin += int(cost[-1].argmin(axis=0).min())

    rows = np.arange(n_rows)
    first = np.zeros((n_clusters, n_rows), dtype=np.intp)
    stop = counts
    for cluster in reversed(range(n_clusters)):
        high = int(stop.max())
        cost = _deviation(*(sums[:, stop, rows][:, None] - sums[:, :high]))
        stop = first[cluster] = (cost + best[cluster, :high]).argmin(axis=0)
    return first


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
    weights = np.ones_like(values) if weights is None else np.asarray(weights, dtype=float)
    position = np.arange(n_values)
    labels = np.broadcast_to(position, values.shape).copy()
    # Rows of similar size are solved together: little padding, and blocks that fit the cache.
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > n_clusters]
    while len(order):
        size = counts[order[0]]
        limit = np.searchsorted(counts[order], max(size + size // 2, size + 8), side="right")
        many = max(1, 4 * _BLOCK // int(counts[order[limit - 1]]) ** 2)
        rows, order = order[: min(limit, many)], order[min(limit, many) :]
        size = counts[rows[-1]]
        inside = position[:size] < counts[rows, None]
        first = _first_of_clusters(
            np.where(inside, values[rows, :size], 0.0).T,
            np.where(inside, weights[rows, :size], 0.0).T,
            counts[rows],
            n_clusters,
        )
        opening = np.zeros((len(rows), n_values), dtype=np.intp)
        np.put_along_axis(opening, first[1:].T, 1, axis=1)
        labels[rows] = np.cumsum(opening, axis=1)
    labels[position >= counts[:, None]] = -1
    return labels
