from __future__ import annotations
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn_asdf import KinematicsTransformer


@parametrize_with_checks(
    [
        KinematicsTransformer(),
        KinematicsTransformer(scale="body", egocentric=True),
    ]
)
def test_scikit_learn_battery(estimator, check):
    check(estimator)
