"""Weights, groups and metadata routing through estimators of estimators, with right values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_asdf import (
    AudioTargetRegressor,
    BatchTransformer,
    MDNRegressor,
    OnBeatRegressor,
    StepRegressor,
    UnitEncoder,
    make_dance_pipeline,
)
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.density.em import fit_mixture
from sklearn_asdf.density.mdn.linear_baseline import fit_predictable_targets

COLUMNS = {"beat_columns": (1, 2, 3)}


class Told(Ridge):
    """Keeps the metadata that it got."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.told_ = {"sample_weight": sample_weight, "groups": groups}
        return super().fit(X, y, sample_weight)


class ToldScaler(StandardScaler):
    """Keeps the weights that it got."""

    def fit(self, X, y=None, sample_weight=None):
        self.told_ = {"sample_weight": sample_weight}
        return super().fit(X, y, sample_weight)


def beats(n=60, seed=0):
    """Features with the beat of dances, and codes with the beat of music."""
    rng = np.random.default_rng(seed)
    tempo, phase = rng.uniform(80, 140, n), rng.uniform(-np.pi, np.pi, n)
    X = np.c_[rng.normal(size=n), tempo, 0.9 * np.cos(phase), 0.9 * np.sin(phase)]
    y = np.c_[X[:, :1] + rng.normal(size=(n, 2)), np.log2(tempo), np.cos(phase), np.sin(phase)]
    return X, y + 0.1 * rng.normal(size=y.shape)


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(scope="module")
def music():
    """Features of the default preset, the dances and their music, and that preset, light."""
    data = make_dance_music(n_clips=12, n_performances=4, clip_duration=2.0, random_state=0)
    pipe = make_dance_pipeline(n_keyframes=4, random_state=0).set_params(beats__max_iter=3)
    return data, pipe, pipe[:-1].fit_transform(data.poses, data.audio)


# What weights mean.


def test_on_beat_weights_are_repetitions():
    X, y = beats()
    weight = np.random.default_rng(1).integers(0, 3, len(X))
    rows = np.repeat(np.arange(len(X)), weight)
    model = OnBeatRegressor(Ridge(), restore_variance=True, **COLUMNS)
    weighted = clone(model).fit(X, y, sample_weight=weight)
    repeated = clone(model).fit(X[rows], y[rows])
    for name in ("mean_code_", "code_variance_", "explained_variance_"):
        assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-9)
    for a, b in zip(weighted.beat_error_, repeated.beat_error_):
        assert_allclose(a, b, rtol=1e-6, atol=1e-12)
    for name in ("weights", "means", "scales"):
        a, b = (getattr(m.unconditional_, name) for m in (weighted, repeated))
        assert_allclose(a, b, rtol=1e-6)
    # Dances without a beat get the median tempo, of rows as often as they count.
    still = X[:1] * [1, 0, 0, 0]
    assert_allclose(weighted.predict(still), repeated.predict(still))
    assert 2 ** weighted.predict(still)[0, -3] == pytest.approx(np.median(X[rows, 1]))
    # And the weights matter.
    assert not np.allclose(weighted.mean_code_, clone(model).fit(X, y).mean_code_, rtol=0.01)


def test_on_beat_rows_without_weight_are_no_rows():
    X, y = beats()
    kept = np.random.default_rng(1).random(len(X)) < 0.7
    inner = MDNRegressor(2, epochs=2, hidden_layer_sizes=(8,), random_state=0)
    model = OnBeatRegressor(inner, restore_variance=True, **COLUMNS)
    weighted = clone(model).fit(X, y, sample_weight=kept)
    removed = clone(model).fit(X[kept], y[kept])
    assert_allclose(weighted.predict(X), removed.predict(X), rtol=1e-5)
    assert weighted.log_likelihood(X, y) == pytest.approx(removed.log_likelihood(X, y), rel=1e-5)


