"""KeyframeSegmenter: the paper's keyframes, and always as many as wanted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_asdf import KeyframeSegmenter, Motion
from sklearn_asdf.skeletons import get_skeleton

METHODS = ("salience", "uniform", "zero_crossing")


@parametrize_with_checks([KeyframeSegmenter()])
def test_scikit_learn_battery(estimator, check):
    check(estimator)
