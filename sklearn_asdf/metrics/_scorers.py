"""Scorers by name, for searches and cross-validation: of densities, and of the sound itself."""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any

import numpy as np
import sklearn.metrics
from sklearn.utils.metadata_routing import MetadataRequest

from .._validation import did_you_mean, require
from ..music.clips import AudioClips
from ._distances import _HOP_LENGTH
from ._listen import mel_decibels
from ._player import Player

__all__ = ["get_scorer", "get_scorer_names"]

# Sound is compared down to this level, in dB.
_FLOOR = -80.0
# Encoder parameters that change no code, or only which of the equally good ones is found.
_SAME_CODE = ("random_state", "n_jobs")


def get_scorer(name, *, max_clips=64):
    """Return a scorer by its name.

    Parameters
    ----------
    name : str or callable
        A name of this package, or any that :func:`sklearn.metrics.get_scorer` knows; a callable
        is returned as it is.

        - `"log_likelihood"`: mean log-likelihood of the true targets, in nats per target. Behind
          an encoder the targets are the numbers of the code.
        - `"information_gain"`: by how much that is above the likelihood without features
          (`information_gain` of :class:`MDNRegressor`); not above 0, up to chance, where the
          features explain nothing.
        - `"neg_mel_distance"`: minus the distance in dB between the predicted and the true sound.
        - `"mel_rank"`: share of the other recordings' clips that are farther from the predicted
          sound than the true one: 1 is perfect, 0.5 is chance.
    max_clips : int or None, default=64
        At most as many clips, evenly spread, are decoded to sound for the scores of sound, since
        sound takes time; None decodes all of them. Other scorers take all rows.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y, sample_weight=None)``, for ``scoring`` of a search; higher is
        better. With metadata routing, weights are requested by its ``set_score_request``.

    Raises
    ------
    TypeError
        By a scorer of likelihoods, where the estimator has no density; by a scorer of sound, where
        it does not end in an :class:`AudioTargetRegressor`.
    ValueError
        By a scorer of likelihoods, where it meets encoders of different parameters.

    Warns
    -----
    UserWarning
        Where clips to score overlap with clips of the training set.

    Notes
    -----
    **Not in scikit-learn's registry.** Names of this package mean nothing to ``scoring="..."``:
    pass the scorer, ``scoring=get_scorer("log_likelihood")``. None of them is a name of
    scikit-learn.

    **Which scores can be compared.** The `score` of all regressors here is R² and compares any of
    them over one code. A likelihood compares densities over one code: regressors without a density
    have none, and of densities over other codes it says nothing. Such searches are refused; pass
    ``error_score="raise"``, or the search sets the score to NaN and warns. To search over the
    parameters of an encoder (``music__transformer__...``) take a score of sound: the distance and
    the rank are taken in one fixed mel spectrogram (128 bands, 2048 samples every 1024, above
    -80 dB re 1) of the sound that was decoded, whatever spectrogram the encoder uses itself.

    A scorer of likelihoods remembers the encoder that it met first in a process; get another one
    for another comparison.

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
    if name in _SCORERS:
        return _SCORERS[name](name, max_clips)
    others = sklearn.metrics.get_scorer_names()
    if callable(name) or name in others:
        return sklearn.metrics.get_scorer(name)
    raise ValueError(
        f"expected name to be one of {', '.join(map(repr, _SCORERS))}, or one of "
        f"sklearn.metrics.get_scorer_names(), got {name!r}."
        f"{did_you_mean(name, [*_SCORERS, *others])}"
    )


def get_scorer_names():
    """Return the names that `get_scorer` knows beyond scikit-learn's.

    Returns
    -------
    list of str
        The names.

    Examples
    --------
    >>> from sklearn_asdf.metrics import get_scorer_names
    >>> get_scorer_names()
    ['information_gain', 'log_likelihood', 'mel_rank', 'neg_mel_distance']
    """
    return sorted(_SCORERS)


class _Scorer:
    """What all scorers share: how searches call them, and what they request."""

    def __init__(self, name: str, max_clips: int | None) -> None:
        self.name = name
        self.max_clips = max_clips
        # Copies, in other processes too, are the same scorer.
        self.number = uuid.uuid4().hex
        self._weights: bool | str | None = None

    def __repr__(self) -> str:
        return f"get_scorer({self.name!r})"

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        return float(self._score(Player(estimator), X, y, sample_weight))

    def _score(self, player: Player, X: Any, y: Any, sample_weight: Any) -> float:
        raise NotImplementedError

    def set_score_request(self, *, sample_weight: bool | str | None) -> _Scorer:
        """Say whether weights are requested, as scikit-learn's scorers do."""
        self._weights = sample_weight
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Return what is requested."""
        request = MetadataRequest(owner=self)
        request.score.add_request(param="sample_weight", alias=self._weights)
        return request

    def _accept_sample_weight(self) -> bool:
        # Without metadata routing, scikit-learn's searches ask every scorer of theirs so.
        return True


class _DensityScorer(_Scorer):
    """Scores of densities over the same targets."""

    def _score(self, player: Player, X: Any, y: Any, sample_weight: Any) -> float:
        model = player.model
        if not hasattr(model, self.name):
            inner = getattr(model, "regressor_", model)
            raise TypeError(
                f"expected a regressor that predicts densities for {self.name!r}, got "
                f"{type(inner).__name__}: use MDNRegressor, or compare regressors with and without "
                "densities by their score, which is R²"
            )
        if hasattr(model, "transformer_"):
            self._compare_encoders(model.transformer_)
        return getattr(model, self.name)(player.features(X), y, sample_weight=sample_weight)

    def _compare_encoders(self, encoder: Any) -> None:
        """Refuse another encoder than before: this would be no comparison of densities."""
        encoder = getattr(encoder, "estimator", encoder)
        unused = (*getattr(encoder, "unused_in_fit", ()), *_SAME_CODE)
        params = {k: repr(v) for k, v in encoder.get_params().items() if k not in unused}
        params["class"] = type(encoder).__name__
        first = _first_encoder(self.number)
        if not first:
            first.update(params)
        differ = [k for k in sorted(params | first) if params.get(k) != first.get(k)]
        if differ:
            what = ", ".join(f"{k} ({first.get(k)} and {params.get(k)})" for k in differ)
            raise ValueError(
                f"expected {self.name!r} of codes of one encoder, got encoders that differ in "
                f"{what}: likelihoods of different codes cannot be compared; search over an "
                "encoder's parameters with 'neg_mel_distance' or 'mel_rank'"
            )


@lru_cache(maxsize=256)
def _first_encoder(number: str) -> dict[str, str]:
    """Parameters of the encoder that a scorer met first in this process; it fills them in."""
    return {}


class _SoundScorer(_Scorer):
    """Scores of the sound: of any encoder."""

    def _score(self, player: Player, X: Any, y: Any, sample_weight: Any) -> float:
        require("librosa", extra="music", purpose=f"the score {self.name!r}")
        model = player.model
        if not hasattr(model, "transformer_"):
            raise TypeError(
                "expected a fitted pipeline that ends in AudioTargetRegressor, got "
                f"{type(model).__name__} at its end: use a scorer of scikit-learn for other models"
            )
        model.warn_of_leaks(y)
        n = len(y)
        few = n if self.max_clips is None else min(n, self.max_clips)
        rows = np.unique(np.linspace(0, n - 1, few).astype(int))
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=float)[rows]
        audio = y if isinstance(y, AudioClips) else np.asarray(y)
        true = audio[rows]
        sr = getattr(audio, "sr", getattr(model.transformer_, "sr", 22050))
        predicted = _decibels(player.pipeline.predict(_rows_of(X, rows)), sr)
        true_db = _decibels(true, sr)
        if self.name == "neg_mel_distance":
            return -np.average(_distances(predicted, true_db), weights=weight)
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
        return np.average(shares, weights=weight)


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


_SCORERS: dict[str, type[_Scorer]] = {
    "log_likelihood": _DensityScorer,
    "information_gain": _DensityScorer,
    "neg_mel_distance": _SoundScorer,
    "mel_rank": _SoundScorer,
}
