"""Scorers by name: perfect, chance and foolish predictions, and which encoders they may compare."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytest.importorskip("librosa", reason="sound needs the extra 'music'")

from sklearn_asdf import AudioClips, AudioTargetRegressor, GaussianMixtures
from sklearn_asdf.metrics import get_scorer, get_scorer_names
from sklearn_asdf.model_selection import RecordingKFold


class Scaled(TransformerMixin, BaseEstimator):
    """An encoder whose code is the sound, in a unit of its own."""

    def __init__(self, unit=1.0, sr=22050):
        self.unit = unit
        self.sr = sr

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return np.asarray(X, dtype=float) / self.unit

    def inverse_transform(self, X):
        return np.asarray(X) * self.unit


class Gaussian(RegressorMixin, BaseEstimator):
    """A density with a linear mean and one scale."""

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        self.mean_ = LinearRegression().fit(X, y)
        self.scale_ = np.sqrt(np.square(y - self.mean_.predict(X)).mean() + 1e-12)
        self.loc_, self.spread_ = y.mean(axis=0), y.std() + 1e-6
        return self

    def predict(self, X):
        return self.mean_.predict(X)

    def predict_dist(self, X):
        mean = self.predict(X)[:, None]
        return GaussianMixtures(np.ones((len(X), 1)), mean, np.full(mean.shape, self.scale_))

    def score(self, X, y):
        return self.predict_dist(X).log_prob(y).mean() / y.shape[1]

    def gain(self, X, y):
        z = (y - self.loc_) / self.spread_
        alone = -0.5 * (z**2 + np.log(2 * np.pi)) - np.log(self.spread_)
        return self.score(X, y) - alone.mean()


@pytest.fixture(scope="module")
def data():
    """Tones whose loudness in two bands is what the features say."""
    rng = np.random.default_rng(0)
    t = np.arange(4096) / 22050
    tones = np.sin(2 * np.pi * np.array([[441.0], [2205.0]]) * t)
    X = rng.uniform(0.02, 0.3, size=(24, 2))
    return X, X @ tones


def test_all_names_are_known():
    assert get_scorer_names() == [
        "code_gain",
        "code_log_likelihood",
        "mel_rank",
        "neg_mel_distance",
    ]
    for name in get_scorer_names():
        assert repr(get_scorer(name)) == f"get_scorer({name!r})"
    with pytest.raises(ValueError, match="Did you mean 'mel_rank'"):
        get_scorer("mel_ranks")


def test_a_perfect_model_is_at_no_distance_and_above_all_others(data):
    X, y = data
    model = AudioTargetRegressor(LinearRegression(), Scaled()).fit(X, y)
    assert get_scorer("neg_mel_distance")(model, X, y) == pytest.approx(0, abs=0.1)
    assert get_scorer("mel_rank")(model, X, y) == 1.0


def test_a_model_that_is_ten_times_too_loud_is_20_db_away(data):
    X = data[0]
    y = 0.01 * np.random.default_rng(0).normal(size=(len(X), 4096))
    model = AudioTargetRegressor(LinearRegression(), Scaled()).fit(X, y)
    model.predict = lambda X: 10 * y
    assert get_scorer("neg_mel_distance")(model, X, y) == pytest.approx(-20, abs=0.05)


def test_chance_ranks_in_the_middle(data):
    X, y = data
    model = AudioTargetRegressor(LinearRegression(), Scaled()).fit(X, y)
    rank = get_scorer("mel_rank")
    shuffled = np.random.default_rng(1).permutation(len(X))
    assert 0.3 < rank(model, X[shuffled], y) < 0.7
    # What says the same of all is at chance, too.
    constant = AudioTargetRegressor(LinearRegression(), Scaled()).fit(np.zeros_like(X), y)
    assert rank(constant, np.zeros_like(X), y) == pytest.approx(0.5, abs=0.02)


def test_likelihood_and_gain_are_the_regressors_own(data):
    X, y = data
    pipe = make_pipeline(StandardScaler(), AudioTargetRegressor(Gaussian(), Scaled())).fit(X, y)
    score = get_scorer("code_log_likelihood")(pipe, X, y)
    assert score == pytest.approx(pipe.score(X, y))
    gain = get_scorer("code_gain")(pipe, X, y)
    assert gain == pytest.approx(pipe[-1].regressor_.gain(pipe[:-1].transform(X), y))
    assert gain > 0
    shuffled = X[np.random.default_rng(0).permutation(len(X))]
    assert get_scorer("code_gain")(pipe, shuffled, y) < 0


def test_encoders_may_be_searched_by_sound_and_not_by_code(data):
    X, y = data
    y = y + 1e-3 * np.random.default_rng(0).normal(size=y.shape)
    pipe = make_pipeline(StandardScaler(), AudioTargetRegressor(Gaussian(), Scaled()))
    grid = {"audiotargetregressor__transformer__unit": [1.0, 100.0]}
    options = {"cv": 2, "error_score": "raise"}
    # The same model in another unit: a likelihood takes it for another one, the sound does not.
    with pytest.warns(UserWarning, match=r"encoders that differ in unit \(1.0 and 100.0\)"):
        by_code = GridSearchCV(
            pipe, grid, scoring=get_scorer("code_log_likelihood"), **options
        ).fit(X, y)
    scores = by_code.cv_results_["mean_test_score"]
    assert abs(scores[1] - scores[0]) > 0.5
    pipe.set_params(audiotargetregressor__regressor=LinearRegression())
    for name in ("neg_mel_distance", "mel_rank"):
        by_sound = GridSearchCV(pipe, grid, scoring=get_scorer(name), **options).fit(X, y)
        scores = by_sound.cv_results_["mean_test_score"]
        assert scores[0] == pytest.approx(scores[1], abs=0.01)


def test_a_search_of_densities_warns_of_nothing(data):
    X, y = data
    pipe = AudioTargetRegressor(Gaussian(), Scaled())
    scoring = {name: get_scorer(name) for name in get_scorer_names()}
    found = GridSearchCV(
        pipe, {"regressor": [Gaussian()]}, scoring=scoring, refit="code_gain", cv=2, n_jobs=1
    ).fit(X, y)
    for name in get_scorer_names():
        assert np.isfinite(found.cv_results_[f"mean_test_{name}"]).all()
    # A search is scored as its best estimator is.
    assert get_scorer("mel_rank")(found, X, y) == get_scorer("mel_rank")(
        found.best_estimator_, X, y
    )
    frozen = AudioTargetRegressor(Gaussian(), FrozenEstimator(Scaled().fit(y))).fit(X, y)
    score = get_scorer("code_log_likelihood")
    score(frozen, X, y)
    score(found.best_estimator_, X, y)


def test_scorers_travel_to_other_processes(data):
    X, y = data
    scoring = get_scorer("neg_mel_distance")
    again = pickle.loads(pickle.dumps(scoring))
    model = AudioTargetRegressor(Ridge(), Scaled()).fit(X, y)
    assert again(model, X, y) == scoring(model, X, y)
    assert again.number == scoring.number


def test_few_clips_are_decoded_and_which_is_always_the_same(data):
    X, y = data
    model = AudioTargetRegressor(LinearRegression(), Scaled()).fit(X[:12], y[:12] ** 2)
    heard = []
    predict = model.predict

    def count(X):
        heard.append(len(X))
        return predict(X)

    model.predict = count
    few = get_scorer("neg_mel_distance", max_clips=5)
    table = pd.DataFrame(X)
    assert few(model, X, y) == few(model, table.to_numpy().tolist(), y)
    get_scorer("neg_mel_distance", max_clips=None)(model, X, y)
    assert heard == [5, 5, 24]


def test_overlapping_clips_are_no_rivals_and_leaks_are_told(data):
    rng = np.random.default_rng(0)
    audio = AudioClips.from_recordings(
        0.1 * rng.normal(size=(3, 9000)), clip_duration=0.2, hop_duration=0.05
    )
    X = rng.normal(size=(len(audio), 2))
    model = AudioTargetRegressor(Ridge(), Scaled())
    rank = get_scorer("mel_rank")
    with pytest.raises(ValueError, match="at least 2 recordings to rank"):
        rank(model.fit(X, audio), X[audio.groups == 0], audio[audio.groups == 0])
    train, _ = next(RecordingKFold(3).split(X, audio))
    assert np.isfinite(get_scorer("neg_mel_distance")(model.fit(X[train], audio[train]), X, audio))
    with pytest.warns(UserWarning, match="measures memory"):
        get_scorer("neg_mel_distance")(model.fit(X[::2], audio[::2]), X[1::2], audio[1::2])


def test_other_models_are_refused(data):
    X, y = data
    with pytest.raises(TypeError, match="ends in AudioTargetRegressor, got Ridge"):
        get_scorer("mel_rank")(make_pipeline(Ridge()).fit(X, y), X, y)
    model = AudioTargetRegressor(Ridge(), Scaled()).fit(X, y)
    with pytest.raises(TypeError, match="predicts densities for 'code_gain', got Ridge"):
        get_scorer("code_gain")(model, X, y)
