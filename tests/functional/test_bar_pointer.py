"""One grid of beats through a curve: known grids, drift, gaps, and prediction."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_asdf.functional.bar_pointer import (
    STEP_DURATION,
    beat_states,
    filter_beats,
    viterbi_beats,
)
from sklearn_asdf.functional.beat_grid import beat_position

FPS = 30.0
TEMPI = beat_states((50, 200))
FLAT = np.zeros(len(TEMPI))


def activation(beats, duration, fps=FPS):
    """Expected exp(i phase) of known beats."""
    return np.exp(2j * np.pi * beat_position(beats, np.arange(round(duration * fps)) / fps))


def viterbi(z, fps=FPS, log_prior=FLAT, **options):
    return viterbi_beats(z, fps=fps, tempi=TEMPI, log_prior=log_prior, **options)


@pytest.mark.parametrize("tempo", [63.0, 87.0, 126.3, 180.0])
@pytest.mark.parametrize("fps", [15.0, 30.0])
def test_a_steady_grid_comes_back_exactly(tempo, fps):
    true = 0.21 + np.arange(-1, 200) * 60 / tempo
    beats = viterbi(activation(true, 31.0, fps), fps)
    inside = true[(true > 0) & (true < 31)]
    assert_allclose(beats[1:-1], inside, atol=0.005)
    assert beats[0] <= 0
    assert beats[-1] >= 31


def test_a_real_curve_does_as_well():
    true = 0.3 + np.arange(-1, 80) * 0.6
    beats = viterbi(activation(true, 24.0).real)
    assert_allclose(beats[1:-1], true[(true > 0) & (true < 24)], atol=0.01)


@pytest.mark.parametrize(("drift", "tightness"), [(0.006, 3000), (0.04, 100)])
def test_the_tempo_may_drift(drift, tightness):
    time = np.arange(0, 60, 0.001)
    position = 1.6 * (time + drift * 30 / (2 * np.pi) * np.sin(2 * np.pi * time / 30))
    true = np.interp(np.arange(1, int(position[-1])), position, time)
    beats = viterbi(activation(true, 59.0), tightness=tightness)
    true = true[(true > 1) & (true < 58)]
    nearest = np.abs(true[:, None] - beats).min(axis=1)
    assert nearest.max() < 0.04


def test_one_grid_goes_through_noise_and_silence():
    rng = np.random.default_rng(0)
    true = 0.1 + np.arange(0, 80) * 0.5
    z = activation(true, 40.0) + rng.normal(size=1200) + 1j * rng.normal(size=1200)
    z[450:750] = 0  # ten seconds in which nothing is seen
    beats = viterbi(z)
    nearest = np.abs(true[:, None] - beats).min(axis=1)
    assert nearest.max() < 0.07
    assert np.abs(np.diff(beats) - 0.5).max() < 0.02


def test_where_nothing_is_known_the_prior_gives_the_tempo():
    prior = -0.5 * ((TEMPI - 110) / 2) ** 2
    beats = viterbi(np.zeros(600), log_prior=prior)
    assert 60 / np.median(np.diff(beats)) == pytest.approx(110, abs=1)


@pytest.mark.parametrize("n_frames", [1, 2, 7, 61])
def test_short_curves_end_in_beats(n_frames):
    beats = viterbi(np.ones(n_frames))
    assert np.isfinite(beats).all()
    assert (np.diff(beats) > 0).all()


def test_predicted_beats_follow_the_grid_and_know_no_future():
    true = 0.25 + np.arange(-2, 120) * 0.55
    z = activation(true, 40.0)
    beats, probability = filter_beats(z, fps=FPS, tempi=TEMPI, log_prior=FLAT)
    assert probability.shape == (20, len(TEMPI))
    assert_allclose(probability.sum(axis=1), 1)
    late = beats[beats > 6]
    assert np.abs(true[:, None] - late).min(axis=0).max() < 0.04
    assert TEMPI[probability[-1].argmax()] == pytest.approx(60 / 0.55, abs=0.5)
    # What comes later changes nothing before: a step of 2 s is predicted from the one before it.
    other = z.copy()
    other[600:] = 0
    again, _ = filter_beats(other, fps=FPS, tempi=TEMPI, log_prior=FLAT)
    heard = 20.0 + STEP_DURATION
    assert_allclose(again[again < heard - 2], beats[beats < heard - 2])


def test_further_evidence_of_the_tempo_is_added():
    evidence = np.zeros((10, len(TEMPI)))
    evidence[:, np.abs(TEMPI - 75).argmin()] = 20.0
    _, probability = filter_beats(
        np.zeros(600), fps=FPS, tempi=TEMPI, log_prior=FLAT, evidence=evidence
    )
    assert TEMPI[probability[-1].argmax()] == pytest.approx(75, abs=0.5)


def test_states_advance_by_whole_places():
    tempi = beat_states()
    assert 40 <= tempi[0] < tempi[-1] <= 240
    assert len(tempi) > 400
    places = tempi / 60 * STEP_DURATION * 64
    assert_allclose(places, np.rint(places), atol=1e-9)


def test_a_fast_tempo_with_more_evidence_is_not_lost_to_a_slow_one():
    time = np.arange(2000) / 30
    curve = 0.12 * np.cos(2 * np.pi * 124 / 60 * time) + 0.08 * np.cos(2 * np.pi * 76 / 60 * time)
    tempi = beat_states((40, 240))
    beats = viterbi_beats(curve, fps=30, tempi=tempi, log_prior=0 * tempi)
    assert 60 / np.median(np.diff(beats)) == pytest.approx(124, rel=0.01)
