"""Text exports of motion capture systems: TRC, Qualisys, Motive, Nexus, MVNX, and AMASS's NPZ."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf.io import read_poses

NAN = np.nan
# Two frames of three markers; the second marker is not seen in the first frame.
SEEN = np.array(
    [
        [[1.5, 2.0, 3.0], [NAN, NAN, NAN], [7.0, 8.0, 9.0]],
        [[1.25, 2.0, 3.0], [4.0, 5.0, 6.0], [-7.0, 0.0, 9.0]],
    ]
)

TRC = (
    "PathFileType\t4\t(X/Y/Z)\ttake.trc\r\n"
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
    "OrigNumFrames\r\n"
    "60.00\t60.00\t2\t3\tm\t60.00\t1\t2\r\n"
    "Frame#\tTime\tRHip\t\t\tLHip\t\t\tHead\t\t\r\n"
    "\t\tX1\tY1\tZ1\tX2\tY2\tZ2\tX3\tY3\tZ3\r\n"
    "\r\n"
    "1\t0.000\t1.5\t2.0\t3.0\t\t\t\t7.0\t8.0\t9.0\r\n"
    "2\t0.017\t1.25\t2.0\t3.0\t4.0\t5.0\t6.0\t-7.0\t0.0\t9.0\r\n"
)
QUALISYS = (
    "NO_OF_FRAMES\t2\nNO_OF_CAMERAS\t8\nNO_OF_MARKERS\t3\nFREQUENCY\t60\nNO_OF_ANALOG\t0\n"
    "ANALOG_FREQUENCY\t0\nDESCRIPTION\t--\nTIME_STAMP\t2014-02-11, 12:07:10\t1.5\n"
    "DATA_INCLUDED\t3D\nMARKER_NAMES\tRHip\tLHip\tHead\n"
    "1.5\t2.0\t3.0\t0.000\t0.000\t0.000\t7.0\t8.0\t9.0\n"
    "1.25\t2.0\t3.0\t4.0\t5.0\t6.0\t-7.0\t0.0\t9.0\n"
)
# As newer versions write it, with the columns of frame and time and an empty cell where unseen.
QUALISYS_TIMES = (
    QUALISYS[: QUALISYS.index("1.5\t2.0")]
    + "TRAJECTORY_TYPES\tMeasured\tMeasured\tMixed\nFrame\tTime\tRHip X\tRHip Y\tRHip Z\n"
    "1\t0.0\t1.5\t2.0\t3.0\t\t\t\t7.0\t8.0\t9.0\n"
    "2\t0.01667\t1.25\t2.0\t3.0\t4.0\t5.0\t6.0\t-7.0\t0.0\t9.0\n"
)
MOTIVE = (
    "Format Version,1.23,Take Name,Take 1,Capture Frame Rate,240.0,Export Frame Rate,60.0,"
    "Rotation Type,Quaternion,Length Units,Meters,Coordinate Space,Global\n"
    "\n"
    ",Type" + ",Bone" * 21 + ",Marker,Marker,Marker\n"
    ",Name" + ",Anna:RHip" * 7 + ",Anna:LHip" * 7 + ",Anna:Head" * 7 + ",M1,M1,M1\n"
    ",ID" + ",1" * 7 + ",2" * 7 + ",3" * 7 + ",4,4,4\n"
    "," + ",Rotation,Rotation,Rotation,Rotation,Position,Position,Position" * 3
    + ",Position,Position,Position\n"
    "Frame,Time (Seconds)" + ",X,Y,Z,W,X,Y,Z" * 3 + ",X,Y,Z\n"
    "0,0.0,0,0,0,1,1.5,2.0,3.0,0,0,0,1,,,,0,0,0,1,7.0,8.0,9.0,5,5,5\n"
    "1,0.016667,0,0,0,1,1.25,2.0,3.0,0,0,0,1,4.0,5.0,6.0,0,0,0,1,-7.0,0.0,9.0,5,5,5\n"
)  # fmt: skip
NEXUS = (
    "Trajectories\n60\n,,Anna:RHip,,,Anna:LHip,,,Anna:Head,,,*110,,,Anna:RKneeAngles,,\n"
    "Frame,Sub Frame" + ",X,Y,Z" * 5 + "\n"
    ",," + "mm,mm,mm," * 4 + "deg,deg,deg\n"
    "1,0,1.5,2.0,3.0,,,,7.0,8.0,9.0,1,1,1,5,5,5\n"
    "2,0,1.25,2.0,3.0,4.0,5.0,6.0,-7.0,0.0,9.0,,,,5,5,5\n"
)
MVNX = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<mvnx version="4">\n'
    '<subject label="Anna" frameRate="60" segmentCount="3">\n<segments>\n'
    '<segment label="RHip" id="1"><points/></segment>\n<segment label="LHip" id="2"/>\n'
    '<segment label="Head" id="3"/>\n</segments>\n<frames>\n'
    '<frame time="0" type="identity"><position>0 0 0 0 0 0 0 0 1</position></frame>\n'
    '<frame time="0" index="0" type="normal">\n<orientation>1 0 0 0</orientation>\n'
    "<position>1.5 2.0 3.0 0 0 0 7.0 8.0 9.0</position>\n</frame>\n"
    '<frame time="16" index="1" type="normal">'
    "<position>1.25 2.0 3.0 4.0 5.0 6.0 -7.0 0.0 9.0</position></frame>\n"
    "</frames>\n</subject>\n</mvnx>\n"
)
EXPORTS = {
    "trc": TRC,
    "qualisys": QUALISYS,
    "qualisys-times": QUALISYS_TIMES,
    "motive": MOTIVE,
    "nexus": NEXUS,
    "mvnx": MVNX,
}


@pytest.mark.parametrize("name", EXPORTS)
def test_markers_rate_and_names(tmp_path, name):
    path = tmp_path / "take.txt"
    path.write_text(EXPORTS[name])
    motion = read_poses(path)
    assert motion.fps == 60
    assert motion.skeleton.joints == ("RHip", "LHip", "Head")
    assert_array_equal(motion.position[0], SEEN)
    assert motion.skeleton.find("left_hip") == "LHip"


@pytest.mark.parametrize("name", ["trc", "qualisys", "qualisys-times"])
def test_an_export_that_is_cut_off_is_refused(tmp_path, name):
    path = tmp_path / "take.txt"
    whole = EXPORTS[name].rstrip()
    path.write_text(whole[: whole.rindex("\n")])
    with pytest.raises(ValueError, match=r"states 2 frames but holds 1: it is cut off"):
        read_poses(path)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_without_frames_is_refused(tmp_path, name):
    path = tmp_path / "take.txt"
    last = ("9.0", "normal")
    lines = [line for line in EXPORTS[name].splitlines() if not any(mark in line for mark in last)]
    path.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"expected poses in .* is an? .*without (frames|pos)"):
        read_poses(path)


def test_two_subjects_are_two_people(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text(
        "Trajectories\n100\n,,Anna:Head,,,Ben:Head,,,Ben:LHip,,\n"
        "Frame,Sub Frame,X,Y,Z,X,Y,Z,X,Y,Z\n,,mm,mm,mm,mm,mm,mm,mm,mm,mm\n"
        "1,0,1,2,3,4,5,6,4,5,1\n2,0,1,2,3,4,5,7,4,5,1\n"
    )
    anna, ben = (read_poses(path, person=i) for i in (0, 1))
    assert anna.skeleton.joints == ben.skeleton.joints == ("Head", "LHip")
    assert_array_equal(anna.position[0], [[[1, 2, 3], [NAN] * 3]] * 2)
    assert_array_equal(ben.position[0], [[[4, 5, 6], [4, 5, 1]], [[4, 5, 7], [4, 5, 1]]])


def test_nexus_with_semicolons_and_decimal_commas(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text(NEXUS.replace(",", ";").replace(".", ","))
    assert_array_equal(read_poses(path).position[0], SEEN)


def test_motive_without_a_skeleton_gives_its_named_markers(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text(
        "Format Version,1.21,Take Name,T,Capture Frame Rate,100.0\n"
        ",Type,Marker,Marker,Marker,Marker,Marker,Marker\n"
        ",Name,Unlabeled 1002,Unlabeled 1002,Unlabeled 1002,L Hand,L Hand,L Hand\n"
        ",,Position,Position,Position,Position,Position,Position\n"
        "Frame,Time,X,Y,Z,X,Y,Z\n0,0,1,2,3,4,5,6\n1,0.01,1,2,3,4,5,7\n"
    )
    motion = read_poses(path)
    assert motion.fps == 100
    assert motion.skeleton.joints == ("L Hand",)
    assert_array_equal(motion.position[0, :, 0], [[4, 5, 6], [4, 5, 7]])


def test_an_mvnx_file_of_two_people_is_refused(tmp_path):
    path = tmp_path / "take.mvnx"
    path.write_text(MVNX.replace("</subject>", '</subject><subject label="Ben">'))
    with pytest.raises(ValueError, match="several people: export one file for each"):
        read_poses(path)


@pytest.mark.parametrize("width", [72, 156, 165])
def test_amass_rotations_give_a_body(tmp_path, width):
    poses = np.zeros((3, width))
    # SMPL-H and SMPL-X have fingers where SMPL has hands.
    poses[:, 66:] = 0.5
    # The left elbow is bent by a right angle about the vertical in the last frame.
    poses[2, 3 * 18 + 1] = np.pi / 2
    trans = np.array([[0.0, 0, 1], [0, 0, 1], [1, 0, 1]])
    np.savez(
        tmp_path / "a.npz", poses=poses, trans=trans, mocap_frame_rate=120.0, betas=np.ones(16)
    )
    motion = read_poses(tmp_path / "a.npz")
    assert motion.fps == 120
    assert motion.skeleton.name == "smpl24"
    at = dict(zip(motion.skeleton.joints, np.moveaxis(motion.position[0], 1, 0)))
    assert_array_equal(at["pelvis"], trans)
    # 1.7 m tall: a forearm of .146 statures, first along x, then along z.
    forearm = at["left_wrist"] - at["left_elbow"]
    assert_allclose(np.abs(forearm), [[0.2482, 0, 0]] * 2 + [[0, 0, 0.2482]], atol=1e-12)


def test_amass_of_a_hand_alone_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", poses=np.zeros((3, 45)), trans=np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"SMPL rotations of shape \(3, 45\), expected 66 columns"):
        read_poses(tmp_path / "a.npz")
