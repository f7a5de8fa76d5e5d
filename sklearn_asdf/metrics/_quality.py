"""Musical quality: clarity of key and pulse, and the Fréchet distance to real music."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from .._validation import Integral, Interval, validate_parameters
from ..functional.tonality import key_correlations
from ..music.clips import AudioClips
from ._audio_analysis import (
    as_clips,
    chroma_profile,
    max_autocorrelation,
    mel_decibels,
    mel_statistics,
    onset_envelopes,
    onset_times,
)

__all__ = ["MusicStatistics", "frechet_distance", "key_clarity", "pulse_clarity"]


def key_clarity(audio: Any, *, sr: int = 22050) -> np.ndarray:
    """Return how clearly each clip is in a musical key.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Mono audio.
    sr : int, default=22050
        Sampling rate in Hz of an array.

    Returns
    -------
    clarity : ndarray of shape (n_clips,)
        Largest correlation of the mean chroma with a key profile of Krumhansl and Kessler
        (:func:`sklearn_asdf.functional.tonality.key_correlations`), at most 1; 0 in silence.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import key_clarity
    >>> t = np.arange(22050) / 22050
    >>> triad = sum(np.sin(2 * np.pi * f * t) for f in (261.6, 329.6, 392.0)) / 6
    >>> key_clarity(triad[None]).round(1)
    array([0.8])
    """
    audio, sr = as_clips(audio, sr=sr)
    return key_correlations(np.stack([chroma_profile(y, sr) for y in audio])).max(axis=1)


def pulse_clarity(audio: Any, *, sr: int = 22050) -> np.ndarray:
    """Return how regular the onsets of each clip are.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Mono audio.
    sr : int, default=22050
        Sampling rate in Hz of an array.

    Returns
    -------
    clarity : ndarray of shape (n_clips,)
        Largest autocorrelation of the onset strength at periods from 0.25 to 1.5 s (240 to 40 BPM),
        between 0 and 1; 0 in silence, and for clips shorter than half a second.

    References
    ----------
    O. Lartillot, T. Eerola, P. Toiviainen and J. Fornari, "Multi-feature modeling of pulse clarity:
    design, validation, and optimization", ISMIR 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import pulse_clarity
    >>> rng = np.random.default_rng(0)
    >>> noise = 0.01 * rng.normal(size=(2, 8 * 22050))
    >>> noise[1, :: 22050 // 2] = 1.0  # and clicks at 120 BPM
    >>> pulse_clarity(noise).round(1)
    array([0.1, 0.9])
    """
    audio, sr = as_clips(audio, sr=sr)
    return max_autocorrelation(onset_envelopes(audio, sr), sr)


def statistics_of(audio: Any, sr: int, *, envelopes: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Return the statistics of `music_statistics`, given onset envelopes and chroma."""
    duration = audio.shape[1] / sr
    rate = [len(onset_times(e, sr, "loris")) / duration for e in envelopes]
    onsets = np.column_stack(
        [
            np.log(envelopes.mean(axis=1) + 1e-3),
            np.log(envelopes.std(axis=1) + 1e-3),
            rate,
            max_autocorrelation(envelopes, sr),
        ]
    )
    keys = key_correlations(chroma).argmax(axis=1) % 12
    # From the tonic, so that transposed music has the same statistics.
    from_tonic = np.take_along_axis(chroma, (keys[:, None] + np.arange(12)) % 12, axis=1)
    mel = np.concatenate([mel_statistics(db, 16) for db in mel_decibels(audio, sr)])
    return np.concatenate([mel, from_tonic, onsets], axis=1)


class MusicStatistics(TransformerMixin, BaseEstimator):
    """Embed music clips as standardized statistics of mel bands, chroma and onsets.

    Parameters
    ----------
    sr : int, default=22050
        Sampling rate in Hz of arrays; :class:`~sklearn_asdf.AudioClips` have their own.

    Attributes
    ----------
    mean_ : ndarray of shape (48,)
        Means of the statistics of the clips in `fit`.
    scale_ : ndarray of shape (48,)
        Their standard deviations; 1 for constant statistics.
    n_features_in_ : int
        Number of samples of the clips in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the clips were a DataFrame.

    See Also
    --------
    frechet_distance : The distance between two sets of embedded clips.

    Notes
    -----
    The statistics of a clip are: mean and standard deviation over time of 16 mel bands in dB (32
    numbers); mean chroma, starting at the tonic of the most likely key (12); log mean and log
    standard deviation of librosa's onset strength, onsets per second, and pulse clarity (4). They
    need no pretrained network. Fit the embedding to real music, and use the same fitted embedding
    for all models that are compared.

    Clips may be longer or shorter than in `fit`, but statistics depend on the duration. If both are
    arrays, the number of samples must be the same, as scikit-learn requires of tables.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import MusicStatistics
    >>> music = make_dance_music(4, random_state=0).audio
    >>> MusicStatistics().fit_transform(music).shape
    (4, 48)
    """

    _parameter_constraints = {"sr": [Interval(Integral, 1, None, closed="left")]}

    def __init__(self, *, sr: int = 22050) -> None:
        self.sr = sr

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit to the means and standard deviations of real music.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Real music.
        y : None
            Ignored.

        Returns
        -------
        self : MusicStatistics
            The fitted embedding.
        """
        validate_parameters(self)
        audio, sr = self._clips(X, reset=True)
        return self.fit_statistics(music_statistics(audio, sr=sr))

    def transform(self, X: Any) -> np.ndarray:
        """Return the embedding of clips.

        Parameters
        ----------
        X : AudioClips or array-like of shape (n_clips, n_samples)
            Clips.

        Returns
        -------
        embedding : ndarray of shape (n_clips, 48)
            Standardized by the music in `fit`.
        """
        check_is_fitted(self)
        audio, sr = self._clips(X, reset=False)
        return self.transform_statistics(music_statistics(audio, sr=sr))

    def fit_statistics(self, statistics: np.ndarray) -> Self:
        """Fit to statistics that are already computed.

        Parameters
        ----------
        statistics : ndarray of shape (n_clips, 48)
            Statistics of real music.

        Returns
        -------
        self : MusicStatistics
            The fitted embedding.
        """
        self.mean_ = statistics.mean(axis=0)
        deviation = statistics.std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        return self

    def transform_statistics(self, statistics: np.ndarray) -> np.ndarray:
        """Return the embedding of statistics that are already computed.

        Parameters
        ----------
        statistics : ndarray of shape (n_clips, 48)
            Statistics of clips.

        Returns
        -------
        embedding : ndarray of shape (n_clips, 48)
            Standardized by the music in `fit`.
        """
        check_is_fitted(self)
        return (statistics - self.mean_) / self.scale_

    def _clips(self, X: Any, *, reset: bool) -> tuple[np.ndarray, int]:
        """Return checked clips and their sampling rate; validate arrays as tables too."""
        audio, sr = as_clips(X, sr=self.sr)
        is_table = not isinstance(X, AudioClips)
        if reset:
            self._fitted_to_table = is_table
        if reset or (is_table and self._fitted_to_table):
            named = X if hasattr(X, "columns") else np.empty((0, audio.shape[1]))
            validate_data(self, named, reset=reset, skip_check_array=True)
        return audio, sr

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        return tags


def music_statistics(audio: Any, *, sr: int) -> np.ndarray:
    """Return the statistics of clips that `MusicStatistics` standardizes, (n_clips, 48)."""
    audio, sr = as_clips(audio, sr=sr)
    envelopes = onset_envelopes(audio, sr)
    chroma = np.stack([chroma_profile(y, sr) for y in audio])
    return statistics_of(audio, sr, envelopes=envelopes, chroma=chroma)


def frechet_distance(X: Any, Y: Any) -> float:
    r"""Return the Fréchet distance between two sets of embedded clips.

    Parameters
    ----------
    X : array-like of shape (n_clips, n_features)
        Embedded clips, such as ``MusicStatistics().fit(real).transform(generated)``.
    Y : array-like of shape (n_others, n_features)
        Other clips in the same embedding.

    Returns
    -------
    distance : float
        :math:`\|m_X - m_Y\|^2 + \mathrm{tr}(C_X + C_Y - 2 (C_X C_Y)^{1/2})`, at least 0.

    Notes
    -----
    The estimate is biased upwards, the more so the fewer clips there are: compare only sets of the
    same size, and never with distances in another embedding.

    References
    ----------
    K. Kilgour, M. Zuluaga, D. Roblek and M. Sharifi, "Fréchet audio distance: a metric for
    evaluating music enhancement algorithms", Interspeech 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import frechet_distance
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> round(frechet_distance(X, X + 1.0), 6)
    3.0
    """
    X, Y = np.asarray(X, dtype=float), np.asarray(Y, dtype=float)
    if X.ndim != 2 or Y.ndim != 2 or X.shape[1] != Y.shape[1] or min(len(X), len(Y)) < 2:
        raise ValueError(
            "expected two tables of at least two clips with the same features, got shapes "
            f"{X.shape} and {Y.shape}: embed both with one MusicStatistics"
        )
    a, b = (np.atleast_2d(np.cov(table, rowvar=False)) for table in (X, Y))
    # tr (AB)^1/2 = tr (A^1/2 B A^1/2)^1/2, and this matrix is symmetric.
    size, axes = np.linalg.eigh(a)
    root = (axes * np.sqrt(np.maximum(size, 0.0))) @ axes.T
    shared = np.linalg.eigvalsh(root @ b @ root)
    rest = np.trace(a) + np.trace(b) - 2 * np.sqrt(np.maximum(shared, 0.0)).sum()
    return float(max(np.square(X.mean(axis=0) - Y.mean(axis=0)).sum() + rest, 0.0))
