"""Velocity, acceleration and jerk of joints by central differences (equation 7).

Poses are arrays (..., n_frames, n_joints, n_axes), and a joint is not seen in a frame where any of
its coordinates is NaN.
"""

from __future__ import annotations

import numpy as np

from .curvature import fill_curvature, squared_magnitude
from .gaps import all_seen

__all__ = [
    "acceleration",
    "derivatives",
    "jerk",
    "magnitude",
    "velocity",
]

# Elements processed at a time.
_CHUNK = 1 << 17


def _differences(
    position: np.ndarray,
    fps: float,
    orders: tuple[int, ...],
    *,
    regularization: float | None = None,
) -> list[np.ndarray]:
    """Return the central differences of the given orders, edges and gaps as in `velocity`.

    The results are views of arrays with the axes of space first, filled in chunks of clips that
    stay in the processor's cache. With a `regularization` the last result is the curvature.
    """
    n_frames, n_joints, n_axes = position.shape[-3:]
    planes = np.moveaxis(position, -1, 0)
    n_planes = n_axes * len(orders) + (regularization is not None)
    # One block of memory: allocating several large ones is slow.
    block = np.empty((n_planes, *planes.shape[1:]), dtype=position.dtype)
    parts = {k: block[i * n_axes : (i + 1) * n_axes] for i, k in enumerate(orders)}
    flat = {k: out.reshape(n_axes, -1, n_frames, n_joints) for k, out in parts.items()}
    x = planes.reshape(n_axes, -1, n_frames, n_joints)
    seen = all_seen(position)
    rows = max(16, _CHUNK // (n_axes * n_joints))
    for clips in _chunks(x.shape[1], n_frames * n_joints * n_axes):
        for start in range(0, n_frames, rows):
            out = {k: o[:, clips, start : start + rows] for k, o in flat.items()}
            _difference_rows(x[:, clips], start, out, fps)
        for k, o in flat.items():
            _repeat_edges(o[:, clips], x[:, clips], k, fps, seen=seen)
        if regularization is not None:
            v, a = (np.moveaxis(flat[k][:, clips], 0, -1) for k in (1, 2))
            out = block[-1].reshape(-1, n_frames, n_joints)[clips]
            fill_curvature(v, a, out, regularization=regularization)
    results = [np.moveaxis(parts[k], 0, -1) for k in orders]
    return results if regularization is None else [*results, block[-1]]


def _chunks(n_clips: int, size: int) -> list[slice]:
    step = max(1, _CHUNK // size)
    return [slice(i, i + step) for i in range(0, n_clips, step)]


def _difference_rows(x: np.ndarray, start: int, out: dict[int, np.ndarray], fps: float) -> None:
    """Fill the frames from `start` on of planes (n_axes, n_clips, n_frames, n_joints)."""
    n_frames = x.shape[2]
    stop = min(start + next(iter(out.values())).shape[2], n_frames)
    near = np.ascontiguousarray(x[:, :, max(start - 2, 0) : stop + 2])
    skip = start - max(start - 2, 0)

    def inside(reach: int) -> slice:
        return slice(max(start, reach), min(stop, n_frames - reach))

    if 1 in out and (at := inside(1)).start < at.stop:
        here = slice(at.start - start, at.stop - start)
        low, high = at.start - start + skip, at.stop - start + skip
        v = out[1][:, :, here]
        np.subtract(near[:, :, low + 1 : high + 1], near[:, :, low - 1 : high - 1], out=v)
        v *= fps / 2
    if near.shape[2] < 3 or not {2, 3} & set(out):
        return
    # Differences of differences: a joint far from the origin loses no digits.
    step = near[:, :, 1:] - near[:, :, :-1]
    second = step[:, :, 1:] - step[:, :, :-1]
    if 2 in out and (at := inside(1)).start < at.stop:
        here = slice(at.start - start, at.stop - start)
        low, high = at.start - start + skip, at.stop - start + skip
        np.multiply(second[:, :, low - 1 : high - 1], fps**2, out=out[2][:, :, here])
    if 3 in out and (at := inside(2)).start < at.stop:
        here = slice(at.start - start, at.stop - start)
        low, high = at.start - start + skip, at.stop - start + skip
        j = out[3][:, :, here]
        np.subtract(second[:, :, low:high], second[:, :, low - 2 : high - 2], out=j)
        j *= fps**3 / 2


def _repeat_edges(out: np.ndarray, x: np.ndarray, order: int, fps: float, *, seen: bool) -> None:
    """Where the stencil of `order` does not fit, repeat the nearest estimate that does.

    Both are planes (n_axes, n_clips, n_frames, n_joints); `out` holds estimates wherever the
    stencil fits into the clip, and `seen` means that nothing is NaN.
    """
    reach = 2 if order == 3 else 1
    n_frames = x.shape[2]
    out[:, :, :reach] = out[:, :, [reach]] if n_frames > 2 * reach else 0
    out[:, :, n_frames - reach if n_frames > 2 * reach else 0 :] = (
        out[:, :, [n_frames - reach - 1]] if n_frames > 2 * reach else 0
    )
    if not seen:
        _repeat_beside_gaps(out, x, reach)
    if order == 1 and (n_frames == 2 or not seen):
        _slope_of_two(out, x, fps)


def _repeat_beside_gaps(out: np.ndarray, x: np.ndarray, reach: int) -> None:
    """Repeat estimates where the stencil touches a gap; runs too short for it get zero."""
    n_frames = x.shape[2]
    unseen = np.isnan(x).any(axis=0)
    fits = ~unseen & ~np.isnan(out).any(axis=0)
    fits[:, :reach] = fits[:, max(n_frames - reach, 0) :] = False
    clip, frame, joint = np.nonzero(~unseen & ~fits)
    missing = np.ones(len(frame), dtype=bool)
    values = np.zeros((len(out), len(frame)), dtype=out.dtype)
    # The stencil of an estimate spans the frame that it is repeated to: no gap lies between.
    for step in (s for r in range(1, reach + 1) for s in (r, -r)):
        near = np.clip(frame + step, 0, n_frames - 1)
        use = missing & fits[clip, near, joint]
        values[:, use] = out[:, clip[use], near[use], joint[use]]
        missing &= ~use
    out[:, clip, frame, joint] = values
    out[:, unseen] = np.nan


def _slope_of_two(out: np.ndarray, x: np.ndarray, fps: float) -> None:
    """Give runs of two frames, in which no central difference fits, the slope between them."""
    unseen = np.isnan(x).any(axis=0)
    edge = np.ones_like(unseen[:, :1])
    padded = np.concatenate([edge, unseen, edge], axis=1)
    pair = ~unseen[:, :-1] & ~unseen[:, 1:] & padded[:, :-3] & padded[:, 3:]
    clip, frame, joint = np.nonzero(pair)
    slope = (x[:, clip, frame + 1, joint] - x[:, clip, frame, joint]) * fps
    out[:, clip, frame, joint] = out[:, clip, frame + 1, joint] = slope


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
    return _differences(position, fps, (1,))[0]


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
    return _differences(position, fps, (2,))[0]


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
    return _differences(position, fps, (3,))[0]


def derivatives(
    position: np.ndarray, *, fps: float, regularization: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return velocity, acceleration, jerk and curvature, computed in one pass.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).
    regularization : float, default=0.0
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
    v, a, j, c = _differences(position, fps, (1, 2, 3), regularization=regularization)
    return v, a, j, c


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
