"""Playback of units for codes that arrive one after the other, as of a live dance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..functional.overlap import fade_gains
from ..functional.step_course import StepCourse, merge_steps
from ..functional.stretch import warp_time
from .analysis import CHANGED_BY_RESTS, LEVEL, STEP_LEVEL, beat_of, check_code, limit_level
from .corpus import FADE_LEAD
from .unit_player import limit_course, split_code, wanted_steps
from .unit_steps import local_level, set_gain

if TYPE_CHECKING:
    from .units import UnitEncoder

__all__ = ["UnitStream"]

# Largest change of one beat's length, as a share of it, that brings the beat back onto the dance's.
_MAX_CORRECTION = 0.2
# Seconds: less than half of the shortest beat (240 BPM), so that cross-fades never overlap.
_MAX_FADE = 0.1
# Seconds of the recording before and after a unit that its local level depends on.
_AROUND = 0.5
# Units below this level, in dB, are silent and get no gain.
_SILENT = -90.0


class UnitStream:
    """Player of successive codes: one continuous piece of music.

    Parameters
    ----------
    encoder : UnitEncoder
        Fitted.

    Notes
    -----
    A unit that has begun is played to its end. The next one is chosen when it is due, as the first
    of the cheapest sequence of units over the length of a clip, so that the music leaves its
    recording only for changes of the code that last. The end of a unit is moved towards the
    nearest beat of the code, by at most a fifth of a beat.

    With steps (`UnitEncoder.step_duration`) the level follows the steps of the code, also within a
    unit, and the units are chosen by the steps of the last beat. A clip with a rest is described by
    less movement than the dancer makes: until the rest has left the clip, its descriptors are mixed
    with those from before the rest, by twice the share of the rest. Those from before are forgotten
    with a time constant of two clips, for dances that rest in every clip.
    """

    def __init__(self, encoder: UnitEncoder) -> None:
        self._encoder = encoder
        # Length of a cross-fade in samples.
        self._n_join = round(min(encoder.fade_duration, _MAX_FADE) * encoder.sr)
        # Samples that are ready to be played; where in them the last unit ends; its number; and its
        # gain in dB.
        self._ready = np.zeros(0, np.float32)
        self._end = 0.0
        self._unit: int | None = None
        self._gain = 0.0
        # With steps the ready samples have no gain yet, but this local level, in dB.
        self._level = np.zeros(0, np.float32)
        self._course: StepCourse | None = None
        # Descriptors of the last clip without a rest, as far as they are not forgotten.
        self._before_rest: np.ndarray | None = None
        # The last factor that was played.
        self._factor: float | None = None

    def play(self, code: np.ndarray, n_new: int, n_fade: int = 0) -> np.ndarray:
        """Return the music from where the last call's new music ended.

        Parameters
        ----------
        code : ndarray of shape (n_values,)
            Code of the clip that ends where this music does.
        n_new : int
            Samples until the next call's music begins.
        n_fade : int, default=0
            Further samples, with which the next call's music begins too.

        Returns
        -------
        y : ndarray of float32 of shape (n_new + n_fade,)
            The music.
        """
        encoder = self._encoder
        steps, codes = split_code(check_code(code[None], encoder.n_steps_), encoder.n_steps_)
        code = codes[0]
        n_samples = n_new + n_fade
        if steps is not None:
            duration = encoder.n_samples_ / encoder.sr
            # Times are from the beginning of this music, which ends with the clip.
            middle = np.array([n_samples / encoder.sr - duration / 2])
            self._course = merge_steps(steps, middle, duration)
            code = self._over_rests(code, steps[0], n_new)
        tempo, phase = beat_of(code[None])
        period = 60 / float(tempo[0]) * encoder.sr
        # Sample of one beat of the code; the others are whole periods away.
        beat = n_samples - encoder.n_samples_ / 2 - float(phase[0]) / (2 * np.pi) * period
        # The next unit is faded in over the last samples, so those must not be played yet.
        while len(self._ready) < n_samples + self._n_join:
            self._append(code, period, beat)
        y = self._ready[:n_samples].copy()
        if self._course is not None:
            y = self._follow(y, self._course, n_new, n_fade)
            self._level = self._level[n_new:]
        self._ready = self._ready[n_new:]
        self._end -= n_new
        return y

    def _over_rests(self, code: np.ndarray, steps: np.ndarray, n_new: int) -> np.ndarray:
        """Return descriptors of a clip, mixed with those from before the rests that it has."""
        share = float((steps[:, STEP_LEVEL] <= self._encoder.rest_level_).mean())
        if share == 0.0 or self._before_rest is None:
            self._before_rest = code
            return code
        forgotten = min(n_new / (2 * self._encoder.n_samples_), 1.0)
        self._before_rest = self._before_rest + forgotten * (code - self._before_rest)
        kept = min(2 * share, 1.0)
        mixed = kept * self._before_rest + (1 - kept) * code
        return np.where(CHANGED_BY_RESTS, mixed, code)

    def _follow(self, y: np.ndarray, course: StepCourse, n_new: int, n_fade: int) -> np.ndarray:
        """Return music with the levels of a course, continued from the last factor."""
        encoder = self._encoder
        # The end of this music will be heard again, faded out, with the next. The newest level is
        # therefore that of the new music's end, so that a stop is heard as early as it is known.
        factors = set_gain(
            self._level[: len(y)],
            course.time - n_fade / encoder.sr,
            limit_course(encoder, course.values[:, STEP_LEVEL]),
            rest_level=encoder.rest_level_,
            sr=encoder.sr,
        )
        if self._factor is not None:
            # What changed in the course since the last call is faded in.
            n = min(self._n_join, len(factors))
            share = np.arange(n) / max(n, 1)
            factors[:n] = self._factor * (1 - share) + factors[:n] * share
        self._factor = float(factors[n_new - 1]) if n_new else self._factor
        return (y * factors).astype(np.float32)

    def _append(self, code: np.ndarray, period: float, beat: float) -> None:
        """Choose the unit that is due, and render it up to the next cross-fade."""
        corpus, sr = self._encoder.corpus_, self._encoder.sr
        last, start = self._unit, self._end
        if last is None:
            # The last beat before the music begins.
            start = beat - np.ceil(beat / period) * period
        due = start + period
        late = (beat - due) - np.round((beat - due) / period) * period
        self._end = due + float(np.clip(late, -_MAX_CORRECTION * period, _MAX_CORRECTION * period))
        self._unit = unit = self._choose(code, period)

        goes_on = last is not None and unit == last + 1 and bool(corpus.goes_on[last])
        source = self._source_level(unit)
        wanted = float(limit_level(code[LEVEL], self._encoder.code_[:, LEVEL]))
        gain = wanted - source if source > _SILENT else 0.0
        before, self._gain = (self._gain if goes_on else gain), gain

        n_join, ahead = self._n_join, round(FADE_LEAD * sr)
        begin = 0 if last is None else len(self._ready) - n_join
        end = max(round(self._end) - ahead, begin + n_join + 1)
        pace = (corpus.stop[unit] - corpus.start[unit]) / (self._end - start)
        points = np.array([begin, end])
        places = corpus.start[unit] + (points - start) * pace
        y = warp_time(corpus.recordings[corpus.recording[unit]], places, points)
        # Units that do not follow each other in a recording are uncorrelated.
        fade_in, fade_out = fade_gains(n_join, equal_power=not goes_on)
        if self._course is None:
            gains = np.interp(np.arange(begin, end), [start, self._end], [before, gain])
            y = y * 10 ** (gains / 20)
        else:
            level = self._local_level(unit, places, end - begin)
            if last is not None:
                share = np.arange(n_join) / max(n_join, 1)
                level[:n_join] = (1 - share) * self._level[begin:] + share * level[:n_join]
            self._level = np.concatenate([self._level[:begin], level])
        y = y.astype(np.float32)
        if last is None:
            self._ready = y
            return
        joined = self._ready[begin:] * fade_out + y[:n_join] * fade_in
        self._ready = np.concatenate([self._ready[:begin], joined, y[n_join:]])

    def _choose(self, code: np.ndarray, period: float) -> int:
        encoder = self._encoder
        n_beats = max(round(encoder.n_samples_ / period), 1)
        is_first = self._unit is None
        n_chosen = n_beats + (not is_first)
        steps = None
        if self._course is not None:
            # The last beat, as far as it is known.
            end = float(self._course.time[-1])
            last_beat = np.array([end - period / encoder.sr, end])
            wanted = wanted_steps(encoder, self._course.means(last_beat))
            # Only the next beat: of later ones it is known only that they sound.
            steps = np.full((n_chosen, wanted.shape[1]), np.nan)
            steps[: 1 + (not is_first)] = wanted
        runs = encoder.corpus_.choose(
            np.tile(code / encoder.scale_, (n_chosen, 1)),
            # The nominal period: corrections of the beat do not count for or against a unit.
            np.full(n_chosen, period),
            encoder.code_ / encoder.scale_,
            stretch=encoder.stretch,
            join_cost=encoder.join_cost,
            first_unit=self._unit,
            steps=steps,
            step_scale=None if steps is None else encoder.step_scale_,
            rest_level=-np.inf if steps is None else encoder.rest_level_,
        )
        if is_first:
            return runs[0].unit
        return runs[0].unit + 1 if runs[0].length > 1 else runs[1].unit

    def _local_level(self, unit: int, places: np.ndarray, n_samples: int) -> np.ndarray:
        """Return the level of a unit's recording in dB, as its samples will be played."""
        corpus, sr = self._encoder.corpus_, self._encoder.sr
        recording = corpus.recordings[corpus.recording[unit]]
        first = max(int(places[0] - _AROUND * sr), 0)
        near, level = local_level(recording[first : max(int(places[1] + _AROUND * sr), 1)], sr=sr)
        played = np.interp(np.arange(n_samples), [0, n_samples], places)
        return np.interp(played, near + first, level).astype(np.float32)

    def _source_level(self, unit: int) -> float:
        """Return the level of the training clip around a unit in dB."""
        encoder = self._encoder
        return float(encoder.code_[encoder.corpus_.clip[unit], LEVEL])
