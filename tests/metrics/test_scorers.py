"""Scorers by name: perfect, chance and foolish predictions, and which encoders they may compare."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
import sklearn.metrics
from scipy.stats import norm
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin, clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

pytest.importorskip("librosa", reason="sound needs the extra 'music'")

from sklearn_asdf import AudioClips, AudioTargetRegressor, GaussianMixtures, MDNRegressor
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


class Seeded(Scaled):
    """The same with parameters that change no code."""

    unused_in_fit = ("gain",)

    def __init__(self, unit=1.0, sr=22050, random_state=None, gain=1.0):
        super().__init__(unit, sr)
        self.random_state = random_state
        self.gain = gain


class Gaussian(RegressorMixin, BaseEstimator):
    """A density with a linear mean and one scale."""

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        self.mean_ = LinearRegression().fit(X, y)
        self.scale_ = np.sqrt(np.square(y - self.mean_.predict(X)).mean() + 1e-12)
        loc, spread = y.mean(axis=0)[None, None], y.std() + 1e-6
        self.unconditional_ = GaussianMixtures(np.ones((1, 1)), loc, np.full(loc.shape, spread))
        return self

    def predict(self, X):
        return self.mean_.predict(X)

    def predict_dist(self, X):
        mean = self.predict(X)[:, None]
        return GaussianMixtures(np.ones((len(X), 1)), mean, np.full(mean.shape, self.scale_))


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
        "information_gain",
        "log_likelihood",
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


def test_names_are_beside_scikit_learns_and_not_among_them(data):
    assert not set(get_scorer_names()) & set(sklearn.metrics.get_scorer_names())
    # With this function imported in the place of scikit-learn's, all of scikit-learn's names work.
    X, y = data
    model = Ridge().fit(X, y)
    assert get_scorer("r2")(model, X, y) == model.score(X, y)
    scorer = sklearn.metrics.get_scorer("neg_mean_squared_error")
    assert get_scorer(scorer) is scorer
    with pytest.raises(ValueError, match="Did you mean 'neg_mean_squared_error'"):
        get_scorer("neg_mean_square_error")


def test_likelihood_and_information_gain_are_of_the_codes(data):
    X, y = data
    pipe = make_pipeline(StandardScaler(), AudioTargetRegressor(Gaussian(), Scaled(2.0))).fit(X, y)
    # A Gaussian's log density, written out.
    inner, codes = pipe[-1].regressor_, y / 2.0
    z = (codes - inner.predict(pipe[:-1].transform(X))) / inner.scale_
    each = -0.5 * (z**2 + np.log(2 * np.pi)) - np.log(inner.scale_)
    score = get_scorer("log_likelihood")
    assert score(pipe, X, y) == pytest.approx(each.mean())
    weight = np.arange(len(X))
    weighted = np.average(each.mean(axis=1), weights=weight)
    assert score(pipe, X, y, sample_weight=weight) == pytest.approx(weighted)
    spread = codes.std() + 1e-6
    alone = norm.logpdf(codes, codes.mean(axis=0), spread)
    gain = get_scorer("information_gain")
    assert gain(pipe, X, y) == pytest.approx((each - alone).mean())
    assert gain(pipe, X, y) > 0
    shuffled = X[np.random.default_rng(0).permutation(len(X))]
    assert gain(pipe, shuffled, y) < 0


def test_densities_without_an_encoder_have_the_same_scores():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2))
    y = X + rng.normal(size=(50, 2))
    density = MDNRegressor(1, epochs=1, random_state=0)
    pipe = make_pipeline(StandardScaler(), density).fit(X, y)
    Z = pipe[0].transform(X)
    assert get_scorer("log_likelihood")(pipe, X, y) == pipe[-1].log_likelihood(Z, y)
    assert get_scorer("information_gain")(pipe, X, y) == pipe[-1].information_gain(Z, y)


def test_score_is_r2_with_and_without_a_density(data):
    X, y = data
    y = y + 0.05 * np.random.default_rng(0).normal(size=y.shape)
    scores = []
    for regressor in (LinearRegression(), Gaussian()):
        model = AudioTargetRegressor(regressor, Scaled(3.0)).fit(X, y)
        scores.append(model.score(X, y))
        assert scores[-1] == pytest.approx(r2_score(y, model.predict(X)))
        weight = np.arange(len(X))
        expected = r2_score(y, model.predict(X), sample_weight=weight)
        assert model.score(X, y, sample_weight=weight) == pytest.approx(expected)
    assert scores[0] == pytest.approx(scores[1])


def test_a_search_over_regressors_with_and_without_a_density_compares_like_with_like():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = X @ rng.normal(size=(4, 3)) + 0.01 * rng.normal(size=(60, 3))
    # One epoch learns next to nothing, but likelihoods of narrow targets exceed any R².
    model = AudioTargetRegressor(Ridge(), Scaled(1000.0))
    grid = {"regressor": [Ridge(alpha=1e-3), MDNRegressor(epochs=1, random_state=0)]}
    found = GridSearchCV(model, grid, cv=3, error_score="raise").fit(X, y)
    assert isinstance(found.best_params_["regressor"], Ridge)
    assert found.best_score_ > 0.99
    assert (found.cv_results_["mean_test_score"] <= 1).all()
    scoring = get_scorer("log_likelihood")
    sentence = "predicts densities for 'log_likelihood', got Ridge: use MDNRegressor"
    with pytest.raises(TypeError, match=sentence):
        GridSearchCV(model, grid, cv=3, scoring=scoring, error_score="raise").fit(X, y)
    # scikit-learn's default goes on without a score, and says why.
    with (
        pytest.warns(UserWarning, match=sentence),
        pytest.warns(UserWarning, match="test scores are non-finite"),
    ):
        found = GridSearchCV(model, grid, cv=3, scoring=scoring).fit(X, y)
    assert np.isnan(found.cv_results_["mean_test_score"]).tolist() == [True, False]


def test_encoders_may_be_searched_by_sound_and_not_by_code(data):
    X, y = data
    y = y + 1e-3 * np.random.default_rng(0).normal(size=y.shape)
    pipe = make_pipeline(StandardScaler(), AudioTargetRegressor(Gaussian(), Scaled()))
    grid = {"audiotargetregressor__transformer__unit": [1.0, 100.0]}
    options = {"cv": 2, "error_score": "raise"}
    # The same model in another unit: a likelihood takes it for another one, the sound does not.
    one, other = (
        get_scorer("log_likelihood")(pipe.set_params(**{name: unit}).fit(X, y), X, y)
        for name, units in grid.items()
        for unit in units
    )
    assert other - one == pytest.approx(np.log(100), abs=1e-3)
    scoring = get_scorer("log_likelihood")
    with pytest.raises(ValueError, match=r"encoders that differ in unit \(1.0 and 100.0\)"):
        GridSearchCV(pipe, grid, scoring=scoring, **options).fit(X, y)
    pipe.set_params(audiotargetregressor__regressor=LinearRegression())
    for name in ("neg_mel_distance", "mel_rank"):
        by_sound = GridSearchCV(pipe, grid, scoring=get_scorer(name), **options).fit(X, y)
        scores = by_sound.cv_results_["mean_test_score"]
        assert scores[0] == pytest.approx(scores[1], abs=0.01)


def test_encoders_of_other_seeds_or_decoding_are_one_encoder(data):
    X, y = data
    scoring = get_scorer("log_likelihood")
    model = AudioTargetRegressor(Gaussian(), Seeded()).fit(X, y)
    score = scoring(model, X, y)
    for params in ({"random_state": np.random.RandomState(0)}, {"gain": 2.0}):
        model.set_params(transformer=Seeded(**params)).fit(X, y)
        assert scoring(model, X, y) == score
    with pytest.raises(ValueError, match=r"differ in class \(Seeded and Scaled\)"):
        scoring(AudioTargetRegressor(Gaussian(), Scaled()).fit(X, y), X, y)


def test_weights_reach_the_scorers_of_a_search(data):
    X, y = data
    y = y + 0.01 * np.random.default_rng(0).normal(size=y.shape)
    weight = np.r_[np.ones(12), np.zeros(12)]
    model = AudioTargetRegressor(LinearRegression(), Scaled())
    names = ("neg_mel_distance", "mel_rank")
    options = {"cv": PredefinedSplit(np.arange(24) % 2), "refit": False}

    def search(scoring, metadata):
        return GridSearchCV(model, {}, scoring=scoring, **options).fit(X, y, **metadata).cv_results_

    several = search({name: get_scorer(name) for name in names}, {"sample_weight": weight})
    for name in names:
        alone = search(get_scorer(name), {"sample_weight": weight})["mean_test_score"]
        assert alone == several[f"mean_test_{name}"]
        weighted, plain = [], []
        for train, test in options["cv"].split():
            fitted = clone(model).fit(X[train], y[train], sample_weight=weight[train])
            scorer = get_scorer(name)
            weighted.append(scorer(fitted, X[test], y[test], sample_weight=weight[test]))
            plain.append(scorer(fitted, X[test], y[test]))
        # Without routing, searches give weights to scorers since scikit-learn 1.7.
        given = tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 7)
        assert alone == pytest.approx(np.mean(weighted if given else plain))
        with config_context(enable_metadata_routing=True):
            routed = clone(model)
            routed.regressor.set_fit_request(sample_weight=True)
            request = get_scorer(name).set_score_request(sample_weight=True)
            asked = GridSearchCV(routed, {}, scoring=request, **options)
            asked.fit(X, y, sample_weight=weight)
            assert asked.cv_results_["mean_test_score"] == pytest.approx(np.mean(weighted))
            refused = get_scorer(name).set_score_request(sample_weight=False)
            other = GridSearchCV(routed, {}, scoring=refused, **options)
            other.fit(X, y, sample_weight=weight)
            assert other.cv_results_["mean_test_score"] == pytest.approx(np.mean(plain))
            with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
                GridSearchCV(routed, {}, scoring=get_scorer(name), **options).fit(
                    X, y, sample_weight=weight
                )


def test_a_search_of_densities_warns_of_nothing(data):
    X, y = data
    pipe = AudioTargetRegressor(Gaussian(), Scaled())
    scoring = {name: get_scorer(name) for name in get_scorer_names()}
    found = GridSearchCV(
        pipe, {"regressor": [Gaussian()]}, scoring=scoring, refit="information_gain", cv=2, n_jobs=1
    ).fit(X, y)
    for name in get_scorer_names():
        assert np.isfinite(found.cv_results_[f"mean_test_{name}"]).all()
    # A search is scored as its best estimator is.
    assert get_scorer("mel_rank")(found, X, y) == get_scorer("mel_rank")(
        found.best_estimator_, X, y
    )
    frozen = AudioTargetRegressor(Gaussian(), FrozenEstimator(Scaled().fit(y))).fit(X, y)
    score = get_scorer("log_likelihood")
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
    n_encoded = []
    predict = model.predict

    def count(X):
        n_encoded.append(len(X))
        return predict(X)

    model.predict = count
    few = get_scorer("neg_mel_distance", max_clips=5)
    table = pd.DataFrame(X)
    assert few(model, X, y) == few(model, table.to_numpy().tolist(), y)
    get_scorer("neg_mel_distance", max_clips=None)(model, X, y)
    assert n_encoded == [5, 5, 24]


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
    with pytest.warns(UserWarning, match="score is too high"):
        get_scorer("neg_mel_distance")(model.fit(X[::2], audio[::2]), X[1::2], audio[1::2])


def test_other_models_are_refused(data):
    X, y = data
    with pytest.raises(TypeError, match="ends in AudioTargetRegressor, got Ridge"):
        get_scorer("mel_rank")(make_pipeline(Ridge()).fit(X, y), X, y)
    model = AudioTargetRegressor(Ridge(), Scaled()).fit(X, y)
    with pytest.raises(TypeError, match="predicts densities for 'information_gain', got Ridge"):
        get_scorer("information_gain")(model, X, y)
