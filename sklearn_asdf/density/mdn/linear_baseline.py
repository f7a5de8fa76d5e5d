"""Ridge regression of those targets, among many, that the inputs predict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import GroupKFold, KFold

from ...functional.ties import first_largest
from ..moments import column_moments

__all__ = ["fit_predictable_targets"]


def fit_predictable_targets(
    X: np.ndarray,
    y: np.ndarray,
    *,
    groups: ArrayLike | None = None,
    sample_weight: np.ndarray | None = None,
    alphas: Sequence[float] = (1.0, 10.0, 100.0, 1e3, 1e4),
    n_splits: int = 5,
    min_gain: float = 0.05,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a ridge regression to each target that is predictable in cross-validation.

    A map of targets that are independent of the inputs would add noise. Each target has the penalty
    with the lowest error in cross-validation, or no map.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Inputs.
    y : ndarray of shape (n_rows, n_targets)
        Targets.
    groups : array-like of shape (n_rows,), default=None
        Group of each row; rows of one group are held out together.
    sample_weight : ndarray of shape (n_rows,), default=None
        Weight of each row. Rows of weight 0 are left out. Folds count rows, whatever their weight,
        so a row of weight 2 is not exactly two rows.
    alphas : sequence of float, default=(1.0, 10.0, 100.0, 1e3, 1e4)
        Penalties tried, for inputs of standard deviation 1.
    n_splits : int, default=5
        Folds of the cross-validation; at most the number of groups.
    min_gain : float, default=0.05
        Smallest reduction of the squared error about the mean, as a share, for a map to be used.

    Returns
    -------
    coef : ndarray of shape (n_features, n_targets)
        Zero for targets without a map.
    intercept : ndarray of shape (n_targets,)
        Zero for targets without a map.
    held_out : ndarray of shape (n_rows, n_targets)
        Out-of-fold predictions, whose errors are as large as on new rows. Zero for targets
        without a map.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.mdn.linear_baseline import fit_predictable_targets
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 3))
    >>> y = np.c_[2 * X[:, 0] + 0.1 * rng.normal(size=100), rng.normal(size=100)]
    >>> coef, intercept, held_out = fit_predictable_targets(X, y)
    >>> coef[0].round(1) + 0.0
    array([2., 0.])
    """
    # Only training needs it, and a saved model should load quickly.
    from sklearn.linear_model import Ridge

    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    if not weight.all():
        kept = weight > 0
        coef, intercept, of_kept = fit_predictable_targets(
            X[kept],
            y[kept],
            groups=None if groups is None else np.asarray(groups)[kept],
            sample_weight=weight[kept],
            alphas=alphas,
            n_splits=n_splits,
            min_gain=min_gain,
        )
        # No map was fitted to the rows of weight 0.
        held_out = X @ coef + intercept
        held_out[kept] = of_kept
        return coef, intercept, held_out
    coef, intercept = np.zeros((X.shape[1], y.shape[1])), np.zeros(y.shape[1])
    held_out = np.zeros_like(y)
    n_apart = len(X) if groups is None else len(np.unique(groups))
    if n_apart < 2 or len(X) < 10:
        return coef, intercept, held_out
    n_splits = min(n_splits, n_apart)
    splitter = KFold(n_splits, shuffle=True, random_state=0)
    if groups is not None:
        splitter = GroupKFold(n_splits)
    mean, scale = column_moments(X, weight)
    scale[scale < 1e-9 * np.abs(X).max(axis=0)] = np.inf
    Z = (X - mean) / np.where(scale > 0, scale, np.inf)
    error, baseline = np.zeros((len(alphas), y.shape[1])), np.zeros(y.shape[1])
    folds = list(splitter.split(Z, groups=groups))
    for train, test in folds:
        middle = np.average(y[train], axis=0, weights=weight[train])
        baseline += weight[test] @ (y[test] - middle) ** 2
        for i, alpha in enumerate(alphas):
            map_ = Ridge(alpha=alpha).fit(Z[train], y[train], sample_weight=weight[train])
            predicted = map_.predict(Z[test]).reshape(len(test), -1)
            error[i] += weight[test] @ (y[test] - predicted) ** 2
    best = first_largest(-error, axis=0, scale=baseline)
    predictable = error.min(axis=0) < (1 - min_gain) * baseline
    for i, alpha in enumerate(alphas):
        chosen = np.flatnonzero(predictable & (best == i))
        if len(chosen):
            map_ = Ridge(alpha=alpha).fit(Z, y[:, chosen], sample_weight=weight)
            coef[:, chosen] = (np.atleast_2d(map_.coef_) / np.where(scale > 0, scale, np.inf)).T
            intercept[chosen] = map_.intercept_ - mean @ coef[:, chosen]
            for train, test in folds:
                map_.fit(Z[train], y[np.ix_(train, chosen)], sample_weight=weight[train])
                held_out[np.ix_(test, chosen)] = map_.predict(Z[test]).reshape(len(test), -1)
    return coef, intercept, held_out
