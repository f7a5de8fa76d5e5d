"""MIDI clock, notes and controllers, to a port that keeps them."""

from __future__ import annotations

import numpy as np
import pytest

mido = pytest.importorskip("mido")

from sklearn_asdf.live import MIDISender, list_midi_ports  # noqa: E402

NAMES = [
    "window1_weight",
    "clip_beat_tempo",
    "clip_beat_strength",
    "clip_mid_beat_cos",
    "clip_mid_beat_sin",
    "step0_speed",
    "step0_hands_speed",
    "step1_speed",
    "step1_hands_speed",
    "step1_hands_height",
]
CLIP = 8.0


def test_ports_are_those_of_the_system(monkeypatch):
    # The library of the ports themselves is not needed to ask a substitute of mido's for names.
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr(mido, "get_output_names", lambda: ["Synth", "Drums"])
    assert list_midi_ports() == ["Synth", "Drums"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"sending MIDI needs .*\[midi\]"):
        list_midi_ports()


class Port:
    """Keeps messages with the time at which they came."""

    def __init__(self):
        self.now, self.messages, self.closed = 0.0, [], False

    def send(self, message):
        self.messages.append((self.now, message))

    def close(self):
        self.closed = True

    def times(self, kind):
        return np.array([t for t, m in self.messages if m.type == kind])


def features(tempo, first_beat, now, speed=0.5):
    """Features of a clip that ends now, of a dance with steady beats."""
    angle = 2 * np.pi * (now - CLIP / 2 - first_beat) * tempo / 60
    beat = [tempo, 1.0, np.cos(angle), np.sin(angle)]
    return np.array([0.1, *beat, 0.0, 0.0, speed, 0.0, 1.0])


def play(midi, port, seconds, features_at, hop=0.25):
    """Let the clock run, with new features every hop."""
    for k in range(round(seconds / 0.002)):
        port.now = 10 + k * 0.002
        if k % round(hop / 0.002) == 0:
            midi.send(features_at(port.now), port.now)
        midi.tick(port.now)


def test_clock_and_notes_are_on_the_beat_of_the_dance():
    port = Port()
    midi = MIDISender(NAMES, port=port)
    play(midi, port, 10.0, lambda now: features(120.0, 0.2, now))
    clock, notes = port.times("clock"), port.times("note_on")
    assert np.diff(clock).mean() == pytest.approx(0.5 / 24, rel=1e-3)
    # A beat each half second from 0.2 s on.
    assert np.abs((notes - 0.2 + 0.25) % 0.5 - 0.25).max() < 0.003
    assert len(notes) == 20
    assert midi.tempo == 120.0
    assert [m.note for _, m in port.messages if m.type == "note_on"] == [36] * 20


def test_a_changed_beat_is_met_without_a_jump():
    port = Port()
    midi = MIDISender(NAMES, port=port)
    # The beat moves by a third of itself after four seconds.
    play(midi, port, 14.0, lambda now: features(100.0, 0.0 if now < 14 else 0.2, now))
    spacing = np.diff(port.times("clock"))
    pulse = 0.6 / 24
    assert spacing.min() > 0.85 * pulse
    assert spacing.max() < 1.15 * pulse + 0.002
    late = port.times("note_on")[-3:]
    assert np.abs((late - 0.2 + 0.3) % 0.6 - 0.3).max() < 0.04


def test_controllers_span_the_range_of_the_movement():
    port = Port()
    midi = MIDISender(NAMES, port=port, channel=10, controls={7: "speed", 20: "window1_weight"})
    for k, speed in enumerate([0.5, 1.0, 0.0, 0.5]):
        midi.send(features(100.0, 0.0, k / 4, speed), k / 4)
    sent = [m for _, m in port.messages if m.type == "control_change"]
    assert {m.channel for m in sent} == {9}
    speeds = [m.value for m in sent if m.control == 7]
    assert speeds[:3] == [64, 127, 0]
    assert 60 < speeds[3] < 68
    # It does not change.
    assert {m.value for m in sent if m.control == 20} == {64}


def test_latency_delays_the_beats():
    port = Port()
    midi = MIDISender(NAMES, port=port, latency=0.2)
    play(midi, port, 6.0, lambda now: features(60.0, 0.0, now))
    notes = port.times("note_on")[2:]
    assert np.abs((notes - 0.2 + 0.5) % 1 - 0.5).max() < 0.003


def test_the_clock_goes_on_without_a_dancer_and_ends_with_a_stop():
    port = Port()
    with MIDISender(NAMES, port=port, note=None) as midi:
        midi.send(features(120.0, 0.0, 10.0), 10.0)
        midi.send(None)
        midi.tick(12.0)
    kinds = [m.type for _, m in port.messages if m.type != "control_change"]
    assert kinds[0] == "start"
    assert kinds[-1] == "stop"
    assert kinds.count("clock") >= 48
    assert "note_on" not in kinds
    assert port.closed
    assert midi.n_sent == len(port.messages)


def test_bad_settings_are_refused_together():
    with pytest.raises(ValueError, match=r"(?s)clip_beat_tempo.*channel.*MIDI note.*gone"):
        MIDISender(NAMES[:1], port=Port(), channel=17, note=128, controls={3: "gone"})
