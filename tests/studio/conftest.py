"""A studio whose work is scripted, and small files for it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from sklearn_asdf.io import write_poses
from sklearn_asdf.studio import Studio
from sklearn_asdf.studio._process import StoppedError

DANCE = {"duration": 12.0, "fps": 30.0, "seen": 1.0, "is_video": True, "has_sound": False}


class Scripted:
    """Stands for the process that computes: answers at once, or when it is told to."""

    def __init__(self):
        self.answers = {
            "find_dancer": DANCE,
            "read_model": {"adjustable": True},
            "judge_take": {
                "verdict": "Yes",
                "sentence": "Yes: it is on the beat.",
                "between": False,
            },
        }
        self.calls = []
        self.held = threading.Event()
        self.held.set()
        self.closed = False

    def run(self, task, arguments, *, tell, stop):
        self.calls.append((task, arguments))
        tell({"progress": {"description": "finding poses", "done": 3, "total": 12}})
        while not self.held.is_set():
            if stop.is_set():
                raise StoppedError
            time.sleep(0.002)
        answer = self.answers.get(task, {})
        if isinstance(answer, Exception):
            raise answer
        return {"done": answer(**arguments) if callable(answer) else answer, "notes": []}

    def close(self):
        self.closed = True


@pytest.fixture
def worker():
    return Scripted()


@pytest.fixture
def studio(worker, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Studio(worker=worker, longest=600.0) as studio:
        yield studio


@pytest.fixture
def session(studio):
    return studio.new_session()


def wait(test, seconds=20.0):
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "never became true"
        time.sleep(0.002)


def give(session, step, name, content):
    """Upload a file, as the page does it."""
    upload = session.begin_upload(step, name, len(content))
    upload.write(content)
    upload.finish()
    session.accept(upload)


@pytest.fixture
def poses(tmp_path):
    """Content of a small pose file of 3 s."""
    rng = np.random.default_rng(0)
    path = tmp_path / "small.npz"
    write_poses(rng.normal(size=(1, 90, 17, 2)).cumsum(1).astype(np.float32), path)
    return path.read_bytes()


@pytest.fixture
def music(tmp_path):
    """Content of a WAV of 6 s."""
    soundfile = pytest.importorskip("soundfile")
    time = np.arange(6 * 8000) / 8000
    path = tmp_path / "small.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 220 * time), 8000)
    return path.read_bytes()
