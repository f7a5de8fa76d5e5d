"""Arrays with names: NPZ, AIST++'s pickles, HDF5."""

from __future__ import annotations

import io
import os
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf.io import read_poses
from sklearn_asdf.io._pickle import read_pickle
from sklearn_asdf.io._smpl import PARENTS, smpl_positions
from sklearn_asdf.io._take import NotPoses


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_aist_keypoints(tmp_path, rng, protocol):
    pose = rng.normal(size=(6, 17, 3))
    path = tmp_path / "gBR.pkl"
    path.write_bytes(
        pickle.dumps({"keypoints3d": pose + 1, "keypoints3d_optim": pose}, protocol=protocol)
    )
    motion = read_poses(path)
    assert motion.fps == 60
    assert motion.skeleton.name == "coco17"
    assert_array_equal(motion.position[0], pose)
    image = rng.uniform(size=(9, 6, 17, 3))
    image[0, 2, 3] = np.nan
    content = {"keypoints2d": image, "det_scores": image[..., 0, 0], "timestamps": np.arange(6)}
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    motion = read_poses(path, camera=8)
    assert_array_equal(motion.position[0], image[8, ..., :2])
    assert_array_equal(motion.confidence[0], image[8, ..., 2])
    assert np.isnan(read_poses(path).position[0, 2, 3]).all()
    with pytest.raises(ValueError, match="holds 9 cameras, but camera=9"):
        read_poses(path, camera=9)


def test_pickles_of_older_and_newer_numpy(rng):
    values = rng.normal(size=(3, 4))
    now = pickle.dumps(values, protocol=2)
    old, new = b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n"
    assert (old in now) != (new in now)
    for content in (now.replace(new, old), now.replace(old, new)):
        assert_array_equal(read_pickle(content), values)


@pytest.mark.parametrize("protocol", [2, 5])
def test_pickled_arrays_come_out_as_they_went_in(rng, protocol):
    contents = {
        "float": rng.normal(size=(3, 4)).astype(np.float32),
        "fortran": np.asfortranarray(rng.normal(size=(3, 4))),
        "big": rng.normal(size=5).astype(">f8"),
        "int": np.arange(5),
        "text": np.array(["a", "bc"]),
        "scalar": np.float64(2.5),
        "list": [np.arange(2), (1, "x", None)],
    }
    loaded = read_pickle(pickle.dumps(contents, protocol=protocol))
    for name in ("float", "fortran", "big", "int", "text", "scalar"):
        assert_array_equal(loaded[name], contents[name])
        assert loaded[name].dtype == contents[name].dtype
    assert_array_equal(loaded["list"][0], [0, 1])
    assert loaded["list"][1] == (1, "x", None)


class Harmful:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (os.system, ("touch HACKED",)),
        (eval, ("open('HACKED', 'w')",)),
        (np.save, ("HACKED", np.arange(2))),
        (getattr, ("x", "upper")),
        (np.frombuffer, (b"ab",)),
    ],
)
def test_a_pickle_that_would_run_code_is_refused(tmp_path, monkeypatch, function, args):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "poses.pkl"
    contents = {"keypoints3d_optim": np.zeros((3, 17, 3)), "x": Harmful(function, *args)}
    path.write_bytes(pickle.dumps(contents, protocol=4))
    with pytest.raises(ValueError, match=r"asks to run .*can run any code"):
        read_poses(path)
    assert os.listdir(tmp_path) == ["poses.pkl"]


def test_pickles_of_objects_and_lying_arrays_are_refused():
    objects = np.array([{}, None], dtype=object)
    with pytest.raises(NotPoses, match=r"arrays of Python objects|array of 'O8'"):
        read_pickle(pickle.dumps(objects, protocol=4))
    honest = pickle.dumps(np.arange(4.0), protocol=4)
    short = honest.replace(b"K\x04\x85", b"K\x05\x85")
    assert short != honest
    with pytest.raises(NotPoses, match="does not fit its 32 bytes"):
        read_pickle(short)
    with pytest.raises(NotPoses, match="no whole pickle"):
        read_pickle(honest[:-20])


