"""Encoding and decoding of clips by a fitted `MelEncoder`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..functional.griffinlim import highpass, mel_to_audio
from ..functional.limiter import limit
from ..functional.mel import overlap_add, unit_to_db
from .audio_checks import check_clips, check_code_size, check_hop_duration
from .codecs import BATCH_SIZE
from .mel_stream import MelStream
from .neural_vocoder import NeuralVocoder
from .spectra import spectrogram_options, unit_spectrograms

__all__ = ["MelCodecMixin"]

# Iterations of the phase reconstruction with n_iter=None, where they are not 16.
_N_ITER = {"neural": 4}
# The level in a code is in tens of decibels, so that its scale is near that of the components.
_LEVEL_UNIT = 10.0


class MelCodecMixin(TransformerMixin):
    """Methods of `MelEncoder` that apply the fitted codec.

    The class provides the parameters of the spectrograms and of the synthesis, the fitted
    attributes, `_codec` and `_seed`.
    """

    architecture: Any
    code_size: Any
    sr: Any
    n_fft: Any
    hop_length: Any
    fmin: Any
    fmax: Any
    top_db: Any
    n_iter: Any
    vocoder: Any
    highpass: Any
    n_samples_: int
    code_shape_: tuple[int, int]
    level_reference_: float
    level_range_: tuple[float, float]
    _codec: Any
    _seed: int
    # None in models that were saved before there was one.
    _vocoder: NeuralVocoder | None = None

    def transform(self, X: Any) -> np.ndarray:
        """Return the codes of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        code : ndarray of float32 of shape (n_clips, code_size)
            One code a clip.
        """
        check_is_fitted(self)
        X = check_clips(self, X, reset=False)
        parts = [self._encode(unit, level) for _, unit, level in self._batches(X)]
        return np.concatenate(parts)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the sound of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, code_size)
            Codes.

        Returns
        -------
        audio : ndarray of float32 of shape (n_clips, n_samples)
            Sound at `sr` Hz.
        """
        X = self._check_code(X)
        audio = np.empty((len(X), self.n_samples_), np.float32)
        for i in range(0, len(X), BATCH_SIZE):
            db = self._decode_db(X[i : i + BATCH_SIZE]).swapaxes(1, 2)
            audio[i : i + BATCH_SIZE] = self._sound(db, self.n_samples_)
        return audio

    def spectrogram(self, X: Any) -> np.ndarray:
        """Return the mel spectrograms of clips that are encoded.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        spectrogram : ndarray of float32 of shape (n_clips, n_mels, n_frames)
            Values in [0, 1]: 1 is the maximum of a clip, 0 is `top_db` or more below it.
        """
        check_is_fitted(self)
        X = check_clips(self, X, reset=False)
        parts = [unit.swapaxes(1, 2) for _, unit, _ in self._batches(X)]
        return np.ascontiguousarray(np.concatenate(parts))

    def decode(self, X: Any) -> np.ndarray:
        """Return the mel spectrograms of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, code_size)
            Codes.

        Returns
        -------
        spectrogram : ndarray of float32 of shape (n_clips, n_mels, n_frames)
            Spectrograms in [0, 1].
        """
        X = self._check_code(X)
        parts = [self._decode(X[i : i + BATCH_SIZE])[0] for i in range(0, len(X), BATCH_SIZE)]
        return np.ascontiguousarray(np.concatenate(parts).swapaxes(1, 2))

    def level(self, X: Any) -> np.ndarray:
        """Return the level of codes.

        Parameters
        ----------
        X : array-like of shape (n_clips, code_size)
            Codes.

        Returns
        -------
        level : ndarray of float32 of shape (n_clips,)
            Maximum power of each clip's spectrogram in dB.
        """
        return self._split(self._check_code(X))[1]

    def reconstruction_error(self, X: Any) -> np.ndarray:
        """Return the reconstruction error of the spectrograms of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Sound, mono, at `sr` Hz, as long as the training clips.

        Returns
        -------
        error : ndarray of float64 of shape (n_clips,)
            Mean squared error of each clip's spectrogram in [0, 1].

        Notes
        -----
        The paper [1]_ describes the sound at each error: above .0080 noise; .0060 to .0080
        modulated noise; .0050 to .0060 modulated timbre; .0035 to .0050 blurred notes; below
        .0035 a recognizable melody.

        References
        ----------
        .. [1] S. B. Olsen, D. M. Woodward and J. A. Moreno, "ASDF-RNN: An Investigation Into
           Raw Audio Synthesis From Dance Features Using a Probabilistic Deep
           Encoder-RNN-Decoder Topology", Aalborg University, 2019.
        """
        check_is_fitted(self)
        X = check_clips(self, X, reset=False)
        error = np.empty(len(X))
        for rows, unit, level in self._batches(X):
            decoded = self._decode(self._encode(unit, level))[0]
            error[rows] = np.square(decoded - unit).mean(axis=(1, 2), dtype=np.float64)
        return error

    def compose(self, code: ArrayLike, *, hop_duration: float) -> np.ndarray:
        """Return one continuous piece for the codes of successive, overlapping clips.

        Parameters
        ----------
        code : array-like of shape (n_clips, code_size)
            Codes of the clips, in order.
        hop_duration : float
            Time from one clip's start to the next one's in seconds, at most a clip's length.

        Returns
        -------
        audio : ndarray of float32 of shape (n_samples,)
            Sound at `sr` Hz, ``(n_clips - 1) * hop_duration`` seconds longer than a clip.

        Notes
        -----
        Overlapping spectrograms in dB are averaged with weights that fall as sin² towards the ends
        of a clip, and one phase is reconstructed for the whole piece, so there is no audible joint.
        Peaks above -1 dB re full scale are reduced by a look-ahead limiter
        (:func:`~sklearn_asdf.functional.limiter.limit`); `inverse_transform` does not limit them.
        """
        code = self._check_code(code)
        check_hop_duration(hop_duration, self.n_samples_ / self.sr)
        n_samples = round((len(code) - 1) * hop_duration * self.sr) + self.n_samples_
        db = np.concatenate(
            [self._decode_db(code[i : i + BATCH_SIZE]) for i in range(0, len(code), BATCH_SIZE)]
        )
        piece = overlap_add(
            db,
            hop=hop_duration * self.sr / self.hop_length,
            n_frames=1 + n_samples // self.hop_length,
        )
        return limit(self._sound(piece.T, n_samples), sr=self.sr)

    def stream(self) -> MelStream:
        """Return a player for codes that arrive one after the other, as of a live dance.

        Returns
        -------
        stream : MelStream
            Its ``play(code, n_new, n_fade)`` returns the next samples, with the phases of what was
            played.
        """
        check_is_fitted(self)
        return MelStream(
            lambda code: self._decode_db(self._check_code(code[None]))[0].T,
            self._render,
            self._filtered,
            n_samples=self.n_samples_,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
        )

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the code's numbers.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Not used.

        Returns
        -------
        names : ndarray of str of shape (code_size,)
            ``step0_level, step0_channel1, ...`` or, for `"paper"`, ``code0, ...``.
        """
        check_is_fitted(self)
        if self.architecture == "paper":
            names = [f"code{i}" for i in range(self.code_size)]
        else:
            steps, channels = self.code_shape_
            names = [
                f"step{s}_{f'channel{c}' if c else 'level'}"
                for s in range(steps)
                for c in range(channels)
            ]
        return np.asarray(names, dtype=object)

    def _check_code(self, code: Any) -> np.ndarray:
        check_is_fitted(self)
        return check_code_size(code, self.code_size, dtype=np.float32)

    def _batches(self, X: Any) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield slices of clips with their spectrograms and levels."""
        options = spectrogram_options(self)
        for i in range(0, len(X), BATCH_SIZE):
            rows = slice(i, i + BATCH_SIZE)
            yield rows, *unit_spectrograms(X[rows], options, self.top_db)

    def _encode(self, unit: np.ndarray, level: np.ndarray) -> np.ndarray:
        code = self._codec.encode(unit)
        if self.architecture == "paper":
            return code
        steps, channels = self.code_shape_
        whole = np.empty((len(unit), steps, channels), np.float32)
        whole[..., 0] = (level[:, None] - self.level_reference_) / _LEVEL_UNIT
        whole[..., 1:] = code.reshape(len(unit), steps, channels - 1)
        return whole.reshape(len(unit), -1)

    def _split(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return codes without the level, and the level in dB."""
        if self.architecture == "paper":
            return code, np.full(len(code), self.level_reference_, np.float32)
        code = code.reshape(len(code), *self.code_shape_)
        level = code[..., 0].mean(axis=1) * _LEVEL_UNIT + np.float32(self.level_reference_)
        return code[..., 1:].reshape(len(code), -1), np.clip(level, *self.level_range_)

    def _decode(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        code, level = self._split(code)
        return np.clip(self._codec.decode(code), 0, 1), level

    def _decode_db(self, code: np.ndarray) -> np.ndarray:
        unit, level = self._decode(code)
        return unit_to_db(unit, level, top_db=self.top_db)

    def _sound(self, db: np.ndarray, n_samples: int) -> np.ndarray:
        return self._filtered(self._render(db, n_samples))

    def _filtered(self, y: np.ndarray) -> np.ndarray:
        return y if self.highpass is None else highpass(y, cutoff=self.highpass, sr=self.sr)

    def _render(
        self, db: np.ndarray, n_samples: int, before: np.ndarray | None = None
    ) -> np.ndarray:
        """Return sound of spectrograms (..., n_mels, n_frames) that begins with given samples."""
        return mel_to_audio(
            np.float32(10) ** (db / np.float32(10)),
            sr=self.sr,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            fmin=self.fmin,
            fmax=self.fmax,
            n_samples=n_samples,
            n_iter=_N_ITER.get(self.vocoder, 16) if self.n_iter is None else self.n_iter,
            start=self._start(),
            before=before,
            random_state=self._seed,
        )

    def _start(self) -> Any:
        """Return what the phase reconstruction starts from, for `mel_to_audio`."""
        if self.vocoder != "neural":
            return "pghi" if self.vocoder == "pghi" else "random"
        if self._vocoder is None:
            raise ValueError(
                "expected an encoder that was fitted with vocoder='neural', got one that was "
                "fitted with another: fit it again, or set vocoder='griffin_lim'"
            )
        return self._vocoder.spectra
