"""BVH: the positions that follow from a hierarchy and its angles."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from sklearn_asdf.io import read_poses

ORDERS = ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"]


def rotations(order):
    return " ".join(f"{axis}rotation" for axis in order)


def bvh(root_order="ZXY", joint_order="ZXY", frames=((0,) * 9,), step=0.01):
    rows = "\n".join(" ".join(map(str, frame)) for frame in frames)
    return f"""HIERARCHY
ROOT Hips
{{
\tOFFSET 0 0 0
\tCHANNELS 6 Xposition Yposition Zposition {rotations(root_order)}
\tJOINT Left Leg
\t{{
\t\tOFFSET 1 -2 3
\t\tCHANNELS 3 {rotations(joint_order)}
\t\tEnd Site
\t\t{{
\t\t\tOFFSET 0 -4 1
\t\t}}
\t}}
}}
MOTION
Frames: {len(frames)}
Frame Time: {step}
{rows}
"""


def matrix(order, degrees):
    """Each axis's rotation written out, multiplied in the order of the channels."""
    product = np.eye(3)
    for axis, angle in zip(order, np.deg2rad(degrees)):
        c, s = np.cos(angle), np.sin(angle)
        i, j = {"X": (1, 2), "Y": (2, 0), "Z": (0, 1)}[axis]
        turn = np.eye(3)
        turn[[i, j], [i, j]] = c
        turn[i, j], turn[j, i] = -s, s
        product = product @ turn
    return product


@pytest.mark.parametrize("root_order", ORDERS)
@pytest.mark.parametrize("joint_order", ["ZXY", "XYZ", "YZX"])
def test_each_joint_turns_in_its_own_order(tmp_path, root_order, joint_order):
    rng = np.random.default_rng(0)
    frames = np.hstack([rng.normal(size=(5, 3)), rng.uniform(-180, 180, (5, 6))])
    path = tmp_path / "take.bvh"
    path.write_text(bvh(root_order, joint_order, frames.tolist()))
    motion = read_poses(path, end_sites=True)
    assert motion.skeleton.joints == ("Hips", "Left Leg", "Left Leg_end")
    assert motion.skeleton.bones == (("Hips", "Left Leg"), ("Left Leg", "Left Leg_end"))
    assert motion.fps == 100
    for frame, pose in zip(frames, motion.position[0]):
        root = matrix(root_order, frame[3:6])
        leg = frame[:3] + root @ [1, -2, 3]
        tip = leg + root @ matrix(joint_order, frame[6:]) @ [0, -4, 1]
        assert_allclose(pose, [frame[:3], leg, tip], atol=1e-12)
        # The same by scipy, whose upper case means axes that turn along.
        assert_allclose(
            pose[1] - pose[0],
            Rotation.from_euler(root_order, frame[3:6], degrees=True).apply([1, -2, 3]),
            atol=1e-12,
        )


def test_tips_are_left_out_unless_asked_for(tmp_path):
    path = tmp_path / "take.bvh"
    path.write_text(bvh())
    assert read_poses(path).skeleton.joints == ("Hips", "Left Leg")


def test_position_channels_replace_the_offset_unless_all_zero(tmp_path):
    text = bvh(frames=[[0] * 12, [0] * 12])
    text = text.replace(
        "CHANNELS 3 Zrotation",
        "CHANNELS 6 Xposition Yposition Zposition Zrotation",
    )
    path = tmp_path / "take.bvh"
    path.write_text(text)
    assert_allclose(read_poses(path).position[0, :, 1], [[1, -2, 3]] * 2)
    moved = [0] * 6 + [1, -2, 5] + [0] * 3
    path.write_text(text.replace(" ".join(["0"] * 12), " ".join(map(str, moved))))
    assert_allclose(read_poses(path).position[0, :, 1], [[1, -2, 5]] * 2)


