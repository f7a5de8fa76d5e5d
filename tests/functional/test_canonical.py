"""Canonical correlations: against scikit-learn's, and pairs against densities."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal
from sklearn.cross_decomposition import CCA

from sklearn_asdf.functional.canonical import canonical_directions, pair_log_odds


def tables(n=400, seed=0):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 2)) * [2, 1]
    X = np.c_[shared + rng.normal(size=(n, 2)), rng.normal(size=(n, 2))] @ rng.normal(size=(4, 4))
    Y = np.c_[shared + rng.normal(size=(n, 2)), rng.normal(size=(n, 1))] @ rng.normal(size=(3, 3))
    return X - X.mean(axis=0), Y - Y.mean(axis=0)


def test_without_ridge_it_is_scikit_learns():
    X, Y = tables()
    _, _, r = canonical_directions(X, Y, n_components=2)
    u, v = CCA(2, scale=False, max_iter=5000, tol=1e-12).fit_transform(X, Y)
    expected = [np.corrcoef(u[:, k], v[:, k])[0, 1] for k in range(2)]
    assert_allclose(r, expected, atol=1e-6)


def test_scores_have_variance_one_and_the_correlations_told():
    X, Y = tables()
    left, right, r = canonical_directions(X, Y, n_components=2, alpha=0.3)
    u, v = X @ left, Y @ right
    assert_allclose([u.std(axis=0), v.std(axis=0)], 1)
    assert_allclose([np.corrcoef(u[:, k], v[:, k])[0, 1] for k in range(2)], r)


def test_columns_that_never_vary_do_no_harm():
    X, Y = tables()
    X[:, 0] = 0
    assert np.isfinite(canonical_directions(X, Y, n_components=2, alpha=0.1)[2]).all()
    nothing = canonical_directions(np.zeros((9, 2)), np.zeros((9, 3)), n_components=1)
    assert_allclose(nothing[2], 0)


def test_pair_odds_are_the_ratio_of_densities():
    rng = np.random.default_rng(0)
    r = np.array([0.8, 0.3])
    u, v = rng.normal(size=(4, 2)), rng.normal(size=(5, 2))
    odds = pair_log_odds(u, v, r)
    for i in range(4):
        for j in range(5):
            joint = sum(
                multivariate_normal([0, 0], [[1, c], [c, 1]]).logpdf([a, b])
                for a, b, c in zip(u[i], v[j], r)
            )
            alone = multivariate_normal(np.zeros(4)).logpdf(np.r_[u[i], v[j]])
            assert_allclose(odds[i, j], joint - alone)
