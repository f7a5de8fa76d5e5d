"""Form of the body in a frame: size, spread, sphericity and asymmetry.

Positions have shape (..., n_joints, n_axes), in any unit of length. A joint is not seen in a frame
where a coordinate is NaN; it is left out, and a frame in which no joint is seen gives NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["asymmetry", "convex_hull_area", "extent", "sphericity", "spread"]


def _seen(position: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return positions (0 if not seen), seen joints, and their number (at least 1)."""
    position = np.asarray(position, dtype=float)
    seen = ~np.isnan(position).any(axis=-1)
    if seen.all():
        return position, seen, np.full(seen.shape[:-1], seen.shape[-1])
    return np.where(seen[..., None], position, 0.0), seen, np.maximum(seen.sum(axis=-1), 1)


def _joints_first(position: ArrayLike) -> tuple[np.ndarray, np.ndarray | None]:
    """Return positions (n_axes, n_joints, ...), 0 if not seen, and the seen joints: None if all.

    Operations on joints then run along whole arrays, which is several times as fast as along short
    rows. Positions that are stored in this order are not copied.
    """
    position = np.asarray(position, dtype=float)
    position = np.ascontiguousarray(np.moveaxis(position, (-1, -2), (0, 1)))
    # A finite sum means that no coordinate is NaN.
    if not np.isnan(position.sum()):
        return position, None
    seen = ~np.isnan(position).any(axis=0)
    return (position, None) if seen.all() else (np.where(seen, position, 0.0), seen)


def _or_nan(values: np.ndarray, seen: np.ndarray | None, axis: int = -1) -> np.ndarray:
    return values if seen is None else np.where(seen.any(axis=axis), values, np.nan)


def extent(position: ArrayLike) -> np.ndarray:
    """Return the sides of the bounding box of the body, along the axes of space.

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes)
        Positions.

    Returns
    -------
    sides : ndarray of shape (..., n_axes)
        In the unit of `position`.

    References
    ----------
    C. Larboulette and S. Gibet, "A review of computable expressive descriptors of human motion",
    MOCO 2015 (bounding box).

    Examples
    --------
    >>> from sklearn_asdf.functional.geometry import extent
    >>> extent([[0.0, 0.0], [3.0, 1.0]]).tolist()
    [3.0, 1.0]
    """
    position, seen = _joints_first(position)
    if seen is None:
        sides = position.max(axis=1) - position.min(axis=1)
    else:
        known = seen.any(axis=0)
        low = np.where(seen, position, np.inf).min(axis=1)
        high = np.where(seen, position, -np.inf).max(axis=1)
        sides = np.where(known, np.where(known, high, 0.0) - np.where(known, low, 0.0), np.nan)
    return np.moveaxis(sides, 0, -1)


def spread(position: ArrayLike) -> np.ndarray:
    """Return the RMS distance of the joints from their center (dispersion).

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes)
        Positions.

    Returns
    -------
    spread : ndarray of shape (...)
        In the unit of `position`.

    Examples
    --------
    >>> from sklearn_asdf.functional.geometry import spread
    >>> spread([[0.0, 0.0], [2.0, 0.0]])
    np.float64(1.0)
    """
    position, seen = _joints_first(position)
    if seen is None:
        reference, count = position[:, 0], len(position[0])
    else:
        first = seen.argmax(axis=0)[None, None]
        reference = np.take_along_axis(position, first, axis=1)[:, 0]
        count = np.maximum(seen.sum(axis=0), 1)
    # Offsets from a joint instead of the center: one pass, and accurate far from 0.
    total, squares = np.zeros_like(reference), np.zeros(reference.shape[1:])
    for joint in range(position.shape[1]):
        away = position[:, joint] - reference
        if seen is not None:
            away *= seen[joint]
        total += away
        for axis in away:
            squares += axis * axis
    variance = squares / count - np.square(total / count).sum(axis=0)
    return _or_nan(np.sqrt(np.maximum(variance, 0.0)), seen, axis=0)


def sphericity(position: ArrayLike) -> np.ndarray:
    """Return the sphericity of the scatter of the joints, from 0 (flat) to 1 (a sphere).

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes)
        Positions.

    Returns
    -------
    sphericity : ndarray of shape (...)
        Geometric mean of the ellipsoid's semi-axes over the longest; 0 for a single point.

    References
    ----------
    After the body's bounding ellipsoid in K. Hachimura, K. Takashina and M. Yoshimura, "Analysis
    and evaluation of dancing movement based on LMA", RO-MAN 2005.

    Examples
    --------
    >>> from sklearn_asdf.functional.geometry import sphericity
    >>> sphericity([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]).round(6)
    np.float64(1.0)
    """
    position, seen = _joints_first(position)
    n_axes, n_joints = position.shape[:2]
    count = n_joints if seen is None else np.maximum(seen.sum(axis=0), 1)
    away = position - (position.sum(axis=1) / count)[:, None]
    if seen is not None:
        away *= seen
    # Relative to the size of the body, so that squares neither overflow nor vanish.
    size = np.abs(away).max(axis=(0, 1), initial=0.0)
    away /= np.where(size > 0, size, 1.0)
    scatter = np.einsum("aj...,bj...->...ab", away, away)
    if n_axes == 2:
        mean = (scatter[..., 0, 0] + scatter[..., 1, 1]) / 2
        half = np.hypot((scatter[..., 0, 0] - scatter[..., 1, 1]) / 2, scatter[..., 0, 1])
        squares: np.ndarray = np.stack([mean - half, mean + half], axis=-1)
    else:
        squares = np.linalg.eigvalsh(scatter)
    axes = np.sqrt(np.maximum(np.asarray(squares, dtype=float), 0.0))
    # Axes of the length of rounding errors are 0.
    axes[axes < 1e-7 * axes[..., -1:]] = 0.0
    longest = np.where(axes[..., -1] > 0, axes[..., -1], 1.0)
    round_ = np.prod(axes / longest[..., None], axis=-1) ** (1 / n_axes)
    return _or_nan(np.where(size > 0, round_, 0.0), seen, axis=0)


