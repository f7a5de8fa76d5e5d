"""What `estimate_tempo` and `track_beats` return: the tempo and the beats of a dance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..functional.beat_grid import beat_position, time_of_position
from ..functional.tapped_beats import shift_beats

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

    def shifted(self, n_beats: float = 0.5) -> BeatTrack:
        """Return the same beats later by a part of a beat, for those that were found off the beat.

        Parameters
        ----------
        n_beats : float, default=0.5
            By how many beats, from 0 to 1.

        Returns
        -------
        BeatTrack
            With one beat more before its first one.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_asdf.motion import BeatTrack
        >>> track = BeatTrack(120.0, np.array([0.0, 0.5, 1.0]), np.array([0.0]), 4, 1.0, ())
        >>> track.shifted().beats.tolist()
        [-0.25, 0.25, 0.75, 1.25]
        """
        if not 0 <= n_beats <= 1:
            raise ValueError(f"expected n_beats from 0 to 1, got {n_beats!r}")
        if len(self.beats) < 2:
            return self
        first = beat_position(self.beats, self.downbeats)
        downbeats = time_of_position(self.beats, first + n_beats)
        return replace(self, beats=shift_beats(self.beats, n_beats), downbeats=downbeats)
