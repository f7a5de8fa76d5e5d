"""The best cuts of ascending points into clusters, by dynamic programming."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..compiled import Loops

__all__ = ["first_of_clusters", "first_of_clusters_compiled"]

# Elements of one block of the cost table of NumPy: some megabytes, which fit the cache.
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


def first_of_clusters(
    points: np.ndarray, weights: np.ndarray, counts: np.ndarray, n_clusters: int
) -> np.ndarray:
    """Return the index of each cluster's first point, with NumPy.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_rows)
        Ascending points; each column is a problem of its own.
    weights : ndarray of shape (n_points, n_rows)
        Weights, 0 in the padding.
    counts : ndarray of int, shape (n_rows,)
        Points of each problem, more than `n_clusters`.
    n_clusters : int
        Number of clusters.

    Returns
    -------
    ndarray of int, shape (n_clusters, n_rows)
        In ascending order, from 0.
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


def first_of_clusters_compiled(
    points: np.ndarray, weights: np.ndarray, counts: np.ndarray, n_clusters: int
) -> np.ndarray:
    """Return the index of each cluster's first point, with compiled loops.

    Parameters
    ----------
    points : ndarray of shape (n_rows, n_points)
        Ascending points; each row is a problem of its own.
    weights : ndarray of shape (n_rows, n_points)
        How much each point counts.
    counts : ndarray of int, shape (n_rows,)
        Points of each problem, more than `n_clusters`.
    n_clusters : int
        Number of clusters.

    Returns
    -------
    ndarray of int, shape (n_rows, n_clusters)
        What :func:`first_of_clusters` returns, transposed.

    Notes
    -----
    The begin of the best last cluster never decreases as points are added, nor as clusters are (the
    costs are a Monge array). So the begins of few clusters are found by halving, in a time of
    ``n_points * log(n_points)`` for each cluster; those of many between the begins with one cluster
    less and with one point more, which takes about ``n_points``.

    References
    ----------
    A. Aggarwal, M. M. Klawe, S. Moran, P. Shor and R. Wilber, "Geometric applications of a matrix
    searching algorithm", Algorithmica 2, 1987; F. F. Yao, "Efficient dynamic programming using
    quadrangle inequalities", STOC 1980.
    """
    longest = int(counts.max())
    first = np.zeros((len(points), n_clusters), dtype=np.intp)
    memory = np.empty((5, longest + 1)), np.empty((n_clusters, longest + 1), dtype=np.int32)
    stack = np.empty((64, 4), dtype=np.intp)
    _cut_rows(points, weights, np.asarray(counts, dtype=np.intp), *memory, stack, first)
    return first


@Loops
def _cut_rows(points, weights, counts, memory, begins, stack, first):
    for row in range(len(points)):
        n = counts[row]
        sums = memory[:3, : n + 1]
        _sum_up(points[row], weights[row], n, sums)
        _cut(sums, n, memory[3], memory[4], begins, stack, first[row])


@Loops
def _sum_up(points, weights, n, sums):
    """Fill the cumulated weights, sums and sums of squares of points about their mean."""
    total, weight = 0.0, 0.0
    for i in range(n):
        total += points[i] * weights[i]
        weight += weights[i]
    sums[0, 0] = sums[1, 0] = sums[2, 0] = 0.0
    for i in range(n):
        point = points[i] - total / weight
        sums[0, i + 1] = sums[0, i] + weights[i]
        sums[1, i + 1] = sums[1, i] + weights[i] * point
        sums[2, i + 1] = sums[2, i] + weights[i] * (point * point)


@Loops
def _squared_deviation(sums, i, j):
    """Return the squared deviations from the mean of the points i, ..., j - 1."""
    total = sums[1, j] - sums[1, i]
    square = (sums[2, j] - sums[2, i]) - total * total / (sums[0, j] - sums[0, i])
    return max(square, 0.0)


@Loops
def _search(sums, before, j, low, high):
    """Return where the best last cluster of the first j points begins, and the cost of all."""
    best, begin = np.inf, low
    for i in range(low, high + 1):
        cost = _squared_deviation(sums, i, j) + before[i]
        if cost < best:
            best, begin = cost, i
    return begin, best


@Loops
def _cut(sums, n, before, after, begins, stack, first):
    """Fill the first points of the clusters of one problem of n points."""
    n_clusters = len(first)
    for j in range(1, n + 1):
        before[j] = _squared_deviation(sums, 0, j)
        begins[0, j] = 0
    for k in range(1, n_clusters - 1):
        if n > 2 * k * k * np.log2(n):
            _halve(sums, n, k, before, after, begins, stack)
        else:
            high = n - 1
            for j in range(n, k, -1):
                low = max(begins[k - 1, j], k)
                high, after[j] = _search(sums, before, j, low, min(high, j - 1))
                begins[k, j] = high
        before, after = after, before
    stop = n
    if n_clusters > 1:
        low = max(begins[n_clusters - 2, n], n_clusters - 1)
        stop, _ = _search(sums, before, n, low, n - 1)
        first[n_clusters - 1] = stop
    for k in range(n_clusters - 2, -1, -1):
        stop = begins[k, stop]
        first[k] = stop


@Loops
def _halve(sums, n, k, before, after, begins, stack):
    """Fill the costs of k + 1 clusters: the middle point first, then both halves."""
    stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = k + 1, n, k, n - 1
    size = 1
    while size:
        size -= 1
        start, stop, low, high = stack[size, 0], stack[size, 1], stack[size, 2], stack[size, 3]
        j = (start + stop) // 2
        lowest = max(low, begins[k - 1, j])
        begin, after[j] = _search(sums, before, j, lowest, min(high, j - 1))
        begins[k, j] = begin
        if j < stop:
            stack[size, 0], stack[size, 1] = j + 1, stop
            stack[size, 2], stack[size, 3] = begin, high
            size += 1
        if start < j:
            stack[size, 0], stack[size, 1] = start, j - 1
            stack[size, 2], stack[size, 3] = low, begin
            size += 1
