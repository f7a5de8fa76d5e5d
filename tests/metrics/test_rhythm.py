"""Published rhythm scores: on clicks of known scores, and as the papers' calls give them."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_asdf import AudioClips
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import (
    beat_f70,
    beat_scores_d2m,
    beat_scores_loris,
    music_beats,
    onset_f1_5hz,
    tempo_difference,
)

SR = 22050


def clicks(times, duration=4.0):
    """One clip of clicks in the middle of nothing."""
    return librosa.clicks(times=np.array(times), sr=SR, length=round(duration * SR))


@pytest.fixture(scope="module")
def music():
    return np.asarray(make_dance_music(6, n_performances=6, random_state=3).audio)


def test_scores_of_clicks_are_those_of_their_seconds():
    # True: seconds 0 and 1. Generated: seconds 0, 2 and 3, one of them twice.
    true, made = clicks([0.5, 1.5])[None], clicks([0.5, 2.2, 2.7, 3.5])[None]
    d2m = beat_scores_d2m(true, made)
    assert d2m["bcs"] == pytest.approx(3 / 2)
    assert d2m["bhs"] == pytest.approx(1 / 2)
    assert d2m["f1"] == pytest.approx(2 * 1.5 * 0.5 / 2)
    loris = beat_scores_loris(true, made)
    assert loris["bcs"] == pytest.approx(1 / 3)
    assert loris["bhs"] == pytest.approx(1 / 2)
    assert loris["f1"] == pytest.approx(0.4)


def test_deviations_are_over_clips_with_one_degree_less():
    true = np.stack([clicks([0.5, 1.5])] * 2)
    made = np.stack([clicks([0.5, 1.5]), clicks([0.5, 2.5, 3.5])])
    scores = beat_scores_loris(true, made)
    assert scores["csd"] == pytest.approx(np.std([1, 1 / 3], ddof=1))
    assert scores["hsd"] == pytest.approx(np.std([1, 1 / 2], ddof=1))
    # The F1 is of the means, not the mean of the clips' own.
    bcs, bhs = 2 / 3, 3 / 4
    assert scores["f1"] == pytest.approx(2 * bcs * bhs / (bcs + bhs))


@pytest.mark.parametrize(
    ("score", "picking"),
    [
        (beat_scores_d2m, {"pre_avg": 1, "post_avg": 1, "post_max": 1}),
        (beat_scores_loris, {"pre_avg": 3, "post_avg": 3, "pre_max": 3, "post_max": 3}),
    ],
)
def test_onsets_are_those_of_the_published_call(music, score, picking):
    true, made = music, np.roll(music, 1, axis=0)

    def seconds(y):
        times = librosa.onset.onset_detect(y=y, sr=SR, wait=1, delta=0.2, units="time", **picking)
        return {int(t) for t in times}

    common = [len(seconds(a) & seconds(b)) for a, b in zip(true, made)]
    n_true = [len(seconds(y)) for y in true]
    assert_allclose(score(true, made)["bhs"], np.mean(np.divide(common, n_true)))


def test_five_hertz_tells_apart_what_a_second_does_not():
    true, made = clicks(np.arange(0.1, 4, 0.5))[None], clicks(np.arange(0.35, 4, 0.5))[None]
    assert beat_scores_loris(true, made)["f1"] == 1
    assert onset_f1_5hz(true, true) == 1
    assert onset_f1_5hz(true, made) < 0.3


def test_silence_scores_nothing_and_warns_of_nothing(music):
    silent = np.zeros_like(music)
    assert beat_scores_loris(music, silent) == dict.fromkeys(("bcs", "bhs", "csd", "hsd", "f1"), 0)
    assert beat_scores_d2m(silent, music)["f1"] == 0
    beats, tempo = music_beats(silent)
    assert not any(len(b) for b in beats)
    assert not tempo.any()


@pytest.mark.parametrize("bpm", [90, 120])
def test_beats_and_tempo_of_a_metronome(bpm):
    true = np.arange(0.2, 8, 60 / bpm)
    beats, tempo = music_beats(clicks(true, 8.0)[None])
    assert beat_f70([true], beats) > 0.9
    assert tempo[0] == pytest.approx(bpm, rel=0.03)


def test_tempo_difference_is_the_mean_over_clips():
    slow, fast = (clicks(np.arange(0.2, 8, 60 / bpm), 8.0) for bpm in (90, 120))
    true, made = np.stack([slow, fast]), np.stack([fast, fast])
    assert tempo_difference(true, made) == pytest.approx(15, abs=2)


def test_f70_counts_beats_within_70_ms():
    true = np.arange(1, 7.0)
    assert beat_f70([true], [true + 0.069]) == 1
    assert beat_f70([true], [true + 0.071]) == 0
    # Twice as many beats: all are found, half of the found are true.
    assert beat_f70([true], [np.arange(1, 7, 0.5)]) == pytest.approx(2 * 0.5 / 1.5)
    # A clip without beats counts.
    assert beat_f70([true, true], [true, []]) == 0.5


def test_clips_know_their_own_rate(music):
    clips = AudioClips(list(music.astype(np.float32)), np.arange(6), np.zeros(6, int), 176400)
    assert beat_scores_d2m(clips, clips[::-1]) == beat_scores_d2m(music, music[::-1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda y: (y, y[:-1]),
            r"of y_true, \(6, 176400\) at 22050 Hz, got \(5, 176400\)",
        ),
        (lambda y: (y[0], y[0]), r"expected y_true of shape \(n_clips, n_samples\)"),
        (lambda y: (y, y * np.nan), "expected finite samples in y_pred"),
    ],
    ids=["clips", "axes", "nan"],
)
def test_bad_input_is_refused_in_a_sentence(music, change, message):
    with pytest.raises(ValueError, match=message):
        beat_scores_loris(*change(music))


def test_beats_of_no_clips_are_refused():
    with pytest.raises(ValueError, match="at least one, got 0 and 0"):
        beat_f70([], [])
