"""estimate_tempo and track_beats: whole dances, without training and with a tracker."""

from __future__ import annotations

import mir_eval
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import DanceBeatTracker, Motion
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.motion import TempoCandidate, estimate_tempo, track_beats

DURATION = 16.0
STYLES = ("rest", "hit", "offbeat", "bounce")


def dances(n=4, **options):
    return make_dance_music(
        n, n_performances=n, clip_duration=DURATION, noise=0.005, sr=8000, **options
    )


@pytest.fixture(scope="module")
def one():
    return dances(1, factors={"tempo": 104, "metre": 4}, random_state=1)


def f70(true, beats):
    inside = [b[(b >= 0) & (b < DURATION)] for b in (true, beats)]
    return mir_eval.beat.f_measure(*inside)


@pytest.mark.parametrize("style", STYLES)
def test_tempo_and_beats_of_every_style_without_training(style):
    data = dances(styles=style, factors={"metre": [2, 3, 4, 4]}, random_state=2)
    tracks = [track_beats(data.poses[[i]]) for i in range(4)]
    assert_allclose([t.tempo for t in tracks], data.factors["tempo"], rtol=0.03)
    assert np.mean([f70(b, t.beats) for b, t in zip(data.beats, tracks)]) > 0.8


def test_an_estimate_tells_its_confidence_and_alternatives(one):
    estimate = estimate_tempo(one.poses)
    assert estimate.tempo == pytest.approx(104, rel=0.02)
    assert estimate.posterior.shape == (len(estimate.metres), len(estimate.tempi))
    assert estimate.posterior.sum() == pytest.approx(1)
    near = np.abs(np.log(estimate.tempi / estimate.tempo)) < np.log(1.04)
    assert estimate.confidence == pytest.approx(estimate.posterior[:, near].sum(), abs=0.02)
    weights = [estimate.confidence, *(a.weight for a in estimate.alternatives)]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) <= 1 + 1e-9
    assert all(isinstance(a, TempoCandidate) for a in estimate.alternatives)
    # Of random movement nothing is known, and that is told.
    noise = np.random.default_rng(0).normal(size=(1, 480, 17, 2))
    assert estimate_tempo(noise).confidence < estimate.confidence / 2


def test_the_prior_chooses_the_octave(one):
    assert estimate_tempo(one.poses, start_bpm=52, std_bpm=0.1).tempo == pytest.approx(52, rel=0.03)
    assert estimate_tempo(one.poses, metres=(4,)).metre == 4


def test_the_camera_and_the_unit_do_not_matter(one):
    track = track_beats(one.poses)
    larger = Motion(0.01 * one.poses.position + 3, fps=30, skeleton="coco17")
    assert_allclose(track_beats(larger).beats, track.beats, atol=1e-6)
    # Upside down, as y counts upwards in the captures and downwards in pixels.
    upwards = Motion(one.poses.position * [1, -1], fps=30, skeleton="coco17")
    assert_allclose(track_beats(upwards).beats, track.beats, atol=1e-6)


def test_a_track_has_a_phase_and_bars(one):
    track = track_beats(one.poses)
    turns = track.phase(track.beats) / (2 * np.pi)
    assert_allclose(turns, np.rint(turns), atol=1e-9)
    assert set(track.downbeats) <= set(track.beats)
    assert_allclose(np.diff(np.searchsorted(track.beats, track.downbeats)), track.metre)


def test_causal_beats_are_on_the_beat_once_some_seconds_were_seen(one):
    track = track_beats(one.poses, causal=True)
    late, true = track.beats[track.beats > 8], one.beats[0]
    assert f70(true[true > 8], late) > 0.6


def test_a_tracker_that_heard_music_tells_the_phase():
    """Dances whose ankles strike a quarter of a beat after each beat of the music."""
    from .test_beats import FPS, pairs

    motion, audio, _ = pairs(5)
    tracker = DanceBeatTracker(max_iter=10, random_state=0).fit(motion, audio)
    assert tracker.tempi_.shape == (5,)
    new, _, phase = pairs(2, seed=1)
    whole = Motion.concatenate([new[[0]], new[[3]]])
    for i, track in enumerate(tracker.track(whole)):
        error = np.angle(np.exp(1j * (track.phase(np.arange(240) / FPS) - phase[3 * i])))
        assert np.abs(error[30:-30]).mean() < 0.5
        assert_array_equal(track_beats(whole[[i]], tracker=tracker).beats, track.beats)
    activation = tracker.activation(whole)
    assert activation.dtype == complex
    assert np.corrcoef(activation.real.ravel(), tracker.transform(whole).beat.ravel())[0, 1] > 0.7


def test_without_music_a_tracker_is_none(one):
    tracker = DanceBeatTracker().fit(one.poses)
    track = tracker.track(one.poses)[0]
    assert_array_equal(track.beats, track_beats(one.poses).beats)
    beat = tracker.transform(one.poses).beat[0]
    true = np.cos(track.phase(np.arange(len(beat)) / 30))
    assert_allclose(beat, track.confidence * true, atol=1e-6)


def test_what_cannot_be_tracked_ends_in_a_sentence(one):
    with pytest.raises(ValueError, match="expected one whole dance, got 2 clips"):
        track_beats(np.zeros((2, 300, 17, 2)))
    with pytest.raises(ValueError, match="expected metres among 2, 3, 4"):
        estimate_tempo(one.poses, metres=(5,))
    with pytest.raises(ValueError, match="expected std_bpm above 0"):
        estimate_tempo(one.poses, std_bpm=0)
    with pytest.raises(TypeError, match="expected a DanceBeatTracker"):
        track_beats(one.poses, tracker="librosa")


def test_tempi_of_the_music_choose_among_octaves(one):
    assert track_beats(one.poses).tempo == pytest.approx(104, rel=0.03)
    slow = track_beats(one.poses, tempi=[52.0, 51.0])
    assert slow.tempo == pytest.approx(52, rel=0.03)
    tracker = DanceBeatTracker(tempi=[52.0]).fit(one.poses)
    assert tracker.track(one.poses)[0].tempo == pytest.approx(52, rel=0.03)


def test_waltzes_have_their_beats_where_the_feet_are_fastest():
    data = dances(1, factors={"tempo": 96, "metre": 3}, random_state=5)
    beat = 60 / 96
    # These dancers' feet rest on the beat, so that they are fastest half a beat later.
    waltz = track_beats(data.poses, waltz=True)
    assert waltz.metre == 3
    away = (waltz.beats[2:-2, None] - data.beats[0]) / beat
    assert np.abs(np.abs(away).min(axis=1) - 0.5).max() < 0.25
    rested = track_beats(data.poses)
    assert f70(data.beats[0], rested.beats) > 0.8
    # In bars of four nothing changes.
    four = dances(1, factors={"tempo": 104, "metre": 4}, random_state=1).poses
    assert_array_equal(track_beats(four, waltz=True).beats, track_beats(four).beats)
