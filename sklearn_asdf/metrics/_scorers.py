"""Scorers by name, for searches and cross-validation: of codes, and of the sound itself."""

from __future__ import annotations

import uuid
import warnings
from typing import Any

import numpy as np

from .._validation import check_choice, require
from ..music.clips import AudioClips
from ._distances import _HOP_LENGTH
from ._listen import mel_decibels

__all__ = ["get_scorer", "get_scorer_names"]

# Sound is compared down to this level, in dB.
_FLOOR = -80.0

# Encoder parameters that each scorer of codes met first in this process, by the scorer's number.
_MET: dict[str, dict[str, str]] = {}


def get_scorer(name, *, max_clips=64):
    """Return a scorer by its name.

    Parameters
    ----------
    name : {"code_log_likelihood", "code_gain", "neg_mel_distance", "mel_rank"}
        - `"code_log_likelihood"`: mean log-likelihood of the true music's code, in nats per number
          of the code. It is what ``score`` of the pipeline gives.
        - `"code_gain"`: by how much that is above the likelihood without any dance
          (:meth:`MDNRegressor.gain`); not above 0, beyond chance, where the dance says nothing.
        - `"neg_mel_distance"`: minus the distance in dB between the predicted and the true sound.
        - `"mel_rank"`: share of the other recordings' clips that are farther from the predicted
          sound than the true one: 1 is perfect, 0.5 is chance.
    max_clips : int or None, default=64
        At most as many clips, evenly spread, are decoded to sound for the scores of sound, since
        sound takes time; None decodes all of them. The scores of codes always take all.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)``, for ``scoring`` of a search; higher is better. The estimator
        is a pipeline that ends in an :class:`AudioTargetRegressor`, or that alone.

    Warns
    -----
    UserWarning
        Where a scorer of codes meets encoders of different parameters, and where clips to score
        overlap with clips of the training set.

    Notes
    -----
    **Which scores can be compared.** A code's likelihood is a density over that code: it tells
    densities over one encoder's code apart, and nothing about encoders. To search over the
    parameters of an encoder (``music__transformer__...``) take a score of sound: the distance and
    the rank are taken in one fixed mel spectrogram (128 bands, 2048 samples every 1024, above
    -80 dB re 1) of the sound that was decoded, whatever spectrogram the encoder uses itself.

    The sound is that of `predict`: for a :class:`MelEncoder`'s code it is blurred. Both scores of
    sound therefore like caution; a wider density does not improve them.

    The distance is the root mean square difference over bands and frames. Ranks are among clips of
    other recordings, where :class:`AudioClips` know them.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_asdf import make_dance_pipeline
    >>> from sklearn_asdf.metrics import get_scorer
    >>> search = GridSearchCV(
    ...     make_dance_pipeline("tiny"),
    ...     {"music__transformer__code_size": [32, 64]},
    ...     scoring=get_scorer("neg_mel_distance"),
    ... )
    """
    check_choice(name, _SCORERS, name="name")
    return _SCORERS[name](name, max_clips)


def get_scorer_names():
    """Return the names that `get_scorer` knows.

    Returns
    -------
    list of str
        The names.

    Examples
    --------
    >>> from sklearn_asdf.metrics import get_scorer_names
    >>> get_scorer_names()
    ['code_gain', 'code_log_likelihood', 'mel_rank', 'neg_mel_distance']
    """
    return sorted(_SCORERS)


class _Scorer:
    """What all scorers share: finding the parts, and saying who they are."""

    def __init__(self, name: str, max_clips: int | None) -> None:
        self.name = name
        self.max_clips = max_clips
        self.number = uuid.uuid4().hex

    def __repr__(self) -> str:
        return f"get_scorer({self.name!r})"

    def __call__(self, estimator: Any, X: Any, y: Any) -> float:
        estimator = getattr(estimator, "best_estimator_", estimator)
        model = estimator[-1] if hasattr(estimator, "steps") else estimator
        if not hasattr(model, "regressor_") or not hasattr(model, "transformer_"):
            raise TypeError(
                "expected a fitted pipeline that ends in AudioTargetRegressor, got "
                f"{type(model).__name__} at its end: use a scorer of scikit-learn for other models"
            )
        return float(self._score(estimator, model, X, y))

    def _score(self, estimator: Any, model: Any, X: Any, y: Any) -> float:
        raise NotImplementedError


