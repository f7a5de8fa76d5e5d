"""The mixture density network as a regressor."""

from __future__ import annotations

import pytest

pytest.importorskip("keras", reason="the density needs the extra 'music'")

from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_asdf import MDNRegressor

# Full batches in double precision without noise: what weights and row order may change is then
# only rounding, and enough epochs for a density that is sharp on its training rows.
DENSE = MDNRegressor(
    n_mixtures=2,
    hidden_layer_sizes=(64, 64),
    dropout=0.0,
    epochs=60,
    batch_size=1000,
    learning_rate=0.03,
    early_stopping=False,
    dtype="float64",
    random_state=0,
)
RECURRENT = clone(DENSE).set_params(step_size=1, recurrent_layer_sizes=(32,))


@parametrize_with_checks([DENSE])
def test_scikit_learn_battery(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks([RECURRENT])
def test_scikit_learn_battery_of_a_recurrent_network(estimator, check):
    check(estimator)
