"""Poses at another frame rate."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.functional.resampling import (
    antialias,
    interpolate_linearly,
    poses_at,
    resample,
    resample_filled,
)


@pytest.mark.parametrize("new_fps", [25, 30, 50, 100])
def test_takes_the_pose_at_the_time(new_fps):
    t = np.arange(60) / 25
    x = (t**2)[:, None, None]
    y = resample(x, fps=25, new_fps=new_fps)[:, 0, 0]
    time = np.arange(len(y)) / new_fps
    inside = time <= t[-1] + 1e-9
    np.testing.assert_allclose(y[inside], time[inside] ** 2, atol=1e-12)
    # It lasts as long as before: 2.4 s, of which the last new frame may be a part.
    assert len(y) == np.ceil(2.4 * new_fps)


@pytest.mark.parametrize("fps", [31, 59.9, 60, 90, 120, 240])
def test_jitter_does_not_fold_back(fps):
    # 1.4 px at 29 Hz, or as fast as the rate can hold, would come out as a sway at 30 fps.
    frequency = min(29.0, 0.49 * fps)
    t = np.arange(8 * int(fps)) / fps
    jitter = 1.4 * np.cos(2 * np.pi * frequency * t)[:, None, None]
    y = resample(jitter, fps=fps, new_fps=30)[30:-30]
    assert np.abs(y).max() < 0.6 if frequency < 16 else np.abs(y).max() < 0.003


@pytest.mark.parametrize("fps", [60, 120])
def test_movement_passes(fps):
    t = np.arange(8 * fps) / fps
    swing = np.cos(2 * np.pi * 3 * t)[:, None, None]
    y = resample(swing, fps=fps, new_fps=30)[:, 0, 0]
    expected = np.cos(2 * np.pi * 3 * np.arange(240) / 30)
    np.testing.assert_allclose(y[15:-15], expected[15:-15], atol=1e-4)


def test_a_rate_written_with_fewer_digits_is_the_same():
    x = np.random.default_rng(0).normal(size=(40, 1, 2))
    assert antialias(x, fps=29.97003, new_fps=29.97002) is x
    assert antialias(x, fps=30, new_fps=30) is x
    assert antialias(x, fps=30, new_fps=60) is x


def test_past_the_end_the_motion_goes_on_oddly():
    x = np.array([0.0, 1.0, 4.0])
    spline = poses_at(x, [1.5])[0]
    np.testing.assert_allclose(poses_at(x, [2.5]), [2 * 4.0 - spline])
    np.testing.assert_array_equal(poses_at(x[:1], [-1.0, 0.0, 0.5]), [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(poses_at(x, [-2.0]), [0.0])


def test_clips_and_joints_do_not_mix():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 40, 2, 2)).cumsum(axis=1)
    x[1, 10:14, 0] = np.nan
    x[2, 30:] = np.nan
    y = resample(x, fps=60, new_fps=30)
    for i in range(3):
        np.testing.assert_allclose(y[i], resample(x[i], fps=60, new_fps=30), atol=1e-9)
    alone = resample(x[2, :30], fps=60, new_fps=30)
    np.testing.assert_allclose(y[2, :15], alone, atol=1e-9)
    assert np.isnan(y[2, 15:]).all()
    assert np.flatnonzero(np.isnan(y[1, :, 0, 0])).tolist() == [5, 6]


def test_linear_interpolation_holds_the_last_value():
    values = np.array([[[0.0, 4.0], [1.0, 2.0], [3.0, 2.0]]], np.float32)
    between = interpolate_linearly(values, [0.0, 0.25, 1.5, 2.0, 2.5])
    expected = [[0, 4], [0.25, 3.5], [2, 2], [3, 2], [3, 2]]
    np.testing.assert_array_equal(between, [expected])
    assert between.dtype == np.float32


def test_frames_on_the_clock_stay_as_they_are():
    rng = np.random.default_rng(0)
    position = rng.normal(size=(30, 4, 2))
    same, seen = resample_filled(position, fps=30, new_fps=30)
    np.testing.assert_array_equal(same, position)
    assert seen.all()
    half, _ = resample_filled(position, fps=30, start=-0.1, new_fps=30)
    np.testing.assert_array_equal(half, position[3:])


def test_fewer_frames_hold_no_alias():
    time = np.arange(600) / 120
    shake = np.sin(2 * np.pi * 29 * time)[:, None, None]
    slow = np.sin(2 * np.pi * 1 * time)[:, None, None]
    new, _ = resample_filled(shake, fps=120, start=0.01, new_fps=30)
    assert np.abs(new[15:-15]).max() < 0.01
    new, _ = resample_filled(slow, fps=120, start=0.01, new_fps=30)
    expected = np.sin(2 * np.pi * (np.arange(len(new)) / 30 - 0.01))
    np.testing.assert_allclose(new[15:-15, 0, 0], expected[15:-15], atol=1e-3)


@pytest.mark.parametrize("fps", [59.9, 60, 120])
def test_half_the_rate_is_filtered_like_any_other(fps):
    # 1.4 px at 29 Hz would come out as 1.4 px at 1 Hz.
    shake = 1.4 * np.cos(2 * np.pi * 29 * np.arange(int(8 * fps)) / fps)
    new, _ = resample_filled(shake.reshape(-1, 1, 1), fps=fps, new_fps=30)
    assert np.abs(new[15:-15]).max() < 0.003


def test_one_frame_is_held():
    new, seen = resample_filled(np.full((1, 2, 2), 3.0), fps=1, new_fps=30)
    np.testing.assert_array_equal(new, np.full((30, 2, 2), 3.0))
    assert seen.all()
