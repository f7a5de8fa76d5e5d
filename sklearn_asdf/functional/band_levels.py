"""Levels of wide bands of a sound, in short windows, and a sound that has given levels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from .mel import MelFilterbank, hann

__all__ = ["with_band_levels"]

# Windows overlap by three quarters.
_OVERLAP = 4
# Bands are lowered by more than they are raised, in dB: raised noise is audible.
_LOWEST, _HIGHEST = -30.0, 10.0
_TINY = 1e-12


def with_band_levels(
    y: ArrayLike,
    power: Callable[[np.ndarray], np.ndarray],
    bank: MelFilterbank,
    *,
    sr: float,
    n_fft: int = 1024,
    n_iter: int = 2,
) -> np.ndarray:
    """Return a sound whose bands have given levels at each moment.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Sound.
    power : callable
        Returns the power of the bands, an array of shape (n_frames, n_bands), at times in s.
    bank : MelFilterbank
        The bands.
    sr : float
        Sampling rate in Hz.
    n_fft : int, default=1024
        Length of the Hann windows in samples, a multiple of 4. They are a quarter of it apart.
    n_iter : int, default=2
        Number of corrections. One is not exact, since windows overlap.

    Returns
    -------
    ndarray of float32 of shape (n_samples,)
        Sound with the phases of `y`. A bin is scaled by the mean gain of the bands that reach it
        in dB, from -30 to 10; one that none reaches, as the nearest bin that one does.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.band_levels import with_band_levels
    >>> from sklearn_asdf.functional.mel import mel_filterbank, melspectrogram
    >>> bank = mel_filterbank(sr=8000, n_fft=512, n_mels=10)
    >>> y = np.random.default_rng(0).normal(size=8000)
    >>> fading = lambda time: np.outer(10.0 * np.exp(-5 * time), np.ones(10))
    >>> faded = with_band_levels(y, fading, bank, sr=8000, n_fft=512)
    >>> bands = melspectrogram(faded, sr=8000, n_fft=512, hop_length=2000, n_mels=10).mean(axis=0)
    >>> round(10 * np.log10(bands[3] / bands[1]))  # 10 log10(exp(-2.5)) = -11 dB
    -11
    """
    audio = np.asarray(y, dtype=np.float32)
    hop, window = n_fft // _OVERLAP, hann(n_fft)
    n_frames = 1 + -(-len(audio) // hop)
    time = np.arange(n_frames) * hop / sr
    wanted = 10 * np.log10(np.maximum(power(time), _TINY))
    share = _shares(bank)
    squared = np.broadcast_to(window**2, (n_frames, n_fft))
    # Less where the sound begins and ends, by windows that would lie outside.
    norm = np.maximum(_overlapped(squared, hop), 1e-3)
    for _ in range(n_iter):
        padded = np.pad(audio, (n_fft // 2, n_frames * hop + n_fft - len(audio) - n_fft // 2))
        frames = sliding_window_view(padded, n_fft)[::hop][:n_frames]
        spectrum = scipy.fft.rfft(frames * window, axis=1)
        found = bank.to_mel(spectrum.real**2 + spectrum.imag**2)
        gain = np.clip(wanted - 10 * np.log10(np.maximum(found, _TINY)), _LOWEST, _HIGHEST)
        spectrum *= 10.0 ** (gain @ share / 20)
        parts = scipy.fft.irfft(spectrum, n_fft, axis=1) * window
        total = _overlapped(parts, hop) / norm
        audio = total[n_fft // 2 : n_fft // 2 + len(audio)].astype(np.float32)
    return audio


def _overlapped(frames: np.ndarray, hop: int) -> np.ndarray:
    """Return the sum of frames of four hops that are one hop apart."""
    total = np.zeros((len(frames) + _OVERLAP, hop))
    for k in range(_OVERLAP):
        total[k : k + len(frames)] += frames[:, k * hop : (k + 1) * hop]
    return total.ravel()


def _shares(bank: MelFilterbank) -> np.ndarray:
    """Return the weight of each band's gain in dB in each bin, (n_bands, n_bins)."""
    peak = bank.filters.max(axis=1, keepdims=True)
    weights = bank.filters / np.maximum(peak, _TINY)
    total = weights.sum(axis=0)
    reached = np.flatnonzero(total > 1e-6)
    if not len(reached):
        return np.zeros(weights.shape)
    bins = np.arange(len(total))
    after = np.clip(np.searchsorted(reached, bins), 1, len(reached) - 1) if len(reached) > 1 else 0
    low, high = reached[after - 1], reached[after]
    near = np.where(bins - low <= high - bins, low, high)
    return weights[:, near] / total[near]