def test_printed_frame_times_mean_whole_rates(tmp_path):
    path = tmp_path / "take.bvh"
    for step, fps in [("0.008333", 120), ("0.0333333", 30), (".0416667", 24), ("0.04", 25)]:
        path.write_text(bvh(step=step))
        assert read_poses(path).fps == fps
    path.write_text(bvh(step="0.0333667"))
    assert read_poses(path).fps == pytest.approx(29.97, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[: t.index("MOTION")], "without a MOTION part"),
        (lambda t: t[: t.index("Frame Time")], "'Frames:' and 'Frame Time:'"),
        (lambda t: t[:-4], "promises 1 frames of 9 channels but holds 7 values"),
        (lambda t: t.replace("Frames: 1", "Frames: 12"), "promises 12 frames"),
        (lambda t: t[: t.index("Time: 0.01") + 10].replace("s: 1", "s: 0"), "holds 0 values"),
        (lambda t: t.replace("0 0 0 0", "0 0 x 0"), "no numbers"),
        (lambda t: t.replace("}", "", 1), "unbalanced braces"),
        (lambda t: t.replace("OFFSET 1", "OFFSET one"), "damaged BVH hierarchy"),
        (lambda t: t.replace("Zrotation", "Wrotation"), "unknown BVH channel 'Wrotation'"),
        (lambda t: t.replace("OFFSET 1", "OFFSETS 1"), "unexpected word 'OFFSETS'"),
        (lambda t: t.replace("Time: 0.01", "Time: 0"), "frame time '0'"),
    ],
)
def test_damaged_files_end_in_a_sentence(tmp_path, change, message):
    path = tmp_path / "take.bvh"
    path.write_text(change(bvh()))
    with pytest.raises(ValueError, match=rf"expected poses in .*take\.bvh.*{message}"):
        read_poses(path)


ARM = """HIERARCHY
ROOT Hips
{
	OFFSET 1 2 3
	CHANNELS 3 Xposition Yposition Zposition
	JOINT Upper
	{
		OFFSET 0 5 0
		CHANNELS 2 Zrotation Xrotation
		JOINT Knee
		{
			OFFSET 0 -4 0
			CHANNELS 1 Zrotation
			JOINT Tip
			{
				OFFSET 2.5 0 0
				CHANNELS 0
				End Site
				{
					OFFSET 1 0 0
				}
			}
		}
	}
}
MOTION
Frames: 3
Frame Time: 0.0333333
1.5 0.0 0.0 90.0 0.0 0.0
0.0 0.0 0.5 90.0 0.0 90.0
0.0 0.0 0.0 0.0 90.0 0.0
"""
# By hand. Frame 0: Z by 90 degrees turns -y into x and x into y. Frame 1: the knee turns once
# more, so that x becomes -x. Frame 2: X by 90 degrees turns -y into -z and leaves x.
ARM_POSES = np.array([
    [[1.5, 0, 0], [1.5, 5, 0], [5.5, 5, 0], [5.5, 7.5, 0]],
    [[0, 0, 0.5], [0, 5, 0.5], [4, 5, 0.5], [1.5, 5, 0.5]],
    [[0, 0, 0], [0, 5, 0], [0, 5, -4], [2.5, 5, -4]],
])  # fmt: skip
ROWS = ARM[ARM.index("1.5 0.0") :]


