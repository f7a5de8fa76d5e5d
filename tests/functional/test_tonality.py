"""Keys of constructed pitch-class profiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sklearn_asdf.functional.tonality import _MAJOR, _MINOR, key_correlations


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize(("mode", "profile"), [(0, _MAJOR), (1, _MINOR)], ids=["major", "minor"])
def test_the_profile_of_a_key_is_that_key(tonic, mode, profile):
    found = key_correlations(np.roll(profile, tonic))
    assert found.argmax() == 12 * mode + tonic
    assert found.max() == pytest.approx(1)


def test_a_flat_profile_is_in_no_key():
    assert_allclose(key_correlations(np.ones((2, 12))), 0)
    assert_allclose(key_correlations(np.zeros(12)), 0)


@given(st.floats(0.01, 100), st.floats(0, 10), st.integers(0, 11))
def test_transposing_and_rescaling_turn_the_keys(scale, shift, steps):
    chroma = np.random.default_rng(0).random(12)
    here = key_correlations(chroma)
    there = key_correlations(scale * np.roll(chroma, steps) + shift)
    expected = [np.roll(here[:12], steps), np.roll(here[12:], steps)]
    assert_allclose(there.reshape(2, 12), expected, atol=1e-9)
