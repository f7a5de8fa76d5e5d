"""Parameters that estimators with a trained network share."""

from __future__ import annotations

import inspect

import pytest

from sklearn_asdf import MDNRegressor, MelEncoder
from sklearn_asdf.nets.estimator import TRAINING_CONSTRAINTS


@pytest.mark.parametrize("cls", [MDNRegressor, MelEncoder])
def test_shared_parameters_are_taken_and_documented_in_order(cls):
    parameters = list(inspect.signature(cls).parameters)
    assert parameters[-len(TRAINING_CONSTRAINTS) :] == list(TRAINING_CONSTRAINTS)
    doc = inspect.getdoc(cls)
    assert "{" + "training_parameters}" not in doc
    places = [doc.index(f"\n{name} : ") for name in TRAINING_CONSTRAINTS]
    assert places == sorted(places)


@pytest.mark.parametrize("cls", [MDNRegressor, MelEncoder])
def test_documented_defaults_are_those_of_the_signature(cls):
    doc = inspect.getdoc(cls)
    for name in TRAINING_CONSTRAINTS:
        default = inspect.signature(cls).parameters[name].default
        line = next(line for line in doc.splitlines() if line.startswith(f"{name} : "))
        assert line.endswith(f"default={default}")
