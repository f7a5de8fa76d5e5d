"""Units of music while a dance goes on: beat after beat, each chosen when it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..functional.stretch import warp_time
from .analysis import DESCRIPTORS
from .corpus import BEFORE_BEAT

if TYPE_CHECKING:
    from .units import UnitEncoder

__all__ = ["UnitStream"]

_LEVEL = DESCRIPTORS.index("level")
# Share of a beat by which one beat may be longer or shorter, to come back onto the dance's: where
# one clip errs, the next ones make up for it before it is heard.
_MOST_LATE = 0.2
# Seconds: half of the shortest beat there is, so that no fade meets the next one, whatever the
# tempo is by then.
_LONGEST_JOIN = 0.1
# Levels below are silence, which no gain makes music of.
_SILENT = -90.0


class UnitStream:
    """Plays codes that come one after the other, as one piece.

    Parameters
    ----------
    encoder : UnitEncoder
        Fitted.

    Notes
    -----
    A unit that has begun is played to its end. When the next one is due it is chosen for the code
    of that moment, with the beats of a whole clip in view of which only the first is played: a
    change of the dance that lasts is followed, one that does not is not. Its end is drawn towards
    the nearest beat of the code, by a fifth of a beat at most.
    """

    def __init__(self, encoder: UnitEncoder) -> None:
        self._encoder = encoder
        # Samples of a cross-fade.
        self._n_join = round(min(encoder.fade_duration, _LONGEST_JOIN) * encoder.sr)
        # What is ready to be played; where in it, in samples, the last unit ends; which that is,
        # and its gain in dB.
        self._ready = np.zeros(0, np.float32)
        self._end = 0.0
        self._unit: int | None = None
        self._gain = 0.0

    def play(self, code: np.ndarray, n_new: int, n_fade: int = 0) -> np.ndarray:
        """Return the music from where the last call's new music ended.

        Parameters
        ----------
        code : ndarray of shape (26,)
            What the dance of the last clip asks for; the clip ends where this music does.
        n_new : int
            Samples until the next call's music begins.
        n_fade : int, default=0
            Samples after that, which the next call returns once more.

        Returns
        -------
        y : ndarray of float32 of shape (n_new + n_fade,)
            The music.
        """
        encoder = self._encoder
        code = encoder._check_code(code[None])[0]
        n_samples = n_new + n_fade
        tempo, phase = encoder._beat_of(code[None])
        period = 60 / float(tempo[0]) * encoder.sr
        # A beat of the code, of which all others are whole periods away.
        beat = n_samples - encoder.n_samples_ / 2 - float(phase[0]) / (2 * np.pi) * period
        # Where units are joined may still change: it must not have been heard.
        while len(self._ready) < n_samples + self._n_join:
            self._append(code, period, beat)
        y = self._ready[:n_samples].copy()
        self._ready = self._ready[n_new:]
        self._end -= n_new
        return y

    def _append(self, code: np.ndarray, period: float, beat: float) -> None:
        """Choose the unit that is due, and play it up to a hair before its end."""
        encoder, corpus = self._encoder, self._encoder._corpus
        last, start = self._unit, self._end
        if last is None:
            # The beat that sounds when the music begins.
            start = beat - np.ceil(beat / period) * period
        due = start + period
        late = (beat - due) - np.round((beat - due) / period) * period
        self._end = due + float(np.clip(late, -_MOST_LATE * period, _MOST_LATE * period))
        self._unit = unit = self._choose(code, period)

        goes_on = last is not None and unit == last + 1 and bool(corpus.goes_on[last])
        source = self._source_level(unit)
        wanted = float(encoder._held_level(code[_LEVEL]))
        gain = wanted - source if source > _SILENT else 0.0
        before, self._gain = (self._gain if goes_on else gain), gain

        n_join, ahead = self._n_join, round(BEFORE_BEAT * encoder.sr)
        begin = 0 if last is None else len(self._ready) - n_join
        end = max(round(self._end) - ahead, begin + n_join + 1)
        pace = (corpus.stop[unit] - corpus.start[unit]) / (self._end - start)
        points = np.array([begin, end])
        places = corpus.start[unit] + (points - start) * pace
        y = warp_time(corpus.recordings[corpus.recording[unit]], places, points)
        gains = np.interp(np.arange(begin, end), [start, self._end], [before, gain])
        y = (y * 10 ** (gains / 20)).astype(np.float32)
        if last is None:
            self._ready = y
            return
        ramp = (np.arange(n_join, dtype=np.float32) + 0.5) / max(n_join, 1)
        if not goes_on:
            # At equal power: two sounds that have nothing to do with each other.
            rise, fall = np.sin(ramp * np.pi / 2), np.cos(ramp * np.pi / 2)
        else:
            rise, fall = ramp, 1 - ramp
        joined = self._ready[begin:] * fall + y[:n_join] * rise
        self._ready = np.concatenate([self._ready[:begin], joined, y[n_join:]])

    def _choose(self, code: np.ndarray, period: float) -> int:
        encoder = self._encoder
        n_beats = max(round(encoder.n_samples_ / period), 1)
        is_first = self._unit is None
        runs = encoder._corpus.choose(
            np.tile(code / encoder.scale_, (n_beats + (not is_first), 1)),
            # Whoever is due has to make up for a beat that was off: that is nobody's merit.
            np.full(n_beats + (not is_first), period),
            encoder.code_ / encoder.scale_,
            stretch=encoder.stretch,
            join_cost=encoder.join_cost,
            first_unit=self._unit,
        )
        if is_first:
            return runs[0].unit
        return runs[0].unit + 1 if runs[0].length > 1 else runs[1].unit

    def _source_level(self, unit: int) -> float:
        """Level of the music around a unit, in dB: not what this one beat happens to have."""
        encoder = self._encoder
        return float(encoder.code_[encoder._corpus.clip[unit], _LEVEL])
