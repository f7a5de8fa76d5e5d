"""Soundtracks: pipelines and pieces without pairs."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

pytest.importorskip("librosa")

from sklearn_asdf import (
    Motion,
    Skeleton,
    adjust_soundtrack,
    load,
    make_soundtrack,
    make_soundtrack_pipeline,
    save,
)
from sklearn_asdf.datasets import make_dance_music, make_music
from sklearn_asdf.metrics import music_curves


@pytest.fixture(scope="module")
def music():
    return make_music(["calm", "driving"], duration=24, random_state=0)


@pytest.fixture(scope="module")
def dance():
    """A dance that is calm for half of its time, and then vigorous."""
    poses = make_dance_music(
        1, clip_duration=24, factors={"tempo": 100, "vigour": 0.6}, random_state=3
    ).poses
    position = np.array(poses.position)
    still = position.mean(axis=1, keepdims=True)
    half = position.shape[1] // 2
    position[:, :half] = still + 0.15 * (position[:, :half] - still)
    return Motion(position, fps=30, skeleton=poses.skeleton)


@pytest.fixture(scope="module")
def pipe(music, dance):
    return make_soundtrack_pipeline(music, poses=dance)


@pytest.fixture(scope="module")
def takes(pipe, dance):
    return make_soundtrack(dance, pipe, n_takes=2, loudness=None, random_state=0)


def test_the_music_is_loud_where_the_dance_is_vigorous(takes, dance):
    for take in takes:
        assert len(take.audio) == round(24 * take.sr)
        level = music_curves(take.audio, sr=take.sr)[:, 0]
        assert level[28:46].mean() > level[2:20].mean() + 4.0


def test_takes_differ_and_seeds_repeat(takes, pipe, dance):
    assert not np.array_equal(takes[0].audio, takes[1].audio)
    again = make_soundtrack(dance, pipe, loudness=None, random_state=1)[0]
    np.testing.assert_array_equal(again.audio, takes[1].audio)


def test_the_level_is_that_of_the_music(takes, music):
    rms = [10 * np.log10(np.mean(np.square(t.audio, dtype=float))) for t in takes]
    of_music = [10 * np.log10(np.mean(np.square(y, dtype=float))) for y in music.recordings]
    assert min(of_music) - 2 < np.mean(rms) < max(of_music) + 2


def test_the_beat_is_that_of_the_dance(pipe, dance):
    track = pipe["beats"].track(pipe[:3].transform(dance))[0]
    assert track.tempo == pytest.approx(100, rel=0.03)
    code = pipe[-1].predict_codes(pipe[:-1].transform(dance.windows(8.0, 8.0)))
    np.testing.assert_allclose(2 ** code[:, -3], 100, rtol=0.05)


def test_a_dance_may_be_hardly_longer_than_a_clip(music):
    short = make_dance_music(1, clip_duration=10.3, random_state=1).poses
    pipe = make_soundtrack_pipeline(music, poses=short)
    (piece,) = make_soundtrack(short, pipe, random_state=0)
    assert len(piece.audio) == round(short.duration * piece.sr)
    assert np.abs(piece.audio).max() > 0.05


def test_music_starts_and_ends_where_it_should(pipe, dance):
    take = make_soundtrack(dance, pipe, start=3.0, end=20.0, random_state=0)[0]
    assert np.abs(take.audio[: 3 * take.sr]).max() == 0
    assert np.abs(take.audio[20 * take.sr :]).max() == 0
    assert np.abs(take.audio[4 * take.sr : 19 * take.sr]).max() > 0.05


def test_settings_change_without_fitting(pipe, dance):
    wild = adjust_soundtrack(pipe, intensity=1.0, closeness=0.5, continuity=1.0)
    assert wild[-1].transformer_.corpus_ is pipe[-1].transformer_.corpus_
    assert pipe[-1].regressor_.intensity == 0.0
    levels = []
    for setting in (-1.0, 1.0):
        one = make_soundtrack(
            dance, pipe, intensity=setting, temperature=None, loudness=None, random_state=0
        )[0]
        levels.append(np.mean(music_curves(one.audio, sr=one.sr)[:, 0]))
    assert levels[1] > levels[0] + 4.0
    # 20 at the middle, twenty times more and less at the ends.
    joins = [adjust_soundtrack(pipe, continuity=c)[-1].transformer_.join_cost for c in (0, 0.5, 1)]
    np.testing.assert_allclose(joins, [0.05, 20.0, 8000.0])


def test_a_saved_pipeline_plays_the_same(pipe, dance, takes, tmp_path):
    save(pipe, tmp_path / "model.zip")
    loaded = load(tmp_path / "model.zip")
    again = make_soundtrack(dance, loaded, loudness=None, random_state=0)[0]
    np.testing.assert_array_equal(again.audio, takes[0].audio)


def test_a_saved_pipeline_has_each_recording_once(pipe, tmp_path):
    # The encoder of the music is a parameter of the pipeline, and is in it fitted, too.
    save(pipe, tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        sounds = [name for name in archive.namelist() if name.startswith("sounds/")]
    assert len(sounds) == 2
    target = load(tmp_path / "model.zip")[-1]
    recordings = [
        encoder.corpus_.recordings for encoder in (target.transformer, target.transformer_)
    ]
    assert all(a is b for a, b in zip(*recordings, strict=True))


def test_any_dancer_can_dance_to_it_live(pipe):
    from sklearn_asdf.live import StreamingDancer

    live = StreamingDancer(pipe)
    assert live.hop_duration == 0.125
    other = make_dance_music(1, clip_duration=9, coordinates="metre", random_state=5).poses
    frames = [frame for pose in other.position[0] for frame in live.feed(pose)]
    assert len(frames) == 9
    assert max(np.abs(frame.audio).max() for frame in frames) > 0.02


def test_pairs_refine_what_goes_with_what(music):
    data = make_dance_music(8, n_performances=4, random_state=0)
    pipe = make_soundtrack_pipeline(music, poses=data.poses, audio=data.audio)
    plain = make_soundtrack_pipeline(music, poses=data.poses)
    # The music that is played is the same.
    assert pipe[-1].transformer_.n_units_ == plain[-1].transformer_.n_units_
    coefficients = [p[-1].regressor_.clip_coef_ for p in (pipe, plain)]
    assert not np.allclose(*coefficients)
    assert pipe.predict(data.poses[:1]).shape == (1, 176400)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"closeness": 3}, "expected closeness from 0 to 2, got 3"),
        ({"intensity": -2}, "expected intensity from -1 to 1"),
        ({"continuity": "often"}, "expected continuity from 0 to 1, got 'often'"),
        ({"n_takes": 0}, "expected n_takes of at least 1"),
        ({"start": 30}, "expected the music to start within the dance of 24 s"),
        ({"start": 3, "end": 2}, "expected the music to end after its start at 3 s"),
    ],
)
def test_bad_settings_are_refused(options, message, dance):
    with pytest.raises(ValueError, match=message):
        make_soundtrack(dance, "nowhere", **options)


@pytest.mark.parametrize(
    ("music", "error", "message"),
    [
        ("nowhere", FileNotFoundError, "no file or folder 'nowhere'"),
        ([], ValueError, "expected music, got none"),
        ([np.zeros(100)], ValueError, "expected music of at least 1 s"),
    ],
)
def test_what_is_no_music_is_refused(music, error, message, dance):
    with pytest.raises(error, match=message):
        make_soundtrack(dance, music)


def test_other_pipelines_have_no_such_settings():
    from sklearn_asdf import make_dance_pipeline

    with pytest.raises(TypeError, match="that make_soundtrack_pipeline made"):
        adjust_soundtrack(make_dance_pipeline(), closeness=1.0)


def test_audio_needs_its_poses(music):
    with pytest.raises(ValueError, match="expected the poses of audio"):
        make_soundtrack_pipeline(music, audio=music)


def test_a_waltz_gets_waltzes():
    time = np.arange(20 * 30) / 30
    names = ("head", "left_hip", "right_hip", "left_wrist", "right_wrist", "left_ankle")
    place = np.zeros((1, len(time), 7, 3))
    place[..., 1] = [1.7, 1.0, 1.0, 1.1, 1.1, 0.1, 0.1]
    # The whole body rises and falls with each bar of three beats at 90 BPM, and on each beat.
    bar = np.cos(2 * np.pi * 0.5 * time) + 0.5 * np.cos(2 * np.pi * 1.5 * time)
    place[0, :, :, 1] += 0.1 * bar[:, None]
    place[0, :, :, 0] += 0.1 * np.sin(2 * np.pi * 0.5 * time)[:, None]
    waltz = Motion(place, fps=30, skeleton=Skeleton((*names, "right_ankle")))
    pieces = make_music(["waltz", "driving"], duration=24, random_state=0)
    three, every = (
        make_soundtrack_pipeline(pieces, poses=waltz, match_metre=match)[-1].transformer_
        for match in (True, False)
    )
    assert len(every.code_) == 2 * len(three.code_)
    np.testing.assert_array_equal(three.code_, every.code_[: len(three.code_)])


def test_the_music_is_on_the_beat_that_was_given(pipe, dance):
    from sklearn_asdf.metrics import music_beats
    from sklearn_asdf.performance import find_beats

    bpm = 1.2 * find_beats(pipe, dance).tempo
    track = find_beats(pipe, dance, bpm=bpm)
    (by_tempo,) = make_soundtrack(dance, pipe, bpm=bpm, random_state=0)
    (by_beats,) = make_soundtrack(dance, pipe, beats=track.beats, random_state=0)
    assert np.array_equal(by_tempo.audio, by_beats.audio)
    off = find_beats(pipe, dance, bpm=bpm, shift=0.5).beats
    assert np.allclose(np.diff(off).mean(), np.diff(track.beats).mean(), rtol=0.02)
    found = np.asarray(music_beats(by_beats.audio[None], sr=by_beats.sr)[0][0])
    ratio = 60 / np.median(np.diff(found)) / bpm
    assert min(abs(ratio / octave - 1) for octave in (0.5, 1, 2)) < 0.04


def test_beats_that_are_none_are_refused(pipe, dance):
    with pytest.raises(ValueError, match="expected two or more increasing times of beats"):
        make_soundtrack(dance, pipe, beats=[1.0])
