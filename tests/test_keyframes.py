"""KeyframeSegmenter: the paper's keyframes, and always as many as wanted."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_asdf import KeyframeSegmenter


@parametrize_with_checks([KeyframeSegmenter()])
def test_scikit_learn_battery(estimator, check):
    check(estimator)