def test_a_network_without_chance_counts_rows_by_their_weight():
    X, y = beats()
    weight = np.random.default_rng(1).integers(0, 3, len(X))
    rows = np.repeat(np.arange(len(X)), weight)
    y[::2, 0] += 10
    model = MDNRegressor(
        3, hidden_layer_sizes=(8,), epochs=3, dropout=0.0, batch_size=1000, early_stopping=False,
        dtype="float64", random_state=0,
    )  # fmt: skip
    weighted = clone(model).fit(X, y, sample_weight=weight)
    repeated = clone(model).fit(X[rows], y[rows])
    assert weighted.unconditional_.n_components == repeated.unconditional_.n_components > 1
    assert_allclose(weighted.unconditional_.means, repeated.unconditional_.means, rtol=1e-6)
    assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-5, atol=1e-8)
    a, b = weighted.log_likelihood(X, y, weight), repeated.log_likelihood(X[rows], y[rows])
    assert a == pytest.approx(b)


def test_mixtures_and_linear_maps_leave_out_rows_without_weight():
    X, y = beats(80)
    weight = np.r_[np.ones(50), np.zeros(30)]
    y[50:] = 1e3
    for a, b in zip(fit_mixture(y, 3, sample_weight=weight), fit_mixture(y[:50], 3)):
        assert_allclose(a, b)
    coef, intercept, held_out = fit_predictable_targets(X, y, sample_weight=weight)
    expected = fit_predictable_targets(X[:50], y[:50])
    assert_allclose(coef, expected[0])
    assert_allclose(intercept, expected[1])
    assert_allclose(held_out[:50], expected[2])
    assert_allclose(held_out[50:], X[50:] @ coef + intercept)


def test_units_of_clips_without_weight_are_not_played(music):
    audio = music[0].audio
    weight = np.tile([0, 1, 2], 4)
    weight[audio.groups == 1] = 0
    rows = np.repeat(np.arange(12), weight)
    weighted = UnitEncoder()
    codes = weighted.fit_transform(audio, sample_weight=weight)
    repeated = UnitEncoder().fit(audio[rows])
    assert_allclose(weighted.scale_, repeated.scale_)
    assert_array_equal(weighted.code_, codes[weight > 0])
    assert_array_equal(codes, repeated.transform(audio))
    removed = UnitEncoder().fit(audio[weight > 0])
    assert weighted.n_units_ == removed.n_units_ < UnitEncoder().fit(audio).n_units_
    # With the same standard deviations the same music.
    removed.scale_ = weighted.scale_
    assert_array_equal(weighted.inverse_transform(codes[:2]), removed.inverse_transform(codes[:2]))


@pytest.mark.parametrize("estimator", [MDNRegressor(), OnBeatRegressor(Ridge())])
def test_weights_that_cannot_be_are_refused(estimator):
    X, y = beats()
    with pytest.raises(ValueError, match=r"weights of zero or more, .* from -1 to 1"):
        clone(estimator).fit(X, y, sample_weight=np.r_[-1.0, np.ones(59)])
    with pytest.raises(ValueError, match=r"sample_weight of shape \(60,\), got \(2,\)"):
        clone(estimator).fit(X, y, sample_weight=np.ones(2))


# Where they go.


def test_the_default_preset_takes_weights(music):
    data, pipe, features = music
    weight = np.tile([1.0, 0.0, 1.0], 4)
    kept = weight > 0
    model = pipe["music"].set_params(regressor__regressor__regressor__epochs=1)
    weighted = clone(model).fit(features, data.audio, sample_weight=weight)
    removed = clone(model).fit(features[kept], data.audio[kept])
    assert_allclose(
        weighted.regressor_.predict(features), removed.regressor_.predict(features), rtol=1e-4
    )
    likelihood = weighted.log_likelihood(features[kept], data.audio[kept])
    assert likelihood == pytest.approx(removed.log_likelihood(features[kept], data.audio[kept]))
    assert_array_equal(weighted.predict(features[:2]).shape, (2, data.audio.shape[1]))
    # By the name that a pipeline has for it.
    quick = clone(pipe).set_params(music__regressor__regressor__regressor=Told())
    fitted = quick.fit(data.poses, data.audio, music__sample_weight=weight)
    inner = fitted["music"].regressor_.regressor_.regressor_
    assert_array_equal(inner.told_["sample_weight"], weight)
    assert_array_equal(inner.told_["groups"], data.audio.groups)


