"""One model for each style, and which one plays."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_asdf import (
    AudioClips,
    AudioTargetRegressor,
    MDNRegressor,
    StyleRegressor,
    load,
    save,
)

STYLES = np.array(["rumba", "waltz", "zouk"])


class Sampling(LinearRegression):
    """A regressor with samples at 0.5 either side of its predictions."""

    def sample_y(self, X, n_samples=1, random_state=None):
        sign = np.random.RandomState(random_state).choice([-0.5, 0.5], n_samples)
        return self.predict(X)[..., None] + sign


class Told(Ridge):
    """Keeps the metadata that it got."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.told_ = {"sample_weight": sample_weight, "groups": groups}
        return super().fit(X, y, sample_weight)


def table(n_groups=12, size=10, spread=0.3, seed=0):
    """Dances of three styles; the same movement goes with other codes in each."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), size)
    style = groups % 3
    X = np.c_[style + spread * rng.normal(size=len(style)), rng.normal(size=(len(style), 2))]
    y = np.c_[X[:, 1] * np.array([1, -2, 0])[style], 10.0 * style]
    return X, y, STYLES[style], groups


def test_each_style_has_its_own_model():
    X, y, style, groups = table(spread=0.05)
    model = StyleRegressor(LinearRegression()).fit(X, y, style=style, groups=groups)
    assert model.classes_.tolist() == STYLES.tolist()
    assert len(model.estimators_) == 3
    assert_allclose(model.predict(X), y, atol=1e-9)
    assert_array_equal(model.predict_style(X), style)
    assert model.predict_style_proba(X).shape == (len(X), 3)
    assert_allclose(model.predict_style_proba(X).sum(axis=1), 1)
    assert_array_equal(model.confusion_, np.diag([4, 4, 4]))
    one = LinearRegression().fit(X, y)
    assert model.score(X, y) > one.score(X, y) + 0.2
    assert model.n_features_in_ == 3


def test_probabilities_mix_predictions():
    X, y, style, groups = table(spread=1.0)
    options = {"classifier": GaussianNB(), "mixing": "probability"}
    model = StyleRegressor(LinearRegression(), **options).fit(X, y, style=style, groups=groups)
    weight = model.predict_style_proba(X)
    parts = np.stack([part.predict(X) for part in model.estimators_], axis=1)
    assert_allclose(model.predict(X), (weight[..., None] * parts).sum(axis=1))
    best = clone(model).set_params(mixing="best").fit(X, y, style=style, groups=groups)
    rows = np.arange(len(X))
    assert_allclose(best.predict(X), parts[rows, weight.argmax(axis=1)])


def test_samples_are_of_styles_by_their_probability():
    X, y, style, _ = table(spread=0.8)
    model = StyleRegressor(Sampling(), GaussianNB(), mixing="probability").fit(X, y, style=style)
    drawn = model.sample_y(X[:4], 400, random_state=0)
    assert drawn.shape == (4, 2, 400)
    assert_array_equal(drawn, model.sample_y(X[:4], 400, random_state=0))
    # The second code is ten times the style, give or take a half.
    found = np.rint(drawn[:, 1] / 10)
    share = np.stack([(found == i).mean(axis=1) for i in range(3)], axis=1)
    assert_allclose(share, model.predict_style_proba(X[:4]), atol=0.08)
    best = model.set_params(mixing="best").sample_y(X[:4], 50, random_state=0)
    told = model.predict_style_proba(X[:4]).argmax(axis=1)
    assert_array_equal(np.rint(best[:, 1] / 10), np.repeat(told[:, None], 50, axis=1))
    assert not hasattr(StyleRegressor(Ridge()), "sample_y")


def test_densities_are_of_styles_by_their_probability():
    X, y, style, groups = table(n_groups=9, spread=0.5)
    regressor = MDNRegressor(1, hidden_layer_sizes=(), epochs=1, random_state=0)
    best = StyleRegressor(regressor).fit(X, y, style=style, groups=groups)
    mixed = StyleRegressor(regressor, mixing="probability").fit(X, y, style=style, groups=groups)
    each = [model.predict_dist(X) for model in best.estimators_]
    own = np.array([model.log_prob(y) for model in each])
    chosen = best.predict_style_proba(X).argmax(axis=1)
    assert_allclose(best.score_samples(X, y), own[chosen, np.arange(len(X))])
    assert_allclose(best.predict_dist(X).mean, best.predict(X), atol=1e-6)
    log_p = np.log(mixed.predict_style_proba(X)).T
    assert_allclose(mixed.score_samples(X, y), logsumexp(log_p + own, axis=0))
    without = [m.unconditional_.log_prob(y) for m in mixed.estimators_]
    assert_allclose(mixed.unconditional_.log_prob(y), logsumexp(without, axis=0) - np.log(3))
    gain = np.mean(mixed.score_samples(X, y) - mixed.unconditional_.log_prob(y)) / y.shape[1]
    assert mixed.information_gain(X, y) == pytest.approx(gain)
    assert not hasattr(StyleRegressor(Ridge()), "predict_dist")


def test_a_whole_dance_has_one_style():
    X, y, style, groups = table(n_groups=30, spread=0.7)
    model = StyleRegressor(LinearRegression()).fit(X, y, style=style, groups=groups)
    alone = np.mean(model.predict_style(X) == style)
    whole = model.predict_style(X, groups=groups)
    assert np.mean(whole == style) > max(0.9, alone + 0.1)
    for group in np.unique(groups):
        assert len(np.unique(whole[groups == group])) == 1
    assert np.trace(model.confusion_) / model.confusion_.sum() > 0.9
    assert model.confusion_.sum() == 30


def test_the_default_classifier_leaves_steps_out(tmp_path):
    X, y, style, groups = table(spread=0.4)
    rng = np.random.default_rng(1)
    names = ["clip_speed", "clip_a", "clip_b"]
    # Steps by which the training dances can be told apart, and only these.
    steps = rng.normal(size=(12, 60))[groups] + 0.01 * rng.normal(size=(len(X), 60))
    frame = pd.DataFrame(
        np.c_[X, steps, rng.normal(size=len(X))],
        columns=[*names, *(f"step{i}_height" for i in range(60)), "window0_height"],
    )
    model = StyleRegressor(LinearRegression()).fit(frame, y, style=style, groups=groups)
    moved = frame.copy()
    moved.iloc[:, 3:] = rng.normal(size=(len(X), 61))
    assert_array_equal(model.predict_style_proba(moved), model.predict_style_proba(frame))
    assert np.trace(model.confusion_) == 12
    save(model, tmp_path / "model.zip")
    assert_array_equal(load(tmp_path / "model.zip").predict(frame), model.predict(frame))


def test_groups_are_kept_apart():
    """A classifier that remembers dances, but not their styles, is not taken for a good one."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(24), 10)
    X = rng.normal(size=(24, 6))[groups] + 0.01 * rng.normal(size=(240, 6))
    style = STYLES[rng.permutation(np.arange(24) % 3)][groups]
    forest = RandomForestClassifier(30, random_state=0)
    kept = StyleRegressor(LinearRegression(), forest).fit(X, X, style=style, groups=groups)
    assert np.mean(kept.predict_style(X) == style) == 1
    assert np.trace(kept.confusion_) / 24 < 0.7
    apart = StyleRegressor(LinearRegression(), forest).fit(X, X, style=style)
    assert np.trace(apart.confusion_) / 240 > 0.95


