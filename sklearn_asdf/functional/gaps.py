"""Which joints were seen, and gaps: frames in which a joint was not seen.

Poses are arrays (..., n_frames, n_joints, n_axes), and a joint is not seen in a frame where any of
its coordinates is NaN.
"""

from __future__ import annotations

import numpy as np

__all__ = ["all_seen", "fill_gaps", "frames_seen", "seen_joints"]

# Share of the joints that must be seen in a frame for the dancer to count as seen.
_SHARE_OF_JOINTS = 0.5


def seen_joints(position: np.ndarray) -> np.ndarray:
    """Return which joints were seen.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.

    Returns
    -------
    ndarray of bool, shape (..., n_frames, n_joints)
        True where all coordinates are known.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.gaps import seen_joints
    >>> seen_joints(np.array([[[0.0, 1.0], [np.nan, 1.0]]])).tolist()
    [[True, False]]
    """
    return ~np.isnan(position).any(axis=-1)


def all_seen(position: np.ndarray) -> bool:
    """Return whether no coordinate is NaN, in one pass without a temporary array.

    Parameters
    ----------
    position : ndarray
        Poses of any shape.

    Returns
    -------
    bool
        True if nothing is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.gaps import all_seen
    >>> all_seen(np.zeros((5, 17, 2))), all_seen(np.full((5, 17, 2), np.nan))
    (True, False)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return not np.isnan(position.sum(dtype=np.float64))


def frames_seen(seen: np.ndarray) -> np.ndarray:
    """Return the frames in which the dancer was seen: those that show half of the joints or more.

    Parameters
    ----------
    seen : ndarray of bool, shape (..., n_frames, n_joints)
        Which joints were seen, see :func:`seen_joints`.

    Returns
    -------
    ndarray of bool, shape (..., n_frames)
        True where at least half of the joints were seen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.gaps import frames_seen
    >>> frames_seen(np.array([[True, False], [False, False]])).tolist()
    [True, False]
    """
    return np.asarray(np.mean(seen, axis=-1) >= _SHARE_OF_JOINTS)


def _neighbors(seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the last seen frame up to, and the first from each frame on (-1, n_frames: none)."""
    n_frames = seen.shape[-2]
    frame = np.arange(n_frames)[:, None]
    before = np.maximum.accumulate(np.where(seen, frame, -1), axis=-2)
    after = np.minimum.accumulate(np.where(seen, frame, n_frames)[..., ::-1, :], axis=-2)
    return before, after[..., ::-1, :]


def fill_gaps(
    position: np.ndarray, *, fps: float, max_gap: float = np.inf, causal: bool = False
) -> np.ndarray:
    """Fill the frames in which a joint was not seen, in gaps up to `max_gap` seconds.

    Parameters
    ----------
    position : ndarray of shape (..., n_frames, n_joints, n_axes)
        Poses, NaN where a joint was not seen.
    fps : float
        Frames per second (Hz).
    max_gap : float, default=inf
        Longest gap that is filled, in seconds.
    causal : bool, default=False
        Whether a frame may depend on earlier frames only.

    Returns
    -------
    ndarray
        `position` itself if there is nothing to fill, otherwise a filled copy.

    Notes
    -----
    A gap is filled by linear interpolation between the frames beside it, as a whole or not at all.
    Frames before a joint was first seen and after it was last seen stay NaN. If `causal`, the last
    seen position is held for `max_gap` seconds, whether the joint is seen again or not; frames
    after the last one in which any joint of the clip was seen stay NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.gaps import fill_gaps
    >>> x = np.array([0.0, np.nan, 2.0, np.nan]).reshape(-1, 1, 1)
    >>> fill_gaps(x, fps=30).ravel()
    array([ 0.,  1.,  2., nan])
    """
    if all_seen(position):
        return position
    seen = seen_joints(position)
    n_frames = seen.shape[-2]
    before, after = _neighbors(seen)
    frame = np.arange(n_frames)[:, None]
    longest = np.floor(min(max_gap * fps, float(n_frames)) + 1e-9)
    gap = ~seen & (before >= 0)
    if causal:
        ended = after.min(axis=-1, keepdims=True) == n_frames
        gap &= (frame - before <= longest) & ~ended
    else:
        gap &= (after < n_frames) & (after - before - 1 <= longest)
    if not gap.any():
        return position
    filled = position.copy()
    *clip, at, joint = np.nonzero(gap)
    first, last = before[gap], after[gap]
    start = position[(*clip, first, joint)]
    if causal:
        filled[(*clip, at, joint)] = start
        return filled
    share = ((at - first) / (last - first))[:, None].astype(position.dtype)
    stop = position[(*clip, last, joint)]
    filled[(*clip, at, joint)] = start * (1 - share) + stop * share
    return filled
