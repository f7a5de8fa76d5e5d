"""Synthesis of a score: plucked and sustained voices, percussion and reverberation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import oaconvolve

from ._clock import PHRASE_BARS, Clock
from ._courses import CourseClock, Courses
from ._score import Score

__all__ = ["articulation", "attack", "loudness", "play", "tilt"]

_TABLE = 4096  # samples of a wave table
_GAIN = {"bass": 0.5, "chord": 0.24, "pad": 0.10, "melody": 0.42}
_DECAY = {"bass": 1.6, "chord": 0.9, "pad": 30.0, "melody": 1.4}  # seconds at middle C
_EVEN = {"bass": 0.8, "chord": 1.0, "pad": 1.0, "melody": 0.5}  # strength of even partials
# Seconds in which sound ends where a rest begins; and what the reverberation adds, in dB.
_DAMPED = 0.06
_REVERBERATION_DB = 0.3
_DRAWN = 997  # little deviations of touch and timing, used over and over


def loudness(vigour: Any) -> Any:
    """RMS level of the music in dB re 1."""
    return -32.0 + 16.0 * vigour


def articulation(sharpness: Any) -> Any:
    """Share of its place in time that a note sounds."""
    return 1.0 - 0.7 * sharpness


def attack(sharpness: Any) -> Any:
    """Time in seconds in which a note reaches its full strength."""
    return 0.06 * (1 - sharpness) + 0.004


def tilt(extent: Any) -> Any:
    """Fall of the partials in dB an octave: the k-th has the amplitude ``k ** (tilt / 6.02)``.

    They start 2.4 dB an octave brighter and fade to 4.8 dB an octave duller.
    """
    return -18.0 + 10.0 * extent


def _wave(n_partials: int, power: float, even: float) -> np.ndarray:
    """One period of a tone with `n_partials`, the even ones weakened to `even`."""
    k = np.arange(1, n_partials + 1)
    amplitude = k**power * np.where(k % 2 == 0, even, 1.0)
    # Phases of low crest factor (Schroeder): loud without high peaks.
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[k] = amplitude * np.exp(-1j * np.pi * k * (k - 1) / n_partials)
    wave = np.fft.irfft(spectrum, _TABLE)
    return (wave / np.sqrt(np.mean(wave**2)) / np.sqrt(2)).astype(np.float32)


def _tone(pitch: int, voice: str, power: float, n: int, sr: int) -> np.ndarray:
    """A struck or sustained tone whose upper partials fade first."""
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    n_partials = int(np.clip(0.45 * sr / frequency, 1, 12 if voice == "bass" else 24))
    time = np.arange(n, dtype=np.float32) / sr
    turn = time * np.float32(frequency)
    if voice in ("melody", "pad"):
        turn = turn + np.float32(0.0015 * frequency) * np.sin(2 * np.pi * 5.0 * time) / 6
    bright = _wave(n_partials, power + 0.4, _EVEN[voice])
    dull = _wave(n_partials, power - 0.8, _EVEN[voice])
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
        yield from ((float(beat), 0.45, "brush") for beat in range(1, metre))
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
    courses: Courses | None = None,
) -> np.ndarray:
    """Synthesize a score: float32 samples in (-1, 1) at `sr` Hz.

    The first `level_duration` seconds have the RMS level that `loudness` gives, before the
    gentle limiter; the rest follows. With courses, each moment has its level, and rests are silent
    but for the reverberation.
    """
    vigour, sharpness, extent = (factors[name] for name in ("vigour", "sharpness", "extent"))
    hits = _percussion(rng, sr)
    room = _room(rng, sr)
    looseness = rng.normal(0, 0.004, _DRAWN)
    touch = rng.normal(0, 0.06, _DRAWN)

    n = round(duration * sr)
    bar_beats = score.n_beats // PHRASE_BARS
    # From more than a bar before, so that what began earlier still sounds.
    lead = round((0.6 + bar_beats * 60 / clock.tempo) * sr)
    span = -lead / sr, n / sr
    out = np.zeros(lead + n, dtype=np.float32)
    factors_at = {"sharpness": sharpness, "power": tilt(extent) / 6.02}
    voices = _voices(score, clock, span, looseness, touch, factors_at, sr, courses)
    for start, wave in voices:
        _add(out, round((start - span[0]) * sr), wave)
    drums = np.zeros_like(out)
    for start, strength, name in _hits(bar_beats, clock, span):
        _add(drums, round((start - span[0]) * sr), np.float32(strength) * hits[name])
    if courses is None:
        out += np.float32(0.1 + 0.5 * vigour) * drums
    else:
        time = np.arange(len(out)) / sr + span[0]
        out += (0.1 + 0.5 * courses("vigour", time)).astype(np.float32) * drums
        out *= _gain(out, courses, time, sr)

    out = out + np.float32(0.25) * oaconvolve(out, room)[: len(out)]
    out = out[lead:]
    if courses is None:
        level = out[: round(level_duration * sr)]
        rms = np.sqrt(np.mean(np.square(level, dtype=np.float64)))
        out = out * np.float32(10 ** (loudness(vigour) / 20) / rms)
    out = _limit(out)
    edge = (np.arange(1, int(0.01 * sr) + 1) / int(0.01 * sr)).astype(np.float32)
    out[: len(edge)] *= edge
    out[-len(edge) :] *= edge[::-1]
    return out


def _gain(y: np.ndarray, courses: Courses, time: np.ndarray, sr: int) -> np.ndarray:
    """Factor of each sample that gives music the level of its vigour, and 0 in rests."""
    hop = sr // 50
    n = -(-len(y) // hop)
    power = np.square(np.pad(y, (0, n * hop - len(y))), dtype=np.float64).reshape(n, hop).mean(1)
    at = (np.arange(n) + 0.5) * hop / sr + time[0]
    moving = courses("moving", at)
    # Over half a second of sound: the accents of beats stay, and rests do not count.
    share = gaussian_filter1d(moving, 0.3 * sr / hop)
    power = gaussian_filter1d(power * moving, 0.3 * sr / hop) / np.maximum(share, 1e-3)
    wanted = loudness(courses("vigour", at)) - 10 * np.log10(power + 1e-7) - _REVERBERATION_DB
    gain = 10 ** (np.interp(time, at, wanted) / 20)
    # What sounds when a rest begins is damped within some hundredths of a second.
    width = max(round(_DAMPED * sr), 1)
    gate = uniform_filter1d(courses("moving", time - _DAMPED / 2), width)
    return (gain * gate).astype(np.float32)


def _add(out: np.ndarray, at: int, wave: np.ndarray) -> None:
    """Mix a sound in; what lies outside is left out."""
    if 0 <= at < len(out):
        out[at : at + len(wave)] += wave[: len(out) - at]


def _voices(
    score: Score,
    clock: Clock,
    span: tuple[float, float],
    looseness: np.ndarray,
    touch: np.ndarray,
    factors: Mapping[str, float],
    sr: int,
    courses: Courses | None,
) -> Iterator[tuple[float, np.ndarray]]:
    """Start in seconds and sound of each note that begins within a span of time."""
    sharpness, power = factors["sharpness"], factors["power"]
    rise, fall = _edges(sharpness, sr)
    pad_gain = _GAIN["pad"] * (1 - sharpness) ** 1.5
    # A tone is made once, for its longest note, and cut and shaped for each.
    held, beat = articulation(sharpness), 60 / (clock.tempo * (1 - clock.drift))
    if courses is not None:
        held, beat = articulation(0.0), 60 / courses.tempo(courses.at).min()
    longest = dict.fromkeys(_GAIN, 0)
    for note in score.notes:
        length = int(note.length * held * beat * sr) + round(0.12 * sr) + 1
        longest[note.voice] = max(longest[note.voice], length)
    tones: dict[tuple[int, str, float], np.ndarray] = {}

    for begin, end, i in _notes(score, clock, span):
        note = score.notes[i]
        if courses is not None:
            sharpness = round(float(courses("sharpness", begin)), 2)
            # Eighths of the range are too little to be heard one by one, and few to synthesize.
            power = tilt(round(8 * float(courses("extent", begin))) / 8) / 6.02
            rise, fall = _edges(sharpness, sr)
            held, pad_gain = articulation(sharpness), _GAIN["pad"] * (1 - sharpness) ** 1.5
        gain = pad_gain if note.voice == "pad" else _GAIN[note.voice]
        gain = gain * note.gain * (1 + touch[i % _DRAWN])
        if gain < 1e-3:
            continue
        key = note.pitch, note.voice, power
        if key not in tones:
            tones[key] = _tone(note.pitch, note.voice, power, longest[note.voice], sr)
        length = int((end - begin) * held * sr) + len(fall)
        wave = np.float32(gain) * tones[key][:length]
        wave[: len(rise)] *= rise[: len(wave)]
        wave[-len(fall) :] *= fall
        yield begin + looseness[i % _DRAWN], wave


def _edges(sharpness: float, sr: int) -> tuple[np.ndarray, np.ndarray]:
    """How a note begins and ends."""
    rising = np.linspace(0, np.pi / 2, max(int(attack(sharpness) * sr), 2))
    falling = np.linspace(0, np.pi, int((0.03 + 0.09 * (1 - sharpness)) * sr))
    rise, fall = np.sin(rising) ** 2, 0.5 + 0.5 * np.cos(falling)
    return rise.astype(np.float32), fall.astype(np.float32)


def _notes(
    score: Score, clock: Clock, span: tuple[float, float]
) -> Iterator[tuple[float, float, int]]:
    """Begin and end in seconds, and number, of each note that begins within a span of time."""
    edges = np.array([[note.start, note.start + note.length] for note in score.notes])
    first, last = (int(p // score.n_beats) for p in _danced(clock, np.array(span)))
    for phrase in range(first, last + 1):
        begin, end = _times(clock, edges + phrase * score.n_beats).T
        for i in np.flatnonzero((begin >= span[0]) & (begin < span[1])):
            yield begin[i], end[i], int(i)


def _danced(clock: Clock, time: np.ndarray) -> np.ndarray:
    """Beats of the score at times in s: it pauses while the dancer rests."""
    position = clock.position(time)
    return clock.danced(position) if isinstance(clock, CourseClock) else position


def _times(clock: Clock, beats: np.ndarray) -> np.ndarray:
    """Times in s of beats of the score."""
    return clock.time(clock.played(beats) if isinstance(clock, CourseClock) else beats)


def _hits(
    bar_beats: int, clock: Clock, span: tuple[float, float]
) -> Iterator[tuple[float, float, str]]:
    """Start in seconds, strength and instrument of each stroke within a span of time."""
    strokes = list(_strokes(bar_beats))
    first, last = (int(p // bar_beats) for p in _danced(clock, np.array(span)))
    for bar in range(first, last + 1):
        starts = _times(clock, bar * bar_beats + np.array([place for place, _, _ in strokes]))
        for start, (_, strength, name) in zip(starts, strokes):
            yield start, strength, name


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
