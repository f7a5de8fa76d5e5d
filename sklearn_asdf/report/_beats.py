"""Beats of the movement and of the sounds, to draw and to compare."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from ..functional.beat_grid import beat_position
from ..metrics import music_beats, music_curves
from ..motion.container import Motion
from ..motion.tempo import estimate_tempo, track_beats

__all__ = [
    "MIN_DURATION_OF_BEATS",
    "TOLERANCE",
    "Beats",
    "beats_of",
    "between_beats",
    "hits",
    "prolonged",
    "tempo_of",
]

# Shorter dances have no beat that could be found, in s.
MIN_DURATION_OF_BEATS = 8.0
# Probability of the tempo below which a dance has no clear pulse. It is .9 and more for synthetic
# dances, .3 to 1 for street dance, and .2 for gestures without a beat.
_CLEAR_PULSE = 0.3
# How far a beat of the music may be from one of the dance, in s.
TOLERANCE = 0.07
# Within this distance from half a beat, in beats, and if the distances of single beats agree so
# well (length of their mean, from 0 to 1), beats of the music lie between those of the dance.
_NEAR_HALF, _AGREEMENT = 0.15, 0.6
# Fewer beats have no tempo to go on at.
_MIN_BEATS = 4
# What is so many dB below the loudest place is as good as silence; in steps of so many s.
_AUDIBLE_DB, _LEVEL_STEP = 50.0, 0.25
# How much before the first sound a beat may be, in s.
_MARGIN = 0.02


@dataclass(frozen=True)
class Beats:
    """Beats in s: `dance` is None without a clear pulse, `confidence` the probability of its tempo.

    `alternatives` are other tempi in BPM that it may have, the most probable first, and `given` is
    whether the beats of the dance were known. `played` is the tempo that the model found, or None.
    `sounds` has those of each sound by name.
    """

    dance: np.ndarray | None = None
    confidence: float = 0.0
    alternatives: tuple[float, ...] = ()
    given: bool = False
    played: float | None = None
    sounds: dict[str, np.ndarray] = field(default_factory=dict)


def beats_of(
    take: Motion,
    sounds: dict[str, np.ndarray],
    sr: int,
    *,
    given: ArrayLike | None = None,
    played: float | None = None,
) -> Beats:
    """Find the beats of a dance in its movement alone, without the model, and those of sounds.

    `given` are those of the dance, where they are known, and `played` is the tempo that the model
    found.

    Those of sounds go on through quiet beginnings and ends, in which a tracker finds none.
    """
    heard = {}
    for name, sound in sounds.items():
        tracked = np.asarray(music_beats(np.asarray(sound)[None], sr=sr)[0][0], float)
        heard[name] = prolonged(tracked, *_sounding(sound, sr))
    duration = take.n_frames / take.fps
    if given is not None:
        known = np.asarray(given, float)
        known = known[(known >= 0) & (known < duration)]
        return Beats(known if len(known) > 3 else None, 1.0, given=True, sounds=heard)
    if duration < MIN_DURATION_OF_BEATS:
        return Beats(sounds=heard)
    track = track_beats(take)
    others = (track.tempo, *(candidate.tempo for candidate in track.alternatives))
    found = track.beats[(track.beats >= 0) & (track.beats < duration)]
    if track.confidence >= _CLEAR_PULSE and len(found) > 3:
        return Beats(found, float(track.confidence), others, played=played, sounds=heard)
    confidence = float(estimate_tempo(take).confidence)
    return Beats(None, confidence, others, played=played, sounds=heard)


def prolonged(beats: np.ndarray, start: float, stop: float) -> np.ndarray:
    """Return beats and, at the tempo of the nearest eight, those before and after them.

    Too few beats stay alone.
    """
    if len(beats) < _MIN_BEATS:
        return beats
    first, last = (float(np.median(np.diff(part))) for part in (beats[:9], beats[-9:]))
    before = np.arange(beats[0] - first, start - _MARGIN, -first)[::-1]
    after = np.arange(beats[-1] + last, stop, last)
    return np.concatenate([before, beats, after])


def _sounding(sound: np.ndarray, sr: int) -> tuple[float, float]:
    """Return begin and end in s of what can be heard of a sound."""
    level = music_curves(np.asarray(sound), sr=sr, step_duration=_LEVEL_STEP)[:, 0]
    loud = np.flatnonzero(level > level.max() - _AUDIBLE_DB)
    return float(loud[0] * _LEVEL_STEP), float((loud[-1] + 1) * _LEVEL_STEP)


def tempo_of(beats: np.ndarray) -> float:
    """Return the mean tempo in BPM of beats of which single ones may lack; 0 for too few."""
    if len(beats) < 3:
        return 0.0
    periods = np.diff(beats)
    usual = periods[np.abs(periods / np.median(periods) - 1) < 0.25]
    return float(60 / usual.mean())


def hits(dance: np.ndarray, music: np.ndarray) -> float:
    """Return the share of the beats of the dance at which the music has one, within 70 ms."""
    if not len(dance) or not len(music):
        return 0.0
    after = np.clip(np.searchsorted(music, dance), 1, max(1, len(music) - 1))
    near = np.minimum(
        np.abs(dance - music[after - 1]), np.abs(dance - music[np.minimum(after, len(music) - 1)])
    )
    return float(np.mean(near <= TOLERANCE + 1e-9))


def between_beats(dance: np.ndarray, music: np.ndarray) -> bool:
    """Return whether beats of the music lie half way between those of the dance."""
    if len(music) < 2:
        return False
    turns = np.exp(2j * np.pi * beat_position(music, dance)).mean()
    distance = abs(np.angle(turns)) / (2 * np.pi)
    return bool(abs(turns) > _AGREEMENT and distance > 0.5 - _NEAR_HALF)
