"""`info` on a saved model: from its header, quickly, and whatever the header says."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sklearn_asdf import load, save
from sklearn_asdf.cli import main

DATA = Path(__file__).parents[1] / "data"
MODEL = DATA / "units_layout2.zip"


def with_summary(path, summary, model=MODEL):
    """Write the model anew with another summary."""
    with zipfile.ZipFile(model) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    about = json.loads(parts["model.json"])
    about["summary"] = summary(about["summary"])
    parts["model.json"] = json.dumps(about).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return path


def test_a_model_is_described_without_loading_it():
    code = (
        "import sys\n"
        "from sklearn_asdf.cli import main\n"
        "assert main(['info', sys.argv[1]]) == 0\n"
        "assert not {'sklearn', 'scipy', 'pandas', 'keras'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(MODEL)], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "model, a pipeline of 7 steps, 0.2 MB"
    assert lines[8:12] == [
        "preset: changed from every preset",
        "for dances of 17 joints (coco17) in 2 dimensions, of at least 2 s",
        "at 30 frames per second; dances at other rates are resampled",
        "makes music at 8000 Hz, in clips of 2 s",
    ]
    assert lines[12].startswith("holds the recordings that it learned from (0.3 minutes, 28 beats)")


@pytest.mark.parametrize(
    "summary",
    [
        lambda known: None,
        lambda known: {},
        lambda known: known | {"steps": [["smooth"]]},
        lambda known: known | {"dance": {"n_joints": "many"}},
        lambda known: known | {"music": {"preset": 3}},
    ],
    ids=["none", "empty", "steps", "dance", "music"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
def test_without_a_true_summary_the_model_is_loaded(summary, tmp_path, capsys):
    # As it is saved now: parameters that are newer than the file are in the summary, too.
    model = tmp_path / "now.zip"
    save(load(MODEL), model)
    assert main(["info", str(model)]) == 0
    expected = capsys.readouterr().out
    assert main(["info", str(with_summary(tmp_path / "model.zip", summary, model))]) == 0
    assert capsys.readouterr().out == expected


def test_control_characters_of_a_header_are_not_printed(tmp_path, capsys):
    path = with_summary(tmp_path / "model.zip", lambda known: known | {"steps": [["a\x1b", "b\n"]]})
    assert main(["info", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out
