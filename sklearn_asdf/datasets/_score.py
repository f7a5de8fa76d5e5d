"""Composition of a score for a synthetic dance: harmony, bass, chords and melody in beats.

As in the dance, the generator gives the same draws whatever the factors are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ._clock import PHRASE_BARS

__all__ = ["KEYS", "Note", "Score", "draw_score", "register"]

KEYS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
# Degrees counted from 0, a bar each: the first half ends open, the second at home.
_PROGRESSIONS = {
    "major": (
        (0, 5, 3, 4, 0, 3, 4, 0),
        (0, 3, 1, 4, 0, 3, 4, 0),
        (0, 4, 5, 3, 0, 3, 4, 0),
        (0, 3, 0, 4, 0, 5, 4, 0),
    ),
    "minor": (
        (0, 5, 3, 4, 0, 3, 4, 0),
        (0, 3, 5, 4, 0, 3, 4, 0),
        (0, 6, 5, 4, 0, 3, 4, 0),
        (0, 3, 0, 4, 0, 5, 4, 0),
    ),
}


class Note(NamedTuple):
    """A note of a voice: when, how long (both in beats from the phrase's start), what, how loud."""

    start: float
    length: float
    pitch: int
    gain: float
    voice: str


@dataclass(frozen=True)
class Score:
    """One phrase of music, repeated for as long as the dance lasts.

    Parameters
    ----------
    notes : list of Note
        Pitched notes within one phrase.
    key : int
        Tonic, 0 for C to 11 for B.
    n_beats : int
        Beats of the phrase.
    """

    notes: list[Note]
    key: int
    n_beats: int


def draw_score(
    rng: np.random.Generator,
    factors: Mapping[str, Any],
    *,
    accent: np.ndarray,
    height: np.ndarray,
) -> Score:
    """Compose a phrase: its harmony in the mode, its melody along the height of the hands."""
    metre, mode = factors["metre"], factors["mode"]
    key = int(rng.integers(12))
    degrees = np.array(_PROGRESSIONS[mode][rng.integers(len(_PROGRESSIONS[mode]))])
    arpeggio = rng.random() < 0.5
    # Three rhythms of a bar: which beats of the melody are divided.
    divided = rng.random((3, 4)) < [0.15, 0.5, 0.3, 0.5]
    divided = divided[[0, 1, 0, 2, 0, 1, 0, 2], :metre]
    wander = rng.normal(0, 1.0, (PHRASE_BARS, 4, 2))[:, :metre]

    center = register(factors["extent"])
    chords = [_chord(key, mode, degree) for degree in degrees]
    scales = [_scale(key, mode, degree) for degree in degrees]
    voicings = _lead(chords, center - 10)
    roots = _roots(key, mode, degrees, center - 26)
    accent, height = accent.reshape(PHRASE_BARS, metre), height.reshape(PHRASE_BARS, metre)
    gain = (0.35 + 0.65 * accent).tolist()
    notes: list[Note] = []
    for bar in range(PHRASE_BARS):
        notes += _accompaniment(bar, roots[bar], voicings[bar], gain[bar], arpeggio=arpeggio)

    last = round(center)
    for bar, beat in np.ndindex(PHRASE_BARS, metre):
        strong = accent[bar, beat] > 0.3
        target = center + 4.0 * height[bar, beat] + wander[bar, beat, 0]
        last = _nearest(target, chords[bar] if strong else scales[bar], last)
        start, length = bar * metre + beat, 0.5 if divided[bar, beat] else 1.0
        notes.append(Note(start, length, last, gain[bar][beat], "melody"))
        if divided[bar, beat]:
            target = last + 2 * np.sign(wander[bar, beat, 1])
            last = _nearest(target, scales[bar], last)
            notes.append(Note(start + 0.5, 0.5, last, 0.75 * gain[bar][beat], "melody"))
    return Score(notes, key, PHRASE_BARS * metre)


def _accompaniment(
    bar: int, root: int, voicing: tuple[int, ...], gain: Sequence[float], *, arpeggio: bool
) -> Iterator[Note]:
    """Bass on the strong beats, chords on the others (triple or quadruple metre), and a pad."""
    metre = len(gain)
    first = bar * metre
    yield Note(first, 2, root, gain[0], "bass")
    if metre == 4:
        yield Note(first + 2, 2, root + (7 if bar % 2 else 0), gain[2], "bass")
    for pitch in voicing:
        yield Note(first, metre, pitch, 1.0, "pad")
    for beat in range(metre):
        if arpeggio:
            outer, inner = (voicing[0], voicing[1]) if beat % 2 == 0 else (voicing[2], voicing[1])
            yield Note(first + beat, 0.75, outer, 0.9 * gain[beat], "chord")
            yield Note(first + beat + 0.5, 0.75, inner, 0.9 * gain[beat], "chord")
        elif gain[beat] < 0.7:
            for pitch in voicing:
                yield Note(first + beat, 1.0, pitch, 0.8 * gain[beat] + 0.15, "chord")


def register(extent: float) -> float:
    """Center of the melody as a MIDI note number: from 57 (A3) to 79 (G5)."""
    return 57.0 + 22.0 * extent


def _tones(mode: str, degree: int) -> list[int]:
    """Scale in semitones above the tonic; with a leading note on the dominant of a minor key."""
    tones = list(_SCALES[mode])
    if mode == "minor" and degree == 4:
        tones[6] = 11
    return tones


def _scale(key: int, mode: str, degree: int) -> set[int]:
    """Pitch classes of the scale while the chord on a degree sounds."""
    return {(key + tone) % 12 for tone in _tones(mode, degree)}


def _chord(key: int, mode: str, degree: int) -> set[int]:
    """Pitch classes of the triad on a degree."""
    tones = _tones(mode, degree)
    return {(key + tones[(degree + step) % 7]) % 12 for step in (0, 2, 4)}


def _lead(chords: list[set[int]], center: float) -> list[tuple[int, ...]]:
    """Close positions of the chords about a center, each reached with the least movement."""
    voicings = []
    last = np.array([center - 4, center, center + 4])
    for chord in chords:
        near = np.arange(int(center) - 8, int(center) + 9)
        tones = [p for p in near if p % 12 in chord]
        options = [
            v
            for v in product(tones, repeat=3)
            if v[0] < v[1] < v[2] <= v[0] + 12 and len({p % 12 for p in v}) == 3
        ]
        home = 0.3 * np.abs(np.mean(options, axis=1) - center)
        best = options[np.argmin(np.abs(np.array(options) - last).sum(axis=1) + home)]
        voicings.append(tuple(int(p) for p in best))
        last = np.array(best)
    return voicings


def _roots(key: int, mode: str, degrees: np.ndarray, center: float) -> list[int]:
    """Roots of the chords, near a center and not below E1."""
    roots = [(key + _SCALES[mode][d]) % 12 for d in degrees]
    center = max(center, 36.0)
    return [int(np.round((center - root) / 12)) * 12 + root for root in roots]


def _nearest(target: float, classes: set[int], last: int) -> int:
    """Pitch of one of the classes nearest to a target, rather not the last one again."""
    pitches = np.arange(int(target) - 12, int(target) + 13)
    pitches = pitches[np.isin(pitches % 12, list(classes))]
    cost = np.abs(pitches - target) + 1.5 * (pitches == last) + 0.15 * np.abs(pitches - last)
    return int(pitches[np.argmin(cost)])
