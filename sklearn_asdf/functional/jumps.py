"""Jumps of a whole body between two frames, which no dancer makes."""

from __future__ import annotations

import numpy as np

from .body import body_size
from .kinematics import magnitude

__all__ = ["MAX_SPEED", "find_jumps"]

# In body heights per second: a sprinter runs at 6. In 40 minutes of ballroom and street dances no
# pair of frames exceeds it; in 3 minutes of salsa with faults of the motion capture 15 do, and the
# first frames of each take.
MAX_SPEED = 8.0


def find_jumps(position: np.ndarray, *, fps: float, max_speed: float = MAX_SPEED) -> np.ndarray:
    """Return the frames to which the whole body jumps.

    Parameters
    ----------
    position : ndarray of shape (n_frames, n_joints, n_axes)
        One take, in any unit of length; NaN where a joint was not seen.
    fps : float
        Frame rate in Hz.
    max_speed : float, default=8.0
        Speed in body heights per second that no dancer reaches with half of the joints.

    Returns
    -------
    ndarray of int of shape (n_jumps,)
        Frames i such that the median joint moves faster than `max_speed` from frame i - 1 to i.

    Notes
    -----
    Joints that were not seen in both frames are left out, and a pair of frames in which less than
    half of the joints were seen is no jump. A single joint that flickers is none either. The body's
    height is the median over frames of the diagonal of the box around all joints.

    Typical causes are the calibration pose in the first frames of motion capture, lost markers, and
    trackers that change to another person.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.jumps import find_jumps
    >>> poses = np.tile([[0.0, 0.0], [0.0, 1.7]], (60, 1, 1))
    >>> poses[:2] += 0.5
    >>> find_jumps(poses, fps=30).tolist()
    [2]
    """
    position = np.asarray(position)
    if len(position) < 2:
        return np.zeros(0, dtype=int)
    speed = np.asarray(magnitude(np.diff(position, axis=0)), dtype=float) * fps
    known = ~np.isnan(speed)
    enough = known.mean(axis=-1) >= 0.5
    # Of the known joints, the middle one: NaN are sorted to the end.
    middle = np.maximum(known.sum(axis=-1) - 1, 0) // 2
    median = np.take_along_axis(np.sort(speed, axis=-1), middle[:, None], axis=-1)[:, 0]
    limit = max_speed * float(body_size(position))
    return np.flatnonzero(enough & (median > limit)) + 1
