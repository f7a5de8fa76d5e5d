from __future__ import annotations
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn_asdf import PoseSmoother


@parametrize_with_checks(
    [
        PoseSmoother(),
        PoseSmoother(zero_phase=False),
        PoseSmoother(method="savgol"),
        PoseSmoother(method="one_euro"),
        PoseSmoother(method=None),
    ]
)
def test_scikit_learn_battery(estimator, check):
    check(estimator)
