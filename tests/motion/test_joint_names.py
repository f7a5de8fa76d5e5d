"""Names of joints in the styles of trackers, rigs and marker sets."""

from __future__ import annotations

import pytest

from sklearn_asdf.motion.joint_names import plain
from sklearn_asdf.motion.skeletons import Skeleton, get_skeleton, list_skeletons, named_skeleton

LIMBS = ["shoulder", "elbow", "wrist", "hip", "knee", "ankle"]


@pytest.mark.parametrize(
    "name",
    [
        "right_shoulder", "RShoulder", "rShoulder", "Rshoulder", "rshoulder", "r_shoulder",
        "R_Shoulder", "r.shoulder", "R-Shoulder", "right shoulder", "RightShoulder",
        "rightShoulder", "Right_Shoulder", "RIGHT_SHOULDER", "rightshoulder", "Shoulder_R",
        "shoulder.R", "shoulder_r", "ShoulderR", "ShoulderRight", "SHOULDER_RIGHT",
        "shoulderright", "shoulder-right", "mixamorig:RightShoulder", "Dancer 1:RShoulder",
        "Armature|Shoulder.R", "rt_shoulder",
    ],
)  # fmt: skip
def test_one_joint_in_many_styles(name):
    assert plain(name) == "right_shoulder"
    assert Skeleton(["x", name]).find("right_shoulder") == name
    assert Skeleton(["x", name]).side(name) == "right"


@pytest.mark.parametrize(
    "name", ["Leg", "Rib", "lower_back", "Root", "Lumbar", "reference", "leftover", "L5", "Locator"]
)
def test_names_that_begin_like_a_side(name):
    if name != "leftover":
        assert Skeleton(["x", name]).side(name) is None


# The joints of shoulder, elbow, wrist, hip, knee and ankle on the left, and the whole skeleton.
RIGS = {
    "mixamo": (
        "{0}Arm {0}ForeArm {0}Hand {0}UpLeg {0}Leg {0}Foot",
        "{0}Shoulder {0}ToeBase {0}Toe_End {0}HandIndex1",
        "Hips Spine Spine1 Spine2 Neck Head HeadTop_End",
        ("mixamorig:{}", "mixamorig1:{}", "mixamorig_{}", "mixamorig{}", "{}", "Character1_{}"),
        ("Left", "Right"),
    ),
    "unity": (
        "{0}UpperArm {0}LowerArm {0}Hand {0}UpperLeg {0}LowerLeg {0}Foot",
        "{0}Shoulder {0}Toes",
        "Hips Spine Chest UpperChest Neck Head",
        ("{}",),
        ("Left", "Right"),
    ),
    "unreal": (
        "upperarm_{0} lowerarm_{0} hand_{0} thigh_{0} calf_{0} foot_{0}",
        "clavicle_{0} ball_{0}",
        "root pelvis spine_01 spine_02 neck_01 head",
        ("{}",),
        ("l", "r"),
    ),
    "rigify": (
        "upper_arm.{0} forearm.{0} hand.{0} thigh.{0} shin.{0} foot.{0}",
        "shoulder.{0} toe.{0}",
        "hips spine chest neck head",
        ("{}", "DEF-{}", "ORG-{}"),
        ("L", "R"),
    ),
    "biped": (
        "{0} UpperArm;{0} Forearm;{0} Hand;{0} Thigh;{0} Calf;{0} Foot",
        "{0} Clavicle;{0} Toe0",
        "Pelvis;Spine;Spine1;Neck;Head",
        ("Bip01 {}", "Bip001 {}"),
        ("L", "R"),
    ),
    "vrm": (
        "{0}_UpperArm {0}_LowerArm {0}_Hand {0}_UpperLeg {0}_LowerLeg {0}_Foot",
        "{0}_Shoulder {0}_ToeBase",
        "C_Hips C_Spine C_Chest C_Neck C_Head",
        ("J_Bip_{}",),
        ("L", "R"),
    ),
    "motive": (
        "{0}UArm {0}FArm {0}Hand {0}Thigh {0}Shin {0}Foot",
        "{0}Shoulder {0}Toe",
        "Hip Ab Chest Neck Head",
        ("{}", "Skeleton 001:{}"),
        ("L", "R"),
    ),
    "xsens bvh": (
        "{0}Shoulder {0}Elbow {0}Wrist {0}Hip {0}Knee {0}Ankle",
        "{0}Collar {0}Toe",
        "Hips Chest Chest2 Chest3 Chest4 Neck Head",
        ("{}",),
        ("Left", "Right"),
    ),
    "xsens segments": (
        "{0} Upper Arm;{0} Forearm;{0} Hand;{0} Upper Leg;{0} Lower Leg;{0} Foot",
        "{0} Shoulder;{0} Toe",
        "Pelvis;L5;L3;T12;T8;Neck;Head",
        ("{}",),
        ("Left", "Right"),
    ),
    "rokoko": (
        "{0}Arm {0}ForeArm {0}Hand {0}Thigh {0}Shin {0}Foot",
        "{0}Shoulder {0}Toe {0}ToeTip",
        "Hips Spine1 Spine2 Spine3 Neck Head",
        ("{}",),
        ("Left", "Right"),
    ),
    "acclaim": (
        "{0}humerus {0}radius {0}wrist {0}femur {0}tibia {0}foot",
        "{0}clavicle {0}hand {0}toes {0}hipjoint {0}fingers",
        "root lowerback upperback thorax lowerneck head",
        ("{}",),
        ("l", "r"),
    ),
    "plug-in gait": (
        "{0}SHO {0}ELB {0}WRA {0}ASI {0}KNE {0}ANK",
        "{0}FHD {0}BHD {0}UPA {0}FRM {0}FIN {0}WRB {0}PSI {0}THI {0}TIB {0}HEE {0}TOE",
        "C7 T10 CLAV STRN RBAK",
        ("{}", "Ann:{}"),
        ("L", "R"),
    ),
    "arkit": (
        "{0}_arm {0}_forearm {0}_hand {0}_upLeg {0}_leg {0}_foot",
        "{0}_shoulder_1 {0}_toes",
        "root hips spine_1 spine_2 neck_1 head",
        ("{}_joint",),
        ("left", "right"),
    ),
    "openpose": (
        "{0}Shoulder {0}Elbow {0}Wrist {0}Hip {0}Knee {0}Ankle",
        "{0}Eye {0}Ear {0}BigToe {0}SmallToe {0}Heel",
        "Nose Neck MidHip",
        ("{}",),
        ("L", "R"),
    ),
    "azure kinect": (
        "SHOULDER_{0} ELBOW_{0} WRIST_{0} HIP_{0} KNEE_{0} ANKLE_{0}",
        "CLAVICLE_{0} HAND_{0} HANDTIP_{0} FOOT_{0}",
        "PELVIS SPINE_NAVAL SPINE_CHEST NECK HEAD",
        ("{}",),
        ("LEFT", "RIGHT"),
    ),
    "makehuman": (
        "upperarm01.{0} lowerarm01.{0} wrist.{0} upperleg01.{0} lowerleg01.{0} foot.{0}",
        "clavicle.{0} upperarm02.{0} lowerarm02.{0} upperleg02.{0} toe1-1.{0}",
        "root spine05 spine01 neck01 head",
        ("{}",),
        ("L", "R"),
    ),
    "daz": (
        "{0}ShldrBend {0}ForearmBend {0}Hand {0}ThighBend {0}Shin {0}Foot",
        "{0}Collar {0}ShldrTwist {0}ThighTwist {0}Toe",
        "hip pelvis abdomenLower chestUpper neckLower head",
        ("{}",),
        ("l", "r"),
    ),
}


