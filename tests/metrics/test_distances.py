"""Distances between clips: known ones, and a model whose music is all the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_asdf.metrics import distance_ratio, mel_distances

SR = 22050


@pytest.fixture
def noise():
    rng = np.random.default_rng(0)
    return 0.02 * rng.normal(size=(6, SR)) * np.array([1, 2, 4, 1, 2, 4])[:, None]


def test_distance_of_levels_is_their_difference_in_decibels(noise):
    distances = mel_distances(noise[:1], [noise[0], 2 * noise[0], 0.1 * noise[0]])
    assert_allclose(distances, [[0, 20 * np.log10(2), 20]], atol=0.05)


def test_distances_are_a_metric(noise):
    d = mel_distances(noise)
    assert_allclose(d, d.T, atol=1e-6)
    assert_allclose(np.diag(d), 0, atol=1e-3)
    assert (d[:, None] <= d[:, :, None] + d[None] + 1e-6).all()
    assert_allclose(mel_distances(noise, noise), d, atol=1e-3)


def test_silence_is_as_far_as_its_floor():
    assert mel_distances(np.zeros((2, SR))).max() == 0


def test_ratio_is_one_of_the_same_and_of_a_permutation(noise):
    assert distance_ratio(noise, noise) == pytest.approx(1)
    assert distance_ratio(noise, noise[::-1]) == pytest.approx(1)


def test_ratio_of_one_music_for_all_is_zero_and_falls_as_music_grows_alike(noise):
    assert distance_ratio(noise, np.repeat(noise[:1], 6, axis=0)) == pytest.approx(0, abs=1e-4)
    # Of two musics, three clips each: only pairs of different music count.
    two = np.repeat(noise[[0, 2]], 3, axis=0)
    assert 0 < distance_ratio(noise, two) < 1


def test_pairs_of_one_performance_do_not_count(noise):
    groups = np.array([0, 0, 0, 1, 1, 1])
    made = np.repeat(noise[[0, 2]], 3, axis=0)
    apart = mel_distances(noise)[:3, 3:].mean()
    expected = mel_distances(noise[[0, 2]])[0, 1] / apart
    assert distance_ratio(noise, made, groups) == pytest.approx(expected, rel=1e-3)


def test_bad_input_is_refused_in_a_sentence(noise):
    with pytest.raises(ValueError, match="expected true clips that differ"):
        distance_ratio(np.repeat(noise[:1], 6, axis=0), noise)
    with pytest.raises(ValueError, match="at least two groups, got 6 of 1"):
        distance_ratio(noise, noise, np.zeros(6))
    with pytest.raises(ValueError, match="at least two clips"):
        distance_ratio(noise[:1], noise[:1])
