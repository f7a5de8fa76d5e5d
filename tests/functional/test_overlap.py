"""Joining clips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sklearn_asdf.functional.overlap import crossfade, fade_gains


@given(st.integers(1, 6), st.integers(1, 30), st.integers(1, 30))
def test_cuts_of_one_signal_join_to_that_signal(n_clips, n_samples, hop_length):
    signal = np.random.default_rng(0).normal(size=(n_clips - 1) * hop_length + n_samples)
    clips = np.array([signal[i * hop_length :][:n_samples] for i in range(n_clips)])
    joined = crossfade(clips, hop_length=hop_length)
    covered = np.arange(len(signal)) % hop_length < n_samples
    covered[-n_samples:] = True
    assert_allclose(joined, np.where(covered, signal, 0.0), atol=1e-12)


def test_fades_without_a_step():
    joined = crossfade([np.zeros(100), np.ones(100)], hop_length=60)
    assert np.abs(np.diff(joined)).max() < 1.1 / 40


def test_refuses_what_cannot_be_joined():
    with pytest.raises(ValueError, match="expected clips of shape"):
        crossfade(np.zeros(5), hop_length=1)
    with pytest.raises(ValueError, match="hop_length"):
        crossfade(np.zeros((2, 5)), hop_length=0)


def test_gains_keep_power_or_amplitude():
    fade_in, fade_out = fade_gains(101)
    np.testing.assert_allclose(fade_in**2 + fade_out**2, 1, atol=1e-6)
    assert fade_in[50] == pytest.approx(np.sqrt(0.5), abs=1e-6)
    fade_in, fade_out = fade_gains(100, equal_power=False)
    np.testing.assert_allclose(fade_in + fade_out, 1, atol=1e-6)
    assert (np.diff(fade_in) > 0).all()
    assert fade_gains(0)[0].shape == (0,)
