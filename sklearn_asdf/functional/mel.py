"""Mel spectrograms: power in bands, decibels, scaling to [0, 1], and overlap-add of clips."""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

__all__ = [
    "MelFilterbank",
    "db_to_unit",
    "mel_filterbank",
    "melspectrogram",
    "overlap_add",
    "power_to_db",
    "unit_to_db",
]

# 64 frames of 4096 samples are one megabyte: they stay in a core's cache from FFT to mel bands.
BLOCK_SIZE = 64 * 4096
_SILENCE = 1e-10


class MelFilterbank:
    """Mel filters as dense blocks along their band.

    Eight adjacent filters share few FFT bins, so small matrix products over those bins alone
    replace one over all bins.

    Parameters
    ----------
    filters : ndarray of shape (n_mels, 1 + n_fft // 2)
        Non-negative weights of each band.

    Attributes
    ----------
    filters : ndarray of float32 of shape (n_mels, 1 + n_fft // 2)
        The weights.
    bin_weights : ndarray of float32 of shape (1 + n_fft // 2,)
        Sum of the weights of each bin; 0 where no filter reaches.
    """

    def __init__(self, filters: np.ndarray) -> None:
        self.filters = np.ascontiguousarray(filters, dtype=np.float32)
        self.bin_weights = self.filters.sum(axis=0)
        self._blocks = []
        for m in range(0, len(self.filters), 8):
            part = self.filters[m : m + 8]
            bins = np.flatnonzero(part.any(axis=0))
            if len(bins):
                k = slice(bins[0], bins[-1] + 1)
                weights = part[:, k].T.astype(np.float64)
                self._blocks.append((slice(m, m + len(part)), k, weights))

    def to_mel(self, power: np.ndarray) -> np.ndarray:
        """Return bands of spectra.

        Parameters
        ----------
        power : ndarray of float32 of shape (..., n_bins)
            Spectra, bins last.

        Returns
        -------
        mel : ndarray of float32 of shape (..., n_mels)
            Their bands.
        """
        mel = np.zeros((*power.shape[:-1], len(self.filters)), np.float32)
        for m, k, weights in self._blocks:
            # Summed in float64, so that the result in float32 does not depend on threads.
            mel[..., m] = power[..., k].astype(np.float64) @ weights
        return mel

    def to_bins(self, mel: np.ndarray) -> np.ndarray:
        """Return bands spread over their bins: the transpose of `to_mel`.

        Parameters
        ----------
        mel : ndarray of float32 of shape (..., n_mels)
            Bands.

        Returns
        -------
        power : ndarray of float32 of shape (..., n_bins)
            Each bin the weighted sum of the bands that reach it.
        """
        power = np.zeros((*mel.shape[:-1], self.filters.shape[1]), np.float32)
        for m, k, weights in self._blocks:
            power[..., k] += mel[..., m] @ weights.T.astype(np.float32)
        return power


@lru_cache(maxsize=8)
def mel_filterbank(
    *, sr: float, n_fft: int, n_mels: int, fmin: float = 0.0, fmax: float | None = None
) -> MelFilterbank:
    """Return librosa's mel filters, cached.

    Parameters
    ----------
    sr : float
        Sampling rate in Hz.
    n_fft : int
        Length of an FFT in samples.
    n_mels : int
        Number of bands.
    fmin, fmax : float
        Lowest and highest frequency in Hz; None means half of `sr`.

    Returns
    -------
    MelFilterbank
        Slaney's mel scale and area normalization, as :func:`librosa.filters.mel` has them.

    Notes
    -----
    Bands narrower than the distance of two FFT bins are empty: librosa warns of them. So are
    bands above half of `sr`, silently.
    """
    import librosa.filters

    with warnings.catch_warnings():
        if fmax is not None and fmax > sr / 2:
            # Required, because a transposed spectrogram has no such bins.
            warnings.filterwarnings("ignore", message="Empty filters", category=UserWarning)
        filters = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    return MelFilterbank(filters)


@lru_cache(maxsize=8)
def hann(n_fft: int) -> np.ndarray:
    """Return the periodic Hann window in float32.

    Parameters
    ----------
    n_fft : int
        Number of samples.

    Returns
    -------
    ndarray of shape (n_fft,)
        The window.
    """
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)
    window.flags.writeable = False
    return window


