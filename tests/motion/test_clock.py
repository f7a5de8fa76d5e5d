"""The frame rate is part of what stages learn: a dance at another rate is the same dance."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.pipeline import make_pipeline

from sklearn_asdf import (
    BatchTransformer,
    DanceBeatTracker,
    KeyframeSegmenter,
    KinematicsTransformer,
    LMAFeaturizer,
    Motion,
    PoseSmoother,
    make_lma_pipeline,
)
from sklearn_asdf.motion.skeletons import get_skeleton
from sklearn_asdf.performance import fps_of

COCO = get_skeleton("coco17")
RATES = [25, 30, 60, 120]
STAGES = [
    PoseSmoother(),
    KinematicsTransformer(),
    DanceBeatTracker(),
    KeyframeSegmenter(n_keyframes=4),
]


def dance(fps, n_clips=4, duration=6.0):
    """Standing figures whose limbs swing at some frequencies up to 2 Hz, in pixels."""
    rng = np.random.default_rng(0)
    shape = (n_clips, 8, 4, 1)
    size, frequency = rng.uniform(0.1, 0.6, shape), rng.uniform(0.2, 2, shape)
    phase = rng.uniform(0, 2 * np.pi, shape)
    time = np.arange(round(duration * fps)) / fps
    angle = 1.5 + (size * np.cos(2 * np.pi * frequency * time + phase)).sum(axis=2)
    position = np.zeros((n_clips, len(time), 17, 2))
    for side, sign in (("left", -1), ("right", 1)):
        position[:, :, COCO.index(f"{side}_hip")] = 0.1 * sign, 0
        position[:, :, COCO.index(f"{side}_shoulder")] = 0.2 * sign, 0.5
    for bone, (upper, lower) in enumerate(COCO.limb_bones):
        sign = 1 if "right" in upper else -1
        limb = np.stack([sign * np.sin(angle[:, bone]), np.cos(angle[:, bone])], axis=-1)
        start = position[:, :, COCO.index(upper)]
        position[:, :, COCO.index(lower)] = start + 0.3 * limb
    return Motion(300 * position + 400, fps=fps, skeleton=COCO)


DANCES = {fps: dance(fps) for fps in RATES}
MANY = {fps: dance(fps, n_clips=12, duration=8.0) for fps in RATES}


def _agreement(keyframes, table, other_keyframes, other_table):
    """Share of keyframes (in s) within a frame of 30 fps, and median relative error of features."""
    near = np.abs(keyframes - other_keyframes) <= 1 / 30 + 1e-9
    error = np.abs(table - other_table) / (np.abs(other_table) + 1e-9)
    return near.mean(), np.median(error)


def _described(model, motion):
    return model[:-1].transform(motion).keyframes / model[0].fps_, model.transform(motion)


@pytest.mark.parametrize("preset", ["default", "paper"])
@pytest.mark.parametrize("fitted", RATES)
def test_a_dance_at_any_rate_is_the_same_to_a_model_of_any_rate(fitted, preset):
    model = make_lma_pipeline(preset=preset, fps=None).fit(MANY[fitted])
    assert fps_of(model) == fitted
    expected = _described(model, MANY[fitted])
    for fps in RATES:
        assert model[:-1].transform(MANY[fps]).fps == fitted
        near, error = _agreement(*_described(model, MANY[fps]), *expected)
        # Of two poses that are as good, the interpolated ends of a clip may decide for the other.
        assert near >= 0.92
        assert error < 0.001


@pytest.mark.parametrize("fitted", [25, 60, 120])
def test_models_of_different_rates_agree(fitted):
    expected = _described(make_lma_pipeline().fit(MANY[30]), MANY[30])
    got = _described(make_lma_pipeline(fps=None).fit(MANY[fitted]), MANY[fitted])
    near, error = _agreement(*got, *expected)
    assert near >= 0.9
    assert error < 0.02


@pytest.mark.parametrize("preset", ["default", "paper"])
@pytest.mark.parametrize("fps", [60, 120])
def test_a_table_is_computed_at_one_rate_whatever_that_of_its_file(fps, preset):
    lma = make_lma_pipeline(preset=preset)
    assert fps_of(lma.fit(MANY[fps])) == 30
    found = lma[:-1].transform(MANY[fps])
    table, expected = lma.transform(MANY[fps]), lma.fit_transform(MANY[fps].resample(30.0))
    assert found.fps == 30
    np.testing.assert_array_equal(found.keyframes, lma[:-1].transform(MANY[30]).keyframes)
    np.testing.assert_allclose(table, expected, rtol=1e-9, atol=1e-9)


def test_the_rate_of_a_smoother_is_checked_in_fit():
    with pytest.raises(ValueError, match="below half the frame rate"):
        PoseSmoother(fps=4).fit(DANCES[30])
    smoother = PoseSmoother(fps=15).fit(DANCES[60])
    assert smoother.fps_ == 15
    assert smoother.transform(DANCES[60]).shape == (4, 90, 17, 2)
    assert PoseSmoother().fit(DANCES[60]).fps_ == 60


@pytest.mark.parametrize("stage", [*STAGES, LMAFeaturizer()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("container", ["Motion", "array"])
def test_each_stage_alone_resamples(stage, container):
    stage = sklearn.clone(stage).fit(DANCES[60])
    assert stage.fps_ == 60
    # Bare arrays mean 30 fps.
    poses = DANCES[30] if container == "Motion" else np.asarray(DANCES[30])
    got = stage.transform(poses)
    if isinstance(got, Motion):
        assert got.fps == 60
        assert got.shape == DANCES[60].shape
    expected = np.asarray(stage.transform(DANCES[60]))
    error = np.abs(np.asarray(got) - expected) / (np.abs(expected) + 1e-9)
    assert np.median(error) < 0.02


@pytest.mark.parametrize("fps", [60, 59.9, 120])
def test_jitter_that_a_model_cannot_see_is_not_taken_for_movement(fps):
    still = np.tile(DANCES[30].position[:1, :1], (1, round(8 * fps), 1, 1))
    jitter = 1.4 * np.cos(2 * np.pi * 29 * np.arange(still.shape[1]) / fps)
    smoother = PoseSmoother(method=None).fit(DANCES[30])
    shaken = Motion(still + jitter[:, None, None], fps=fps, skeleton=COCO)
    got = smoother.transform(shaken)
    assert got.fps == 30
    inside = got.position[:, 15:-15]
    assert np.abs(inside - still[:, :1]).max() < 0.003


def test_what_earlier_stages_added_is_refused_at_another_rate():
    featurizer = LMAFeaturizer().fit(DANCES[30])
    with pytest.raises(ValueError, match=r"fitted on motion at 30 fps, got 60 fps with velocity"):
        featurizer.transform(KinematicsTransformer().fit_transform(DANCES[60]))
    with pytest.raises(ValueError, match="with keyframes, which cannot be resampled"):
        featurizer.transform(KeyframeSegmenter().fit_transform(DANCES[60]))


def test_a_dance_of_too_few_frames_for_the_movement_is_refused():
    smoother = PoseSmoother(cutoff=3.0).fit(DANCES[30])
    with pytest.raises(ValueError, match=r"cutoff below half the frame rate \(2.5 Hz at 5 fps\)"):
        smoother.transform(DANCES[30].resample(5))


def test_doubtful_positions_leave_no_mark_on_their_neighbors():
    fast = DANCES[60]
    sure = np.ones(fast.shape[:3])
    sure[:, 100:110] = 0
    wild = fast.position.copy()
    wild[:, 100:110] += 1e4
    smoother = PoseSmoother().fit(DANCES[30])
    expected, got = (
        smoother.transform(Motion(position, fps=60, skeleton=COCO, confidence=sure)).position
        for position in (fast.position, wild)
    )
    np.testing.assert_allclose(got, expected)


def test_models_that_know_no_rate_were_fitted_at_30():
    model = make_lma_pipeline(n_keyframes=4).fit(DANCES[30])
    expected = model.transform(DANCES[60])
    for stage in model:
        del stage.fps_
    assert fps_of(model) == 30
    np.testing.assert_array_equal(model.transform(DANCES[60]), expected)


def test_keyframes_of_models_that_counted_frames():
    state = KeyframeSegmenter(n_keyframes=7).__getstate__()
    for name in ("kernel_sigma", "kernel_duration", "gap_duration"):
        del state[name]
    state |= {"sigma": 1.5, "window_length": 9, "cluster_gap": 3}
    stage = KeyframeSegmenter.__new__(KeyframeSegmenter)
    stage.__setstate__(state)
    params = stage.get_params()
    assert (params["kernel_sigma"], params["gap_duration"]) == (0.05, 0.1)
    assert params["kernel_duration"] == pytest.approx(0.3)
    assert not hasattr(stage, "window_length")


def test_the_rate_is_found_in_pipelines_of_pipelines_and_batches():
    inner = make_lma_pipeline(n_keyframes=4, fps=None)
    for model in (make_pipeline(inner), make_pipeline(BatchTransformer(inner, batch_size=2))):
        model.fit(DANCES[60])
        assert fps_of(model) == 60
        table = model.transform(DANCES[30])
        np.testing.assert_allclose(table, model.transform(DANCES[60]), rtol=0.05, atol=0.5)


def test_a_live_stream_has_the_rate_of_fit():
    live = PoseSmoother(zero_phase=False).fit(DANCES[60])
    with pytest.raises(ValueError, match="expected the next frames at 60 fps, as in fit, got 30"):
        live.partial_transform(DANCES[30].frames(0, 1))
    assert live.partial_transform(DANCES[60].frames(0, 1)).fps == 60


@pytest.mark.parametrize("output", ["pandas", "polars"])
@pytest.mark.parametrize("stage", STAGES, ids=lambda s: type(s).__name__)
def test_a_motion_is_no_table_whatever_is_configured(stage, output):
    pytest.importorskip(output)
    stage = sklearn.clone(stage).set_output(transform=output)
    with sklearn.config_context(transform_output=output):
        assert isinstance(stage.fit_transform(DANCES[30]), Motion)
        assert isinstance(stage.transform(DANCES[30]), Motion)


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: type(s).__name__)
def test_coordinates_have_names(stage):
    stage = sklearn.clone(stage).fit(DANCES[30])
    names = stage.get_feature_names_out()
    assert names[:4].tolist() == ["nose_x", "nose_y", "left_eye_x", "left_eye_y"]
    assert len(names) == stage.n_features_in_
    assert stage.get_feature_names_out(names[:3]).tolist() == names[:3].tolist()
    unnamed = sklearn.clone(stage).fit(DANCES[30].position[:, :, :2])
    assert unnamed.get_feature_names_out().tolist() == [
        "joint0_x",
        "joint0_y",
        "joint1_x",
        "joint1_y",
    ]
    table = sklearn.clone(stage).fit(DANCES[30].position[:, :, 0, 0])
    assert table.get_feature_names_out()[:2].tolist() == ["x0", "x1"]
