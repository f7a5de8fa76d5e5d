"""The command as a process: consoles, pipes, terminals and exit codes as users have them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf import Motion
from sklearn_asdf.io import write_poses

soundfile = pytest.importorskip("soundfile")

COMMAND = [sys.executable, "-m", "sklearn_asdf"]
CLIPS = ["--clip-duration", "2", "--n-keyframes", "4"]
# What Keras, TensorFlow and TensorFlow Lite write past Python.
LOGS = re.compile(r"oneDNN|cuda|cuInit|TF-TRT|XNNPACK|absl::|I0000|E0000|W0000|tensorflow/", re.I)


def environment(**changes):
    """Return this environment without what quietens TensorFlow."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "PYTHONIOENCODING"))}
    return kept | changes


def call(*arguments, **changes):
    """Run the command with its output in pipes."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment(**changes),
        timeout=300,
    )


def watch(*arguments):
    """Run the command in a pseudo-terminal; return its exit code and what the terminal got."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(COLUMNS="120"),
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux ends a terminal so
            part = b""
        if not part:
            break
        shown += part
    os.close(ours)
    return process.wait(), shown.decode("utf-8", "replace")


@pytest.fixture
def dance(tmp_path):
    """A dance of 6 s whose name few consoles can print."""
    position = np.cumsum(np.random.default_rng(0).normal(size=(1, 180, 17, 2)), axis=1)
    path = tmp_path / "舞蹈 dança №1.npz"
    write_poses(Motion(position, fps=30), path)
    return path


def test_help_starts_quickly():
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = call("--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert "exit codes: 0 all done" in done.stdout
    # Ten times what it takes: less than importing scikit-learn alone.
    assert after.ru_utime - before.ru_utime < 0.6
    listed = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sklearn_asdf", "fit", "--help"],
        capture_output=True,
        text=True,
        env=environment(),
    ).stderr
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in listed.splitlines()}
    assert "argparse" in loaded
    assert not loaded & {"numpy", "scipy", "pandas", "sklearn", "keras", "tensorflow", "librosa"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_no_console_decides_how_a_command_ends(encoding, dance, tmp_path):
    out = tmp_path / "table.csv"
    done = call(
        "features", dance, "-o", out, *CLIPS, PYTHONIOENCODING=encoding, PYTHONUTF8="0"
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "dan" in done.stdout
    assert len(pd.read_csv(out)) == 5
    assert call("info", dance, PYTHONIOENCODING=encoding, PYTHONUTF8="0").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no POSIX pipes")
def test_a_closed_pipe_is_quiet_and_the_work_goes_on(dance, tmp_path):
    out = tmp_path / "table.csv"
    for command in (["info", dance], ["--help"], ["features", dance, "-o", out, *CLIPS]):
        with subprocess.Popen(
            [*COMMAND, *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        ) as process:
            process.stdout.close()
            error = process.stderr.read().decode()
            assert (process.wait(120), error) == (0, "")
    assert len(pd.read_csv(out)) == 5


def test_every_stage_shows_its_progress_on_a_terminal(folder, tmp_path):
    model = tmp_path / "m.zip"
    folders = ["--poses", folder, "--audio", folder]
    learn = ["fit", *folders, "-o", model, "--preset", "tiny", *CLIPS, "--held-out", "0"]
    status, shown = watch(*learn)
    assert status == 0
    assert re.search(r"reading takes: 100%.*4/4 takes \[\d+:\d+<", shown)
    assert re.search(r"training the density: 100%.*5/5 epochs", shown)
    status, heard = watch("generate", model, folder / "dance0.npz", "-o", tmp_path / "a.wav")
    assert status == 0
    assert re.search(r"describing the dance: \d+:\d+", heard)
    assert re.search(r"composing: 100%.*2/2 steps", heard)
    assert not LOGS.search(shown + heard), shown + heard
    # Nothing of that where nobody looks on, nor where it is not wanted.
    piped = call("generate", model, folder / "dance0.npz", "-o", tmp_path / "b.wav")
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.count("\n") == 1
    command = ["generate", model, folder / "dance0.npz", "-o", tmp_path / "c.wav", "--quiet"]
    assert watch(*command) == (0, "")


def test_nobody_sends(model):
    pytest.importorskip("pythonosc")
    began = time.monotonic()
    done = call("live", model, "--port", "0", "--send", "127.0.0.1:9", "--seconds", "4")
    assert time.monotonic() - began > 4
    port = re.search(r"listening on 127\.0\.0\.1, UDP port (\d+)", done.stdout)
    assert int(port[1]) > 0
    assert f"no pose has come for 3 s; listening on 127.0.0.1, UDP port {port[1]}" in done.stderr