def test_smpl_at_rest_is_a_person_with_arms_spread():
    pose = smpl_positions(np.zeros((1, 72)))[0]
    assert np.ptp(pose[:, 1]) == pytest.approx(1.6, abs=0.15)
    assert np.ptp(pose[:, 0]) == pytest.approx(1.7, abs=0.2)
    left, right = pose[[1, 4, 7, 10, 13, 16, 18, 20, 22]], pose[[2, 5, 8, 11, 14, 17, 19, 21, 23]]
    assert_allclose(left, right * [-1, 1, 1])
    assert (left[:, 0] > 0).all()


def test_smpl_rotations_turn_what_hangs_below(tmp_path, rng):
    poses = rng.normal(0, 0.5, (5, 72))
    poses[0] = 0
    # The left shoulder lets the arm hang; the root faces the other way.
    poses[0, 16 * 3 : 17 * 3] = [0, 0, -np.pi / 2]
    poses[0, :3] = [0, np.pi, 0]
    contents = {
        "smpl_loss": 1.0,
        "smpl_poses": poses,
        "smpl_scaling": np.array([90.0]),
        "smpl_trans": np.tile([90.0, 180.0, 0.0], (5, 1)),
    }
    path = tmp_path / "motion.pkl"
    path.write_bytes(pickle.dumps(contents))
    motion = read_poses(path)
    assert motion.skeleton.name == "smpl24"
    assert motion.fps == 60
    pose = motion.position[0]
    assert_allclose(pose[:, 0], np.tile([1, 2, 0], (5, 1)))
    shoulder, wrist = pose[0, 16], pose[0, 20]
    assert wrist[1] == pytest.approx(shoulder[1] - 1.7 * (0.165 + 0.146))
    assert shoulder[0] < 1
    bone = pose[:, 1:] - pose[:, PARENTS[1:]]
    assert np.ptp(np.linalg.norm(bone, axis=-1), axis=0).max() < 1e-12


def test_keypoints_with_fps_and_confidence(tmp_path, rng):
    path = tmp_path / "take.npz"
    pixels = rng.uniform(0, 1000, (4, 17, 3))
    pixels[..., 2] /= 1000
    pixels[1, 2, 2] = 0
    np.savez(path, keypoints=pixels, fps=25)
    motion = read_poses(path)
    assert motion.shape == (1, 4, 17, 2)
    assert motion.fps == 25
    assert_array_equal(motion.confidence[0], pixels[..., 2])
    assert np.isnan(motion.position[0, 1, 2]).all()
    # Metres: the third number is a height, though it lies between 0 and 1.
    metres = rng.uniform(0, 1, (4, 17, 3))
    np.savez(path, keypoints=metres, fps=25)
    assert_array_equal(read_poses(path).position[0], metres)


def test_frames_without_a_score_have_nobody(tmp_path, rng):
    path = tmp_path / "take.npz"
    np.savez(path, keypoints=rng.uniform(1, 9, (3, 33, 4)), score=[1, 0, 0.2], fps=25)
    motion = read_poses(path)
    assert motion.shape == (1, 3, 33, 2)
    assert_array_equal(motion.seen[0].all(axis=1), [True, False, True])


def test_bare_arrays_and_unknown_names(tmp_path, rng):
    np.save(tmp_path / "take.npy", rng.normal(size=(5, 21, 3)))
    motion = read_poses(tmp_path / "take.npy", fps=10)
    assert motion.shape == (1, 5, 21, 3)
    assert motion.skeleton is None
    np.savez(tmp_path / "other.npz", weights=np.ones(3))
    with pytest.raises(ValueError, match=r"holds 'weights' \(3,\), expected poses of shape"):
        read_poses(tmp_path / "other.npz")
    np.savez(tmp_path / "objects.npz", keypoints=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="Python objects, which could run code"):
        read_poses(tmp_path / "objects.npz")


def test_dance_with_melody_adds_the_hips(tmp_path, rng):
    bones, center = rng.normal(size=(6, 23, 3)), rng.normal(size=(6, 3))
    path = tmp_path / "take.npz"
    np.savez(
        path, skeletons=bones, center=center, frames_per_beat=12.5, seconds_per_beat_audio=0.5,
        first_beat_offset_s=0.25,
    )  # fmt: skip
    motion = read_poses(path)
    assert motion.fps == 25
    assert motion.skeleton.name == "dance_with_melody23"
    assert_allclose(motion.position[0], bones + center[:, None])


