"""Velocity, acceleration and jerk of joints by central differences (equation 7).

Poses are arrays (..., n_frames, n_joints, n_axes), and a joint is not seen in a frame where any of
its coordinates is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .curvature import squared_magnitude
from .kernels.differences import fill_derivatives, fill_differences

__all__ = [
    "acceleration",
    "derivatives",
    "jerk",
    "magnitude",
    "velocity",
]


def _differences(position: np.ndarray, order: int, fps: float) -> np.ndarray:
    """Return the central difference of an order, as a view of an array with the axes first."""
    planes = np.moveaxis(position, -1, 0)
    out = np.empty(planes.shape, dtype=position.dtype)
    shape = (len(planes), -1, *planes.shape[-2:])
    fill_differences(planes.reshape(shape), {order: out.reshape(shape)}, fps=fps)
    return np.moveaxis(out, 0, -1)


def velocity(position: np.ndarray, *, fps: float) -> np.ndarray:
    """Return velocities by central differences, equation 7.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).

    Returns
    -------
    ndarray
        Shaped as `position`, in its unit per s.

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
    return _differences(position, 1, fps)


def acceleration(position: np.ndarray, *, fps: float) -> np.ndarray:
    """Return accelerations by second central differences.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).

    Returns
    -------
    ndarray
        Shaped as `position`, in its unit per s^2.

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
    return _differences(position, 2, fps)


def jerk(position: np.ndarray, *, fps: float) -> np.ndarray:
    """Return jerks by third central differences.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).

    Returns
    -------
    ndarray
        Shaped as `position`, in its unit per s^3.

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
    return _differences(position, 3, fps)


def derivatives(
    position: np.ndarray, *, fps: float, slow_speed: ArrayLike = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return velocity, acceleration, jerk and curvature, computed in one pass.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).
    slow_speed : float or array-like of shape (...), default=0.0
        See :func:`sklearn_asdf.functional.curvature.curvature`.

    Returns
    -------
    velocity, acceleration, jerk : ndarray
        Shaped as `position`.
    curvature : ndarray of shape (..., n_frames, n_joints)
        Each as the function of that name returns it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.kinematics import derivatives
    >>> [d.shape for d in derivatives(np.zeros((5, 17, 2)), fps=30)]
    [(5, 17, 2), (5, 17, 2), (5, 17, 2), (5, 17)]
    """
    planes = np.moveaxis(position, -1, 0)
    n_axes = len(planes)
    shape = (n_axes, -1, *planes.shape[-2:])
    # One block of memory: allocating several large ones is slow.
    block = np.empty((3 * n_axes + 1, *planes.shape[1:]), dtype=position.dtype)
    v, a, j = (block[i * n_axes : (i + 1) * n_axes] for i in range(3))
    out = {order: d.reshape(shape) for order, d in enumerate((v, a, j), 1)}
    slow = np.broadcast_to(np.asarray(slow_speed, dtype=float), position.shape[:-3]).ravel()
    fill_derivatives(
        planes.reshape(shape), out, block[-1].reshape(shape[1:]), fps=fps, slow_speed=slow
    )
    return np.moveaxis(v, 0, -1), np.moveaxis(a, 0, -1), np.moveaxis(j, 0, -1), block[-1]


def magnitude(vectors: np.ndarray) -> np.ndarray:
    """Return the lengths of vectors: the paper's scalar velocity, acceleration and jerk.

    Parameters
    ----------
    vectors : ndarray of shape (..., n_axes)
        Vectors.

    Returns
    -------
    ndarray of shape (...)
        In the unit of the vectors; NaN where any component is.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.kinematics import magnitude
    >>> float(magnitude(np.array([3.0, 4.0])))
    5.0
    """
    return np.sqrt(squared_magnitude(vectors))
