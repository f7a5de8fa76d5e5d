"""Inversion of mel spectrograms: non-negative least squares and accelerated Griffin-Lim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from scipy.signal import butter, sosfilt
from sklearn.utils import check_random_state

from .mel import BLOCK_SIZE, MelFilterbank, hann, mel_filterbank
from .phase_gradient import PhaseIntegration

__all__ = ["fit_bands", "highpass", "mel_to_audio", "mel_to_power"]

# From the power of a clip's bands, runs of its frames, and the spectra of its first frames that are
# known, to the spectra of the runs.
Start = Callable[[np.ndarray, Iterator[slice], np.ndarray], Iterator[np.ndarray]]
_TINY = 1e-20


def mel_to_power(
    mel: ArrayLike,
    *,
    sr: float = 22050,
    n_fft: int = 4096,
    fmin: float = 0.0,
    fmax: float | None = None,
    n_iter: int = 30,
) -> np.ndarray:
    r"""Find non-negative power spectra that have given mel bands.

    Parameters
    ----------
    mel : array-like of shape (..., n_mels, n_frames)
        Mel spectrograms of power, not of decibels.
    sr : float, default=22050
        Sampling rate in Hz.
    n_fft : int, default=4096
        Length of an FFT in samples.
    fmin, fmax : float, default=0.0, None
        Lowest and highest frequency of the bands in Hz; None means half of `sr`.
    n_iter : int, default=30
        Number of updates.

    Returns
    -------
    power : ndarray of float32 of shape (..., 1 + n_fft // 2, n_frames)
        Power spectrograms; 0 in bins that no band reaches.

    Notes
    -----
    Each update multiplies the bins by the weighted mean of the ratios by which their bands are
    missed, ``p *= W.T @ (mel / (W @ p)) / W.T @ 1``, which lowers the Kullback-Leibler
    divergence of ``W @ p`` from `mel` and never leaves the non-negative numbers [1]_.

    References
    ----------
    .. [1] D. D. Lee and H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS,
       2000.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.griffinlim import mel_to_power
    >>> mel_to_power(np.ones((64, 5)), n_fft=2048).shape
    (1025, 5)
    """
    mel = np.asarray(mel, dtype=np.float32)
    bank = mel_filterbank(sr=sr, n_fft=n_fft, n_mels=mel.shape[-2], fmin=fmin, fmax=fmax)
    power = _invert(bank, mel.swapaxes(-1, -2), n_iter)
    return np.ascontiguousarray(power.swapaxes(-1, -2))


def mel_to_audio(
    mel: ArrayLike,
    *,
    sr: float = 22050,
    n_fft: int = 4096,
    hop_length: int = 690,
    fmin: float = 0.0,
    fmax: float | None = None,
    n_samples: int | None = None,
    n_iter: int = 16,
    momentum: float = 0.99,
    start: Literal["random", "pghi"] | Start = "random",
    before: ArrayLike | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> np.ndarray:
    r"""Find sounds that have given mel spectrograms.

    Parameters
    ----------
    mel : array-like of shape (..., n_mels, n_frames)
        Mel spectrograms of power, not of decibels, as :func:`melspectrogram` makes them.
    sr : float, default=22050
        Sampling rate in Hz.
    n_fft : int, default=4096
        Length of the Hann window and of an FFT, in samples.
    hop_length : int, default=690
        Samples from one frame to the next.
    fmin, fmax : float, default=0.0, None
        Lowest and highest frequency of the bands in Hz; None means half of `sr`.
    n_samples : int, default=None
        Length of the sounds; None means ``(n_frames - 1) * hop_length``.
    n_iter : int, default=16
        Number of iterations; more iterations approximate `mel` better.
    momentum : float, default=0.99
        Weight of the last step in the next; 0 is plain Griffin-Lim.
    start : {"random", "pghi"} or callable, default="random"
        Initial phases: those of noise, or those of phase gradient heap integration
        (:class:`~sklearn_asdf.functional.phase_gradient.PhaseIntegration`). A callable estimates
        the spectra from which the iterations start. It is called for each clip with the power
        of its bands, of shape (n_frames, n_mels), an iterator of slices of frames, and the spectra
        of the frames that `before` fills, and yields the spectrum of each slice, complex64 of shape
        (n_slice_frames, 1 + n_fft // 2), with the phases of FFTs that begin with the first sample
        of the window.
    before : array-like of shape (..., n_before), default=None
        Beginnings of the sounds, which stay as they are and are continued: with sound of at least
        ``n_fft + hop_length`` samples there is no joint.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise of the initial phases. All clips start from the same noise, so the sound
        of a clip does not depend on the other clips.

    Returns
    -------
    y : ndarray of float32 of shape (..., n_samples)
        Sounds.

    Notes
    -----
    Fast Griffin-Lim [1]_ looks for a phase that fits a given magnitude. Here no magnitude is
    given, only its mel bands; so each iteration keeps the magnitude that the last sound has and
    corrects only what its bands lack, by two of the updates of :func:`mel_to_power`. That keeps
    the magnitude free to become one that a sound can have, at little more than the cost of the
    FFTs. The momentum acts on the sounds, which is the same as on their (linear) transforms; so
    only sounds are kept from one iteration to the next, and a piece of any length needs little
    memory.

    References
    ----------
    .. [1] N. Perraudin, P. Balazs and P. L. Søndergaard, "A fast Griffin-Lim algorithm", IEEE
       WASPAA, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.griffinlim import mel_to_audio
    >>> from sklearn_asdf.functional.mel import melspectrogram
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> y = mel_to_audio(melspectrogram(tone), n_samples=22050, random_state=0)
    >>> y.shape
    (22050,)
    """
    mel = np.asarray(mel, dtype=np.float32)
    lead, (n_mels, n_frames) = mel.shape[:-2], mel.shape[-2:]
    if n_samples is None:
        n_samples = (n_frames - 1) * hop_length
    bank = mel_filterbank(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    clips = np.ascontiguousarray(mel.reshape(-1, n_mels, n_frames).swapaxes(1, 2))
    known = np.zeros((len(clips), 0), np.float32)
    if before is not None:
        known = np.asarray(before, dtype=np.float32)
        known = np.broadcast_to(known, (*lead, known.shape[-1])).reshape(len(clips), -1)
        known = known[:, :n_samples]
    span = max((n_frames - 1) * hop_length + n_fft, n_fft // 2 + n_samples)
    if callable(start):
        first_spectra = start
    elif start == "random":
        noise = check_random_state(random_state).standard_normal(span).astype(np.float32)
        first_spectra = _random_start(bank, _Frames(n_fft, hop_length, n_frames, span), noise)
    elif start == "pghi":
        first_spectra = _integrated_start(bank, n_fft, hop_length)
    else:
        raise ValueError(f"expected start to be 'random', 'pghi' or a function, got {start!r}")
    y = np.empty((len(clips), n_samples), np.float32)
    together = max(1, BLOCK_SIZE // (n_fft * n_frames))
    for first in range(0, len(clips), together):
        part = clips[first : first + together]
        # Scaled to about 1, so that squares neither overflow nor vanish in float32.
        loudest = np.maximum(part.max(axis=(1, 2), keepdims=True), _TINY)
        frames = _Frames(n_fft, hop_length, n_frames, span)
        gain = np.sqrt(loudest[:, :, 0])
        beginning = known[first : first + together] / gain
        sound = _griffin_lim(
            bank, part / loudest, frames, first_spectra, beginning, n_iter, momentum
        )
        sound *= gain
        sound[:, n_fft // 2 :][:, : known.shape[1]] = known[first : first + together]
        y[first : first + together] = sound[:, n_fft // 2 : n_fft // 2 + n_samples]
    return y.reshape(*lead, n_samples)


def highpass(y: ArrayLike, *, cutoff: float, sr: float = 22050, order: int = 2) -> np.ndarray:
    """Attenuate frequencies below a cut-off.

    Parameters
    ----------
    y : array-like of shape (..., n_samples)
        Sound.
    cutoff : float
        Frequency in Hz that is attenuated by 3 dB.
    sr : float, default=22050
        Sampling rate in Hz.
    order : int, default=2
        Order of the Butterworth filter: 6 dB per octave each, so 12 dB by default.

    Returns
    -------
    y : ndarray of shape (..., n_samples)
        The filtered sound, in the precision of `y`.

    Notes
    -----
    The filter is causal and starts from rest.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.griffinlim import highpass
    >>> hum = np.sin(2 * np.pi * 25 * np.arange(22050) / 22050)
    >>> loudness = np.abs(highpass(hum, cutoff=100)[11025:]).max()
    >>> round(20 * np.log10(loudness))
    -24
    """
    y = np.asarray(y)
    y = y.astype(np.result_type(y.dtype, np.float32), copy=False)
    sos = butter(order, cutoff, "highpass", fs=sr, output="sos")
    return sosfilt(sos, y, axis=-1).astype(y.dtype, copy=False)


class _Frames:
    """Framing of sounds, and overlap-add of windowed frames."""

    def __init__(self, n_fft: int, hop_length: int, n_frames: int, span: int) -> None:
        self.n_fft, self.hop_length, self.n_frames, self.span = n_fft, hop_length, n_frames, span
        self.window = hann(n_fft)
        self.gain = _gain(n_fft, hop_length, n_frames, span)

    def blocks(self) -> Iterator[slice]:
        """Runs of frames that fit a core's cache."""
        size = max(1, BLOCK_SIZE // self.n_fft)
        for t in range(0, self.n_frames, size):
            yield slice(t, min(t + size, self.n_frames))

    def analyze(self, y: np.ndarray, block: slice) -> np.ndarray:
        """Return spectra (n_clips, n_block_frames, n_bins) of sounds (n_clips, span)."""
        frames = sliding_window_view(y, self.n_fft, axis=-1)[:, :: self.hop_length]
        return scipy.fft.rfft(frames[:, block] * self.window)

    def add(self, y: np.ndarray, spectrum: np.ndarray, block: slice) -> None:
        """Add the windowed sounds of spectra to `y` in place."""
        frames = scipy.fft.irfft(spectrum, self.n_fft)
        frames *= self.window
        n_clips, count, hop = len(frames), frames.shape[1], self.hop_length
        # The j-th segment of one hop of every frame begins j hops after the frame's start.
        pieces = -(-self.n_fft // hop)
        rows = np.zeros((n_clips, count + pieces - 1, hop), np.float32)
        for j in range(pieces):
            stretch = frames[:, :, j * hop : (j + 1) * hop]
            rows[:, j : j + count, : stretch.shape[-1]] += stretch
        length = (count - 1) * hop + self.n_fft
        start = block.start * hop
        y[:, start : start + length] += rows.reshape(n_clips, -1)[:, :length]


@lru_cache(maxsize=4)
def _gain(n_fft: int, hop_length: int, n_frames: int, span: int) -> np.ndarray:
    """Return the inverse of the sum of squared windows; 0 where that is almost 0."""
    squared = hann(n_fft) ** 2
    total = np.zeros(span, np.float32)
    for t in range(n_frames):
        total[t * hop_length : t * hop_length + n_fft] += squared
    gain = np.zeros_like(total)
    np.divide(1, total, out=gain, where=total > 1e-3)
    gain.flags.writeable = False
    return gain


def _invert(bank: MelFilterbank, mel: np.ndarray, n_iter: int) -> np.ndarray:
    """Return power spectra (..., n_bins) of mel bands (..., n_mels)."""
    return fit_bands(bank, mel, bank.to_bins(mel) / _divisor(bank), n_iter)


def fit_bands(bank: MelFilterbank, mel: np.ndarray, power: np.ndarray, n_iter: int) -> np.ndarray:
    """Return power spectra that have given mel bands and are similar to others.

    Parameters
    ----------
    bank : MelFilterbank
        The bands.
    mel : ndarray of float32 of shape (..., n_mels)
        Power in the bands.
    power : ndarray of float32 of shape (..., n_bins)
        Power spectra.
    n_iter : int
        Number of updates; see :func:`mel_to_power`.

    Returns
    -------
    ndarray of float32 of shape (..., n_bins)
        The corrected spectra; 0 in bins that no band reaches.
    """
    weights = _divisor(bank)
    for _ in range(n_iter):
        power = power * bank.to_bins(mel / np.maximum(bank.to_mel(power), _TINY))
        power /= weights
    return power


def _random_start(bank: MelFilterbank, frames: _Frames, noise: np.ndarray) -> Start:
    def spectra(
        mel: np.ndarray, blocks: Iterator[slice], known: np.ndarray
    ) -> Iterator[np.ndarray]:
        for block in blocks:
            magnitude = np.sqrt(_invert(bank, mel[block], 10))
            spectrum = frames.analyze(noise[None], block)[0]
            yield spectrum * (magnitude / np.maximum(np.abs(spectrum), _TINY))

    return spectra


def _integrated_start(bank: MelFilterbank, n_fft: int, hop_length: int) -> Start:
    def spectra(
        mel: np.ndarray, blocks: Iterator[slice], known: np.ndarray
    ) -> Iterator[np.ndarray]:
        integration = PhaseIntegration(n_fft, hop_length, before=known)
        for block in blocks:
            magnitude = np.sqrt(_invert(bank, mel[block], 10))
            new = slice(max(len(known) - block.start, 0), None)
            phase = np.angle(known[block])
            if len(magnitude[new]):
                phase = np.concatenate([phase, integration.phases(magnitude[new])])
            yield magnitude * np.exp(1j * phase).astype(np.complex64)

    return spectra


def _divisor(bank: MelFilterbank) -> np.ndarray:
    return np.where(bank.bin_weights > 0, bank.bin_weights, np.float32(1))


def _griffin_lim(
    bank: MelFilterbank,
    mel: np.ndarray,
    frames: _Frames,
    start: Start,
    beginning: np.ndarray,
    n_iter: int,
    momentum: float,
) -> np.ndarray:
    """Return sounds (n_clips, span) whose mel bands approximate (n_clips, n_frames, n_mels)."""
    weights = _divisor(bank)
    given = slice(frames.n_fft // 2, frames.n_fft // 2 + beginning.shape[1])
    last = np.zeros((len(mel), frames.span), np.float32)
    last[:, given] = beginning
    # Frames whose windows are filled.
    n_known = max((given.stop - frames.n_fft) // frames.hop_length + 1, 0)
    known = frames.analyze(last, slice(0, min(n_known, frames.n_frames)))
    spectra = [start(clip, frames.blocks(), k) for clip, k in zip(mel, known, strict=True)]
    last[:] = 0
    for block in frames.blocks():
        spectrum = np.stack([next(parts) for parts in spectra])
        frames.add(last, spectrum, block)
    last *= frames.gain
    last[:, given] = beginning
    ahead = last
    for _ in range(n_iter):
        sound = np.zeros_like(last)
        for block in frames.blocks():
            spectrum = frames.analyze(ahead, block)
            power = spectrum.real**2 + spectrum.imag**2
            wanted = mel[:, block]
            ratio = bank.to_bins(wanted / np.maximum(bank.to_mel(power), _TINY)) / weights
            power *= ratio
            ratio *= bank.to_bins(wanted / np.maximum(bank.to_mel(power), _TINY))
            ratio /= weights
            spectrum *= np.sqrt(ratio)
            frames.add(sound, spectrum, block)
        sound *= frames.gain
        sound[:, given] = beginning
        ahead = sound + np.float32(momentum) * (sound - last)
        last = sound
    return last
