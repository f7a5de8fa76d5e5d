"""Equations 12 and 13, and the choice of frames without salience."""

from __future__ import annotations

import numpy as np

from sklearn_asdf.functional.frames import (
    add_farthest_frames,
    distinct_frames,
    fill_curves,
    uniform_keyframes,
    zero_crossing_frames,
)
from sklearn_asdf.functional.keyframe_candidates import curve_salience
from sklearn_asdf.functional.keyframes import cluster_extremes, select_keyframes


def test_clusters_keep_crests_and_troughs():
    frame = np.arange(60)
    curve = np.cos(2 * np.pi * frame / 30)[None, None]
    near = np.abs(((frame + 7.5) % 15) - 7.5) <= 2  # two frames to either side of each extreme
    kept = cluster_extremes(near[None, None], curve, fps=30)
    assert np.flatnonzero(kept).tolist() == [0, 15, 30, 45, 59]


def test_gap_separates_clusters():
    candidates = np.zeros((1, 1, 20), dtype=bool)
    candidates[0, 0, [2, 7, 13]] = True
    curve = np.arange(20.0)[None, None]
    assert cluster_extremes(candidates, curve, fps=10, gap_duration=0.5).sum() == 2
    assert cluster_extremes(candidates, curve, fps=10, gap_duration=0.4).sum() == 3
    assert cluster_extremes(candidates, curve, fps=10, gap_duration=0.6).sum() == 1


def test_refined_clusters_rest_in_the_middle_and_keep_both_sides():
    curve = np.r_[np.zeros(11), np.arange(1, 6) / 6, np.ones(11)][None, None]
    candidates = np.zeros(curve.shape, dtype=bool)
    candidates[0, 0, 10:17] = True
    kept = cluster_extremes(candidates, curve, fps=30, refine=True)
    assert np.flatnonzero(kept).tolist() == [5, 21]


def test_votes_decide():
    votes = np.zeros((1, 30), dtype=int)
    votes[0, [3, 5, 20, 22]] = [1, 4, 5, 1]
    curve = np.zeros((1, 30))
    curve[0, [3, 22]] = 9.0
    assert select_keyframes(votes, curve, 2, fps=30).tolist() == [[5, 20]]
    assert select_keyframes(votes > 0, curve, 2, fps=30).tolist() == [[3, 22]]


def test_fewer_candidates_than_wanted_are_all_kept():
    candidates = np.zeros((1, 40), dtype=bool)
    candidates[0, [10, 12]] = True
    got = select_keyframes(candidates, np.zeros((1, 40)), 5, fps=30)[0]
    assert {10, 12} <= set(got.tolist())
    assert (np.diff(got) > 0).all()


def test_filled_curves():
    curves = np.array([[np.nan, 2.0, np.nan, np.nan, 5.0, np.nan], [np.nan] * 6])
    expected = [[2.0, 2.0, 3.0, 4.0, 5.0, 5.0], [0.0] * 6]
    np.testing.assert_allclose(fill_curves(curves), expected)


def test_uniform_keyframes_are_strictly_increasing():
    for n_keyframes in range(1, 12):
        lengths = np.arange(n_keyframes, 40)
        got = uniform_keyframes(lengths, n_keyframes)
        assert (np.diff(got, axis=1) > 0).all()
        if n_keyframes > 1:
            np.testing.assert_array_equal(got[:, 0], 0)
            np.testing.assert_array_equal(got[:, -1], lengths - 1)


def test_short_clips_repeat_their_last_frame():
    assert uniform_keyframes([3, 1, 0], 4).tolist() == [[0, 1, 2, 2], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert add_farthest_frames(np.zeros((1, 2), dtype=bool), 3).tolist() == [[0, 1, 1]]


def test_frames_that_coincide_move_apart_and_stay_inside():
    rng = np.random.default_rng(0)
    for length in range(1, 14):
        frames = np.sort(rng.integers(0, 14, (20, 5)), axis=1)
        got = distinct_frames(frames, np.full(20, length))
        assert got.min() >= 0
        assert got.max() < length
        if length >= 5:
            assert (np.diff(got, axis=1) > 0).all()
    apart = [[0, 2, 4, 7, 13]]
    assert distinct_frames(apart, [14]).tolist() == apart
    assert distinct_frames([[5, 5, 5]], [6]).tolist() == [[3, 4, 5]]
    assert distinct_frames([[0, 0, 1]], [2]).tolist() == [[0, 1, 1]]


def test_kernels_and_gaps_last_as_long_at_any_rate():
    # A bump of 0.1 s, wider than the kernels: twice the rate, twice the frames, the same curve.
    time = np.arange(61) / 30
    bump = np.exp(-0.5 * ((time - 1) / 0.1) ** 2)
    fast = np.exp(-0.5 * ((np.arange(121) / 60 - 1) / 0.1) ** 2)
    once, twice = curve_salience(bump, fps=30), curve_salience(fast, fps=60)
    np.testing.assert_allclose(twice[::2] / twice.max(), once / once.max(), atol=0.03)
    candidates = np.zeros((1, 1, 61), dtype=bool)
    candidates[0, 0, [10, 19]] = True
    curve = np.arange(61.0)[None, None]
    n_kept = [cluster_extremes(candidates, curve, fps=fps).sum() for fps in (30, 50, 54, 60)]
    assert n_kept == [2, 2, 1, 1]


def test_spread_stays_inside_the_clip():
    chosen = np.zeros((1, 50), dtype=bool)
    chosen[0, 4] = True
    got = add_farthest_frames(chosen, 6, [10])[0]
    assert got.max() == 9
    assert (np.diff(got) > 0).all()


def test_zero_crossings_are_the_turns_of_speed():
    t = np.arange(120)
    speed = 2 + np.cos(2 * np.pi * t / 40)
    got = np.flatnonzero(zero_crossing_frames(speed[None, None]))
    assert got.tolist() == [20, 40, 60, 80, 100]
    assert not zero_crossing_frames(np.full((1, 1, 50), 3.0)).any()
    assert not zero_crossing_frames(np.ones((1, 1, 2))).any()
    short = np.flatnonzero(zero_crossing_frames(speed[None, None], [50]))
    assert short.tolist() == [20, 40]
