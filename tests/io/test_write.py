"""What is written comes back."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from sklearn_asdf import Motion, Skeleton
from sklearn_asdf.io import read_poses, write_poses

ARRAYS = ("position", "confidence", "velocity", "acceleration", "jerk", "curvature", "keyframes")


def dance(n_clips=2, n_axes=3, *, seed=0, dtype=float, skeleton="coco17", fps=29.97):
    rng = np.random.default_rng(seed)
    position = rng.normal(size=(n_clips, 12, 17, n_axes)).astype(dtype)
    confidence = rng.uniform(0.1, 1, position.shape[:3]).astype(dtype)
    position[0, 2:4, 5] = np.nan
    position[-1, 9:] = np.nan
    confidence[np.isnan(position).any(axis=-1)] = 0
    return Motion(position, fps=fps, skeleton=skeleton, confidence=confidence)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_npz_keeps_every_bit(tmp_path, dtype):
    plain = dance(dtype=dtype)
    motion = Motion(
        plain.position, fps=1000 / 33, skeleton="coco17", confidence=plain.confidence,
        velocity=plain.position * 2, acceleration=plain.position * 3, jerk=plain.position * 4,
        curvature=plain.confidence * 5, keyframes=np.array([[0, 3, 7], [1, 2, 9]]),
    )  # fmt: skip
    write_poses(motion, tmp_path / "dance.npz")
    same = read_poses(tmp_path / "dance.npz")
    assert same.fps == motion.fps
    assert same.skeleton == motion.skeleton
    for name in ARRAYS:
        assert_array_equal(getattr(same, name), getattr(motion, name))
        assert getattr(same, name).dtype == getattr(motion, name).dtype
    # Nothing in it needs a pickle.
    with np.load(tmp_path / "dance.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".parquet"])
@pytest.mark.parametrize("n_clips", [1, 3])
@pytest.mark.parametrize("n_axes", [2, 3])
def test_round_trip(tmp_path, suffix, n_clips, n_axes):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    motion = dance(n_clips, n_axes)
    write_poses(motion, tmp_path / f"dance{suffix}")
    same = read_poses(tmp_path / f"dance{suffix}")
    assert_array_equal(same.position, motion.position)
    assert_array_equal(same.confidence, motion.confidence)
    assert same.skeleton == motion.skeleton
    assert same.fps == motion.fps


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_own_skeletons_come_back_with_their_bones(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    joints = [f"part {i}" for i in range(17)]
    own = Skeleton(joints, [(joints[0], joints[4]), (joints[4], joints[2])])
    write_poses(dance(skeleton=own), tmp_path / f"dance{suffix}")
    assert read_poses(tmp_path / f"dance{suffix}").skeleton == own


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".parquet"])
def test_unnamed_joints_stay_unnamed(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    write_poses(dance(skeleton=None), tmp_path / f"dance{suffix}")
    assert read_poses(tmp_path / f"dance{suffix}").skeleton is None


@settings(max_examples=20)
@given(
    position=arrays(float, (1, 3, 2, 2), elements=st.floats(allow_nan=False, allow_infinity=False)),
    fps=st.floats(1, 1000),
)
def test_csv_keeps_every_bit_of_any_number(tmp_path_factory, position, fps):
    path = tmp_path_factory.mktemp("csv") / "dance.csv"
    write_poses(Motion(position, fps=fps), path)
    same = read_poses(path)
    assert_array_equal(same.position, position)
    assert same.fps == pytest.approx(fps, rel=1e-8)


def test_options_apply_to_our_own_files_too(tmp_path):
    motion = dance()
    write_poses(motion, tmp_path / "dance.npz")
    changed = read_poses(tmp_path / "dance.npz", fps=50, min_confidence=0.5)
    assert changed.fps == 50
    assert_array_equal(changed.seen, motion.confidence >= 0.5)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "dance.npz"
    write_poses(dance(), path)
    before = path.read_bytes()

    def half(file, **_):
        file.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(OSError, match="disk full"):
        write_poses(dance(seed=1), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["dance.npz"]


def test_bad_requests_end_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"ends in .npz, .csv, .parquet.*Did you mean '.npz'"):
        write_poses(dance(), tmp_path / "dance.npy")
    with pytest.raises(FileNotFoundError, match="expected a folder to write to"):
        write_poses(dance(), tmp_path / "no" / "dance.npz")
    with pytest.raises(ValueError, match="at least one clip"):
        write_poses(dance()[:0], tmp_path / "dance.npz")
    np.savez(tmp_path / "new.npz", sklearn_asdf_poses=7)
    with pytest.raises(ValueError, match=r"newer version \(layout 7\): update"):
        read_poses(tmp_path / "new.npz")
    assert os.listdir(tmp_path) == ["new.npz"]
