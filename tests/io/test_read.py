"""Which reader a file goes to, and what becomes of files that are none."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import Motion
from sklearn_asdf.io import read_poses, write_poses


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".parquet"])
def test_content_tells_the_format_not_the_name(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    motion = Motion(np.random.default_rng(0).normal(size=(1, 5, 17, 2)), skeleton="coco17")
    write_poses(motion, tmp_path / f"dance{suffix}")
    content = (tmp_path / f"dance{suffix}").read_bytes()
    for name, data in [
        ("dance", content),
        ("dance.json", content),
        ("x.gz", gzip.compress(content)),
    ]:
        (tmp_path / name).write_bytes(data)
        assert_array_equal(read_poses(tmp_path / name).position, motion.position)


def test_a_byte_order_mark_and_utf16_do_no_harm(tmp_path):
    text = json.dumps([[[1, 2]] * 17] * 2)
    path = tmp_path / "take.json"
    for encoding in ("utf-8-sig", "utf-16"):
        path.write_bytes(text.encode(encoding))
        assert_array_equal(read_poses(path, fps=30).position, np.tile([1.0, 2.0], (1, 2, 17, 1)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"OggS" + bytes(20), "is sound"),
        (b"RIFF" + bytes(4) + b"WAVE" + bytes(20), "is sound: give the dance"),
        (b"RIFF" + bytes(20), "is sound or video: find the poses in a video"),
        (bytes(range(256)), "binary and of no known format"),
        (b"<!DOCTYPE html>", "XML or HTML"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        (gzip.compress(b"[" + b"1," * 500, mtime=0)[:-12], "gzip and cut off"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"PAR1" + bytes(20), "Parquet, but cut off or damaged"),
        (b"PK\x03\x04" + bytes(20), "NPZ or ZIP that is cut off"),
        (b"\x93NUMPY\x01\x00v\x00", "damaged"),
        (b"\x80\x04\x95", "no whole pickle"),
    ],
)
def test_what_holds_no_poses_ends_in_a_sentence(tmp_path, content, message):
    if content[:4] == b"PAR1":
        pytest.importorskip("pyarrow")
    path = tmp_path / "take"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"expected poses in '.*take', but the file.*{message}"):
        read_poses(path)


def test_missing_files_and_empty_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected a file of poses.*nothing\.json"):
        read_poses(tmp_path / "nothing.json")
    with pytest.raises(ValueError, match="the folder has no JSON files"):
        read_poses(tmp_path)


def test_all_bad_options_are_told_at_once(tmp_path):
    with pytest.raises(ValueError, match=r"fps above 0.*Did you mean 'largest'.*image_size as"):
        read_poses(tmp_path, fps=0, person="larges", image_size=(640,))
    with pytest.raises(ValueError, match="coordinates to be one of 'image', 'world'"):
        read_poses(tmp_path, coordinates="pixel")
    with pytest.raises(ValueError, match=r"min_confidence.*camera"):
        read_poses(tmp_path, min_confidence=-1, camera=-1)


def test_a_skeleton_that_does_not_fit_is_refused(tmp_path):
    np.save(tmp_path / "take.npy", np.ones((3, 21, 2)))
    with pytest.raises(ValueError, match="21 joints, but the skeleton has 17"):
        read_poses(tmp_path / "take.npy", fps=30, skeleton="coco17")


def test_nothing_seen_is_told(tmp_path):
    np.savez(tmp_path / "take.npz", keypoints=np.full((3, 17, 2), np.nan), fps=30)
    with pytest.raises(ValueError, match="no joint is seen in any of its 3 frames"):
        read_poses(tmp_path / "take.npz")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("pattern", "count", "fps", "joints", "axes"),
    [
        ("dance_with_melody/poses/*.npz", 32, None, 23, 3),
        ("aist_coco17/*.npz", 7, 30, 17, 2),
        ("dancer_video/*.npz", 1, 25, 33, 2),
        ("laban_efforts/*.csv", 8, 120, 24, 3),
    ],
)
def test_every_real_sample_opens(data_dir, pattern, count, fps, joints, axes):
    files = sorted(data_dir.glob(pattern))
    assert len(files) == count
    for file in files:
        motion = read_poses(file)
        assert (motion.n_clips, motion.n_joints, motion.n_axes) == (1, joints, axes)
        assert fps is None or motion.fps == fps
        assert motion.seen.mean() > 0.99
        assert len(motion.skeleton.limb_bones) == 8
        assert motion.duration > 0.8


@pytest.mark.real_data
def test_what_real_samples_hold(data_dir):
    ballroom = read_poses(data_dir / "dance_with_melody/poses/DANCE_C_2.npz")
    with np.load(data_dir / "dance_with_melody/poses/DANCE_C_2.npz") as file:
        assert_allclose(1 / ballroom.fps, np.diff(file["audio_time_s"]).mean(), rtol=1e-9)
    # Feet on the floor, head above the hips, in cm.
    height = ballroom.position[0, ..., 1]
    names = ballroom.skeleton.index
    assert np.median(height[:, names("left_ankle")]) < 30
    assert (height[:, names("head")] > height[:, names("left_hip")]).all()
    laban = read_poses(data_dir / "laban_efforts/FloatAll.csv")
    thigh = laban.position[0][:, laban.skeleton.indices(["left_hip", "left_knee"])]
    length = np.linalg.norm(np.diff(thigh, axis=1)[:, 0], axis=-1)
    assert np.ptp(length) < 0.01 * length.mean()
    world = read_poses(data_dir / "dancer_video/dancer_blazepose33.npz", coordinates="world")
    assert world.n_axes == 3
    # Metres about the hips.
    assert np.abs(world.position).max() < 2
