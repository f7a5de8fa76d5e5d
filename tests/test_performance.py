"""What is asked of a fitted pipeline, whatever its steps are called and at whatever frame rate."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_asdf import (
    AudioTargetRegressor,
    LMAFeaturizer,
    Motion,
    load,
    make_dance_pipeline,
    make_lma_pipeline,
    save,
)
from sklearn_asdf.cli import main
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.io import write_poses
from sklearn_asdf.live import StreamingDancer
from sklearn_asdf.metrics import density_scores, evaluate, get_scorer
from sklearn_asdf.performance import (
    audio_regressor_of,
    clip_duration_of,
    compose_takes,
    describe_dance,
    encoder_of,
    features_of,
    featurizer_input,
    featurizer_of,
    fps_of,
    motion_stage_of,
    perform,
    plays_any_skeleton,
    prepare_take,
    steps_of,
    table_step_of,
)
from sklearn_asdf.report import write_report

FPS, CLIP = 25, 2.0


@pytest.fixture(scope="module")
def data():
    return make_dance_music(
        n_clips=12, n_performances=4, clip_duration=CLIP, fps=FPS, noise=0.0, random_state=0
    )


@pytest.fixture(scope="module")
def plain(data):
    pytest.importorskip("keras", reason="the networks need the extra 'music'")
    pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
    return pipe.fit(data.poses, data.audio)


@pytest.fixture(scope="module")
def nested(plain):
    """The same fitted steps under other names, in pipelines of pipelines."""
    canonical, smooth, kinematics, keyframes, lma, scale, music = steps_of(plain)
    motion = Pipeline(
        [
            ("0", canonical),
            ("a", smooth),
            ("b", kinematics),
            ("none", "passthrough"),
            ("c", keyframes),
        ]
    )
    inner = Pipeline([("motion", motion), ("table", lma)])
    return Pipeline(
        [("dance", FrozenEstimator(inner)), ("rest", Pipeline([("d", scale), ("e", music)]))]
    )


@pytest.fixture(scope="module")
def take(data):
    """One dance of 6 s at 60 fps."""
    return make_dance_music(
        1, clip_duration=6.0, fps=60, noise=0.0, dropout=0.0, random_state=1
    ).poses


def test_stages_are_found_by_what_they_are(plain, nested, data):
    for model in (plain, nested):
        assert fps_of(model) == FPS
        assert clip_duration_of(model) == CLIP
        assert motion_stage_of(model) is plain["canonical"]
        assert featurizer_of(model) is plain["lma"]
        assert plays_any_skeleton(model)
        assert audio_regressor_of(model) is plain["music"]
        assert encoder_of(model) is plain["music"].transformer_
        np.testing.assert_array_equal(
            features_of(model, data.poses[:2]), plain[:-1].transform(data.poses[:2])
        )
        np.testing.assert_array_equal(
            featurizer_input(model, data.poses).keyframes, plain[:4].transform(data.poses).keyframes
        )


def test_the_featurizer_is_found_in_a_union():
    poses = make_dance_music(4, clip_duration=2.0, fps=FPS, random_state=0).poses
    union = FeatureUnion(
        [("few", make_lma_pipeline(n_keyframes=3, fps=None)), ("all", LMAFeaturizer())]
    )
    model = make_pipeline(union, StandardScaler()).fit(poses)
    assert featurizer_of(model).n_windows_ == 2
    assert table_step_of(model) is model[0]
    assert table_step_of(model[1:]) is None
    assert not plays_any_skeleton(model)
    assert featurizer_input(model, poses).keyframes.shape == (4, 3)
    assert fps_of(model) == FPS


def test_a_take_is_prepared_at_the_rate_of_the_model_and_without_gaps():
    time = np.arange(120) / 60
    position = np.stack([np.sin(time), np.cos(time)], axis=-1)[None, :, None].repeat(2, axis=2)
    position[0, 30:40, 1] = np.nan
    prepared, seen = prepare_take(Motion(position, fps=60), 30.0)
    assert prepared.fps == 30
    expected = np.stack([np.sin(time[::2]), np.cos(time[::2])], axis=-1)
    np.testing.assert_allclose(prepared.position[0, :, 0], expected, atol=2e-3)
    # A gap is a straight line, and known as one.
    np.testing.assert_allclose(prepared.position[0, :, 1], expected, atol=0.01)
    assert seen[:, 0].all()
    assert 4 <= (~seen[:, 1]).sum() <= 6
    # What is not certain is not seen, unless nothing is.
    for confidence, n_unseen in ((0.9, 0), (0.0, 0)):
        flat = np.full(position.shape[:3], confidence)
        sure = Motion(np.nan_to_num(position), fps=60, confidence=flat)
        assert (~prepare_take(sure, 60.0)[1]).sum() == n_unseen


def test_what_is_not_there_ends_in_a_sentence(plain):
    with pytest.raises(TypeError, match="expected a fitted pipeline from poses to sound"):
        encoder_of(plain[:-1])
    with pytest.raises(ValueError, match="not fitted: call fit first"):
        encoder_of(make_dance_pipeline("tiny"))
    with pytest.raises(TypeError, match="with an LMAFeaturizer, got StandardScaler"):
        featurizer_of(make_pipeline(StandardScaler()))
    table = np.random.default_rng(0).normal(size=(6, 3))
    model = make_pipeline(StandardScaler(), AudioTargetRegressor(None, StandardScaler()))
    model[-1].set_params(regressor=StandardRegressor()).fit(table, table)
    with pytest.raises(TypeError, match="got StandardScaler without sr and n_samples_"):
        clip_duration_of(model)


class LevelEncoder(TransformerMixin, BaseEstimator):
    """An encoder of a user: the RMS level of a clip, decoded to a sine of that level."""

    sr = 8000

    def fit(self, X, y=None):
        self.n_samples_ = X.shape[1]
        return self

    def transform(self, X):
        return np.sqrt(np.square(X).mean(axis=1, keepdims=True))

    def inverse_transform(self, codes):
        sine = np.sin(2 * np.pi * 200 * np.arange(self.n_samples_) / self.sr)
        return (np.sqrt(2) * codes * sine).astype(np.float32)


class Centering(TransformerMixin, BaseEstimator):
    """A first stage of a user, which knows joints and frame rate of the poses in `fit`."""

    def fit(self, X, y=None):
        self.skeleton_, self.fps_ = X.skeleton, X.fps
        self.n_joints_in_, self.n_axes_in_ = X.shape[2:]
        return self

    def transform(self, X):
        center = np.nanmean(X.position, axis=(1, 2), keepdims=True)
        return replace(X, position=X.position - center)


def test_encoders_and_stages_of_users(data, take, tmp_path):
    audio = np.random.default_rng(0).normal(scale=0.1, size=(12, round(CLIP * LevelEncoder.sr)))
    music = AudioTargetRegressor(Ridge(), LevelEncoder())
    model = make_pipeline(Centering(), make_lma_pipeline(n_keyframes=3), StandardScaler(), music)
    model.fit(data.poses, audio)
    assert motion_stage_of(model) is model[0]
    assert fps_of(model) == FPS
    assert clip_duration_of(model) == CLIP
    played = perform(model, take, temperature=None)
    assert played.sr == LevelEncoder.sr
    assert len(played.audio) == 6 * LevelEncoder.sr
    level = np.sqrt(np.mean(played.audio**2))
    assert level == pytest.approx(0.1, rel=0.2)
    write_report(tmp_path / "a.html", model, take, temperature=None)
    assert (tmp_path / "a.html").exists()
    dancer = StreamingDancer(model, temperature=None)
    assert (dancer.sr, dancer.fps, dancer.clip_duration) == (LevelEncoder.sr, FPS, CLIP)


class StandardRegressor:
    """The least that AudioTargetRegressor wants."""

    def __init__(self):
        pass

    def get_params(self, deep=True):
        return {}

    def __sklearn_tags__(self):
        return StandardScaler().__sklearn_tags__()

    def fit(self, X, y):
        self.y_ = y
        return self

    def predict(self, X):
        return self.y_[: len(X)]


def test_a_dance_of_any_rate_is_played_on_the_models_clock(plain, nested, take):
    played = perform(nested, take, temperature=None)
    assert played.take.fps == FPS
    assert played.take.duration == pytest.approx(6.0)
    assert len(played.audio) == 6 * played.sr
    same = perform(plain, take.resample(120), temperature=None)
    error = np.abs(played.audio - same.audio)
    assert np.sqrt(np.mean(error**2)) < 0.05 * np.std(played.audio)


def test_live_takes_the_models_clock(nested, plain, take):
    live = StreamingDancer(nested, hop_duration=1.0)
    assert live.fps == FPS
    assert live.feature_names.tolist() == plain["lma"].get_feature_names_out().tolist()
    time = np.arange(take.n_frames) / take.fps
    moments = [m for pose, t in zip(take.position[0], time) for m in live.feed(pose, t)]
    assert [m.time for m in moments] == [2.0, 3.0, 4.0, 5.0, 6.0]
    offline = plain[:5].transform(take.windows(CLIP, 1.0))
    error = np.abs([m.features for m in moments] - offline) / (np.abs(offline) + 1e-6)
    assert np.median(error) < 0.01
    assert all(len(m.audio) for m in moments)


def test_metrics_score_what_has_other_names(nested, plain, data):
    expected = get_scorer("information_gain")(plain, data.poses, data.audio)
    assert get_scorer("information_gain")(nested, data.poses, data.audio) == pytest.approx(expected)
    few = np.arange(0, 12, 3)
    poses, audio, groups = data.poses[few], data.audio[few], data.groups[few]
    options = {"n_permutations": 9, "random_state": 0}
    table = evaluate(nested, np.asarray(poses), audio, groups, fps=FPS, max_responses=1, **options)
    fast = density_scores(plain, poses.resample(60), audio, groups, **options)
    gain = table.loc["model", "log_gain"]
    assert gain == pytest.approx(fast.loc["model", "log_gain"], abs=0.02)


def test_report_and_command_line_ask_for_no_names(nested, take, tmp_path, capsys):
    write_report(tmp_path / "a.html", nested, take, random_state=0)
    assert "25 frames per second" in (tmp_path / "a.html").read_text()
    save(nested, tmp_path / "model.zip")
    assert fps_of(load(tmp_path / "model.zip")) == FPS
    write_poses(take, tmp_path / "dance.npz")
    assert main(["info", str(tmp_path / "model.zip")]) == 0
    out = capsys.readouterr().out
    assert "17 joints (coco17) in 2 dimensions), of at least 2 s" in out
    assert "at 25 frames per second" in out
    assert "clips of 2 s" in out
    model, poses, sound = (str(tmp_path / name) for name in ("model.zip", "dance.npz", "a.wav"))
    assert main(["generate", model, poses, "-o", sound]) == 0
    import soundfile

    assert soundfile.info(sound).duration == pytest.approx(6.0, abs=0.001)


def test_takes_of_one_dance_differ_and_begin_and_end(plain, take, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    described = describe_dance(plain, take)
    options = {"temperature": 0.1, "start": 1.0, "end": 5.0}
    first, _ = compose_takes(plain, described, [3, 4], **options)
    whole = perform(plain, take, temperature=0.1, random_state=3).audio
    sr = first.sr
    assert_array_equal(first.audio[2 * sr : 4 * sr], whole[2 * sr : 4 * sr])
    assert not first.audio[:sr].any()
    assert not first.audio[5 * sr :].any()
    assert first.audio[sr + sr // 4] == pytest.approx(whole[sr + sr // 4] / 2, rel=1e-3)
    # Of the same seed the second is made anew.
    again = compose_takes(plain, described, [3, 3])
    assert not np.array_equal(again[0].audio, again[1].audio)
    # What is certain is the same each time.
    sure = compose_takes(plain, described, [3, 4], temperature=None)
    assert_array_equal(sure[0].audio, sure[1].audio)
    write_report(tmp_path / "take.html", plain, take, performance=first)
    page = (tmp_path / "take.html").read_text()
    sound = base64.b64decode(re.search(r"data:audio/flac;base64,([^\"]+)", page)[1])
    heard, _ = soundfile.read(io.BytesIO(sound))
    assert not heard[:sr].any()
    assert heard[2 * sr : 4 * sr].any()


def test_a_pipeline_without_keyframes_has_a_page(data, plain, take, tmp_path):
    motion = [(name, step) for name, step in plain.steps if name in ("smooth", "kinematics")]
    model = Pipeline([*motion, ("lma", LMAFeaturizer()), ("music", clone(plain["music"]))])
    model.fit(data.poses, data.audio)
    write_report(tmp_path / "a.html", model, take, temperature=None)
    assert (tmp_path / "a.html").read_text().count('class="keyframe"') == 10


def test_a_search_is_asked_by_its_best(data):
    model = make_pipeline(make_lma_pipeline(n_keyframes=3), StandardScaler())
    search = GridSearchCV(model, {"pipeline__keyframes__n_keyframes": [3]}, scoring=_nothing, cv=2)
    search.fit(data.poses)
    # Tables of Laban features have one rate, whatever that of the poses.
    assert fps_of(search) == 30.0
    assert featurizer_of(search).n_windows_ == 2


def _nothing(estimator, X, y=None):
    return 0.0


def test_poses_of_no_rate_are_at_30(data):
    model = make_lma_pipeline(n_keyframes=3).fit(np.asarray(data.poses))
    assert fps_of(model) == 30
    assert isinstance(featurizer_input(model, data.poses), Motion)
