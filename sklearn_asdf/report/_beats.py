"""Beats of the movement and of the sounds, to draw and to compare."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..metrics import music_beats
from ..motion.container import Motion
from ..motion.tempo import estimate_tempo, track_beats

__all__ = ["MIN_DURATION_OF_BEATS", "TOLERANCE", "Beats", "beats_of", "hits", "tempo_of"]

# Shorter dances have no beat that could be found, in s.
MIN_DURATION_OF_BEATS = 8.0
# Probability of the tempo below which a dance has no clear pulse. It is .9 and more for synthetic
# dances, .3 to 1 for street dance, and .2 for gestures without a beat.
_CLEAR_PULSE = 0.3
# How far a beat of the music may be from one of the dance, in s.
TOLERANCE = 0.07


@dataclass(frozen=True)
class Beats:
    """Beats in s: `dance` is None without a clear pulse, `confidence` the probability of its tempo.

    `sounds` has those of each sound by name.
    """

    dance: np.ndarray | None = None
    confidence: float = 0.0
    sounds: dict[str, np.ndarray] = field(default_factory=dict)


def beats_of(take: Motion, sounds: dict[str, np.ndarray], sr: int) -> Beats:
    """Find the beats of a dance in its movement alone, without the model, and those of sounds."""
    heard = {
        name: np.asarray(music_beats(np.asarray(sound)[None], sr=sr)[0][0], float)
        for name, sound in sounds.items()
    }
    if take.n_frames / take.fps < MIN_DURATION_OF_BEATS:
        return Beats(None, 0.0, heard)
    track = track_beats(take)
    found = track.beats[(track.beats >= 0) & (track.beats < take.n_frames / take.fps)]
    clear = track.confidence >= _CLEAR_PULSE and len(found) > 3
    if not clear:
        return Beats(None, float(estimate_tempo(take).confidence), heard)
    return Beats(found, float(track.confidence), heard)


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
