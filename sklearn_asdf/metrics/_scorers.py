"""Scorers by name, for searches and cross-validation: of densities, and of decoded audio."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sklearn.metrics
from sklearn.utils.metadata_routing import MetadataRequest

from .._validation import did_you_mean, require
from ..music.clips import AudioClips
from ._distances import coarse_spectrograms, paired_distances
from ._generator import Generator

__all__ = ["get_scorer", "get_scorer_names"]

# Lowest level at which spectrograms are compared, in dB.
_FLOOR = -80.0
# Encoder parameters that change no code, or only select among equally good codes.
_SAME_CODE = ("random_state", "n_jobs")


def get_scorer(
    name: str | Callable[..., float], *, max_clips: int | None = 64
) -> Callable[..., float]:
    """Return a scorer by its name.

    Parameters
    ----------
    name : str or callable
        A name of this package, or one of :func:`sklearn.metrics.get_scorer`. A callable is returned
        unchanged.

        - `"log_likelihood"`: mean log-likelihood of the true targets, in nats per target. With an
          encoder, the targets are the values of the code.
        - `"information_gain"`: log-likelihood minus that of the density without features
          (`information_gain` of :class:`MDNRegressor`); on average not above 0 if the features
          explain nothing.
        - `"neg_mel_distance"`: negative distance in dB between predicted and true audio.
        - `"mel_rank"`: share of the clips of other recordings that are farther from the predicted
          audio than the true audio is; 1 is perfect, 0.5 is chance.
    max_clips : int or None, default=64
        Maximum number of clips, evenly spaced, that the scorers of audio decode, since decoding is
        slow. None decodes all clips. Other scorers use all rows.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y, sample_weight=None)``, for the parameter ``scoring`` of a search;
        greater is better. With metadata routing, request weights with ``set_score_request``.

    Raises
    ------
    TypeError
        When called: by a scorer of likelihoods, if the estimator has no density; by a scorer of
        audio, if it does not end in an :class:`AudioTargetRegressor`.
    ValueError
        When called: by a scorer of likelihoods, if encoders have different parameters.

    Warns
    -----
    UserWarning
        If clips to score overlap with clips of the training set.

    Notes
    -----
    **Not in scikit-learn's registry.** ``scoring="..."`` does not accept the names of this package.
    Pass the scorer instead: ``scoring=get_scorer("log_likelihood")``.

    **Which scores can be compared.** The `score` of all regressors of this package is R², which
    compares any regressors of the same code. A likelihood compares only densities of the same code.
    Over encoders, or over regressors without a density, it raises an error. Pass
    ``error_score="raise"`` to such a search: by default it warns, sets these candidates to NaN and
    ranks them last, so the best one is the best of those that could be scored. To search over the
    parameters of an encoder (``music__transformer__...``), use a score of audio. The distance and
    the rank are computed from one fixed mel spectrogram of the decoded audio (128 bands, windows of
    2048 samples every 1024, at least -80 dB re 1), whatever spectrogram the encoder uses.

    A scorer of likelihoods stores the parameters of the first encoder in a process. Get a new
    scorer for another comparison.

    The audio is that of `predict`, which is blurred with the code of :class:`MelEncoder`. Both
    scores of audio favor such averages; a wider density does not improve them.

    The distance is the root mean square difference over bands and frames. Ranks are among clips of
    other recordings if the audio is :class:`AudioClips`, and else among all other clips.

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


def get_scorer_names() -> list[str]:
    """Return the names of the scorers of this package, for `get_scorer`.

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
    """Base class of the scorers: calls by searches, and metadata requests."""

    def __init__(self, name: str, max_clips: int | None) -> None:
        self.name = name
        self.max_clips = max_clips
        # Identifies copies of this scorer, also in other processes.
        self.number = uuid.uuid4().hex
        self._weights: bool | str | None = None

    def __repr__(self) -> str:
        return f"get_scorer({self.name!r})"

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        return float(self._score(Generator(estimator), X, y, sample_weight))

    def _score(self, generator: Generator, X: Any, y: Any, sample_weight: Any) -> float:
        raise NotImplementedError

    def set_score_request(self, *, sample_weight: bool | str | None) -> _Scorer:
        """Set whether weights are requested, as for scikit-learn's scorers."""
        self._weights = sample_weight
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Return the requested metadata."""
        request = MetadataRequest(owner=self)
        request.score.add_request(param="sample_weight", alias=self._weights)
        return request

    def _accept_sample_weight(self) -> bool:
        # scikit-learn's searches call this without metadata routing.
        return True


class _DensityScorer(_Scorer):
    """Scorer of densities of the same targets."""

    def _score(self, generator: Generator, X: Any, y: Any, sample_weight: Any) -> float:
        model = generator.model
        if not hasattr(model, self.name):
            inner = getattr(model, "regressor_", model)
            raise TypeError(
                f"expected a regressor that predicts densities for {self.name!r}, got "
                f"{type(inner).__name__}: use MDNRegressor, or compare regressors with and without "
                "densities by their score, which is R²"
            )
        if hasattr(model, "transformer_"):
            self._compare_encoders(model.transformer_)
        return getattr(model, self.name)(generator.features(X), y, sample_weight=sample_weight)

    def _compare_encoders(self, encoder: Any) -> None:
        """Raise if the encoder differs from that of earlier calls."""
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
    """Return the parameters of the first encoder of a scorer in this process, to be filled in."""
    return {}


class _SoundScorer(_Scorer):
    """Scorer of decoded audio, for any encoder."""

    def _score(self, generator: Generator, X: Any, y: Any, sample_weight: Any) -> float:
        require("librosa", extra="play", purpose=f"the score {self.name!r}")
        model = generator.model
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
        options: dict[str, Any] = {"sr": sr, "floor": _FLOOR, "dtype": np.float32}
        audio_pred = generator.pipeline.predict(_rows_of(X, rows))
        predicted = coarse_spectrograms(audio_pred, **options)
        true_db = coarse_spectrograms(true, **options)
        if self.name == "neg_mel_distance":
            return -np.average(paired_distances(predicted, true_db), weights=weight)
        group = true.groups if isinstance(true, AudioClips) else np.arange(len(rows))
        shares = []
        for i, clip in enumerate(predicted):
            others = true_db[group != group[i]]
            if not len(others):
                raise ValueError(
                    "expected clips of at least 2 recordings to rank, got clips of one: use fewer "
                    "splits, so that each test set has several recordings"
                )
            own, distance = paired_distances(clip, true_db[i]), paired_distances(clip, others)
            shares.append((distance > own).mean() + (distance == own).mean() / 2)
        return np.average(shares, weights=weight)


def _rows_of(X: Any, rows: np.ndarray) -> Any:
    """Return rows of a table, an array, or a list."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X[rows] if hasattr(X, "shape") else [X[i] for i in rows]


_SCORERS: dict[str, type[_Scorer]] = {
    "log_likelihood": _DensityScorer,
    "information_gain": _DensityScorer,
    "neg_mel_distance": _SoundScorer,
    "mel_rank": _SoundScorer,
}
