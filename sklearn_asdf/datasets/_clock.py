"""The common beat of dance and music of a synthetic performance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["PHRASE_BARS", "Clock"]

PHRASE_BARS = 8  # dance and music repeat after this many bars


@dataclass(frozen=True)
class Clock:
    """A pulse with a slow drift of tempo.

    The tempo at time t is ``tempo * (1 + drift * cos(2 * pi * t / drift_period + drift_phase))``.

    Parameters
    ----------
    tempo : float
        Mean tempo in beats per minute.
    metre : int
        Beats of a bar.
    start : float
        Position at time 0, in beats from the beginning of the piece.
    drift, drift_period, drift_phase : float
        Relative size of the drift, its period in seconds and its phase in radians.
    """

    tempo: float
    metre: int
    start: float
    drift: float = 0.0
    drift_period: float = 20.0
    drift_phase: float = 0.0

    def position(self, time: np.ndarray | float) -> np.ndarray:
        """Beats since the beginning of the piece at a time in seconds."""
        rate = 2 * np.pi / self.drift_period
        swing = np.sin(rate * np.asarray(time) + self.drift_phase) - np.sin(self.drift_phase)
        return self.start + self.tempo / 60 * (time + self.drift / rate * swing)

    def time(self, position: np.ndarray | float) -> np.ndarray:
        """Time in seconds of a position in beats: the inverse of `position`."""
        position = np.asarray(position, dtype=float)
        time = (position - self.start) * 60 / self.tempo
        # The drift is a contraction of a few per cent, so each turn gains more than a digit.
        for _ in range(12):
            time = time + (position - self.position(time)) * 60 / self.tempo
        return time

    def beats(self, begin: float, end: float) -> np.ndarray:
        """Whole beats, as integers, at times from `begin` up to but without `end`."""
        first, last = self.position(begin), self.position(end)
        return np.arange(int(np.ceil(first)), int(np.ceil(last)))
