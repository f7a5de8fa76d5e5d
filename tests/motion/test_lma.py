"""LMAFeaturizer: the paper's five features a window, and further groups by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf import KeyframeSegmenter, KinematicsTransformer, LMAFeaturizer, Motion
from sklearn_asdf.functional import lma
from sklearn_asdf.functional.windows import frame_windows
from sklearn_asdf.motion.lma_groups import CLIP_GROUPS, WINDOW_GROUPS
from sklearn_asdf.motion.skeletons import get_skeleton

COCO = get_skeleton("coco17")
GROUPS = (*WINDOW_GROUPS, *CLIP_GROUPS)
PAPER = ("effort", "shape")
FEATURES = ["weight", "time", "space", "flow", "shape"]


def waving(n_clips=4, n_frames=240, n_axes=2, fps=30.0, seed=0):
    """Smooth movement of a body: every joint swings about its place, below 2 Hz."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_frames)[:, None, None] / fps
    place = rng.normal(size=(n_clips, 1, 17, n_axes))
    swings = [
        rng.normal(size=place.shape) * np.sin(2 * np.pi * f * t + rng.uniform(0, 6, place.shape))
        for f in (0.4, 0.9, 1.7)
    ]
    return Motion(place + 0.1 * sum(swings), fps=fps, skeleton=COCO)


def staged(motion, n_keyframes=10, **kinematics):
    kinematics = KinematicsTransformer(**kinematics).fit_transform(motion)
    return KeyframeSegmenter(n_keyframes=n_keyframes).fit_transform(kinematics)


def test_columns_are_windows_of_five_features():
    featurizer = LMAFeaturizer(groups=PAPER).set_output(transform="pandas")
    table = featurizer.fit_transform(staged(waving(), 4))
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == [f"window{w}_{f}" for w in (1, 2, 3) for f in FEATURES]
    assert table.shape == (4, 15)


@pytest.mark.parametrize("space", ["directness", "path_ratio"])
def test_features_are_equations_2_to_6_with_the_weights_of_the_paper(space):
    motion = staged(waving())
    table = LMAFeaturizer(groups=PAPER, space=space).fit_transform(motion).reshape(4, 9, 5)
    index = COCO.indices(["nose", "left_wrist", "right_wrist", "left_ankle", "right_ankle"])
    weight, time, other = np.zeros((3, 17))
    weight[index] = 0.1, 0.3, 0.3, 0.15, 0.15
    time[index] = 0.3, 0.25, 0.25, 0.1, 0.1
    other[index] = 0.1, 0.225, 0.225, 0.225, 0.225
    windows = frame_windows(motion.keyframes)
    expected = [
        lma.effort_weight(motion.velocity, *windows, weight),
        lma.effort_time(motion.acceleration, *windows, time),
        lma.effort_space(motion.position, *windows, other, space=space),
        lma.effort_flow(motion.jerk, *windows, other),
        lma.shape_directional(motion.curvature, *windows, other),
    ]
    np.testing.assert_allclose(table, np.stack(expected, axis=-1), rtol=1e-10)


def test_what_no_stage_added_is_computed():
    motion = waving()
    kinematics = KinematicsTransformer().fit_transform(motion)
    np.testing.assert_array_equal(
        LMAFeaturizer().fit_transform(motion), LMAFeaturizer().fit_transform(kinematics)
    )


def test_without_keyframes_a_clip_is_one_window():
    motion = waving()
    whole = LMAFeaturizer().fit_transform(motion)
    assert whole.shape == (4, 5 + 8)
    clip = LMAFeaturizer(scope="clip").fit(staged(motion))
    assert clip.get_feature_names_out()[0] == "clip_weight"
    np.testing.assert_array_equal(clip.transform(staged(motion)), whole)


