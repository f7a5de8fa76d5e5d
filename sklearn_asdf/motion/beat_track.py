"""What `estimate_tempo` and `track_beats` return: the tempo and the beats of a dance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..functional.beat_grid import beat_position

__all__ = ["BeatTrack", "TempoCandidate", "TempoEstimate"]


class TempoCandidate(NamedTuple):
    """A tempo that a dance may have.

    Parameters
    ----------
    tempo : float
        In BPM.
    metre : int
        Beats per bar.
    weight : float
        Posterior probability of this tempo, within 4 %.
    """

    tempo: float
    metre: int
    weight: float


@dataclass(frozen=True, eq=False)
class TempoEstimate:
    """Tempo and metre of a dance, and what else they may be.

    Parameters
    ----------
    tempo : float
        The most probable tempo in BPM.
    metre : int
        Its beats per bar.
    confidence : float
        Probability of this tempo, within 4 %.
    alternatives : tuple of TempoCandidate
        Other tempi, the most probable first: often an octave or 3:2 apart.
    tempi : ndarray of shape (n_tempi,)
        Tempi in BPM.
    posterior : ndarray of shape (n_metres, n_tempi)
        Probability of each metre and tempo; sums to 1.
    metres : tuple of int
        The metres, in the order of `posterior`.
    """

    tempo: float
    metre: int
    confidence: float
    alternatives: tuple[TempoCandidate, ...]
    tempi: np.ndarray
    posterior: np.ndarray
    metres: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class BeatTrack:
    """The beats of a dance, as one grid.

    Parameters
    ----------
    tempo : float
        Median tempo of the beats in BPM.
    beats : ndarray of shape (n_beats,)
        Times in s from the first frame.
    downbeats : ndarray of shape (n_bars,)
        Those beats at which bars most likely begin.
    metre : int
        Beats per bar.
    confidence : float
        Probability of the tempo, within 4 %.
    alternatives : tuple of TempoCandidate
        Other tempi, the most probable first.
    """

    tempo: float
    beats: np.ndarray
    downbeats: np.ndarray
    metre: int
    confidence: float
    alternatives: tuple[TempoCandidate, ...]

    def phase(self, time: Any) -> np.ndarray:
        """Return the phase of the beat at some moments.

        Parameters
        ----------
        time : array-like
            In s from the first frame.

        Returns
        -------
        phase : ndarray, shaped as `time`
            In radians; a multiple of 2 pi on each beat.
        """
        return 2 * np.pi * beat_position(self.beats, time)
