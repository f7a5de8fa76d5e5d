"""KinematicsTransformer: what it adds, in whose frame and in which unit."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.pipeline import make_pipeline

from sklearn_asdf import KinematicsTransformer, Motion, PoseSmoother
from sklearn_asdf._renamed import present_state
from sklearn_asdf.functional import kinematics as kin
from sklearn_asdf.functional.curvature import curvature
from sklearn_asdf.motion.kinematics import height_of

EVERY = [
    KinematicsTransformer(),
    KinematicsTransformer(scale="body", egocentric=True),
    KinematicsTransformer(slow_speed=0.0),
]
ADDED = ("velocity", "acceleration", "jerk", "curvature")


def _walk(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).cumsum(axis=1)


def test_adds_the_functions_results():
    x = _walk(3, 30, 17, 2)
    motion = Motion(x, fps=50, keyframes=np.tile([0, 9], (3, 1)))
    out = KinematicsTransformer(slow_speed=0.2).fit_transform(motion)
    v, a = kin.velocity(x, fps=50), kin.acceleration(x, fps=50)
    np.testing.assert_array_equal(out.position, x)
    np.testing.assert_array_equal(out.velocity, v)
    np.testing.assert_array_equal(out.acceleration, a)
    np.testing.assert_array_equal(out.jerk, kin.jerk(x, fps=50))
    slow = 0.2 * height_of(x, motion.skeleton)
    assert len(set(slow)) == 3
    np.testing.assert_allclose(out.curvature, curvature(v, a, slow_speed=slow), rtol=1e-12)
    np.testing.assert_array_equal(out.keyframes, motion.keyframes)
    assert motion.velocity is None


def test_paper_s_curvature_is_equation_8():
    x = _walk(3, 30, 17, 2)
    out = KinematicsTransformer(slow_speed=0).fit_transform(x)
    v, a = out.velocity, out.acceleration
    determinant = a[..., 0] * v[..., 1] - a[..., 1] * v[..., 0]
    expected = np.abs(determinant) / (v * v).sum(axis=-1) ** 1.5
    np.testing.assert_allclose(out.curvature, expected)


@pytest.mark.parametrize("n_axes", [2, 3])
@given(factor=st.sampled_from([1e-12, 0.1, 30.0, 1e12]))
def test_scaled_by_the_body_a_nearer_dancer_is_no_wilder(n_axes, factor):
    x = _walk(2, 30, 17, n_axes)
    stage = KinematicsTransformer(scale="body").fit(x)
    small, large = stage.transform(x), stage.transform(x * factor)
    for name in ("position", *ADDED):
        np.testing.assert_allclose(getattr(large, name), getattr(small, name), rtol=1e-6, atol=1e-9)
    plain = KinematicsTransformer().fit(x)
    np.testing.assert_allclose(
        plain.transform(x * factor).jerk, plain.transform(x).jerk * factor, rtol=1e-6
    )


def test_scale_is_in_heights():
    x = np.random.default_rng(0).normal(size=(1, 5, 17, 2)) * 1e-3
    y = {"shoulder": 1.45, "elbow": 1.16, "wrist": 0.88, "hip": 0.93, "knee": 0.52, "ankle": 0.08}
    motion = Motion(x, skeleton="coco17")
    for joint in motion.skeleton.joints:
        x[:, :, motion.skeleton.index(joint), 1] += y.get(joint.split("_")[-1], 1.7)
    out = KinematicsTransformer(scale="body").fit_transform(motion)
    assert (x / out.position)[0, 0, 5, 1] == pytest.approx(1.78, abs=0.06)


def test_clips_are_scaled_each_by_its_own_dancer():
    x = _walk(1, 30, 17, 2)
    both = KinematicsTransformer(scale="body").fit_transform(np.concatenate([x, 5 * x]))
    np.testing.assert_allclose(both.velocity[0], both.velocity[1])


def test_a_height_is_that_of_all_clips():
    x = _walk(2, 30, 17, 2)
    out = KinematicsTransformer(scale="body", height=2.0).fit_transform(x * [[[[1]]], [[[5]]]])
    np.testing.assert_allclose(out.position, x / 2 * [[[[1]]], [[[5]]]])
    # Curvature has the same scale, and the same slow speed in heights.
    plain = KinematicsTransformer(height=2.0).fit_transform(x)
    np.testing.assert_allclose(2 * plain.curvature[0], out.curvature[0], rtol=1e-9)


def test_the_rest_of_a_clip_changes_no_curvature():
    rng = np.random.default_rng(0)
    still = rng.normal(size=(1, 1, 17, 2))
    quiet = still + 0.01 * rng.normal(size=(1, 60, 17, 2)).cumsum(axis=1)
    wild = still + 0.3 * rng.normal(size=(1, 60, 17, 2)).cumsum(axis=1)
    stage = KinematicsTransformer(scale="body", height=4.0)
    alone, beside = (
        stage.fit_transform(np.concatenate([quiet, rest], axis=1)).curvature[0, 1:59]
        for rest in (quiet, wild)
    )
    np.testing.assert_allclose(beside, alone, rtol=1e-9)


def test_models_of_earlier_versions_keep_their_curvature():
    state = present_state("KinematicsTransformer", {"curvature_regularization": 0.1})
    stage = KinematicsTransformer(slow_speed=0.1)
    vars(stage).update(state)
    x = _walk(3, 30, 17, 2)
    out = stage.fit_transform(x)
    v, a = kin.velocity(x, fps=30), kin.acceleration(x, fps=30)
    slow = 0.1 * np.sqrt((v**2).sum(axis=-1).mean(axis=(1, 2)))
    np.testing.assert_allclose(out.curvature, curvature(v, a, slow_speed=slow), rtol=1e-12)


def test_egocentric_dancers_do_not_travel():
    x = _walk(2, 30, 17, 3)
    path = np.linspace(0, 50, 30)[:, None, None]
    stage = KinematicsTransformer(egocentric=True).fit(x)
    here, there = stage.transform(x), stage.transform(x + path)
    for name in ("position", *ADDED):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), rtol=1e-4, atol=1e-6)


def test_permuting_clips_permutes_results():
    x = _walk(5, 30, 17, 2)
    order = [3, 0, 4, 1, 2]
    for stage in EVERY:
        straight, mixed = stage.fit_transform(x), stage.fit_transform(x[order])
        for name in ADDED:
            np.testing.assert_allclose(
                getattr(straight, name)[order], getattr(mixed, name), rtol=1e-10
            )


@pytest.mark.parametrize("n_clips", [1, 3])
def test_results_hash_alike_after_pickling(n_clips):
    # What Pipeline(memory=...) relies on to find a result again.
    for stage in EVERY:
        out = make_pipeline(PoseSmoother(), stage).fit_transform(_walk(n_clips, 30, 17, 3))
        assert joblib.hash(pickle.loads(pickle.dumps(out))) == joblib.hash(out)


@pytest.mark.parametrize("stage", EVERY, ids=repr)
@given(
    x=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=4, max_dims=4, max_side=7).map(lambda s: (*s[:3], min(s[3], 3))),
        elements=st.floats(-1e12, 1e12) | st.just(np.nan),
    ),
    size=st.sampled_from([1.0, 1e-24]),
)
def test_no_finite_poses_give_a_warning_or_new_nan(stage, x, size):
    x = x * size
    x[:, 0, 0] = 1.0
    seen = ~np.isnan(x).any(axis=-1)
    out = stage.fit_transform(x)
    for name in ADDED:
        assert np.isfinite(getattr(out, name)[seen]).all()
        assert np.isnan(getattr(out, name)[~seen]).all()


@pytest.mark.parametrize("n_joints", [1, 17])
@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_still_and_short_clips_have_zeros(n_joints, n_frames):
    x = np.full((2, n_frames, n_joints, 2), 5.0, dtype=np.float32)
    for stage in EVERY:
        out = make_pipeline(PoseSmoother(), stage).fit_transform(x)
        for name in ADDED:
            np.testing.assert_array_equal(getattr(out, name), 0)
            assert getattr(out, name).dtype == np.float32


def test_half_the_frames_give_the_same_motion():
    t = np.arange(240) / 60
    angle = np.linspace(0, 6, 17)
    x = np.stack([np.sin(2 * t[:, None] + angle), np.cos(3 * t[:, None] + angle)], axis=-1)[None]
    stage = KinematicsTransformer()
    fine = stage.fit_transform(Motion(x, fps=60))
    coarse = stage.fit_transform(Motion(x[:, ::2], fps=30))
    for name in ADDED:
        a, b = getattr(fine, name)[:, ::2][:, 4:-4], getattr(coarse, name)[:, 4:-4]
        assert np.abs(a - b).mean() < 0.02 * np.abs(a).mean()


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"scale": "bodi"}, "Did you mean 'body'"),
        ({"slow_speed": -1}, "slow_speed"),
        ({"height": 0}, "height"),
    ],
)
def test_wrong_parameters_are_told(params, sentence):
    with pytest.raises(ValueError, match=sentence):
        KinematicsTransformer(**params).fit(_walk(1, 5, 2, 2))


@pytest.mark.real_data
def test_dancers_of_real_data_are_as_tall_as_people(data_dir):
    file = sorted((data_dir / "dance_with_melody" / "poses").glob("*.npz"))[0]
    position = np.load(file)["skeletons"][None, :500]
    motion = Motion(position, fps=25, skeleton="dance_with_melody23")
    out = KinematicsTransformer(scale="body").fit_transform(motion)
    height = np.nanmedian(position / out.position)
    # Centimetres.
    assert 140 < height < 200
