"""Encoding and decoding of clips by a fitted `BeatMelEncoder`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..functional.band_levels import with_band_levels
from ..functional.beat_grid import beat_of_clips, beat_times, steady_beats, time_of_position
from ..functional.beat_spectra import frames_between, spectra_at, transposed_filterbank
from ..functional.griffinlim import mel_to_audio
from ..functional.limiter import limit
from ..functional.mel import power_to_db
from ..functional.ties import first_largest
from .analysis import analyze, recordings_of
from .audio_checks import check_clips, check_code_size, check_hop_duration
from .chroma import semitones_to_c

__all__ = ["BEAT_CODE", "LOWEST", "N_BANDS", "BeatCodecMixin"]

# The last numbers of a code, in order.
BEAT_CODE = ("transposition", "duration", "log_tempo", "beat_cos", "beat_sin")
# Transpositions to C major or A minor, in semitones.
LOWEST, _HIGHEST = -6, 5
# Of codes without an envelope of their own: cosines over the bands that make that of a spectrum;
# the rest is its fine structure.
_N_CURVES = 6
# Bands of the envelope, and how much shorter its windows are than those of the spectra.
N_BANDS = 16
_SHORTER = 4


class BeatCodecMixin(TransformerMixin):
    """Methods of `BeatMelEncoder` that apply the fitted components.

    The class provides the parameters of the spectrograms and of the synthesis, the fitted
    attributes, and `_seed`.
    """

    steps_per_beat: Any
    frames_per_step: Any
    sr: Any
    n_fft: Any
    hop_length: Any
    n_mels: Any
    fmin: Any
    fmax: Any
    top_db: Any
    common_key: Any
    start_bpm: Any
    vocoder: Any
    n_iter: Any
    mean_: np.ndarray
    components_: np.ndarray
    scale_: np.ndarray
    codebook_: np.ndarray | None
    codebook_recordings_: np.ndarray | None
    code_shape_: tuple[int, int]
    tempo_range_: tuple[float, float]
    n_samples_: int
    _fewest_recordings: int
    _seed: int

    def transform(self, X: Any) -> np.ndarray:
        """Return the codes of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        code : ndarray of float64 of shape (n_clips, n_steps * n_components + 5)
            One code per clip.
        """
        check_is_fitted(self)
        X = check_clips(self, X, reset=False)
        code = np.zeros((len(X), self._n_features_out))
        steps = code[:, : -len(BEAT_CODE)].reshape(len(X), *self.code_shape_)
        for recording, rows, starts in recordings_of(X):
            beats, semitones = self._analyze(recording)
            log_tempo, phase = beat_of_clips(beats, starts / self.sr, self._duration)
            log_tempo = np.clip(log_tempo, *np.log2(self.tempo_range_))
            clips = self._steps_of(recording, beats, log_tempo, phase, semitones)
            for row, values in zip(rows, clips, strict=True):
                known = min(len(values), self.code_shape_[0])
                steps[row, :known] = (
                    (values[:known] - self.mean_) @ self.components_.T / self.scale_
                )
            code[rows, -5], code[rows, -4], code[rows, -3] = semitones, self._duration, log_tempo
            code[rows, -2], code[rows, -1] = np.cos(phase), np.sin(phase)
        return code

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the sound of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_steps * n_components + 5)
            Codes.

        Returns
        -------
        audio : ndarray of float32 of shape (n_clips, n_samples)
            Sound at `sr` Hz.
        """
        code = self._check_code(X)
        audio = np.empty((len(code), self.n_samples_), np.float32)
        for i, row in enumerate(code):
            beats = self._beats(row)
            n = (len(beats) - 1) * self.steps_per_beat
            audio[i] = self._sound(self._steps(row)[:n], beats, row[-5], self.n_samples_)
        return audio

    def compose(self, code: ArrayLike, *, hop_duration: float) -> np.ndarray:
        """Return one continuous piece for the codes of successive, overlapping clips.

        Parameters
        ----------
        code : array-like of shape (n_clips, n_steps * n_components + 5)
            Codes of the clips, in order.
        hop_duration : float
            Time from one clip's start to the next one's in seconds, at most a clip's length.

        Returns
        -------
        audio : ndarray of float32 of shape (n_samples,)
            Sound at `sr` Hz, ``(n_clips - 1) * hop_duration`` seconds longer than a clip.

        Notes
        -----
        The piece has one grid of beats that is as steady as the codes allow
        (:func:`~sklearn_asdf.functional.beat_grid.steady_beats`), and the transposition of its
        first clip. The steps of a beat are those of the clip whose middle is nearest.
        Peaks above -1 dB re full scale are reduced by a look-ahead limiter
        (:func:`~sklearn_asdf.functional.limiter.limit`); `inverse_transform` does not limit them.
        """
        code = self._check_code(code)
        check_hop_duration(hop_duration, self._duration)
        starts = np.arange(len(code)) * hop_duration
        n_samples = round((len(code) - 1) * hop_duration * self.sr) + self.n_samples_
        tempo, phase = self._beat(code)
        grid = steady_beats(
            tempo,
            phase,
            at=starts + self._duration / 2,
            clip_duration=self._duration,
            duration=n_samples / self.sr,
        )
        middle = (grid[:-1] + grid[1:]) / 2
        nearest = np.abs(middle[:, None] - starts - self._duration / 2).argmin(axis=1)
        parts = []
        for beat, i in zip(middle, nearest, strict=True):
            own = starts[i] + self._beats(code[i])
            k = np.abs((own[:-1] + own[1:]) / 2 - beat).argmin()
            first = k * self.steps_per_beat
            parts.append(self._steps(code[i])[first : first + self.steps_per_beat])
        y = self._sound(np.concatenate(parts), grid, code[0, -5], n_samples)
        return limit(y, sr=self.sr)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the code's numbers.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used.

        Returns
        -------
        names : ndarray of str
            ``step0_channel0, ..., beat_sin``.
        """
        check_is_fitted(self)
        steps, channels = self.code_shape_
        names = [f"step{s}_channel{c}" for s in range(steps) for c in range(channels)]
        return np.asarray([*names, *BEAT_CODE], dtype=object)

    @property
    def _n_features_out(self) -> int:
        return self.code_shape_[0] * self.code_shape_[1] + len(BEAT_CODE)

    @property
    def _duration(self) -> float:
        return self.n_samples_ / self.sr

    @property
    def _lowest_frequency(self) -> float:
        # Models of earlier versions lose the lowest notes of music that is transposed down.
        return getattr(self, "fmin_", self.fmin)

    @property
    def _highest_frequency(self) -> float:
        if self.fmax is not None:
            return self.fmax
        return self.sr / 2 * 2 ** (_HIGHEST / 12 if self.common_key else 0.0)

    def _analyze(self, recording: Any) -> tuple[np.ndarray, int]:
        """Return the beats of a recording in s, and its transposition."""
        beats = analyze(recording, sr=self.sr, start_bpm=self.start_bpm).beats
        return beats, semitones_to_c(recording[:], self.sr) if self.common_key else 0

    @property
    def _n_envelope(self) -> int:
        # Models of earlier versions have no envelopes.
        return getattr(self, "n_envelope_", 0)

    @property
    def _n_levels(self) -> int:
        """Levels of bands among the values of a step."""
        return N_BANDS * self.frames_per_step if self._n_envelope else 0

    @property
    def _short_n_fft(self) -> int:
        return max(self.n_fft // _SHORTER // 4 * 4, 4)

    def _bank(self, semitones: float) -> Any:
        return self._filters(semitones, self.n_fft, self.n_mels)

    def _wide_bank(self, semitones: float) -> Any:
        return self._filters(semitones, self._short_n_fft, N_BANDS)

    def _filters(self, semitones: float, n_fft: int, n_mels: int) -> Any:
        return transposed_filterbank(
            semitones,
            sr=self.sr,
            n_fft=n_fft,
            n_mels=n_mels,
            fmin=self._lowest_frequency,
            fmax=self._highest_frequency,
        )

    def _steps_of(
        self,
        recording: Any,
        beats: np.ndarray,
        log_tempo: np.ndarray,
        phase: np.ndarray,
        semitones: int,
    ) -> Iterator[np.ndarray]:
        """Yield the levels of bands and the spectra of each clip in dB, (n_steps, n_values)."""
        kinds = [(self._bank(semitones), self.n_fft)]
        if self._n_envelope:
            kinds.insert(0, (self._wide_bank(semitones), self._short_n_fft))
        for tempo, angle in zip(2.0**log_tempo, phase, strict=True):
            grid = self._grid(tempo, np.angle(np.exp(1j * angle)))
            # The same beats, counted from the middle, where the recording has them: its tempo
            # drifts, and attacks keep their places in the beat.
            away = np.rint((grid - self._duration / 2) * tempo / 60 + angle / (2 * np.pi))
            moments = self._moments(time_of_position(beats, away))
            first = max(int(moments[0] * self.sr) - self.n_fft, 0)
            part = recording[first : int(moments[-1] * self.sr) + self.n_fft]
            values = []
            for bank, n_fft in kinds:
                mel = spectra_at(part, moments - first / self.sr, bank, sr=self.sr, n_fft=n_fft)
                db = np.maximum(power_to_db(mel, ref=1.0, top_db=None), self._floor(bank, n_fft))
                values.append(db.reshape(-1, self.frames_per_step * len(bank.filters)))
            yield np.concatenate(values, axis=1).astype(np.float64)

    def _floor(self, bank: Any, n_fft: int) -> float:
        """Return the lowest level of a band in dB."""
        # Power of a sine at full scale in the middle of a Hann window.
        sine = (n_fft / 4) ** 2 * float(bank.filters.max())
        return 10 * np.log10(max(sine, 1e-10)) - self.top_db

    def _grid(self, tempo: float, phase: float) -> np.ndarray:
        return beat_times(tempo, phase, at=self._duration / 2, duration=self._duration)

    def _moments(self, beats: np.ndarray) -> np.ndarray:
        """Return the moments of the frames between beats in s."""
        per_beat = self.steps_per_beat * self.frames_per_step
        place = np.arange((len(beats) - 1) * per_beat) / per_beat
        return np.interp(place, np.arange(len(beats)), beats)

    def _beat(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return tempo in BPM and phase in the middles of clips."""
        log_tempo = np.clip(code[:, -3], *np.log2(self.tempo_range_))
        return 2.0**log_tempo, np.arctan2(code[:, -1], code[:, -2])

    def _beats(self, row: np.ndarray) -> np.ndarray:
        """Return the beats of a code in s from the start of its clip."""
        tempo, phase = self._beat(row[None])
        return self._grid(tempo[0], phase[0])

    def _steps(self, row: np.ndarray) -> np.ndarray:
        """Return the codes of the steps of a clip."""
        return row[: -len(BEAT_CODE)].reshape(self.code_shape_)

    def _split_envelope(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return fine structure and envelope of the spectra of steps; the sum is their code."""
        if self._n_envelope:
            envelope = np.where(np.arange(steps.shape[1]) < self._n_envelope, steps, 0.0)
            return steps - envelope, envelope
        # Smooth curves over the bands, in each frame.
        place = (np.arange(self.n_mels) + 0.5) / self.n_mels
        curves = np.cos(np.pi * np.outer(np.arange(_N_CURVES), place))
        smooth = np.kron(np.eye(self.frames_per_step), curves)
        axes = np.linalg.qr(self.components_ @ smooth.T)[0]
        envelope = (steps * self.scale_) @ axes @ axes.T / self.scale_
        return steps - envelope, envelope

    def _quantized(self, steps: np.ndarray) -> np.ndarray:
        """Return the codes of steps with the fine structure of the nearest codebook entries."""
        if self.codebook_ is None:
            return steps
        fine, envelope = self._split_envelope(steps)
        entries = self.codebook_ * self.scale_
        away = np.square(entries).sum(axis=1) - 2 * (fine * self.scale_) @ entries.T
        nearest = first_largest(-away)
        # Models of earlier versions do not know how many recordings have steps of an entry.
        found = getattr(self, "codebook_recordings_", None)
        if found is None:
            return self.codebook_[nearest] + envelope
        shared = found[nearest] >= self._fewest_recordings
        return np.where(shared[:, None], self.codebook_[nearest], fine) + envelope

    def _sound(
        self, steps: np.ndarray, beats: np.ndarray, semitones: float, n_samples: int
    ) -> np.ndarray:
        """Return the sound of the steps on beats."""
        semitones = np.clip(np.rint(semitones), LOWEST, _HIGHEST) if self.common_key else 0
        steps = self._quantized(steps)
        # Models of earlier versions decode by the axes on which they project.
        values = (steps * self.scale_) @ getattr(self, "decoding_", self.components_) + self.mean_
        levels, spectra = np.split(values, [self._n_levels], axis=1)
        moments = self._moments(beats)
        bank = self._bank(0)
        size = self._amplitudes(spectra, bank, self.n_fft)
        time = np.arange(1 + n_samples // self.hop_length) * self.hop_length / self.sr
        # Between frames amplitudes are interpolated: levels in dB would rise too late to an attack.
        size = frames_between(size, moments[: len(size)], time)
        power = np.square(size).T.astype(np.float32)
        y = mel_to_audio(
            power,
            sr=self.sr * 2.0 ** (semitones / 12),
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            fmin=self._lowest_frequency,
            fmax=self._highest_frequency,
            n_samples=n_samples,
            n_iter=self.n_iter,
            start="pghi" if self.vocoder == "pghi" else "random",
            random_state=self._seed,
        )
        if not self._n_envelope:
            return y
        wide = self._wide_bank(semitones)
        size = self._amplitudes(levels, wide, self._short_n_fft)
        # Long windows blur attacks.
        return with_band_levels(
            y,
            lambda time: np.square(frames_between(size, moments[: len(size)], time)),
            wide,
            sr=self.sr,
            n_fft=self._short_n_fft,
        )

    def _amplitudes(self, db: np.ndarray, bank: Any, n_fft: int) -> np.ndarray:
        """Return amplitudes of the bands of frames, (n_frames, n_bands); 0 at the floor."""
        floor = self._floor(bank, n_fft)
        db = np.clip(db, floor, floor + self.top_db).reshape(-1, len(bank.filters))
        # What the floor hides is silent.
        return np.where(db > floor + 1e-3, 10.0 ** (db / 20), 0.0)

    def _check_code(self, code: Any) -> np.ndarray:
        check_is_fitted(self)
        return check_code_size(code, self._n_features_out, dtype=float)
