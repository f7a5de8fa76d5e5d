"""The whole way from poses to sound, used as scikit-learn's pipelines are."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from sklearn_asdf import (
    AudioTargetRegressor,
    LMAFeaturizer,
    Motion,
    OnBeatRegressor,
    PoseSmoother,
    load,
    make_dance_pipeline,
    make_lma_pipeline,
    save,
)
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.motion.lma import BEAT_COLUMNS
from sklearn_asdf.testing import run_in_new_process

# The preset "units" without a network and with few trees.
QUICK = {"beats__max_iter": 5, "music__regressor__regressor__regressor": Ridge()}
STEPS = ["smooth", "kinematics", "keyframes", "lma", "scale", "music"]


@pytest.fixture(scope="module")
def data():
    return make_dance_music(n_clips=18, n_performances=6, clip_duration=3.0, random_state=0)


@pytest.fixture(scope="module")
def fitted(data):
    return make_dance_pipeline("tiny", random_state=0).fit(data.poses, data.audio)


@pytest.mark.parametrize("preset", ["default", "codec", "paper", "tiny", "units"])
def test_a_preset_is_a_plain_pipeline_of_parameters(preset):
    pipe = make_dance_pipeline(preset, n_keyframes=7)
    assert type(pipe) is Pipeline
    assert [name for name in pipe.named_steps if name not in ("beats", "canonical")] == STEPS
    assert ("canonical" in pipe.named_steps) == (preset != "paper")
    assert ("beats" in pipe.named_steps) == (preset in ("default", "units"))
    params = pipe.get_params()
    assert params["keyframes__n_keyframes"] == 7
    again = clone(pipe).get_params()
    assert params.keys() == again.keys()
    simple = (str, int, float, tuple, type(None))
    for name, value in params.items():
        if isinstance(value, simple):
            assert again[name] == value, name


def test_the_paper_preset_has_the_papers_parameters():
    params = make_dance_pipeline("paper").get_params()
    expected = {
        "smooth__cutoff": 3.0,
        "smooth__order": 5,
        "kinematics__scale": None,
        "kinematics__slow_speed": 0.0,
        "keyframes__n_keyframes": 10,
        # In frames at the paper's 30 fps: 0.75, 5 and 5.
        "keyframes__kernel_sigma": 0.75 / 30,
        "keyframes__kernel_duration": 5 / 30,
        "keyframes__gap_duration": 5 / 30,
        "lma__space": "path_ratio",
        "lma__normalize": "clip",
        "scale": "passthrough",
        "music__regressor__n_mixtures": 10,
        "music__regressor__architecture": "paper",
        "music__transformer__architecture": "paper",
        "music__transformer__code_size": 1024,
    }
    assert {name: params[name] for name in expected} == expected


def test_predicts_one_clip_of_sound_for_each_dance(fitted, data):
    audio = fitted.predict(data.poses[:2])
    assert audio.shape == data.audio[:2].shape
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() > 1e-3


def test_draws_follow_the_seed(fitted, data):
    features = fitted[:-1].transform(data.poses[:2])
    takes = fitted[-1].sample_y(features, n_samples=2, temperature=1.0, random_state=0)
    assert takes.shape == (*data.audio[:2].shape, 2)
    again = fitted[-1].sample_y(features, n_samples=2, temperature=1.0, random_state=0)
    assert_array_equal(takes, again)
    assert np.abs(takes[..., 0] - takes[..., 1]).max() > 1e-4


def test_successive_clips_join_into_one_piece(fitted, data):
    clips = data.poses[data.groups == data.groups[0]]
    piece = fitted[-1].compose(fitted[:-1].transform(clips), hop_duration=1.0)
    sr = data.audio.sr
    assert piece.shape == ((len(clips) - 1) * sr + data.audio.shape[1],)
    jumps = np.abs(np.diff(piece))
    for joint in range(1, len(clips)):
        near = jumps[joint * sr - 100 : joint * sr + 100]
        assert near.max() <= jumps.max() * 1.0001
        assert near.max() < 20 * np.median(jumps) + np.quantile(jumps, 0.999)


def test_same_seed_same_bits(data, fitted):
    again = make_dance_pipeline("tiny", random_state=0).fit(data.poses, data.audio)
    assert_array_equal(again.predict(data.poses[:2]), fitted.predict(data.poses[:2]))


def test_pickle_in_a_new_process_predicts_the_same_bits(fitted, data):
    here = fitted.predict(data.poses[:2])
    assert_array_equal(run_in_new_process(fitted, "predict", data.poses[:2]), here)


def test_pandas_output_and_feature_names(data):
    lma = make_lma_pipeline(n_keyframes=4).set_output(transform="pandas")
    table = lma.fit_transform(data.poses)
    assert isinstance(table, pd.DataFrame)
    assert table.columns[:5].tolist() == [
        f"window1_{name}" for name in ("weight", "time", "space", "flow", "shape")
    ]
    assert np.isfinite(table.to_numpy()).all()
    pipe = make_dance_pipeline("tiny").set_output(transform="pandas")
    assert list(pipe[:-1].fit_transform(data.poses).columns)[:5] == list(table.columns[:5])


@pytest.mark.parametrize(
    "output",
    [
        "pandas",
        pytest.param(
            "polars",
            marks=pytest.mark.skipif(
                np.lib.NumpyVersion(sklearn.__version__) < "1.9.0",
                reason="earlier scikit-learn cannot join polars tables with columns of one name",
            ),
        ),
    ],
)
def test_columns_of_a_union_have_names_of_their_own(data, output):
    pytest.importorskip(output)
    parts = [("a", make_lma_pipeline(n_keyframes=4)), ("b", make_lma_pipeline(n_keyframes=3))]
    for name, part in parts:
        names = part.fit(data.poses).get_feature_names_out().tolist()
        assert names == part["lma"].get_feature_names_out().tolist(), name
        with config_context(transform_output=output):
            assert list(part.transform(data.poses).columns) == names
    union = FeatureUnion(parts).set_output(transform=output).fit(data.poses)
    columns = list(union.transform(data.poses).columns)
    assert columns[0] == "a__window1_weight"
    assert columns[-1].startswith("b__clip_")
    assert len(set(columns)) == len(columns)
    assert columns == union.get_feature_names_out().tolist()


def test_memory_gives_the_same_features(data, tmp_path):
    plain = make_lma_pipeline(n_keyframes=4)
    kept = make_lma_pipeline(n_keyframes=4, memory=str(tmp_path))
    expected = plain.fit_transform(data.poses)
    for _ in range(2):
        assert_allclose(kept.fit_transform(data.poses), expected)


def test_arrays_lists_and_motion_give_the_same_features(data):
    lma = make_lma_pipeline(n_keyframes=4)
    array = np.asarray(data.poses)
    expected = lma.fit_transform(Motion(array, fps=30.0))
    assert_allclose(lma.fit_transform(array), expected)
    assert_allclose(lma.fit_transform(list(array)), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, a: (np.asarray(p)[0], a), r"expected poses of shape .*got \(90, 17, 2\)"),
        (lambda p, a: (np.asarray(p)[:, :0], a), "frame"),
        (lambda p, a: (np.asarray(p).swapaxes(2, 3), a), "expected 1 to 3 axes of space, got 17"),
        (lambda p, a: (a, p), "are dance and audio swapped"),
        (lambda p, a: (p, np.asarray(a) * 32768), r"expected .* as floats in \[-1, 1\]"),
        (lambda p, a: (np.asarray(p) * np.nan, a), "no joint|not seen|never seen|NaN"),
        (lambda p, a: (np.full((18, 90, 17, 2), "left"), a), "expected"),
        (lambda p, a: (p, a[:-1]), "expected one audio clip for each dance clip"),
        (lambda p, a: (p, np.asarray(a)[:, None]), "expected audio of shape"),
        (lambda p, a: (p, np.zeros(a.shape)), "silent"),
        (lambda p, a: (p, np.asarray(a) * np.nan), "NaN"),
        (lambda p, a: (p, np.full(a.shape, "la")), "expected|convert|numeric"),
    ],
    ids=[
        "rank",
        "no frames",
        "transposed",
        "swapped",
        "16 bits",
        "all NaN",
        "text poses",
        "count",
        "channels",
        "silence",
        "NaN",
        "text",
    ],
)
@pytest.mark.parametrize("preset", ["tiny", "units"])
def test_bad_input_ends_in_a_sentence_before_training(preset, data, change, message, monkeypatch):
    import sklearn_asdf.nets.training as training

    def trained(*args, **kwargs):
        raise AssertionError("training began before the input was checked")

    monkeypatch.setattr(training, "train", trained)
    poses, audio = change(data.poses, data.audio)
    quick = {"tiny": {}, "units": QUICK}
    with pytest.raises((ValueError, TypeError), match=message):
        make_dance_pipeline(preset).set_params(**quick[preset]).fit(poses, audio)


def test_units_play_on_the_beat_of_the_dance(data):
    pipe = make_dance_pipeline("units", random_state=0).set_params(**QUICK)
    pipe.fit(data.poses, data.audio)
    features = pipe[:-1].transform(data.poses[:3])
    music = pipe.predict(data.poses[:3])
    assert music.shape == data.audio[:3].shape
    again = clone(pipe).fit(data.poses, data.audio)
    assert_array_equal(again.predict(data.poses[:3]), music)
    assert_array_equal(run_in_new_process(pipe, "predict", data.poses[:3]), music)
    piece = pipe[-1].compose(features, hop_duration=1.0)
    assert piece.shape == (data.audio.shape[1] + 2 * data.audio.sr,)
    # The three numbers of the code that tell the beat are the dance's own.
    code = pipe[-1].regressor_.predict(features)
    assert_allclose(2 ** code[:, -3], features["clip_beat_tempo"])
    of_clips = [name for name in features if not name.startswith("step")]
    assert of_clips[-4:] == [
        "clip_beat_tempo", "clip_beat_strength", "clip_mid_beat_cos", "clip_mid_beat_sin",
    ]  # fmt: skip


GROUPS = [
    ("effort", "shape", "beat", "level"),
    ("beat", "effort"),
    ("effort", "level", "periodicity", "beat"),
]


def _on_beat(**steps):
    """A pipeline whose density takes the beat over by name, quick: no network and no trees."""
    density = OnBeatRegressor(Ridge(), beat_columns=BEAT_COLUMNS)
    table = LMAFeaturizer(groups=GROUPS[0]).set_output(transform="pandas")
    steps = {"smooth": PoseSmoother(), "table": table} | steps
    sound = AudioTargetRegressor(density, StandardScaler(with_std=False))
    return Pipeline([*steps.items(), ("sound", sound)])


def _codes(n):
    return np.random.default_rng(0).normal(size=(n, 6))


def _assert_the_tempo_is_the_dances(pipe, poses):
    lma = LMAFeaturizer(groups="beat").set_output(transform="pandas")
    tempo = lma.fit_transform(PoseSmoother().fit_transform(poses))["clip_beat_tempo"]
    tempo = np.where(tempo > 0, tempo, np.median(tempo[tempo > 0]))
    assert tempo.min() > 20
    sound = pipe.predict(poses)
    mean = pipe[-1].transformer_.mean_
    assert_allclose(2 ** (sound[:, -3] - mean[-3]), tempo, rtol=1e-5)


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("output", [None, "pandas", "polars"])
def test_the_tempo_is_found_in_any_order_of_groups(data, groups, output):
    if output == "polars":
        pytest.importorskip("polars")
    pipe = _on_beat().set_output(transform=output).set_params(table__groups=groups)
    pipe = clone(pipe).fit(data.poses, _codes(len(data.poses)))
    _assert_the_tempo_is_the_dances(pipe, data.poses)
    again = pickle.loads(pickle.dumps(pipe))
    assert_array_equal(again.predict(data.poses), pipe.predict(data.poses))


def test_the_tempo_is_found_behind_other_steps(data, tmp_path):
    y = _codes(len(data.poses))
    efforts = [f"window1_{name}" for name in ("weight", "time", "space", "flow")]
    scale = ColumnTransformer([("scale", StandardScaler(), efforts)], remainder="passthrough")
    union = FeatureUnion(
        [("a", LMAFeaturizer(groups="effort")), ("b", LMAFeaturizer(groups="beat"))]
    )
    for steps in (
        {"scale": "passthrough"},
        {"scale": scale.set_output(transform="pandas")},
        {"table": union.set_output(transform="pandas")},
    ):
        pipe = _on_beat(**steps).fit(data.poses, y)
        _assert_the_tempo_is_the_dances(pipe, data.poses)
        save(pipe, tmp_path / "model.zip")
        again = load(tmp_path / "model.zip")
        assert_array_equal(again.predict(data.poses), pipe.predict(data.poses))


def test_a_search_over_groups_finds_the_tempo(data):
    grid = {"table__groups": GROUPS}
    search = GridSearchCV(_on_beat(), grid, cv=2, error_score="raise", scoring=_first_code)
    search.fit(data.poses, _codes(len(data.poses)))
    _assert_the_tempo_is_the_dances(search.best_estimator_, data.poses)


def _first_code(estimator, X, y):
    return -np.abs(estimator.predict(X)[:, 0] - y[:, 0]).mean()


@pytest.mark.parametrize("scaler", [StandardScaler(), MaxAbsScaler()])
def test_a_scaled_beat_is_refused(data, scaler):
    pipe = _on_beat(scale=scaler)
    with pytest.raises(ValueError, match=r"named columns.*set_output\(transform='pandas'\)"):
        pipe.fit(data.poses, _codes(len(data.poses)))
    with pytest.raises(ValueError, match="pass the features without scaling them"):
        pipe.set_output(transform="pandas").fit(data.poses, _codes(len(data.poses)))


def test_the_music_follows_dances_that_were_not_trained_on():
    data = make_dance_music(n_clips=100, n_performances=50, hop_duration=4.0, random_state=0)
    new = data.groups >= 40
    pipe = make_dance_pipeline("tiny", random_state=0).fit(data.poses[~new], data.audio[~new])
    features = pipe[:-1].transform(data.poses[new])
    drawn = pipe[-1].sample_y(features, 1, random_state=0)[..., 0]
    loudness = np.log(np.square(drawn).mean(axis=1))
    assert spearmanr(loudness, data.factors["vigour"][new]).statistic > 0.6


def test_audio_of_another_length_is_refused(fitted, data):
    with pytest.raises(ValueError, match="expect"):
        fitted.score(data.poses, np.asarray(data.audio)[:, :-100])


def test_unfitted_and_misspelt_are_refused(data):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        make_dance_pipeline("tiny").predict(data.poses)
    with pytest.raises(ValueError, match="Did you mean 'default'"):
        make_dance_pipeline("defualt")
    with pytest.raises(ValueError, match="Invalid parameter 'n_keyframe'"):
        make_dance_pipeline().set_params(keyframes__n_keyframe=3)
    with pytest.raises(ValueError, match=r"Did you mean 'uniform'"):
        make_lma_pipeline().set_params(keyframes__method="unifrom").fit(data.poses)


@pytest.mark.real_data
def test_real_dances(data_dir, tmp_path):
    """Fit on six pieces, predict two others; search, clone, cache and pickle."""
    from sklearn_asdf.datasets import load_folder

    names = ["C_2", "C_4", "R_2", "R_4", "W_1", "W_10", "C_7", "W_12"]
    for kind, suffix in (("poses", "npz"), ("audio", "ogg")):
        (tmp_path / kind).mkdir()
        for name in names:
            file = f"DANCE_{name}.{suffix}"
            (tmp_path / kind / file).symlink_to(
                data_dir.resolve() / "dance_with_melody" / kind / file
            )
    data = load_folder(poses=tmp_path / "poses", audio=tmp_path / "audio", hop_duration=4.0)
    assert sorted(data.names) == sorted(f"DANCE_{name}" for name in names)
    held_out = np.isin(data.names[data.groups], ["DANCE_C_7", "DANCE_W_12"])
    poses, audio = data.poses[~held_out], data.audio[~held_out]

    pipe = make_dance_pipeline("tiny", random_state=0, memory=str(tmp_path / "cache"))
    search = GridSearchCV(
        pipe,
        {"keyframes__n_keyframes": [5, 8], "music__regressor__n_mixtures": [1, 2]},
        cv=GroupKFold(2),
        error_score="raise",
    ).fit(poses, audio, groups=data.groups[~held_out])
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(set(scores)) == 4

    best = search.best_estimator_
    sound = best.predict(data.poses[held_out])
    assert sound.shape == data.audio[held_out].shape
    assert np.isfinite(sound).all()
    few = data.poses[held_out][:3]
    here = best.predict(few)
    assert_array_equal(run_in_new_process(best, "predict", few), here)
    without_memory = clone(best).set_params(memory=None, music__memory=None).fit(poses, audio)
    assert_array_equal(without_memory.predict(few), here)
    table = clone(best)[:-1].set_output(transform="pandas").fit_transform(poses)
    assert isinstance(table, pd.DataFrame)
    assert np.isfinite(table.to_numpy()).all()
