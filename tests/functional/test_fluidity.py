"""Smoothness and suddenness of curves of which one knows which is smoother."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.functional import fluidity

T = np.linspace(0, 1, 101)
BELL = 30 * T**2 * (1 - T) ** 2  # the speed of the smoothest reach


def test_more_submovements_are_less_smooth():
    pieces = [np.abs(np.sin(n * np.pi * T)) for n in (1, 2, 3, 5)]
    assert (np.diff(fluidity.sparc(pieces, fps=100)) < 0).all()


def test_smoothest_reach_has_the_published_value():
    # Balasubramanian et al. (2015) give some -1.41 for a minimum-jerk reach.
    assert fluidity.sparc(BELL, fps=100) == pytest.approx(-1.41, abs=0.03)


def test_scale_and_silence_after_the_movement_do_not_matter():
    curve = fluidity.sparc(BELL, fps=100)
    assert fluidity.sparc(7 * BELL, fps=100) == pytest.approx(curve)
    assert fluidity.sparc(np.r_[BELL, np.zeros(300)], fps=100) == pytest.approx(curve)
    assert fluidity.sparc(np.zeros(50), fps=100) == 0
    assert np.isfinite(fluidity.sparc([1.0], fps=0.01))


def test_jerk_peaks_are_counted_by_the_second():
    jerk = 1 + np.cos(2 * np.pi * 3 * np.arange(200) / 100)[None]
    rate = fluidity.jerk_peak_rate(jerk, [[10]], [[190]], fps=100)
    assert rate[0, 0] == pytest.approx(3, abs=0.6)
    assert fluidity.jerk_peak_rate(np.ones((1, 50)), [[0]], [[50]], fps=100) == 0


def test_peak_factor():
    steady, sudden = np.ones(50), np.r_[np.zeros(49), 1.0]
    factor = fluidity.peak_factor([steady, sudden], [[0], [0]], [[50], [50]])
    np.testing.assert_allclose(factor, [[1], [50]])
    assert fluidity.peak_factor([steady], [[0]], [[50]], floor=[[2.0]]) == 0
