"""Units of music while a dance goes on: each moment continues what was heard last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._corpus import Run, lay
from ._hearing import DESCRIPTORS
from .functional.beat_grid import beat_times

if TYPE_CHECKING:
    from .units import UnitEncoder

__all__ = ["UnitStream"]

_LEVEL = DESCRIPTORS.index("level")


class UnitStream:
    """Plays codes that come one after the other, as one piece.

    Parameters
    ----------
    encoder : UnitEncoder
        Fitted.
    """

    def __init__(self, encoder: UnitEncoder) -> None:
        self._encoder = encoder
        # Unit that sounds, and how far it is, in samples of its recording.
        self._unit: int | None = None
        self._place = 0.0
        self._gain = 0.0

    def play(self, code: np.ndarray, n_new: int, n_fade: int) -> np.ndarray:
        """Return the music from where the last call's new music ended.

        Parameters
        ----------
        code : ndarray of shape (26,)
            What the dance of the last clip asks for; the clip ends where this music does.
        n_new : int
            Samples until the next call's music begins.
        n_fade : int
            Samples after that, to be faded out under the next call's.

        Returns
        -------
        y : ndarray of float32 of shape (n_new + n_fade,)
            The music.

        Notes
        -----
        The unit that sounds is played to its end, and the next one faster or slower, so that it
        ends on a beat of the code. Which units follow is chosen for a whole clip ahead, of which
        only the beginning is played: a change of the dance that lasts is followed, and one that
        does not, is not.
        """
        encoder, corpus = self._encoder, self._encoder._corpus
        sr, n_samples = encoder.sr, n_new + n_fade
        tempo, phase = encoder._beat_of(code[None])
        middle = (n_samples - encoder.n_samples_ / 2) / sr
        ahead = encoder.n_samples_ / sr
        grid = beat_times(tempo[0], phase[0], at=middle, duration=ahead)
        # A call may begin long after the clip's middle: nothing before it is played.
        grid = grid[np.searchsorted(grid, 0.0, side="right") - 1 :]
        if self._unit is not None:
            grid = self._catch_up(grid, self._unit, self._place)
        runs = corpus.choose(
            np.tile(code / encoder.scale_, (len(grid) - 1, 1)),
            np.diff(grid) * sr,
            encoder.code_ / encoder.scale_,
            stretch=encoder.stretch,
            join_cost=encoder.join_cost,
            first_unit=self._unit,
        )
        n_beats = int(np.searchsorted(grid, n_samples / sr))
        runs = [Run(r.beat, r.unit, min(r.length, n_beats - r.beat)) for r in runs]
        runs = [run for run in runs if run.length > 0]
        y = lay(runs, corpus, grid[: n_beats + 1], n_samples, sr=sr, fade=encoder.fade_duration)
        self._remember(runs, grid, n_new / sr)
        return self._leveled(y, float(code[_LEVEL]), n_new)

    def _catch_up(self, grid: np.ndarray, unit: int, place: float) -> np.ndarray:
        """Beats of the units from the one that sounds on: it ends at its own pace, the next one
        on a beat of the grid."""
        corpus = self._encoder._corpus
        length = corpus.stop[unit] - corpus.start[unit]
        left = np.clip((corpus.stop[unit] - place) / length, 1e-3, 1.0)
        period = grid[1] - grid[0]
        end = left * period
        return np.concatenate([[end - period, end], grid[grid >= end + period / 2]])

    def _remember(self, runs: list[Run], grid: np.ndarray, time: float) -> None:
        corpus = self._encoder._corpus
        beat = int(np.searchsorted(grid, time, side="right")) - 1
        run = next(run for run in reversed(runs) if run.beat <= beat)
        self._unit = run.unit + min(beat - run.beat, run.length - 1)
        done = (time - grid[beat]) / (grid[beat + 1] - grid[beat])
        start, stop = corpus.start[self._unit], corpus.stop[self._unit]
        self._place = float(start + done * (stop - start))

    def _leveled(self, y: np.ndarray, level: float, n_new: int) -> np.ndarray:
        """Bring music to a level in dB, in a straight line from the last one's gain."""
        corpus, heard = self._encoder._corpus, self._encoder.code_[:, _LEVEL]
        assert self._unit is not None
        level = float(np.clip(level, heard.min() - 6, heard.max() + 6))
        # What stands in the recording around the unit, not what these few beats happen to have.
        source = float(heard[corpus.clip[self._unit]])
        gain = level - source if source > -90 else 0.0
        before, self._gain = self._gain, gain
        gains = np.interp(np.arange(len(y)), [0, max(n_new, 1)], [before, gain])
        return (y * 10 ** (gains / 20)).astype(np.float32)
