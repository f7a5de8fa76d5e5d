"""Models in services: the server of the guide, and calls from several threads."""

from __future__ import annotations

import importlib.util
import io
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pytest

from sklearn_asdf import load, make_dance_pipeline, make_soundtrack_pipeline, save
from sklearn_asdf.datasets import make_dance_music, make_music
from sklearn_asdf.performance import perform

soundfile = pytest.importorskip("soundfile")
ROOT = Path(__file__).resolve().parent.parent


def test_threads_play_what_one_alone_plays(tmp_path):
    pipe = make_soundtrack_pipeline(make_music("calm", duration=20, random_state=0))
    save(pipe, tmp_path / "my.zip")
    model = load(tmp_path / "my.zip")
    dances = [make_dance_music(1, clip_duration=9.0, random_state=s).poses for s in range(4)]
    alone = [perform(model, dance, random_state=0).audio for dance in dances]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda d: perform(model, d, random_state=0).audio, 3 * dances))
    for audio, expected in zip(together, 3 * alone):
        np.testing.assert_array_equal(audio, expected)


@contextmanager
def running(app):
    """Give the port of a server that runs an application."""
    uvicorn = pytest.importorskip("uvicorn")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)


def test_the_fastapi_server_of_the_guide_answers(tmp_path, monkeypatch):
    pytest.importorskip("fastapi")
    data = make_dance_music(12, n_performances=4, clip_duration=2.0, random_state=0)
    pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0).fit(data.poses, data.audio)
    save(pipe, tmp_path / "my.zip")
    monkeypatch.setenv("MODEL", str(tmp_path / "my.zip"))
    spec = importlib.util.spec_from_file_location("server", ROOT / "docs" / "serve_fastapi.py")
    server = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(server)
    dance = np.asarray(make_dance_music(1, clip_duration=4.0, random_state=1).poses)
    file = io.BytesIO()
    np.save(file, dance)
    with running(server.app) as port:

        def answer(body, query=""):
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("POST", f"/music{query}", body)
            found = connection.getresponse()
            content = found.read()
            connection.close()
            return found.status, content

        status, content = answer(file.getvalue(), "?seed=3")
        assert status == 200
        sound, sr = soundfile.read(io.BytesIO(content))
        assert len(sound) == 4 * sr
        zipped = io.BytesIO()
        np.savez(zipped, dance)
        long = io.BytesIO()
        np.save(long, np.zeros((1, 10_000, 17, 2), np.float32))
        damaged = file.getvalue().replace(b"(1,", b"((((", 1)
        bodies = [b"", b"no poses", b"PK\x03\x04junk", file.getvalue()[:300], damaged]
        for bad in (*bodies, zipped.getvalue()):
            status, content = answer(bad)
            assert status == 400
            assert json.loads(content)["detail"]
        assert answer(file.getvalue(), "?fps=0.05")[0] == 422
        status, content = answer(long.getvalue(), "?fps=10")
        assert (status, json.loads(content)["detail"]) == (
            400,
            "expected at most 600 s, got 1000 s",
        )