def test_the_default_preset_routes_what_was_requested(music, routing):
    data, pipe, _ = music
    weight = np.arange(1.0, 13.0)
    inner = Told().set_fit_request(sample_weight=True, groups=True)
    quick = clone(pipe).set_params(music__regressor__regressor__regressor=inner)
    of_steps = quick["music"].regressor.set_fit_request(sample_weight=True)
    of_steps.regressor.set_fit_request(sample_weight=True)
    quick["music"].set_score_request(sample_weight=True)
    # scikit-learn before 1.8 asks the pipeline too.
    quick.set_score_request(sample_weight=True)
    search = GridSearchCV(
        quick.set_params(beats="passthrough", music__regressor__regressor__beat_columns=None),
        {"music__regressor__regressor__regressor__alpha": [1.0]},
        cv=GroupKFold(2),
        error_score="raise",
    )
    search.set_params(estimator__lma__groups=("effort", "shape"))
    search.fit(data.poses, data.audio, sample_weight=weight, groups=data.groups)
    told = search.best_estimator_["music"].regressor_.regressor_.regressor_.told_
    assert_array_equal(told["sample_weight"], weight)
    assert_array_equal(told["groups"], data.groups)


@pytest.mark.parametrize("columns", [None, (1, 2, 3)])
def test_on_beat_honours_each_request(routing, columns):
    X, y = beats()
    weight, groups = np.linspace(0, 2, 60), np.arange(60) // 3
    for own, of_regressor in ((True, True), (True, False), (False, True)):
        inner = Told().set_fit_request(sample_weight=of_regressor, groups=of_regressor)
        model = OnBeatRegressor(inner, beat_columns=columns).set_fit_request(sample_weight=own)
        # As another estimator would pass it on.
        outer = AudioTargetRegressor(model, StandardScaler().set_fit_request(sample_weight=False))
        metadata = {"sample_weight": weight} | ({"groups": groups} if of_regressor else {})
        outer.fit(X, y, **metadata)
        got = outer.regressor_
        told = got.regressor_.told_
        if of_regressor:
            assert_array_equal(told["sample_weight"], weight)
            assert_array_equal(told["groups"], groups)
        else:
            assert told == {"sample_weight": None, "groups": None}
        if columns is None:
            continue
        codes = StandardScaler().fit_transform(y)[:, :2]
        expected = np.average(codes, axis=0, weights=weight if own else None)
        assert_allclose(got.mean_code_, expected, atol=1e-12)
    refused = OnBeatRegressor(Told().set_fit_request(sample_weight=False), beat_columns=columns)
    with pytest.raises(TypeError, match="sample_weight"):
        AudioTargetRegressor(
            refused.set_fit_request(sample_weight=False),
            StandardScaler().set_fit_request(sample_weight=False),
        ).fit(X, y, sample_weight=weight)
    with pytest.raises(UnsetMetadataPassedError, match=r"OnBeatRegressor\.fit|Told\.fit"):
        AudioTargetRegressor(OnBeatRegressor(Told(), beat_columns=columns), UnitEncoder()).fit(
            X, y, sample_weight=weight
        )


