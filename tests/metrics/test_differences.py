"""Differences between rows, with intervals over performances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf.metrics import paired_differences


def scores(**rows):
    return pd.concat({name: pd.DataFrame({"f70_music": x}) for name, x in rows.items()})


def test_the_interval_is_that_of_the_mean_and_contains_it_as_often_as_it_says():
    rng = np.random.default_rng(0)
    base = rng.normal(size=40)
    hits = []
    for seed in range(60):
        model = base + 0.3 + np.random.default_rng(seed).normal(size=40)
        row = paired_differences(
            scores(model=model, metronome=base), confidence=0.8, n_resamples=400, random_state=0
        ).loc[("metronome", "f70_music")]
        assert row["difference"] == pytest.approx(np.mean(model - base))
        hits.append(row["low"] < 0.3 < row["high"])
    # 0.8, with a standard error of 0.05.
    assert 0.65 < np.mean(hits) < 0.92


def test_p_is_exact_for_few_performances_and_two_sided():
    up = paired_differences(scores(model=np.arange(5) + 1.0, real=np.zeros(5)))
    down = paired_differences(scores(model=-np.arange(5) - 1.0, real=np.zeros(5)))
    assert up["p"].item() == down["p"].item() == 2 / 2**5


def test_equal_rows_differ_by_nothing():
    equal = paired_differences(scores(model=np.ones(9), real=np.ones(9)), random_state=0)
    assert equal.loc[("real", "f70_music")].tolist() == [0, 0, 0, 1]


def test_bad_input_is_refused_in_a_sentence():
    table = scores(model=np.ones(3), real=np.ones(3))
    with pytest.raises(ValueError, match="scores of 'best' and of other rows, got rows"):
        paired_differences(table, row="best")
    with pytest.raises(ValueError, match="same performances in both rows"):
        paired_differences(table.drop(("real", 1)))
    with pytest.raises(ValueError, match="at least two performances, got 1"):
        paired_differences(scores(model=[1.0], real=[0.5]))