def test_one_style_or_none_is_a_plain_regressor():
    X, y, *_ = table()
    model = StyleRegressor(LinearRegression()).fit(X, y)
    assert model.classes_.tolist() == [0]
    assert_allclose(model.predict(X), LinearRegression().fit(X, y).predict(X))
    assert model.confusion_ is None


def clips():
    rng = np.random.default_rng(0)
    tones = [np.sin(2 * np.pi * f * np.arange(400) / 100) for f in rng.uniform(5, 20, 12)]
    return AudioClips.from_recordings(tones, sr=100, clip_duration=1, hop_duration=0.5)


def test_music_of_one_style_is_played_for_a_dance():
    audio = clips()
    style = STYLES[audio.groups % 3]
    X = np.c_[audio.groups % 3, np.random.default_rng(0).normal(size=(len(audio), 2))]
    sound = AudioTargetRegressor(Ridge(), StandardScaler(with_std=False))
    model = StyleRegressor(sound).fit(X, audio, style=style)
    # The recordings of clips are their groups.
    assert model.confusion_.sum() == 12
    dance = audio.groups == 4
    piece = model.compose(X[dance], hop_duration=0.5, random_state=0)
    expected = model.estimators_[1].compose(X[dance], hop_duration=0.5)
    assert_allclose(piece, expected)
    assert model.predict(X[:3]).shape == (3, 100)
    assert model.transformer_ is model.estimators_[0].transformer_
    assert not hasattr(StyleRegressor(Ridge()), "compose")


