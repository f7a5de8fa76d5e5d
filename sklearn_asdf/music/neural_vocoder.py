"""A neural vocoder: spectra, with their phases, from mel spectra."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view

from ..functional.griffinlim import fit_bands
from ..functional.mel import MelFilterbank, hann, mel_filterbank, power_to_db
from ..functional.mel_bins import TOP_DB, MelBins, quantize
from ..functional.phase_recurrence import PhaseRecurrence
from .clips import AudioClips
from .spectra import clip_stretches

__all__ = ["NeuralVocoder", "fit_vocoder"]

# The network: frames of context on each side, channels and widths of the convolutions over the
# bands, and values per band.
_N_CONTEXT = 2
_CHANNELS = 48
_KERNEL_SIZES = (5, 5, 3)
_N_KNOTS = 16
# The training: frames, passes over them, and how it goes through them.
_N_EXAMPLES = 12_000
_EPOCHS = 8
_OPTIONS = {"batch_size": 32, "schedule": "cosine", "epochs": _EPOCHS}
_OPTIMIZER = {"learning_rate": 3e-3, "clipnorm": 1.0}
# Frames this far below the loudest of their recording are not learned from.
_QUIET = 1e-6
# Updates that bring estimated magnitudes to the given bands.
_N_FITS = 3
# Frames whose spectra are computed at once.
_BATCH = 256


@dataclass(eq=False)
class NeuralVocoder:
    r"""Spectra of music from their mel bands, estimated by a small network.

    Parameters
    ----------
    network : Network
        What :func:`fit_vocoder` has trained.
    sr : float
        Sampling rate in Hz.
    n_fft, hop_length : int
        Length of the Hann window and hop in samples.
    n_mels : int
        Number of mel bands.
    fmin, fmax : float
        Lowest and highest frequency of the bands in Hz; None means half of `sr`.

    Notes
    -----
    From a frame of mel bands and two frames on either side, the network estimates the magnitude of
    each FFT bin, the advance of its phase from the frame before, and the phase difference to the
    next bin. The phases follow by weighted least squares
    (:class:`~sklearn_asdf.functional.phase_recurrence.PhaseRecurrence`) [1]_ [2]_. Bands are as
    wide in mel, so the network is a convolution over bands, and a partial looks alike at all
    pitches: it has some 30,000 weights and learns from minutes of music. It does not depend on the
    level.

    The phase losses are those of the von Mises distribution with the weights of loud bins, the
    loss of the magnitudes is the absolute error of the level.

    References
    ----------
    .. [1] Y. Masuyama, K. Yatabe, Y. Koizumi, Y. Oikawa and N. Harada, "Phase reconstruction based
       on recurrent phase unwrapping with deep neural networks", ICASSP 2020.
    .. [2] B. Di Giorgi, M. Levy and R. Sharp, "Mel spectrogram inversion with stable pitch",
       ISMIR 2022.
    """

    network: Any
    sr: float
    n_fft: int
    hop_length: int
    n_mels: int
    fmin: float
    fmax: float | None

    @cached_property
    def _bins(self) -> MelBins:
        return MelBins(n_knots=_N_KNOTS, **_band_options(self))

    @property
    def _bank(self) -> MelFilterbank:
        return mel_filterbank(**_band_options(self))

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_bins"}

    def spectra(
        self, mel: np.ndarray, blocks: Iterator[slice], known: np.ndarray | None = None
    ) -> Iterator[np.ndarray]:
        """Yield the spectra of successive runs of frames.

        Parameters
        ----------
        mel : ndarray of float32 of shape (n_frames, n_mels)
            Power in the bands.
        blocks : iterator of slice
            Runs of frames, in order.
        known : ndarray of complex of shape (n_known, 1 + n_fft // 2), default=None
            Spectra of the first frames, which are continued.

        Yields
        ------
        ndarray of complex64 of shape (n_block_frames, 1 + n_fft // 2)
            Spectra of windows, with the phases of FFTs that begin with the first sample.
        """
        known = np.zeros((0, 1 + self.n_fft // 2), np.complex64) if known is None else known
        recurrence = PhaseRecurrence(self.n_fft, self.hop_length, known)
        bank = self._bank
        for block in blocks:
            magnitude, advance, slope = self.estimate(mel, block)
            magnitude = np.sqrt(fit_bands(bank, mel[block], magnitude**2, _N_FITS))
            n = len(known[block])
            phasors = recurrence.phasors(magnitude[n:], advance[n:], slope[n:, :-1])
            found = (magnitude[n:] * phasors).astype(np.complex64)
            yield np.concatenate([known[block], found])

    def estimate(self, mel: np.ndarray, block: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return magnitudes and derivatives of phases.

        Parameters
        ----------
        mel : ndarray of float32 of shape (n_frames, n_mels)
            Power in the bands.
        block : slice
            Frames.

        Returns
        -------
        magnitude : ndarray of float32 of shape (n_block_frames, 1 + n_fft // 2)
            Magnitudes.
        advance, slope : ndarray of float32 of shape (n_block_frames, 1 + n_fft // 2)
            Phase advance from the frame before and phase difference to the next bin in radians,
            as :class:`~sklearn_asdf.functional.phase_recurrence.PhaseRecurrence` takes them.
        """
        index = np.arange(block.start, block.stop)[:, None] + np.arange(-_N_CONTEXT, _N_CONTEXT + 1)
        # The first and the last frame are repeated beyond the ends.
        db = power_to_db(mel[index.clip(0, len(mel) - 1)], ref=1.0, amin=1e-20, top_db=None)
        knots = self.network.predict(_scaled(db))
        found = self._bins.read(knots.reshape(len(db), -1, 3))
        level = self._bins.levels(_middle(db)) + 20 * found[..., 0]
        return np.float32(10) ** (level / np.float32(20)), found[..., 1], found[..., 2]


def fit_vocoder(
    audio: Any,
    options: dict[str, Any],
    *,
    random_state: np.random.RandomState,
    verbose: int = 0,
) -> NeuralVocoder:
    """Train a neural vocoder on music.

    Parameters
    ----------
    audio : AudioClips or ndarray of shape (n_clips, n_samples)
        Music, from which some 12,000 frames are learned.
    options : dict
        Keyword arguments of `melspectrogram`.
    random_state : RandomState instance
        Chooses the frames, the first weights and the order of training.
    verbose : int, default=0
        Above 0, a progress bar on standard error.

    Returns
    -------
    NeuralVocoder
        The trained vocoder; it holds no music.
    """
    from ..nets.vocoder_training import train_vocoder

    vocoder = NeuralVocoder(None, **options)
    pieces = _pieces(audio)
    n_frames = np.array([1 + len(y) // vocoder.hop_length for y in pieces])
    wanted = np.minimum(np.ceil(_N_EXAMPLES * n_frames / n_frames.sum()).astype(int), n_frames)
    parts: list[tuple[np.ndarray, ...]] = []
    for y, n, some in zip(pieces, n_frames, wanted, strict=True):
        chosen = np.sort(random_state.permutation(n)[:some])
        parts.extend(_examples(vocoder, y, chosen))
    spectra, levels, targets = (np.concatenate(columns) for columns in zip(*parts))
    config = {
        "n_mels": vocoder.n_mels,
        "n_context": _N_CONTEXT,
        "channels": _CHANNELS,
        "kernel_sizes": _KERNEL_SIZES,
        "n_knots": _N_KNOTS,
    }
    vocoder.network = train_vocoder(
        config,
        vocoder._bins,
        spectra,
        levels,
        targets,
        seed=int(random_state.randint(2**31 - 1)),
        optimizer_params=_OPTIMIZER,
        verbose=verbose,
        **_OPTIONS,
    )
    return vocoder


def _band_options(vocoder: NeuralVocoder) -> dict[str, Any]:
    names = ("sr", "n_fft", "n_mels", "fmin", "fmax")
    return {name: getattr(vocoder, name) for name in names}


def _pieces(audio: Any) -> Sequence[np.ndarray]:
    """Return runs of music without the overlap of clips."""
    if not isinstance(audio, AudioClips):
        return list(audio)
    stretches = clip_stretches(audio)
    return [audio.recordings[audio.groups[rows[0]]][first:stop] for rows, first, stop in stretches]


def _scaled(db: np.ndarray) -> np.ndarray:
    """Return spectra (n, n_context_frames, n_mels) in 20 dB around 40 dB below their maximum."""
    top = db.max(axis=(1, 2), keepdims=True)
    return ((db - top) * np.float32(1 / 20) + 2).clip(-2, 2)


def _middle(db: np.ndarray) -> np.ndarray:
    """Return the middle frames (n, n_mels), at least 80 dB below their loudest band."""
    middle = db[:, _N_CONTEXT]
    return np.maximum(middle, middle.max(axis=1, keepdims=True) - np.float32(TOP_DB))


def _examples(
    vocoder: NeuralVocoder, y: np.ndarray, chosen: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield scaled mel spectra, levels of bands and quantized targets of some frames."""
    n_fft, hop = vocoder.n_fft, vocoder.hop_length
    bank = vocoder._bank
    margin = n_fft // 2 + _N_CONTEXT * hop
    padded = np.pad(np.asarray(y, np.float32), (margin, margin + hop))
    windows = sliding_window_view(padded, n_fft)
    offsets = hop * np.arange(2 * _N_CONTEXT + 1)
    center = 2 * np.pi * hop / n_fft * np.arange(1 + n_fft // 2)
    quiet = _QUIET * np.square(padded).max()
    for i in range(0, len(chosen), _BATCH):
        frames = windows[chosen[i : i + _BATCH, None] * hop + offsets]
        spectrum = scipy.fft.rfft(frames * hann(n_fft))
        power = spectrum.real**2 + spectrum.imag**2
        mel = bank.to_mel(power)
        sounds = np.square(frames[:, _N_CONTEXT]).mean(axis=1) > quiet
        if not sounds.any():
            continue
        db = power_to_db(mel[sounds], ref=1.0, amin=1e-20, top_db=None)
        now, before = (spectrum[sounds, t] for t in (_N_CONTEXT, _N_CONTEXT - 1))
        level = power_to_db(power[sounds, _N_CONTEXT], ref=1.0, amin=1e-20, top_db=None)
        top = level.max(axis=1, keepdims=True)
        advance = np.angle(now * before.conj()) - center
        # From the first sample of the window to its center is half a turn per bin.
        slope = np.angle(np.roll(now, -1, axis=1) * now.conj()) + np.pi
        targets = quantize(level - top, advance, slope)
        yield _scaled(db).astype(np.float16), (_middle(db) - top).astype(np.float16), targets
