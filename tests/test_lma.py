"""LMAFeaturizer: the paper's five features a window, and further groups by name."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_asdf import LMAFeaturizer


@parametrize_with_checks([LMAFeaturizer()])
def test_scikit_learn_battery(estimator, check):
    check(estimator)
