"""Analysis of recorded music: its beats, and descriptors of its clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d
from sklearn.utils import check_array, gen_batches

from ..functional.beat_grid import beat_of_clips
from ..functional.mel import melspectrogram, power_to_db
from ..functional.periodicity import tempogram
from .analysis_cache import RecordingCache
from .beats import beats_of_recording
from .clips import AudioClips

__all__ = [
    "CHANGED_BY_RESTS",
    "DESCRIPTORS",
    "LEVEL",
    "STEP_DESCRIPTORS",
    "STEP_LEVEL",
    "STEP_SILENCE",
    "AudioAnalysis",
    "analyze",
    "beat_of",
    "check_code",
    "limit_level",
    "recordings_of",
]

_N_MELS, _N_BANDS = 40, 10
# Lags, in beats, of the autocorrelations that describe the metre.
_METRE = {"half_beat": 0.5, "two_beats": 2.0, "three_beats": 3.0, "four_beats": 4.0}
# Frames of half a second.
_ARTICULATION_FRAMES = 43
# Frames by which a window's level rises before the onset in it, measured on clicks.
_EARLY = 3
# Clips described at once.
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
# Names of the descriptors of short spans, in order.
STEP_DESCRIPTORS = ("level", "brightness", "onset_strength")
# Column of the level in them.
STEP_LEVEL = STEP_DESCRIPTORS.index("level")
# Level in dB of silence in short spans.
STEP_SILENCE = -70.0
# Column of the level in codes.
LEVEL = DESCRIPTORS.index("level")
_BEAT = ("log_tempo", "beat_cos", "beat_sin")
_TEMPO, _COS, _SIN = (DESCRIPTORS.index(name) for name in _BEAT)
# Descriptors that a rest changes: all but tempo and beat, which the dance has at any time.
CHANGED_BY_RESTS = np.array([name not in _BEAT for name in DESCRIPTORS])
# Tempi that are played, in BPM.
_TEMPI = (40.0, 240.0)
# Decibels by which a level may lie outside those of the corpus.
_LEVEL_MARGIN = 6.0


# Analyses of some five hours of music, for the stages of a pipeline that need the same ones.
_CACHE: RecordingCache[AudioAnalysis] = RecordingCache(2**28)


@dataclass(frozen=True, eq=False)
class AudioAnalysis:
    """Beats, spectrum and onsets of one recording.

    Parameters
    ----------
    sr : float
        Sampling rate in Hz.
    hop_length : int
        Samples from one frame to the next.
    beats : ndarray of shape (n_beats,)
        Times in s, at least two.
    energy : ndarray of shape (n_samples + 1,)
        Sum of the squared samples before each.
    mel : ndarray of float32 of shape (n_frames, 40)
        Power of mel bands.
    onset_strength : ndarray of shape (n_frames,)
        Mean increase of the bands' levels over the frame before, in dB.
    """

    sr: float
    hop_length: int
    beats: np.ndarray
    energy: np.ndarray
    mel: np.ndarray
    onset_strength: np.ndarray

    def describe(self, starts: np.ndarray, n_samples: int) -> np.ndarray:
        """Return the descriptors of clips.

        Parameters
        ----------
        starts : ndarray of int of shape (n_clips,)
            First sample of each clip.
        n_samples : int
            Samples of a clip.

        Returns
        -------
        ndarray of float64 of shape (n_clips, n_descriptors)
            One code per clip.
        """
        parts = [self._describe(starts[b], n_samples) for b in gen_batches(len(starts), _BATCH)]
        return np.concatenate(parts)

    def describe_spans(self, first: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Return the descriptors of short spans, such as steps and beats.

        Parameters
        ----------
        first, stop : ndarray of int, of one shape
            First sample of each span, and the sample after its last.

        Returns
        -------
        ndarray of float64 of shape (..., n_step_descriptors)
            One code per span, in the order of `STEP_DESCRIPTORS`.
        """
        stop = np.minimum(stop, len(self.energy) - 1)
        first = np.clip(first, 0, np.maximum(stop - 1, 0))
        size = np.maximum(stop - first, 1)
        level = 10 * np.log10((self.energy[stop] - self.energy[first]) / size + 1e-10)
        n_frames = len(self.mel)
        low = np.minimum(np.rint(first / self.hop_length).astype(int), n_frames - 1)
        high = np.clip(np.rint(stop / self.hop_length).astype(int), low + 1, n_frames)
        spectra = np.pad(np.cumsum(self.mel, axis=0, dtype=float), ((1, 0), (0, 0)))
        power = np.maximum(spectra[high] - spectra[low], 0.0) + 1e-9
        brightness = power @ _octaves(self.sr) / power.sum(axis=-1)
        onsets = np.concatenate([[0.0], np.cumsum(self.onset_strength)])
        onsets = (onsets[high] - onsets[low]) / (high - low)
        return np.stack(
            [
                np.maximum(level, STEP_SILENCE),
                brightness,
                np.log2(1 + np.maximum(onsets, 0.0)),
            ],
            axis=-1,
        )

    def _describe(self, starts: np.ndarray, n_samples: int) -> np.ndarray:
        rate = self.sr / self.hop_length
        n_frames = max(1, round(n_samples / self.hop_length))
        first = np.minimum(np.rint(starts / self.hop_length).astype(int), len(self.mel) - n_frames)
        frames = np.maximum(first, 0)[:, None] + np.arange(min(n_frames, len(self.mel)))
        log_tempo, angle = beat_of_clips(self.beats, starts / self.sr, n_samples / self.sr)
        power = (self.energy[starts + n_samples] - self.energy[starts]) / n_samples
        columns = [10 * np.log10(power + 1e-10)]
        spectra, onset_strength = self.mel[frames], self.onset_strength[frames]
        columns += _timbre(spectra, self.sr)
        columns += [
            np.log2(1 + _count_peaks(onset_strength) * rate / frames.shape[1]),
            np.log2(1 + onset_strength.mean(axis=1)),
            np.maximum(tempogram(onset_strength, fps=rate, tempi=60 / _PERIODS).max(axis=1), 0.0),
        ]
        lags = np.array(list(_METRE.values()))
        columns += list(tempogram(onset_strength, fps=rate, tempi=2 ** log_tempo[:, None] / lags).T)
        return np.column_stack([*columns, log_tempo, np.cos(angle), np.sin(angle)])


