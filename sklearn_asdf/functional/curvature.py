"""Curvature of the paths of joints (equation 8)."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["curvature", "fill_curvature", "squared_magnitude"]

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
    velocity: np.ndarray, acceleration: np.ndarray, *, regularization: float = 0.0
) -> np.ndarray:
    """Return the curvature of the joints' paths, equation 8, in any number of dimensions.

    Parameters
    ----------
    velocity, acceleration : ndarray of shape (..., n_frames, n_joints, n_axes)
        NaN where a joint was not seen.
    regularization : float, default=0.0
        Share of the clip's RMS speed below which the curvature is reduced; 0 is equation 8.

    Returns
    -------
    ndarray of shape (..., n_frames, n_joints)
        In 1 / unit of length; NaN where `velocity` is.

    Notes
    -----
    ``|v x a| / (|v|^2 + e^2)^(3/2)``, where e is `regularization` times the root mean square of the
    speeds of all joints and frames of the clip. Equation 8 divides by the cube of the speed, so
    noise would dominate the curvature of joints at rest. With regularization, a joint of speed e
    has 0.35 of its curvature, and one ten times as fast 0.985. Scaling a dance divides the
    curvature by the same factor, whatever the regularization. Where the speed is zero, and with
    one axis, the curvature is zero.

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
    fill_curvature(velocity, acceleration, out, regularization=regularization)
    return out


def fill_curvature(
    v: np.ndarray, a: np.ndarray, out: np.ndarray, *, regularization: float = 0.0
) -> None:
    """Write curvatures to an array, a chunk of frames at a time.

    Parameters
    ----------
    v, a : ndarray of shape (..., n_frames, n_joints, n_axes)
        Velocity and acceleration, NaN where a joint was not seen.
    out : ndarray of shape (..., n_frames, n_joints)
        Where to write the curvatures.
    regularization : float, default=0.0
        See :func:`curvature`.
    """
    if v.shape[-1] == 1:
        out[...] = np.where(np.isnan(v[..., 0]), np.nan, 0)
        return
    floor: Any = 0
    if regularization > 0:
        floor = out.dtype.type(regularization**2) * _mean_square(v)
    n_frames = v.shape[-3]
    rows = max(16, _CHUNK * n_frames // v.size)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        for start in range(0, n_frames, rows):
            at = (..., slice(start, start + rows), slice(None))
            _curvature_rows(v[(*at, slice(None))], a[(*at, slice(None))], out[at], floor)


def _curvature_rows(v: np.ndarray, a: np.ndarray, out: np.ndarray, floor: Any) -> None:
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


def _mean_square(v: np.ndarray) -> np.ndarray:
    """Return the mean squared length over the seen joints and frames of each clip, or 0."""
    n_joints, n_axes = v.shape[-2:]
    total = np.einsum("...tja,...tja->...", v, v, dtype=np.float64, casting="same_kind")
    count = np.asarray(v.shape[-3] * n_joints)
    if np.isnan(total).any():
        known = ~np.isnan(v)
        total = np.square(v, where=known, out=np.zeros(v.shape)).sum(axis=(-3, -2, -1))
        count = np.maximum(known.sum(axis=(-3, -2, -1)) / n_axes, 1)
    return (total / count).astype(v.dtype)[..., None, None]
