"""The study that the documentation's figures come from, in its quick form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.slow
def test_quick_study_writes_tables_pictures_and_sounds(tmp_path):
    command = [sys.executable, str(EXAMPLES / "dance_to_music_study.py"), "--quick"]
    command += ["--out", str(tmp_path), "--only", "whitened", "default", "nearest"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "synthetic.csv", index_col="model")
    assert {"shuffled pairs", "metronome", "unconditional", "real"} < set(table.index)
    assert table.loc["real", "distance_ratio"] == 1
    # Repairs are made one at a time, each of its own.
    assert not table.drop(columns="rho_tempo").duplicated().any()
    for part in ("follows", "music"):
        short = pd.read_csv(tmp_path / f"synthetic_{part}.csv", index_col="model")
        assert short.index.equals(table.index)
    each = pd.read_csv(tmp_path / "synthetic_performances.csv", index_col="model")
    means = each.groupby(level="model")["f70_music"].mean()
    pd.testing.assert_series_equal(means, table["f70_music"], check_names=False, check_like=True)
    apart = pd.read_csv(tmp_path / "synthetic_differences.csv", index_col="model")
    assert set(apart.index) == set(table.index) - {"shuffled pairs", "metronome", "unconditional"}
    for name in ("synthetic_scores.png", "synthetic_spectrograms.jpg", "synthetic_real.ogg"):
        assert (tmp_path / name).stat().st_size > 10_000


def test_rows_of_some_models_replace_theirs_and_the_others_stay(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(EXAMPLES)
    from dance_to_music_study import merged

    old = pd.DataFrame({"f70": [0.1, 0.2, 0.3]}, index=["a", "c", "real"])
    old.to_csv(tmp_path / "old.csv", index_label="model")
    new = pd.DataFrame({"f70": [0.9, 0.8, 0.7]}, index=["c", "b", "real"])
    both = merged(new, tmp_path / "old.csv", ["a", "b", "c", "real"])
    assert both["f70"].to_dict() == {"a": 0.1, "b": 0.8, "c": 0.9, "real": 0.7}
    assert list(both.index) == ["a", "b", "c", "real"]
    alone = merged(new, tmp_path / "nothing.csv", ["a", "b", "c", "real"])
    assert list(alone.index) == ["b", "c", "real"]


def test_short_tables_have_no_numbers_that_mean_nothing(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    from dance_to_music_study import cell

    cells = [("p", 1e-9), ("p of gain", 0.02), ("gain", 22191.2), ("gain", 0.05), ("x4", np.inf)]
    expected = ["< 0.001", "0.020", "artefact", "0.050", "changes"]
    assert [cell(*each) for each in cells] == expected
    assert cell("F70", np.nan) == ""


def test_folds_are_pooled_into_one_table(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    from dance_to_music_study import pooled

    tables = [
        pd.DataFrame(
            {"retrieval_r1": [r, 0.4], "retrieval_of_real": [r / 0.4, 1], "retrieval_p": [0.02, 1]},
            index=["model", "real"],
        )
        for r in (0.1, 0.3)
    ]
    table = pooled(tables)
    assert table.loc["model", "retrieval_r1"] == pytest.approx(0.2)
    assert table.loc["model", "retrieval_of_real"] == pytest.approx(0.5)
    # Fisher: the chi-square of -2 (log .02 + log .02) with four degrees of freedom.
    assert table.loc["model", "retrieval_p"] == pytest.approx(0.02**2 * (1 - 2 * np.log(0.02)))
    assert table.loc["real", "retrieval_p"] == 1
    assert pooled(tables[:1]) is tables[0]
