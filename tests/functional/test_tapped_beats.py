"""Beats that somebody tapped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf.functional.tapped_beats import (
    beats_through_taps,
    refine_tempo,
    regular_beats,
    shift_beats,
    tempo_of_taps,
    tempo_spread,
)


@given(st.floats(40, 240), st.floats(0, 10), st.integers(3, 40))
def test_even_taps_have_their_tempo(tempo, start, n_taps):
    assert tempo_of_taps(start + 60 / tempo * np.arange(n_taps)) == pytest.approx(tempo)


def test_single_missing_taps_do_not_change_the_tempo():
    taps = np.delete(0.5 * np.arange(12), [3, 7])
    assert tempo_of_taps(taps) == pytest.approx(120)


@given(st.floats(0, 1))
def test_shifted_beats_are_the_same_distance_apart(share):
    beats = shift_beats(0.4 * np.arange(6), share)
    assert np.allclose(np.diff(beats), 0.4)
    assert np.allclose(beats / 0.4 - share, np.arange(-1, 6))


def test_uneven_taps_count_by_their_mean():
    rng = np.random.default_rng(0)
    beats = 0.5 * np.arange(20)
    taps = 0.5 * np.arange(4, 16) + 0.2 + rng.normal(0, 0.03, 12)
    shifted = beats_through_taps(beats, taps)
    assert np.abs((shifted - 0.2) / 0.5 - np.rint((shifted - 0.2) / 0.5)).max() < 0.06


def test_the_spread_of_the_tempo_is_that_of_uneven_taps():
    rng = np.random.default_rng(1)
    even = 0.5 * np.arange(16)
    tempi = [tempo_of_taps(even + rng.normal(0, 0.04, 16)) for _ in range(500)]
    assert tempo_spread(even) == pytest.approx(np.std(tempi) / 120, rel=0.15)


@given(st.floats(50, 200), st.floats(0, 1))
def test_beats_lie_where_a_curve_is_highest(tempo, start):
    time = np.arange(900) / 30
    phase = 2 * np.pi * tempo / 60 * (time - start)
    for curve in (np.cos(phase), np.exp(1j * phase)):
        near = refine_tempo(curve, fps=30, tempo=tempo * 1.003, spread=0.003, weight=20.0)
        assert near == pytest.approx(tempo, rel=2e-3)
        beats = regular_beats(curve, fps=30, tempo=tempo)
        assert beats[0] <= 0
        assert beats[-1] >= 30 - 1e-9
        places = (beats - start) * tempo / 60
        assert np.abs(places - np.rint(places)).max() < 0.05


def test_a_tempo_without_spread_is_kept():
    assert refine_tempo(np.ones(90), fps=30, tempo=93.0, spread=0.0, weight=1.0) == 93.0
