"""Standardization of tables with missing values."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from sklearn.preprocessing import StandardScaler

from sklearn_asdf.metrics._scaling import column_scaling, standardize


def test_agrees_with_standard_scaler_and_replaces_missing_values_by_the_mean():
    table = np.random.default_rng(0).normal(3.0, 2.0, size=(20, 4))
    table[[1, 5], [0, 2]] = np.nan
    expected = np.nan_to_num(StandardScaler().fit_transform(table))
    assert_allclose(standardize(table, *column_scaling(table)), expected)


def test_constant_and_missing_columns_are_zero():
    table = np.column_stack([np.full(5, 0.1) + 1e6, np.full(5, np.nan), np.arange(5.0)])
    scaled = standardize(table, *column_scaling(table))
    assert_allclose(scaled[:, :2], 0)
    assert_allclose(scaled.std(axis=0), [0, 0, 1])
