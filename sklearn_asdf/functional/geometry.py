"""Form of the body in a frame: size, spread, sphericity and asymmetry.

Positions have shape (..., n_joints, n_axes), in any unit of length. A joint is not seen in a frame
where a coordinate is NaN; it is left out, and a frame in which no joint is seen gives NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .kernels.form import box_and_spread, principal_values, scatter_of_joints
from .kernels.hulls import hull_areas

__all__ = ["Bodies", "asymmetry", "convex_hull_area", "extent", "sphericity", "spread"]


@dataclass(frozen=True, eq=False)
class Bodies:
    """Bodies prepared for several of the functions of this module, which accept it as positions.

    Operations on joints run along whole arrays here, which is several times as fast as along short
    rows.

    Parameters
    ----------
    position : ndarray of shape (n_axes, n_joints, ...)
        Positions, 0 where a joint was not seen.
    seen : ndarray of bool, shape (n_joints, ...), or None
        The joints that were seen; None if all were.

    Examples
    --------
    >>> from sklearn_asdf.functional.geometry import Bodies, extent, spread
    >>> bodies = Bodies.of([[0.0, 0.0], [2.0, 0.0]])
    >>> extent(bodies).tolist(), float(spread(bodies))
    ([2.0, 0.0], 1.0)
    """

    position: np.ndarray
    seen: np.ndarray | None

    @classmethod
    def of(cls, position: ArrayLike | Bodies) -> Bodies:
        """Return positions as bodies.

        Parameters
        ----------
        position : array-like of shape (..., n_joints, n_axes), or Bodies
            Positions, NaN where a joint was not seen. They are not copied if they are stored with
            axes and joints first.

        Returns
        -------
        Bodies
            The bodies.
        """
        if isinstance(position, cls):
            return position
        array = np.asarray(position, dtype=float)
        array = np.ascontiguousarray(np.moveaxis(array, (-1, -2), (0, 1)))
        # A finite sum means that no coordinate is NaN.
        if not np.isnan(array.sum()):
            return cls(array, None)
        seen = ~np.isnan(array).any(axis=0)
        return cls(array, None) if seen.all() else cls(np.where(seen, array, 0.0), seen)

    @cached_property
    def flat(self) -> np.ndarray:
        """Positions of shape (n_axes, n_joints, n_bodies)."""
        return self.position.reshape(*self.position.shape[:2], -1)

    @cached_property
    def box_and_spread(self) -> tuple[np.ndarray, np.ndarray]:
        """Sides of the box (n_axes, ...) and spread, if all joints were seen."""
        sides, spread = box_and_spread(self.flat)
        shape = self.position.shape[2:]
        return sides.reshape(-1, *shape), spread.reshape(shape)


def _or_nan(values: np.ndarray, seen: np.ndarray | None, axis: int = -1) -> np.ndarray:
    return values if seen is None else np.where(seen.any(axis=axis), values, np.nan)


def extent(position: ArrayLike | Bodies) -> np.ndarray:
    """Return the sides of the bounding box of the body, along the axes of space.

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes), or Bodies
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
    bodies = Bodies.of(position)
    position, seen = bodies.position, bodies.seen
    if seen is None:
        sides = bodies.box_and_spread[0]
    else:
        known = seen.any(axis=0)
        low = np.where(seen, position, np.inf).min(axis=1)
        high = np.where(seen, position, -np.inf).max(axis=1)
        sides = np.where(known, np.where(known, high, 0.0) - np.where(known, low, 0.0), np.nan)
    return np.moveaxis(sides, 0, -1)


def spread(position: ArrayLike | Bodies) -> np.ndarray:
    """Return the RMS distance of the joints from their center (dispersion).

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes), or Bodies
        Positions.

    Returns
    -------
    spread : ndarray of shape (...)
        In the unit of `position`.

    Examples
    --------
    >>> from sklearn_asdf.functional.geometry import spread
    >>> float(spread([[0.0, 0.0], [2.0, 0.0]]))
    1.0
    """
    bodies = Bodies.of(position)
    position, seen = bodies.position, bodies.seen
    if seen is None:
        return bodies.box_and_spread[1][()]
    first = seen.argmax(axis=0)[None, None]
    reference = np.take_along_axis(position, first, axis=1)[:, 0]
    count = np.maximum(seen.sum(axis=0), 1)
    # Offsets from a joint instead of the center: one pass, and accurate far from 0.
    total, squares = np.zeros_like(reference), np.zeros(reference.shape[1:])
    for joint in range(position.shape[1]):
        away = (position[:, joint] - reference) * seen[joint]
        total += away
        for axis in away:
            squares += axis * axis
    variance = squares / count - np.square(total / count).sum(axis=0)
    return _or_nan(np.sqrt(np.maximum(variance, 0.0)), seen, axis=0)


def sphericity(position: ArrayLike | Bodies) -> np.ndarray:
    """Return the sphericity of the scatter of the joints, from 0 (flat) to 1 (a sphere).

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes), or Bodies
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
    >>> round(float(sphericity([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])), 6)
    1.0
    """
    bodies = Bodies.of(position)
    position, seen = bodies.position, bodies.seen
    n_axes = len(position)
    if seen is None:
        scatter, size = scatter_of_joints(bodies.flat)
        scatter = scatter.reshape(n_axes, n_axes, *position.shape[2:])
        size = size.reshape(position.shape[2:])
    else:
        away = position - (position.sum(axis=1) / np.maximum(seen.sum(axis=0), 1))[:, None]
        away *= seen
        # Relative to the size of the body, so that squares neither overflow nor vanish.
        size = np.abs(away).max(axis=(0, 1), initial=0.0)
        away /= np.where(size > 0, size, 1.0)
        scatter = np.einsum("aj...,bj...->ab...", away, away)
    if n_axes == 2:
        mean = (scatter[0, 0] + scatter[1, 1]) / 2
        half = np.hypot((scatter[0, 0] - scatter[1, 1]) / 2, scatter[0, 1])
        squares = [mean - half, mean + half]
    else:
        squares = list(principal_values(scatter))
    axes = [np.sqrt(np.maximum(square, 0.0)) for square in squares]
    longest = np.where(axes[-1] > 0, axes[-1], 1.0)
    round_ = np.ones_like(longest)
    for axis in axes:
        # Axes of the length of rounding errors are 0.
        round_ *= np.where(axis < 1e-7 * axes[-1], 0.0, axis) / longest
    return _or_nan(np.where(size > 0, round_ ** (1 / n_axes), 0.0), seen, axis=0)[()]


def convex_hull_area(position: ArrayLike | Bodies) -> np.ndarray:
    """Return the area of the convex hull of the joints.

    Parameters
    ----------
    position : array-like of shape (..., n_joints, n_axes), or Bodies
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
    bodies = Bodies.of(position)
    position, seen = bodies.position, bodies.seen
    n_axes, n_joints, *shape = position.shape
    if n_axes == 1:
        return _or_nan(np.zeros(shape), seen, axis=0)
    if seen is not None:
        # Joints that are not seen are put on a seen one, which does not change the hull.
        some = np.take_along_axis(position, seen.argmax(axis=0)[None, None], axis=1)
        position = np.where(seen, position, some)
    flat = position.reshape(n_axes, n_joints, -1)
    areas = [hull_areas(flat[j], flat[i]) for i in range(n_axes) for j in range(i)]
    return _or_nan(np.mean(areas, axis=0).reshape(shape), seen, axis=0)


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