def test_steady_movement_has_weight_and_directness_alone():
    t = np.arange(60)[:, None, None] / 30
    motion = Motion((np.array([3.0, 4.0]) * t + np.ones((17, 2)))[None], skeleton=COCO)
    table = LMAFeaturizer(groups=PAPER).fit_transform(motion)
    np.testing.assert_allclose(table, [[25, 0, 1, 0, 0]], atol=1e-6)


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_enlarging_a_dance(factor):
    motion = waving()
    large = Motion(factor * motion.position, skeleton=COCO)
    expected = LMAFeaturizer().fit_transform(staged(motion)).reshape(-1, 13)
    got = LMAFeaturizer().fit_transform(staged(large)).reshape(-1, 13)
    # Weight by s^2, Time and Flow by s, Space not at all, curvature by 1 / s; lengths by s.
    powers = factor ** np.array([2, 1, 0, 1, -1.0, *[1] * 8])
    np.testing.assert_allclose(got, expected * powers, rtol=1e-6)
    scaled = [staged(m, scale="body") for m in (motion, large)]
    tables = [LMAFeaturizer(groups=GROUPS).fit_transform(m) for m in scaled]
    np.testing.assert_allclose(tables[1], tables[0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("n_axes", [2, 3])
def test_where_the_dancer_stands_and_faces_does_not_matter(n_axes):
    motion = waving(n_axes=n_axes)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(n_axes, n_axes)))[0]
    moved = Motion(motion.position @ turn + 10, skeleton=COCO)
    np.testing.assert_allclose(
        LMAFeaturizer(groups=PAPER).fit_transform(staged(moved)),
        LMAFeaturizer(groups=PAPER).fit_transform(staged(motion)),
        rtol=1e-6,
    )


def test_posture_does_not_depend_on_where_the_dancer_stands():
    motion = waving(n_axes=3)
    moved = Motion(motion.position + np.array([10, -3, 100]), skeleton=COCO)
    tables = [LMAFeaturizer(groups="posture").fit_transform(staged(m)) for m in (motion, moved)]
    np.testing.assert_allclose(tables[1], tables[0], rtol=1e-6)


def test_order_of_clips_does_not_matter():
    motion = staged(waving(6))
    featurizer = LMAFeaturizer(groups=GROUPS).fit(motion)
    order = [3, 0, 5, 1]
    np.testing.assert_allclose(
        featurizer.transform(motion[order]), featurizer.transform(motion)[order], rtol=1e-9
    )


def test_frame_rate_hardly_matters():
    # Ellipses that breathe: no joint comes to rest, where curvature peaks within a single frame.
    rng = np.random.default_rng(0)
    t = np.arange(960)[:, None] / 120
    turn = 2 * np.pi * rng.uniform(0.3, 1.2, (4, 1, 17)) * t + rng.uniform(0, 6, (4, 1, 17))
    round_ = np.stack([rng.uniform(1, 2, (4, 1, 17)) * np.cos(turn), np.sin(turn)], axis=-1)
    breath = 1 + 0.2 * np.sin(2 * np.pi * 0.4 * t)
    fast = Motion(round_ * breath[..., None], fps=120.0, skeleton=COCO)
    slow = Motion(fast.position[:, ::2], fps=60.0, skeleton=COCO)
    tables = []
    for motion, step in ((fast, 2), (slow, 1)):
        keyframes = np.tile(np.arange(0, 480, 60) * step, (4, 1))
        motion = replace(KinematicsTransformer().fit_transform(motion), keyframes=keyframes)
        tables.append(LMAFeaturizer().fit_transform(motion))
    # Heights have a sign, and may pass 0.
    np.testing.assert_allclose(tables[1], tables[0], rtol=0.02, atol=0.02)


def test_within_clip_scaling_hides_intensity():
    motion = waving()
    paper = LMAFeaturizer(groups=PAPER, normalize="clip", space="path_ratio")
    table = paper.fit_transform(staged(motion)).reshape(4, 9, 5)
    np.testing.assert_allclose(table.min(axis=1), 0)
    np.testing.assert_allclose(table.max(axis=1), 1)
    large = Motion(4 * motion.position, skeleton=COCO)
    again = paper.fit_transform(staged(large)).reshape(4, 9, 5)
    np.testing.assert_allclose(again, table, atol=1e-6)


def test_joint_weights_by_name():
    motion = waving()
    one = LMAFeaturizer(joint_weights={"left_wrist": 5}).fit_transform(motion)
    wrist = Motion(motion.position[:, :, [COCO.index("left_wrist")]])
    # Curvature is regularized by the speed of the whole body.
    np.testing.assert_allclose(one[:, :4], LMAFeaturizer().fit_transform(wrist)[:, :4], rtol=1e-9)
    mixed = LMAFeaturizer(joint_weights={"time": {"left_wrist": 1}}).fit_transform(motion)
    np.testing.assert_allclose(mixed[:, 1], one[:, 1])
    np.testing.assert_allclose(mixed[:, 0], LMAFeaturizer().fit_transform(motion)[:, 0])


