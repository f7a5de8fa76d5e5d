"""Corrections of given linear maps by ridge regression."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

__all__ = ["normal_scores", "ridge_correction"]

_PENALTIES = np.logspace(-1, 5, 13)
_N_FOLDS = 3


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Return the ranks of columns as values of a standard normal distribution.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Values.

    Returns
    -------
    ndarray of shape (n_rows, n_columns)
        Equal values have equal scores.
    """
    scores: np.ndarray = ndtri((rankdata(values, axis=0) - 0.5) / len(values))
    return scores


def ridge_correction(features: np.ndarray, residual: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return coefficients of what is left of targets, shrunk as cross-validation chooses.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_features)
        Standardized features.
    residual : ndarray of shape (n_rows, n_targets)
        Targets minus the predictions of the given map.
    number : ndarray of int of shape (n_rows,)
        Group of each row.

    Returns
    -------
    ndarray of shape (n_features, n_targets)
        Zeros for targets of which features tell nothing about other groups, or if there is only
        one group.
    """
    n_targets = residual.shape[1]
    coefficients = np.zeros((features.shape[1], n_targets))
    n_folds = min(_N_FOLDS, len(np.unique(number)))
    if n_folds < 2 or not features.shape[1] or not n_targets:
        return coefficients
    # Without any correction, the error is that of the given map.
    error = np.zeros((len(_PENALTIES) + 1, n_targets))
    for train, test in GroupKFold(n_folds).split(features, groups=number):
        error[-1] += np.square(residual[test]).sum(axis=0)
        for row, penalty in zip(error, _PENALTIES):
            model = Ridge(penalty, fit_intercept=False).fit(features[train], residual[train])
            left = residual[test] - features[test] @ model.coef_.reshape(n_targets, -1).T
            row += np.square(left).sum(axis=0)
    best = error.argmin(axis=0)
    for i in np.unique(best[best < len(_PENALTIES)]):
        chosen = best == i
        model = Ridge(_PENALTIES[i], fit_intercept=False).fit(features, residual[:, chosen])
        coefficients[:, chosen] = model.coef_.reshape(chosen.sum(), -1).T
    return coefficients
