"""Rests of a dancer: what is one, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.functional.rests import find_rests, median_without_rests, mix_over_rests


def rests(*speed):
    return "".join(".r"[int(r)] for r in find_rests(np.array([speed], float), 0.1)[0])


def test_a_single_still_step_is_no_rest():
    assert rests(1, 1, 0, 1, 1, 1) == "......"
    assert rests(1, 1, 0, 0, 1, 1) == "..rr.."


def test_the_last_step_is_a_rest_by_itself():
    assert rests(1, 1, 1, 1, 0) == "....r"


def test_a_sudden_stop_is_found_where_smoothing_spreads_it():
    # Measured where a dance that was smoothed at 3 Hz freezes for three seconds, in steps of .25 s.
    speed = [0.38, 0.51, 0.57, 0.23, 0.108, 0.071, 0.035, 0.026, 0.03, 0.037, 0.075, 0.109, 0.7]
    found = find_rests(np.array([speed]), 0.04)[0]
    assert found.tolist() == [False] * 4 + [True] * 8 + [False]


def test_a_slow_dance_around_a_rest_sounds():
    assert rests(0.4, 0.3, 0.4, 0.0, 0.0, 0.4, 0.3) == "...rr.."
    # Growth ends after three steps.
    assert rests(9, 2, 2, 2, 2, 0, 0, 9) == "..rrrrr."


def test_noise_near_the_threshold_does_not_interrupt_a_rest():
    assert rests(1, 0.05, 0.05, 0.15, 0.05, 0.15, 1) == ".rrrrr."


def test_a_dance_that_moves_has_no_rest():
    speed = np.random.default_rng(0).uniform(0.1, 1, (5, 32))
    assert not find_rests(speed, 0.1).any()


@pytest.mark.parametrize("n_steps", [1, 2])
def test_few_steps(n_steps):
    assert find_rests(np.zeros((2, n_steps)), 0.1).all()


def test_medians_do_not_count_rests():
    values = np.arange(8.0).reshape(2, 4, 1)
    where = np.array([[True, False, False, False], [True] * 4])
    assert median_without_rests(values, where).tolist() == [[2.0], [5.5]]


class TestMixing:
    TIME = 4.0 * np.arange(6)
    VALUES = np.random.default_rng(0).normal(size=(6, 2))

    def test_without_rests_nothing_is_mixed(self):
        mixed = mix_over_rests(self.VALUES, np.zeros(6), self.TIME, 4.0)
        np.testing.assert_array_equal(mixed, self.VALUES)

    def test_only_clips_with_rests_change(self):
        share = np.array([0, 0, 0.2, 0, 0, 0.0])
        mixed = mix_over_rests(self.VALUES, share, self.TIME, 4.0)
        kept = share == 0
        np.testing.assert_allclose(mixed[kept], self.VALUES[kept])
        weight = np.exp(-np.abs(self.TIME - 8) / 4) * (1 - 2 * share)
        around = weight @ self.VALUES / weight.sum()
        np.testing.assert_allclose(mixed[2], 0.6 * self.VALUES[2] + 0.4 * around)

    def test_what_is_all_rest_has_the_nearest_movement(self):
        values = np.array([[1.0], [50.0], [50.0], [3.0]])
        share = np.array([0, 1, 0.6, 0])
        mixed = mix_over_rests(values, share, np.array([0.0, 1e4, 2e4, 3e4]), 4.0)
        np.testing.assert_allclose(mixed.ravel(), [1, 1, 3, 3])

    def test_where_all_is_rest_nothing_is_known_of_movement(self):
        mixed = mix_over_rests(self.VALUES, np.full(6, 0.5), self.TIME, 4.0)
        np.testing.assert_array_equal(mixed, self.VALUES)
