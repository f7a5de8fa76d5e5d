"""Areas of convex hulls of many small sets of points."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops, use_compiled

__all__ = ["hull_areas"]

# Sets that are wrapped side by side by compiled loops.
_LANES = 64


def hull_areas(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the areas of the convex hulls of sets of points in the plane.

    Parameters
    ----------
    x, y : ndarray of shape (n_points, n_sets)
        Coordinates, without NaN.

    Returns
    -------
    ndarray of shape (n_sets,)
        Areas, in the unit of the coordinates, squared.

    Notes
    -----
    There are few points, so each is one step for all sets at once (R. A. Jarvis, 1973).
    """
    if use_compiled():
        area = np.empty(x.shape[1])
        memory = np.empty((2 * len(x) + 6, _LANES))
        _hull_areas(np.ascontiguousarray(x), np.ascontiguousarray(y), memory, area)
        return area
    n_points, n_sets = x.shape
    rows = np.arange(n_sets)
    start = np.lexsort((y.T, x.T))[:, 0] if n_sets else np.zeros(0, dtype=int)
    x, y = x - x[start, rows], y - y[start, rows]
    area = np.zeros(n_sets)
    here_x, here_y = np.zeros(n_sets), np.zeros(n_sets)
    for _ in range(n_points):
        best_x, best_y = here_x, here_y
        for point_x, point_y in zip(x, y):
            ahead_x, ahead_y = best_x - here_x, best_y - here_y
            away_x, away_y = point_x - here_x, point_y - here_y
            turn = ahead_x * away_y - ahead_y * away_x
            farther = away_x**2 + away_y**2 > ahead_x**2 + ahead_y**2
            # To the right of the best point so far, or collinear with it and farther.
            better = (turn < 0) | ((turn == 0) & farther)
            best_x = np.where(better, point_x, best_x)
            best_y = np.where(better, point_y, best_y)
        area[rows] += here_x * best_y - here_y * best_x
        # A hull is closed when it returns to its first point, the origin.
        going = (best_x != 0) | (best_y != 0)
        rows, x, y = rows[going], x[:, going], y[:, going]
        here_x, here_y = best_x[going], best_y[going]
        if not len(rows):
            break
    return area / 2


@Loops
def _hull_areas(x, y, memory, area):
    n_points, n_sets = x.shape
    lanes = memory.shape[1]
    for start in range(0, n_sets, lanes):
        n = min(lanes, n_sets - start)
        to_x, to_y = memory[:n_points, :n], memory[n_points : 2 * n_points, :n]
        low_x, low_y = memory[2 * n_points, :n], memory[2 * n_points + 1, :n]
        _lowest(x, y, start, low_x, low_y)
        for point in range(n_points):
            from_x, from_y = x[point, start : start + n], y[point, start : start + n]
            for i in range(n):
                to_x[point, i] = from_x[i] - low_x[i]
                to_y[point, i] = from_y[i] - low_y[i]
        here_x, here_y = memory[2 * n_points + 2, :n], memory[2 * n_points + 3, :n]
        best_x, best_y = memory[2 * n_points + 4, :n], memory[2 * n_points + 5, :n]
        going, total = low_x, area[start : start + n]
        for i in range(n):
            here_x[i] = here_y[i] = total[i] = 0.0
            going[i] = 1.0
        for _ in range(n_points):
            for i in range(n):
                best_x[i], best_y[i] = here_x[i], here_y[i]
            for point in range(n_points):
                _turn_right(memory[point], memory[n_points + point], here_x, here_y, best_x, best_y)
            if not _advance(here_x, here_y, best_x, best_y, going, total):
                break
        for i in range(n):
            total[i] /= 2


@Loops
def _lowest(x, y, start, low_x, low_y):
    """Find the lowest point of each set: by x, then by y."""
    n = len(low_x)
    for i in range(n):
        low_x[i], low_y[i] = x[0, start + i], y[0, start + i]
    for point in range(1, len(x)):
        point_x, point_y = x[point, start : start + n], y[point, start : start + n]
        for i in range(n):
            lower = (point_x[i] < low_x[i]) | ((point_x[i] == low_x[i]) & (point_y[i] < low_y[i]))
            low_x[i] = point_x[i] if lower else low_x[i]
            low_y[i] = point_y[i] if lower else low_y[i]


@Loops
def _turn_right(point_x, point_y, here_x, here_y, best_x, best_y):
    """Take a point where it is to the right of the best so far, or behind it in one line."""
    for i in range(len(here_x)):
        ahead_x, ahead_y = best_x[i] - here_x[i], best_y[i] - here_y[i]
        away_x, away_y = point_x[i] - here_x[i], point_y[i] - here_y[i]
        turn = ahead_x * away_y - ahead_y * away_x
        farther = away_x * away_x + away_y * away_y > ahead_x * ahead_x + ahead_y * ahead_y
        better = (turn < 0) | ((turn == 0) & farther)
        best_x[i] = point_x[i] if better else best_x[i]
        best_y[i] = point_y[i] if better else best_y[i]


@Loops
def _advance(here_x, here_y, best_x, best_y, going, total):
    """Add the triangles of the new edges; return how many hulls are not closed yet."""
    left = 0.0
    for i in range(len(here_x)):
        total[i] += going[i] * (here_x[i] * best_y[i] - here_y[i] * best_x[i])
        # A hull is closed when it returns to its first point, the origin.
        going[i] = going[i] if (best_x[i] != 0) | (best_y[i] != 0) else 0.0
        here_x[i], here_y[i] = best_x[i], best_y[i]
    for i in range(len(going)):
        left += going[i]
    return left
