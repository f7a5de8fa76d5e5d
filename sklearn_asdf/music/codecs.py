"""Codecs of mel spectrograms: principal components of patches, and trained networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..functional.patches import (
    StationaryCovariance,
    decode_patches,
    encode_patches,
    lagged_covariance,
)
from ..functional.ties import first_largest
from .spectra import SpectrumBank

__all__ = ["BATCH_SIZE", "NetworkCodec", "PatchCodec", "fit_patches"]

# Clips whose spectrograms are held at once.
BATCH_SIZE = 32


@dataclass(eq=False)
class PatchCodec:
    """Codec of local principal components.

    Parameters
    ----------
    mean : ndarray of shape (n_values,)
        Mean of a patch.
    components : ndarray of shape (n_components, n_values)
        Principal components of patches.
    decoder : ndarray of shape (n_taps, n_components, n_values)
        Map from the codes of a step and of its neighbors, if any, to a patch.
    steps : int
        Number of patches of a spectrogram.
    n_frames : int
        Frames of a spectrogram.
    """

    mean: np.ndarray
    components: np.ndarray
    decoder: np.ndarray
    steps: int
    n_frames: int

    def encode(self, unit: np.ndarray) -> np.ndarray:
        """Return the codes (n_clips, code_size) of spectrograms (n_clips, n_frames, n_mels)."""
        code = encode_patches(unit, self.mean, self.components, steps=self.steps)
        return code.reshape(len(unit), -1)

    def decode(self, code: np.ndarray) -> np.ndarray:
        """Return the spectrograms (n_clips, n_frames, n_mels) of codes (n_clips, code_size)."""
        code = code.reshape(len(code), self.steps, -1)
        return decode_patches(code, self.mean, self.decoder, n_frames=self.n_frames)


@dataclass(eq=False)
class NetworkCodec:
    """Codec of a trained autoencoder.

    Parameters
    ----------
    encoder, decoder : Network
        Networks from spectrograms to codes and back.
    code_size : int
        Numbers of a code.
    """

    encoder: Any
    decoder: Any
    code_size: int

    def encode(self, unit: np.ndarray) -> np.ndarray:
        """Return the codes (n_clips, code_size) of spectrograms (n_clips, n_frames, n_mels)."""
        # A variational encoder gives means and then log-variances.
        return self.encoder.predict(unit, batch_size=BATCH_SIZE)[:, : self.code_size]

    def decode(self, code: np.ndarray) -> np.ndarray:
        """Return the spectrograms (n_clips, n_frames, n_mels) of codes (n_clips, code_size)."""
        return self.decoder.predict(code, batch_size=BATCH_SIZE)


def fit_patches(
    bank: SpectrumBank,
    audio: Any,
    options: dict[str, Any],
    *,
    code_shape: tuple[int, int],
    pitch_shifts: Iterable[float],
    random_state: np.random.RandomState,
) -> PatchCodec:
    """Fit a codec of principal components to spectra and their transposed copies.

    Parameters
    ----------
    bank : SpectrumBank
        Spectra of the clips.
    audio : AudioClips or ndarray of shape (n_clips, n_samples)
        The clips, from which transposed spectra are computed.
    options : dict
        Keyword arguments of `melspectrogram` for the bank.
    code_shape : tuple of int
        Steps of the code and numbers per step, with the level.
    pitch_shifts : iterable of float
        Transpositions in semitones.
    random_state : RandomState instance
        Seed of the components.

    Returns
    -------
    PatchCodec
        The fitted codec.
    """
    steps, channels = code_shape
    length = -(-bank.n_frames // steps)
    n_lags = length * (3 if steps > 2 else 1)
    mean, original = _mean_frame(bank), bank

    def draw(index: np.ndarray) -> np.ndarray:
        return bank.unit(index, levels[index]) - mean

    products: Any = 0.0
    counts: Any = 0
    for semitones in (0, *pitch_shifts):
        if semitones:
            bank = SpectrumBank.of(audio, _transposed(options, semitones), bank.top_db)
        levels = bank.frame_levels()
        more, n = lagged_covariance(draw, bank.stretch_starts, bank.stretch_stops, n_lags=n_lags)
        products, counts = products + more, counts + n
    products /= np.maximum(counts, 1)[:, None, None]
    covariance = StationaryCovariance(products)
    components = covariance.components(channels - 1, length, random_state)
    found = PatchCodec(
        np.tile(mean, length), components, components[None], steps, original.n_frames
    )
    if steps > 2:
        neighbors = replace(found, decoder=covariance.decoder(components))
        # A map from neighboring steps overfits where there is little music.
        errors = [_training_error(codec, original) for codec in (found, neighbors)]
        return (found, neighbors)[first_largest(np.negative(errors))]
    return found


def _training_error(codec: PatchCodec, bank: SpectrumBank) -> float:
    """Mean squared error over clips, at most 256 of them spread over the music."""
    some = np.unique(np.linspace(0, len(bank) - 1, 256).astype(int))
    total = 0.0
    for i in np.array_split(some, -(-len(some) // BATCH_SIZE)):
        index = bank.starts[i, None] + np.arange(bank.n_frames)
        unit = bank.unit(index, np.broadcast_to(bank.levels[i, None], index.shape))
        total += float(np.square(codec.decode(codec.encode(unit)) - unit).sum(dtype=np.float64))
    return total / len(some)


def _mean_frame(bank: SpectrumBank) -> np.ndarray:
    """Return the mean spectrum over all frames."""
    levels = bank.frame_levels()
    parts = np.array_split(np.arange(len(levels)), -(-len(levels) // 4096))
    total = sum(bank.unit(i, levels[i]).sum(axis=0, dtype=np.float64) for i in parts)
    return (total / len(levels)).astype(np.float32)


def _transposed(options: dict[str, Any], semitones: float) -> dict[str, Any]:
    """Return options of `melspectrogram` that transpose the music by some semitones.

    A longer window and hop with a higher nominal rate equal a recording that is played faster.
    """
    n_fft = _fast_length(options["n_fft"] * 2 ** (semitones / 12))
    factor = n_fft / options["n_fft"]
    return {
        **options,
        "sr": options["sr"] * factor,
        "n_fft": n_fft,
        "hop_length": max(1, round(options["hop_length"] * factor)),
        "fmax": options["fmax"] or options["sr"] / 2,
    }


def _fast_length(wanted: float) -> int:
    """Return the even length nearest to `wanted` that has only small prime factors.

    The lengths of `scipy.fft.next_fast_len` are too sparse: transposed copies a seventh of a
    semitone out of tune do not help.
    """
    near = 2 * round(wanted / 2)
    reach = 2 * (near // 1000)
    for n in sorted(range(near - reach, near + reach + 1, 2), key=lambda n: abs(n - wanted)):
        rest = n
        for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31):
            while rest > 1 and rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
    return max(near, 2)
