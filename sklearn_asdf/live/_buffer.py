"""A buffer of the last seconds of a dance at a constant frame rate, in constant memory."""

from __future__ import annotations

from collections import deque

import numpy as np

__all__ = ["PoseBuffer"]

# Between poses further apart than this nothing is known, in s.
_LONGEST_GAP = 0.5
# Poses that are older than the last one by more than this, in s, are not late: if two in a row run
# forwards, their clock was started anew.
_RESTARTED = 1.0
# Poses that come faster than the clock by less than this share come at its rate.
_JITTER = 0.1
# Times that differ by less, in frames, are one.
_SAME_TIME = 1e-6


class PoseBuffer:
    """Store the last poses of a stream of any times, and return them at a constant frame rate.

    Parameters
    ----------
    n_frames : int
        Number of frames to keep.
    fps : float
        Frame rate in Hz.
    """

    def __init__(self, n_frames: int, fps: float) -> None:
        self.n_frames = n_frames
        self.fps = fps
        # Frames of the clock that have passed; the first one is the first pose.
        self.count = 0
        self._came: deque[tuple[float, np.ndarray]] = deque()
        self._first = 0.0
        # What is added to the sender's times, and the last time that seemed too old.
        self._offset = 0.0
        self._older: float | None = None

    def push(self, pose: np.ndarray, time: float | None = None) -> None:
        """Add a pose (n_joints, n_axes); without a time, one frame after the last."""
        if not self._came:
            self._first = 0.0 if time is None else time
            time = self._first
        elif time is None:
            time = self._came[-1][0] + 1 / self.fps
        else:
            time = self._on_clock(time)
            if time <= self._came[-1][0]:
                # Late by the network, or sent twice: what is newer counts.
                return
        self._came.append((time, pose))
        self.count = int((time - self._first) * self.fps + _SAME_TIME) + 1
        # One pose from before the first frame is needed to tell that frame.
        oldest = self._first + (self.count - self.n_frames) / self.fps
        while len(self._came) > 1 and self._came[1][0] <= oldest:
            self._came.popleft()

    def _on_clock(self, time: float) -> float:
        """Return a time on the buffer's clock, which goes on where the sender's began anew."""
        last = self._came[-1][0]
        behind = time + self._offset < last - _RESTARTED
        before, self._older = self._older, time if behind else None
        if behind and before is not None and 0 < time - before <= _LONGEST_GAP:
            self._offset, self._older = last + 1 / self.fps - time, None
        return time + self._offset

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of a pose, once one was received."""
        return self._came[0][1].shape if self._came else None

    @property
    def oversampling(self) -> int:
        """Ratio of the rate of the received poses to `fps`, rounded up: 1 if they are equal."""
        times = np.array([time for time, _ in self._came])
        if len(times) < 2:
            return 1
        rate = 1 / np.median(np.diff(times))
        return max(1, int(np.ceil(rate / self.fps - _JITTER)))

    def frames(self, start: int, stop: int, oversampling: int = 1) -> np.ndarray:
        """Return the poses from one frame up to, not including, another.

        Parameters
        ----------
        start, stop : int
            Frames, counted from the first pose on.
        oversampling : int, default=1
            Number of poses per frame. Poses later than the last received one are left out.

        Returns
        -------
        ndarray of shape (n_poses, n_joints, n_axes)
            Linear interpolation of the received poses; NaN before the first one and in long gaps.
        """
        times = np.array([time for time, _ in self._came])
        poses = np.stack([pose for _, pose in self._came])
        rate = self.fps * oversampling
        at = self._first + np.arange(start * oversampling, stop * oversampling) / rate
        near = _SAME_TIME / rate
        at = at[at <= times[-1] + near]
        after = np.searchsorted(times, at - near)
        before = np.maximum(after - 1, 0)
        gap = times[after] - times[before]
        share = np.divide(at - times[before], gap, out=np.ones_like(at), where=gap > 0)
        known = (gap <= _LONGEST_GAP) & (after > 0)
        between = poses[before] + (poses[after] - poses[before]) * share[:, None, None]
        frames = np.where(known[:, None, None], between, np.nan)
        exact = np.abs(times[after] - at) <= near
        frames[exact] = poses[after[exact]]
        return frames

    def last(self) -> np.ndarray:
        """Return the last frames, oldest first, NaN for those before the first."""
        return self.frames(self.count - self.n_frames, self.count)