@pytest.mark.parametrize(
    "write",
    [
        lambda t: t,
        lambda t: t.replace("ROOT Hips\n{", "ROOT Hips{").replace("Site\n\t\t\t\t{", "Site{"),
        lambda t: t.replace("ROOT Hips\n{\n\t", "ROOT Hips{ "),
        lambda t: t.replace("HIERARCHY", "Hierarchy").replace("MOTION", "Motion"),
        lambda t: (
            t.replace("ROOT", "root").replace("JOINT", "Joint").replace("End Site", "END SITE")
        ),
        lambda t: t.replace("OFFSET", "Offset").replace("CHANNELS", "channels"),
        lambda t: t.replace("Frames:", "FRAMES :").replace("Frame Time:", "frame time:\t"),
        lambda t: t.replace(ROWS, ROWS.replace(".", ",")).replace("0.0333333", "0,0333333"),
        lambda t: t.replace(".", ","),
        lambda t: t.replace(ROWS, ROWS.replace(" ", ", ")),
        lambda t: t.replace(ROWS, ROWS.replace(" ", ",")),
        lambda t: t.replace("OFFSET 1 2 3", "OFFSET 1.0, 2.0, 3.0"),
        lambda t: t.replace("Frames: 3", "Frames: 2"),
        lambda t: t.replace("Frames: 3", "Frames: 5"),
        lambda t: t.replace("Frames: 3", "Frames: 0"),
        lambda t: t.replace("\n", "\r\n"),
        lambda t: "\ufeff" + t,
        lambda t: t.replace("End Site", "EndSite"),
    ],
)
def test_how_writers_write_it(tmp_path, write):
    path = tmp_path / "take.bvh"
    path.write_bytes(write(ARM).encode())
    motion = read_poses(path)
    assert motion.fps == 30
    assert motion.skeleton.joints == ("Hips", "Upper", "Knee", "Tip")
    assert_allclose(motion.position[0], ARM_POSES, atol=1e-12)


@pytest.mark.parametrize(
    "name",
    ["Locomotion", "MOTION", "MOTION_ref", "Joint", "End", "Offset", "Root Joint", "Channels 3"],
)
def test_joints_may_be_called_like_a_keyword(tmp_path, name):
    path = tmp_path / "take.bvh"
    path.write_text(ARM.replace("JOINT Upper", f"JOINT {name}"))
    motion = read_poses(path)
    assert motion.skeleton.joints == ("Hips", name, "Knee", "Tip")
    assert_allclose(motion.position[0], ARM_POSES, atol=1e-12)


def test_a_long_take_with_many_frames_missing_is_cut_off(tmp_path):
    path = tmp_path / "take.bvh"
    text = ARM.replace("Frames: 3", "Frames: 400").replace(ROWS, "0 0 0 0 0 0\n" * 381)
    path.write_text(text)
    assert read_poses(path).n_frames == 381
    path.write_text(text.replace("Frames: 400", "Frames: 402"))
    with pytest.raises(ValueError, match="promises 402 frames"):
        read_poses(path)


@pytest.mark.real_data
def test_bones_of_real_dancers_keep_their_length(data_dir):
    files = [*sorted(data_dir.glob("salsa_bvh/*.bvh.gz"))[:3]]
    files += data_dir.glob("laban_efforts/*.bvh.gz")
    assert files
    for file in files:
        motion = read_poses(file, end_sites=True)
        assert motion.fps == 120
        ends = motion.skeleton.indices(motion.skeleton.bones)
        bone = np.diff(motion.position[0][:, ends], axis=2)[:, :, 0]
        length = np.linalg.norm(bone, axis=-1)
        assert np.ptp(length, axis=0).max() < 1e-9 * length.max()


@pytest.mark.real_data
def test_real_dancers_stand_upright_on_the_floor(data_dir):
    file = sorted(data_dir.glob("salsa_bvh/*.bvh.gz"))[0]
    motion = read_poses(file)
    height = motion.position[0, ..., 1]
    joints = motion.skeleton.joints
    hip, head = height[:, joints.index("hip")], height[:, joints.index("head")]
    feet = height[:, [joints.index("lFoot"), joints.index("rFoot")]]
    assert (head > hip).all()
    assert (hip[:, None] > feet).all()
    # A dancer's hips move about, but no faster than a person runs.
    body = np.median(head - feet.min(axis=1))
    step = np.linalg.norm(np.diff(motion.position[0, :, joints.index("hip")], axis=0), axis=-1)
    assert step.max() * motion.fps < 5 * body
    with gzip.open(file, "rt") as text:
        assert f"Frames: {motion.n_frames}" in text.read()
