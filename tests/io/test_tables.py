"""Tables of poses: wide, long, DeepLabCut's, SLEAP's, and without names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklearn_asdf.io import read_poses
from sklearn_asdf.io._options import Options
from sklearn_asdf.io._read import read_with
from sklearn_asdf.motion.skeletons import Skeleton, get_skeleton


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_wide_table_with_times(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text(
        "frame,time,hip_x,hip_y,hip_confidence,left_hand_x,left_hand_y,left_hand_confidence\n"
        "0,0.00,1,2,0.5,3,4,0.9\n"
        "1,0.04,,,0,5,6,0.8\n"
        "4,0.16,7,8,0.7,9,10,0\n"
    )
    motion = read_poses(path)
    assert motion.fps == 25
    assert motion.skeleton.joints == ("hip", "left_hand")
    assert motion.shape == (1, 5, 2, 2)
    expected = np.full((5, 2, 2), np.nan)
    expected[0], expected[1, 1], expected[4, 0] = [[1, 2], [3, 4]], [5, 6], [7, 8]
    assert_array_equal(motion.position[0], expected)
    assert_array_equal(motion.confidence[0, [0, 1, 4]], [[0.5, 0.9], [0, 0.8], [0.7, 0]])


@pytest.mark.parametrize("sep", [",", ";", "\t"])
def test_long_table_gives_the_same_as_a_wide_one(tmp_path, rng, sep):
    pose = rng.normal(size=(4, 17, 3))
    names = get_skeleton("coco17").joints
    rows = [
        {"frame": t, "joint": name, "x": x, "y": y, "z": z, "score": 0.5}
        for t in range(4)
        for name, (x, y, z) in zip(names, pose[t])
        if (t, name) != (2, "nose")
    ]
    path = tmp_path / "take.csv"
    pd.DataFrame(rows).to_csv(path, sep=sep, index=False)
    motion = read_poses(path, fps=30)
    assert motion.skeleton.name == "coco17"
    pose[2, 0] = np.nan
    assert_array_equal(motion.position[0], pose)
    assert motion.confidence[0, 2, 0] == 0
    assert motion.confidence[0, 2, 1] == 0.5


def test_a_joint_twice_in_a_frame_is_refused(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text("frame,joint,x,y\n0,hip,1,2\n0,hip,1,2\n")
    with pytest.raises(ValueError, match="a joint twice in one frame"):
        read_poses(path)


DLC = """\
scorer,DLC_resnet50,DLC_resnet50,DLC_resnet50,DLC_resnet50,DLC_resnet50,DLC_resnet50
bodyparts,hip,hip,hip,hand,hand,hand
coords,x,y,likelihood,x,y,likelihood
0,1.5,2.5,0.9,3.5,4.5,0.1
1,5.5,6.5,0.8,7.5,8.5,1.0
"""


def test_deeplabcut(tmp_path):
    path = tmp_path / "takeDLC_resnet50.csv"
    path.write_text(DLC)
    motion = read_poses(path, fps=30, min_confidence=0.5)
    assert motion.skeleton.joints == ("hip", "hand")
    nan = np.nan
    assert_array_equal(motion.position[0], [[[1.5, 2.5], [nan, nan]], [[5.5, 6.5], [7.5, 8.5]]])
    assert_array_equal(motion.confidence[0, 1], [0.8, 1.0])


def test_deeplabcut_with_several_dancers(tmp_path):
    lines = DLC.splitlines()
    path = tmp_path / "take.csv"
    people = "individuals," + ",".join(["ann"] * 3 + ["bob"] * 3)
    parts = "bodyparts," + ",".join(["hip"] * 6)
    path.write_text("\n".join([lines[0], people, parts, *lines[2:]]) + "\n")
    assert_array_equal(
        read_poses(path, fps=30, person=1).position[0, :, 0], [[3.5, 4.5], [7.5, 8.5]]
    )


@pytest.mark.parametrize("suffix", ["csv", "h5"])
def test_triangulated_deeplabcut_has_depth_and_no_likelihood(tmp_path, rng, suffix):
    pose = rng.normal(size=(6, 3, 3))
    pose[2, 1] = np.nan
    names = ["scorer", "bodyparts", "coords"]
    columns = pd.MultiIndex.from_product([["DLC_3D"], ["head", "hip", "foot"], list("xyz")])
    table = pd.DataFrame(pose.reshape(6, 9), columns=columns.set_names(names))
    path = tmp_path / f"take.{suffix}"
    if suffix == "h5":
        pytest.importorskip("tables")
        pytest.importorskip("h5py")
        table.to_hdf(path, key="df_with_missing", mode="w")
    else:
        table.to_csv(path)
    motion = read_poses(path, fps=60)
    assert_array_equal(motion.position[0], pose)
    assert motion.confidence is None
    assert motion.skeleton.joints == ("head", "hip", "foot")


def test_deeplabcut_without_a_likelihood(tmp_path):
    path = tmp_path / "take.csv"
    lines = [",".join(np.delete(line.split(","), [3, 6])) for line in DLC.splitlines()]
    path.write_text("\n".join(lines) + "\n")
    motion = read_poses(path, fps=30, min_confidence=0.5)
    assert_array_equal(motion.position[0], [[[1.5, 2.5], [3.5, 4.5]], [[5.5, 6.5], [7.5, 8.5]]])
    # Without it in one cell: that joint is not known to be doubtful.
    path.write_text(DLC.replace("3.5,4.5,0.1", "3.5,4.5,"))
    motion = read_poses(path, fps=30, min_confidence=0.5)
    assert_array_equal(motion.position[0, 0, 1], [3.5, 4.5])
    assert_array_equal(motion.confidence[0], [[0.9, np.nan], [0.8, 1.0]])


def test_deeplabcut_labels_lie_where_their_images_do(tmp_path):
    path = tmp_path / "CollectedData_me.csv"
    path.write_text(
        "scorer,,,me,me,me,me\nbodyparts,,,hip,hip,hand,hand\ncoords,,,x,y,x,y\n"
        "labeled-data,video,img010.png,1,2,3,4\n"
        "labeled-data,video,img009.png,5,6,,\n"
        "labeled-data,video,img012.png,7,8,9,10\n"
    )
    nan = np.nan
    assert_array_equal(
        read_poses(path, fps=30).position[0],
        [
            [[5, 6], [nan, nan]],
            [[1, 2], [3, 4]],
            [[nan, nan], [nan, nan]],
            [[7, 8], [9, 10]],
        ],
    )


@pytest.mark.parametrize(
    ("text", "pose"),
    [
        ("frame;hip_x;hip_y\n0;1,5;-2,25\n1;3;4e1\n", [[1.5, -2.25], [3, 40]]),
        ("sep=;\nframe;hip_x;hip_y\n0;1,5;-2,25\n1;3;,5\n", [[1.5, -2.25], [3, 0.5]]),
        ("hip_x\thip_y\n1,5\t-2,25\n3,0\t4,0\n", [[1.5, -2.25], [3, 4]]),
        ('hip_x,hip_y\n"1,5","-2,25"\n3,4\n', [[1.5, -2.25], [3, 4]]),
        ("hip_x;hip_y\n1.5;-2.25\n3;4\n", [[1.5, -2.25], [3, 4]]),
        ("frame;joint;x;y\n0;hip;1,5;-2,25\n1;hip;3,0;4,0\n", [[1.5, -2.25], [3, 4]]),
        (
            "scorer;net;net\nbodyparts;hip;hip\ncoords;x;y\n0;1,5;-2,25\n1;3,0;4,0\n",
            [[1.5, -2.25], [3, 4]],
        ),
    ],
)
def test_decimal_commas(tmp_path, text, pose):
    path = tmp_path / "take.csv"
    path.write_text(text)
    assert_array_equal(read_poses(path, fps=30).position[0, :, 0], pose)


def test_decimal_commas_in_times_and_without_names(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text("time;hip_x;hip_y\n0,00;1,5;2\n0,04;1;2\n")
    assert read_poses(path).fps == 25
    path.write_text("1,5;2,5\n3,5;4,5\n")
    motion = read_poses(path, fps=30, skeleton=Skeleton(["hip"]))
    assert_array_equal(motion.position[0, :, 0], [[1.5, 2.5], [3.5, 4.5]])


def test_sleap_frames_corrected_by_hand_have_no_score(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text(
        "track,frame_idx,instance.score,hip.x,hip.y,hip.score,hand.x,hand.y,hand.score\n"
        "a,0,0.9,1,2,0.9,3,4,0.1\n"
        "a,1,,5,6,,7,8,\n"
    )
    motion = read_poses(path, fps=30, min_confidence=0.5)
    nan = np.nan
    assert_array_equal(motion.position[0], [[[1, 2], [nan, nan]], [[5, 6], [7, 8]]])
    assert_array_equal(motion.confidence[0], [[0.9, 0], [nan, nan]])


def test_sleap_csv(tmp_path):
    path = tmp_path / "take.csv"
    path.write_text(
        "track,frame_idx,instance.score,hip.x,hip.y,hip.score,hand.x,hand.y,hand.score\n"
        "track_0,10,0.9,1,1,0.9,2,2,0.8\n"
        "track_1,10,0.9,1,1,0.9,20,20,0.8\n"
        "track_1,12,0.9,5,5,0.9,25,25,0.8\n"
    )
    motion = read_poses(path, fps=30)
    assert motion.skeleton.joints == ("hip", "hand")
    assert_array_equal(motion.position[0, [0, 2]], [[[1, 1], [20, 20]], [[5, 5], [25, 25]]])
    assert np.isnan(motion.position[0, 1]).all()


def test_captures_without_names(tmp_path, rng):
    values = rng.normal(size=(5, 72)).round(3)
    path = tmp_path / "Dab.csv"
    np.savetxt(path, values, delimiter=",", fmt="%.3f")
    motion = read_poses(path)
    assert motion.fps == 120
    assert_array_equal(motion.position[0], values.reshape(5, 24, 3))
    assert len(motion.skeleton.bones) == 23
    assert len(motion.skeleton.limb_bones) == 8
    np.savetxt(path, values[:, :34], delimiter=",", fmt="%.3f")
    with pytest.raises(ValueError, match="34 columns without names: name them JOINT_x"):
        read_poses(path)
    motion = read_poses(path, skeleton="coco17", fps=30)
    assert_array_equal(motion.position[0], values[:, :34].reshape(5, 17, 2))
    with pytest.raises(ValueError, match="without names, expected 50 or 75"):
        read_poses(path, skeleton="openpose25")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("once upon a time\n", "begins with 'once upon a time', which is neither a table"),
        ("a,b\n1,2\n", "columns 'a', 'b': expected JOINT_x, JOINT_y"),
        ("hip_x,hip_y\n", "table without rows"),
        ("hip_x,hip_y\n1,two\n", "coordinates that are no numbers"),
        ("hip_x,hip_y\n1,2\n1,2,3,4\n", "damaged table"),
        ("hip_x,hip_y\n1,2\n1", "2 columns whose row 3 has 1: it is cut off"),
        (DLC.replace("bodyparts", "parts"), "DeepLabCut table without its row 'bodyparts'"),
        ("frame,hip_x,hip_y\n0.5,1,2\n", "no whole number"),
        ("frame,hip_x,hip_y\n0,1,2\n999999999,1,2\n", "spread over 1000000000"),
        ("joint,x,y\nhip,1,2\n", "without a column 'frame' or 'time'"),
        ("hip_x,hip_y\n,\n,\n", "no joint is seen in any of its 2 frames"),
    ],
)
def test_bad_tables_end_in_a_sentence_with_the_path(tmp_path, text, message):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"expected poses in .*bad\.csv.*{message}"):
        read_poses(path)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("frame,time,hip_x,hip_y\n50,2.0,1,2\n51,2.04,1,2\n", 2.0),
        ("frame,hip_x,hip_y\n10,1,2\n14,1,2\n", 0.4),
        ("frame,hip_x,hip_y\n1,1,2\n2,1,2\n", 0.0),
        ("frame,hip_x,hip_y\n90000,1,2\n90001,1,2\n", 0.0),
        ("hip_x,hip_y\n1,2\n1,2\n", 0.0),
    ],
    ids=["times", "numbers", "numbers from 1", "no count of frames", "nothing"],
)
def test_where_a_table_begins_on_the_clock(tmp_path, text, start):
    path = tmp_path / "take.csv"
    path.write_text(text)
    assert read_with(path, Options(fps=25))[1] == pytest.approx(start)
