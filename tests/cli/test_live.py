"""`live`, with a dancer who sends her poses by OSC."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import types

import numpy as np
import pytest

from sklearn_asdf.cli import main
from sklearn_asdf.io import read_poses
from sklearn_asdf.live import OSCReceiver

from .test_commands import run

soundfile = pytest.importorskip("soundfile")
udp_client = pytest.importorskip("pythonosc.udp_client")


def free_port():
    with OSCReceiver(1, 2, port=0) as receiver:
        return receiver.port


@pytest.fixture
def dancing(folder):
    """Send poses to a port until the test ends."""
    poses = read_poses(folder / "dance0.npz").position[0]
    port, stop = free_port(), threading.Event()

    def dance():
        with udp_client.SimpleUDPClient("127.0.0.1", port) as client:
            for i in range(10**6):
                client.send_message("/mocap/0/joint/pos_world", poses[i % 180].ravel().tolist())
                if stop.wait(1 / 30):
                    return

    thread = threading.Thread(target=dance, daemon=True)
    thread.start()
    yield port
    stop.set()
    thread.join()


def test_music_and_features_come_while_somebody_dances(
    dancing,
    model,
    tmp_path,
    capsys,
):
    out = tmp_path / "live.wav"
    said = run(
        capsys, "live", model, "--port", dancing, "-o", out, "--seconds", 5,
        "--send", f"127.0.0.1:{free_port()}",
    )  # fmt: skip
    assert "a movement is heard after 0.6 s" in said.out
    audio, sr = soundfile.read(out)
    # The first clip takes two seconds; then half a second comes every half second.
    assert 0.4 <= len(audio) / sr <= 5.5
    assert np.abs(audio).max() > 1e-3
    assert [p.name for p in tmp_path.iterdir()] == ["live.wav"]


def test_samples_go_to_the_standard_output(dancing, model, capfdbinary):
    capfdbinary.readouterr()
    port = str(dancing)
    assert main(["live", str(model), "--port", port, "-o", "-", "--seconds", "4"]) == 0
    samples = np.frombuffer(capfdbinary.readouterr().out, "<i2")
    assert len(samples) >= 11000
    assert np.abs(samples).max() > 30


def test_the_sound_card_plays_what_is_made(dancing, model, capsys, monkeypatch):
    played, stop = [], threading.Event()

    class Stream:
        latency = 0.03

        def __init__(self, *, samplerate, callback, **options):
            self.thread = threading.Thread(target=self.call_back, args=(samplerate, callback))

        def call_back(self, samplerate, callback):
            while not stop.wait(0.02):
                block = np.zeros((round(0.02 * samplerate), 1), np.float32)
                callback(block, len(block), None, None)
                played.append(block[:, 0])

        def start(self):
            self.thread.start()

        def stop(self):
            stop.set()
            self.thread.join()

        def close(self):
            pass

    devices = [{"name": "Out", "max_output_channels": 2, "default_low_output_latency": 0.01}]
    simulated = types.ModuleType("sounddevice")
    simulated.__spec__ = types.SimpleNamespace()
    simulated.OutputStream, simulated.PortAudioError = Stream, OSError
    simulated.query_devices = lambda: devices
    simulated.default = types.SimpleNamespace(device=(0, 0))
    monkeypatch.setitem(sys.modules, "sounddevice", simulated)
    said = run(capsys, "live", model, "--port", dancing, "--play", "--seconds", 5)
    # .6 s of the stream, .1 s of margin, .03 s of the device.
    assert "heard after 0.73 s (0.03 s of them the sound device's)" in said.out
    assert np.abs(np.concatenate(played)).max() > 1e-3
    with pytest.raises(SystemExit, match="0"):
        main(["live", "--list-speakers"])
    assert capsys.readouterr().out == "0: Out, 0.010 s (default)\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
def test_an_impatient_ctrl_c_keeps_the_music(dancing, model, tmp_path):
    out = tmp_path / "live.wav"
    command = ["live", str(model), "--port", str(dancing), "-o", str(out)]
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "sklearn_asdf", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert "listening" in process.stdout.readline()
        time.sleep(5)
        for _ in range(20):
            process.send_signal(signal.SIGINT)
            time.sleep(0.002)
        said, _ = process.communicate(timeout=60)
    assert "pieces of 0.5 s" in said
    assert len(soundfile.read(out)[0]) > 0


def test_nobody_dances(model, tmp_path, capsys):
    out = tmp_path / "live.wav"
    began = time.monotonic()
    said = run(capsys, "live", model, "--port", free_port(), "-o", out, "--seconds", 0.3)
    assert time.monotonic() - began < 30
    assert "nobody danced for as long as a clip" in said.err
    assert not list(tmp_path.iterdir())
    # Nor is the music of another day lost.
    out.write_bytes(b"music")
    run(capsys, "live", model, "--port", free_port(), "-o", out, "--seconds", 0.3, "--force")
    assert out.read_bytes() == b"music"


def test_a_camera_that_is_a_video(model, video, tmp_path, capsys, monkeypatch):
    from sklearn_asdf.live import _camera

    from ..video.test_estimate import BrightSpots

    monkeypatch.setattr(_camera, "BlazePose", BrightSpots)
    monkeypatch.setattr(_camera, "_FORMATS", {})
    out = tmp_path / "live.wav"
    run(capsys, "live", model, "--input", "camera", "--device", video, "-o", out)
    assert soundfile.info(out).duration == pytest.approx(2.5, abs=0.51)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected somewhere to put the music"),
        (["--send", "here"], "expected --send as HOST:PORT"),
        (["-o", "live.mp3"], "expected an output that ends in .wav"),
        (["-o", "{out}/a.wav", "--port", "70000"], "expected port from 0 to 65535"),
    ],
)
def test_refusals_are_sentences(arguments, message, model, tmp_path, capsys):
    arguments = [a.format(out=tmp_path) for a in arguments]
    assert message in run(capsys, "live", model, *arguments, status=2).err
    assert not list(tmp_path.iterdir())
