"""Quality of reconstructed sound: distances of spectra, errors of partials, consistency."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from ..functional.mel import hann

__all__ = ["consistency", "harmonic_error", "spectral_distance"]

_FLOOR = 1e-5


def spectral_distance(
    y: ArrayLike, reference: ArrayLike, *, n_ffts: Sequence[int] = (512, 1024, 2048)
) -> np.ndarray:
    r"""Return the distance of spectrograms at several resolutions.

    Parameters
    ----------
    y, reference : array-like of shape (..., n_samples)
        Sounds; the second is the original.
    n_ffts : sequence of int, default=(512, 1024, 2048)
        Lengths of the windows in samples, each with a hop of a quarter.

    Returns
    -------
    ndarray of shape (...)
        0 for equal spectrograms. Phases do not count.

    Notes
    -----
    Mean over the resolutions of spectral convergence plus the mean absolute difference of log
    magnitudes (natural logarithm, magnitudes at least 1e-5 of the original's largest) [1]_:

    .. math:: \frac{\| S - \hat S \|}{\| S \|} + \frac1N \| \log S - \log \hat S \|_1

    References
    ----------
    .. [1] R. Yamamoto, E. Song and J.-M. Kim, "Parallel WaveGAN: a fast waveform generation model
       based on generative adversarial networks with multi-resolution spectrogram", ICASSP 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import spectral_distance
    >>> tone = np.sin(0.1 * np.arange(22050))
    >>> float(spectral_distance(tone, tone))
    0.0
    >>> bool(spectral_distance(0.5 * tone, tone) > 0.5)
    True
    """
    y, reference = check_same_shape(y, reference)
    parts = []
    for n_fft in n_ffts:
        found, wanted = (_magnitudes(a, n_fft, n_fft // 4) for a in (y, reference))
        floor = _FLOOR * np.maximum(wanted.max(axis=(-2, -1), keepdims=True), 1e-20)
        norm = np.maximum(np.linalg.norm(wanted, axis=(-2, -1)), 1e-20)
        missed = np.linalg.norm(found - wanted, axis=(-2, -1)) / norm
        logs = np.log(np.maximum(found, floor)) - np.log(np.maximum(wanted, floor))
        parts.append(missed + np.abs(logs).mean(axis=(-2, -1)))
    return np.mean(parts, axis=0)


def harmonic_error(
    y: ArrayLike,
    reference: ArrayLike,
    *,
    sr: int = 22050,
    n_fft: int = 4096,
    hop_length: int = 512,
    n_peaks: int = 12,
) -> np.ndarray:
    """Return the mean error of the frequencies of the partials, in cents.

    Parameters
    ----------
    y, reference : array-like of shape (..., n_samples)
        Sounds; the second is the original.
    sr : int, default=22050
        Sampling rate in Hz.
    n_fft : int, default=4096
        Length of the window in samples.
    hop_length : int, default=512
        Samples from one frame to the next.
    n_peaks : int, default=12
        Most partials of a frame: the loudest peaks of the original between 50 and 5000 Hz, at most
        40 dB below its loudest peak anywhere.

    Returns
    -------
    ndarray of shape (...)
        In cents, weighted by the magnitudes of the partials; at most 100 per partial. NaN without
        partials.

    Notes
    -----
    Reconstructed phases that do not fit make partials waver around their pitch. Frequencies are
    instantaneous ones, from the phase that a bin advances in one sample (reassignment) [1]_, at
    the bins of the peaks of the original, so noise has an error of less than the width of a bin.

    References
    ----------
    .. [1] F. Auger and P. Flandrin, "Improving the readability of time-frequency and time-scale
       representations by the reassignment method", IEEE Transactions on Signal Processing 43(5),
       1995.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import harmonic_error
    >>> t = np.arange(22050) / 22050
    >>> tones = [np.sin(2 * np.pi * 440 * 2 ** (cents / 1200) * t) for cents in (0, 10)]
    >>> float(harmonic_error(tones[1], tones[0]).round(1))
    10.0
    """
    y, reference = check_same_shape(y, reference)
    wanted, magnitude = _instantaneous(reference, n_fft, hop_length)
    found, _ = _instantaneous(y, n_fft, hop_length)
    hertz = sr / (2 * np.pi)
    middle = magnitude[..., 1:-1]
    center = np.arange(1, magnitude.shape[-1] - 1) * sr / n_fft
    loudest = middle.max(axis=(-2, -1), keepdims=True)
    peak = (middle > magnitude[..., :-2]) & (middle >= magnitude[..., 2:])
    peak &= (middle > 0.01 * loudest) & (center > 50) & (center < 5000)
    height = np.where(peak, middle, 0.0)
    if n_peaks < height.shape[-1]:
        least = -np.partition(-height, n_peaks, axis=-1)[..., n_peaks, None]
        peak &= height > least
    ratio = np.maximum(found[..., 1:-1] * hertz, 1.0) / np.maximum(wanted[..., 1:-1] * hertz, 1.0)
    cents = np.minimum(1200 * np.abs(np.log2(ratio)), 100.0)
    weight = np.where(peak, middle, 0.0)
    total = weight.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, (weight * cents).sum(axis=(-2, -1)) / total, np.nan)


def consistency(y: ArrayLike, magnitude: ArrayLike, *, n_fft: int, hop_length: int) -> np.ndarray:
    """Return how far the magnitudes of a sound are from those that were asked for, in dB.

    Parameters
    ----------
    y : array-like of shape (..., n_samples)
        Sounds.
    magnitude : array-like of shape (..., 1 + n_fft // 2, n_frames)
        Magnitudes of a spectrogram with a Hann window, frames centered as in
        :func:`librosa.stft`.
    n_fft, hop_length : int
        Length of the window and the hop in samples.

    Returns
    -------
    ndarray of shape (...)
        Norm of the difference relative to that of `magnitude`, in dB: lower is better, and 0 is
        as bad as silence.

    References
    ----------
    J. Le Roux, N. Ono and S. Sagayama, "Explicit consistency constraints for STFT spectrograms and
    their application to phase reconstruction", SAPA 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import consistency
    >>> wanted = np.ones((513, 9))
    >>> float(consistency(np.zeros(2048), wanted, n_fft=1024, hop_length=256))
    0.0
    """
    y, magnitude = np.asarray(y, dtype=float), np.asarray(magnitude, dtype=float)
    half = n_fft // 2
    padded = np.pad(y, [(0, 0)] * (y.ndim - 1) + [(half, half)])
    found = np.swapaxes(_magnitudes(padded, n_fft, hop_length), -1, -2)
    n_frames = magnitude.shape[-1]
    if found.shape[-1] < n_frames:
        raise ValueError(
            f"expected sound for {n_frames} frames, got {found.shape[-1]}: pass at least "
            f"{(n_frames - 1) * hop_length} samples"
        )
    missed = np.linalg.norm(found[..., :n_frames] - magnitude, axis=(-2, -1))
    whole = np.linalg.norm(magnitude, axis=(-2, -1))
    return 20 * np.log10(np.maximum(missed, 1e-20) / np.maximum(whole, 1e-20))


def check_same_shape(y: ArrayLike, reference: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return two sounds as arrays of float64 of one shape, or raise an error.

    Parameters
    ----------
    y, reference : array-like of shape (..., n_samples)
        Sounds.

    Returns
    -------
    y, reference : ndarray of float64 of shape (..., n_samples)
        The sounds.
    """
    y, reference = np.asarray(y, dtype=float), np.asarray(reference, dtype=float)
    if y.shape != reference.shape:
        raise ValueError(
            f"expected two sounds of the same shape, got {y.shape} and {reference.shape}: cut both "
            "to the same length"
        )
    return y, reference


def _frames(y: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Return frames (..., n_frames, n_fft); a sound shorter than one is padded."""
    short = max(n_fft - y.shape[-1], 0)
    if short:
        y = np.pad(y, [(0, 0)] * (y.ndim - 1) + [(0, short)])
    return sliding_window_view(y, n_fft, axis=-1)[..., ::hop_length, :]


def _magnitudes(y: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    return np.abs(scipy.fft.rfft(_frames(y, n_fft, hop_length) * hann(n_fft)))


def _instantaneous(y: np.ndarray, n_fft: int, hop_length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the instantaneous frequency of each bin in radians per sample, and its magnitude."""
    frames = _frames(y, n_fft, hop_length)
    spectrum = scipy.fft.rfft(frames * hann(n_fft))
    # The derivative of the window is that of the spectrum's phase.
    slope = np.pi / n_fft * np.sin(2 * np.pi * np.arange(n_fft) / n_fft)
    moved = scipy.fft.rfft(frames * slope)
    center = 2 * np.pi * np.arange(spectrum.shape[-1]) / n_fft
    magnitude = np.abs(spectrum)
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.where(magnitude > 0, -np.imag(moved / spectrum), 0.0)
    return center + shift, magnitude
