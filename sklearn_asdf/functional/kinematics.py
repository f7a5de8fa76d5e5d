"""Velocity, acceleration, jerk and curvature: equations 7 and 8.

Everywhere in this module poses are arrays (..., n_frames, n_joints, n_axes), and a joint is unseen
in a frame where any of its coordinates is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .filters import _all_seen

__all__ = [
    "acceleration",
    "curvature",
    "jerk",
    "magnitude",
    "velocity",
]


def _planes(position: np.ndarray) -> np.ndarray:
    """Return a view with the axes of space first and then time."""
    return np.moveaxis(position, (-1, -3), (0, 1))


def _back(planes: np.ndarray) -> np.ndarray:
    return np.moveaxis(planes, (0, 1), (-1, -3))


def _repeat_edges(out: np.ndarray, x: np.ndarray, reach: int, *, seen: bool) -> None:
    """Where a stencil of `reach` frames does not fit, repeat the nearest estimate that does.

    Both are planes (n_axes, n_frames, ...); `out` holds estimates wherever the stencil fits into
    the clip, and `seen` tells that nothing is NaN. Runs too short for the stencil get zero.
    """
    n_frames = x.shape[1]
    if n_frames <= 2 * reach:
        out[:] = 0
        if not seen:
            out[:, np.isnan(x).any(axis=0)] = np.nan
        return
    if seen:
        out[:, :reach] = out[:, [reach]]
        out[:, -reach:] = out[:, [-reach - 1]]
        return
    out[:, :reach] = np.nan
    out[:, -reach:] = np.nan
    unseen = np.isnan(x).any(axis=0)
    out[:, unseen] = np.nan
    known = ~np.isnan(out).any(axis=0)
    frame, *rest = np.nonzero(~unseen & ~known)
    open_ = np.ones(len(frame), dtype=bool)
    values = np.zeros((len(out), len(frame)), dtype=out.dtype)
    # The stencil of a known estimate spans the frame it is repeated to: no gap lies between.
    for step in (s for r in range(1, reach + 1) for s in (r, -r)):
        near = np.clip(frame + step, 0, n_frames - 1)
        use = open_ & known[(near, *rest)]
        values[:, use] = out[(slice(None), near[use], *(r[use] for r in rest))]
        open_ &= ~use
    out[(slice(None), frame, *rest)] = values


def _two_frames(out: np.ndarray, x: np.ndarray, fps: float) -> None:
    """Give runs of two frames, in which no central difference fits, the slope between them."""
    unseen = np.isnan(x).any(axis=0)
    shape = (1, *unseen.shape[1:])
    edge = np.ones(shape, dtype=bool)
    padded = np.concatenate([edge, unseen, edge])
    pair = ~unseen[:-1] & ~unseen[1:] & padded[:-3] & padded[3:]
    frame, *rest = np.nonzero(pair)
    here: Any = (slice(None), frame, *rest)
    there: Any = (slice(None), frame + 1, *rest)
    out[here] = out[there] = (x[there] - x[here]) * fps


def velocity(position: np.ndarray, *, fps: float) -> np.ndarray:
    """Return velocities by central differences, equation 7.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames a second (Hz).

    Returns
    -------
    ndarray
        Shaped as `position`, in its unit by s.

    Notes
    -----
    ``(x[i+1] - x[i-1]) / (2 dt)``, exact for a parabola. At the ends of a clip, and beside frames
    in which the joint was not seen, the nearest estimate that fits is repeated (the paper's edge
    rule), so that the result is NaN exactly where `position` is. Two frames alone have the slope
    between them, one frame has velocity zero.

    References
    ----------
    .. [1] The paper, equation 7, and C. Larboulette, S. Gibet, "A review of computable expressive
       descriptors of human motion", MOCO 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.kinematics import velocity
    >>> velocity(np.arange(4.0).reshape(-1, 1, 1), fps=30).ravel()
    array([30., 30., 30., 30.])
    """
    x = _planes(position)
    out = np.empty(x.shape, dtype=x.dtype)
    seen = _all_seen(position)
    if x.shape[1] > 2:
        np.subtract(x[:, 2:], x[:, :-2], out=out[:, 1:-1])
        out[:, 1:-1] *= fps / 2
    _repeat_edges(out, x, 1, seen=seen)
    if not seen or x.shape[1] == 2:
        _two_frames(out, x, fps)
    return _back(out)


def acceleration(position: np.ndarray, *, fps: float) -> np.ndarray:
    """Return accelerations by second central differences.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames a second (Hz).

    Returns
    -------
    ndarray
        Shaped as `position`, in its unit by s^2.

    Notes
    -----
    ``(x[i+1] - 2 x[i] + x[i-1]) / dt^2``, exact for a cubic. Edges and gaps as for
    :func:`velocity`; runs of fewer than three frames have acceleration zero.

    References
    ----------
    .. [1] The paper, section 3.2.1 ("in a similar fashion to (7)").

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.kinematics import acceleration
    >>> acceleration(np.arange(4.0).reshape(-1, 1, 1) ** 2, fps=1).ravel()
    array([2., 2., 2., 2.])
    """
    x = _planes(position)
    out = np.empty(x.shape, dtype=x.dtype)
    _second_difference(x, out, fps)
    _repeat_edges(out, x, 1, seen=_all_seen(position))
    return _back(out)


def _second_difference(x: np.ndarray, out: np.ndarray, fps: float) -> None:
    # Differences of differences: a joint far from the origin loses no digits.
    if x.shape[1] > 2:
        step = x[:, 1:] - x[:, :-1]
        np.subtract(step[:, 1:], step[:, :-1], out=out[:, 1:-1])
        out[:, 1:-1] *= fps * fps


def jerk(position: np.ndarray, *, fps: float) -> np.ndarray:
    """Return jerks by third central differences.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames a second (Hz).

    Returns
    -------
    ndarray
        Shaped as `position`, in its unit by s^3.

    Notes
    -----
    ``(x[i+2] - 2 x[i+1] + 2 x[i-1] - x[i-2]) / (2 dt^3)``, exact for a polynomial of degree 4: the
    central difference of the second central difference. Edges and gaps as for :func:`velocity`;
    runs of fewer than five frames have jerk zero.

    References
    ----------
    .. [1] The paper, section 3.2.1 ("in a similar fashion to (7)").

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.kinematics import jerk
    >>> jerk(np.arange(6.0).reshape(-1, 1, 1) ** 3, fps=1).ravel()
    array([6., 6., 6., 6., 6., 6.])
    """
    x = _planes(position)
    out = np.empty(x.shape, dtype=x.dtype)
    if x.shape[1] > 4:
        second = np.empty(x.shape, dtype=x.dtype)
        _second_difference(x, second, fps)
        np.subtract(second[:, 3:-1], second[:, 1:-3], out=out[:, 2:-2])
        out[:, 2:-2] *= fps / 2
    _repeat_edges(out, x, 2, seen=_all_seen(position))
    return _back(out)


def magnitude(vectors: np.ndarray) -> np.ndarray:
    """Return the lengths of vectors: the paper's scalar velocity, acceleration and jerk.

    Parameters
    ----------
    vectors : ndarray of shape (..., n_axes)
        Vectors.

    Returns
    -------
    ndarray of shape (...)
        In the vectors' unit; NaN where any component is.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.kinematics import magnitude
    >>> float(magnitude(np.array([3.0, 4.0])))
    5.0
    """
    return np.sqrt(_squares(vectors))


def _squares(vectors: np.ndarray) -> np.ndarray:
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
        Share of the clip's typical speed below which curvature fades out; 0 is equation 8.

    Returns
    -------
    ndarray of shape (..., n_frames, n_joints)
        In 1 by the unit of length; NaN where `velocity` is.

    Notes
    -----
    ``|v x a| / (|v|^2 + e^2)^(3/2)``, where e is `regularization` times the root mean square of the
    speeds of all joints and frames of the clip. Equation 8 divides by the cube of the speed, so
    that a joint at rest, of which only noise is left, would outweigh all others; with a floor, a
    joint as slow as e has 0.35 of its curvature, and one ten times as fast 0.985. Enlarging a dance
    divides the curvature by the same factor for any floor. Where the speed is zero the curvature is
    zero. On a line, with one axis, it is zero everywhere.

    References
    ----------
    .. [1] The paper, equation 8.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.kinematics import curvature
    >>> v, a = np.array([[[0.0, 2.0]]]), np.array([[[-2.0, 0.0]]])  # on a circle of radius 2
    >>> float(curvature(v, a)[0, 0])
    0.5
    """
    square = _squares(velocity)
    if velocity.shape[-1] == 1:
        return np.where(np.isnan(square), square, 0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        if regularization > 0:
            square += square.dtype.type(regularization**2) * _mean(square)
        root = np.sqrt(square)
        if velocity.shape[-1] == 2:
            result = _cross(velocity, acceleration)
            result /= root
        else:
            # Areas are squared: unit vectors keep fast joints within the range of float32.
            result = _cross(velocity / root[..., None], acceleration)
        result /= square
        still = square == 0
        if still.any():
            result[still] = 0
        return np.minimum(result, np.finfo(result.dtype).max, out=result)


def _mean(square: np.ndarray) -> np.ndarray:
    """Return the mean over the seen joints and frames of each clip, 0 where there are none."""
    total = square.sum(axis=(-2, -1), keepdims=True, dtype=np.float64)
    count = np.asarray(square.shape[-2] * square.shape[-1])
    if np.isnan(total).any():
        known = ~np.isnan(square)
        total = square.sum(axis=(-2, -1), keepdims=True, dtype=np.float64, where=known)
        count = np.maximum(known.sum(axis=(-2, -1), keepdims=True), 1)
    return (total / count).astype(square.dtype)
