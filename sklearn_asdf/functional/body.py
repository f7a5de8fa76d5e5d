"""Height, position and direction of the dancer.

Poses are arrays (..., n_frames, n_joints, n_axes), and a joint is not seen in a frame where any of
its coordinates is NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from .compiled import use_compiled
from .gaps import all_seen, fill_gaps
from .kernels.medians import median_distances
from .kinematics import magnitude

__all__ = ["body_size", "center_of", "egocentric", "held_track"]


def _nanmedian(x: np.ndarray) -> np.ndarray:
    """Return medians of the finite values along the last axis, NaN where there are none."""
    x = np.sort(x, axis=-1)
    n = (~np.isnan(x)).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(x, np.maximum(n - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(x, np.minimum(n // 2, x.shape[-1] - 1), axis=-1)
    return (low + (high - low) / 2)[..., 0]


def center_of(position: np.ndarray, joints: Sequence[int]) -> np.ndarray:
    """Return the mean of those of some joints that are seen.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    joints : sequence of int
        The joints.

    Returns
    -------
    ndarray of shape (..., n_frames, n_axes)
        NaN where none is seen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.body import center_of
    >>> center_of(np.array([[[0.0], [2.0]], [[np.nan], [2.0]]]), [0, 1]).ravel()
    array([1., 2.])
    """
    some = position[..., list(joints), :]
    known = ~np.isnan(some)
    count = known.sum(axis=-2)
    total = some.sum(axis=-2, where=known)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(position.dtype)


def _between(position: np.ndarray, a: tuple[int, ...], b: tuple[int, ...]) -> np.ndarray:
    """Return the vectors from the center of joints `a` to that of `b`, NaN unless all are seen."""
    low = position[..., list(a), :].mean(axis=-2)
    return position[..., list(b), :].mean(axis=-2) - low


def _median_lengths(
    position: np.ndarray,
    segments: Sequence[tuple[tuple[int, ...], tuple[int, ...], float]],
) -> Iterable[np.ndarray]:
    """Return the median length of each segment, NaN where it was never seen."""
    if segments and use_compiled():
        clips = position.reshape(-1, *position.shape[-3:])
        lengths = median_distances(clips, [(a, b) for a, b, _ in segments])
        return lengths.reshape(-1, *position.shape[:-3])
    return (_nanmedian(magnitude(_between(position, a, b))) for a, b, _ in segments)


def body_size(
    position: np.ndarray,
    segments: Sequence[tuple[tuple[int, ...], tuple[int, ...], float]] = (),
) -> np.ndarray:
    """Estimate the height of the dancer of each clip.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    segments : sequence of (joints, joints, float), default=()
        Parts of the body: the joints whose mean is one end, those whose mean is the other, and the
        length between as a share of the body's height.

    Returns
    -------
    ndarray of shape (...)
        One positive size per clip, in the unit of `position`.

    Notes
    -----
    The sum of the lengths of the parts, each the median over the frames in which it was seen,
    divided by the sum of their shares of the height. In two dimensions, foreshortening makes it
    smaller than the height. Without segments it is the median over frames of the diagonal of the
    bounding box of all joints. If that is zero, as for a single joint, it is 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.body import body_size
    >>> poses = np.array([[[[0.0, 0.0], [0.0, 0.5]]]])  # hips and shoulders of one clip, one frame
    >>> body_size(poses, [((0,), (1,), 0.25)])
    array([2.])
    """
    shares = [part for _, _, part in segments]
    size = np.zeros(position.shape[:-3])
    share = np.zeros(position.shape[:-3])
    for length, part in zip(_median_lengths(position, segments), shares):
        size += np.nan_to_num(length)
        share += part * ~np.isnan(length)
    size = size / np.where(share > 0, share, 1)
    if not (size > 0).all():
        low = np.where(np.isnan(position), np.inf, position).min(axis=-2)
        high = np.where(np.isnan(position), -np.inf, position).max(axis=-2)
        empty = high < low
        high[empty] = low[empty] = np.nan
        size = np.where(size > 0, size, _nanmedian(magnitude(high - low)))
    return np.where(size > 0, size, 1.0)


def egocentric(
    position: np.ndarray,
    *,
    fps: float,
    center: tuple[int, ...] = (),
    lateral: Sequence[tuple[int, int]] = (),
    vertical_axis: int = 1,
) -> np.ndarray:
    """Return poses relative to the dancer: hips at the origin and, in 3-D, in one direction.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).
    center : tuple of int, default=()
        The joints whose mean becomes the origin, usually the hips; all joints by default.
    lateral : sequence of (int, int), default=()
        Pairs of a left and a right joint (hips, shoulders) that define the dancer's direction.
    vertical_axis : int, default=1
        The axis of space that points up or down.

    Returns
    -------
    ndarray
        Shaped as `position`, NaN where it is.

    Notes
    -----
    In three dimensions the poses are rotated about the vertical, frame by frame, so that the line
    from right to left, averaged over the pairs, is parallel to the first horizontal axis. In one or
    two dimensions, and without pairs, there is no rotation. Where hips or pairs were not seen,
    origin and direction are interpolated between the frames in which they were, and held before
    and after. A single joint that is not the center stays where it is.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.body import egocentric
    >>> poses = np.array([[[5.0, 1.0], [7.0, 1.0]]])
    >>> egocentric(poses, fps=30, center=(0,)).tolist()
    [[[0.0, 0.0], [2.0, 0.0]]]
    """
    if not center and position.shape[-2] == 1:
        return position
    origin = (
        center_of(position, center) if center else center_of(position, range(position.shape[-2]))
    )
    moved = position - _held(origin, position, fps=fps)[..., None, :]
    if position.shape[-1] != 3 or not lateral:
        return moved
    across = [_between(position, (right,), (left,)) for left, right in lateral]
    first, second = (axis for axis in range(3) if axis != vertical_axis)
    line = held_track(_mean_vector(across), fps=fps)
    length = np.hypot(line[..., first], line[..., second])
    known = length > 0
    length = np.where(known, length, 1)
    cos = np.where(known, line[..., first] / length, 1)[..., None].astype(position.dtype)
    sin = np.where(known, line[..., second] / length, 0)[..., None].astype(position.dtype)
    turned = moved.copy()
    turned[..., first] = cos * moved[..., first] + sin * moved[..., second]
    turned[..., second] = cos * moved[..., second] - sin * moved[..., first]
    return turned


def _mean_vector(vectors: Sequence[np.ndarray]) -> np.ndarray:
    stacked = np.stack(vectors, axis=-2)
    return center_of(stacked, range(len(vectors)))


def _held(track: np.ndarray, position: np.ndarray, *, fps: float) -> np.ndarray:
    """Interpolate and hold a track; where it is NaN only, take the mean of all seen joints."""
    never = np.isnan(track).any(axis=-1).all(axis=-1)
    if never.any():
        track = track.copy()
        track[never] = center_of(position[never], range(position.shape[-2]))
    return held_track(track, fps=fps)


def held_track(track: np.ndarray, *, fps: float) -> np.ndarray:
    """Interpolate a track over NaN, and hold it before its first and after its last value.

    Parameters
    ----------
    track : ndarray of shape (..., n_frames, n_axes)
        Positions of one point.
    fps : float
        Frames per second (Hz).

    Returns
    -------
    ndarray
        Shaped as `track`; zero where it is NaN only.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.body import held_track
    >>> held_track(np.array([[np.nan], [1.0], [np.nan], [3.0]]), fps=30).ravel()
    array([1., 1., 2., 3.])
    """
    if all_seen(track):
        return track
    track = fill_gaps(track[..., None, :], fps=fps)[..., 0, :]
    known = ~np.isnan(track).any(axis=-1)
    frame = np.arange(track.shape[-2])
    first = known.argmax(axis=-1)[..., None]
    last = track.shape[-2] - 1 - known[..., ::-1].argmax(axis=-1)[..., None]
    held = np.take_along_axis(track, np.clip(frame, first, last)[..., None], axis=-2)
    return np.where(known.any(axis=-1)[..., None, None], held, 0).astype(track.dtype)
