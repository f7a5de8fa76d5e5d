"""Analyses of recordings: made once, and what they measure."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_asdf import AudioClips, DanceBeatTracker, UnitEncoder
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.music import analysis, beats
from sklearn_asdf.music.analysis_cache import RecordingCache
from sklearn_asdf.music.recording import Recording


@pytest.fixture
def analyzed(monkeypatch):
    """The lengths of the recordings that are analyzed."""
    lengths, analyze = [], analysis._analyze

    def counted(y, sr, start_bpm):
        lengths.append(len(y))
        return analyze(y, sr, start_bpm)

    monkeypatch.setattr(analysis, "_analyze", counted)
    return lengths


def test_tracker_and_encoder_share_the_analysis(analyzed):
    data = make_dance_music(6, n_performances=3, clip_duration=4.0, random_state=0)
    DanceBeatTracker(max_iter=2, random_state=0).fit(data.poses, data.audio)
    encoder = UnitEncoder().fit(data.audio[2:])
    encoder.transform(data.audio)
    assert len(analyzed) == 3
    # Another tempo is another analysis.
    UnitEncoder(start_bpm=120).fit(data.audio)
    assert len(analyzed) == 6


def test_the_tempo_of_long_recordings_is_summed_part_by_part(monkeypatch):
    data = make_dance_music(1, clip_duration=60.0, random_state=3)
    y = data.audio.recordings[0]
    expected = analysis._analyze(y, 22050, 100.0).beats
    monkeypatch.setattr(beats, "_LONG", 1500)
    assert_array_equal(analysis._analyze(y, 22050, 100.0).beats, expected)


def test_recordings_in_16_bits_are_analyzed_once_and_give_the_same_units(analyzed, tmp_path):
    import soundfile

    y = np.round(
        make_dance_music(1, clip_duration=20.0, random_state=0).audio.recordings[0] * 2**15
    )
    y = (y / 2**15).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", y, 22050, subtype="PCM_16")
    mapped = Recording.memory_map(tmp_path / "a.wav", sr=22050)
    clips = AudioClips.from_recordings([mapped])
    assert_array_equal(np.asarray(clips), np.asarray(AudioClips.from_recordings([y])))
    encoder, plain = (UnitEncoder().fit(c) for c in (clips, AudioClips.from_recordings([y])))
    assert_array_equal(encoder.transform(clips), plain.code_)
    assert_array_equal(encoder.corpus_.features, plain.corpus_.features)
    # Once as a recording, once as an array; the samples are not copied.
    assert len(analyzed) == 2
    assert encoder.corpus_.recordings[0] is mapped
    again = pickle.loads(pickle.dumps(clips))
    assert_array_equal(again[3], clips[3])
    assert not isinstance(again.recordings[0].samples, np.memmap)
    with pytest.raises(ValueError, match="expected a mono WAV file of 16 bits at 44100 Hz, got"):
        Recording.memory_map(tmp_path / "a.wav", sr=44100)


def test_kept_analyses_describe_alike(analyzed):
    y = np.random.default_rng(0).normal(size=30_000).astype(np.float32)
    first, second = (analysis.analyze(y, sr=11025).describe(np.array([0]), 20_000) for _ in "ab")
    assert len(analyzed) == 1
    assert_array_equal(first, second)


def test_a_recording_changed_in_place_is_analyzed_again(analyzed):
    y = np.random.default_rng(0).normal(size=30_000).astype(np.float32)
    analysis.analyze(y, sr=11025)
    y[100] += 1
    analysis.analyze(y, sr=11025)
    assert len(analyzed) == 2


def test_results_go_with_their_recordings_and_beyond_the_size():
    cache = RecordingCache(100)
    recordings = [np.full(4, float(i)) for i in range(3)]
    for y in recordings:
        cache.get(y, (), lambda y=y: y.sum(), size=40)
    assert len(cache) == 2
    # A view keeps its owner alive.
    views = AudioClips([y.astype(np.float32) for y in recordings], [0], [0], 2, sr=2)
    cache.get(views[0], (), lambda: 0.0, size=101)
    assert len(cache) == 2
    del recordings, y
    assert len(cache) == 0


def test_articulation_is_that_of_notes_and_not_of_a_swell_or_a_rest():
    sr, rng = 22050, np.random.default_rng(0)
    time = np.arange(8 * sr) / sr
    noise = rng.normal(0, 0.1, len(time))
    detached = noise * (time % 0.25 < 0.1)
    swell = 10 ** (np.sin(2 * np.pi * time / 8) - 1)
    rests = (time < 3) | (time > 6)
    column = analysis.DESCRIPTORS.index("articulation")
    even, short = (
        [
            analysis.analyze(y * shape, sr=sr).describe(np.array([0]), len(y))[0, column]
            for shape in (1.0, swell, rests)
        ]
        for y in (noise, detached)
    )
    np.testing.assert_allclose(even, even[0], atol=1.0)
    np.testing.assert_allclose(short, short[0], atol=2.0)
    assert min(even) > -1.5
    assert max(short) < -8
