"""The cheapest sequence of units, beside all sequences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf.functional import unit_selection
from sklearn_asdf.functional.unit_selection import cheapest_path

JOIN_COST = 2.0


def problem(n_units, n_beats, seed):
    """Costs, recordings of ten units, and features of a random corpus."""
    rng = np.random.default_rng(seed)
    continues = np.arange(n_units) % 10 != 9
    continues[-1] = False
    return rng.chisquare(4, (n_beats, n_units)), continues, rng.normal(size=(n_units, 3))


def total(units, costs, continues, features):
    """The cost of a sequence, written down once more."""
    cost = sum(costs[beat, unit] for beat, unit in enumerate(units))
    for a, b in itertools.pairwise(units):
        if b == a + 1 and continues[a]:
            continue
        unlike = np.sum((features[a + 1] - features[b]) ** 2) if continues[a] else 1.0
        cost += JOIN_COST * (1 + unlike)
    return cost


def over_all_pairs(costs, continues, features):
    """The lowest cost of a sequence, by dynamic programming over all pairs of units."""
    follows = features[np.minimum(np.arange(len(features)) + 1, len(features) - 1)]
    step = JOIN_COST * (1 + ((follows[:, None] - features) ** 2).sum(axis=2))
    step[~continues] = 2 * JOIN_COST
    step[np.flatnonzero(continues), np.flatnonzero(continues) + 1] = 0.0
    best = costs[0]
    for of_beat in costs[1:]:
        best = (best[:, None] + step).min(axis=0) + of_beat
    return best.min()


@pytest.mark.parametrize("seed", range(5))
def test_no_sequence_is_cheaper(seed):
    costs, continues, features = problem(6, 4, seed)
    found = cheapest_path(costs.__getitem__, 4, continues, features, join_cost=JOIN_COST)
    lowest = min(
        total(u, costs, continues, features) for u in itertools.product(range(6), repeat=4)
    )
    assert total(found, costs, continues, features) == pytest.approx(lowest)
    assert over_all_pairs(costs, continues, features) == pytest.approx(lowest)


@pytest.mark.parametrize("seed", range(2))
def test_of_many_units_a_few_are_enough(seed):
    costs, continues, features = problem(2000, 8, seed)
    found = cheapest_path(costs.__getitem__, 8, continues, features, join_cost=JOIN_COST)
    lowest = over_all_pairs(costs, continues, features)
    assert total(found, costs, continues, features) == pytest.approx(lowest)


def test_the_first_unit_may_be_given():
    costs, continues, features = problem(40, 6, 0)
    found = cheapest_path(
        costs.__getitem__, 6, continues, features, join_cost=JOIN_COST, first_unit=17
    )
    assert found[0] == 17
    costs[0, np.arange(40) != 17] = np.inf
    lowest = over_all_pairs(costs, continues, features)
    assert total(found, costs, continues, features) == pytest.approx(lowest)


def test_long_pieces_in_blocks_are_the_same(monkeypatch):
    costs, continues, features = problem(60, 50, 0)
    whole = cheapest_path(costs.__getitem__, 50, continues, features, join_cost=JOIN_COST)
    monkeypatch.setattr(unit_selection, "_BLOCK", 7)
    parts = cheapest_path(costs.__getitem__, 50, continues, features, join_cost=JOIN_COST)
    assert_array_equal(whole, parts)


@pytest.mark.parametrize("n_units", [50, 3000])
def test_roundings_choose_nothing(n_units):
    costs, continues, features = problem(n_units, 8, 0)
    # All music is there twice.
    costs, features = np.tile(costs, (1, 2)), np.tile(features, (2, 1))
    continues = np.tile(continues, 2)
    rng = np.random.default_rng(1)

    def choose():
        noisy = costs * (1 + 1e-13 * rng.normal(size=costs.shape))
        near = features * (1 + 1e-13 * rng.normal(size=features.shape))
        return cheapest_path(noisy.__getitem__, 8, continues, near, join_cost=JOIN_COST)

    first = choose()
    assert first[0] < n_units
    for _ in range(5):
        assert_array_equal(choose(), first)


def test_equal_units_go_on_from_the_first():
    continues = np.r_[np.ones(2999, bool), False]
    found = cheapest_path(
        lambda beat: np.ones(3000), 5, continues, np.zeros((3000, 1)), join_cost=1.0
    )
    assert_array_equal(found, np.arange(5))


def test_a_single_unit_is_repeated():
    cost = np.array([1.0])
    found = cheapest_path(
        lambda beat: cost, 3, np.array([False]), np.zeros((1, 2)), join_cost=JOIN_COST
    )
    assert_array_equal(found, [0, 0, 0])
    assert_allclose(cost, 1.0)
