"""Beats counted, and one grid through several clips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf.functional.beat_grid import beat_position, beat_times, steady_beats


def test_position_goes_on_at_the_median_pace():
    beats = [0.0, 0.5, 1.0, 1.6]
    np.testing.assert_allclose(beat_position(beats, [-1.0, 1.3, 2.1]), [-2.0, 2.5, 4.0])


@given(tempo=st.floats(40, 240), phase=st.floats(-np.pi, np.pi), at=st.floats(0, 8))
def test_beats_of_one_tempo_cover_the_clip_in_phase(tempo, phase, at):
    beats = beat_times(tempo, phase, at=at, duration=8.0)
    np.testing.assert_allclose(np.diff(beats), 60 / tempo)
    assert -60 / tempo <= beats[0] <= 1e-6
    assert 8.0 - 1e-6 <= beats[-1] <= 8.0 + 60 / tempo + 1e-6
    away = 2 * np.pi * beat_position(beats, at) - phase
    assert np.cos(away) == pytest.approx(1.0, abs=1e-6)


def test_one_clip_has_its_own_beats():
    one = steady_beats([97.0], [1.0], at=[4.0], clip_duration=8.0, duration=8.0)
    np.testing.assert_array_equal(one, beat_times(97.0, 1.0, at=4.0, duration=8.0))


@pytest.mark.parametrize("hop", [1.0, 3.0, 8.0])
def test_clips_that_agree_give_their_beats(hop):
    at = 4 + hop * np.arange(8)
    phase = 2 * np.pi * 1.5 * at - 1.0
    duration = at[-1] + 4
    beats = steady_beats(np.full(8, 90.0), phase, at=at, clip_duration=8.0, duration=duration)
    true = beat_times(90.0, phase[0], at=4.0, duration=duration)
    inside = true[(true > 0) & (true < duration)]
    assert np.abs(inside[:, None] - beats).min(axis=1).max() <= 0.011
    assert len(beats) == len(true)


def test_clips_that_err_are_outvoted_and_the_grid_is_whole():
    rng = np.random.default_rng(0)
    at = 4.0 + np.arange(40)
    tempo = 100 + rng.normal(size=40)
    tempo[[5, 17, 30]] = 200, 50, 133
    phase = 2 * np.pi * 100 / 60 * at + 0.5 * rng.normal(size=40)
    beats = steady_beats(tempo, phase, at=at, clip_duration=8.0, duration=47.0)
    assert beats[0] <= 0
    assert beats[-1] >= 47
    gaps = np.diff(beats)
    assert gaps.min() > 0.5
    assert gaps.max() < 0.7
    away = np.abs(beats / 0.6 - np.rint(beats / 0.6)) * 0.6
    # In the middle, where many clips vote.
    assert away[7:-7].max() < 0.07
