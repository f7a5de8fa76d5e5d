"""Trees as arrays predict what scikit-learn's gradient boosting predicts, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from sklearn_asdf.functional.boosted_trees import BoostedTrees


@pytest.mark.parametrize(("n_missing", "dtype"), [(0, "f4"), (40, "f8"), (40, "f4")])
def test_the_same_bits_as_scikit_learn(n_missing, dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(700, 6)).astype(dtype)
    y = X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2])
    X[rng.integers(700, size=n_missing), rng.integers(6, size=n_missing)] = np.nan
    model = HistGradientBoostingRegressor(max_iter=25, random_state=0).fit(X[:500], y[:500])
    trees = BoostedTrees.of(model)
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