@pytest.mark.parametrize(
    ("rig", "style"), [(rig, style) for rig, parts in RIGS.items() for style in parts[3]]
)
def test_rigs_and_marker_sets(rig, style):
    limbs, more, center, _, sides = RIGS[rig]
    blank = ";" if ";" in limbs else None
    left, right = ([style.format(n) for n in limbs.format(side).split(blank)] for side in sides)
    rest = [style.format(n) for side in sides for n in more.format(side).split(blank)]
    skeleton = named_skeleton(
        [*(style.format(n) for n in center.split(blank)), *rest, *left, *right]
    )
    assert [skeleton.find(f"left_{part}") for part in LIMBS] == left
    assert [skeleton.find(f"right_{part}") for part in LIMBS] == right
    # Limbs, left and right, the trunk, and bones by which all of them hang together.
    assert len(skeleton.limb_bones) == 8
    assert {(a, b) for a, b in zip(left, right)} <= set(skeleton.left_right)
    assert all(
        (skeleton.side(a), skeleton.side(b)) == ("left", "right") for a, b in zip(left, right)
    )
    assert skeleton.spine == ((left[3], right[3]), (left[0], right[0]))
    connected = {left[0]}
    while more_bones := [b for b in skeleton.bones if len(connected & set(b)) == 1]:
        connected |= {joint for bone in more_bones for joint in bone}
    assert set(left) | set(right) <= connected
    assert set(skeleton.limb_bones) <= set(skeleton.bones)


def test_a_collar_bone_is_not_the_shoulder():
    arms = ["LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand"]
    assert Skeleton(arms).find("left_shoulder") == "LeftArm"
    assert Skeleton(arms).find("left_collar") == "LeftShoulder"
    # Markers on the upper arm of a body whose joints have their own names.
    marked = Skeleton(["LeftShoulder", "LeftUpperArm", "LeftElbow"])
    assert marked.find("left_shoulder") == "LeftShoulder"


def test_numbered_sides_are_not_guessed():
    deep = Skeleton(["hip1", "knee1", "hip2", "knee2"])
    assert deep.find("pelvis") is None
    assert deep.left_right == ()


@pytest.mark.parametrize("name", list_skeletons())
def test_bones_follow_from_the_names_of_registered_joints(name):
    registered = get_skeleton(name)
    own = named_skeleton(registered.joints[::-1])
    assert own.name is None
    assert own.limb_bones == registered.limb_bones
    assert set(registered.limb_bones) <= {b for bone in own.bones for b in (bone, bone[::-1])}
    assert named_skeleton(registered.joints) is registered


def test_names_that_only_count_are_no_names():
    assert named_skeleton(["joint0", "joint1"]) is None
    assert named_skeleton(["0", "1", "2"]) is None
    assert named_skeleton(["1", "2"]).joints == ("1", "2")
    assert named_skeleton(["LHip", "LKnee"], []).bones == ()
