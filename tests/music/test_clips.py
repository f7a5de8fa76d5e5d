"""Clips that share recordings, and sentences for audio that cannot be used."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold
from sklearn.utils import _safe_indexing

from sklearn_asdf import AudioClips
from sklearn_asdf.music.audio_checks import check_audio
from sklearn_asdf.music.clips import load_audio


@pytest.fixture
def recordings():
    rng = np.random.default_rng(0)
    return [rng.uniform(-1, 1, n).astype(np.float32) for n in (1000, 400, 730)]


@pytest.fixture
def clips(recordings):
    return AudioClips.from_recordings(recordings, sr=100, clip_duration=3, hop_duration=1)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [({"n_samples": 0}, "n_samples of at least 1, got 0"), ({"sr": 0}, "sr above 0 Hz, got 0")],
)
def test_sizes_of_clips_are_checked(recordings, sizes, message):
    with pytest.raises(ValueError, match=message):
        AudioClips(recordings, [0], [0], **({"n_samples": 10, "sr": 100} | sizes))


def test_clips_have_a_duration(recordings):
    clips = AudioClips(recordings, [0, 2], [50, 0], 250, sr=100)
    assert clips.clip_duration == 2.5
    np.testing.assert_array_equal(clips[0], recordings[0][50:300])


def test_clips_are_the_windows_of_their_recordings(clips, recordings):
    expected = np.array(
        [y[s : s + 300] for y in recordings for s in range(0, len(y) - 300 + 1, 100)]
    )
    assert clips.shape == expected.shape
    assert (clips.ndim, clips.dtype) == (2, np.float32)
    np.testing.assert_array_equal(np.asarray(clips), expected)
    np.testing.assert_array_equal(clips.groups, np.repeat([0, 1, 2], [8, 2, 5]))
    assert all((a == b).all() for a, b in zip(clips, expected))


@pytest.mark.parametrize(
    "key", [slice(2, 9, 3), [3, 1, 1], np.arange(15) % 2 == 0, np.array([-1]), []]
)
def test_indexing_agrees_with_the_array(clips, key):
    array = np.asarray(clips)
    expected = array[np.asarray(key, dtype=int)] if isinstance(key, list) else array[key]
    part = clips[key]
    assert isinstance(part, AudioClips)
    assert part.recordings is clips.recordings
    np.testing.assert_array_equal(np.asarray(part), expected)
    np.testing.assert_array_equal(np.asarray(clips[key, ...]), expected)


def test_one_clip_is_a_view(clips):
    assert np.shares_memory(clips[-1], clips.recordings[2])
    with pytest.raises(IndexError, match="15 clips, got 15"):
        clips[15]
    with pytest.raises(IndexError, match="numpy"):
        clips[0, 3]


def test_scikit_learn_splits_clips(clips):
    for train, test in GroupKFold(3).split(clips, groups=clips.groups):
        assert set(clips[train].groups).isdisjoint(clips[test].groups)
        np.testing.assert_array_equal(
            np.asarray(_safe_indexing(clips, test)), np.asarray(clips)[test]
        )


def test_pickle_holds_only_recordings_in_use(clips):
    part = clips[clips.groups == 1]
    again = pickle.loads(pickle.dumps(part))
    np.testing.assert_array_equal(np.asarray(again), np.asarray(part))
    np.testing.assert_array_equal(again.groups, [1, 1])
    assert sum(len(y) for y in again.recordings) == 400


# Less than a sample apart, several clips start at one sample.
@example(1, 1.0, 0.25, 1)
@given(st.integers(1, 40), st.floats(0.05, 3), st.floats(0.05, 2), st.integers(1, 300))
def test_every_clip_lies_within_its_recording(sr, clip, hop, n):
    if round(clip * sr) < 1:
        return
    clips = AudioClips.from_recordings(
        [np.ones(n)], sr=sr, clip_duration=clip, hop_duration=hop, short="pad"
    )
    ends = clips.starts + clips.n_samples
    assert (ends <= len(clips.recordings[0])).all()
    assert clips.starts[0] == 0
    # No further clip would have fitted.
    assert round(len(clips) * hop * sr) + clips.n_samples > len(clips.recordings[0])


def test_short_recordings_are_skipped_or_padded(recordings):
    kwargs = {"sr": 100, "clip_duration": 5, "hop_duration": 1}
    with pytest.warns(UserWarning, match="recording 1 lasts 4 s"):
        skipped = AudioClips.from_recordings(recordings, **kwargs)
    assert set(skipped.groups) == {0, 2}
    padded = AudioClips.from_recordings(recordings, short="pad", **kwargs)
    assert set(padded.groups) == {0, 1, 2}
    clip = np.asarray(padded[padded.groups == 1])[0]
    np.testing.assert_array_equal(clip[:400], recordings[1])
    assert not clip[400:].any()
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(ValueError, match="all shorter"),
    ):
        AudioClips.from_recordings(recordings[1:2], **kwargs)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_files_become_mono_at_one_rate(tmp_path, suffix):
    soundfile = pytest.importorskip("soundfile")
    sr, seconds = 16000, 2.0
    t = np.arange(int(sr * seconds)) / sr
    stereo = 0.5 * np.stack([np.sin(2 * np.pi * 440 * t), np.sin(2 * np.pi * 880 * t)], axis=1)
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, stereo, sr)
    clips = AudioClips.from_recordings([path], sr=8000, clip_duration=1, hop_duration=0.5)
    assert len(clips) >= 2
    spectrum = np.abs(np.fft.rfft(clips[1]))
    assert set(np.argsort(spectrum)[-2:]) == {440, 880}
    # Half of .5 each: the mean of two channels.
    assert np.sqrt(np.mean(clips[1] ** 2)) == pytest.approx(0.25, rel=0.03)


def test_bad_files_end_in_a_sentence_with_their_path(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    text = tmp_path / "text.wav"
    text.write_text("no sound here")
    with pytest.raises(ValueError, match=r"text\.wav.*could not be read"):
        load_audio(text)
    with pytest.raises(FileNotFoundError, match="absent"):
        load_audio(tmp_path / "absent.ogg")
    noise = np.random.default_rng(0).normal(size=30000) / 5
    for suffix in ("wav", "flac"):
        whole = tmp_path / f"whole.{suffix}"
        soundfile.write(whole, noise, 22050)
        cut = tmp_path / f"cut.{suffix}"
        cut.write_bytes(whole.read_bytes()[:-9000])
        assert len(load_audio(whole)) == 30000
        with pytest.raises(ValueError, match=rf"cut\.{suffix}"):
            load_audio(cut)
    empty = tmp_path / "empty.wav"
    soundfile.write(empty, np.zeros(0), 22050)
    with pytest.raises(ValueError, match="has none"):
        load_audio(empty)


@pytest.mark.parametrize(
    ("y", "error", "match"),
    [
        ("song.wav", TypeError, "from_recordings"),
        ([["a", "b"]], TypeError, "floats in"),
        (np.ones(9), ValueError, r"y\[None, :\]"),
        (np.ones((3, 2, 50)), ValueError, r"stereo.*mean\(axis=1\)"),
        (np.ones((3, 50, 2)), ValueError, r"stereo.*mean\(axis=2\)"),
        (np.ones((3, 4, 5)), ValueError, "one row of samples"),
        (np.ones((0, 5)), ValueError, "no clips"),
        (np.ones((5, 0)), ValueError, "without samples"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), ValueError, "NaN or infinity in 1 clip.*clip 1"),
        (np.array([[0.0, np.inf]]), ValueError, "NaN or infinity"),
        (np.zeros((2, 5)), ValueError, "every clip is silent"),
        (np.ones((2, 5), np.int16), ValueError, "32768"),
        (np.full((2, 5), 20000), ValueError, "32768"),
        (np.ones((2, 5), complex), ValueError, "omplex"),
        ([np.ones(3), np.ones(4)], ValueError, "different length"),
    ],
)
def test_unusable_audio_ends_in_a_sentence(y, error, match):
    with pytest.raises(error, match=match):
        check_audio(y)


def test_check_audio_keeps_what_is_right(clips):
    assert check_audio(clips, sr=100) is clips
    with pytest.raises(ValueError, match="at 22050 Hz, got clips at 100 Hz"):
        check_audio(clips)
    with pytest.raises(ValueError, match="clips of 5 samples, got 300"):
        check_audio(clips, sr=100, n_samples=5)
    with pytest.raises(ValueError, match="at least one clip"):
        check_audio(clips[:0], sr=100)
    for dtype in (np.float32, np.float64):
        assert check_audio(np.ones((2, 3), dtype)).dtype == dtype
    assert check_audio(np.ones((2, 3), int)).dtype == np.float64
    assert check_audio(np.zeros((2, 3)), allow_silent=True).shape == (2, 3)


def test_all_problems_of_recordings_come_at_once():
    with pytest.raises(ValueError, match=r"recording 0 of shape.*recording 1, got NaN"):
        AudioClips([np.ones((2, 9)), np.array([np.nan])], [0, 1], [0, 0], 1)
    with pytest.raises(ValueError, match="clip 1 covers samples 3 to 7 of a recording of 5"):
        AudioClips([np.ones(5)], [0, 0], [0, 3], 4)
    with pytest.raises(ValueError, match="within 0 to 0"):
        AudioClips([np.ones(5)], [1], [0], 4)
    with pytest.raises(TypeError, match="put it into a list"):
        AudioClips.from_recordings("song.wav")
    with pytest.raises(ValueError, match=r"'skip', 'pad'.*Did you mean 'skip'"):
        AudioClips.from_recordings([np.ones(5)], short="skp")
    with pytest.raises(ValueError, match="32768"):
        AudioClips.from_recordings([np.ones(5, np.int16)])