def test_sleap_analysis(tmp_path, rng):
    h5py = pytest.importorskip("h5py")
    tracks = rng.uniform(1, 9, (2, 2, 3, 5))
    tracks[1] *= 3
    tracks[1, :, :, 2] = np.nan
    with h5py.File(tmp_path / "take.h5", "w") as file:
        file["tracks"] = tracks
        file["point_scores"] = rng.uniform(0.1, 1, (2, 3, 5))
        file["node_names"] = [b"head", b"hip", b"foot"]
        file["edge_inds"] = [[0, 1], [1, 2]]
    motion = read_poses(tmp_path / "take.h5", fps=50)
    assert motion.skeleton.joints == ("head", "hip", "foot")
    assert motion.skeleton.bones == (("head", "hip"), ("hip", "foot"))
    # The larger one is kept, also where only the other is seen.
    assert_allclose(motion.position[0], tracks[1].transpose(2, 1, 0))
    assert_allclose(
        read_poses(tmp_path / "take.h5", fps=50, person=0).position[0], tracks[0].transpose(2, 1, 0)
    )


def test_sleap_frames_corrected_by_hand_have_no_score(tmp_path, rng):
    h5py = pytest.importorskip("h5py")
    tracks = rng.uniform(1, 9, (1, 2, 3, 5))
    scores = np.full((1, 3, 5), 0.9)
    scores[..., 2] = np.nan
    scores[0, 1, 3] = 0.1
    with h5py.File(tmp_path / "take.h5", "w") as file:
        file["tracks"] = tracks
        file["point_scores"] = scores
        file["node_names"] = [b"head", b"hip", b"foot"]
        file["track_names"] = np.array([], dtype="S")
    motion = read_poses(tmp_path / "take.h5", fps=50, min_confidence=0.5)
    expected = tracks[0].transpose(2, 1, 0)
    expected[3, 1] = np.nan
    assert_array_equal(motion.position[0], expected)
    assert np.isnan(motion.confidence[0, 2]).all()


@pytest.mark.parametrize("tracked", [True, False])
def test_sleap_axes_may_have_names_and_tracks_none(tmp_path, rng, tracked):
    h5py = pytest.importorskip("h5py")
    pose = rng.uniform(1, 9, (5, 2, 3, 2))
    pose[:, 1] += 100
    if not tracked:
        # Without tracks, instances are listed in any order.
        pose[2:4] = pose[2:4, ::-1]
    with h5py.File(tmp_path / "take.h5", "w") as file:
        file["tracks"] = pose
        file["tracks"].attrs["dims"] = '["frame", "track", "node", "xy"]'
        file["point_scores"] = np.full((5, 2, 3), 0.9)
        file["point_scores"].attrs["dims"] = '["frame", "track", "node"]'
        file["node_names"] = [b"head", b"hip", b"foot"]
        file["track_names"] = np.array([b"a", b"b"] if tracked else [], dtype="S")
    motion = read_poses(tmp_path / "take.h5", fps=50, person="follow")
    # The first of the two or the second, but the same one throughout.
    near = (motion.position[0, ..., 0] < 50).all(axis=1)
    assert near.all() or not near.any()
    if tracked:
        assert_array_equal(
            read_poses(tmp_path / "take.h5", fps=50, person=1).position[0], pose[:, 1]
        )


@pytest.mark.parametrize("known", [0, 2])
def test_movement_without_confidence(tmp_path, rng, known):
    h5py = pytest.importorskip("h5py")
    position = rng.normal(size=(5, 2, 3))
    confidence = np.full((5, 3), np.nan)
    confidence[:known] = 0.3
    with h5py.File(tmp_path / "take.nc", "w") as file:
        file["position"], file["confidence"] = position, confidence
        scales = {"time": np.arange(5), "space": [b"x", b"y"], "keypoint": [b"a", b"b", b"c"]}
        for i, (name, values) in enumerate(scales.items()):
            file[name] = values
            file[name].make_scale(name)
            file["position"].dims[i].attach_scale(file[name])
        file["confidence"].dims[0].attach_scale(file["time"])
        file["confidence"].dims[1].attach_scale(file["keypoint"])
    motion = read_poses(tmp_path / "take.nc", fps=30, min_confidence=0.5)
    expected = position.transpose(0, 2, 1)
    expected[:known] = np.nan
    assert_array_equal(motion.position[0], expected)
    assert (motion.confidence is None) is (known == 0)


