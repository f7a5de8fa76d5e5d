"""Beats that somebody tapped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf.functional.tapped_beats import beats_through_taps, shift_beats, tempo_of_taps


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
