"""Retrieval, permutations and Mantel's test: against draws, enumeration and constructed cases."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import pdist, squareform

from sklearn_asdf.functional.pairing import (
    group_means,
    group_retrieval,
    mantel,
    pairing_test,
    partners,
)


def drawn_retrieval(similarity, groups, n_draws, rng):
    """First places and reciprocal ranks with candidates drawn, ties in random order."""
    first, reciprocal = [], []
    for _ in range(n_draws):
        for i, g in enumerate(groups):
            others = [
                similarity[i, rng.choice(np.flatnonzero(groups == h))]
                for h in np.unique(groups)
                if h != g
            ]
            tie = rng.random(len(others)) < rng.random()
            ahead = (np.array(others) > similarity[i, i]) | (
                (np.array(others) == similarity[i, i]) & tie
            )
            first.append(not ahead.any())
            reciprocal.append(1 / (1 + ahead.sum()))
    return np.mean(first), np.mean(reciprocal)


@pytest.mark.parametrize("n_values", [3, 1000], ids=["ties", "no ties"])
def test_retrieval_is_what_drawn_candidates_give_on_average(n_values):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(5), [1, 2, 3, 2, 4])
    similarity = rng.integers(n_values, size=(12, 12)) + n_values / 3 * np.eye(12)
    similarity = np.round(similarity)
    first, reciprocal = group_retrieval(similarity, groups)
    weight = np.bincount(groups) / 12
    drawn = drawn_retrieval(similarity, groups, 800, rng)
    assert np.diag(first) @ weight == pytest.approx(drawn[0], abs=0.02)
    assert np.diag(reciprocal) @ weight == pytest.approx(drawn[1], abs=0.02)


def test_own_item_most_similar_is_always_first():
    groups = np.repeat(np.arange(6), 3)
    first, reciprocal = group_retrieval(np.eye(18), groups)
    assert_allclose(np.diag(first), 1)
    assert_allclose(np.diag(reciprocal), 1)
    assert_allclose(group_retrieval(-np.eye(18), groups)[0].diagonal(), 0, atol=1e-15)


@pytest.mark.parametrize("n_groups", [2, 3, 12])
def test_equal_items_give_chance_exactly(n_groups):
    first, reciprocal = group_retrieval(np.ones((2 * n_groups,) * 2), np.arange(2 * n_groups) // 2)
    assert_allclose(first, 1 / n_groups)
    assert_allclose(reciprocal, np.mean(1 / np.arange(1, n_groups + 1)))


def test_another_partner_is_judged_as_if_it_were_the_own():
    # Each dance fits the music of the next performance best.
    groups = np.repeat(np.arange(4), 2)
    fits = (groups[:, None] + 1) % 4 == groups
    first, _ = group_retrieval(fits.astype(float), groups)
    assert_allclose(first[np.arange(4), (np.arange(4) + 1) % 4], 1)
    assert_allclose(np.diag(first), 0, atol=1e-15)


def test_partners_keep_their_place():
    groups = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    partner = partners(groups)
    assert_array_equal(partner[np.arange(8), groups], np.arange(8))
    assert_array_equal(groups[partner], np.tile([0, 1, 2], (8, 1)))
    assert_array_equal(partner[:3, 1], [3, 4, 5])


def test_pairing_test_is_the_share_of_all_permutations():
    scores = np.random.default_rng(1).normal(size=(5, 5)) + 0.8 * np.eye(5)
    mean, p = pairing_test(scores, n_permutations=20_000, random_state=0)
    every = [np.mean(scores[np.arange(5), list(o)]) for o in permutations(range(5))]
    assert mean == pytest.approx(np.trace(scores) / 5)
    assert p == pytest.approx(np.mean(np.array(every) >= mean - 1e-12), abs=0.01)


def test_pairing_test_of_noise_is_uniform_and_of_equals_is_one():
    rng = np.random.default_rng(0)
    p = [
        pairing_test(rng.normal(size=(8, 8)), n_permutations=99, random_state=0)[1]
        for _ in range(200)
    ]
    assert np.mean(p) == pytest.approx(0.5, abs=0.07)
    assert np.mean(np.array(p) <= 0.1) < 0.17
    assert pairing_test(np.ones((6, 6)), random_state=0) == (1.0, 1.0)


def test_pairing_test_deals_within_each_matrix():
    # Across the two sets everything differs; within them nothing does.
    _, p = pairing_test([np.ones((4, 4)), np.zeros((4, 4))], random_state=0)
    assert p == 1
    mean, p = pairing_test([np.eye(4), np.eye(6)], n_permutations=999, random_state=0)
    assert (mean, p) == (1, 0.001)


def test_mantel_finds_distances_that_agree_and_no_others():
    rng = np.random.default_rng(0)
    place = rng.normal(size=(12, 3))
    near = squareform(pdist(place))
    same = squareform(pdist(place + 0.1 * rng.normal(size=place.shape)))
    other = squareform(pdist(rng.normal(size=place.shape)))
    r, p = mantel(near, same, random_state=0)
    assert r > 0.9
    assert p == 0.001
    r, p = mantel(near, other, random_state=0)
    assert abs(r) < 0.3
    assert p > 0.05
    assert mantel(near, np.zeros_like(near), random_state=0) == (0, 1)


@given(st.floats(0.1, 10), st.floats(0, 5))
def test_mantel_does_not_change_with_the_unit(scale, shift):
    rng = np.random.default_rng(0)
    a, b = (squareform(pdist(rng.normal(size=(6, 2)))) for _ in range(2))
    r, p = mantel(a, b, n_permutations=19, random_state=0)
    scaled, same = mantel(a, scale * b + shift, n_permutations=19, random_state=0)
    assert scaled == pytest.approx(r)
    assert same == p


def test_group_means_are_means():
    values = np.arange(36.0).reshape(6, 6)
    groups = np.array([0, 1, 1, 2, 2, 2])
    means = group_means(values, groups)
    assert means[1, 2] == values[1:3, 3:].mean()
    assert means.shape == (3, 3)