def _octaves(sr: float) -> np.ndarray:
    """Octaves of the middles of the bands above 20 Hz."""
    import librosa

    octaves: np.ndarray = np.log2(librosa.mel_frequencies(_N_MELS + 2, fmax=sr / 2)[1:-1] / 20.0)
    return octaves


def _timbre(spectra: np.ndarray, sr: float) -> list[np.ndarray]:
    """Brightness, bands, articulation and fluctuations of (n_clips, n_frames, n_mels) powers."""
    octave = _octaves(sr)
    mean = spectra.mean(axis=1, dtype=float) + 1e-12
    bands = spectra.reshape(*spectra.shape[:2], _N_BANDS, -1).sum(axis=3)
    share = bands.mean(axis=1, dtype=float) / mean.sum(axis=1, keepdims=True)
    thirds = np.array_split(spectra, 3, axis=2)
    spread = [(10 * np.log10(part.sum(axis=2) + 1e-8)).std(axis=1) for part in thirds]
    return [
        mean @ octave / mean.sum(axis=1),
        *(10 * np.log10(share + 1e-6)).T,
        _articulation(spectra.sum(axis=2, dtype=float) + 1e-10),
        *spread,
    ]


def _articulation(power: np.ndarray) -> np.ndarray:
    """Geometric by arithmetic mean of (n_clips, n_frames) powers over half a second, in dB.

    Over longer times, music that swells or rests would be taken for detached notes.
    """
    size = min(_ARTICULATION_FRAMES, power.shape[1])
    db = 10 * np.log10(power)
    mean = np.maximum(uniform_filter1d(power, size, axis=1, mode="nearest"), 1e-10)
    ratio = uniform_filter1d(db, size, axis=1, mode="nearest") - 10 * np.log10(mean)
    silent = (db < db.max(axis=1, keepdims=True) - 60.0).astype(float)
    sounds = uniform_filter1d(silent, size, axis=1, mode="nearest") < 0.3
    count = sounds.sum(axis=1)
    return np.divide((ratio * sounds).sum(axis=1), count, out=np.zeros(len(db)), where=count > 0)


def _count_peaks(onset_strength: np.ndarray) -> np.ndarray:
    """Number of onsets: local maxima over 0.1 s above the mean by half a standard deviation."""
    floor = onset_strength.mean(axis=1, keepdims=True) + 0.5 * onset_strength.std(
        axis=1, keepdims=True
    )
    padded = np.pad(onset_strength, ((0, 0), (4, 4)), constant_values=-1.0)
    around = np.lib.stride_tricks.sliding_window_view(padded, 9, axis=1).max(axis=2)
    return ((onset_strength >= around) & (onset_strength > floor)).sum(axis=1)