def test_movement_data_set(tmp_path, rng):
    h5py = pytest.importorskip("h5py")
    position = rng.normal(size=(5, 2, 3, 1))
    with h5py.File(tmp_path / "take.nc", "w") as file:
        file["position"] = position
        file["confidence"] = np.full((5, 3, 1), 0.5)
        coordinates = {
            "time": np.arange(5) / 40, "space": [b"x", b"y"],
            "keypoints": [b"head", b"hip", b"foot"], "individuals": [b"dancer"],
        }  # fmt: skip
        for i, (name, values) in enumerate(coordinates.items()):
            file[name] = values
            file[name].make_scale(name)
            file["position"].dims[i].attach_scale(file[name])
        for i, name in enumerate(("time", "keypoints", "individuals")):
            file["confidence"].dims[i].attach_scale(file[name])
        file.attrs["time_unit"] = "seconds"
    motion = read_poses(tmp_path / "take.nc")
    assert motion.fps == pytest.approx(40)
    assert motion.skeleton.joints == ("head", "hip", "foot")
    assert_array_equal(motion.position[0], position[..., 0].transpose(0, 2, 1))
    assert_array_equal(motion.confidence, np.full((1, 5, 3), 0.5))


@pytest.mark.parametrize("format", ["table", "fixed"])
@pytest.mark.parametrize("people", [None, ["a", "b"]])
def test_deeplabcut_hdf5_as_pandas_writes_it(tmp_path, format, people):
    pytest.importorskip("tables")
    pytest.importorskip("h5py")
    parts = {"scorer": ["net"], "individuals": people, "bodyparts": ["nose", "left_wrist"]}
    parts = {k: v for k, v in parts.items() if v} | {"coords": ["x", "y", "likelihood"]}
    columns = pd.MultiIndex.from_product(parts.values(), names=parts)
    values = np.random.default_rng(0).uniform(size=(10, len(columns)))
    values[3, -1] = 0
    table = pd.DataFrame(values, columns=columns)
    table.to_hdf(tmp_path / "take.h5", key="df_with_missing", format=format)
    table.to_csv(tmp_path / "take.csv")
    person = {} if people is None else {"person": 1}
    got = read_poses(tmp_path / "take.h5", fps=30, **person)
    expected = read_poses(tmp_path / "take.csv", fps=30, **person)
    assert got.skeleton.joints == expected.skeleton.joints == ("nose", "left_wrist")
    np.testing.assert_allclose(got.position, expected.position)
    np.testing.assert_allclose(got.confidence, expected.confidence)


def test_pickled_column_names_are_never_run(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "dlc.h5", "w") as file:
        group = file.create_group("df_with_missing")
        group["table"] = np.zeros(3, dtype=[("index", int), ("values_block_0", float)])
        group.attrs["pandas_type"] = b"frame_table"
        group.attrs["non_index_axes"] = b"cos\nsystem\n(S'exit 1'\ntR."
    with pytest.raises(ValueError, match=r"dlc\.h5.*asks to run os\.system"):
        read_poses(tmp_path / "dlc.h5")
    with h5py.File(tmp_path / "dlc.h5", "a") as file:
        file["df_with_missing"].attrs["pandas_type"] = b"series"
    with pytest.raises(ValueError, match=r"holds a 'series', expected a table"):
        read_poses(tmp_path / "dlc.h5")
    with h5py.File(tmp_path / "dlc.h5", "a") as file:
        file["df_with_missing"].attrs["pandas_type"] = b"frame"
    with pytest.raises(ValueError, match=r"HDF5 of pandas in an unknown form"):
        read_poses(tmp_path / "dlc.h5")


