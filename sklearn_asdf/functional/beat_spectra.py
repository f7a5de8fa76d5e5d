"""Mel spectra at given moments, in any transposition, and back to frames at a regular hop."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike

from .mel import MelFilterbank, hann, mel_filterbank

__all__ = ["frames_between", "spectra_at", "transposed_filterbank"]

# Spectra that are computed at once.
_BLOCK = 256


def transposed_filterbank(
    semitones: float,
    *,
    sr: float,
    n_fft: int,
    n_mels: int,
    fmin: float = 0.0,
    fmax: float | None = None,
) -> MelFilterbank:
    """Return mel filters that read a sound as if it were transposed.

    Parameters
    ----------
    semitones : float
        Transposition; 12 is an octave up.
    sr : float
        Sampling rate of the sound in Hz.
    n_fft : int
        Length of an FFT in samples.
    n_mels : int
        Number of bands.
    fmin, fmax : float
        Lowest and highest frequency of the bands in Hz, of the transposed sound; None means half of
        `sr`. Bands above what half of `sr` becomes are empty.

    Returns
    -------
    MelFilterbank
        A tone at f Hz has its maximum in the band of ``f * 2 ** (semitones / 12)`` Hz.

    Examples
    --------
    >>> from sklearn_asdf.functional.beat_spectra import transposed_filterbank
    >>> options = {"sr": 22050, "n_fft": 4096, "n_mels": 64, "fmax": 8000.0}
    >>> filters = [transposed_filterbank(s, **options).filters for s in (0, 12)]
    >>> int(filters[0][:, 400].argmax()), int(filters[1][:, 200].argmax())
    (37, 37)
    """
    fmax = sr / 2 if fmax is None else fmax
    factor = 2.0 ** (semitones / 12)
    return mel_filterbank(sr=sr * factor, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)


def spectra_at(
    y: ArrayLike, moments: ArrayLike, bank: MelFilterbank, *, sr: float, n_fft: int
) -> np.ndarray:
    """Return mel power spectra at given moments of a sound.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Sound.
    moments : array-like of shape (n,)
        Middles of the Hann windows in s, rounded to a sample. Those outside the sound are moved to
        its first or last sample.
    bank : MelFilterbank
        The bands.
    sr : float
        Sampling rate in Hz.
    n_fft : int
        Length of a window in samples.

    Returns
    -------
    mel : ndarray of float32 of shape (n, n_mels)
        Power. The sound is 0 before its start and after its end.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.beat_spectra import spectra_at
    >>> from sklearn_asdf.functional.mel import mel_filterbank, melspectrogram
    >>> y = np.random.default_rng(0).normal(size=4000)
    >>> bank = mel_filterbank(sr=8000, n_fft=512, n_mels=20)
    >>> there = melspectrogram(y, sr=8000, n_fft=512, hop_length=800, n_mels=20)
    >>> here = spectra_at(y, [0.0, 0.1, 0.2], bank, sr=8000, n_fft=512)
    >>> np.allclose(here.T[:, 1:], there[:, 1:3], rtol=1e-3)
    True
    """
    y = np.asarray(y, dtype=np.float32)
    places = np.clip(np.rint(np.asarray(moments, dtype=float) * sr), 0, len(y) - 1).astype(int)
    padded = np.pad(y, n_fft // 2)
    # A view: windows are copied block by block.
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(padded, (0, max(n_fft - len(padded), 0))), n_fft
    )
    mel = np.empty((len(places), len(bank.filters)), np.float32)
    last = len(windows) - 1
    for i in range(0, len(places), _BLOCK):
        part = windows[np.minimum(places[i : i + _BLOCK], last)] * hann(n_fft)
        spectrum = scipy.fft.rfft(part, axis=1)
        mel[i : i + _BLOCK] = bank.to_mel(spectrum.real**2 + spectrum.imag**2)
    return mel


def frames_between(values: np.ndarray, moments: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return values at given times, interpolated linearly between moments.

    Parameters
    ----------
    values : ndarray of shape (n, d)
        Values at the moments, such as spectra in dB.
    moments : ndarray of shape (n,)
        In s, increasing.
    time : ndarray of shape (m,)
        In s. Before the first and after the last moment the nearest value holds.

    Returns
    -------
    ndarray of shape (m, d)
        Values.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.beat_spectra import frames_between
    >>> values = np.array([[0.0, 1.0], [2.0, 3.0]])
    >>> frames_between(values, np.array([0.0, 1.0]), np.array([0.5, 2.0])).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    place = np.interp(time, moments, np.arange(len(moments)))
    low = np.minimum(place.astype(int), max(len(moments) - 2, 0))
    high = np.minimum(low + 1, len(moments) - 1)
    share = (place - low)[:, None]
    return (1 - share) * values[low] + share * values[high]
