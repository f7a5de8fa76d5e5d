"""Skeletons: every registered one is a whole body, and other names are understood."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.motion.skeletons import Skeleton, get_skeleton, guess_skeleton, list_skeletons

NAMES = list_skeletons()


@pytest.mark.parametrize("name", NAMES)
def test_registered_skeletons_are_whole(name):
    skeleton = get_skeleton(name)
    assert len(skeleton) == int(name[-2:])
    assert len(skeleton.limb_bones) == 8
    assert skeleton.spine == (("left_hip", "right_hip"), ("left_shoulder", "right_shoulder"))
    assert skeleton.masses.shape == (len(skeleton),)
    assert skeleton.masses.sum() == pytest.approx(1)
    assert (skeleton.masses >= 0).all()
    assert repr(skeleton) == f"get_skeleton({name!r})"
    assert {j for bone in skeleton.bones for j in bone} == set(skeleton.joints)
    assert len({frozenset(bone) for bone in skeleton.bones}) == len(skeleton.bones)


@pytest.mark.parametrize("name", NAMES)
def test_mirroring_changes_nothing_but_sides(name):
    skeleton = get_skeleton(name)
    mirror = {a: b for pair in skeleton.left_right for a, b in (pair, pair[::-1])}
    sided = [j for j in skeleton.joints if j.startswith(("left_", "right_"))]
    assert sorted(mirror) == sorted(sided)
    for left, right in skeleton.left_right:
        assert left.startswith("left_")
        assert right == "right_" + left[5:]
        assert skeleton.masses[skeleton.index(left)] == pytest.approx(
            skeleton.masses[skeleton.index(right)]
        )
    bones = {frozenset(bone) for bone in skeleton.bones}
    assert bones == {frozenset(mirror.get(j, j) for j in bone) for bone in bones}


def test_orders_that_files_rely_on():
    coco = get_skeleton("coco17")
    assert [coco.index(j) for j in ("nose", "left_wrist", "right_wrist", "right_ankle")] == [
        0, 9, 10, 16,
    ]  # fmt: skip
    body25 = get_skeleton("openpose25")
    assert [body25.joints[i] for i in (4, 8, 11, 14, 19, 22)] == [
        "right_wrist", "pelvis", "right_ankle", "left_ankle", "left_big_toe", "right_big_toe",
    ]  # fmt: skip
    body18 = get_skeleton("openpose18")
    assert [body18.joints[i] for i in (2, 7, 8, 13, 14, 17)] == [
        "right_shoulder", "left_wrist", "right_hip", "left_ankle", "right_eye", "left_ear",
    ]  # fmt: skip
    mediapipe = get_skeleton("mediapipe33")
    assert [mediapipe.joints[i] for i in (5, 11, 15, 24, 28, 32)] == [
        "right_eye", "left_shoulder", "left_wrist", "right_hip", "right_ankle", "right_foot_index",
    ]  # fmt: skip
    smpl = get_skeleton("smpl24")
    assert [smpl.joints[i] for i in (0, 1, 8, 12, 15, 17, 20, 23)] == [
        "pelvis", "left_hip", "right_ankle", "neck", "head", "right_shoulder", "left_wrist",
        "right_hand",
    ]  # fmt: skip
    kinect = get_skeleton("kinect25")
    assert [kinect.joints[i] for i in (0, 3, 4, 11, 12, 19, 20, 24)] == [
        "pelvis", "head", "left_shoulder", "right_hand", "left_hip", "right_foot",
        "spine_shoulder", "right_thumb",
    ]  # fmt: skip
    h36m = get_skeleton("h36m17")
    assert [h36m.joints[i] for i in (1, 6, 10, 13, 16)] == [
        "right_hip", "left_ankle", "head", "left_wrist", "right_wrist",
    ]  # fmt: skip
    melody = get_skeleton("dance_with_melody23")
    assert [melody.joints[i] for i in (2, 5, 9, 14, 18)] == [
        "waist", "right_wrist", "right_ankle", "left_wrist", "left_ankle",
    ]  # fmt: skip


def test_names_by_which_files_call_joints():
    parts = ("UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand")
    sided = [side + part for side in ("Left", "Right") for part in parts]
    bvh = Skeleton(["Hips", "Spine", "Neck", "Head", *sided])
    assert len(bvh.limb_bones) == 8
    assert ("LeftArm", "LeftForeArm") in bvh.limb_bones
    assert bvh.spine == (("LeftUpLeg", "RightUpLeg"), ("LeftArm", "RightArm"))
    found = {"pelvis": "Hips", "left_wrist": "LeftHand", "left_toe": "LeftToeBase"}
    found |= {"left_shoulder": "LeftArm", "LeftShoulder": "LeftShoulder", "head": "Head"}
    for name, joint in found.items():
        assert bvh.find(name) == joint
    assert bvh.find("tail") is None
    for spelling in ("RWrist", "R_Wrist", "r-wrist", "wrist_right", "WristRight", "rightWrist"):
        assert Skeleton(["x", spelling]).find("right_wrist") == spelling
    assert Skeleton(["lCollar", "lShldr", "lForeArm"]).limb_bones == (("lShldr", "lForeArm"),)
    assert Skeleton(["mixamorig:LeftForeArm"]).find("left_elbow") == "mixamorig:LeftForeArm"


def test_unknown_names_get_a_hint():
    with pytest.raises(ValueError, match="Did you mean 'coco17'"):
        get_skeleton("coc17")
    with pytest.raises(ValueError, match="Did you mean 'left_wrist'"):
        get_skeleton("coco17").index("left_wirst")
    assert get_skeleton("PoseNet") is get_skeleton("coco17")
    assert guess_skeleton(16) is None


def test_custom_skeletons():
    snake = Skeleton(["tail", "middle", "front"], [("tail", "middle"), ("middle", "front")])
    assert snake.limb_bones == snake.bones
    assert snake.spine is None
    assert snake.left_right == ()
    np.testing.assert_allclose(snake.masses, 1 / 3)
    assert snake == Skeleton(snake.joints, snake.bones)
    assert hash(snake) == hash(Skeleton(snake.joints, snake.bones))
    assert snake.indices(snake.bones).tolist() == [[0, 1], [1, 2]]
    assert repr(snake) == "Skeleton(3 joints, 2 bones)"


@pytest.mark.parametrize(
    ("joints", "bones", "sentence"),
    [
        ([], (), "at least one joint"),
        (["a", "a"], (), "each joint name once"),
        (["left", "right"], [("left", "rright")], "Did you mean 'right'"),
        (["a", "b"], [("a", "b", "a")], "a pair of joint names"),
        (["a", 3], (), "each with a name"),
    ],
)
def test_wrong_skeletons_are_refused(joints, bones, sentence):
    with pytest.raises(ValueError, match=sentence):
        Skeleton(joints, bones)
    with pytest.raises(TypeError, match="got the string"):
        Skeleton("abc")


def test_center_of_mass_of_an_upright_body():
    coco = get_skeleton("coco17")
    heights = {"nose": 1.7, "eye": 1.72, "ear": 1.7, "shoulder": 1.45, "elbow": 1.15}
    heights |= {"wrist": 0.9, "hip": 0.93, "knee": 0.5, "ankle": 0.08}
    y = np.array([heights[j.split("_")[-1]] for j in coco.joints])
    # Standing humans have theirs at some 55 to 57 % of their height, here 1.8 m.
    assert 0.53 < coco.masses @ y / 1.8 < 0.58
