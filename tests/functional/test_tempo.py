"""Tempo and metre of a movement: known pulses, octaves told as alternatives, priors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf.functional.tempo import (
    METRES,
    RATIOS,
    TEMPI,
    metre_log_odds,
    tempo_alternatives,
    tempo_curves,
    tempo_evidence,
    tempo_likelihood,
    tempo_peaks,
    tempo_posterior,
    tempo_prior,
)

FPS = 30.0


def bars(tempo, accents, duration=24.0, fps=FPS):
    """One joint that falls on each beat by its accent, and rises between, (n_frames, 1, 1)."""
    time = np.arange(round(duration * fps)) / fps
    beat = np.arange(-2, int(duration * tempo / 60) + 3)
    depth = np.resize(accents, len(beat))
    away = time[:, None] - beat * 60 / tempo
    return -(depth * np.exp(-0.5 * (away / 0.08) ** 2)).sum(axis=1)[:, None, None]


def posterior(position, fps=FPS, metres=(3, 4), **prior):
    likelihood = tempo_likelihood(tempo_curves(position, fps=fps), fps=fps, metres=metres)
    return tempo_posterior(likelihood, tempo_prior(**prior))


@pytest.mark.parametrize("tempo", [85.0, 100.0, 125.0])
@pytest.mark.parametrize(("metre", "accents"), [(3, (1, 0.3, 0.3)), (4, (1, 0.3, 0.6, 0.3))])
def test_tempo_and_metre_of_accents(tempo, metre, accents):
    best = tempo_peaks(posterior(bars(tempo, accents)))[0]
    assert best[0] == pytest.approx(tempo, rel=0.01)
    assert (3, 4)[int(best[1])] == metre


def test_the_frame_rate_and_the_size_do_not_matter():
    for fps in (25.0, 60.0):
        best = tempo_peaks(posterior(1000 * bars(96, (1, 0.3, 0.6, 0.3), fps=fps), fps=fps))[0]
        assert best[0] == pytest.approx(96, rel=0.01)


def test_an_octave_is_an_alternative_and_the_prior_decides():
    position = bars(160, (1, 0.6))
    slow = tempo_peaks(posterior(position, start_bpm=70))
    fast = tempo_peaks(posterior(position, start_bpm=170, std_bpm=0.2))
    assert slow[0, 0] == pytest.approx(80, rel=0.01)
    assert fast[0, 0] == pytest.approx(160, rel=0.01)
    assert min(abs(slow[:, 0] / 160 - 1)) < 0.02


def test_what_does_not_move_tells_nothing():
    curves = tempo_curves(np.ones((300, 5, 2)), fps=FPS)
    likelihood = tempo_likelihood(curves, fps=FPS)
    assert likelihood.shape == (2, 2, len(TEMPI))
    assert not likelihood.any()
    prior = tempo_prior()
    assert_allclose(tempo_posterior(likelihood, prior).sum(axis=0), np.exp(prior))


def test_windows_of_eight_seconds_every_two_and_one_of_a_short_dance():
    for duration, n in ((7.0, 1), (8.0, 1), (9.9, 1), (10.0, 2), (24.0, 9)):
        curves = tempo_curves(bars(100, (1, 0.5), duration), fps=FPS)
        assert len(tempo_likelihood(curves, fps=FPS)) == n


def test_missing_joints_are_bridged():
    position = bars(100, (1, 0.3, 0.6, 0.3))
    position[100:104] = np.nan
    assert np.isfinite(posterior(position)).all()
    assert tempo_peaks(posterior(position))[0, 0] == pytest.approx(100, rel=0.01)


def test_prior_is_a_log_normal_or_a_density_of_known_tempi():
    prior = np.exp(tempo_prior(start_bpm=90, std_bpm=0.5))
    assert prior.sum() == pytest.approx(1)
    octaves = np.log2(TEMPI)
    assert 2 ** (prior @ octaves) == pytest.approx(90, rel=0.05)
    at = [np.abs(octaves - np.log2(t)).argmin() for t in (90, 90 * 2**0.5)]
    assert prior[at[1]] / prior[at[0]] == pytest.approx(np.exp(-0.5), rel=0.05)
    known = np.exp(tempo_prior(known=[87, 87, 125]))
    assert known.sum() == pytest.approx(1)
    near = [known[np.abs(TEMPI / t - 1) < 0.05].sum() for t in (87, 125, 105)]
    assert near[0] > near[1] > 3 * near[2]


@pytest.mark.parametrize("every_other", [0.0, 0.25])
def test_running_evidence_is_that_of_the_dance_so_far(every_other):
    likelihood = np.random.default_rng(0).normal(size=(11, 2, len(TEMPI)))
    running = tempo_evidence(likelihood, every_other=every_other, running=True)
    for n, now in enumerate(running, start=1):
        assert_allclose(now, tempo_evidence(likelihood[:n], every_other=every_other), atol=1e-12)


def test_evidence_of_overlapping_windows_is_not_counted_in_full():
    rng = np.random.default_rng(0)
    window = rng.normal(size=(1, 2, 5))
    flat = np.zeros(5)
    once = tempo_posterior(window, flat)
    assert_allclose(tempo_posterior(np.repeat(window, 8, axis=0), flat), once)
    twice = once**2 / (once**2).sum()
    assert_allclose(tempo_posterior(np.repeat(window, 16, axis=0), flat), twice)


@pytest.mark.parametrize(("accents", "three"), [((3, 1, 1), True), ((3, 1, 2, 1), False)])
def test_the_metre_is_told_at_a_known_tempo(accents, three):
    likelihood = tempo_likelihood(tempo_curves(bars(96, accents), fps=FPS), fps=FPS)
    odds = metre_log_odds(likelihood, 96.0)
    assert odds.shape == (len(likelihood),)
    assert ((odds > 0) == three).all()
    # At a tempo of the grid it is the difference of both likelihoods.
    at = np.abs(TEMPI - 96).argmin()
    assert_allclose(
        metre_log_odds(likelihood, TEMPI[at]), likelihood[:, 0, at] - likelihood[:, 1, at]
    )


def test_the_metre_of_a_dance_that_moves_on_every_other_beat():
    likelihood = np.full((1, 2, len(TEMPI)), -20.0)
    slow, fast = (np.abs(TEMPI / t - 1) < 0.05 for t in (45, 90))
    likelihood[0, :, fast] = [-3.0, -4.0]
    likelihood[0, :, slow] = [-9.0, 0.0]
    assert metre_log_odds(likelihood, 90.0) == pytest.approx(1.0)
    four = np.log(0.75 * np.exp(-4) + 0.25)
    three = np.log(0.75 * np.exp(-3) + 0.25 * np.exp(-9))
    assert metre_log_odds(likelihood, 90.0, every_other=0.25) == pytest.approx(three - four)


def test_peaks_share_out_the_probability():
    mass = np.zeros((2, len(TEMPI)))
    places = [np.abs(TEMPI - t).argmin() for t in (60, 90, 120)]
    mass[0, places], mass[1, places] = [0.1, 0.05, 0.2], [0.05, 0.25, 0.35]
    peaks = tempo_peaks(mass)
    assert_allclose(peaks[:, 0], TEMPI[places][[2, 1, 0]])
    assert_array_equal(peaks[:, 1], [1, 1, 0])
    assert_allclose(peaks[:, 2], [0.55, 0.3, 0.15])
    assert len(tempo_peaks(mass, n_peaks=1)) == 1


def test_metres_are_those_of_the_field():
    assert set(METRES) == {2, 3, 4}
    for metre, (lags, gains) in METRES.items():
        assert metre in lags or 2 * metre in lags or metre == 2
        assert all(g > 0 for g in gains.values())
        # Power lies at whole multiples of the bar's frequency.
        assert_allclose([h * metre % 1 for h in gains], 0, atol=1e-9)


def test_alternatives_of_a_tempo_have_weights():
    likelihood = tempo_likelihood(tempo_curves(bars(104, (1, 0.3, 0.6, 0.3)), fps=FPS), fps=FPS)
    weights = tempo_alternatives(likelihood, 104.0)
    assert weights.shape == (2, len(RATIOS))
    assert weights.sum() == pytest.approx(1)
    assert RATIOS[weights.sum(axis=0).argmax()] == 1
    # What was taken for the double is half as fast, with the same bars.
    mistaken = tempo_alternatives(likelihood, 208.0)
    assert RATIOS[mistaken.sum(axis=0).argmax()] == 0.5
    assert mistaken[:, RATIOS.index(2.0)].sum() == 0  # 416 BPM
    assert mistaken[1].sum() > 0.7
    # Equations: ratios of likelihoods, here of one window.
    even = np.zeros((1, 2, len(TEMPI)))
    assert_allclose(tempo_alternatives(even, 100.0), 0.1)
    even[0, 0] = np.log(3)
    assert_allclose(tempo_alternatives(even, 100.0).sum(axis=1), [0.75, 0.25])
    assert not tempo_alternatives(even, 5.0).any()
