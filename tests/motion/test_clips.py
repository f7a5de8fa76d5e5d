"""MotionClips: what the stages compute from clips batch by batch is what they compute at once."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold

from sklearn_asdf import (
    DanceBeatTracker,
    Motion,
    MotionClips,
    PoseSmoother,
    make_dance_pipeline,
    make_lma_pipeline,
)
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.motion import stage


@pytest.fixture(scope="module")
def takes():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, 17, 2)).cumsum(axis=0) for n in (400, 300, 350)]


@pytest.fixture(scope="module")
def clips(takes):
    return MotionClips.from_takes(takes, clip_duration=8.0, hop_duration=1.0)


def test_clips_are_the_windows_of_the_takes(takes, clips):
    windows = [Motion(take[None]).windows(8.0, 1.0) for take in takes]
    expected = Motion.concatenate(windows)
    np.testing.assert_array_equal(clips.load().position, expected.position)
    np.testing.assert_array_equal(clips.groups, np.repeat([0, 1, 2], list(map(len, windows))))
    assert clips.shape == expected.shape
    assert (clips.fps, clips.skeleton, clips.dtype) == (30.0, expected.skeleton, np.float64)
    some = clips[np.array([5, 0, 9])]
    np.testing.assert_array_equal(some.position, expected.position[[5, 0, 9]])
    np.testing.assert_array_equal(np.asarray(clips[3]), expected.position[[3]])


def test_nothing_is_computed_before_it_is_needed(clips):
    calls = []

    def seen(motion):
        calls.append(len(motion))
        return motion

    behind = clips.then(seen)
    part = behind[2:9][::2]
    assert calls == []
    assert part.shape == (4, 240, 17, 2)
    assert calls == [1]
    assert [len(batch) for _, batch in part.batches(3)] == [3, 1]
    assert calls == [1, 3, 1]


@pytest.mark.parametrize("preset", ["codec", "paper"])
def test_a_table_in_batches_is_that_of_all_at_once(clips, preset):
    table = make_lma_pipeline(preset=preset)
    np.testing.assert_array_equal(
        table.fit_transform(clips), table.fit_transform(clips.load()), strict=True
    )
    assert "position" not in clips.__dict__
    assert "_loaded" not in clips.__dict__


def test_a_large_motion_goes_through_in_batches(clips, monkeypatch):
    motion = clips.load()
    expected = PoseSmoother().fit_transform(motion)
    monkeypatch.setattr(stage, "_MANY", motion.position[:5].size)
    found = PoseSmoother().fit_transform(motion)
    assert isinstance(found, MotionClips)
    np.testing.assert_array_equal(found.position, expected.position)
    # A block of its own size is no reason to begin anew.
    np.testing.assert_array_equal(found[:7].load().position, expected.position[:7])


def test_gaps_and_short_clips(monkeypatch):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(6, 240, 17, 2)).cumsum(axis=1)
    x[1, 200:] = np.nan
    x[2, 50:60, 3] = np.nan
    motion = Motion(x, confidence=rng.uniform(0.1, 1, size=x.shape[:3]))
    clips = MotionClips.of(motion)
    np.testing.assert_array_equal(clips.lengths, motion.lengths)
    pipeline = make_lma_pipeline()
    np.testing.assert_array_equal(pipeline.fit_transform(clips), pipeline.fit_transform(motion))


def test_a_beat_is_learned_from_clips_in_batches(monkeypatch):
    data = make_dance_music(12, n_performances=4, clip_duration=4.0, random_state=0)
    pipe = make_dance_pipeline(random_state=0)[:-1].set_params(beats__max_iter=5)
    expected = pipe.fit_transform(data.poses, data.audio)
    found = pipe.fit_transform(MotionClips.of(data.poses), data.audio)
    np.testing.assert_array_equal(found, expected)
    assert list(found.columns) == list(expected.columns)
    # Without music, beats are estimated clip by clip.
    poses = data.poses[:3]
    beat = DanceBeatTracker().fit_transform(MotionClips.of(poses)).beat
    np.testing.assert_array_equal(beat, DanceBeatTracker().fit_transform(poses).beat)


def test_they_are_split_replaced_and_pickled(clips):
    train, test = next(GroupKFold(3).split(clips, groups=clips.groups))
    assert len(clips[train]) + len(clips[test]) == len(clips)
    again = pickle.loads(pickle.dumps(clips[test]))
    np.testing.assert_array_equal(again.position, clips[test].position)
    assert len(again.takes) == 1
    beat = np.ones(clips.shape[:2])
    assert isinstance(replace(clips, beat=beat), Motion)
    with_beat = clips.with_fields(beat=beat)
    assert isinstance(with_beat, MotionClips)
    np.testing.assert_array_equal(with_beat[2].load().beat, beat[[2]])
    assert repr(clips).startswith("MotionClips(13 clips of 8 s from 3 takes, 17 joints (coco17)")


def test_takes_that_do_not_fit_are_refused(takes):
    with pytest.raises(ValueError, match="expected take 1 at 30 fps with joints and axes"):
        MotionClips.from_takes([takes[0], takes[1][:, :5]])
    with pytest.raises(ValueError, match=r"expected take 0 of shape \(n_frames, n_joints, n_axes"):
        MotionClips.from_takes([takes[0][None]])
    with pytest.raises(ValueError, match="expected hop_duration to be a positive number"):
        MotionClips.from_takes(takes, hop_duration=0)
    with pytest.warns(UserWarning, match="take 1 lasts 3.33 s, less than one clip"):
        short = MotionClips.from_takes([takes[0], takes[1][:100]])
    assert set(short.groups) == {0}
    with (
        pytest.raises(ValueError, match="expected at least one take of 8 s or more"),
        pytest.warns(UserWarning, match="less than one clip"),
    ):
        MotionClips.from_takes([takes[0][:100]])
