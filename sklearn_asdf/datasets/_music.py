"""Music for a dance: a score in bars and beats, and its synthesis, as pure functions.

A bass, chords, a melody and light percussion. As in the dance, the generators give the same draws
whatever the factors are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from scipy.signal import oaconvolve

from ._clock import PHRASE_BARS, Clock

__all__ = ["KEYS", "Score", "draw_score", "play"]

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
_MELODY_RHYTHMS = 3


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
    # Per motif of four beats, whether a beat of the melody is divided.
    divided = rng.random((_MELODY_RHYTHMS, 4)) < [0.15, 0.5, 0.3, 0.5]
    rhythm = np.array([0, 1, 0, 2, 0, 1, 0, 2])
    wander = rng.normal(0, 1.0, (PHRASE_BARS, 4, 2))

    centre = register(factors["extent"])
    chords = [_chord(key, mode, degree) for degree in degrees]
    voicings = _lead(chords, centre - 10)
    bass = _bass(key, mode, degrees, centre - 26)
    accent, height = accent.reshape(PHRASE_BARS, metre), height.reshape(PHRASE_BARS, metre)
    scale = {(key + step) % 12 for step in _SCALES[mode]}
    notes: list[Note] = []
    last = round(centre)
    for bar in range(PHRASE_BARS):
        first, chord = bar * metre, chords[bar]
        gain = 0.35 + 0.65 * accent[bar]
        notes.append(Note(first, metre - 1 if metre == 3 else 2, bass[bar], gain[0], "bass"))
        if metre == 4:
            notes.append(Note(first + 2, 2, bass[bar] + (7 if bar % 2 else 0), gain[2], "bass"))
        notes += [Note(first, metre, p, 1.0, "pad") for p in voicings[bar]]
        for beat in range(metre):
            # Bass on the strong beats, chords on the others: what tells three from four.
            if arpeggio:
                order = voicings[bar] if beat % 2 == 0 else voicings[bar][::-1]
                notes += [
                    Note(first + beat + i / 2, 0.75, p, 0.9 * gain[beat], "chord")
                    for i, p in enumerate((order[0], order[1 + beat % 2]))
                ]
            elif accent[bar, beat] < 0.5:
                notes += [
                    Note(first + beat, 1.0, p, 0.8 * gain[beat] + 0.15, "chord")
                    for p in voicings[bar]
                ]
            halves_of_beat = 2 if divided[rhythm[bar], beat] else 1
            for i in range(halves_of_beat):
                target = centre + 4.0 * height[bar, beat] + wander[bar, beat, i]
                allowed = chord if i == 0 and accent[bar, beat] > 0.3 else scale
                if i:
                    target = last + np.sign(wander[bar, beat, i]) * 2
                last = _nearest(target, allowed | (chord & allowed), last)
                strength = gain[beat] * (0.75 if i else 1.0)
                notes.append(
                    Note(first + beat + i / 2, 1 / halves_of_beat, last, strength, "melody")
                )
    return Score(notes, key, PHRASE_BARS * metre)


def register(extent: float) -> float:
    """Centre of the melody as a MIDI note number: from 57 (A3) to 79 (G5)."""
    return 57.0 + 22.0 * extent


def _chord(key: int, mode: str, degree: int) -> set[int]:
    """Pitch classes of the triad on a degree; the dominant of a minor key has its leading note."""
    scale = _SCALES[mode]
    tones = [scale[(degree + step) % 7] for step in (0, 2, 4)]
    if mode == "minor" and degree == 4:
        tones[1] = 11
    return {(key + tone) % 12 for tone in tones}


def _lead(chords: list[set[int]], centre: float) -> list[tuple[int, ...]]:
    """Close positions of the chords about a centre, each reached with the least movement."""
    voicings = []
    last = np.array([centre - 4, centre, centre + 4])
    for chord in chords:
        near = np.arange(int(centre) - 8, int(centre) + 9)
        tones = [p for p in near if p % 12 in chord]
        options = [
            v
            for v in product(tones, repeat=3)
            if v[0] < v[1] < v[2] <= v[0] + 12 and len({p % 12 for p in v}) == 3
        ]
        home = 0.3 * np.abs(np.mean(options, axis=1) - centre)
        best = options[np.argmin(np.abs(np.array(options) - last).sum(axis=1) + home)]
        voicings.append(tuple(int(p) for p in best))
        last = np.array(best)
    return voicings


def _bass(key: int, mode: str, degrees: np.ndarray, centre: float) -> list[int]:
    """Roots of the chords, near a centre and not below E1."""
    roots = [(key + _SCALES[mode][d]) % 12 for d in degrees]
    centre = max(centre, 36.0)
    return [int(np.round((centre - root) / 12)) * 12 + root for root in roots]


def _nearest(target: float, classes: set[int], last: int) -> int:
    """Pitch of one of the classes nearest to a target, rather not the last one again."""
    pitches = np.arange(int(target) - 12, int(target) + 13)
    pitches = pitches[np.isin(pitches % 12, list(classes))]
    cost = np.abs(pitches - target) + 1.5 * (pitches == last) + 0.15 * np.abs(pitches - last)
    return int(pitches[np.argmin(cost)])


# --- Sound -------------------------------------------------------------------------------------

_TABLE = 4096
_GAIN = {"bass": 0.5, "chord": 0.24, "pad": 0.10, "melody": 0.42}
_DECAY = {"bass": 1.6, "chord": 0.9, "pad": 30.0, "melody": 1.4}  # seconds at middle C


def loudness(vigour: float) -> float:
    """Level of the music in dB relative to a full-scale square wave (RMS 1)."""
    return -32.0 + 16.0 * vigour


def articulation(sharpness: float) -> float:
    """Share of its place in time that a note sounds."""
    return 1.0 - 0.7 * sharpness


def attack(sharpness: float) -> float:
    """Time in seconds in which a note reaches its full strength."""
    return 0.06 * (1 - sharpness) + 0.004


def tilt(extent: float) -> float:
    """Fall of the partials in dB an octave: the k-th has the amplitude ``k ** (tilt / 6.02)``."""
    return -18.0 + 10.0 * extent


@lru_cache(maxsize=1024)
def _wave(n_partials: int, power: float, odd: float) -> np.ndarray:
    """One period of a tone with `n_partials`, the even ones weakened by `odd`, peak about 1."""
    k = np.arange(1, n_partials + 1)
    amplitude = k**power * np.where(k % 2 == 0, odd, 1.0)
    # Phases of low crest factor (Schroeder): loud without high peaks.
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[k] = amplitude * np.exp(-1j * np.pi * k * (k - 1) / n_partials)
    wave = np.fft.irfft(spectrum, _TABLE)
    return (wave / np.sqrt(np.mean(wave**2)) / np.sqrt(2)).astype(np.float32)


def _tone(pitch: int, voice: str, power: float, n: int, sr: int) -> np.ndarray:
    """A struck or sustained tone whose upper partials fade first."""
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    n_partials = int(np.clip(0.45 * sr / frequency, 1, 12 if voice == "bass" else 24))
    odd = {"melody": 0.5, "bass": 0.8}.get(voice, 1.0)
    time = np.arange(n, dtype=np.float32) / sr
    turn = time * np.float32(frequency)
    if voice in ("melody", "pad"):
        turn = turn + np.float32(0.0015 * frequency) * np.sin(2 * np.pi * 5.0 * time) / 6
    bright = _wave(n_partials, power + 0.4, odd)
    dull = _wave(n_partials, power - 0.8, odd)
    index = (turn * _TABLE).astype(np.int32) & (_TABLE - 1)
    sustain = _DECAY[voice] * 2 ** ((60 - pitch) / 24)
    tone = dull[index] + np.exp(-time / 0.25) * (bright[index] - dull[index])
    if voice == "pad":
        detuned = (turn * np.float32(1.003) * _TABLE).astype(np.int32) & (_TABLE - 1)
        tone = 0.7 * (tone + dull[detuned])
    return tone * np.exp(-time / np.float32(sustain))


def _percussion(rng: np.random.Generator, sr: int) -> dict[str, np.ndarray]:
    """A soft drum, a brush and a shaker."""
    time = np.arange(int(0.3 * sr)) / sr
    sweep = 2 * np.pi * (50 * time + 60 * 0.03 * (1 - np.exp(-time / 0.03)))
    drum = np.sin(sweep) * np.exp(-time / 0.09) * np.minimum(time / 0.003, 1)
    noise = rng.standard_normal((2, len(time)))
    high = np.diff(noise, axis=1, prepend=0.0) / 2
    brush = (0.3 * noise[0] + high[0]) * np.exp(-time / 0.06) * np.minimum(time / 0.004, 1)
    shaker = np.diff(high[1], prepend=0.0) * np.exp(-time / 0.03) * np.minimum(time / 0.008, 1)
    fade = np.clip((0.3 - time) / 0.03, 0, 1)
    return {
        name: (hit * fade).astype(np.float32)
        for name, hit in (("drum", drum), ("brush", 0.28 * brush), ("shaker", 0.15 * shaker))
    }


def _strokes(metre: int) -> Iterator[tuple[float, float, str]]:
    """Percussion of one bar: position in beats, strength, instrument."""
    yield 0.0, 1.0, "drum"
    if metre == 4:
        yield 2.0, 0.6, "drum"
        yield from ((1.0, 0.6, "brush"), (3.0, 0.6, "brush"))
    else:
        yield from ((1.0, 0.45, "brush"), (2.0, 0.45, "brush"))
    for beat in range(metre):
        yield float(beat), 0.7, "shaker"
        yield beat + 0.5, 0.4, "shaker"


def play(
    rng: np.random.Generator,
    score: Score,
    clock: Clock,
    factors: Mapping[str, Any],
    *,
    duration: float,
    sr: int,
    level_duration: float,
) -> np.ndarray:
    """Synthesise a score: float32 samples in (-1, 1) at `sr` Hz.

    The first `level_duration` seconds have the RMS level that `loudness` gives, before the
    gentle limiter; the rest follows.
    """
    vigour, sharpness, extent = (factors[name] for name in ("vigour", "sharpness", "extent"))
    hits = _percussion(rng, sr)
    room = _room(rng, sr)
    looseness = rng.normal(0, 0.004, 997)
    touch = rng.normal(0, 0.06, 997)

    n = round(duration * sr)
    lead = round(0.6 * sr) + int(np.ceil((score.n_beats / PHRASE_BARS) * 60 / clock.tempo * sr))
    tail = sr  # so that every note that sounds at the end is whole
    out = np.zeros(lead + n + tail, dtype=np.float32)
    begin, end = -lead / sr, n / sr
    held = articulation(sharpness)
    rise = np.sin(np.linspace(0, np.pi / 2, max(int(attack(sharpness) * sr), 2))) ** 2
    rise = rise.astype(np.float32)
    let_go = (0.03 + 0.09 * (1 - sharpness)) * sr
    fall = (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, int(let_go)))).astype(np.float32)
    power = tilt(extent) / 6.02
    pad = (1 - sharpness) ** 1.5

    first_phrase = int(np.floor(clock.position(begin) / score.n_beats))
    last_phrase = int(np.floor(clock.position(end) / score.n_beats))
    slowest = 60 / (clock.tempo * (1 - clock.drift))
    tones: dict[tuple[int, str], np.ndarray] = {}
    longest = {
        voice: int(max(n.length for n in score.notes if n.voice == voice) * slowest * held * sr)
        + len(fall)
        for voice in _GAIN
        if any(n.voice == voice for n in score.notes)
    }
    phrases = range(first_phrase, last_phrase + 1)
    starts = np.array([[note.start, note.start + note.length] for note in score.notes])
    for phrase in phrases:
        on, off = clock.time(starts + phrase * score.n_beats).T
        for i in np.flatnonzero((on >= begin) & (on < end)):
            note = score.notes[i]
            gain = _GAIN[note.voice] * note.gain * (1 + touch[i % 997])
            place = off[i] - on[i]
            if note.voice == "pad":
                gain *= pad
                if gain < 1e-3:
                    continue
            sound = min(int(place * held * sr) + len(fall), longest[note.voice])
            key = note.pitch, note.voice
            if key not in tones:
                tones[key] = _tone(note.pitch, note.voice, power, longest[note.voice], sr)
            at = round((on[i] + looseness[i % 997]) * sr) + lead
            at = max(at, 0)
            wave = np.float32(gain) * tones[key][:sound]
            wave[: len(rise)] *= rise[:sound]
            wave[-len(fall) :] *= fall[-len(wave) :]
            wave = wave[: len(out) - at]
            out[at : at + len(wave)] += wave

    drums = np.zeros_like(out)
    bar_beats = score.n_beats // PHRASE_BARS
    strokes = list(_strokes(bar_beats))
    for bar in range(
        int(np.floor(clock.position(begin) / bar_beats)),
        int(np.floor(clock.position(end) / bar_beats)) + 1,
    ):
        on = clock.time(bar * bar_beats + np.array([s[0] for s in strokes]))
        for t, (_, strength, name) in zip(on, strokes):
            at = round(t * sr) + lead
            if at >= 0 and t < end:
                hit = hits[name][: len(out) - at]
                drums[at : at + len(hit)] += np.float32(strength) * hit
    out += np.float32(0.1 + 0.5 * vigour) * drums

    out = out + np.float32(0.25) * oaconvolve(out, room)[: len(out)]
    out = out[lead : lead + n]
    level = out[: round(level_duration * sr)]
    rms = np.sqrt(np.mean(np.square(level, dtype=np.float64)))
    out = _limit(out * np.float32(10 ** (loudness(vigour) / 20) / rms))
    edge = (np.arange(1, int(0.01 * sr) + 1) / int(0.01 * sr)).astype(np.float32)
    out[: len(edge)] *= edge
    out[-len(edge) :] *= edge[::-1]
    return out


def _room(rng: np.random.Generator, sr: int) -> np.ndarray:
    """Impulse response of a small hall without its direct sound: noise that fades and dulls."""
    n = int(0.7 * sr)
    time = np.arange(n) / sr
    noise = rng.standard_normal(n)
    noise = np.convolve(noise, np.ones(4) / 4, mode="same")
    response = noise * np.exp(-time / 0.16) * np.minimum(time / 0.015, 1)
    return (response / np.sqrt(np.sum(response**2))).astype(np.float32)


def _limit(y: np.ndarray, knee: float = 0.7) -> np.ndarray:
    """Leave what is below the knee as it is and bend the rest smoothly to below 1."""
    over = np.abs(y) > knee
    bent = knee + (1 - knee) * np.tanh((np.abs(y) - knee) / (1 - knee))
    return np.where(over, np.sign(y) * bent, y).astype(np.float32)
