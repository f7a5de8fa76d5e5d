"""Beats of a dance of which somebody knows something."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf import DanceBeatTracker
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.beat_grid import beat_position
from sklearn_asdf.motion import track_beats

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def data():
    return make_dance_music(1, clip_duration=24.0, factors={"tempo": 104}, random_state=1)


def phase_error(found, true):
    """Return the mean distance of beats from others, in beats."""
    inside = found[(found > true[0]) & (found < true[-1])]
    turns = np.exp(2j * np.pi * beat_position(true, inside))
    return float(np.abs(np.angle(turns)).mean() / (2 * np.pi))


def test_a_known_tempo_is_kept_whatever_was_found(data):
    assert track_beats(data.poses).tempo == pytest.approx(104, rel=0.02)
    # Half the tempo, which the movement alone does not choose.
    for bpm in (52, 71):
        track = track_beats(data.poses, bpm=bpm)
        np.testing.assert_allclose(np.diff(track.beats), 60 / bpm)
        assert track.beats[0] <= 0 < 24 <= track.beats[-1]


def test_beats_lie_where_somebody_tapped(data):
    true = data.beats[0]
    off = true[:-1] + np.diff(true) / 2
    taps = off[4:16] + RNG.normal(0, 0.03, 12)
    track = track_beats(data.poses, taps=taps)
    assert track.tempo == pytest.approx(104, rel=0.02)
    assert phase_error(track.beats, off) < 0.1
    # One tap is enough with the tempo.
    assert phase_error(track_beats(data.poses, bpm=104, taps=off[5:6]).beats, off) < 0.1
    # And without taps: half a beat later than what was found.
    found = track_beats(data.poses)
    assert phase_error(found.beats, true) < 0.1
    assert phase_error(found.shifted().beats, off) < 0.1
    assert len(found.shifted().downbeats) == len(found.downbeats)


def test_a_tracker_that_has_learned_takes_them_too():
    pairs = make_dance_music(8, n_performances=4, random_state=0)
    tracker = DanceBeatTracker(max_iter=10, random_state=0).fit(pairs.poses, pairs.audio)
    dance = make_dance_music(1, clip_duration=16.0, random_state=5)
    assert tracker.track(dance.poses, bpm=67)[0].tempo == pytest.approx(67, rel=0.02)
    off = dance.beats[0][:-1] + np.diff(dance.beats[0]) / 2
    assert phase_error(tracker.track(dance.poses, taps=off[3:12])[0].beats, off) < 0.1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bpm": 300}, "expected bpm from 40 to 240, got 300"),
        ({"bpm": 90, "causal": True}, "expected no bpm and no taps with causal=True"),
        ({"taps": [1.0]}, "expected increasing times of 2 or more taps"),
        ({"taps": [2.0, 1.0]}, "expected increasing times"),
        ({"taps": [0.0, 4.0, 8.0]}, "got 15 BPM: tap every beat"),
    ],
)
def test_what_is_no_beat_is_refused(data, given, message):
    with pytest.raises(ValueError, match=message):
        track_beats(data.poses, **given)


def test_beats_are_shifted_by_parts_of_one(data):
    with pytest.raises(ValueError, match="expected n_beats from 0 to 1"):
        track_beats(data.poses).shifted(2.0)
