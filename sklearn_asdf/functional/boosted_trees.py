"""Sums of regression trees as plain arrays, which can be saved and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .compiled import use_compiled
from .kernels.trees import sum_of_leaves

__all__ = ["BoostedTrees"]

# Pairs of a row and a tree that are followed at once: a few arrays of this size fit the cache.
_BLOCK = 2**16


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """The trees that a gradient boosting of scikit-learn has learned.

    Parameters
    ----------
    feature : ndarray of int of shape (n_nodes,)
        Column that a node looks at; 0 at a leaf.
    number : ndarray of float64 of shape (n_nodes,)
        Threshold of a node, up to which a row goes left, or value of a leaf.
    left, right : ndarray of int of shape (n_nodes,)
        The next node; a leaf's is itself.
    missing_left : ndarray of bool of shape (n_nodes,)
        Whether a row without a value goes left.
    root : ndarray of int of shape (n_trees,)
        First node of each tree.
    baseline : float
        What the values of the trees are added to.
    n_features_in_ : int
        Number of columns.

    Notes
    -----
    The prediction equals that of :class:`sklearn.ensemble.HistGradientBoostingRegressor` to the
    bit: values are added in the order of the trees. A tree of 31 leaves takes 0.9 kB.
    """

    feature: np.ndarray
    number: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    root: np.ndarray
    baseline: float
    n_features_in_: int

    @classmethod
    def of(cls, model: Any) -> BoostedTrees:
        """Return the trees of a fitted model.

        Parameters
        ----------
        model : HistGradientBoostingRegressor
            Fitted to one target, with the squared error and without categories.

        Returns
        -------
        BoostedTrees
            With its predictions.
        """
        nodes = [trees[0].nodes for trees in model._predictors]
        n_features = int(model.n_features_in_)
        columns = [np.arange(n_features)] * len(nodes)
        baseline = float(np.ravel(model._baseline_prediction)[0])
        return cls.of_nodes(nodes, columns, baseline, n_features)

    @classmethod
    def of_nodes(
        cls,
        nodes: list[np.ndarray],
        columns: list[np.ndarray],
        baseline: float,
        n_features: int,
    ) -> BoostedTrees:
        """Return trees as arrays.

        Parameters
        ----------
        nodes : list of ndarray
            The nodes of each tree, in the structured type of scikit-learn.
        columns : list of ndarray of int
            The columns that each tree saw.
        baseline : float
            What their values are added to.
        n_features : int
            Number of columns.

        Returns
        -------
        BoostedTrees
            The trees.
        """
        sizes = [len(tree) for tree in nodes]
        root = np.cumsum([0, *sizes[:-1]])
        joined = np.concatenate(nodes)
        feature = np.concatenate([of[tree["feature_idx"]] for of, tree in zip(columns, nodes)])
        leaf = joined["is_leaf"].astype(bool)
        own, shift = np.arange(len(joined)), np.repeat(root, sizes)
        left, right = (
            _small(np.where(leaf, own, joined[side] + shift)) for side in ("left", "right")
        )
        return cls(
            feature=_small(np.where(leaf, 0, feature)),
            number=np.where(leaf, joined["value"], joined["num_threshold"]),
            left=left,
            right=right,
            missing_left=joined["missing_go_to_left"].astype(bool),
            root=_small(root),
            baseline=baseline,
            n_features_in_=n_features,
        )

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the prediction of each row.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Features; NaN is a missing value.

        Returns
        -------
        ndarray of float64 of shape (n_rows,)
            The sum of the baseline and of one leaf of each tree.
        """
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"expected features of shape (n_rows, {self.n_features_in_}), got {X.shape}"
            )
        if use_compiled():
            return sum_of_leaves(self, X)
        missing = np.isnan(X).any()
        step = max(1, _BLOCK // len(self.root))
        found = np.empty(len(X))
        for start in range(0, len(X), step):
            found[start : start + step] = self._sum(X[start : start + step], missing=missing)
        return found

    def _sum(self, X: np.ndarray, *, missing: bool) -> np.ndarray:
        # One row per tree, so that the sum over trees adds one after the other.
        shape = (len(self.root), len(X))
        node = np.repeat(self.root.astype(np.intp), len(X))
        row = np.tile(np.arange(len(X)) * X.shape[1], len(self.root))
        flat = np.ascontiguousarray(X).ravel()
        open_pairs = np.arange(len(node))
        while len(open_pairs):
            at = node[open_pairs]
            value = flat[row[open_pairs] + self.feature[at]]
            goes_left = value <= self.number[at]
            if missing:
                goes_left |= np.isnan(value) & self.missing_left[at]
            after = np.where(goes_left, self.left[at], self.right[at])
            node[open_pairs] = after
            # A leaf leads to itself.
            open_pairs = open_pairs[self.left[after] != after]
        values = self.number[node].reshape(shape)
        return np.add.reduce(np.concatenate([np.full((1, len(X)), self.baseline), values]), axis=0)


def _small(numbers: np.ndarray) -> np.ndarray:
    """Return numbers of zero or more in the smallest type that holds them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
