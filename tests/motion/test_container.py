"""Motion: an array of clips that knows its fps and joints."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.model_selection import GroupKFold, train_test_split
from sklearn.utils import resample as bootstrap
from sklearn.utils import shuffle

from sklearn_asdf import Motion, PoseSmoother, Skeleton, make_lma_pipeline
from sklearn_asdf.motion.container import as_motion


@pytest.fixture
def motion():
    rng = np.random.default_rng(0)
    position = rng.normal(size=(6, 20, 17, 2))
    return Motion(
        position,
        fps=25,
        skeleton="coco17",
        velocity=position * 2,
        curvature=position[..., 0].copy(),
        confidence=rng.random((6, 20, 17)),
        keyframes=np.tile([0, 5, 19], (6, 1)),
    )


def test_is_an_array_of_clips(motion):
    assert len(motion) == motion.n_clips == 6
    assert motion.shape == (6, 20, 17, 2)
    assert motion.ndim == 4
    assert motion.dtype == np.float64
    assert motion.duration == 0.8
    assert np.asarray(motion) is motion.position
    assert np.asarray(motion, dtype=np.float32).dtype == np.float32
    assert np.array(motion, copy=True) is not motion.position
    assert [len(clip) for clip in motion] == [1] * 6


@pytest.mark.parametrize(
    "key",
    [2, -1, slice(1, 5, 2), [3, 0], np.array([True, False] * 3), np.array([], dtype=int), []],
)
def test_indexing_picks_clips_of_everything(motion, key):
    part = motion[key]
    keep = np.atleast_1d(np.arange(6)[key if not isinstance(key, list) else np.array(key, int)])
    for name in ("position", "velocity", "curvature", "confidence", "keyframes"):
        np.testing.assert_array_equal(getattr(part, name), getattr(motion, name)[keep])
    assert part.fps == 25
    assert part.skeleton == motion.skeleton
    np.testing.assert_array_equal(motion[key, ...].position, part.position)


@pytest.mark.parametrize("key", [6, -7, (0, 1), "a", [0.5], None, [[0], [1]]])
def test_wrong_index_is_refused(motion, key):
    with pytest.raises(IndexError, match="expected"):
        motion[key]


def test_scikit_learn_can_split_and_shuffle(motion):
    train, test = train_test_split(motion, random_state=0)
    assert (len(train), len(test)) == (4, 2)
    assert isinstance(shuffle(motion, random_state=0), Motion)
    assert bootstrap(motion, n_samples=9, random_state=0).shape == (9, 20, 17, 2)
    splits = list(GroupKFold(3).split(motion, groups=[0, 0, 1, 1, 2, 2]))
    assert len(splits) == 3


def test_pickles_and_hashes_by_value(motion):
    before = joblib.hash(motion)
    assert motion.lengths.tolist() == [20] * 6
    assert motion.skeleton.masses.sum() == pytest.approx(1)
    assert joblib.hash(motion) == before
    again = pickle.loads(pickle.dumps(motion))
    np.testing.assert_array_equal(again.position, motion.position)
    assert again.skeleton == motion.skeleton
    assert joblib.hash(again) == before


@pytest.mark.parametrize("n_clips", [1, 9])
def test_pickling_keeps_the_order_of_axes_in_memory(n_clips):
    planes = np.random.default_rng(0).normal(size=(2, n_clips, 3, 4)) / np.ones((1, n_clips, 1, 1))
    motion = Motion(np.moveaxis(planes, 0, -1))
    again = pickle.loads(pickle.dumps(motion))
    np.testing.assert_array_equal(again.position, motion.position)
    assert not again.position.flags.c_contiguous
    assert joblib.hash(again) == joblib.hash(motion)


def test_is_frozen_and_does_not_copy():
    position = np.zeros((1, 2, 3, 2))
    motion = Motion(position)
    assert motion.position is position
    with pytest.raises(AttributeError):
        motion.fps = 60


def test_repr_is_short(motion):
    text = repr(motion)
    assert "6 clips x 20 frames (0.8 s at 25 fps) x 17 joints (coco17) x 2 axes" in text
    assert "with confidence, velocity, curvature, keyframes" in text
    assert len(text) < 150
    assert "1 clip x 1 frame" in repr(Motion(np.zeros((1, 1, 1, 1))))
    assert "1 joint (unnamed) x 1 axis" in repr(Motion(np.zeros((1, 1, 1, 1))))


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (np.zeros((40, 5, 3)), ValueError, r"got \(40, 5, 3\): add a clip axis"),
        (np.zeros((1, 0, 5, 3)), ValueError, "at least one frame"),
        (np.zeros((1, 2, 3, 2)) * 1j, ValueError, "Complex data not supported"),
        (np.array([["a"]]), ValueError, "to be numbers"),
        (np.array([[{}]]), TypeError, "to be numbers"),
        (sparse.eye(3), TypeError, "Sparse data was passed"),
        ([[1.0], [1.0, 2.0]], ValueError, "from_clips"),
    ],
)
def test_what_is_no_poses_is_told(wrong, error, sentence):
    with pytest.raises(error, match=sentence):
        as_motion(wrong)


def test_all_problems_at_once():
    position = np.zeros((2, 4, 17, 2))
    with pytest.raises(ValueError, match=r"fps.*skeleton.*velocity.*curvature.*keyframes") as error:
        Motion(
            position,
            fps=-1,
            skeleton=Skeleton(["a", "b"]),
            velocity=position[:1],
            curvature=position,
            keyframes=[[1.5, 2.0], [1.0, 3.0]],
        )
    assert "(5)" in str(error.value)


@pytest.mark.parametrize("fps", [0, -1, np.nan, np.inf, "30", None, True])
def test_fps_is_positive(fps):
    with pytest.raises(ValueError, match="fps"):
        Motion(np.zeros((1, 2, 3, 2)), fps=fps)


def test_as_motion_takes_what_users_have(motion):
    assert as_motion(motion) is motion
    named = {17: "coco17", 18: "openpose18", 23: "dance_with_melody23", 24: "smpl24"}
    named |= {25: "openpose25", 33: "mediapipe33"}
    for n_joints, name in named.items():
        assert as_motion(np.zeros((1, 2, n_joints, 2))).skeleton.name == name
    assert as_motion(np.zeros((1, 2, 5, 2))).skeleton is None
    assert as_motion(np.zeros((1, 2, 17, 3)), skeleton="h36m17").skeleton.name == "h36m17"
    assert as_motion(pd.DataFrame(np.zeros((3, 8)))).shape == (3, 8, 1, 1)
    assert as_motion(np.zeros((3, 8), dtype=int)).dtype == np.float64
    assert as_motion(np.zeros((3, 8), dtype=np.float32)).dtype == np.float32
    ragged = as_motion([np.zeros((5, 17, 2)), np.zeros((3, 17, 2))])
    assert ragged.lengths.tolist() == [5, 3]
    assert ragged.skeleton.name == "coco17"
    assert as_motion([np.zeros((5, 17, 2))] * 2).shape == (2, 5, 17, 2)


def test_from_clips_pads(motion):
    clips = [np.ones((4, 3, 2)), np.ones((2, 3, 2))]
    sure = [np.ones((4, 3)), np.ones((2, 3))]
    together = Motion.from_clips(clips, fps=50, confidence=sure)
    assert together.lengths.tolist() == [4, 2]
    assert np.isnan(together.position[1, 2:]).all()
    assert (together.confidence[1, 2:] == 0).all()
    with pytest.raises(ValueError, match="at least one clip"):
        Motion.from_clips([])
    with pytest.raises(ValueError, match="in clip 1"):
        Motion.from_clips([np.ones((4, 3, 2)), np.ones((4, 3, 3))])
    with pytest.raises(ValueError, match="expected clip 1 of shape"):
        Motion.from_clips([np.ones((4, 3, 2)), np.ones((3, 2))])
    with pytest.raises(ValueError, match="confidence"):
        Motion.from_clips(clips, confidence=sure[:1])


def test_lengths_end_with_the_last_seen_joint():
    position = np.full((3, 6, 2, 2), np.nan)
    position[0, :, 0] = 1
    position[1, 1:3, 1] = 1
    assert Motion(position).lengths.tolist() == [6, 3, 0]


def test_concatenate_undoes_slicing(motion):
    again = Motion.concatenate([motion[:2], motion[2:]])
    for name in ("position", "velocity", "curvature", "confidence", "keyframes"):
        np.testing.assert_array_equal(getattr(again, name), getattr(motion, name))
    mixed = Motion.concatenate([motion.frames(0, 10), motion])
    assert mixed.lengths.tolist() == [10] * 6 + [20] * 6
    assert mixed.keyframes is None
    assert Motion.concatenate([motion, Motion(motion.position, fps=25)]).velocity is None


def test_concatenate_refuses_what_does_not_fit(motion):
    other = Motion(np.zeros((1, 5, 17, 3)), fps=30, skeleton="h36m17")
    with pytest.raises(ValueError, match=r"25 fps.*joints and axes.*another skeleton"):
        Motion.concatenate([motion, other])
    with pytest.raises(ValueError, match="expected a Motion at index 1, got ndarray"):
        Motion.concatenate([motion, motion.position])
    with pytest.raises(ValueError, match="at least one"):
        Motion.concatenate([])


def test_frames_cuts_time(motion):
    part = motion.frames(5, 12)
    np.testing.assert_array_equal(part.position, motion.position[:, 5:12])
    np.testing.assert_array_equal(part.curvature, motion.curvature[:, 5:12])
    assert motion.frames(-3).n_frames == 3
    with pytest.raises(ValueError, match="no frame is left"):
        motion.frames(12, 12)


@pytest.mark.parametrize("fps", [30, 25, 29.97, 23.976])
def test_windows_start_on_time(fps):
    n_frames = 500
    take = Motion(np.arange(n_frames, dtype=float).reshape(1, -1, 1, 1), fps=fps)
    clips = take.windows(2.0, 0.5)
    starts = clips.position[:, 0, 0, 0]
    assert clips.n_frames == round(2 * fps)
    assert np.abs(starts / fps - np.arange(len(clips)) * 0.5).max() <= 0.5 / fps + 1e-9
    assert starts[-1] + clips.n_frames <= n_frames < starts[-1] + clips.n_frames + 0.5 * fps + 1
    np.testing.assert_array_equal(np.diff(clips.position[:, :, 0, 0], axis=1), 1)


def test_windows_share_memory_and_refuse_more_than_a_take(motion):
    take = Motion(np.zeros((1, 300, 17, 2)), fps=30, confidence=np.ones((1, 300, 17)))
    clips = take.windows(2, 1)
    assert np.shares_memory(clips.position, take.position)
    assert clips.confidence.shape == (9, 60, 17)
    with pytest.raises(ValueError, match="one take to cut, got 6 clips"):
        motion.windows()
    with pytest.raises(ValueError, match=r"at least clip_duration=8\.0 s, got 0\.8 s"):
        motion[0].windows()
    with pytest.raises(ValueError, match="hop_duration to be at least one frame"):
        take.windows(2, 0)


def test_resample_keeps_polynomials_and_the_clock():
    t = np.arange(30) / 30
    motion = Motion((t**3 - t).reshape(1, -1, 1, 1), fps=30)
    fast = motion.resample(45)
    assert fast.n_frames == 45
    s = np.arange(44) / 45
    np.testing.assert_allclose(fast.position[0, :-1, 0, 0], s**3 - s, atol=1e-12)
    assert motion.resample(30) is motion
    assert motion.resample(30 + 1e-6).position is motion.position
    with pytest.raises(ValueError, match="fps"):
        motion.resample(0)


def test_resample_knows_gaps_and_confidence():
    position = np.arange(12.0).reshape(1, -1, 1, 1).repeat(2, axis=2)
    position[0, 4:6, 0] = np.nan
    motion = Motion(position, fps=10, confidence=np.linspace(0, 1, 24).reshape(1, 12, 2))
    fast = motion.resample(20)
    unseen = np.isnan(fast.position[0, :, 0, 0])
    # A frame lasts until the next one would have come.
    assert np.flatnonzero(unseen).tolist() == [8, 9, 10, 11]
    np.testing.assert_allclose(fast.position[0, :, 1, 0], np.arange(24) / 2, atol=1e-12)
    np.testing.assert_allclose(fast.confidence[0, ::2], motion.confidence[0])
    alone = Motion(position[:, :4], fps=10).resample(20)
    np.testing.assert_allclose(fast.position[:, :8, 0], alone.position[:, :, 0], atol=1e-12)


@given(n_frames=st.integers(1, 12), fps=st.floats(1, 120), new=st.floats(1, 120))
def test_resample_always_answers(n_frames, fps, new):
    motion = Motion(np.full((1, n_frames, 2, 2), 3.0), fps=fps).resample(new)
    np.testing.assert_allclose(motion.position, 3)
    assert (motion.n_frames - 1) / new < n_frames / fps
    assert motion.n_frames / new >= n_frames / fps * (1 - 1e-6) - 1e-6


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_xarray_round_trip(n_axes):
    position = np.random.default_rng(0).normal(size=(2, 5, 17, n_axes))
    motion = Motion(position, fps=50, skeleton="h36m17", confidence=position[..., 0])
    dataset = motion.to_xarray()
    assert dataset.position.dims == ("time", "space", "keypoints", "individuals")
    assert dataset.keypoints.values[0] == "pelvis"
    np.testing.assert_allclose(dataset.time, np.arange(5) / 50)
    again = Motion.from_xarray(dataset)
    np.testing.assert_array_equal(again.position, position)
    np.testing.assert_array_equal(again.confidence, motion.confidence)
    assert again.fps == 50
    assert again.skeleton == motion.skeleton


def test_from_xarray_without_confidence_hides_nothing():
    position = np.random.default_rng(0).normal(size=(1, 40, 3, 2))
    names = ["LShoulder", "LElbow", "LWrist"]
    confidence = np.full((1, 40, 3), 0.9)
    dataset = Motion(position, fps=30, skeleton=Skeleton(names), confidence=confidence).to_xarray()
    plain = PoseSmoother().fit_transform(Motion.from_xarray(dataset)).position
    assert not np.isnan(plain).any()
    # movement fills in NaN where a source has no confidence.
    dataset["confidence"] = dataset.confidence.where(dataset.time < 0.5)
    partly = Motion.from_xarray(dataset)
    assert np.isnan(partly.confidence).any()
    dataset["confidence"] = dataset.confidence.where(dataset.time < 0)
    nowhere = Motion.from_xarray(dataset)
    assert nowhere.confidence is None
    for motion in (partly, nowhere):
        np.testing.assert_array_equal(PoseSmoother().fit_transform(motion).position, plain)
    # Names without bones get those of the body.
    assert nowhere.skeleton.bones == (("LShoulder", "LElbow"), ("LElbow", "LWrist"))


def test_from_xarray_with_a_rate_and_a_skeleton_of_ones_own():
    pytest.importorskip("xarray")
    position = np.arange(2 * 30 * 3 * 2, dtype=float).reshape(2, 30, 3, 2)
    dataset = Motion(position, fps=50, skeleton=Skeleton(["a", "b", "c"])).to_xarray()
    other = Skeleton(["x", "y", "z"], bones=[("x", "y")])
    motion = Motion.from_xarray(dataset, fps=25, skeleton=other)
    assert motion.fps == 25
    assert motion.skeleton is other
    np.testing.assert_array_equal(motion.position, position)
    del dataset.attrs["fps"]
    # The times of the frames, in seconds, have the rate too.
    assert Motion.from_xarray(dataset).fps == pytest.approx(50)
    dataset.attrs["time_unit"] = "frames"
    with pytest.raises(ValueError, match="attribute 'fps', got none: give fps="):
        Motion.from_xarray(dataset)
    assert Motion.from_xarray(dataset, fps=60).fps == 60


def test_from_xarray_takes_other_spellings():
    position = np.zeros((2, 5, 3, 2))
    dataset = Motion(position, fps=50, skeleton=Skeleton(["a", "b", "c"])).to_xarray()
    del dataset.attrs["fps"]
    one = dataset.isel(individuals=0, drop=True).rename(keypoints="keypoint")
    motion = Motion.from_xarray(one)
    assert motion.shape == (1, 5, 3, 2)
    assert motion.fps == pytest.approx(50)
    assert motion.skeleton.joints == ("a", "b", "c")
    assert Motion.from_xarray(Motion(position).to_xarray()).skeleton is None
    with pytest.raises(ValueError, match="variable 'position'"):
        Motion.from_xarray(dataset.drop_vars("position"))
    with pytest.raises(ValueError, match="expected position over time"):
        Motion.from_xarray(dataset.rename(space="place"))
    dataset.attrs.clear()
    with pytest.raises(ValueError, match="give fps="):
        Motion.from_xarray(dataset)


def test_skeleton_is_known_by_the_number_of_joints_unless_told():
    poses = np.zeros((1, 5, 17, 2))
    # Saying the frame rate must not lose the joints.
    assert Motion(poses, fps=25).skeleton.name == "coco17"
    assert Motion.from_clips([poses[0], poses[0, :3]]).skeleton.name == "coco17"
    assert Motion(poses, skeleton="h36m17").skeleton.name == "h36m17"
    assert Motion(poses, skeleton=None).skeleton is None
    assert Motion(poses, skeleton=None)[0].skeleton is None
    assert Motion(np.zeros((1, 5, 4, 2))).skeleton is None


def with_beat(n_clips=3, n_frames=60, fps=30.0):
    """Poses whose beat is a cosine of 1 Hz, other in each clip."""
    time = np.arange(n_frames) / fps
    beat = np.cos(2 * np.pi * time + np.arange(n_clips)[:, None])
    position = np.random.default_rng(0).normal(size=(n_clips, n_frames, 17, 2))
    return Motion(position, fps=fps, skeleton="coco17", beat=beat)


def test_the_beat_goes_with_its_clips_and_frames():
    motion = with_beat()
    assert "with beat" in repr(motion)
    np.testing.assert_array_equal(motion[1:].beat, motion.beat[1:])
    np.testing.assert_array_equal(motion.frames(10, 40).beat, motion.beat[:, 10:40])
    windows = motion[:1].windows(1.0, 0.5)
    np.testing.assert_array_equal(windows.beat[2], motion.beat[0, 30:60])
    again = pickle.loads(pickle.dumps(motion))
    np.testing.assert_array_equal(again.beat, motion.beat)


def test_the_beat_is_joined_and_padded_with_nothing_known():
    joined = Motion.concatenate([with_beat(2, 60), with_beat(1, 40)])
    assert joined.beat.shape == (3, 60)
    assert not joined.beat[2, 40:].any()
    bare = Motion(np.zeros((1, 60, 17, 2)))
    assert Motion.concatenate([with_beat(), bare]).beat is None


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_the_beat_is_resampled(fps):
    motion = with_beat().resample(fps)
    time = np.arange(motion.n_frames) / fps
    true = np.cos(2 * np.pi * time + np.arange(3)[:, None])
    np.testing.assert_allclose(motion.beat[:, :-2], true[:, :-2], atol=0.01)


def test_the_beat_survives_xarray():
    pytest.importorskip("xarray")
    motion = with_beat()
    dataset = motion.to_xarray()
    assert dataset.beat.dims == ("time", "individuals")
    np.testing.assert_array_equal(Motion.from_xarray(dataset).beat, motion.beat)


def test_a_beat_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"expected beat of shape \(2, 60\), got \(2, 60, 17\)"):
        Motion(np.zeros((2, 60, 17, 2)), beat=np.zeros((2, 60, 17)))


def test_object_arrays_are_lists_of_clips():
    rng = np.random.default_rng(0)
    clips = [rng.normal(size=(n, 17, 2)) for n in (20, 30, 25)]
    array = np.empty(3, dtype=object)
    array[:] = clips
    expected, got = as_motion(clips), as_motion(array)
    np.testing.assert_array_equal(got.position, expected.position)
    assert got.lengths.tolist() == [20, 30, 25]
    table = make_lma_pipeline(n_keyframes=4).fit(clips)
    np.testing.assert_array_equal(table.transform(array), table.transform(clips))
    np.testing.assert_array_equal(make_lma_pipeline(n_keyframes=4).fit(array).transform(array),
                                  table.transform(clips))  # fmt: skip


def test_a_frame_of_joints_by_coordinates_is_refused():
    columns = pd.MultiIndex.from_product([["s"], ["nose", "tail"], ["x", "y", "likelihood"]])
    frame = pd.DataFrame(np.zeros((30, 6)), columns=columns)
    for take in (as_motion, make_lma_pipeline().fit):
        with pytest.raises(ValueError, match=r"columns have 3 levels.*io.read_poses"):
            take(frame)