def test_other_hdf5_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["weights"] = np.zeros(3)
    with pytest.raises(ValueError, match="HDF5 with 'weights', expected SLEAP's"):
        read_poses(tmp_path / "x.h5")
    path = tmp_path / "cut.h5"
    path.write_bytes((tmp_path / "x.h5").read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cut\.h5.*HDF5, but cut off or damaged"):
        read_poses(path)


def test_c3d(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    position = np.random.default_rng(0).normal(size=(3, 4, 20)).astype(np.float32)
    position[:, 1, 5:8] = np.nan
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100]
    file["parameters"]["POINT"]["LABELS"]["value"] = ["LFHD", "RFHD", "LWRA", "RWRA"]
    file["data"]["points"] = np.concatenate([position, np.ones((1, 4, 20))])
    path = tmp_path / "take.c3d"
    file.write(str(path))
    motion = read_poses(path)
    assert motion.fps == 100
    assert motion.skeleton.joints == ("LFHD", "RFHD", "LWRA", "RWRA")
    np.testing.assert_allclose(motion.position[0], position.transpose(2, 1, 0), rtol=1e-6)
    content = path.read_bytes()
    path.write_bytes(content[:-500])
    with pytest.raises(ValueError, match=r"take\.c3d.*of 20 frames with only 1\d of them"):
        read_poses(path)
    path.write_bytes(content[:200])
    with pytest.raises(ValueError, match=r"expected poses in '.*take\.c3d'.*damaged"):
        read_poses(path)


def c3d(path, labels, points, residual=1.0, **lists):
    """Write points of shape (n_frames, n_points, 3)."""
    ezc3d = pytest.importorskip("ezc3d")
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100]
    file["parameters"]["POINT"]["LABELS"]["value"] = labels
    for name, values in lists.items():
        file.add_parameter("POINT", name, values)
    values = points.transpose(2, 1, 0)
    file["data"]["points"] = np.concatenate([values, np.ones((1, *values.shape[1:]))])
    file["data"]["meta_points"]["residuals"] = np.broadcast_to(
        np.asarray(residual, dtype=float), (1, *values.shape[1:])
    ).copy()
    file.write(str(path))
    return path


def test_c3d_points_that_are_no_markers(tmp_path, rng):
    labels = [
        "LSHO",
        "LElbowAngles",
        "LELB",
        "LHipForce",
        "LKneeMoment",
        "LKneePower",
        "COM",
        "LWRA",
    ]
    points = rng.normal(size=(6, 8, 3)).astype(np.float32)
    path = c3d(
        tmp_path / "take.c3d", labels, points,
        ANGLES=["LElbowAngles"], FORCES=["LHipForce"], MOMENTS=["LKneeMoment"],
        POWERS=["LKneePower", "RKneePower"], MODEL_OUTPUTS=["COM"],
    )  # fmt: skip
    motion = read_poses(path)
    assert motion.skeleton.joints == ("LSHO", "LELB", "LWRA")
    assert_allclose(motion.position[0], points[:, [0, 2, 7]], rtol=1e-6)
    assert motion.skeleton.limb_bones == (("LSHO", "LELB"), ("LELB", "LWRA"))
    path = c3d(tmp_path / "angles.c3d", ["A"], points[:, :1], ANGLES=["A"])
    with pytest.raises(ValueError, match="1 points are all angles, forces or the like"):
        read_poses(path)


def test_c3d_markers_at_the_origin_are_missing_if_no_camera_saw_them(tmp_path, rng):
    points = rng.normal(size=(6, 2, 3)).astype(np.float32)
    points[1, 0] = points[2, 0] = points[3, 1] = 0
    points[4, 0, :2] = 0
    residual = np.zeros((2, 6))
    residual[0, 2] = 5
    residual[1, 5] = -1
    path = c3d(tmp_path / "take.c3d", ["LSHO", "LSHO"], points, residual)
    motion = read_poses(path)
    # One of the zeros was measured, with a residual above 0; a single axis may well be 0.
    missing = np.isnan(motion.position[0]).all(axis=-1)
    assert list(zip(*np.nonzero(missing))) == [(1, 0), (3, 1), (5, 1)]
    assert_allclose(motion.position[0][~missing], points[~missing], rtol=1e-6)
    assert motion.skeleton.joints == ("LSHO", "LSHO_2")


def test_a_truncated_npz_is_named(tmp_path, rng):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, keypoints=rng.normal(size=(9, 17, 2)))
    path = tmp_path / "take.npz"
    for share in (0.3, 0.9):
        path.write_bytes(buffer.getvalue()[: int(share * len(buffer.getvalue()))])
        with pytest.raises(ValueError, match=r"take\.npz.*cut off or damaged"):
            read_poses(path)