def convex_hull_area(position: ArrayLike) -> np.ndarray:
    """Return the area of the convex hull of the joints.

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes)
        Positions. In three dimensions the hulls of the shadows along the three axes are taken and
        their areas averaged; in one dimension there is no area.

    Returns
    -------
    area : ndarray of shape (...)
        In the unit of `position`, squared.

    Notes
    -----
    The hulls of all frames are wrapped at once, edge by edge (R. A. Jarvis, "On the identification
    of the convex hull of a finite set of points in the plane", 1973).

    Examples
    --------
    >>> from sklearn_asdf.functional.geometry import convex_hull_area
    >>> convex_hull_area([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0], [1.0, 0.5]])
    array(2.)
    """
    position, seen, _ = _seen(position)
    n_axes = position.shape[-1]
    shape = position.shape[:-2]
    if n_axes == 1:
        return _or_nan(np.zeros(shape), seen)
    if not seen.all():
        # Joints that are not seen are put on a seen one, which does not change the hull.
        some = seen.argmax(axis=-1)[..., None, None]
        position = np.where(seen[..., None], position, np.take_along_axis(position, some, axis=-2))
    shadows = [(i, j) for i in range(n_axes) for j in range(i)]
    flat = position.reshape(-1, *position.shape[-2:])
    areas = [_hull_area(flat[..., j], flat[..., i]) for i, j in shadows]
    return _or_nan(np.mean(areas, axis=0).reshape(shape), seen)


def _hull_area(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the areas of the hulls of the rows of `x` and `y`, each (n_rows, n_points)."""
    n_rows, n_points = x.shape
    rows = np.arange(n_rows)
    start = np.lexsort((y, x))[:, 0] if n_rows else np.zeros(0, dtype=int)
    # There are few points, so each is one step for all rows at once.
    x, y = np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)
    x, y = x - x[start, rows], y - y[start, rows]
    area = np.zeros(n_rows)
    here_x, here_y = np.zeros(n_rows), np.zeros(n_rows)
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


def asymmetry(position: ArrayLike, pairs: ArrayLike, lateral: ArrayLike) -> np.ndarray:
    """Return the asymmetry of the body: how much the left differs from the mirrored right.

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes)
        Positions.
    pairs : array-like of int, shape (n_pairs, 2)
        Joints on the left and their counterparts on the right.
    lateral : array-like of int, shape (n_lateral, 2)
        The pairs, of hips and shoulders, that span the plane of symmetry: it is normal to the mean
        line between them, through their center.

    Returns
    -------
    asymmetry : ndarray of shape (...)
        RMS distance of the right joints from the mirrored left ones, divided by the spread of all
        paired joints; 0 is perfect symmetry.

    Examples
    --------
    >>> from sklearn_asdf.functional.geometry import asymmetry
    >>> both = [[1.0, 0.0], [-1.0, 0.0], [2.0, 1.0], [-2.0, 1.0]]
    >>> asymmetry(both, [[0, 1], [2, 3]], [[0, 1]])
    array(0.)
    """
    position = np.asarray(position, dtype=float)
    pairs = np.asarray(pairs, dtype=np.intp).reshape(-1, 2)
    lateral = np.asarray(lateral, dtype=np.intp).reshape(-1, 2)
    across = (position[..., lateral[:, 0], :] - position[..., lateral[:, 1], :]).mean(axis=-2)
    center = position[..., lateral.ravel(), :].mean(axis=-2)
    length = np.sqrt((across**2).sum(axis=-1, keepdims=True))
    normal = across / np.where(length > 0, length, 1.0)
    left = position[..., pairs[:, 0], :] - center[..., None, :]
    right = position[..., pairs[:, 1], :] - center[..., None, :]
    mirrored = (
        left - 2 * (left * normal[..., None, :]).sum(axis=-1, keepdims=True) * normal[..., None, :]
    )
    apart = ((right - mirrored) ** 2).sum(axis=-1)
    size = ((left**2).sum(axis=-1) + (right**2).sum(axis=-1)) / 2
    known = ~np.isnan(apart)
    apart = np.where(known, apart, 0.0).sum(axis=-1)
    size = np.where(known, size, 0.0).sum(axis=-1)
    result = np.sqrt(np.divide(apart, size, out=np.zeros_like(apart), where=size > 0))
    return _or_nan(result, known)
