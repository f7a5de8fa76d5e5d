"""Trees as arrays predict what scikit-learn's gradient boosting predicts, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from sklearn_asdf.functional.boosted_trees import BoostedTrees
from sklearn_asdf.functional.compiled import numpy_only
from sklearn_asdf.functional.tree_boosting import BinnedRows, boost


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(("n_missing", "dtype"), [(0, "f4"), (40, "f8"), (40, "f4")])
def test_the_same_bits_as_scikit_learn(n_missing, dtype, compiled):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 6)).astype(dtype)
    y = X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2])
    X[rng.integers(700, size=n_missing), rng.integers(6, size=n_missing)] = np.nan
    model = HistGradientBoostingRegressor(max_iter=25, random_state=0).fit(X[:500], y[:500])
    trees = BoostedTrees.of(model)
    with numpy_only(not compiled):
        np.testing.assert_array_equal(trees.predict(X), model.predict(X))
        np.testing.assert_array_equal(trees.predict(X[::-1][:3]), model.predict(X)[::-1][:3])
        assert trees.predict(X[:0]).shape == (0,)
    assert len(trees.root) == 25
    assert trees.feature.dtype == np.uint8


def test_a_stump_by_hand():
    trees = BoostedTrees(
        np.array([1, 0, 0]), np.array([0.5, -1.0, 2.0]), np.array([1, 1, 2]), np.array([2, 1, 2]),
        np.array([True, False, False]), np.array([0]), 10.0, 2,
    )  # fmt: skip
    X = np.array([[9.0, 0.5], [0.0, 0.6], [0.0, np.nan]])
    np.testing.assert_array_equal(trees.predict(X), [9.0, 12.0, 9.0])
    with pytest.raises(ValueError, match=r"expected features of shape \(n_rows, 2\), got \(3, 1\)"):
        trees.predict(X[:, :1])


@pytest.mark.parametrize("weighted", [False, True])
def test_boosting_learns_the_trees_of_scikit_learn(weighted):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(900, 4))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * (X[:, 2] > 0)
    X[rng.integers(900, size=60), 3] = np.nan
    weight = rng.integers(1, 4, size=900).astype(float) if weighted else None
    chosen = np.arange(900) < 700
    options = {"max_iter": 30, "learning_rate": 0.1, "max_leaf_nodes": 8, "min_samples_leaf": 10}
    trees = boost(
        BinnedRows.of(X), y, chosen, seed=0, column_share=1.0, l2_regularization=2.0,
        weight=weight, **options,
    )  # fmt: skip
    model = HistGradientBoostingRegressor(early_stopping=False, l2_regularization=2.0, **options)
    model.fit(X[chosen], y[chosen], None if weight is None else weight[chosen])
    # Bins differ: scikit-learn's edges lie between two numbers.
    assert np.corrcoef(trees.predict(X), model.predict(X))[0, 1] > 0.995
    assert np.mean((trees.predict(X) - y)[~chosen] ** 2) < 0.15 * y.var()
