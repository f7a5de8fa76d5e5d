"""Tempo and beats that somebody gives, for `track_beats`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._validation import raise_all
from ..functional.tapped_beats import (
    beats_through_taps,
    refine_tempo,
    regular_beats,
    tempo_of_taps,
    tempo_spread,
)
from ..functional.tempo import TEMPI

__all__ = ["checked_beat", "near_tempo", "steady_beats"]

# Weight of the movement beside the tempo of taps, chosen on ballroom dances.
_COHERENCE = 0.3
# A tempo that somebody gives is right within the first relative distance, and most often within
# the second.
_NEAR, _PRECISION = 0.02, 0.007


def checked_beat(bpm: float | None, taps: Any) -> tuple[float | None, np.ndarray | None]:
    """Return tempo and taps that somebody gave, checked; taps alone have a tempo."""
    low, high = float(TEMPI[0]), float(TEMPI[-1])
    problems = []
    if bpm is not None and not low <= bpm <= high:
        problems.append(f"expected bpm from {low:g} to {high:g}, got {bpm!r}")
    if taps is not None:
        taps = np.asarray(taps, dtype=float)
        least = 1 if bpm is not None else 2
        if taps.ndim != 1 or len(taps) < least or not (np.diff(taps) > 0).all():
            problems.append(
                f"expected increasing times of {least} or more taps, got {taps.tolist()!r}"
            )
        elif bpm is None:
            bpm = tempo_of_taps(taps)
            if not low <= bpm <= high:
                problems.append(
                    f"expected taps at {low:g} to {high:g} BPM, got {bpm:.3g} BPM: tap every beat"
                )
    raise_all(problems)
    return bpm, taps


def near_tempo(log_prior: np.ndarray, tempi: np.ndarray, bpm: float | None) -> np.ndarray:
    """Return a prior near the given tempo, in nats; the one that was passed if there is none."""
    if bpm is None:
        return log_prior
    near = np.abs(np.log(tempi / bpm))
    return np.where(near < _NEAR, -0.5 * (near / _PRECISION) ** 2, -1e4)


def steady_beats(
    activation: np.ndarray,
    fps: float,
    bpm: float,
    taps: np.ndarray | None,
    *,
    weight: float,
    typed: bool,
) -> np.ndarray:
    """Return regular beats of a given tempo, where the taps or else the movement have them.

    A tempo that was `typed` is kept. That of taps is refined by the movement, the less the more
    taps there are.
    """
    if not typed and taps is not None:
        known = {"tempo": bpm, "spread": tempo_spread(taps), "weight": _COHERENCE * weight}
        bpm = refine_tempo(activation, fps=fps, **known)
    beats = regular_beats(activation, fps=fps, tempo=bpm)
    return beats if taps is None else beats_through_taps(beats, taps)