class _CodeScorer(_Scorer):
    """Scores in the space of codes: of one encoder only."""

    def _score(self, estimator: Any, model: Any, X: Any, y: Any) -> float:
        method = "gain" if self.name == "code_gain" else "score"
        if not hasattr(model.regressor_, "predict_dist"):
            raise TypeError(
                f"expected a regressor that predicts densities for {self.name!r}, got "
                f"{type(model.regressor_).__name__}: use MDNRegressor, or a score of sound such as "
                "'neg_mel_distance'"
            )
        self._compare_encoders(model.transformer_)
        if estimator is not model:
            X = estimator[:-1].transform(X)
        X, codes = model._encode_to_score(X, y)
        return getattr(model.regressor_, method)(X, codes)

    def _compare_encoders(self, encoder: Any) -> None:
        """Warn where another encoder was met before: this is then no search of densities."""
        encoder = getattr(encoder, "estimator", encoder)
        unused = getattr(encoder, "_unused_in_fit", ())
        params = {k: repr(v) for k, v in encoder.get_params().items() if k not in unused}
        first = _MET.setdefault(self.number, params)
        differ = [k for k in sorted(params | first) if params.get(k) != first.get(k)]
        if differ:
            told = ", ".join(f"{k} ({first.get(k)} and {params.get(k)})" for k in differ)
            warnings.warn(
                f"{self.name!r} was asked of encoders that differ in {told}: likelihoods of "
                "different codes cannot be compared; search over an encoder's parameters with "
                "'neg_mel_distance' or 'mel_rank'",
                UserWarning,
                stacklevel=4,
            )


class _SoundScorer(_Scorer):
    """Scores of the sound: of any encoder."""

    def _score(self, estimator: Any, model: Any, X: Any, y: Any) -> float:
        require("librosa", extra="music", purpose=f"the score {self.name!r}")
        model._warn_of_leaks(y)
        n = len(y)
        few = n if self.max_clips is None else min(n, self.max_clips)
        rows = np.unique(np.linspace(0, n - 1, few).astype(int))
        audio = y if isinstance(y, AudioClips) else np.asarray(y)
        true = audio[rows]
        sr = getattr(audio, "sr", getattr(model.transformer_, "sr", 22050))
        predicted = _decibels(estimator.predict(_rows_of(X, rows)), sr)
        true_db = _decibels(true, sr)
        if self.name == "neg_mel_distance":
            return -_distances(predicted, true_db).mean()
        group = true.groups if isinstance(true, AudioClips) else np.arange(len(rows))
        shares = []
        for i, clip in enumerate(predicted):
            others = true_db[group != group[i]]
            if not len(others):
                raise ValueError(
                    "expected clips of at least 2 recordings to rank, got clips of one: score more "
                    "recordings at once, with fewer splits"
                )
            own, distance = _distances(clip, true_db[i]), _distances(clip, others)
            shares.append((distance > own).mean() + (distance == own).mean() / 2)
        return np.mean(shares)


def _decibels(audio: Any, sr: int) -> np.ndarray:
    """Mel spectrograms in dB, one row a clip."""
    db = np.concatenate(list(mel_decibels(audio, sr, hop_length=_HOP_LENGTH, floor=_FLOOR)))
    return db.reshape(len(db), -1)


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Root mean square difference of rows, in dB."""
    return np.sqrt(np.square(a - b).mean(axis=-1, dtype=np.float64))


def _rows_of(X: Any, rows: np.ndarray) -> Any:
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X[rows] if hasattr(X, "shape") else [X[i] for i in rows]


_SCORERS = {
    "code_log_likelihood": _CodeScorer,
    "code_gain": _CodeScorer,
    "neg_mel_distance": _SoundScorer,
    "mel_rank": _SoundScorer,
}
