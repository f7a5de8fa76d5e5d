"""What is heard in music: beats, and the few numbers that describe a clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import gen_batches

from ..functional.beat_grid import beat_position
from ..functional.mel import melspectrogram, power_to_db
from ..functional.periodicity import tempogram
from .clips import AudioClips

__all__ = ["DESCRIPTORS", "Hearing", "hear", "recordings_of"]

_N_MELS, _N_BANDS = 40, 10
# Lags in beats at which a metre shows.
_METRE = {"half_beat": 0.5, "two_beats": 2.0, "three_beats": 3.0, "four_beats": 4.0}
# Frames by which the rise of a window comes before the onset in it, measured on clicks.
_EARLY = 3
# Clips whose spectra are held at once.
_BATCH = 64
_PERIODS = np.linspace(0.25, 1.5, 80)

# Names of the descriptors, in order; UnitEncoder documents them.
DESCRIPTORS = (
    "level",
    "brightness",
    *(f"band{i}" for i in range(_N_BANDS)),
    "articulation",
    "fluctuation_low",
    "fluctuation_mid",
    "fluctuation_high",
    "onset_rate",
    "onset_strength",
    "pulse_clarity",
    *_METRE,
    "log_tempo",
    "beat_cos",
    "beat_sin",
)


@dataclass(frozen=True, eq=False)
class Hearing:
    """What was heard in one recording.

    Parameters
    ----------
    sr : float
        Samples a second (Hz).
    hop_length : int
        Samples a frame.
    beats : ndarray of shape (n_beats,)
        Times in s, at least two.
    energy : ndarray of shape (n_samples + 1,)
        Sum of the squared samples before each.
    mel : ndarray of float32 of shape (n_frames, 40)
        Power of mel bands.
    rise : ndarray of shape (n_frames,)
        Strength of onsets: mean rise of the bands over the frame before, in dB.
    """

    sr: float
    hop_length: int
    beats: np.ndarray
    energy: np.ndarray
    mel: np.ndarray
    rise: np.ndarray

    def describe(self, starts: np.ndarray, n_samples: int) -> np.ndarray:
        """Return the descriptors of clips that begin at `starts`, (n_clips, n_descriptors)."""
        parts = [self._describe(starts[b], n_samples) for b in gen_batches(len(starts), _BATCH)]
        return np.concatenate(parts)

    def _describe(self, starts: np.ndarray, n_samples: int) -> np.ndarray:
        rate = self.sr / self.hop_length
        n_frames = max(1, round(n_samples / self.hop_length))
        first = np.minimum(np.rint(starts / self.hop_length).astype(int), len(self.mel) - n_frames)
        frames = np.maximum(first, 0)[:, None] + np.arange(min(n_frames, len(self.mel)))
        end = beat_position(self.beats, (starts + n_samples) / self.sr)
        begin = beat_position(self.beats, starts / self.sr)
        log_tempo = np.log2(60 * (end - begin) * self.sr / n_samples)
        angle = 2 * np.pi * beat_position(self.beats, (starts + n_samples / 2) / self.sr)
        power = (self.energy[starts + n_samples] - self.energy[starts]) / n_samples
        columns = [10 * np.log10(power + 1e-10)]
        spectra, rise = self.mel[frames], self.rise[frames]
        columns += _timbre(spectra, self.sr)
        columns += [
            np.log2(1 + _count_peaks(rise) * rate / frames.shape[1]),
            np.log2(1 + rise.mean(axis=1)),
            np.maximum(tempogram(rise, fps=rate, tempi=60 / _PERIODS).max(axis=1), 0.0),
        ]
        lags = np.array(list(_METRE.values()))
        columns += list(tempogram(rise, fps=rate, tempi=2 ** log_tempo[:, None] / lags).T)
        return np.column_stack([*columns, log_tempo, np.cos(angle), np.sin(angle)])


def _timbre(spectra: np.ndarray, sr: float) -> list[np.ndarray]:
    """Brightness, bands, articulation and fluctuations of (n_clips, n_frames, n_mels) powers."""
    import librosa

    octave = np.log2(librosa.mel_frequencies(_N_MELS + 2, fmax=sr / 2)[1:-1] / 20.0)
    mean = spectra.mean(axis=1, dtype=float) + 1e-12
    bands = spectra.reshape(*spectra.shape[:2], _N_BANDS, -1).sum(axis=3)
    share = bands.mean(axis=1, dtype=float) / mean.sum(axis=1, keepdims=True)
    level = spectra.sum(axis=2) + 1e-10
    articulation = 10 * (np.log10(level).mean(axis=1) - np.log10(level.mean(axis=1)))
    thirds = np.array_split(spectra, 3, axis=2)
    spread = [(10 * np.log10(part.sum(axis=2) + 1e-8)).std(axis=1) for part in thirds]
    return [
        mean @ octave / mean.sum(axis=1),
        *(10 * np.log10(share + 1e-6)).T,
        articulation,
        *spread,
    ]


def _count_peaks(rise: np.ndarray) -> np.ndarray:
    """Onsets in curves (n_clips, n_frames): the largest of some 0.1 s, above the common."""
    floor = rise.mean(axis=1, keepdims=True) + 0.5 * rise.std(axis=1, keepdims=True)
    padded = np.pad(rise, ((0, 0), (4, 4)), constant_values=-1.0)
    around = np.lib.stride_tricks.sliding_window_view(padded, 9, axis=1).max(axis=2)
    return ((rise >= around) & (rise > floor)).sum(axis=1)


def hear(y: np.ndarray, *, sr: float, usual_tempo: float = 100.0) -> Hearing:
    """Listen to one recording.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Sound.
    sr : float
        Samples a second (Hz).
    usual_tempo : float, default=100.0
        Beats a minute near which the tempo is looked for.

    Returns
    -------
    Hearing
        Beats are those of librosa's tracker [1]_; where it finds none, the recording is divided
        evenly into beats of about 0.6 s.

    References
    ----------
    .. [1] D. P. W. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research
       36(1), 2007.
    """
    import librosa

    hop_length = max(1, round(sr / 86))
    n_fft = 8 * hop_length
    mel = melspectrogram(y[None], sr=sr, n_fft=n_fft, hop_length=hop_length, n_mels=_N_MELS)[
        0
    ].T.astype(np.float32)
    db = power_to_db(mel, ref=max(float(mel.max()), 1e-10), top_db=80.0)
    # A window feels an onset before its middle is there.
    rise = np.zeros(len(db))
    rise[_EARLY + 1 :] = np.maximum(np.diff(db, axis=0), 0.0).mean(axis=1)[: -_EARLY or None]
    beats = np.zeros(0)
    if rise.any() and len(y) > sr:
        beats = librosa.beat.beat_track(
            onset_envelope=rise,
            sr=sr,
            hop_length=hop_length,
            start_bpm=usual_tempo,
            trim=False,
            units="time",
        )[1]
    if len(beats) < 2:
        duration = len(y) / sr
        beats = np.linspace(0, duration, max(round(duration / 0.6), 1) + 1)
    energy = np.concatenate([[0.0], np.cumsum(np.square(y, dtype=float))])
    return Hearing(sr, hop_length, np.asarray(beats, dtype=float), energy, mel, rise)


def recordings_of(audio: Any) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield each recording with the rows of its clips and the samples at which they start.

    A clip of an array is its own recording.
    """
    if not isinstance(audio, AudioClips):
        for i, y in enumerate(audio):
            yield np.asarray(y), np.array([i]), np.array([0])
        return
    for i in np.unique(audio.groups):
        rows = np.flatnonzero(audio.groups == i)
        yield audio.recordings[i], rows, audio.starts[rows]
