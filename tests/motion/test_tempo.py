"""estimate_tempo and track_beats: whole dances, without training and with a tracker."""

from __future__ import annotations

import mir_eval
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import DanceBeatTracker, Motion, Skeleton
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.tempo import TEMPI, tempo_posterior
from sklearn_asdf.motion import TempoCandidate, beat_activation, estimate_tempo, track_beats

DURATION = 16.0
FPS = 30
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


def test_strides_of_waltzes_go_through_the_beat():
    data = dances(1, factors={"tempo": 96, "metre": 3}, random_state=5)
    beat = 60 / 96
    # These dancers' feet rest on the beat, so that they are fastest half a beat later.
    waltz = track_beats(data.poses, strides=True)
    assert waltz.metre == 3
    away = (waltz.beats[2:-2, None] - data.beats[0]) / beat
    assert np.abs(np.abs(away).min(axis=1) - 0.5).max() < 0.25
    rested = track_beats(data.poses)
    assert f70(data.beats[0], rested.beats) > 0.8


def test_strides_rest_on_the_beat_in_bars_of_four():
    """Feet that step on every other beat, and a trunk that bounces out of time with them."""
    t = np.arange(30 * FPS) / FPS
    names = ("head", "left_hip", "right_hip", "left_ankle", "right_ankle")
    position = np.zeros((1, len(t), 5, 3))
    position[..., 1] = [1.7, 1.0, 1.0, 0.1, 0.1]
    # The step from side to side ends at every other beat of 100 BPM.
    for joint, side in ((3, 0.0), (4, 0.5)):
        place = np.clip(2 * ((t * 100 / 120 + side) % 1) - 1, 0, 1)
        forward = (t * 100 / 120 + side) // 1 + place**2 * (3 - 2 * place)
        position[0, :, joint, 2] = 0.3 * forward
    position[0, :, :3, 1] += 0.002 * np.cos(2 * np.pi * 100 / 60 * (t - 0.15))[:, None]
    motion = Motion(position, fps=FPS, skeleton=Skeleton(names))
    by_feet = track_beats(motion, tempi=[100.0], strides=True)
    assert by_feet.tempo == pytest.approx(100, rel=0.01)
    true = np.arange(0, 30, 0.6)
    assert f70(true, by_feet.beats) > 0.9
    live = track_beats(motion, tempi=[100.0], strides=True, causal=True).beats
    away = live[live > DURATION] / 0.6
    assert np.abs(away - np.rint(away)).max() < 0.15


def test_a_dance_may_move_on_every_other_beat_of_its_music():
    slow = dances(1, factors={"tempo": 70, "metre": 4}, random_state=3).poses
    found = track_beats(slow, tempi=[140.0, 120.0], start_bpm=130)
    assert found.tempo == pytest.approx(140, rel=0.02)
    live = track_beats(slow, tempi=[140.0, 120.0], causal=True).beats
    assert 60 / np.median(np.diff(live[live > 10])) == pytest.approx(140, rel=0.03)
    # One window, in which a bar of four at 62 BPM is likely.
    likelihood = np.full((1, 2, len(TEMPI)), -100.0)
    likelihood[0, 1] = -0.5 * (np.log(TEMPI / 62) / 0.02) ** 2
    even = np.full(len(TEMPI), -np.log(len(TEMPI)))
    doubled = np.abs(TEMPI / 124 - 1) < 0.1
    assert tempo_posterior(likelihood, even)[:, doubled].sum() < 1e-9
    share = tempo_posterior(likelihood, even, every_other=0.25)
    assert share.sum() == pytest.approx(1)
    assert share[0, doubled].sum() < 1e-9
    assert share[1, doubled].sum() == pytest.approx(0.25, abs=0.01)


def test_curves_come_earlier_by_a_part_of_a_frame():
    curves = np.array([[0.0, 1.0, 3.0, 3.0], [0.0, -1.0, -2.0, -3.0]])
    for n_frames, expected in ((0.25, [0.25, 1.5, 3.0, 3.0]), (1.5, [2.0, 3.0, 3.0, 3.0])):
        assert_allclose(beat_activation._earlier(curves, n_frames)[0], expected)
