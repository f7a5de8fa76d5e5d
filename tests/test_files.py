"""Only regular files are opened, files are written as a whole, and killed writers leave nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sklearn_asdf import load, make_lma_pipeline, save
from sklearn_asdf._files import (
    NotRegularError,
    atomic_path,
    one_line,
    open_regular,
    output_folder,
    remove_leftovers,
)
from sklearn_asdf.cli import main
from sklearn_asdf.io import read_poses

ROOT = Path(__file__).parents[1]


def _names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names need a Unix system")
@pytest.mark.parametrize("read", [read_poses, load, open_regular])
def test_pipes_and_devices_are_refused_without_waiting(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    caught = []

    def try_it(path):
        with pytest.raises(ValueError, match=r"a pipe|a device") as error:
            read(path)
        caught.append(str(error.value))

    for path in (tmp_path / "pipe", "/dev/zero"):
        thread = threading.Thread(target=try_it, args=(path,), daemon=True)
        thread.start()
        thread.join(timeout=10)
    assert len(caught) == 2
    assert all(message.isprintable() for message in caught)


def test_a_folder_is_no_regular_file(tmp_path):
    with pytest.raises(NotRegularError, match="got a folder"):
        open_regular(tmp_path)


def test_one_line_has_no_control_characters():
    assert one_line("a\n b\x1b[31m\u2028c\x00\u202ed") == "a b\ufffd[31m c\ufffd\ufffdd"
    assert one_line("x" * 2000, limit=10) == "xxxxxx ..."


def test_messages_show_no_control_characters_of_the_file(tmp_path, capsys):
    path = tmp_path / "take.bvh"
    path.write_text("HIERARCHY\n\x1b[2J\x07 MOTION\nFrames: 1\nFrame Time: 1\n")
    with pytest.raises(ValueError, match="unexpected word") as caught:
        read_poses(path)
    assert str(caught.value).isprintable()
    out = str(tmp_path / "table.csv")
    assert main(["features", str(path), "-o", out]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err[:-1].isprintable()
    assert _names(tmp_path) == ["take.bvh"]


def test_an_unexpected_error_is_one_line_too(tmp_path, capsys, monkeypatch):
    def fail(*args, **kwargs):
        raise KeyError("a\nb")

    (tmp_path / "x.json").write_text("{}")
    monkeypatch.setattr("sklearn_asdf.cli._features.read_take", fail)
    assert main(["features", str(tmp_path / "x.json"), "-o", str(tmp_path / "table.csv")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("sklearn-asdf: unexpected KeyError: ")
    assert err.count("\n") == 1


def test_a_refused_command_leaves_no_folder(tmp_path, capsys):
    (tmp_path / "bad.json").write_text("{")
    command = ["poses", str(tmp_path / "bad.json"), "-o", str(tmp_path / "new" / "folder")]
    assert main(command) == 2
    assert "bad.json" in capsys.readouterr().err
    assert _names(tmp_path) == ["bad.json"]


def test_a_folder_that_was_there_or_holds_something_stays(tmp_path):
    (tmp_path / "old").mkdir()

    def work(name, *files):
        with output_folder(tmp_path / name) as out:
            for file in files:
                (out / file).write_text("")
            raise ValueError("refused")

    for job in (("old",), ("new", "kept"), ("gone",)):
        with pytest.raises(ValueError, match="refused"):
            work(*job)
    assert _names(tmp_path) == ["new", "old"]


def _leftover(path, name):
    """Return a file as a killed writer of `path` leaves it."""
    with atomic_path(path) as temporary:
        leftover = temporary.with_name(temporary.name[: -len(path.suffix) - 8] + name + path.suffix)
    leftover.write_bytes(b"half")
    return leftover


@pytest.mark.skipif(sys.platform == "win32", reason="no locks tell there who lives")
def test_what_a_living_writer_writes_stays(tmp_path):
    with atomic_path(tmp_path / "a.zip") as first:
        first.write_text("first")
        # Another file of the folder, and the same one by a second writer.
        with atomic_path(tmp_path / "b.zip") as second:
            second.write_text("second")
        with atomic_path(tmp_path / "a.zip") as third:
            third.write_text("third")
        remove_leftovers(tmp_path)
        assert first.read_text() == "first"
        assert (tmp_path / "a.zip").read_text() == "third"
    assert (tmp_path / "a.zip").read_text() == "first"
    assert _names(tmp_path) == ["a.zip", "b.zip"]


@pytest.mark.skipif(sys.platform == "win32", reason="no locks tell there who lives")
def test_leftovers_of_any_name_go_with_the_next_save(tmp_path):
    _leftover(tmp_path / "x [1].zip", "00000000")
    (tmp_path / ".hidden-of-others.zip").write_text("")
    save(make_lma_pipeline(), tmp_path / "model.zip")
    assert _names(tmp_path) == [".hidden-of-others.zip", "model.zip", "x [1].zip"]


def test_leftovers_of_another_computer_go_after_a_day(tmp_path):
    leftover = _leftover(tmp_path / "a.zip", "00000000")
    there = leftover.rename(
        leftover.with_name(leftover.name.replace(leftover.name.split("-")[1], "0" * 8))
    )
    remove_leftovers(tmp_path)
    assert there.exists()
    old = time.time() - 2 * 86400
    os.utime(there, (old, old))
    remove_leftovers(tmp_path)
    assert _names(tmp_path) == ["a.zip"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs users with numbers")
def test_leftovers_of_other_users_stay(tmp_path, monkeypatch):
    leftover = _leftover(tmp_path / "a.zip", "00000000")
    monkeypatch.setattr(os, "geteuid", lambda: leftover.stat().st_uid + 1)
    remove_leftovers(tmp_path)
    assert leftover.exists()


# One process that imports once; its children save again and again until they are killed.
_KILL_SAVERS = """
import os, signal, sys, time
import numpy as np
from sklearn.linear_model import Ridge
from sklearn_asdf import load, save

