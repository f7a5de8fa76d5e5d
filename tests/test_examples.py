"""The study that the documentation's figures come from, in its quick form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.slow
def test_quick_study_writes_tables_pictures_and_sounds(tmp_path):
    command = [sys.executable, str(EXAMPLES / "dance_to_music_study.py"), "--quick"]
    command += ["--out", str(tmp_path), "--only", "whitened", "default", "nearest"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "results.csv", index_col=["data", "model"]).loc["made-up"]
    assert {"shuffled pairs", "metronome", "unconditional", "real"} < set(table.index)
    assert table.loc["real", "distance_ratio"] == 1
    # Repairs are made one at a time, each of its own.
    assert not table.drop(columns="rho_tempo").duplicated().any()
    assert "quick trial" in (tmp_path / "results.md").read_text()
    for name in ("scores_made-up.png", "spectrograms_made-up.png", "made-up_real.wav"):
        assert (tmp_path / name).stat().st_size > 10_000
