"""Whether generated music copies the training music."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf import AudioClips
from sklearn_asdf.metrics import data_copying, nearest_segments

SR = 22050


def melody(seed, duration=6.0, semitones=0, timbre=0.0):
    """Notes of a quarter of a second with seven partials, in a seeded order."""
    rng = np.random.default_rng(seed)
    t = np.arange(SR // 4) / SR
    notes = []
    for _ in range(round(4 * duration)):
        pitch = 220 * 2 ** ((rng.integers(24) + semitones) / 12)
        weights = np.exp(-np.arange(7) * rng.uniform(0.3, 1.5))
        note = sum(w * np.sin(2 * np.pi * pitch * (k + 1) * t) for k, w in enumerate(weights))
        notes.append(note * np.exp(-rng.uniform(3, 12) * t) * (1 + timbre))
    return 0.1 * np.concatenate(notes)


TRAINING = [melody(seed) for seed in range(6)]
HELD_OUT = [melody(seed) for seed in range(10, 13)]


def test_a_copy_is_found_where_it_is_at_any_level():
    late = np.concatenate([np.zeros(1000), 0.05 * TRAINING[4][2 * SR : 5 * SR]])
    found = nearest_segments([late], TRAINING)
    assert (found["training_piece"] == 4).all()
    # The copy begins 1000 samples late, less than a sixteenth of a second.
    np.testing.assert_allclose(found["training_time"] - found["time"], 2 - 1 / 16)
    assert found["distance"].max() < 0.3
    exact = nearest_segments([0.05 * TRAINING[4]], TRAINING)
    np.testing.assert_allclose(exact["training_time"], exact["time"])
    assert exact["distance"].max() < 1e-3


def test_unrelated_training_music_is_at_one():
    found = nearest_segments(HELD_OUT, TRAINING)
    # The nearest of several hundred is nearer than the usual one.
    assert 0.2 < found["distance"].median() < 1
    # Noise has another timbre than all of it.
    noise = np.random.default_rng(0).normal(size=(1, 2 * SR))
    assert nearest_segments(noise, TRAINING)["distance"].min() > 0.7


def test_transposed_copies_are_found_where_asked_for():
    higher = [melody(2, semitones=3)]
    plain = nearest_segments(higher, TRAINING)
    moved = nearest_segments(higher, TRAINING, transpositions=range(-5, 7))
    assert (moved["distance"] <= plain["distance"]).all()
    assert (moved["transposition"] == 3).mean() > 0.9
    assert (moved["training_piece"] == 2).mean() > 0.9
    assert moved["distance"].median() < 0.3 * plain["distance"].median()
    # A model that plays its training music higher is found too.
    options = {"transpositions": range(-5, 7)}
    assert data_copying(higher, TRAINING, HELD_OUT, **options)["ratio"] < 0.5


def test_scores_of_copies_and_of_new_music():
    copied = data_copying(TRAINING[:2], TRAINING, HELD_OUT)
    assert copied["ratio"] < 0.01
    assert copied["below_1"] == copied["below_5"] == 1
    new = data_copying([melody(seed) for seed in range(20, 24)], TRAINING, HELD_OUT)
    assert new["ratio"] == pytest.approx(1, abs=0.1)
    assert new["below_1"] < 0.06
    assert new["below_5"] < 0.12
    half = data_copying([TRAINING[0], melody(20)], TRAINING, HELD_OUT)
    assert half["below_1"] == pytest.approx(0.5, abs=0.05)
    same = data_copying(HELD_OUT, TRAINING, HELD_OUT)
    assert same["ratio"] == 1
    assert same["below_5"] == pytest.approx(0.05, abs=0.03)


def test_clips_that_overlap_are_one_piece():
    clips = AudioClips.from_recordings(TRAINING[:2], clip_duration=2.0, hop_duration=0.5)
    arrays = nearest_segments([TRAINING[0]], TRAINING[:2])
    # The last half second is in no clip.
    arrays = arrays[arrays["time"] < 5.5]
    found = nearest_segments(clips[clips.groups == 0], clips)
    np.testing.assert_allclose(found, arrays, atol=1e-6)
    # A later stretch of a recording keeps its time.
    later = clips[(clips.groups == 1) & (clips.starts >= 2 * SR)]
    found = nearest_segments(later, clips)
    assert found["time"].min() == 2
    assert (found["training_piece"] == 1).all()


def test_silence_is_left_out():
    music = np.concatenate([np.zeros(SR), TRAINING[0][: 2 * SR]])
    # The window of the last part of a segment extends a little beyond its end.
    assert nearest_segments([music], TRAINING)["time"].min() == 0.5
    with pytest.raises(ValueError, match=r"audio with at least one segment of 0\.5 s that sounds"):
        nearest_segments(np.zeros((1, SR)), TRAINING)
    with pytest.raises(ValueError, match="held_out with at least one segment"):
        data_copying(TRAINING, TRAINING, [np.ones(100)])
    with pytest.raises(ValueError, match="segment_duration above 0 s, got -1"):
        nearest_segments(TRAINING, TRAINING, segment_duration=-1)
    with pytest.raises(ValueError, match="at least one transposition"):
        nearest_segments(TRAINING, TRAINING, transpositions=())