def melspectrogram(
    y: ArrayLike,
    *,
    sr: float = 22050,
    n_fft: int = 4096,
    hop_length: int = 690,
    n_mels: int = 128,
    fmin: float = 0.0,
    fmax: float | None = None,
    power: float = 2.0,
) -> np.ndarray:
    """Compute mel spectrograms of many clips in float32.

    Parameters
    ----------
    y : array-like of shape (..., n_samples)
        Sound, floats in [-1, 1].
    sr : float, default=22050
        Sampling rate in Hz.
    n_fft : int, default=4096
        Length of the Hann window and of an FFT, in samples.
    hop_length : int, default=690
        Samples from one frame to the next.
    n_mels : int, default=128
        Number of mel bands.
    fmin, fmax : float, default=0.0, None
        Lowest and highest frequency of the bands in Hz; None means half of `sr`.
    power : float, default=2.0
        Exponent of the magnitude: 1 for amplitude, 2 for power.

    Returns
    -------
    mel : ndarray of float32 of shape (..., n_mels, n_frames)
        With ``n_frames = 1 + n_samples // hop_length``.

    Notes
    -----
    Frame t is centered on sample ``t * hop_length``; beyond the ends the sound is taken as silent
    (``center=True, pad_mode="constant"`` of :func:`librosa.feature.melspectrogram`, which this
    equals within 1e-3 dB at 80 dB range). NaN in a clip gives NaN in the frames that touch it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.mel import melspectrogram
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> mel = melspectrogram(tone, n_mels=64)
    >>> mel.shape
    (64, 32)
    """
    y = np.asarray(y, dtype=np.float32)
    bank = mel_filterbank(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    n_frames = 1 + y.shape[-1] // hop_length
    clips = y.reshape(-1, y.shape[-1])
    mel = np.empty((len(clips), n_frames, n_mels), np.float32)
    window = hann(n_fft)
    block = max(1, BLOCK_SIZE // n_fft)
    together = max(1, block // n_frames)
    for first in range(0, len(clips), together):
        padded = np.pad(clips[first : first + together], ((0, 0), (n_fft // 2, n_fft // 2 + 1)))
        frames = sliding_window_view(padded, n_fft, axis=-1)[:, ::hop_length]
        for t in range(0, n_frames, block):
            stop = min(t + block, n_frames)
            spectrum = scipy.fft.rfft(frames[:, t:stop] * window)
            mel[first : first + together, t:stop] = bank.to_mel(_magnitude(spectrum, power))
    return np.ascontiguousarray(mel.swapaxes(-1, -2)).reshape(*y.shape[:-1], n_mels, n_frames)


def _magnitude(spectrum: np.ndarray, power: float) -> np.ndarray:
    squared = spectrum.real**2 + spectrum.imag**2
    return squared if power == 2 else squared ** np.float32(power / 2)


def power_to_db(
    mel: ArrayLike,
    *,
    ref: str | ArrayLike = "max",
    amin: float = _SILENCE,
    top_db: float | None = 80.0,
) -> np.ndarray:
    """Convert power to decibels, relative to each clip.

    Parameters
    ----------
    mel : array-like of shape (..., n_mels, n_frames)
        Power spectrograms.
    ref : {"max"} or float or array-like, default="max"
        Power of 0 dB: the maximum of each clip, or given values (broadcast against `mel`).
    amin : float, default=1e-10
        Lower powers are set to this.
    top_db : float or None, default=80.0
        Values are clipped at this many dB below the maximum of their clip; None for no limit.

    Returns
    -------
    db : ndarray of shape (..., n_mels, n_frames)
        Levels in dB.

    Notes
    -----
    As :func:`librosa.power_to_db`, but over the last two axes instead of the whole array, so clips
    are independent of each other.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.mel import power_to_db
    >>> power_to_db(np.array([[1.0, 0.1, 0.0]]), ref=1.0)
    array([[  0., -10., -80.]])
    """
    mel = np.asarray(mel)
    if isinstance(ref, str):
        ref = mel.max(axis=(-2, -1), keepdims=True)
    db = 10 * np.log10(np.maximum(mel, amin)) - 10 * np.log10(np.maximum(ref, amin))
    db = db.astype(mel.dtype, copy=False)
    if top_db is not None:
        db = np.maximum(db, db.max(axis=(-2, -1), keepdims=True) - mel.dtype.type(top_db))
    return db


def db_to_unit(db: ArrayLike, *, top_db: float = 80.0) -> tuple[np.ndarray, np.ndarray]:
    """Scale the highest `top_db` decibels of each clip to [0, 1], and return its level.

    Parameters
    ----------
    db : array-like of shape (..., n_mels, n_frames)
        Absolute levels in dB, without a lower limit (``power_to_db(mel, ref=1, top_db=None)``).
    top_db : float, default=80.0
        Range in dB that becomes [0, 1].

    Returns
    -------
    unit : ndarray of shape (..., n_mels, n_frames)
        1 at the maximum of a clip, 0 at `top_db` below it and lower.
    level : ndarray of shape (...)
        Maximum level of each clip in dB.

    Notes
    -----
    A silent clip (-100 dB everywhere) becomes 0 everywhere, and not 1 relative to its maximum.
    """
    db = np.asarray(db)
    level = db.max(axis=(-2, -1), keepdims=True)
    unit = np.clip(1 + (db - level) / db.dtype.type(top_db), 0, 1)
    silent = level <= 10 * np.log10(_SILENCE) + 1e-3
    return np.where(silent, db.dtype.type(0), unit), level[..., 0, 0]


def unit_to_db(unit: ArrayLike, level: ArrayLike, *, top_db: float = 80.0) -> np.ndarray:
    """Return absolute levels from [0, 1] spectrograms and the level of each clip.

    Parameters
    ----------
    unit : array-like of shape (..., n_mels, n_frames)
        Spectrograms in [0, 1].
    level : array-like of shape (...)
        Maximum level of each clip in dB.
    top_db : float, default=80.0
        Range in dB that [0, 1] represents.

    Returns
    -------
    db : ndarray of shape (..., n_mels, n_frames)
        Levels in dB; levels below the range are returned as its lower end.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.mel import db_to_unit, unit_to_db
    >>> unit, level = db_to_unit(np.array([[10.0, -30.0]]))
    >>> unit
    array([[1. , 0.5]])
    >>> unit_to_db(unit, level)
    array([[ 10., -30.]])
    """
    unit = np.asarray(unit)
    level = np.asarray(level, dtype=unit.dtype)[..., None, None]
    return level + unit.dtype.type(top_db) * (unit - 1)


def overlap_add(clips: ArrayLike, *, hop: float, n_frames: int) -> np.ndarray:
    """Average successive clips where they overlap in time.

    Parameters
    ----------
    clips : array-like of shape (n_clips, n_clip_frames, ...)
        Frames of each clip.
    hop : float
        Frames from the start of a clip to that of the next; if it is no integer, clips are
        interpolated linearly between frames.
    n_frames : int
        Frames of the result.

    Returns
    -------
    piece : ndarray of shape (n_frames, ...)
        Weighted mean of the clips at each frame; weights decrease to the ends of a clip as sin².
        The nearest frame is repeated where there is no clip.

    Notes
    -----
    NaN in a clip gives NaN in the frames that overlap it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.mel import overlap_add
    >>> ramp = np.arange(6.0)
    >>> overlap_add([ramp[:4], ramp[2:]], hop=2, n_frames=6)
    array([0., 1., 2., 3., 4., 5.])
    """
    clips = np.asarray(clips)
    clips = clips.astype(np.result_type(clips.dtype, np.float32), copy=False)
    n_clips, length = clips.shape[:2]
    starts = np.arange(n_clips) * hop
    # Each clip is extended by one frame on both sides, so that rounding leaves no gap.
    target = np.ceil(starts - 1).astype(int)[:, None] + np.arange(length + 2)
    place = np.clip(target - starts[:, None], 0, length - 1)
    weight = np.sin(np.pi * (place + 0.5) / length) ** 2
    weight[place != target - starts[:, None]] = 1e-12
    inside = (target >= 0) & (target < n_frames)
    clip = np.broadcast_to(np.arange(n_clips)[:, None], target.shape)[inside]
    target, place, weight = target[inside], place[inside], weight[inside]
    before = np.floor(place).astype(int)
    part = (place - before).reshape(-1, *[1] * (clips.ndim - 2))
    values = (1 - part) * clips[clip, before] + part * clips[
        clip, np.minimum(before + 1, length - 1)
    ]
    total = np.zeros(n_frames)
    np.add.at(total, target, weight)
    piece = np.zeros((n_frames, *clips.shape[2:]))
    np.add.at(piece, target, values * weight.reshape(part.shape))
    covered = np.flatnonzero(total)
    piece[covered] /= total[covered].reshape(-1, *part.shape[1:])
    nearest = covered[np.searchsorted(covered[1:], np.arange(n_frames), side="right")]
    return piece[nearest].astype(clips.dtype)
