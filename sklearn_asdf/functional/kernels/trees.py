"""Sums of the leaves that rows reach in regression trees."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compiled import Loops

__all__ = ["sum_of_leaves"]


def sum_of_leaves(trees: Any, X: np.ndarray) -> np.ndarray:
    """Return the prediction of each row, with compiled loops.

    Parameters
    ----------
    trees : BoostedTrees
        The trees.
    X : ndarray of shape (n_rows, n_features)
        Features; NaN is a missing value.

    Returns
    -------
    ndarray of float64 of shape (n_rows,)
        ``trees.predict(X)``, to the bit.
    """
    out = np.full(len(X), trees.baseline)
    left, right = (side.astype(np.intp) for side in (trees.left, trees.right))
    # One type each, for which the loop is compiled once.
    _sum_of_leaves(
        np.ascontiguousarray(X, dtype=np.float32 if X.dtype == np.float32 else float),
        trees.feature.astype(np.intp),
        trees.number.astype(float),
        left,
        right,
        trees.missing_left.astype(np.bool_),
        trees.root.astype(np.intp),
        out,
    )
    return out


@Loops
def _sum_of_leaves(X, feature, number, left, right, missing_left, root, out):
    for row in range(len(out)):
        values = X[row]
        total = out[row]
        for tree in range(len(root)):
            node = root[tree]
            # A leaf leads to itself.
            while left[node] != node:
                value = values[feature[node]]
                if value <= number[node] or (value != value and missing_left[node]):
                    node = left[node]
                else:
                    node = right[node]
            total += number[node]
        out[row] = total
