"""What was not seen does not become a number, where that is asked for; units of the columns."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf import KeyframeSegmenter, LMAFeaturizer, Motion, make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.motion.lma_groups import CLIP_GROUPS, WINDOW_GROUPS

ALL = [*WINDOW_GROUPS, *CLIP_GROUPS]
POSES = make_dance_music(n_clips=2, clip_duration=4.0, dropout=0.0, random_state=0).poses
KEYFRAMES = np.array([[0, 30, 60, 90, 120]] * 2)


def motion_of(position, keyframes=KEYFRAMES):
    return Motion(position, fps=30, skeleton=POSES.skeleton, keyframes=keyframes)


def table_of(motion, **parameters):
    lma = LMAFeaturizer(**parameters).set_output(transform="pandas")
    return lma.fit(motion_of(POSES.position)).transform(motion)


def test_windows_in_which_too_little_was_seen_are_nan():
    position = POSES.position.copy()
    position[0, 30:60] = np.nan
    # Ten of thirty frames of the third window, twenty of the fourth.
    position[0, 60:70] = np.nan
    position[0, 100:120] = np.nan
    motion = motion_of(position)
    table = table_of(motion, missing="nan")
    for name in ("weight", "time", "space", "flow", "shape", "height"):
        seen = [np.isfinite(table[f"window{w}_{name}"]).tolist() for w in (1, 2, 3, 4)]
        assert seen == [[True, True], [False, True], [True, True], [False, True]]
    stricter = table_of(motion, missing="nan", min_seen=0.9)
    assert np.isnan(stricter["window3_weight"][0])
    # What remains is the same.
    zero = table_of(motion)
    assert np.isfinite(zero).all(axis=None)
    np.testing.assert_array_equal(zero.to_numpy()[table.notna()], table.to_numpy()[table.notna()])


def test_joints_count_by_their_weight():
    position = POSES.position.copy()
    skeleton = POSES.skeleton
    hands = skeleton.indices(["left_wrist", "right_wrist"])
    position[:, :, hands] = np.nan
    # Of Weight, the hands are 60 %, of Space 45 %, of the joints 2 of 17.
    table = table_of(motion_of(position), missing="nan", groups=["effort", "energy"])
    assert table.filter(like="_weight").isna().all(axis=None)
    assert table.filter(like="_space").notna().all(axis=None)
    assert table.filter(like="quantity_of_motion").notna().all(axis=None)
    table = table_of(motion_of(position), missing="nan", joint_weights={"head": 1})
    assert table.filter(like="_weight").notna().all(axis=None)


def test_whole_clips_and_steps():
    position = POSES.position.copy()
    position[0, 10:100] = np.nan
    parameters = {"groups": ["timing", "level", "periodicity"], "step_duration": 1.0}
    table = table_of(motion_of(position), missing="nan", **parameters)
    assert table.filter(like="clip_").isna().loc[0].all()
    assert table.filter(like="clip_").notna().loc[1].all()
    assert table.filter(like="window").notna().all(axis=None)
    steps = table.loc[0, [f"step{i}_hands_speed" for i in range(4)]]
    assert steps.isna().tolist() == [True, True, True, False]
    weights = table.loc[0, [f"step{i}_weight" for i in range(4)]]
    assert weights.isna().tolist() == [True, True, True, False]


def test_scaling_within_the_clip_leaves_out_what_is_missing():
    position = POSES.position.copy()
    position[0, 30:60] = np.nan
    motion = motion_of(position)
    table = table_of(motion, missing="nan", normalize="clip")
    weight = table.loc[0, [f"window{w}_weight" for w in (1, 2, 3, 4)]].to_numpy()
    plain = table_of(motion, missing="nan").loc[0, [f"window{w}_weight" for w in (1, 2, 3, 4)]]
    low, high = plain.min(), plain.max()
    np.testing.assert_allclose(weight, (plain - low) / (high - low), rtol=1e-6)
    assert np.isnan(weight[1])
    assert (np.nanmin(weight), np.nanmax(weight)) == (0, 1)


def test_complete_poses_have_the_same_table():
    for groups in (ALL, ["effort"]):
        expected = table_of(motion_of(POSES.position), groups=groups)
        found = table_of(motion_of(POSES.position), groups=groups, missing="nan")
        np.testing.assert_array_equal(found, expected)


def test_a_pipeline_fills_short_gaps_and_leaves_long_ones():
    position = POSES.position.copy()
    position[0, 20:30] = np.nan
    position[1, 40:100] = np.nan
    lma = make_lma_pipeline(n_keyframes=5).set_params(lma__missing="nan")
    table = lma.set_output(transform="pandas").fit_transform(motion_of(position, None))
    windows = table[[f"window{w}_weight" for w in (1, 2, 3, 4)]]
    assert windows.loc[0].notna().all()
    assert windows.loc[1].isna().any()
    assert np.isfinite(lma.set_params(lma__missing="zero").fit_transform(position)).all(axis=None)


def test_every_column_has_its_unit():
    motion = KeyframeSegmenter(n_keyframes=3).fit_transform(POSES)
    lma = LMAFeaturizer(groups=ALL, step_duration=1.0, length_unit="m").fit(motion)
    units = lma.feature_units_
    assert list(units) == list(lma.get_feature_names_out())
    expected = {
        "window1_weight": "m²/s²", "window1_time": "m/s²", "window2_space": "",
        "window2_flow": "m/s³", "window2_shape": "m⁻¹", "window1_duration": "s",
        "window1_hull_area": "m²", "window1_jerk_peaks": "s⁻¹", "clip_tempo": "BPM",
        "clip_log_speed": "", "clip_body_height": "m", "step0_hands_speed": "m/s",
        "step1_acceleration": "m/s²", "step3_head_vertical": "m", "step2_weight": "m²/s²",
    }  # fmt: skip
    assert {name: units[name] for name in expected} == expected


def test_units_follow_a_change_of_scale():
    """A feature in L^n is multiplied by c^n where the poses are multiplied by c."""
    c = 4.0
    one, other = (
        LMAFeaturizer(groups=ALL, step_duration=1.0).set_output(transform="pandas")
        for _ in range(2)
    )
    table = one.fit_transform(motion_of(POSES.position))
    scaled = other.fit_transform(motion_of(c * POSES.position))
    powers = {"": 0, "L⁻¹": -1, "L²": 2, "s": 0, "s⁻¹": 0, "BPM": 0}
    for name, unit in one.feature_units_.items():
        if "_log_" in name:
            continue
        power = powers.get(unit.partition("/s")[0] if unit[:1] == "L" else unit, 1)
        np.testing.assert_allclose(
            scaled[name], c**power * table[name], rtol=1e-3, atol=1e-4, err_msg=name
        )


def test_units_of_presets_and_of_scaled_features():
    lma = make_lma_pipeline(n_keyframes=4).fit(POSES)
    assert lma[-1].feature_units_["window1_weight"] == "H²/s²"
    assert lma[-1].feature_units_["clip_body_height"] == "H"
    paper = make_lma_pipeline(preset="paper", n_keyframes=4).fit(POSES)
    assert set(paper[-1].feature_units_.values()) == {""}
    with pytest.raises(AttributeError):
        LMAFeaturizer().feature_units_  # noqa: B018
