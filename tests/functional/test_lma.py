"""Equations 2 to 6 as they stand in the paper, and what happens to missing joints."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.functional import lma
from sklearn_asdf.functional.windows import frame_windows

WEIGHTS = np.array([0.5, 0.3, 0.2])
START, STOP = frame_windows([[0, 8, 20], [3, 4, 19]])


@pytest.fixture
def vectors():
    return np.random.default_rng(0).normal(size=(2, 20, 3, 2)).cumsum(axis=1)


def pieces(values, *, closed=False):
    for clip, window in np.ndindex(START.shape):
        yield (clip, window), values[clip, START[clip, window] : STOP[clip, window] + closed]


def test_weight(vectors):
    got = lma.effort_weight(vectors, START, STOP, WEIGHTS)
    for at, piece in pieces(vectors, closed=True):
        assert got[at] == pytest.approx(((piece**2).sum(axis=-1) @ WEIGHTS).max())


@pytest.mark.parametrize("feature", [lma.effort_time, lma.effort_flow])
def test_time_and_flow(vectors, feature):
    got = feature(vectors, START, STOP, WEIGHTS)
    for at, piece in pieces(vectors):
        assert got[at] == pytest.approx(np.linalg.norm(piece, axis=-1).mean(axis=0) @ WEIGHTS)


def test_shape(vectors):
    curvature = np.abs(vectors[..., 0])
    got = lma.shape_directional(curvature, START, STOP, WEIGHTS)
    for at, piece in pieces(curvature):
        assert got[at] == pytest.approx(piece.mean(axis=0) @ WEIGHTS)


def test_space(vectors):
    ratio = lma.effort_space(vectors, START, STOP, WEIGHTS, space="path_ratio")
    direct = lma.effort_space(vectors, START, STOP, WEIGHTS)
    for at, piece in pieces(vectors, closed=True):
        path = np.linalg.norm(np.diff(piece, axis=0), axis=-1).sum(axis=0)
        chord = np.linalg.norm(piece[-1] - piece[0], axis=-1)
        assert ratio[at] == pytest.approx((path / chord) @ WEIGHTS)
        assert direct[at] == pytest.approx((chord / path) @ WEIGHTS)


def test_windows_without_frames_and_clips_of_one_frame_go_nowhere(vectors):
    for feature in (lma.effort_space, lma.effort_weight, lma.effort_time):
        assert feature(vectors, [[5], [5]], [[5], [5]], WEIGHTS).tolist() == [[0], [0]]
    assert lma.effort_space(vectors[:, :1], [[0], [0]], [[1], [1]], WEIGHTS).tolist() == [[0], [0]]


def test_closed_straight_and_still_paths():
    angle = np.linspace(0, 2 * np.pi, 33)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    circle[-1] = circle[0]
    line = np.linspace([0, 0], [3, 4], 33)
    position = np.stack([circle, line, np.ones((33, 2))], axis=1)[None]
    each = np.eye(3)
    direct = [lma.effort_space(position, [[0]], [[33]], w)[0, 0] for w in each]
    ratio = [lma.effort_space(position, [[0]], [[33]], w, space="path_ratio")[0, 0] for w in each]
    np.testing.assert_allclose(direct, [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(ratio, [1000, 1, 0], rtol=1e-12)


def test_space_bridges_gaps_by_their_chord():
    rng = np.random.default_rng(1)
    position = rng.normal(size=(2, 20, 3, 2))
    position[rng.random((2, 20, 3)) < 0.4] = np.nan
    position[0, :, 2] = np.nan
    for joint in range(3):
        weights = np.eye(3)[joint]
        got = lma.effort_space(position, START, STOP, weights)
        for at, piece in pieces(position[:, :, joint], closed=True):
            seen = piece[~np.isnan(piece[:, 0])]
            path = np.linalg.norm(np.diff(seen, axis=0), axis=-1).sum()
            expected = np.linalg.norm(seen[-1] - seen[0]) / path if path > 0 else 0.0
            assert got[at] == pytest.approx(expected, abs=1e-9)


def test_seen_joints_stand_in_for_the_missing(vectors):
    same = np.repeat(vectors[:, :, :1], 3, axis=2)
    gappy = same.copy()
    gappy[:, :, 1] = np.nan
    gappy[:, ::3, 2] = np.nan
    for feature in (lma.effort_weight, lma.effort_space):
        whole = feature(same, START, STOP, WEIGHTS)
        if feature is lma.effort_space:  # frames left out make a path shorter
            gappy[:, ::3, 2] = same[:, ::3, 2]
        np.testing.assert_allclose(feature(gappy, START, STOP, WEIGHTS), whole)
    gappy[:, :, 2] = np.nan
    np.testing.assert_allclose(
        lma.effort_time(gappy, START, STOP, WEIGHTS), lma.effort_time(same, START, STOP, WEIGHTS)
    )


def test_means_are_over_seen_frames():
    jerk = np.array([1.0, np.nan, 3.0]).reshape(1, 3, 1, 1)
    assert lma.effort_flow(jerk, [[0]], [[3]], [1.0]) == 2.0


def test_nothing_seen_gives_nothing():
    nothing = np.full((1, 5, 3, 2), np.nan)
    for feature in (lma.effort_weight, lma.effort_time, lma.effort_space):
        assert feature(nothing, [[0]], [[5]], WEIGHTS) == 0
    assert lma.shape_directional(nothing[..., 0], [[0]], [[5]], WEIGHTS) == 0


def test_rounding_is_no_movement():
    position = np.full((1, 50, 3, 2), 1e6)
    position += np.random.default_rng(0).uniform(-1, 1, position.shape) * 1e-10
    assert lma.effort_space(position, [[0]], [[50]], WEIGHTS) == 0


def test_space_is_named():
    with pytest.raises(ValueError, match="'directness' or 'path_ratio', got 'direct'"):
        lma.effort_space(np.zeros((1, 2, 1, 1)), [[0]], [[2]], [1.0], space="direct")
