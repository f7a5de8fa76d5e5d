"""The addresses of the page, over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from sklearn_asdf.studio import serve
from sklearn_asdf.studio._serve import make_server

from .conftest import DANCE, wait


@contextmanager
def serving(studio):
    """Run the server in a thread, and give its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = make_server(studio)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait(lambda: server.started)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def port(studio):
    with serving(studio) as port:
        yield port


def ask(port, method, path, body=None, **headers):
    """Return status, headers and content of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    sent = {"X-Studio": "1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = json.dumps(body) if isinstance(body, (dict, list)) else body
    connection.request(method, path, content, sent)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


@pytest.fixture
def name(port):
    status, _, content = ask(port, "POST", "/api/sessions", {})
    assert status == 200
    return json.loads(content)["session"]


def upload(port, name, step, file, content):
    asked = {"step": step, "name": file, "size": len(content)}
    status, _, answer = ask(port, "POST", f"/api/s/{name}/upload", asked)
    if status == 200:
        status, _, answer = ask(port, "PUT", f"/api/s/{name}/upload", content)
    return status, json.loads(answer)


def state(port, name):
    status, _, content = ask(port, "GET", f"/api/s/{name}")
    assert status == 200
    return json.loads(content)


def test_the_page_asks_nobody_else(port):
    pages = ["/", "/page.css", *(f"/{n}.js" for n in ("page", "skeleton", "uploads"))]
    for page in pages:
        status, headers, content = ask(port, "GET", page)
        assert status == 200
        assert "default-src 'self'" in headers["content-security-policy"]
        assert b"http://" not in content
        assert b"https://" not in content
    assert ask(port, "GET", "/__init__.py")[0] == 404
    assert ask(port, "GET", "/..%2f_version.py")[0] == 404


def test_every_file_of_the_page_is_packed():
    # As pyproject.toml lists them.
    packed = {p.name for p in files("sklearn_asdf.studio").iterdir() if p.suffix in (".js", ".css")}
    page = (files("sklearn_asdf.studio") / "page.html").read_text()
    assert set(re.findall(r'(?:src|href)="([^":]+)"', page)) == packed


def test_from_upload_to_download_over_http(port, name, worker, poses, music):
    assert upload(port, name, "dance", "my dance.npz", poses)[0] == 200
    wait(lambda: state(port, name)["dance"]["ready"])
    assert upload(port, name, "music", "song.wav", music)[0] == 200
    number = state(port, name)["music"][0]["id"]
    path = f"/api/s/{name}/file/music/{number}"
    status, headers, content = ask(port, "GET", f"{path}?download")
    assert (status, content) == (200, music)
    assert headers["content-disposition"] == 'attachment; filename="song.wav"'
    # Players ask for parts.
    status, headers, content = ask(port, "GET", path, Range="bytes=10-19")
    assert (status, content) == (206, music[10:20])
    worker.answers["make_takes"] = [{"number": 1, "seed": 0, "duration": 3.0}]
    assert ask(port, "POST", f"/api/s/{name}/make", {"knobs": {"seed": 0}})[0] == 200
    wait(lambda: state(port, name)["takes"])
    status, _, content = ask(port, "POST", f"/api/s/{name}/make", {"knobs": {"seed": -1}})
    assert status == 422
    assert json.loads(content)["sentence"].startswith("The seed must be from 0")
    # The scripted process wrote no file.
    assert ask(port, "GET", f"/api/s/{name}/file/video/1")[0] == 404


def test_a_report_in_a_tab_is_kept_apart_from_the_page(port, name, worker, poses, music):
    upload(port, name, "dance", "d.npz", poses)
    wait(lambda: state(port, name)["dance"]["ready"])
    upload(port, name, "music", "song.wav", music)
    worker.answers["make_takes"] = [{"number": 1, "seed": 0, "duration": 3.0}]
    worker.answers["write_page"] = lambda out, **_: Path(out).write_text("<!DOCTYPE html>") and {}
    assert ask(port, "POST", f"/api/s/{name}/make", {"knobs": {}})[0] == 200
    wait(lambda: state(port, name)["takes"])
    ask(port, "POST", f"/api/s/{name}/prepare", {"number": 1, "what": "report"})
    wait(lambda: state(port, name)["takes"][0].get("report"))
    status, headers, _ = ask(port, "GET", f"/api/s/{name}/file/report/1")
    assert (status, headers.get_content_type()) == (200, "text/html")
    assert headers["content-disposition"] is None
    [policy] = headers.get_all("content-security-policy")
    # Its own scripts run, without the rights of the page of the studio.
    assert "script-src 'unsafe-inline'" in policy
    assert "sandbox allow-scripts allow-downloads" in policy


def test_the_picture_of_the_search_may_change_while_it_is_sent(port, name, worker, poses, studio):
    def find(folder, **_):
        Path(folder, "looking.jpg").write_bytes(b"picture")
        return DANCE

    worker.answers["find_dancer"] = find
    upload(port, name, "dance", "d.npz", poses)
    wait(lambda: state(port, name)["dance"]["ready"])
    status, headers, content = ask(port, "GET", f"/api/s/{name}/file/looking?at=1")
    assert (status, headers["content-type"], content) == (200, "image/jpeg", b"picture")


def test_refusals_are_sentences(port, name):
    status, answer = upload(port, name, "dance", "notes.txt", b"hello")
    assert status == 422
    assert answer["sentence"].startswith("'notes.txt' is a text: drop a video")
    assert state(port, name)["problem"]["sentence"] == answer["sentence"]
    assert ask(port, "POST", f"/api/s/{name}/dance_again", {})[0] == 404
    for body in (b"no json", b"[1]", b"x" * 200_000):
        assert ask(port, "POST", f"/api/s/{name}/make", body)[0] == 422
    status, _, content = ask(port, "GET", "/api/s/unknown")
    assert status == 410
    assert "away for too long" in json.loads(content)["sentence"]


def test_an_upload_whose_page_is_closed_leaves_nothing(port, name, studio):
    session = studio.session(name)
    ask(port, "POST", f"/api/s/{name}/upload", {"step": "dance", "name": "d.mp4", "size": 10**7})
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = (
            f"PUT /api/s/{name}/upload HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Studio: 1\r\n"
            "Content-Length: 10000000\r\n\r\n"
        )
        connection.sendall(head.encode() + bytes(3_000_000))
        wait(lambda: session.upload is not None and session.upload.received)
    wait(lambda: session.upload is None)
    assert [path for path in session.folder.rglob("*") if path.is_file()] == []
    ask(port, "POST", f"/api/s/{name}/leave")
    session.leaving -= 1000
    studio.sweep()
    assert not session.folder.exists()


def test_other_pages_of_the_internet_are_kept_out(port, name):
    # A form of another page cannot send the header.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", f"/api/s/{name}/stop", b"{}")
    assert connection.getresponse().status == 403
    connection.close()
    # A name that another page gave this computer's address is not ours.
    assert ask(port, "GET", f"/api/s/{name}", Host="evil.example")[0] == 400
    assert ask(port, "GET", "/", Host=f"localhost:{port}")[0] == 200


def test_a_port_that_is_taken_is_a_sentence():
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, pytest.raises(ValueError, match=r"cannot listen on 127\.0\.0\.1:.* another --port"):
        serve(port=taken.getsockname()[1])
    with pytest.raises(ValueError, match="from 0 to 65535, got 70000"):
        serve(port=70000)


@pytest.mark.skipif(sys.platform == "win32", reason="signals end no process cleanly there")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_and_cleans_up_when_it_ends(tmp_path, how):
    pytest.importorskip("ai_edge_litert")
    process = subprocess.Popen(
        [sys.executable, "-m", "sklearn_asdf", "studio", "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    line = process.stdout.readline()
    port = int(re.search(r"http://127\.0\.0\.1:(\d+)/: the studio", line)[1])
    wait(lambda: ask(port, "POST", "/api/sessions", {})[0] == 200)
    assert [path.name[:20] for path in tmp_path.iterdir()] == ["sklearn-asdf-studio-"]
    process.send_signal(how)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert rest == "the studio is closed, and its files are removed\n"
    assert list(tmp_path.iterdir()) == []