path, n_kills = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(n_kills)

def save_for_ever():
    model = Ridge()
    for value in range(1, 10**9):
        model.coef_ = np.full(300_000, float(value)); model.intercept_ = float(value)
        save(model, path)

n_cut = 0
for _ in range(n_kills):
    pid = os.fork()
    if not pid:
        save_for_ever()
    while not os.path.exists(path):
        time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.1))
    os.kill(pid, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    # The file before or the one after, never half of one.
    model = load(path)
    assert (model.coef_ == model.intercept_).all()
    left = [name for name in os.listdir(os.path.dirname(path)) if name != "model.zip"]
    # Each saver removed what the one before left.
    assert len(left) <= 1, left
    n_cut += len(left)
print(n_cut)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("n_kills", [10, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_savers_leave_whole_files(tmp_path, n_kills):
    path = tmp_path / "model.zip"
    done = subprocess.run(
        [sys.executable, "-c", _KILL_SAVERS, str(path), str(n_kills)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
    save(make_lma_pipeline(), tmp_path / "other.zip")
    assert _names(tmp_path) == ["model.zip", "other.zip"]


# As above, with an encoder that two children at once want from one cache.
_KILL_CACHED = """
import os, signal, sys, time
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn_asdf.music.encoder_cache import fit_encoder

class Encoder(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.code_ = np.full((len(X), 200_000), X[0, 0])
        return self

    def transform(self, X):
        return self.code_

def fit(value, folder):
    return fit_encoder(Encoder(), np.full((4, 10), value), folder)[1]

folder, n_kills = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(n_kills)
for i in range(n_kills):
    # Every third finds what the ones before left.
    value = float(i // 3)
    children = []
    for _ in range(2):
        pid = os.fork()
        if not pid:
            fit(value, folder)
            os._exit(0)
        children.append(pid)
    time.sleep(rng.uniform(0, 0.1))
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
for i in range(n_kills):
    assert (fit(float(i // 3), folder) == i // 3).all()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("n_kills", [6, pytest.param(30, marks=pytest.mark.slow)])
def test_a_shared_cache_outlives_killed_processes(tmp_path, n_kills):
    done = subprocess.run(
        [sys.executable, "-c", _KILL_CACHED, str(tmp_path), str(n_kills)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    known = ("output.pkl", "metadata.json", "func_code.py", ".gitignore")
    left = [p.name for p in files if p.name not in known and p.suffix != ".lock"]
    assert left == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_demos_leave_whole_files(tmp_path):
    pytest.importorskip("keras", reason="the demo needs the extra 'music'")
    out = tmp_path / "demo"
    options = "--force --quiet --preset tiny --n-clips 12 --clip-duration 2 --held-out 1"
    command = [sys.executable, "-m", "sklearn_asdf", "demo", "--out", str(out), *options.split()]
    began = time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    duration = time.monotonic() - began
    whole = _names(out)
    rng = np.random.default_rng(0)
    for _ in range(8):
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 1) * duration)
        process.kill()
        process.wait()
        load(out / "model.zip")
        assert len(set(_names(out)) - set(whole)) <= 1
    save(make_lma_pipeline(), out / "model.zip")
    assert _names(out) == whole
