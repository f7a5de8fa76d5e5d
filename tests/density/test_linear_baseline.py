"""Maps of the targets that the inputs tell about."""

from __future__ import annotations

import numpy as np

from sklearn_asdf.density.mdn.linear_baseline import fit_predictable_targets


def _task(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5)) * [1, 10, 0.1, 1, 1] + 3
    X[:, 4] = 7.0
    told = X[:, :2] @ [[1.0, 0.0], [0.5, -2.0]] + 0.1 * rng.normal(size=(n, 2))
    return X, np.c_[told, rng.normal(size=(n, 40))]


def test_finds_what_is_told_and_leaves_the_rest():
    X, y = _task()
    coef, intercept, held_out = fit_predictable_targets(X, y)
    np.testing.assert_allclose(coef[:2, :2], [[1.0, 0.0], [0.5, -2.0]], atol=0.05)
    assert not coef[:, 2:].any()
    assert not intercept[2:].any()
    X_new, y_new = _task(seed=1)
    error = y_new[:, :2] - X_new @ coef[:, :2] - intercept[:2]
    assert error.std() < 0.2
    assert not held_out[:, 2:].any()


def test_errors_on_rows_held_out_are_as_large_as_on_new_ones():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(60, 30))
    X, X_new = rng.normal(size=(80, 60)), rng.normal(size=(500, 60))
    y, y_new = X @ truth + 3 * rng.normal(size=(80, 30)), X_new @ truth
    y_new += 3 * rng.normal(size=y_new.shape)
    coef, intercept, held_out = fit_predictable_targets(X, y)
    new = (y_new - X_new @ coef - intercept).std()
    seen = (y - X @ coef - intercept).std()
    assert seen < 0.5 * new
    assert 0.9 * new < (y - held_out).std() < 1.3 * new


def test_groups_are_held_out_whole():
    # Each group has its own level in a target and its own place among the inputs: known within
    # the group, of no use for others.
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 20)
    place, level = rng.normal(size=(12, 30)), rng.normal(size=(12, 1))
    X, y = place[groups] + 0.01 * rng.normal(size=(240, 30)), level[groups]
    assert fit_predictable_targets(X, y)[0].any()
    assert not fit_predictable_targets(X, y, groups=groups)[0].any()


def test_weights_of_zero_leave_rows_out():
    X, y = _task()
    weight = np.r_[np.ones(150), np.zeros(50)]
    y[150:] = 1e3
    coef, _, _ = fit_predictable_targets(X, y, sample_weight=weight)
    np.testing.assert_allclose(coef[:2, :2], [[1.0, 0.0], [0.5, -2.0]], atol=0.1)


def test_little_or_constant_data_give_no_map():
    assert not fit_predictable_targets(np.zeros((50, 2)), np.ones((50, 3)))[0].any()
    assert not fit_predictable_targets(np.ones((1, 2)), np.ones((1, 3)))[0].any()
    X, y = _task()
    assert not fit_predictable_targets(X, y, groups=np.zeros(len(X)))[0].any()
