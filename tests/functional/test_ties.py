"""Choices that roundings do not decide."""

from __future__ import annotations

import numpy as np

from sklearn_asdf.functional.ties import first_largest


def test_the_largest_is_found_and_of_equals_the_first():
    assert first_largest([1.0, 3.0, 2.0]) == 1
    assert first_largest([1.0, 3.0 - 1e-9, 3.0]) == 1
    assert first_largest([1.0, 3.0 - 1e-4, 3.0]) == 2
    assert first_largest([-3.0 - 1e-9, -3.0, -4.0]) == 0
    assert first_largest([-np.inf, 2.0, 2.0]) == 1


def test_axes_and_the_size_of_what_was_computed_from():
    values = np.array([[1.0, 1e-8], [1.0, 0.0], [0.5, 2e-8]])
    assert first_largest(values, axis=0).tolist() == [0, 2]
    assert first_largest(values, axis=0, scale=[1.0, 1.0]).tolist() == [0, 0]
    assert first_largest(values).tolist() == [0, 0, 0]
