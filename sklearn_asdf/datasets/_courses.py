"""How the factors of a synthetic performance change in time: swells, stops, accents, tempo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ._clock import Clock

__all__ = ["REST_DB", "CourseClock", "Courses", "draw_courses"]

# Curves are drawn at this rate in Hz, and interpolated linearly in between.
_RATE = 100.0
# Level in dB re 1 that stands for silence.
REST_DB = -80.0
# Seconds before the first frame that curves reach, for notes that began earlier, and after the end.
_BEFORE, _AFTER = 12.0, 8.0
# Beats of a segment, from one phrase's level to the next one's.
_SEGMENTS = (6, 8, 12)
_STOP_SHARE, _STOP_DURATION = 0.3, (1.5, 4.0)
_ACCENT_SHARE, _ACCENT_SIZE = 0.5, 0.5
_TEMPO_SHARE, _TEMPO_RANGE = 0.12, (0.84, 1.19)
# The first segments stay moving, so that each performance begins with its dance.
_FIRST_STOP = 2


@dataclass(frozen=True)
class CourseClock(Clock):
    """A pulse whose tempo changes, and which stops counting danced beats where the dancer rests.

    Parameters
    ----------
    at : ndarray of shape (n_points,)
        Times in s, increasing.
    passed : ndarray of shape (n_points,)
        Position at these times, in beats from the beginning of the piece.
    stops : tuple of (float, float)
        Position and length of each rest, in beats.
    """

    at: Any = None
    passed: Any = None
    stops: tuple[tuple[float, float], ...] = ()

    def position(self, time: np.ndarray | float) -> np.ndarray:
        """Beats since the beginning of the piece at a time in seconds."""
        return _interpolate(time, self.at, self.passed)

    def time(self, position: np.ndarray | float) -> np.ndarray:
        """Time in seconds of a position in beats: the inverse of `position`."""
        return _interpolate(position, self.passed, self.at)

    def danced(self, position: np.ndarray) -> np.ndarray:
        """Danced beats, which do not go on in rests, at a position."""
        position = np.asarray(position, dtype=float)
        rested = sum(np.clip(position - begin, 0.0, length) for begin, length in self.stops)
        return position - rested

    def played(self, danced: np.ndarray) -> np.ndarray:
        """Position of danced beats; a beat on which a rest begins is played after it."""
        position = np.asarray(danced, dtype=float)
        for begin, length in sorted(self.stops):
            position = position + np.where(position >= begin - 1e-9, length, 0.0)
        return position

    def beats(self, begin: float, end: float) -> np.ndarray:
        """Whole beats, as integers, outside rests, from `begin` up to but without `end`."""
        beats = super().beats(begin, end)
        for first, length in self.stops:
            beats = beats[(beats < first) | (beats >= first + length)]
        return beats


def _interpolate(x: Any, xp: np.ndarray, fp: np.ndarray) -> np.ndarray:
    """Linear interpolation, continued beyond both ends with the slope there."""
    x = np.asarray(x, dtype=float)
    y = np.interp(x, xp, fp)
    first, last = (fp[1] - fp[0]) / (xp[1] - xp[0]), (fp[-1] - fp[-2]) / (xp[-1] - xp[-2])
    y = np.where(x < xp[0], fp[0] + (x - xp[0]) * first, y)
    return np.where(x > xp[-1], fp[-1] + (x - xp[-1]) * last, y)


@dataclass(frozen=True)
class Courses:
    """Curves of the factors of one performance.

    Parameters
    ----------
    clock : CourseClock
        Its beat.
    at : ndarray of shape (n_points,)
        Times in s.
    curves : dict of ndarray of shape (n_points,)
        `vigour`, which passes 1 on accents, `sharpness`, `extent`, and `moving`, 0 in rests.
    """

    clock: CourseClock
    at: np.ndarray
    curves: dict[str, np.ndarray]

    def __call__(self, name: str, time: np.ndarray | float) -> np.ndarray:
        """Return a curve at times in s."""
        return np.interp(time, self.at, self.curves[name])

    def tempo(self, time: np.ndarray) -> np.ndarray:
        """Return the tempo in BPM at times in s."""
        step = 0.5 / _RATE
        return 60 * (self.clock.position(time + step) - self.clock.position(time - step)) / 2 / step


def draw_courses(
    rng: np.random.Generator,
    clock: Clock,
    factors: Mapping[str, Any],
    duration: float,
    *,
    rests: bool = True,
) -> Courses:
    """Draw the courses of a performance about its factors, with rests or without.

    Segment after segment is drawn, so that a longer performance begins as a shorter one does.
    """
    n_points = round((duration + _BEFORE + _AFTER) * _RATE) + 1
    at = np.arange(n_points) / _RATE - _BEFORE
    # Twice as many beats as pass at the mean tempo: more than the fastest course needs.
    first = np.ceil(clock.position(0.0))
    last = first + 2 * (duration + _AFTER) * clock.tempo / 60 + 2 * max(_SEGMENTS)
    knots = {name: [(first, factors[name])] for name in ("vigour", "sharpness", "extent")}
    stops, accents, ratios, beat, ratio, n = [], [], [(first, 1.0)], first, 1.0, 0
    while beat < last:
        # The same number of draws in each segment.
        length = float(rng.choice(_SEGMENTS))
        u = rng.random(10)
        if rests and n >= _FIRST_STOP and u[0] < _STOP_SHARE:
            low, high = _STOP_DURATION
            rest = float(np.ceil((low + (high - low) * u[1]) * clock.tempo * ratio / 60))
            stops.append((beat, rest))
            for points in knots.values():
                points.append((beat + rest, points[-1][1]))
            ratios.append((beat + rest, ratio))
            beat += rest
        if n and u[2] < _TEMPO_SHARE:
            low, high = _TEMPO_RANGE
            ratio = float(np.clip(low + (high - low) * u[3], 70 / clock.tempo, 150 / clock.tempo))
            ratios += [(beat, ratios[-1][1]), (beat + 2, ratio)]
        # Within the segment's first beat or all the way through it, to a level of its own.
        for i, (name, points) in enumerate(knots.items()):
            target = np.clip(factors[name] + 1.2 * (u[4 + i] - 0.5), 0.0, 1.0)
            if u[7] < 0.3:
                points.append((beat + 1.0, target))
            points.append((beat + length, target))
        if u[8] < _ACCENT_SHARE:
            accents.append(beat + 1 + np.floor(u[9] * (length - 2)))
        beat += length
        n += 1
    clock = _course_clock(clock, at, np.array(ratios), tuple(stops))
    position = clock.position(at)
    curves = {name: np.interp(position, *np.array(points).T) for name, points in knots.items()}
    for accent in accents:
        bump = np.clip(1 - np.abs(position - accent - 0.1) / 0.6, 0.0, 1.0)
        curves["vigour"] = curves["vigour"] + _ACCENT_SIZE * bump
    moving = np.ones(n_points)
    for begin, rest in stops:
        moving[(position >= begin) & (position < begin + rest)] = 0.0
    return Courses(clock, at, curves | {"moving": moving})


def _course_clock(
    clock: Clock, at: np.ndarray, ratios: np.ndarray, stops: tuple[tuple[float, float], ...]
) -> CourseClock:
    """Return a clock whose tempo is that of another one times a ratio by position."""
    rate = np.diff(clock.position(np.append(at, at[-1] + 1 / _RATE)))
    passed = np.empty(len(at))
    zero = int(np.searchsorted(at, 0.0))
    # Before the performance the tempo is that of its beginning.
    passed[: zero + 1] = clock.position(at[: zero + 1])
    place, (points, values) = float(passed[zero]), ratios.T
    for i in range(zero, len(at) - 1):
        place += rate[i] * float(np.interp(place, points, values))
        passed[i + 1] = place
    fields = {name: getattr(clock, name) for name in Clock.__dataclass_fields__}
    return replace(CourseClock(**fields), at=at, passed=passed, stops=stops)
