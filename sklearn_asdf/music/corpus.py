"""Units of recorded music: corpus, unit selection by dynamic programming, and rendering."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .._threads import one_blas_thread
from ..functional.overlap import fade_gains
from ..functional.stretch import warp_time
from ..functional.unit_selection import cheapest_path
from .analysis import DESCRIPTORS, STEP_LEVEL, AudioAnalysis
from .recording import Recording

__all__ = ["FADE_LEAD", "Corpus", "Run", "load_units", "render"]

# Weights of the descriptors in the choice of units. Tempo and phase are set by time warping. The
# level is set by a gain, but loud music differs from soft. The ten bands together count as two.
_WEIGHTS = dict.fromkeys(DESCRIPTORS, 0.5) | {
    "level": 0.25,
    "brightness": 1.0,
    "pulse_clarity": 1.0,
    "log_tempo": 0.0,
    "beat_cos": 0.0,
    "beat_sin": 0.0,
}
_WEIGHTS |= {name: 0.2 for name in DESCRIPTORS if name.startswith("band")}
# Weight of the articulation where beats have codes of their own, which the steps of a beat tell
# nothing of and would outweigh.
_ARTICULATION = 4.0
# Weights of level, brightness and onset strength of the beat itself, and the difference in
# standard deviations beyond which costs do not grow.
_STEP_WEIGHTS = np.array([0.5, 0.5, 1.0])
_FURTHEST = 4.0
# Cost of a unit that does not sound: more than that of leaving the recording and of coming back.
_REST_COST = 100.0
# Beats over which accents are compared at a join.
_N_ACCENTS = 4
# Seconds before a beat at which a cross-fade ends, so that the attack on the beat is intact.
FADE_LEAD = 0.005


class Run(NamedTuple):
    """Consecutive units of one recording: first beat, first unit, number of units."""

    beat: int
    unit: int
    length: int


@dataclass(frozen=True, eq=False)
class Corpus:
    """The units of all recordings, one after the other.

    Parameters
    ----------
    recordings : list of Recording
        The music, in 16 bits. Models that earlier versions saved have arrays.
    recording : ndarray of int of shape (n_units,)
        The recording of each unit.
    start, stop : ndarray of shape (n_units,)
        Where a unit begins and ends in its recording, in samples.
    clip : ndarray of int of shape (n_units,)
        The training clip whose middle is nearest.
    features : ndarray of shape (n_units, n_values)
        Harmony, spectrum and onset strengths from the unit's beat on.
    goes_on : ndarray of bool of shape (n_units,)
        Whether the next unit is the one that follows in the recording.
    steps : ndarray of shape (n_units, n_step_descriptors), default=None
        Level, brightness and onset strength of each unit.
    """

    recordings: list[Recording]
    recording: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    clip: np.ndarray
    features: np.ndarray
    goes_on: np.ndarray
    # Models of earlier versions have none.
    steps: np.ndarray | None = None

    @classmethod
    def of(cls, parts: list[tuple[np.ndarray, ...]]) -> Corpus:
        """Join what `load_units` returned for each recording."""
        recordings = [Recording.of(part[0]) for part in parts]
        columns = [np.concatenate(column) for column in zip(*(part[1:] for part in parts))]
        start, stop, clip, features, goes_on, steps = columns
        index = np.repeat(np.arange(len(parts)), [len(part[1]) for part in parts])
        spread = features.std(axis=0)
        features = features / np.where(spread > 1e-9, spread, 1.0) / np.sqrt(features.shape[1])
        return cls(recordings, index, start, stop, clip, features, goes_on, steps)

    def choose(
        self,
        code: np.ndarray,
        durations: np.ndarray,
        of_clips: np.ndarray,
        *,
        stretch: float,
        join_cost: float,
        first_unit: int | None = None,
        steps: np.ndarray | None = None,
        step_scale: np.ndarray | None = None,
        rest_level: float = -np.inf,
    ) -> list[Run]:
        """Return the cheapest sequence of units.

        Parameters
        ----------
        code : ndarray of shape (n_beats, n_descriptors)
            Code of each beat, in standard deviations.
        durations : ndarray of shape (n_beats,)
            Duration of each beat, in samples.
        of_clips : ndarray of shape (n_clips, n_descriptors)
            Codes of the training clips, in standard deviations.
        stretch : float
            Octaves of change in tempo that cost 1.
        join_cost : float
            Least cost of a join.
        first_unit : int, default=None
            The unit on the first beat; None chooses it as well.
        steps : ndarray of shape (n_beats, n_step_descriptors), default=None
            Level, brightness and onset strength of each beat, in standard deviations; NaN where
            any unit will do that sounds. None leaves them out.
        step_scale : ndarray of shape (n_step_descriptors,), default=None
            The standard deviations.
        rest_level : float, default=-inf
            Level in dB below which a unit does not sound.

        Returns
        -------
        runs : list of Run
            In order; they cover all beats.
        """
        weights = _WEIGHTS if steps is None else _WEIGHTS | {"articulation": _ARTICULATION}
        weight = np.sqrt([weights[name] for name in DESCRIPTORS])
        weighted = of_clips * weight
        squares = np.einsum("ij,ij->i", weighted, weighted)
        pace = np.log2(np.maximum(self.stop - self.start, 1.0))

        @lru_cache(maxsize=1)
        def costs_of_clips(code: bytes) -> np.ndarray:
            wanted = np.frombuffer(code) * weight
            unlike = squares - 2 * (weighted @ wanted) + wanted @ wanted
            return np.maximum(unlike, 0.0)[self.clip]

        def costs(beat: int) -> np.ndarray:
            slower = (pace - np.log2(durations[beat])) / stretch
            of_unit = costs_of_clips(code[beat].tobytes()) + slower**2
            if steps is not None and step_scale is not None:
                of_unit += self._step_costs(steps[beat], step_scale, rest_level)
            return of_unit

        # Products of small matrices are slower in several threads, which wait for each other.
        with one_blas_thread():
            units = cheapest_path(
                costs,
                len(code),
                self.goes_on,
                self.features,
                join_cost=join_cost,
                first_unit=first_unit,
            )
        goes_on = (np.diff(units) == 1) & self.goes_on[units[:-1]]
        first = np.r_[0, np.flatnonzero(~goes_on) + 1, len(units)]
        return [Run(int(a), int(units[a]), int(b - a)) for a, b in pairwise(first)]

    def _step_costs(self, wanted: np.ndarray, scale: np.ndarray, rest_level: float) -> np.ndarray:
        """Cost of each unit on a beat with these descriptors, (n_units,)."""
        if self.steps is None:
            return np.zeros(len(self.start))
        # No gain makes a rest sound; in rests, too, the dance may go on in the middle of a beat.
        costs: np.ndarray = np.where(self.steps[:, STEP_LEVEL] <= rest_level, _REST_COST, 0.0)
        if not np.isnan(wanted).any():
            unlike = np.clip(self.steps / scale - wanted, -_FURTHEST, _FURTHEST)
            costs += np.square(unlike) @ _STEP_WEIGHTS
        return costs


def load_units(
    recording: Any,
    analysis: AudioAnalysis,
    rows: np.ndarray,
    starts: np.ndarray,
    n_samples: int,
) -> tuple[np.ndarray, ...]:
    """Cut a recording, as far as its clips cover it, into beats.

    Parameters
    ----------
    recording : ndarray of shape (n,), or Recording
        The music.
    analysis : AudioAnalysis
        Its analysis.
    rows : ndarray of int of shape (n_clips,)
        Rows of the clips of this recording.
    starts : ndarray of int of shape (n_clips,)
        First sample of each clip.
    n_samples : int
        Samples of a clip.

    Returns
    -------
    recording, start, stop, clip, features, goes_on, steps : ndarray
        As in `Corpus`.
    """
    order = np.argsort(starts, kind="stable")
    starts, rows = starts[order], rows[order]
    edges = np.rint(analysis.beats * analysis.sr)
    reached = np.maximum.accumulate(starts + n_samples)
    # The last clip that starts before a beat; the range up to the furthest end so far is covered.
    last = np.searchsorted(starts, edges[:-1], side="right") - 1
    covered = (last >= 0) & (edges[1:] <= reached[np.maximum(last, 0)])
    if not covered.any():
        # The clips are too short for a whole beat: one of them is a unit.
        edges, covered = np.r_[starts[0], starts[0] + n_samples], np.array([True])
    start, stop = edges[:-1][covered], edges[1:][covered]
    middle = starts + n_samples / 2
    clip = rows[np.abs((start + stop)[:, None] / 2 - middle).argmin(axis=1)]
    goes_on = np.r_[np.diff(np.flatnonzero(covered)) == 1, False]
    features = _join_features(recording, analysis, start, stop)
    steps = analysis.describe_spans(start.astype(int), stop.astype(int))
    return recording, start, stop, clip, features, goes_on, steps


def _join_features(
    recording: Any, analysis: AudioAnalysis, start: np.ndarray, stop: np.ndarray
) -> np.ndarray:
    """Harmony, spectrum and onset strengths of units, compared where units are joined."""
    import librosa

    n_fft, y = 4096, np.asarray(recording)
    spectrum = np.abs(librosa.stft(np.pad(y, (0, max(0, n_fft - len(y)))), hop_length=n_fft // 2))
    chroma = librosa.feature.chroma_stft(S=spectrum**2, sr=analysis.sr, tuning=0.0, norm=None)
    sums = np.pad(np.cumsum(chroma, axis=1), ((0, 0), (1, 0)))
    low = np.minimum((start / (n_fft // 2)).astype(int), chroma.shape[1] - 1)
    high = np.clip((stop / (n_fft // 2)).astype(int) + 1, low + 1, chroma.shape[1])
    harmony = (sums[:, high] - sums[:, low]).T
    harmony = harmony / np.maximum(np.linalg.norm(harmony, axis=1, keepdims=True), 1e-9)

    first = np.minimum((start / analysis.hop_length).astype(int), len(analysis.mel) - 1)
    last = np.clip((stop / analysis.hop_length).astype(int), first + 1, len(analysis.mel))
    total = np.pad(np.cumsum(analysis.mel, axis=0, dtype=float), ((1, 0), (0, 0)))
    power = (total[last] - total[first]) / (last - first)[:, None]
    levels = 10 * np.log10(power.reshape(len(power), 10, -1).sum(axis=2) + 1e-8)

    around = np.clip(first[:, None] + np.arange(-4, 5), 0, len(analysis.onset_strength) - 1)
    accent = analysis.onset_strength[around].max(axis=1)
    ahead = np.minimum(np.arange(len(accent))[:, None] + np.arange(_N_ACCENTS), len(accent) - 1)
    return np.concatenate([harmony, levels, accent[ahead]], axis=1)


def render(
    runs: list[Run],
    corpus: Corpus,
    grid: np.ndarray,
    n_samples: int,
    *,
    sr: float,
    fade_duration: float,
) -> np.ndarray:
    """Return the music of runs of units, with their beats on a grid.

    Parameters
    ----------
    runs : list of Run
        Runs that cover the beats of the grid.
    corpus : Corpus
        The units' music.
    grid : ndarray of shape (n_beats + 1,)
        Beats, in s, from at or before 0 to at or after the end.
    n_samples : int
        Length of the result.
    sr : float
        Sampling rate in Hz.
    fade_duration : float
        Length of a cross-fade in s.

    Returns
    -------
    y : ndarray of float32 of shape (n_samples,)
        The music.
    """
    out = np.zeros(n_samples, np.float32)
    ahead, length = round(FADE_LEAD * sr), round(fade_duration * sr)
    fade_in, fade_out = fade_gains(length)
    for run in runs:
        units = slice(run.unit, run.unit + run.length)
        source = np.append(corpus.start[units], corpus.stop[units][-1])
        target = grid[run.beat : run.beat + run.length + 1] * sr
        begins, ends = run.beat > 0, run.beat + run.length < len(grid) - 1
        first = round(target[0]) - ahead - length if begins else 0
        last = round(target[-1]) - ahead if ends else n_samples
        first, last = max(first, 0), min(last, n_samples)
        if last <= first:
            continue
        # The first beat's pace also holds before it.
        points = np.unique(np.concatenate([[first, last], target]))
        points = points[(points >= first) & (points <= last)]
        pace = (source[1] - source[0]) / (target[1] - target[0])
        places = np.interp(points, target, source)
        places = np.where(points < target[0], source[0] + (points - target[0]) * pace, places)
        y = warp_time(corpus.recordings[corpus.recording[run.unit]], places, points)
        if begins and length:
            y[:length] *= fade_in[: len(y)]
        if ends and length:
            y[-length:] *= fade_out[-len(y) :]
        out[first:last] += y[: last - first]
    return out
