"""TimeAxis: how a container of clips is cut and resampled in time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from numbers import Real
from typing import Any, Self

import numpy as np

from .._validation import raise_all
from ..functional.resampling import RATE_TOLERANCE, interpolate_linearly, resample
from .arrays import check_fps, cut_windows, window_starts
from .clip_array import ClipArray

__all__ = ["TimeAxis"]


class TimeAxis(ClipArray):
    """Mixin that cuts and resamples a container of poses in time.

    A subclass is a dataclass with the fields of :class:`sklearn_asdf.Motion`.
    """

    fps: float
    confidence: np.ndarray | None
    beat: np.ndarray | None
    lengths: Any

    def _map(self, function: Callable[[np.ndarray], np.ndarray], *, keyframes: bool = True) -> Self:
        """Return a container of `function` of each array, with or without keyframes."""
        raise NotImplementedError

    def _rebuild(self, position: np.ndarray, *, fps: float, **fields: Any) -> Self:
        """Return a container of other arrays of the same joints."""
        raise NotImplementedError

    @property
    def duration(self) -> float:
        """Duration of `n_frames` in seconds."""
        return self.n_frames / self.fps

    def frames(self, start: int | None = None, stop: int | None = None) -> Self:
        """Return the frames of all clips from `start` up to, not including, `stop`.

        Parameters
        ----------
        start, stop : int or None, default=None
            As in a slice.

        Returns
        -------
        Motion
            Views of the same arrays, without keyframes.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> Motion(np.zeros((4, 60, 17, 2))).frames(10, 40).n_frames
        30
        """
        first, last, _ = slice(start, stop).indices(self.n_frames)
        if last <= first:
            raise ValueError(
                f"expected start < stop within {self.n_frames} frames, got start={start!r} and "
                f"stop={stop!r}: no frame is left"
            )
        return self._map(lambda array: array[:, first:last], keyframes=False)

    def windows(self, clip_duration: float = 8.0, hop_duration: float = 1.0) -> Self:
        """Return overlapping clips of one long take.

        Parameters
        ----------
        clip_duration : float, default=8.0
            Length of a clip in seconds.
        hop_duration : float, default=1.0
            Time from the start of a clip to that of the next, in seconds.

        Returns
        -------
        Motion
            Clip i starts at the frame nearest to ``i * hop_duration``; a remainder shorter than a
            clip is left out. If a hop is a whole number of frames, the clips are read-only views of
            this take, and overlap costs no memory.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> Motion(np.zeros((1, 600, 17, 2))).windows(8, 1).shape
        (13, 240, 17, 2)
        """
        problems = []
        if self.n_clips != 1:
            problems.append(
                f"expected one take to cut, got {self.n_clips} clips: cut each and join them, "
                "Motion.concatenate([take.windows() for take in motion])"
            )
        for name, value in (("clip_duration", clip_duration), ("hop_duration", hop_duration)):
            if not isinstance(value, Real) or not 1 <= value * self.fps < np.inf:
                problems.append(
                    f"expected {name} to be at least one frame ({1 / self.fps:.4g} s), got "
                    f"{value!r}"
                )
        raise_all(problems)
        size = round(clip_duration * self.fps)
        length = int(self.lengths[0])
        if size > length:
            raise ValueError(
                f"expected a take of at least clip_duration={clip_duration} s, got "
                f"{length / self.fps:.4g} s: take a shorter clip_duration"
            )
        starts = window_starts(length, size, hop_duration * self.fps)
        return self._map(lambda array: cut_windows(array, starts, size), keyframes=False)

    def resample(self, fps: float) -> Self:
        """Return all clips at another frame rate.

        Parameters
        ----------
        fps : float
            New frame rate in Hz.

        Returns
        -------
        Motion
            With positions, confidence and beat only: compute derivatives after resampling. Frame i
            is the pose at ``i / fps`` seconds, interpolated by cubic splines between gaps; the
            duration of the last frame counts. If `fps` is lower, positions are filtered first by
            a zero-phase low-pass at 0.45 of it.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf import Motion
        >>> Motion(np.zeros((4, 61, 17, 2)), fps=30).resample(60).shape
        (4, 122, 17, 2)
        """
        raise_all(check_fps(fps))
        if fps == self.fps:
            return self
        if abs(fps - self.fps) < RATE_TOLERANCE * fps:
            same: Any = self
            return dataclasses.replace(same, fps=float(fps))
        position = resample(self.position, fps=self.fps, new_fps=fps)
        frames = np.arange(position.shape[1]) * (self.fps / fps)
        confidence, beat = (
            None if values is None else interpolate_linearly(values, frames)
            for values in (self.confidence, self.beat)
        )
        return self._rebuild(position, fps=fps, confidence=confidence, beat=beat)
