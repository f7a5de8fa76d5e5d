"""AudioTargetRegressor with light parts: what it passes on, keeps and refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.preprocessing import StandardScaler

from sklearn_asdf import AudioClips, AudioTargetRegressor


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    return X, X @ rng.normal(size=(4, 50)) + 0.1 * rng.normal(size=(30, 50))


class CountingScaler(TransformerMixin, BaseEstimator):
    """A scaler that writes a line for each fit, so that fits in any process are seen."""

    def __init__(self, log, factor=2.0):
        self.log = log
        self.factor = factor

    def fit(self, X, y=None):
        with open(self.log, "a") as file:
            file.write("fit\n")
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.asarray(X) * self.factor

    def inverse_transform(self, X):
        return X / self.factor


def test_predicts_what_the_parts_predict(table):
    X, y = table
    model = AudioTargetRegressor(LinearRegression(), StandardScaler()).fit(X, y)
    assert_allclose(model.predict(X), LinearRegression().fit(X, y).predict(X))
    codes = StandardScaler().fit_transform(y)
    assert model.score(X, y) == pytest.approx(LinearRegression().fit(X, codes).score(X, codes))


def test_parts_given_are_not_touched(table):
    regressor, transformer = Ridge(), StandardScaler()
    AudioTargetRegressor(regressor, transformer).fit(*table)
    assert not hasattr(regressor, "coef_")
    assert not hasattr(transformer, "mean_")


def test_memory_fits_one_encoder_for_each_training_set(table, tmp_path):
    X, y = table
    log = tmp_path / "fits"
    scores = {}
    for memory in (None, tmp_path / "cache"):
        log.write_text("")
        model = AudioTargetRegressor(
            Ridge(), CountingScaler(str(log)), memory=None if memory is None else str(memory)
        )
        search = GridSearchCV(model, {"regressor__alpha": [0.1, 1.0, 10.0]}, cv=2, refit=False)
        scores[memory is None] = search.fit(X, y).cv_results_["mean_test_score"]
        n_fits = len(log.read_text().splitlines())
        assert n_fits == (6 if memory is None else 2)
    assert_array_equal(scores[True], scores[False])


def test_weights_make_another_encoder_in_memory(table, tmp_path):
    X, y = table
    memory = str(tmp_path / "cache")
    for weight in (np.ones(30), np.arange(30.0)):
        model = AudioTargetRegressor(Ridge(), StandardScaler(), memory=memory)
        model.fit(X, y, sample_weight=weight)
        expected = StandardScaler().fit(y, sample_weight=weight)
        assert_allclose(model.transformer_.mean_, expected.mean_)


def test_memory_tells_encoders_apart(table, tmp_path):
    X, y = table
    log = tmp_path / "fits"
    model = AudioTargetRegressor(
        Ridge(), CountingScaler(str(log)), memory=str(tmp_path / "cache")
    ).fit(X, y)
    clone(model).fit(X, y)
    assert len(log.read_text().splitlines()) == 1
    clone(model).set_params(transformer__factor=3.0).fit(X, y)
    clone(model).fit(X, y + 1)
    assert len(log.read_text().splitlines()) == 3


def test_frozen_encoder_is_used_as_it_is(table, tmp_path):
    X, y = table
    encoder = StandardScaler().fit(y * 3)
    model = AudioTargetRegressor(
        Ridge(), FrozenEstimator(encoder), memory=str(tmp_path / "cache")
    ).fit(X, y)
    assert_allclose(model.transformer_.transform(y), encoder.transform(y))
    assert not (tmp_path / "cache").exists() or not any((tmp_path / "cache").rglob("output.pkl"))


def test_draws_lie_on_the_last_axis_and_follow_the_seed(table):
    X, y = table
    model = AudioTargetRegressor(GaussianProcessRegressor(), StandardScaler()).fit(X, y)
    draws = model.sample_y(X, 3, random_state=0)
    assert draws.shape == (30, 50, 3)
    assert_array_equal(draws, model.sample_y(X, 3, random_state=0))
    assert np.ptp(model.sample_y(X + 1, 3, random_state=0), axis=-1).max() > 0


def test_a_regressor_without_a_density_offers_no_draws(table):
    model = AudioTargetRegressor(Ridge(), StandardScaler()).fit(*table)
    assert not hasattr(model, "sample_y")
    with pytest.raises(TypeError, match="expected a regressor with `sample_y`"):
        model.compose(table[0], hop_duration=0.001, temperature=1.0)


def test_compose_joins_clips_of_one_signal_to_that_signal():
    # A slow wave cut in overlapping clips, each predicted exactly, is whole again.
    wave = np.sin(np.arange(1000) / 40)
    clips = np.array([wave[i : i + 200] for i in range(0, 801, 100)])
    X = np.eye(len(clips))
    model = AudioTargetRegressor(LinearRegression(), StandardScaler()).fit(X, clips)
    assert_allclose(model.compose(X, hop_duration=100 / 22050), wave, atol=1e-9)


def test_sees_feature_names(table):
    X, y = table
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = AudioTargetRegressor(Ridge(), StandardScaler()).fit(frame, y)
    assert list(model.feature_names_in_) == list("abcd")
    assert list(model.regressor_.feature_names_in_) == list("abcd")
    assert cross_val_predict(model, frame, y, cv=3).shape == y.shape


def test_weights_reach_the_regressor_and_the_encoder(table):
    X, y = table
    weight = np.r_[np.ones(15), np.zeros(15)]
    model = AudioTargetRegressor(Ridge(), StandardScaler()).fit(X, y, sample_weight=weight)
    codes = StandardScaler().fit_transform(y, sample_weight=weight)
    expected = Ridge().fit(X, codes, sample_weight=weight)
    assert_allclose(model.regressor_.coef_, expected.coef_)


class GroupedRidge(Ridge):
    """A regressor that keeps the groups it was given."""

    def fit(self, X, y, groups=None):
        self.groups_ = groups
        return super().fit(X, y)


def test_recordings_are_the_groups_unless_given():
    rng = np.random.default_rng(0)
    audio = AudioClips.from_recordings(
        [rng.normal(size=100), rng.normal(size=60)], sr=10, clip_duration=2.0, hop_duration=1.0
    )
    X = rng.normal(size=(len(audio), 3))
    model = AudioTargetRegressor(GroupedRidge(), StandardScaler())
    assert_array_equal(model.fit(X, audio).regressor_.groups_, audio.groups)
    own = np.arange(len(audio))
    assert_array_equal(model.fit(X, audio, groups=own).regressor_.groups_, own)
    assert model.fit(X, np.asarray(audio)).regressor_.groups_ is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, y[:-2]), "one audio clip for each dance clip, got 30 of dance and 28"),
        (lambda X, y: (X, y[None]), "expected audio of shape .*, mono"),
        (lambda X, y: (X, None), "requires y to be passed"),
        (lambda X, y: (X * np.nan, y), "NaN"),
        (lambda X, y: (X, np.full(y.shape, "la")), r"expected audio .* as numbers .*, got text"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(table, change, message):
    X, y = change(*table)
    with pytest.raises(ValueError, match=message):
        AudioTargetRegressor(Ridge(), StandardScaler()).fit(X, y)


def test_parts_without_the_methods_are_refused(table):
    with pytest.raises(ValueError, match="'transformer' parameter of AudioTargetRegressor"):
        AudioTargetRegressor(Ridge(), Ridge()).fit(*table)
    with pytest.raises(ValueError, match="Invalid parameter 'regresor'"):
        AudioTargetRegressor(Ridge()).set_params(regresor__alpha=1)


def test_unfitted_is_refused(table):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        AudioTargetRegressor(Ridge(), StandardScaler()).predict(table[0])


def test_predicting_is_decoding_predicted_codes():
    rng = np.random.default_rng(0)
    X, audio = rng.normal(size=(20, 5)), rng.normal(size=(20, 8))
    model = AudioTargetRegressor(Ridge(), StandardScaler()).fit(X, audio)
    codes = model.predict_codes(X)
    np.testing.assert_array_equal(codes, model.regressor_.predict(X))
    np.testing.assert_array_equal(model.decode(codes), model.predict(X))
    with pytest.raises(TypeError, match=r"sample from, got Ridge: leave temperature at None"):
        model.predict_codes(X, temperature=1.0)


def test_parts_that_were_fitted_apart_are_joined(table):
    X, audio = table
    encoder = StandardScaler().fit(audio)
    regressor = Ridge().fit(X, encoder.transform(audio))
    joined = AudioTargetRegressor.from_fitted(regressor, encoder)
    assert_allclose(
        joined.predict(X), AudioTargetRegressor(Ridge(), StandardScaler()).fit(X, audio).predict(X)
    )
    assert joined.regressor_ is regressor
    with pytest.raises(NotFittedError):
        AudioTargetRegressor.from_fitted(Ridge(), encoder)