def analyze(y: Any, *, sr: float, start_bpm: float = 100.0) -> AudioAnalysis:
    """Analyze one recording.

    Parameters
    ----------
    y : ndarray of shape (n_samples,), or Recording
        Sound.
    sr : float
        Sampling rate in Hz.
    start_bpm : float, default=100.0
        Tempo in BPM near which the tempo is searched.

    Returns
    -------
    AudioAnalysis
        Beats are those of :func:`~sklearn_asdf.music.beats.beats_of_recording`; where it finds
        none, the recording is divided evenly into beats of about 0.6 s.

    Notes
    -----
    What a stage of a pipeline or a candidate of a search has analyzed is not analyzed again by the
    next one, as long as the recording is in memory.
    """
    analysis = _CACHE.get(
        y,
        (sr, start_bpm),
        lambda: _analyze(np.asarray(y), sr, start_bpm),
        # Of the spectrum, in essence.
        size=4 * (_N_MELS + 2) * (len(y) // _hop_length(sr) + 1),
    )
    # As large as the recording many times over, and computed at once.
    energy = np.zeros(len(y) + 1)
    np.square(y[:], out=energy[1:], dtype=float)
    np.cumsum(energy[1:], out=energy[1:])
    return replace(analysis, energy=energy)


def _hop_length(sr: float) -> int:
    return max(1, round(sr / 86))


def _analyze(y: np.ndarray, sr: float, start_bpm: float) -> AudioAnalysis:
    """Analyze one recording; the energy is left empty."""
    hop_length = _hop_length(sr)
    n_fft = 8 * hop_length
    mel = melspectrogram(y[None], sr=sr, n_fft=n_fft, hop_length=hop_length, n_mels=_N_MELS)[
        0
    ].T.astype(np.float32)
    db = power_to_db(mel, ref=max(float(mel.max()), 1e-10), top_db=80.0)
    # A window's level rises before its middle reaches the onset.
    onset_strength = np.zeros(len(db))
    onset_strength[_EARLY + 1 :] = np.maximum(np.diff(db, axis=0), 0.0).mean(axis=1)[
        : -_EARLY or None
    ]
    beats = np.zeros(0)
    if onset_strength.any() and len(y) > sr:
        beats = beats_of_recording(
            onset_strength, sr=sr, hop_length=hop_length, start_bpm=start_bpm
        )
    if len(beats) < 2:
        duration = len(y) / sr
        beats = np.linspace(0, duration, max(round(duration / 0.6), 1) + 1)
    return AudioAnalysis(
        sr, hop_length, np.asarray(beats, dtype=float), np.zeros(0), mel, onset_strength
    )


def check_code(code: Any, n_steps: int = 0) -> np.ndarray:
    """Return codes of clips as an array of descriptors.

    Parameters
    ----------
    code : array-like of shape (n_clips, n_values)
        Codes: the descriptors of each step, and those of the clip.
    n_steps : int, default=0
        Steps of a clip.

    Returns
    -------
    code : ndarray of float64 of shape (n_clips, n_values)
        Finite values.
    """
    code = check_array(code, dtype=float, input_name="code")
    n_values = n_steps * len(STEP_DESCRIPTORS) + len(DESCRIPTORS)
    if code.shape[1] != n_values:
        raise ValueError(
            f"expected codes of {n_values} numbers, got {code.shape[1]}: pass what "
            "transform returned"
        )
    return code


def beat_of(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return tempo and phase of the beat of codes.

    Parameters
    ----------
    code : ndarray of shape (n_clips, n_descriptors)
        Codes.

    Returns
    -------
    tempo : ndarray of shape (n_clips,)
        In BPM, limited to 40 to 240.
    phase : ndarray of shape (n_clips,)
        Angle in the middle of the clip in radians; 0 is on a beat.
    """
    tempo = np.clip(2.0 ** np.clip(code[:, _TEMPO], -10, 20), *_TEMPI)
    return tempo, np.arctan2(code[:, _SIN], code[:, _COS])


def limit_level(level: np.ndarray, of_corpus: np.ndarray) -> np.ndarray:
    """Return levels limited to within 6 dB of those of a corpus.

    Parameters
    ----------
    level : ndarray
        Levels in dB.
    of_corpus : ndarray of shape (n_clips,)
        Levels of the training clips in dB.

    Returns
    -------
    ndarray
        Of the shape of `level`.
    """
    return np.clip(level, of_corpus.min() - _LEVEL_MARGIN, of_corpus.max() + _LEVEL_MARGIN)


def recordings_of(audio: Any) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
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
