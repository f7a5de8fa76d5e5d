"""The last seconds of a dance, on a constant clock, in memory that never grows."""

from __future__ import annotations

import numpy as np

__all__ = ["PoseBuffer"]

# Poses further apart than this say nothing of what lies between, in s.
_LONGEST_GAP = 0.5
# Poses that are older than the last one by more than this, in s, are not late: if two in a row run
# forwards, their clock was started anew.
_RESTARTED = 1.0


class PoseBuffer:
    """Keep the last frames of a stream of poses that come when they come.

    Parameters
    ----------
    n_frames : int
        How many frames to keep.
    fps : float
        Frame rate to keep them at, in Hz.
    """

    def __init__(self, n_frames: int, fps: float) -> None:
        self.n_frames = n_frames
        self.fps = fps
        # Frames kept twice, half an array apart: the last ones are always one piece.
        self._kept: np.ndarray | None = None
        self.count = 0
        self._first: float | None = None
        self._time = 0.0
        self._offset = 0.0
        self._older: float | None = None
        self._pose: np.ndarray | None = None

    def push(self, pose: np.ndarray, time: float | None = None) -> None:
        """Add a pose (n_joints, n_axes); without a time, one frame after the last."""
        if self._kept is None:
            self._kept = np.full((2 * self.n_frames, *pose.shape), np.nan)
        if time is None:
            time = self._time + 1 / self.fps if self._pose is not None else 0.0
        else:
            time = self._on_clock(time)
        if self._pose is None or self._first is None:
            self._first = self._time = time
            self._pose = pose
            self._append(pose)
            return
        if time <= self._time:
            # Late by the network, or sent twice: what is newer counts.
            return
        # Frames that fall between the last pose and this one, the present instant included.
        reached = int((time - self._first) * self.fps + 1e-6) + 1
        missing = reached - self.count
        if missing > self.n_frames:
            # Nobody came for longer than is kept: the clock jumps.
            self.count += missing - self.n_frames
        gap = time - self._time
        while self.count < reached:
            at = self._first + self.count / self.fps
            share = min(1.0, max(0.0, (at - self._time) / gap))
            if share > 1 - 1e-6:
                self._append(pose)
            elif gap > _LONGEST_GAP:
                self._append(np.full(pose.shape, np.nan))
            else:
                self._append(self._pose + (pose - self._pose) * share)
        self._time, self._pose = time, pose

    def _on_clock(self, time: float) -> float:
        """Return a time on the buffer's clock, which goes on where the sender's began anew."""
        behind = self._pose is not None and time + self._offset < self._time - _RESTARTED
        before, self._older = self._older, time if behind else None
        if behind and before is not None and 0 < time - before <= _LONGEST_GAP:
            self._offset, self._older = self._time + 1 / self.fps - time, None
        return time + self._offset

    def _append(self, pose: np.ndarray) -> None:
        assert self._kept is not None
        place = self.count % self.n_frames
        self._kept[place] = self._kept[place + self.n_frames] = pose
        self.count += 1

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of a pose, once one has come."""
        return None if self._kept is None else self._kept.shape[1:]

    def last(self) -> np.ndarray:
        """Return a copy of the last frames, oldest first, NaN for those before the first."""
        assert self._kept is not None
        start = self.count % self.n_frames
        return self._kept[start : start + self.n_frames].copy()
