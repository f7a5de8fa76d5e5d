"""Joints from the markers of motion capture."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import features_table
from sklearn_asdf.functional.hip_centers import hip_centers
from sklearn_asdf.motion import Motion, Skeleton, joints_of_markers
from sklearn_asdf.motion.markers import MARKER_SETS, find_marker_set

_HALF = ["LSHO", "LELB", "LWRA", "LWRB", "LFIN", "LASI", "LPSI", "LKNE", "LANK", "LHEE", "LTOE"]
_HALF += ["LFHD", "LBHD"]
PLUG_IN_GAIT = [*_HALF, *(name.replace("L", "R", 1) for name in _HALF), "C7", "T10", "CLAV", "STRN"]


def take_of(names, n_frames=5, seed=0):
    position = np.random.default_rng(seed).normal(size=(1, n_frames, len(names), 3))
    return Motion(position, fps=100, skeleton=Skeleton(names))


def marker(take, name):
    return take.position[:, :, take.skeleton.joints.index(name)]


def test_plug_in_gait_has_all_canonical_joints():
    take = take_of(PLUG_IN_GAIT)
    assert find_marker_set(PLUG_IN_GAIT) == "plug_in_gait"
    body = joints_of_markers(take)
    at = dict(zip(body.skeleton.joints, np.moveaxis(body.position, 2, 0)))
    head = sum(marker(take, f"{side}{place}HD") for side in "LR" for place in "FB") / 4
    assert_allclose(at["head"], head)
    assert_allclose(at["left_wrist"], (marker(take, "LWRA") + marker(take, "LWRB")) / 2)
    assert_array_equal(at["right_ankle"], marker(take, "RANK"))
    assert_allclose(at["pelvis"], (at["left_hip"] + at["right_hip"]) / 2)
    for name in ("neck", "left_shoulder", "right_elbow", "left_hip", "right_knee"):
        assert body.skeleton.find(name) == name
    assert body.fps == 100


def test_hips_stand_in_the_body_whatever_its_direction():
    # Inches of a dancer who looks along x: front 10 apart, back 8 behind.
    front_left, front_right, back = np.array([[0.0, 5, 40], [0, -5, 40], [-8, 0, 40.0]])
    expected = [[-1.9, 3.6, 37.0], [-1.9, -3.6, 37.0]]
    assert_allclose(hip_centers(front_left, front_right, back), expected)
    # The same body turned about all axes.
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    turned = [point @ turn.T for point in (front_left, front_right, back)]
    assert_allclose(hip_centers(*turned), np.array(expected) @ turn.T)


def test_a_joint_without_one_of_its_markers_is_not_seen():
    take = take_of(PLUG_IN_GAIT)
    take.position[0, 2, PLUG_IN_GAIT.index("LWRB")] = np.nan
    body = joints_of_markers(take, "plug_in_gait")
    lost = np.isnan(body.position[0]).any(axis=-1)
    assert lost[2, body.skeleton.joints.index("left_wrist")]
    assert lost.sum() == 1


def test_markers_that_a_take_lacks_are_left_out():
    take = take_of([name for name in PLUG_IN_GAIT if name not in ("LBHD", "RBHD", "LELB", "LPSI")])
    body = joints_of_markers(take, "plug_in_gait")
    head = body.position[:, :, body.skeleton.joints.index("head")]
    assert_allclose(head, (marker(take, "LFHD") + marker(take, "RFHD")) / 2)
    assert body.skeleton.find("left_elbow") is None
    assert body.skeleton.find("left_hip") is None


def test_qualisys_markers_are_found():
    names = [m for markers in MARKER_SETS["qualisys"].values() for m in markers]
    names += ["WaistLFront", "WaistRFront", "WaistBack"]
    body = joints_of_markers(take_of(names), "auto")
    assert {"head", "left_wrist", "left_hip", "right_toe"} <= set(body.skeleton.joints)


def test_joints_of_a_dict():
    take = take_of(["a", "b", "c"])
    body = joints_of_markers(take, {"left_wrist": ["a", "b"], "head": "c"})
    assert body.skeleton.joints == ("left_wrist", "head")
    assert_allclose(body.position[:, :, 0], take.position[:, :, :2].mean(axis=2))


@pytest.mark.parametrize(
    ("joints", "message"),
    [
        ("auto", "expected the markers of plug_in_gait or qualisys, got LWRA, LWRB: pass a dict"),
        ("plug_in_gate", "Did you mean 'plug_in_gait'"),
        ({"left_wrist": ["LWRA", "LWRC"]}, r"for 'left_wrist', got 'LWRC'\. Did you mean 'LWRB'"),
        ({"left_wrist": []}, "at least one marker for 'left_wrist'"),
        ({}, "expected joints as a dict"),
    ],
)
def test_what_is_no_joint_is_said(joints, message):
    with pytest.raises((ValueError, TypeError), match=message):
        joints_of_markers(take_of(["LWRA", "LWRB"]), joints)


def test_the_table_of_markers_has_the_weights_of_a_body():
    rng = np.random.default_rng(0)
    path = rng.normal(size=(1, 90, len(PLUG_IN_GAIT), 3)).cumsum(axis=1)
    take = Motion(path, fps=30, skeleton=Skeleton(PLUG_IN_GAIT))
    with pytest.warns(UserWarning, match="These are markers: pass joints='plug_in_gait'"):
        features_table({"a": take})
    table = features_table({"a": take}, joints="auto")
    expected = features_table({"a": joints_of_markers(take)})
    assert_array_equal(table["window1_weight"], expected["window1_weight"])