def test_skeletons_without_the_joints_of_the_paper_are_weighted_uniformly():
    motion = waving()
    unnamed = Motion(motion.position[:, :, :5])
    np.testing.assert_array_equal(
        LMAFeaturizer().fit_transform(unnamed),
        LMAFeaturizer(joint_weights="uniform").fit_transform(unnamed),
    )
    weights = LMAFeaturizer().fit(motion).joint_weights_["flow"]
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).sum() == 5


def test_a_missing_joint_changes_little():
    motion = waving()
    everywhere = np.repeat(motion.position[:, :, :1], 17, axis=2)
    gappy = everywhere.copy()
    gappy[:, :, COCO.index("left_wrist")] = np.nan
    same, gap = (
        LMAFeaturizer().fit_transform(Motion(p, skeleton=COCO)) for p in (everywhere, gappy)
    )
    np.testing.assert_allclose(gap, same, rtol=1e-9, atol=1e-12)


@given(
    seed=st.integers(0, 10**6),
    n_frames=st.sampled_from([1, 2, 3, 7, 40]),
    n_joints=st.sampled_from([1, 2, 17]),
    n_axes=st.integers(1, 3),
    kind=st.sampled_from(["wild", "still", "nought", "closed", "gaps", "joint"]),
    scale=st.sampled_from([1e-12, 1.0, 1e12]),
    dtype=st.sampled_from([np.float32, np.float64]),
    params=st.sampled_from(
        [{}, {"space": "path_ratio", "normalize": "clip"}, {"groups": GROUPS, "scope": "clip"}]
    ),
    n_keyframes=st.sampled_from([None, 4]),
)
def test_the_table_is_finite(
    seed, n_frames, n_joints, n_axes, kind, scale, dtype, params, n_keyframes
):
    rng = np.random.default_rng(seed)
    position = scale * rng.normal(size=(2, n_frames, n_joints, n_axes)).cumsum(axis=1)
    if kind == "still":
        position[:] = position[:, :1]
    elif kind == "nought":
        position[:] = 0
    elif kind == "closed":
        position[:, -1] = position[:, 0]
    elif kind == "gaps":
        position[rng.random(position.shape[:3]) < 0.5] = np.nan
        position[:, n_frames // 2] = np.nan
        position[:, -1, 0] = scale
    elif kind == "joint" and n_joints > 1:
        position[:, :, 1] = np.nan
    motion = Motion(position.astype(dtype), skeleton=COCO if n_joints == 17 else None)
    if n_keyframes:
        motion = KeyframeSegmenter(n_keyframes=n_keyframes).fit_transform(motion)
    table = LMAFeaturizer(**{"groups": GROUPS, **params}).fit_transform(motion)
    assert np.isfinite(table).all()
    assert table.dtype == dtype


def test_nothing_moves_and_every_feature_of_effort_and_shape_is_0():
    still = Motion(np.full((2, 50, 17, 3), 0.3), skeleton=COCO)
    for space in ("directness", "path_ratio"):
        assert not LMAFeaturizer(groups=PAPER, space=space).fit_transform(staged(still)).any()


def test_blocks_and_threads_give_what_one_call_gives(monkeypatch):
    motion = staged(waving(7))
    whole = LMAFeaturizer(groups=GROUPS).fit_transform(motion)
    monkeypatch.setattr("sklearn_asdf.motion.lma._BLOCK", 20_000)
    for n_jobs in (None, 2):
        got = LMAFeaturizer(groups=GROUPS, n_jobs=n_jobs).fit_transform(motion)
        np.testing.assert_allclose(got, whole, rtol=1e-9, atol=1e-12)


def described(position, groups, **params):
    motion = position if isinstance(position, Motion) else Motion(position, skeleton=COCO)
    featurizer = LMAFeaturizer(groups=groups, scope="clip", **params)
    table = featurizer.set_output(transform="pandas").fit_transform(motion)
    return table.rename(columns=lambda name: name.removeprefix("clip_"))


def standing(n_frames=60):
    """A person of 1.7 m in metres, y up: only what the tests look at is exact."""
    places = {
        "nose": (0, 1.6), "left_eye": (0.03, 1.63), "right_eye": (-0.03, 1.63),
        "left_ear": (0.07, 1.6), "right_ear": (-0.07, 1.6),
        "left_shoulder": (0.2, 1.4), "right_shoulder": (-0.2, 1.4),
        "left_elbow": (0.3, 1.1), "right_elbow": (-0.3, 1.1),
        "left_wrist": (0.4, 0.8), "right_wrist": (-0.4, 0.8),
        "left_hip": (0.1, 0.9), "right_hip": (-0.1, 0.9),
        "left_knee": (0.1, 0.5), "right_knee": (-0.1, 0.5),
        "left_ankle": (0.15, 0.0), "right_ankle": (-0.15, 0.0),
    }  # fmt: skip
    return np.tile(np.array([places[j] for j in COCO.joints]), (1, n_frames, 1, 1))


def test_posture_is_what_a_ruler_tells():
    row = described(standing(), ["posture", "form"]).iloc[0]
    expected = {
        "height": 1.63, "width": 0.8, "hands_distance": 0.8, "feet_distance": 0.3,
        "hands_height": -0.1, "hips_height": 0.9, "hands_to_hips": np.hypot(0.4, 0.1),
    }  # fmt: skip
    for name, value in expected.items():
        assert row[name] == pytest.approx(value), name
    assert 0 < row["contraction"] < 1


@pytest.mark.parametrize("turn", ["upside down", "z up", "named"])
def test_up_is_where_the_head_is(turn):
    position = standing()
    expected = described(position, ["posture", "form", "level"]).iloc[0]
    params = {}
    if turn == "upside down":  # as in images, whose y points down
        position = position * [1, -1]
    elif turn == "named":
        position, params = position * [1, -1], {"up": "-y"}
    else:
        flat = np.concatenate([position, np.zeros((*position.shape[:3], 1))], axis=-1)
        expected = described(flat, ["posture", "form", "level"]).iloc[0]
        position = flat[..., [0, 2, 1]]
    got = described(position, ["posture", "form", "level"], **params).iloc[0]
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_symmetry():
    symmetric = described(standing(), ["symmetry"]).iloc[0]
    assert symmetric["asymmetry"] == pytest.approx(0, abs=1e-12)
    assert symmetric["speed_balance"] == 0
    waved = standing()
    waved[0, :, COCO.index("right_wrist"), 0] += 0.1 * np.sin(np.arange(60) / 3)
    one = described(waved, ["symmetry"]).iloc[0]
    assert one["asymmetry"] > 0.01
    assert one["speed_balance"] == pytest.approx(1)


def test_path_of_a_walk_up_and_down_a_step():
    walk = standing(61)
    t = np.arange(61)
    walk[0, :, :, 0] += t[:, None] / 30
    walk[0, :, :, 1] += np.interp(t, [0, 20, 40, 60], [0, 0.5, 0.5, 0.2])[:, None]
    row = described(walk, ["path", "timing", "energy"]).iloc[0]
    assert row["rise"] == pytest.approx(0.5)
    assert row["sink"] == pytest.approx(0.3)
    assert row["floor_width"] == pytest.approx(2)
    assert row["displacement"] == pytest.approx(np.hypot(2, 0.2))
    assert row["travel"] > row["displacement"]
    assert (row["start"], row["duration"]) == (0, pytest.approx(61 / 30))
    # All joints move alike, so does the center of mass.
    assert row["centre_speed"] == pytest.approx(row["quantity_of_motion"])
    assert row["kinetic_energy"] > 0.5 * row["quantity_of_motion"] ** 2


def test_tempo_of_a_swing_counts_there_and_back():
    swing = standing(240)
    t = np.arange(240) / 30
    for side in ("left", "right"):
        swing[0, :, COCO.index(f"{side}_wrist"), 0] += 0.2 * np.cos(2 * np.pi * 0.8 * t)
    row = described(swing, ["periodicity", "pulse"]).iloc[0]
    assert row["tempo"] == pytest.approx(96, rel=0.01)
    assert row["tempo_strength"] > 0.9
    assert row["beat_cos"] > 0.95  # at rest at the first frame
    assert row[[c for c in row.index if c.startswith("pulse")]].idxmax() == "pulse_95bpm"


def test_a_jolt_is_sudden_and_a_tremor_is_not_fluid():
    t = np.arange(60) / 30
    swing, jolt = standing(), standing()
    wrist = COCO.index("left_wrist")
    swing[0, :, wrist, 0] += 0.2 * np.sin(2 * np.pi * 0.5 * t)
    jolt[0, :, wrist, 0] += 0.2 * np.tanh(15 * (t - 1))
    shaky = swing.copy()
    shaky[0, :, wrist, 0] += 0.02 * np.sin(2 * np.pi * 5 * t)
    poses = np.concatenate([swing, jolt, shaky])
    table = described(poses, ["suddenness", "fluidity", "level"])
    assert table["suddenness"][1] > 2 * table["suddenness"][0]
    assert table["impulse"][1] > table["impulse"][0]
    assert table["sparc"][2] < table["sparc"][0]
    assert table["jerk_peaks"][2] > 2 * table["jerk_peaks"][0]
    assert table["log_jerk"][1] > table["log_jerk"][0]


def test_short_gestures_are_sharp():
    rate = 2 * np.pi * 0.8
    t = np.arange(600) / 60
    swing, gestures, still = (standing(600) for _ in range(3))
    for side in ("left", "right"):
        wrist = COCO.index(f"{side}_wrist")
        swing[0, :, wrist, 0] += 10 * np.cos(rate * t)
        gestures[0, :, wrist, 0] += 10 * np.tanh(6 * np.cos(rate * t))
    motion = Motion(np.concatenate([swing, gestures, still]), fps=60, skeleton=COCO)
    table = described(motion, ["sharpness"])
    # Of a sine the mean derivatives differ by the rate, and the peak speed is pi / 2 of the mean.
    assert table["hands_suddenness"][0] == pytest.approx(np.log(rate), abs=0.02)
    assert table["hands_jerkiness"][0] == pytest.approx(np.log(rate), abs=0.03)
    assert table["hands_peak"][0] == pytest.approx(np.log(np.pi / 2), abs=0.02)
    for name in ("hands_peak", "hands_suddenness", "hands_jerkiness"):
        assert table[name][1] > table[name][0] + 0.3
    np.testing.assert_allclose(table.loc[2], 0.0, atol=1e-9)


def test_columns_of_joints_that_are_not_there_are_left_out():
    legs = Motion(standing()[:, :, 11:], skeleton=None)
    names = set(described(legs, GROUPS).columns)
    assert "hands_distance" not in names
    assert "asymmetry" not in names
    assert {"spread", "tempo", "travel"} <= names


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"groups": ["effor"]}, "Did you mean 'effort'"),
        ({"groups": "shapes"}, "Did you mean 'shape'"),
        ({"groups": []}, "expected at least one group"),
        ({"space": "direct"}, "Did you mean 'directness'"),
        ({"normalize": "clips"}, "Did you mean 'clip'"),
        ({"joint_weights": "papers"}, "Did you mean 'paper'"),
        ({"joint_weights": {}}, "weights of at least one joint"),
        ({"joint_weights": {"left_wirst": 1}}, "Did you mean 'left_wrist'"),
        ({"joint_weights": {"left_wrist": -1}}, "a number of at least 0, got -1"),
        ({"joint_weights": {"left_wrist": "heavy"}}, "got 'heavy'"),
        ({"joint_weights": {"left_wrist": 0}}, "got only zeros"),
        ({"joint_weights": {"wait": {"left_wrist": 1}}}, "Did you mean 'weight'"),
    ],
)
def test_refusals(params, sentence):
    with pytest.raises(ValueError, match=sentence):
        LMAFeaturizer(**params).fit(waving(1, n_frames=20))