def test_cloned_pickled_and_saved_models_predict_the_same(tmp_path):
    X, y, style, groups = table()
    model = StyleRegressor(LinearRegression())
    fitted = clone(model).fit(X, y, style=style, groups=groups)
    save(fitted, tmp_path / "model.zip")
    for again in (pickle.loads(pickle.dumps(fitted)), load(tmp_path / "model.zip")):
        assert_array_equal(again.predict(X), fitted.predict(X))
        assert_array_equal(again.predict_style(X), fitted.predict_style(X))
        assert_array_equal(again.confusion_, fitted.confusion_)
    with pytest.raises(NotFittedError):
        clone(fitted).predict_style(X)


def test_styles_and_weights_are_routed():
    X, y, style, groups = table()
    weight = np.arange(len(X)) % 4
    model = StyleRegressor(Told(), LogisticRegression())
    model.fit(X, y, style=style, groups=groups, sample_weight=weight)
    for one, part in zip(STYLES, model.estimators_):
        assert_array_equal(part.told_["sample_weight"], weight[style == one])
        assert_array_equal(part.told_["groups"], groups[style == one])
    in_sound = make_pipeline(StandardScaler(), clone(model))
    in_sound.fit(X, y, styleregressor__style=style, styleregressor__groups=groups)
    assert_array_equal(in_sound[-1].classes_, STYLES)
    with config_context(enable_metadata_routing=True):
        asking = StyleRegressor(
            Told().set_fit_request(sample_weight=True, groups=True),
            LogisticRegression().set_fit_request(sample_weight=False),
        ).set_fit_request(groups=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipe = make_pipeline(scaler, asking)
        pipe.fit(X, y, style=style, groups=groups, sample_weight=weight)
        for one, part in zip(STYLES, pipe[-1].estimators_):
            assert_array_equal(part.told_["sample_weight"], weight[style == one])
            assert_array_equal(part.told_["groups"], groups[style == one])
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            StyleRegressor(Told(), LogisticRegression()).fit(
                X, y, style=style, sample_weight=weight
            )


def test_a_search_over_classifiers():
    X, y, style, groups = table()
    grid = {"classifier": [GaussianNB(), LogisticRegression()], "mixing": ["best", "probability"]}
    search = GridSearchCV(
        StyleRegressor(LinearRegression()), grid, cv=GroupKFold(4), error_score="raise"
    )
    search.fit(X, y, style=style, groups=groups)
    assert search.best_score_ > 0.5


def test_what_is_wrong_is_a_sentence():
    X, y, style, groups = table()
    model = StyleRegressor(LinearRegression())
    with pytest.raises(ValueError, match=r"expected style of shape \(120,\), one label per row"):
        model.fit(X, y, style=style[:5])
    with pytest.raises(ValueError, match=r"expected groups of shape \(120,\)"):
        model.fit(X, y, style=style, groups=groups[:5])
    with pytest.raises(ValueError, match="style for each row, got NaN"):
        model.fit(X, y, style=np.full(120, np.nan))
    with pytest.raises(ValueError, match=r"Did you mean 'best'"):
        StyleRegressor(LinearRegression(), mixing="bets").fit(X, y, style=style)
