"""Saved models and the command in new processes: processor time, memory and size.

``pytest -m benchmark -n 0 -s tests/benchmarks/test_bench_models.py`` prints the figures beside the
import of scikit-learn alone, which every one of them begins with.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache

import numpy as np
import pytest

from sklearn_asdf import load, make_dance_pipeline, save
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.io import write_poses

from .timing import shortest

pytestmark = pytest.mark.benchmark

# Prints seconds of processor time and the peak of the memory in MB.
END = (
    "\nimport time"
    # Of this program alone: getrusage counts the process that started it, too.
    "\npeak = int(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]) / 1024"
    "\nprint('COST', time.process_time(), peak)"
)
COMMAND = "import sys\nfrom sklearn_asdf.cli import main\n{}"


def cost(code, *arguments, repeats=3):
    """Return the least processor time in s and the memory in MB of a program, on one thread."""
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    # As installed: modules are compiled once.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    found = []
    for _ in range(1 + repeats):
        done = subprocess.run(
            [sys.executable, "-c", code + END, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
        found.append([float(x) for x in done.stdout.rpartition("COST")[2].split()])
    return np.min(found, axis=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of the default preset, and dances for it."""
    pytest.importorskip("keras", reason="training needs the extra 'music'")
    folder = tmp_path_factory.mktemp("models")
    data = make_dance_music(n_clips=96, random_state=0)
    model = make_dance_pipeline(random_state=0).fit(data.poses, data.audio)
    save(model, folder / "model.zip")
    np.save(folder / "poses.npy", np.asarray(data.poses[:1]))
    write_poses(data.poses[[0]], folder / "dance.npz")
    minutes = sum(map(len, data.audio.recordings)) / data.audio.sr / 60
    (folder / "minutes").write_text(str(minutes))
    return folder


def test_load_and_first_prediction(folder, speed_table):
    alone, _ = cost("import sklearn.base")
    seconds, megabytes = cost(
        "import sys, numpy as np\nfrom sklearn_asdf import load\n"
        "load(sys.argv[1]).predict(np.load(sys.argv[2]))\n"
        "assert not {'keras', 'tensorflow', 'skops'} & set(sys.modules)",
        folder / "model.zip",
        folder / "poses.npy",
    )
    work = "a saved default model: load and first prediction, new process"
    speed_table.add(work, seconds, peer="import of scikit-learn alone", theirs=alone)
    print(f"{megabytes:.0f} MB")  # noqa: T201
    assert megabytes < 450


@pytest.mark.parametrize("preset", ["default", "codec"])
@pytest.mark.parametrize("n_clips", [1, 100])
def test_prediction(preset, n_clips, folder, speed_table):
    model = load(folder / "model.zip") if preset == "default" else codec()
    poses = make_dance_music(n_clips=n_clips, random_state=5).poses
    (seconds,) = shortest(lambda: model.predict(poses), repeats=3)
    clips = "a clip" if n_clips == 1 else f"{n_clips} clips"
    speed_table.add(f"Prediction of {clips}, preset {preset}", seconds)
    assert seconds / n_clips < 8.0


@lru_cache
def codec():
    data = make_dance_music(n_clips=24, random_state=0)
    pipe = make_dance_pipeline("codec", random_state=0)
    # The time of a prediction does not depend on that of the training.
    pipe.set_params(music__regressor__epochs=1, music__transformer__epochs=1)
    return pipe.fit(data.poses, data.audio)


def test_size_of_a_saved_model(folder):
    minutes = float((folder / "minutes").read_text())
    size = (folder / "model.zip").stat().st_size / 1e6
    print(f"\n{size:.2f} MB for {minutes:.2f} minutes of music: {size / minutes:.2f} MB a minute")  # noqa: T201
    assert size / minutes < 1.7


@pytest.mark.parametrize(
    ("work", "call"),
    [
        ("sklearn-asdf --help", "try:\n    main(['--help'])\nexcept SystemExit:\n    pass"),
        ("sklearn-asdf info MODEL", "main(['info', sys.argv[1] + '/model.zip'])"),
        (
            "sklearn-asdf features of one file of 8 s",
            "main(['features', sys.argv[1] + '/dance.npz', '-o', sys.argv[1] + '/features.csv', "
            "'--force'])",
        ),
    ],
)
def test_commands(work, call, folder, speed_table):
    alone, _ = cost("import sklearn.base")
    seconds, _ = cost(COMMAND.format(call), folder)
    speed_table.add(work, seconds, peer="import of scikit-learn alone", theirs=alone)