def test_a_step_regressor_honors_each_request(routing):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.normal(size=(60, 5))
    weight, groups = np.linspace(0, 2, 60), np.arange(60) // 3

    def fitted(*, own, of_regressor, **metadata):
        inner = Told().set_fit_request(sample_weight=of_regressor, groups=of_regressor)
        model = StepRegressor(inner, step_regressor=Ridge(), n_steps=4, n_channels=1)
        model.set_fit_request(sample_weight=own, groups=own)
        return model.fit(X, y, **metadata)

    plain = fitted(own=True, of_regressor=False)
    both = {"sample_weight": weight, "groups": groups}
    weighted = fitted(own=True, of_regressor=False, **both)
    assert weighted.regressor_.told_ == {"sample_weight": None, "groups": None}
    refused = fitted(own=False, of_regressor=True, **both)
    assert_array_equal(refused.regressor_.told_["sample_weight"], weight)
    assert_array_equal(refused.regressor_.told_["groups"], groups)
    # Its own courses are learned without what it refused.
    assert_array_equal(refused.offset_coef_, plain.offset_coef_)
    assert_array_equal(refused.step_regressors_[0].coef_, plain.step_regressors_[0].coef_)
    assert np.abs(weighted.step_regressors_[0].coef_ - plain.step_regressors_[0].coef_).max() > 0.01


def test_without_routing_on_beat_offers_groups_and_insists_on_weights():
    X, y = beats()
    groups = np.arange(60) // 3
    told = OnBeatRegressor(Told()).fit(X, y, groups=groups).regressor_.told_
    assert_array_equal(told["groups"], groups)
    OnBeatRegressor(Ridge()).fit(X, y, groups=groups)

    class Unweighted(Ridge):
        def fit(self, X, y):
            return super().fit(X, y)

    with pytest.raises(TypeError, match="sample_weight"):
        OnBeatRegressor(Unweighted()).fit(X, y, sample_weight=np.ones(60))


def test_recordings_are_not_forced_on_a_regressor_that_refused_groups(music, routing):
    audio, X = music[0].audio, np.random.default_rng(0).normal(size=(12, 2))
    for request, expected in ((True, audio.groups), (False, None), (None, None)):
        inner = Told().set_fit_request(groups=request)
        for regressor in (inner, OnBeatRegressor(inner)):
            model = AudioTargetRegressor(regressor, UnitEncoder()).fit(X, audio)
            fitted = getattr(model.regressor_, "regressor_", model.regressor_)
            assert_array_equal(fitted.told_["groups"], expected)
    # A density asks for them itself.
    router = OnBeatRegressor(MDNRegressor()).get_metadata_routing()
    assert router.consumes("fit", ["groups"]) == {"groups"}


def test_the_encoder_requests_for_itself(routing):
    rng = np.random.default_rng(0)
    X, y, weight = rng.normal(size=(20, 3)), rng.normal(size=(20, 8)), np.arange(20.0)
    for request in (True, False):
        model = AudioTargetRegressor(
            Told().set_fit_request(sample_weight=not request),
            ToldScaler().set_fit_request(sample_weight=request),
        )
        model.fit(X, y, sample_weight=weight)
        got, none = model.transformer_.told_, model.regressor_.told_
        got, none = (got, none) if request else (none, got)
        assert_array_equal(got["sample_weight"], weight)
        assert none["sample_weight"] is None


def test_a_score_is_weighted_where_it_was_requested(routing):
    rng = np.random.default_rng(0)
    X, y, weight = rng.normal(size=(20, 3)), rng.normal(size=(20, 8)), np.arange(20.0)
    model = AudioTargetRegressor(DummyRegressor(), StandardScaler())
    pipe = make_pipeline(StandardScaler(), model).fit(X, y)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        pipe.score(X, y, sample_weight=weight)
    model.set_score_request(sample_weight=False)
    with pytest.raises(TypeError, match="not routed to any object"):
        pipe.score(X, y, sample_weight=weight)
    model.set_score_request(sample_weight=True)
    expected = pipe[-1].score(X, y, sample_weight=weight)
    assert pipe.score(X, y, sample_weight=weight) == expected != pipe.score(X, y)


class Shifted(TransformerMixin, BaseEstimator):
    """Adds the weights that came to `fit`, and an offset for each row."""

    def fit(self, X, y=None, sample_weight=None):
        self.n_features_in_ = X.shape[1]
        self.total_ = 0 if sample_weight is None else np.sum(sample_weight)
        return self

    def transform(self, X, offset=None):
        return X + self.total_ + (0 if offset is None else np.reshape(offset, (-1, 1)))


