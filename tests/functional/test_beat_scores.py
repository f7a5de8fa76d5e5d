"""Beats that meet: against the definitions, written out, and against drawn beats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf.functional.beat_scores import (
    beat_alignment,
    chance_alignment,
    coverage_and_hits,
    occupied_bins,
)

times = st.lists(st.floats(0, 8), min_size=1, max_size=12)


@given(times, times)
def test_alignment_is_the_mean_of_its_definition(beats, reference):
    expected = np.mean(
        [np.exp(-min((b - r) ** 2 for r in reference) / (2 * 0.05**2)) for b in beats]
    )
    assert beat_alignment(beats, reference, sigma=0.05) == pytest.approx(expected)


def test_alignment_falls_with_the_distance():
    # One sigma off: exp(-1/2); beats half a period off hardly score.
    reference = np.arange(0, 8, 0.5)
    assert beat_alignment(reference + 0.05, reference, sigma=0.05) == pytest.approx(np.exp(-0.5))
    assert beat_alignment(reference[:-1] + 0.25, reference, sigma=0.05) < 1e-5


def test_nothing_aligns_with_nothing():
    assert beat_alignment([], [1.0], sigma=0.05) == 0
    assert beat_alignment([1.0], [], sigma=0.05) == 0
    assert chance_alignment([], duration=8, sigma=0.05) == 0


@given(times)
def test_chance_is_what_random_beats_get(reference):
    drawn = (np.arange(20_000) + 0.5) * 8 / 20_000
    expected = beat_alignment(drawn, reference, sigma=0.05)
    assert chance_alignment(reference, duration=8, sigma=0.05) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("bpm", "expected"), [(100, 0.209), (120, 0.251)])
def test_chance_of_a_steady_beat(bpm, expected):
    # sigma sqrt(2 pi) / P, as the literature's .21 and .25.
    reference = np.arange(30 / bpm, 48, 60 / bpm)
    assert chance_alignment(reference, duration=48, sigma=0.05) == pytest.approx(expected, abs=1e-3)


def test_bins_of_a_fifth_of_a_second_have_no_rounding():
    bins = occupied_bins(np.arange(40) / 5, duration=8.0, bin_duration=0.2)
    assert bins.shape == (40,)
    assert bins.all()
    assert_array_equal(np.flatnonzero(occupied_bins([0.999, 1.0], duration=2.5)), [0, 1])
    # What lies outside of the clip is nowhere.
    assert not occupied_bins([-0.1, 3.0], duration=2.5).any()


def test_coverage_of_d2m_may_pass_one_and_that_of_loris_may_not():
    true = np.array([[1, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], dtype=bool)
    made = np.array([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0]], dtype=bool)
    coverage, hits = coverage_and_hits(true, made, variant="d2m")
    assert_allclose(coverage, [3, 0.25, 0])
    assert_allclose(hits, [1, 0.25, 0])
    coverage, hits = coverage_and_hits(true, made, variant="loris")
    assert_allclose(coverage, [1 / 3, 1, 0])
    assert_allclose(hits, [1, 0.25, 0])
