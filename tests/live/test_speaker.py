"""Sound on a sound card, which is simulated: its clock runs as fast as the test wants."""

from __future__ import annotations

import sys
import time
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import InconsistentVersionWarning

from sklearn_asdf import load, make_soundtrack_pipeline
from sklearn_asdf.datasets import make_dance_music, make_music
from sklearn_asdf.live import Speaker, StreamingDancer, list_speakers

MODEL = Path(__file__).parents[1] / "data" / "units_layout2.zip"

SR = 8000
BLOCK = 160
LATENCY = 0.03


class SimulatedDevice:
    """What `Speaker` needs of sounddevice. `run` plays for some seconds."""

    class PortAudioError(Exception):
        pass

    def __init__(self):
        self.default = types.SimpleNamespace(device=[0, 1])
        self.played = np.zeros(0, np.float32)
        self.closed = False

    def query_devices(self):
        names = {"Microphone": 0, "Loudspeaker": 2, "Headphones": 2}
        return [
            {"name": n, "max_output_channels": c, "default_low_output_latency": 0.0123}
            for n, c in names.items()
        ]

    def OutputStream(self, *, samplerate, channels, dtype, device, latency, callback):
        if device not in (None, 1, "Headphones"):
            raise ValueError(f"No output device matching {device!r}")
        assert (samplerate, channels, dtype, latency) == (SR, 1, "float32", "low")
        self.callback = callback
        return types.SimpleNamespace(
            latency=LATENCY, start=lambda: None, stop=lambda: None, close=self.close
        )

    def close(self):
        self.closed = True

    def run(self, seconds):
        for _ in range(round(seconds * SR / BLOCK)):
            out = np.full((BLOCK, 1), np.nan, np.float32)
            self.callback(out, BLOCK, None, None)
            self.played = np.append(self.played, out[:, 0])


@pytest.fixture
def device(monkeypatch):
    device = SimulatedDevice()
    module = types.ModuleType("sounddevice")
    module.__spec__ = types.SimpleNamespace()
    for name in ("PortAudioError", "default", "query_devices", "OutputStream"):
        setattr(module, name, getattr(device, name))
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return device


def tone(n):
    return np.sin(np.arange(1, n + 1, dtype=np.float32) / 20)


def test_pieces_are_played_after_a_margin_and_without_gaps(device):
    sound = tone(4 * SR)
    with Speaker(SR, margin=0.1) as speaker:
        assert speaker.device_latency == LATENCY
        device.run(0.3)
        # A piece of half a second every half second, one late by .08 s.
        for i, late in enumerate((0.0, 0.0, 0.08, 0.0)):
            device.run(late)
            speaker.write(sound[i * SR // 2 : (i + 1) * SR // 2])
            device.run(0.5 - late)
        assert speaker.n_gaps == 0
        assert speaker.waiting == pytest.approx(0.1)
    assert device.closed
    begin = round(0.4 * SR)
    assert not device.played[:begin].any()
    np.testing.assert_array_equal(device.played[begin:], sound[: len(device.played) - begin])


def test_a_late_piece_is_a_gap_and_the_margin_begins_anew(device):
    sound = tone(SR)
    with Speaker(SR, margin=0.1) as speaker:
        speaker.write(sound[: SR // 2])
        device.run(1.0)
        assert (speaker.n_gaps, speaker.waiting) == (1, 0.0)
        speaker.write(sound[SR // 2 :])
        assert speaker.waiting == pytest.approx(0.6)
        device.run(1.0)
        # The end of the last piece is no second gap before another one comes.
        assert speaker.n_gaps == 2
    assert np.isfinite(device.played).all()
    np.testing.assert_array_equal(device.played[round(0.1 * SR) :][: SR // 2], sound[: SR // 2])
    np.testing.assert_array_equal(device.played[round(1.1 * SR) :][: SR // 2], sound[SR // 2 :])


def test_a_queue_that_grows_is_shortened(device):
    with Speaker(SR, margin=0.1, max_waiting=1.0) as speaker:
        for _ in range(2):
            speaker.write(tone(SR // 2))
        assert speaker.n_skipped == 1
        assert speaker.waiting == pytest.approx(0.1)
        # The newest sound is what is left.
        device.run(0.1)
    np.testing.assert_array_equal(device.played, tone(SR // 2)[-round(0.1 * SR) :])


def test_loud_sound_is_limited_and_nothing_is_nothing(device):
    with Speaker(SR, margin=0.0) as speaker:
        speaker.write([])
        speaker.write(np.full(BLOCK, 3.0))
        device.run(BLOCK / SR)
    np.testing.assert_array_equal(device.played, np.ones(BLOCK))


def test_devices_are_listed_and_an_unknown_one_ends_in_a_sentence(device):
    assert list_speakers() == ["1: Loudspeaker, 0.012 s (default)", "2: Headphones, 0.012 s"]
    with pytest.raises(ValueError, match=r"plays sound at 8000 Hz, got 'Radio'.*1: Loudspeaker"):
        Speaker(SR, device="Radio")
    Speaker(SR, device="Headphones").close()


def latencies_of(live, device):
    """Seconds from the earliest movement that a piece follows to its sound, for each piece.

    The dance is in simulated time: the device's clock, and the processor time of each computation.
    """
    dance = make_dance_music(4, n_performances=1, clip_duration=8.0, random_state=3).poses
    # As the command does first: what is compiled then is no delay of the dance.
    next(iter(m for pose in dance.position[0] for m in live.feed(pose)))
    live.reset()
    latencies = []
    with Speaker(SR) as speaker:
        for i, pose in enumerate(dance.position[0]):
            device.run(max(i / 30 - len(device.played) / SR, 0))
            if not live.push(pose, i / 30):
                continue
            began = time.process_time()
            moment = live.step()
            device.run(time.process_time() - began)
            speaker.write(moment.audio)
            waited = speaker.waiting - len(moment.audio) / SR
            heard = len(device.played) / SR + waited + speaker.device_latency
            latencies.append(heard - (moment.time - live.latency))
        assert (speaker.n_gaps, speaker.n_skipped) == (0, 0)
    least = live.latency + LATENCY
    assert least < min(latencies)
    # The margin, and what was computed longest.
    assert max(latencies) < least + speaker.margin + 0.35
    return latencies


def test_from_a_movement_to_its_sound(device):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        model = load(MODEL)
    assert len(latencies_of(StreamingDancer(model, hop_duration=0.5, random_state=0), device)) == 13


def test_a_soundtrack_is_heard_sooner(device):
    music = make_music("calm", duration=12, clip_duration=2.0, sr=SR, random_state=0)
    live = StreamingDancer(make_soundtrack_pipeline(music), random_state=0)
    assert live.hop_duration == 0.125
    latencies = latencies_of(live, device)
    assert len(latencies) == 49
    # An eighth of a second to describe, a fade, a tenth of margin, and the device.
    assert live.latency == pytest.approx(0.125 + 0.03)
    assert np.median(latencies) < live.latency + 0.1 + LATENCY + 0.2


def test_without_the_package_or_its_library_a_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"playing sound needs sounddevice.*\[live\]"):
        Speaker(SR)
