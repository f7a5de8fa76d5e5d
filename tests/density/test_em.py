"""One mixture for a whole table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf.density.em import fit_mixture, partition
from sklearn_asdf.density.mixtures import GaussianMixtures


@pytest.fixture(scope="module")
def three():
    rng = np.random.default_rng(0)
    centers = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    return centers, centers[rng.choice(3, 600, p=[0.5, 0.3, 0.2])] + rng.normal(size=(600, 2))


def test_clusters_are_found(three):
    centers, y = three
    labels = partition(y, 3)
    found = np.array([y[labels == i].mean(axis=0) for i in range(3)])
    order = np.argsort(((found[:, None] - centers) ** 2).sum(axis=2), axis=1)[:, 0]
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(found, centers[order], atol=0.2)


def test_a_known_mixture_is_recovered(three):
    centers, y = three
    weights, means, scales = fit_mixture(y, 3)
    order = np.argsort(-weights)
    np.testing.assert_allclose(weights[order], [0.5, 0.3, 0.2], atol=0.05)
    np.testing.assert_allclose(means[order], centers, atol=0.3)
    np.testing.assert_allclose(scales, 1, atol=0.15)


def test_iterations_raise_the_likelihood():
    y = np.random.default_rng(1).standard_t(3, size=(300, 2))
    levels = []
    for n_iter in (0, 3, 100):
        w, m, s = fit_mixture(y, 3, n_iter=n_iter)
        levels.append(GaussianMixtures(w[None], m[None], s[None]).log_prob(y).mean())
    assert levels[0] < levels[1] < levels[2]


def test_weights_are_repetitions_and_order_does_not_matter(three):
    y = three[1][:60]
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, 60)
    expected = fit_mixture(rng.permutation(np.repeat(y, weight, axis=0)), 3)
    found = fit_mixture(y[weight > 0], 3, sample_weight=weight[weight > 0])
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-8)


def test_roundings_do_not_choose_the_cut():
    # Standardized columns have equal variances, up to roundings.
    rng = np.random.default_rng(0)
    y = rng.normal(size=(40, 24)) @ rng.normal(size=(24, 24))
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    labels = partition(y, 4)
    for seed in range(5):
        moved = y + 1e-7 * np.random.default_rng(seed).normal(size=y.shape)
        np.testing.assert_array_equal(partition(moved, 4), labels)


@pytest.mark.parametrize("turn", [0.0, 0.5, np.pi / 4])
def test_the_cut_is_across_the_longest_axis(turn):
    # A cross of two arms, turned: the longer one is cut in the middle.
    long, short = np.linspace(-5, 5, 40), np.linspace(-1, 1, 40)
    arms = np.r_[np.c_[long, 0 * long], np.c_[0 * short, short]]
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    labels = partition(arms @ rotation, 2, n_iter=0)[:40]
    assert set(labels[:20]) == {labels[0]} != {labels[-1]} == set(labels[20:])


def test_rows_on_the_border_stay_together():
    # The middle of three is the mean, which roundings put on either side of it.
    for scale in (1.0, 1 / 3, 0.1, 7e5):
        labels = partition(scale * (np.array([[-1.0], [0.0], [1.0]]) + 0.1), 2)
        assert labels.tolist() == partition(np.array([[-1.0], [0.0], [1.0]]), 2).tolist()


def test_rows_that_differ_by_roundings_are_one():
    y = np.array([[0.0], [1e-9], [1.0], [1.0 + 1e-9]])
    assert partition(y, 4).max() == 1


@pytest.mark.parametrize("rows", [1, 2])
def test_fewer_rows_than_components(rows):
    y = np.arange(rows, dtype=float)[:, None]
    weights, means, scales = fit_mixture(y, 5, min_scale=0.1)
    assert means.shape == scales.shape == (5, 1)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.unique(means.round(9)), np.arange(rows))
    assert (scales >= 0.1).all()


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2), min_size=1, max_size=12),
    st.integers(1, 6),
)
def test_any_table_gives_a_density(rows, k):
    y = np.array(rows)
    y = (y - y.mean(axis=0)) / max(np.abs(y).max(), 1e-3)
    w, m, s = fit_mixture(y, k)
    assert np.isfinite(GaussianMixtures(w[None], m[None], s[None]).log_prob(y)).all()