@pytest.mark.parametrize("enabled", [False, True])
def test_batches_pass_metadata_on_row_by_row(enabled):
    X, weight, offset = np.zeros((10, 2)), np.arange(10.0), np.arange(10.0) * 100
    with config_context(enable_metadata_routing=enabled):
        inner = Shifted()
        if enabled:
            inner.set_fit_request(sample_weight=True).set_transform_request(offset=True)
        model = BatchTransformer(inner, batch_size=4)
        model.fit(X, sample_weight=weight)
        # The transformer is fitted to the first four rows.
        assert_array_equal(model.transform(X, offset=offset), np.c_[offset, offset] + 6)
        if enabled:
            refused = BatchTransformer(Shifted().set_fit_request(sample_weight=False))
            pipe = make_pipeline(refused, LinearRegression().set_fit_request(sample_weight=True))
            pipe.fit(X, weight, sample_weight=weight + 1)
            assert pipe[0].transformer_.total_ == 0


# Names of parameters.


@pytest.mark.parametrize("preset", ["default", "codec", "paper", "tiny", "units"])
def test_the_number_of_mixtures_has_one_name_in_all_presets(preset):
    pipe = make_dance_pipeline(preset)
    name = "music__regressor__n_mixtures"
    assert name in pipe.get_params()
    again = clone(pipe).set_params(**{name: 7})
    density = again["music"].regressor
    while hasattr(density, "regressor"):
        density = density.regressor
    assert density.n_mixtures == again.get_params()[name] == 7
    assert pipe.get_params()[name] != 7
    # What get_params returns, set_params takes, and a clone has.
    assert clone(again).set_params(**again.get_params()).get_params()[name] == 7


def test_on_beat_has_no_number_of_mixtures_of_its_own():
    model = OnBeatRegressor(MDNRegressor(4))
    assert "n_mixtures" not in model.get_params(deep=False)
    assert "n_mixtures" not in OnBeatRegressor(Ridge()).get_params()
    model.set_params(n_mixtures=5)
    assert model.get_params()["regressor__n_mixtures"] == model.regressor.n_mixtures == 5
    model.set_params(regressor=MDNRegressor(), n_mixtures=6)
    assert model.regressor.n_mixtures == 6
    with pytest.raises(ValueError, match=r"one value of n_mixtures .* got 1 and 2"):
        model.set_params(n_mixtures=1, regressor__n_mixtures=2)
    for other in (OnBeatRegressor(Ridge()), OnBeatRegressor()):
        with pytest.raises(ValueError, match="Invalid parameter 'n_mixtures'"):
            other.set_params(n_mixtures=2)


def test_a_search_over_decoding_fits_the_encoder_once(music, tmp_path, monkeypatch):
    data, _, features = music
    fitted = []
    fit = UnitEncoder.fit_transform

    def count(self, *args, **kwargs):
        fitted.append(self.join_cost)
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(UnitEncoder, "fit_transform", count)
    model = AudioTargetRegressor(Ridge(), UnitEncoder(), memory=str(tmp_path))
    grid = {
        "transformer__join_cost": [0.0, 20.0],
        "transformer__stretch": [0.1, 0.2],
        "transformer__fade_duration": [0.0, 0.03],
    }
    search = GridSearchCV(model, grid, cv=GroupKFold(2), refit=False, error_score="raise")
    search.fit(features, data.audio, groups=data.groups)
    assert len(fitted) == 2
    # Each has its own parameters, and music by them.
    music = []
    for cost in (0.0, 50.0):
        one = clone(model).set_params(transformer__join_cost=cost).fit(features, data.audio)
        assert one.transformer_.join_cost == cost
        music.append(one.predict(features[:3]))
        alone = clone(one).set_params(memory=None).fit(features, data.audio)
        assert_array_equal(alone.predict(features[:3]), music[-1])
    # A wrong one is refused though nothing is fitted.
    with pytest.raises(ValueError, match="'join_cost' parameter of UnitEncoder"):
        clone(model).set_params(transformer__join_cost=-1.0).fit(features, data.audio)
