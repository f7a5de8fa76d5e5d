"""Curvature of the paths of joints (equation 8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["curvature", "fill_curvature", "rms_speed", "squared_magnitude"]

# Elements processed at a time.
_CHUNK = 1 << 17


def squared_magnitude(vectors: np.ndarray) -> np.ndarray:
    """Return the squared lengths of vectors.

    Parameters
    ----------
    vectors : ndarray of shape (..., n_axes)
        Vectors.

    Returns
    -------
    ndarray of shape (...)
        In the square of the vectors' unit; NaN where any component is.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.curvature import squared_magnitude
    >>> float(squared_magnitude(np.array([3.0, 4.0])))
    25.0
    """
    total = vectors[..., 0] * vectors[..., 0]
    for axis in range(1, vectors.shape[-1]):
        total += vectors[..., axis] * vectors[..., axis]
    return total


def _cross(v: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Return the area that two vectors span, in any number of dimensions."""
    pairs = [(i, j) for i in range(v.shape[-1]) for j in range(i + 1, v.shape[-1])]
    areas = (v[..., i] * a[..., j] - v[..., j] * a[..., i] for i, j in pairs)
    if len(pairs) == 1:
        return np.abs(next(areas))
    total = np.zeros_like(v[..., 0])
    for area in areas:
        total += area * area
    return np.sqrt(total)


def curvature(
    velocity: np.ndarray, acceleration: np.ndarray, *, slow_speed: ArrayLike = 0.0
) -> np.ndarray:
    """Return the curvature of the joints' paths, equation 8, in any number of dimensions.

    Parameters
    ----------
    velocity, acceleration : ndarray of shape (..., n_frames, n_joints, n_axes)
        NaN where a joint was not seen.
    slow_speed : float or array-like of shape (...), default=0.0
        Speed below which the curvature is reduced, in the unit of `velocity`, of all clips or of
        each; 0 is equation 8.

    Returns
    -------
    ndarray of shape (..., n_frames, n_joints)
        In 1 / unit of length; NaN where `velocity` is.

    Notes
    -----
    ``|v x a| / (|v|^2 + e^2)^(3/2)``, where e is `slow_speed`. Equation 8 divides by the cube of
    the speed, so noise would dominate the curvature of joints at rest. A joint of speed e has 0.35
    of its curvature, and one ten times as fast 0.985. Scaling a dance and e divides the curvature
    by the same factor. Where the speed is zero, and with one axis, the curvature is zero.

    References
    ----------
    .. [1] The paper, equation 8.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.curvature import curvature
    >>> v, a = np.array([[[0.0, 2.0]]]), np.array([[[-2.0, 0.0]]])  # on a circle of radius 2
    >>> float(curvature(v, a)[0, 0])
    0.5
    """
    out = np.empty(velocity.shape[:-1], dtype=velocity.dtype)
    slow = np.broadcast_to(np.asarray(slow_speed, dtype=float), velocity.shape[:-3])
    fill_curvature(velocity, acceleration, out, slow_speed=slow)
    return out


def fill_curvature(
    v: np.ndarray, a: np.ndarray, out: np.ndarray, *, slow_speed: np.ndarray
) -> None:
    """Write curvatures to an array, a chunk of frames at a time.

    Parameters
    ----------
    v, a : ndarray of shape (..., n_frames, n_joints, n_axes)
        Velocity and acceleration, NaN where a joint was not seen.
    out : ndarray of shape (..., n_frames, n_joints)
        Where to write the curvatures.
    slow_speed : ndarray of shape (...)
        Of each clip, see :func:`curvature`.
    """
    if v.shape[-1] == 1:
        out[...] = np.where(np.isnan(v[..., 0]), np.nan, 0)
        return
    floor = np.square(slow_speed).astype(out.dtype)[..., None, None]
    n_frames = v.shape[-3]
    rows = max(16, _CHUNK * n_frames // v.size)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        for start in range(0, n_frames, rows):
            at = (..., slice(start, start + rows), slice(None))
            _curvature_rows(v[(*at, slice(None))], a[(*at, slice(None))], out[at], floor)


def _curvature_rows(v: np.ndarray, a: np.ndarray, out: np.ndarray, floor: np.ndarray) -> None:
    square = squared_magnitude(v)
    square += floor
    root = np.sqrt(square)
    if v.shape[-1] == 2:
        np.divide(_cross(v, a), root, out=out)
    else:
        # Areas are squared: unit vectors keep fast joints within the range of float32.
        out[...] = _cross(v / root[..., None], a)
    out /= square
    still = square == 0
    if still.any():
        out[still] = 0
    np.minimum(out, np.finfo(out.dtype).max, out=out)


def rms_speed(velocity: np.ndarray) -> np.ndarray:
    """Return the root mean square of the speeds of the seen joints and frames of each clip.

    Parameters
    ----------
    velocity : ndarray of shape (..., n_frames, n_joints, n_axes)
        NaN where a joint was not seen.

    Returns
    -------
    ndarray of shape (...)
        In the unit of `velocity`; 0 where nothing was seen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.curvature import rms_speed
    >>> float(rms_speed(np.array([[[3.0, 4.0]], [[np.nan, 1.0]]])))
    5.0
    """
    squares = squared_magnitude(velocity.astype(float, copy=False))
    known = ~np.isnan(squares)
    total = np.where(known, squares, 0.0).sum(axis=(-2, -1))
    count = np.maximum(known.sum(axis=(-2, -1)), 1)
    return np.asarray(np.sqrt(total / count))
