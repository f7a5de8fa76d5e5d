"""Beats of music: a steady grid where there is one, librosa's where there is none."""

from __future__ import annotations

import mir_eval
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf.music import beats
from sklearn_asdf.music.analysis import analyze
from sklearn_asdf.music.beats import beats_of_recording

librosa = pytest.importorskip("librosa")

SR, HOP = 22050, 256
FPS = SR / HOP


def onsets(times, strengths, duration, seed=0):
    """Onset strength of a recording with onsets at some times."""
    noise = np.random.default_rng(seed).uniform(0.0, 0.3, round(duration * FPS))
    noise[np.rint(np.asarray(times) * FPS).astype(int)] += strengths
    return noise


def librosa_beats(onset_strength):
    return librosa.beat.beat_track(
        onset_envelope=onset_strength,
        sr=SR,
        hop_length=HOP,
        start_bpm=100,
        trim=False,
        units="time",
    )[1]


def f_measure(true, found):
    return mir_eval.beat.f_measure(true, found)


def waltz(duration=60.0, bpm=87.0):
    """A steady waltz whose second and third beats are late for a while, and loud."""
    beat = np.arange(0.3, duration - 0.2, 60 / bpm)
    heard = beat.copy()
    late = (heard > 22) & (heard < 32)
    heard[late] += np.resize([0.0, 0.25, 0.25], late.sum())
    return beat, onsets(heard, np.where(late, 5.0, 3.0), duration)


def test_a_steady_grid_goes_through_a_part_off_the_beat():
    beat, strength = waltz()
    assert f_measure(beat, librosa_beats(strength)) < 0.95
    assert f_measure(beat, beats_of_recording(strength, sr=SR, hop_length=HOP)) > 0.98


def test_small_changes_of_tempo_are_followed():
    position = np.arange(100)
    beat = 0.2 + 0.6 * position + 0.15 * np.sin(2 * np.pi * position / 24)
    strength = onsets(beat, 3.0, beat[-1] + 0.5)
    found = beats_of_recording(strength, sr=SR, hop_length=HOP)
    nearest = np.abs(found[:, None] - beat).min(axis=1)
    assert np.percentile(nearest, 95) < 0.03
    assert f_measure(beat, found) > 0.98


def test_music_without_a_steady_tempo_has_the_beats_of_librosa():
    rng = np.random.default_rng(1)
    beat = 0.2 + np.cumsum(0.6 * np.exp(0.5 * np.sin(np.arange(80) / 3) + rng.normal(0, 0.1, 80)))
    strength = onsets(beat, 3.0, beat[-1] + 0.5)
    assert_array_equal(
        beats_of_recording(strength, sr=SR, hop_length=HOP), librosa_beats(strength).astype(float)
    )


def test_beats_lie_within_the_recording_and_ascend():
    _, strength = waltz(duration=9.3)
    found = beats_of_recording(strength, sr=SR, hop_length=HOP)
    assert found[0] >= 0
    assert found[-1] <= len(strength) / FPS
    assert (np.diff(found) > 0.3).all()


def test_a_few_beats_are_those_of_librosa():
    _, strength = waltz(duration=4.0)
    assert_array_equal(beats_of_recording(strength, sr=SR, hop_length=HOP), librosa_beats(strength))


def test_a_louder_recording_has_the_same_beats():
    _, strength = waltz()
    assert_allclose(
        beats_of_recording(10 * strength, sr=SR, hop_length=HOP),
        beats_of_recording(strength, sr=SR, hop_length=HOP),
        atol=1e-6,
    )


def test_the_strength_of_beats_is_that_of_the_onsets_near_them():
    pulse = np.zeros(100)
    pulse[[10, 31]] = 2.0
    strength = beats._strength(pulse, np.array([1.0, 3.0, 5.0]), 10.0)
    assert strength == pytest.approx(4 / 3)
    assert beats._strength(pulse, np.zeros(0), 10.0) == 0.0


@pytest.mark.slow
@pytest.mark.real_data
def test_beats_of_songs_are_those_that_their_dancers_heard(data_dir):
    import soundfile

    scores = []
    for file in sorted((data_dir / "dance_with_melody" / "poses").glob("*.npz")):
        with np.load(file) as known:
            first = float(known["first_beat_offset_s"])
            spacing = float(known["seconds_per_beat_audio"])
        y, sr = soundfile.read(data_dir / "dance_with_melody" / "audio" / f"{file.stem}.ogg")
        found = analyze(y.astype(np.float32), sr=sr).beats
        scores.append(f_measure(np.arange(first, len(y) / sr, spacing), found))
    assert np.mean(scores) > 0.92
