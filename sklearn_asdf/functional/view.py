"""A dancer as a camera sees them, and as if no camera were there.

Poses are arrays (..., n_frames, n_joints, n_axes), and a joint is not seen in a frame where any of
its coordinates is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d

from .body import center_of, held_track

__all__ = ["frontal", "project", "same_distance", "slow_part", "upright"]

# Directions of the body further than this from the vertical axis of pictures are those of a dancer
# who lies, not of a tilted camera.
_LARGEST_TILT = np.deg2rad(45.0)


def project(
    position: ArrayLike,
    *,
    azimuth: float = 0.0,
    elevation: float = 0.0,
    roll: float = 0.0,
    distance: ArrayLike = np.inf,
    scale: float = 1.0,
    target: ArrayLike | None = None,
) -> np.ndarray:
    r"""Return poses in three dimensions as a pinhole camera sees them.

    Parameters
    ----------
    position : array-like of shape (..., n_frames, n_joints, 3)
        Poses; y points up.
    azimuth : float, default=0.0
        Direction of the camera from its target, about the vertical, in degrees: at 0 the camera is
        on the z axis, at 90 on the x axis.
    elevation : float, default=0.0
        How far the camera looks down, in degrees.
    roll : float, default=0.0
        Rotation of the camera about its own axis, in degrees.
    distance : float or array-like of shape (n_frames,), default=inf
        Distance of the camera from its target, in the unit of `position`. Without one there is no
        perspective.
    scale : float, default=1.0
        Pixels of one unit of length at the target.
    target : array-like of shape (3,) or (n_frames, 3), default=None
        The point that the camera looks at; by default the mean of all poses.

    Returns
    -------
    image : ndarray of shape (..., n_frames, n_joints, 2)
        In pixels, x to the right and y down, from the center of the picture.

    Notes
    -----
    With coordinates :math:`(X, Y, Z)` relative to the target, along the axes of the camera, the
    picture shows :math:`s\,(X, -Y) / (1 - Z / d)` at the scale :math:`s` and the distance
    :math:`d` [1]_.

    References
    ----------
    .. [1] R. Hartley and A. Zisserman, "Multiple View Geometry in Computer Vision", 2nd ed.,
       Cambridge University Press, 2004, section 6.1.

    Examples
    --------
    >>> from sklearn_asdf.functional.view import project
    >>> project([[[0.0, 1.0, 1.0], [0.0, -1.0, -1.0]]], azimuth=90, scale=100).round(9).tolist()
    [[[-100.0, -100.0], [100.0, 100.0]]]
    """
    position = np.asarray(position, dtype=float)
    if target is None:
        target = np.nanmean(position, axis=tuple(range(position.ndim - 1)))
    a, e, r = np.deg2rad([azimuth, elevation, roll])
    right = np.array([np.cos(a), 0.0, -np.sin(a)])
    towards = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    up = np.cross(towards, right)
    axes = np.stack([np.cos(r) * right + np.sin(r) * up, np.cos(r) * up - np.sin(r) * right])
    seen = position - np.asarray(target, dtype=float)[..., None, :]
    nearer = (seen @ towards) / np.asarray(distance, dtype=float)[..., None]
    return scale * np.array([1.0, -1.0]) * (seen @ axes.T) / (1 - nearer)[..., None]


def upright(position: np.ndarray, chain: Sequence[Sequence[int]]) -> np.ndarray:
    """Turn poses so that the body points along the second axis, on average over each clip.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses in two or three dimensions.
    chain : sequence of sequence of int
        Groups of joints from the lowest to the highest, such as ankles, hips and shoulders. The
        direction is the sum of the vectors from the mean of each group to that of the next, over
        the frames in which both are seen.

    Returns
    -------
    ndarray
        Shaped as `position`; y points up.

    Notes
    -----
    The rotation is the smallest one. In two dimensions y is first reversed if it points down, as in
    pictures; a body that lies, at more than 45 degrees, does not show the camera, and y is then
    taken to point down.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.view import upright
    >>> z_up = np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]])
    >>> upright(z_up, [[0], [1]]).round(9).tolist()
    [[[0.0, 0.0, 0.0], [0.0, 2.0, 0.0]]]
    """
    points = [center_of(position, joints) for joints in chain]
    along = sum(np.nan_to_num(high - low).sum(axis=-2) for low, high in pairwise(points))
    if position.shape[-1] == 2:
        return _level(position, along)
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    y_axis = np.array([0.0, 1.0, 0.0])
    unit = np.divide(
        along, length, out=np.broadcast_to(y_axis, along.shape).copy(), where=length > 0
    )
    # Rodrigues' rotation from one unit vector to another.
    axis = np.cross(unit, y_axis)
    cos = unit[..., 1]
    cross = np.zeros((*cos.shape, 3, 3))
    cross[..., 2, 1], cross[..., 0, 2], cross[..., 1, 0] = axis[..., 0], axis[..., 1], axis[..., 2]
    cross -= np.swapaxes(cross, -1, -2)
    down = cos < -1 + 1e-9
    bend = cross @ cross / np.where(down, 1.0, 1 + cos)[..., None, None]
    turn = np.eye(3) + cross + bend
    turn[down] = np.diag([1.0, -1.0, -1.0])
    return np.einsum("...ij,...tkj->...tki", turn.astype(position.dtype), position)


def _level(position: np.ndarray, along: np.ndarray) -> np.ndarray:
    # Pictures count downwards.
    angle = np.arctan2(along[..., 0], np.abs(along[..., 1]))
    stands = (np.abs(angle) <= _LARGEST_TILT) & (along[..., 1] != 0)
    angle = np.where(stands, angle, 0.0)[..., None, None]
    sign = np.where(stands & (along[..., 1] > 0), 1.0, -1.0)[..., None, None]
    x, y = position[..., 0], sign.astype(position.dtype) * position[..., 1]
    cos, sin = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def frontal(
    position: np.ndarray, lateral: Sequence[tuple[int, int]], *, azimuth: ArrayLike = 0.0
) -> np.ndarray:
    """Return poses in three dimensions as seen from where the dancer faces.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, 3)
        Poses; y points up.
    lateral : sequence of (int, int)
        Pairs of a left and a right joint, such as the hips and the shoulders.
    azimuth : float or array-like of shape (...), default=0.0
        Angle in degrees by which the dancer is seen from another direction, per clip.

    Returns
    -------
    ndarray of shape (..., n_frames, n_joints, 2)
        x and y, without perspective.

    Notes
    -----
    The camera does not turn with the dancer: it stands in the mean direction of each clip, across
    the mean line from right to left.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.view import frontal
    >>> hips = np.array([[[0.0, 1.0, -0.1], [0.0, 1.0, 0.1]]])  # left, right
    >>> frontal(hips, [(0, 1)]).round(9).tolist()
    [[[0.1, 1.0], [-0.1, 1.0]]]
    """
    left, right = np.asarray(lateral, dtype=np.intp).T
    across = position[..., left, :] - position[..., right, :]
    line = np.where(np.isnan(across), 0.0, across).sum(axis=(-3, -2))
    angle = np.arctan2(line[..., 2], line[..., 0]) + np.deg2rad(np.asarray(azimuth, dtype=float))
    cos = np.cos(angle)[..., None, None].astype(position.dtype)
    sin = np.sin(angle)[..., None, None].astype(position.dtype)
    across_picture = cos * position[..., 0] + sin * position[..., 2]
    return np.stack([across_picture, position[..., 1]], axis=-1)


def slow_part(track: np.ndarray, *, fps: float, duration: float) -> np.ndarray:
    """Return the slow part of a track, such as the way of a dancer through a picture.

    Parameters
    ----------
    track : ndarray of shape (..., n_frames, n_axes)
        Positions; NaN is interpolated.
    fps : float
        Frames per second (Hz).
    duration : float
        Standard deviation of the Gaussian mean in s.

    Returns
    -------
    ndarray
        Shaped as `track`. A constant speed is kept exactly, at the ends too.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.view import slow_part
    >>> walk = np.linspace(0.0, 2.0, 61)[:, None]
    >>> bool(np.allclose(slow_part(walk, fps=30, duration=1.0), walk))
    True
    """
    track = held_track(track, fps=fps)
    n_frames = track.shape[-2]
    if n_frames < 2:
        return track
    # Apart from a straight way, the track goes on beyond its ends turned about them.
    time = np.linspace(-1.0, 1.0, n_frames)[:, None]
    slope = (time * (track - track.mean(axis=-2, keepdims=True))).sum(axis=-2, keepdims=True)
    line = time * slope / (time**2).sum()
    rest = track - line
    n = min(n_frames - 1, int(np.ceil(4 * duration * fps)))
    before = 2 * rest[..., :1, :] - rest[..., n:0:-1, :]
    after = 2 * rest[..., -1:, :] - rest[..., -2 : -n - 2 : -1, :]
    longer = np.concatenate([before, rest, after], axis=-2)
    smooth = gaussian_filter1d(longer, duration * fps, axis=-2, mode="nearest", truncate=4.0)
    return (line + smooth[..., n : n + n_frames, :]).astype(track.dtype)


def same_distance(
    position: np.ndarray,
    bones: Sequence[tuple[int, int]],
    center: int,
    *,
    fps: float,
    duration: float,
) -> np.ndarray:
    """Return poses as if the dancer stayed at one distance from the camera.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, 2)
        Poses in a picture.
    bones : sequence of (int, int)
        Joints whose distances add up to the size of the body, such as those of trunk and legs.
    center : int
        The joint about which the body is scaled, such as the pelvis.
    fps : float
        Frames per second (Hz).
    duration : float
        Standard deviation in s of the Gaussian mean of the size.

    Returns
    -------
    ndarray
        Shaped as `position`, in the unit of the mean size of each clip.

    Notes
    -----
    Each frame is divided by the slow part of the logarithmic size, relative to its mean over the
    clip; the path of the center is the sum of its steps in that unit. A bone that is never seen in
    a clip does not count; one that is seen in some frames is interpolated.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.view import same_distance
    >>> body = np.array([[0.0, 0.0], [0.0, 1.0]])
    >>> nearer = np.exp(np.linspace(0.0, 1.0, 61))[:, None, None] * body
    >>> still = same_distance(nearer, [(0, 1)], 0, fps=30, duration=0.5)
    >>> bool(np.ptp(still, axis=0).max() < 1e-9)
    True
    """
    first, second = np.asarray(bones, dtype=np.intp).T
    length = np.linalg.norm(position[..., first, :] - position[..., second, :], axis=-1)
    # Bones one after another, so that a gap of one does not change the sum.
    length = np.moveaxis(
        held_track(np.moveaxis(length, -1, -2)[..., None], fps=fps)[..., 0], -2, -1
    )
    size = length.sum(axis=-1)
    known = (size > 0).all(axis=-1)[..., None]
    log_size = np.log(np.where(known, size, 1.0))
    slow = slow_part(log_size[..., None], fps=fps, duration=duration)
    factor = np.exp(slow.mean(axis=-2, keepdims=True) - slow).astype(position.dtype)
    middle = position[..., center, :]
    path = held_track(middle, fps=fps)
    step = np.diff(path, axis=-2, prepend=path[..., :1, :]) * factor
    path = path[..., :1, :] + np.cumsum(step, axis=-2)
    return (position - middle[..., None, :]) * factor[..., None] + path[..., None, :]
