"""Fetching the networks: once, checked, and never anything but the right bytes."""

from __future__ import annotations

import functools
import hashlib
import http.server
import ssl
import threading
import urllib.error

import pytest

from sklearn_asdf.video import _models, fetch_pose_models

CONTENT = {"pose_detection.tflite": b"detector" * 100, "pose_landmark_full.tflite": b"full" * 100}


class Handler(http.server.SimpleHTTPRequestHandler):
    asked: list[str] = []

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A model storage of our own, and a cache folder that is empty."""
    folder = tmp_path / "storage"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        monkeypatch.setitem(_models.FILES, name, ("1", digest))
    Handler.asked = []
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=[0.02], daemon=True).start()
        monkeypatch.setattr(_models, "_SOURCE", f"http://127.0.0.1:{httpd.server_port}/")
        monkeypatch.setattr(_models, "cache_folder", lambda: tmp_path / "cache")
        monkeypatch.delenv("SKLEARN_ASDF_POSE_MODEL", raising=False)
        yield folder
        httpd.shutdown()


def test_files_are_fetched_once(server):
    models = fetch_pose_models()
    assert models.detector.read_bytes() == CONTENT["pose_detection.tflite"]
    assert models.landmarker.read_bytes() == CONTENT["pose_landmark_full.tflite"]
    assert Handler.asked == [
        "/pose_detection.tflite?generation=1",
        "/pose_landmark_full.tflite?generation=1",
    ]
    assert fetch_pose_models() == models
    assert len(Handler.asked) == 2


def test_other_bytes_than_expected_are_not_kept(server, tmp_path):
    (server / "pose_detection.tflite").write_bytes(b"something else")
    with pytest.raises(OSError, match=r"SHA-256 .* got .* \(14 bytes\): nothing was kept"):
        fetch_pose_models()
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]


def test_a_damaged_file_in_the_cache_is_fetched_again(server):
    models = fetch_pose_models()
    models.landmarker.write_bytes(b"damaged")
    assert fetch_pose_models().landmarker.read_bytes() == CONTENT["pose_landmark_full.tflite"]
    assert len(Handler.asked) == 3


def test_a_file_that_is_not_there_is_a_sentence(server):
    (server / "pose_landmark_full.tflite").unlink()
    with pytest.raises(OSError, match=r"expected to fetch .* not found; try again"):
        fetch_pose_models()


def test_no_connection_is_a_sentence(server, monkeypatch):
    monkeypatch.setattr(_models, "_SOURCE", "http://127.0.0.1:9/")
    with pytest.raises(OSError, match=r"expected to fetch .* refused; try again"):
        fetch_pose_models()


def test_a_python_without_certificates_is_a_sentence(server, monkeypatch):
    def refuse(url, timeout):
        raise urllib.error.URLError(ssl.SSLCertVerificationError("unable to get local issuer"))

    monkeypatch.setattr(_models.urllib.request, "urlopen", refuse)
    with pytest.raises(OSError, match=r"run 'Install Certificates\.command'.*, or get the file"):
        fetch_pose_models()


def test_a_folder_or_the_variable_take_the_place_of_fetching(server, monkeypatch):
    assert fetch_pose_models(folder=server).detector.parent == server
    monkeypatch.setenv("SKLEARN_ASDF_POSE_MODEL", str(server))
    assert fetch_pose_models().detector.parent == server
    assert not Handler.asked
    with pytest.raises(FileNotFoundError, match="pose_landmark_lite"):
        fetch_pose_models("lite", folder=server)
    with pytest.raises(ValueError, match=r"Did you mean 'full'\?"):
        fetch_pose_models("ful")


@pytest.mark.real_data
def test_the_true_sums_are_those_of_the_true_files(pose_models):
    for name, (_, sha256) in _models.FILES.items():
        content = (_models.Path(pose_models) / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
