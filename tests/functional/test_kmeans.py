"""Exact one-dimensional k-means, against every possible split."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sklearn_asdf.functional.kmeans import kmeans_1d


def cost(values, weights, labels):
    return sum(
        (weights[own] * (values[own] - np.average(values[own], weights=weights[own])) ** 2).sum()
        for own in (labels == label for label in np.unique(labels))
    )


def least_cost(values, weights, n_clusters):
    splits = itertools.combinations(range(1, len(values)), n_clusters - 1)
    position = np.arange(len(values))
    return min(
        cost(values, weights, np.searchsorted(cuts, position, side="right")) for cuts in splits
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_no_split_is_better(weighted):
    rng = np.random.default_rng(0)
    counts = rng.integers(3, 11, size=60)
    values = np.zeros((60, 10))
    weights = np.ones((60, 10))
    for row, count in enumerate(counts):
        values[row, :count] = np.sort(rng.integers(0, 30, count))
        if weighted:
            weights[row, :count] = rng.integers(1, 5, count)
    for n_clusters in (1, 2, 3):
        labels = kmeans_1d(values, n_clusters, counts, weights=weights)
        for row, count in enumerate(counts):
            if count <= n_clusters:
                continue
            own = values[row, :count], weights[row, :count]
            got = labels[row, :count]
            assert (np.diff(got) >= 0).all()
            assert len(np.unique(got)) == n_clusters
            assert cost(*own, got) == pytest.approx(least_cost(*own, n_clusters), abs=1e-9)


def test_rows_do_not_depend_on_each_other():
    rng = np.random.default_rng(1)
    counts = rng.integers(20, 90, size=40)
    values = np.zeros((40, 90))
    for row, count in enumerate(counts):
        values[row, :count] = np.sort(rng.choice(240, count, replace=False))
    together = kmeans_1d(values, 7, counts)
    for row, count in enumerate(counts):
        alone = kmeans_1d(values[row : row + 1, :count], 7)
        np.testing.assert_array_equal(alone[0], together[row, :count])
    assert (together[np.arange(90) >= counts[:, None]] == -1).all()


def test_blocks_give_what_one_table_gives(monkeypatch):
    from sklearn_asdf.functional import kmeans

    values = np.sort(np.random.default_rng(2).random((3, 120)), axis=1)
    whole = kmeans_1d(values, 9)
    monkeypatch.setattr(kmeans, "_BLOCK", 500)
    np.testing.assert_array_equal(kmeans_1d(values, 9), whole)


def test_few_values_have_clusters_of_their_own():
    labels = kmeans_1d([[3.0, 5.0, 0.0], [1.0, 2.0, 9.0]], 3, [2, 3])
    np.testing.assert_array_equal(labels, [[0, 1, -1], [0, 1, 2]])


def test_equal_values():
    labels = kmeans_1d(np.zeros((1, 6)), 3)[0]
    assert len(np.unique(labels)) == 3