def test_weights_by_name_need_names():
    with pytest.raises(ValueError, match="pass a Motion with a skeleton"):
        LMAFeaturizer(joint_weights={"wrist": 1}).fit(np.zeros((2, 20)))


def test_all_problems_are_told_at_once():
    with pytest.raises(ValueError, match=r"\(1\) .*'effor'.*\(2\) .*'left_wirst'"):
        LMAFeaturizer(groups=["effor"], joint_weights={"left_wirst": 1}).fit(waving(1, n_frames=20))


def test_keyframes_that_do_not_fit():
    motion = waving(2, n_frames=40)
    featurizer = LMAFeaturizer().fit(staged(motion, 5))
    with pytest.raises(ValueError, match="fitted on clips of 4 windows, got 2: give clips with 5"):
        featurizer.transform(staged(motion, 3))
    for keyframes, sentence in (
        ([[3], [4]], "at least 2 keyframes per clip, got 1"),
        ([[0, 90], [0, 9]], "expected keyframes from 0 to 40, got 0 to 90"),
        ([[9, 3], [0, 9]], "ascending order"),
    ):
        with pytest.raises(ValueError, match=sentence):
            LMAFeaturizer().fit(replace(motion, keyframes=np.array(keyframes)))


class TestSteps:
    """Features of equal steps of a clip."""

    @pytest.fixture
    def motion(self):
        # Every joint moves along x at 1 per second, rests from 1 to 2 s, and moves again.
        time = np.arange(90) / 30
        x = np.where(time < 1, time, np.where(time < 2, 1, time - 1))
        body = np.random.default_rng(0).normal(size=(17, 2))
        position = body + np.stack([x, 0 * x], axis=-1)[:, None]
        return Motion(position[None], fps=30, skeleton="coco17")

    def test_a_step_has_the_speed_of_its_frames(self, motion):
        lma = LMAFeaturizer(groups="effort", up="y", step_duration=0.5, step_groups="moment")
        table = lma.set_output(transform="pandas").fit_transform(motion)
        assert lma.n_steps_ == 6
        speeds = [table[f"step{step}_hands_speed"].iloc[0] for step in range(6)]
        np.testing.assert_allclose(speeds, [1, 1, 0, 0, 1, 1], atol=0.12)
        rise = table[[f"step{step}_hips_rise" for step in range(6)]]
        np.testing.assert_allclose(rise, 0, atol=1e-9)

    def test_a_body_that_glides_has_no_speed_of_its_pose(self, motion):
        wave = np.zeros(motion.position.shape)
        wave[0, :, 9, 1] = 15 * np.arange(90) / 30
        seen = motion.position.copy()
        seen[:, 20:40, 3] = np.nan
        lma = LMAFeaturizer(groups="effort", step_duration=0.5, step_groups="stillness")
        lma.set_output(transform="pandas")
        for position, expected in (
            (motion.position, 0.0),
            (seen, 0.0),
            # One of 17 joints moves by 15 per second, and the others about their mean.
            (motion.position + wave, 2 * 15 * 16 / 17**2),
        ):
            table = lma.fit_transform(replace(motion, position=position))
            speeds = table[[f"step{step}_pose_speed" for step in range(6)]]
            np.testing.assert_allclose(speeds, expected, atol=1e-6)

    def test_a_step_has_the_values_of_its_window(self, motion):
        motion = replace(motion, keyframes=np.array([[6, 40, 70]]))
        lma = LMAFeaturizer(groups=["effort"], step_duration=0.5, step_groups=["effort"])
        table = lma.set_output(transform="pandas").fit_transform(motion)
        # Steps end at frames 15, 30, ...; their middles lie in the first window up to frame 40.
        windows = [1, 1, 1, 2, 2, 2]
        for step, window in enumerate(windows):
            assert table[f"step{step}_time"].iloc[0] == table[f"window{window}_time"].iloc[0]

    def test_columns_are_ordered_by_time_and_come_last(self, motion):
        lma = LMAFeaturizer(groups=["effort", "level"], step_duration=1.0).fit(motion)
        names = [n for n in lma.get_feature_names_out() if n.startswith("step")]
        assert names == list(lma.get_feature_names_out()[-len(names) :])
        steps = [int(n.split("_")[0].removeprefix("step")) for n in names]
        assert steps == sorted(steps)
        assert steps.count(0) == steps.count(2) == len(names) // 3
        plain = LMAFeaturizer(groups=["effort", "level"]).fit(motion)
        np.testing.assert_array_equal(
            plain.transform(motion), lma.transform(motion)[:, : -len(names)]
        )

    def test_unnamed_joints_have_fewer_columns(self):
        table = LMAFeaturizer(step_duration=1.0, step_groups="moment").fit(np.zeros((1, 60, 4, 2)))
        names = [n for n in table.get_feature_names_out() if n.startswith("step0")]
        assert names == ["step0_speed", "step0_acceleration"]

    def test_unknown_group(self, motion):
        with pytest.raises(ValueError, match=r"expected step_groups to be some of .* got 'momnt'"):
            LMAFeaturizer(step_duration=0.5, step_groups=["momnt"]).fit(motion)
