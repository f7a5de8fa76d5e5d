"""Measured factors of known tones, and of synthetic music with known factors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import factor_correlations, musical_factors

SR = 22050
T = np.arange(4 * SR) / SR
NAMES = ["tempo", "loudness", "brightness", "articulation"]


@pytest.fixture(scope="module")
def data():
    return make_dance_music(30, n_performances=30, random_state=1)


def test_measures_of_known_tones():
    tone = 0.2 * np.sin(2 * np.pi * 320 * T)
    halves = tone * (T % 0.5 < 0.25)
    measured = musical_factors(
        np.stack([tone, 0.1 * tone, tone + 0.2 * np.sin(2 * np.pi * 1280 * T), halves])
    )
    assert measured.loudness[0] == pytest.approx(20 * np.log10(0.2 / np.sqrt(2)), abs=0.01)
    assert measured.loudness[1] - measured.loudness[0] == pytest.approx(-20, abs=0.01)
    # 320 Hz lie 4 octaves above 20 Hz; as much at 6 octaves makes 5.
    assert measured.brightness[:3].tolist() == pytest.approx([4, 4, 5], abs=0.05)
    assert measured.articulation[0] > 0.95
    assert measured.articulation[3] < 0.2
    assert measured.tempo[3] == pytest.approx(120, rel=0.05)


def test_tempi_an_octave_apart_are_one():
    clicks = [np.where((T * bpm / 60) % 1 < 0.02, 0.5, 0.0) for bpm in (60, 120)]
    tempo = musical_factors(np.stack(clicks)).tempo
    assert tempo[0] == pytest.approx(tempo[1], rel=0.05)


def test_silence_is_finite():
    measured = musical_factors(np.zeros((1, SR)))
    assert measured.iloc[0].tolist() == pytest.approx([0, -120, 0, 1])


def test_real_music_has_the_factors_that_it_was_made_with(data):
    correlations = factor_correlations(data.factors, data.audio)
    assert list(correlations.index) == NAMES
    assert correlations.tempo > 0.9
    assert correlations.loudness > 0.99
    assert correlations.brightness > 0.85
    assert correlations.articulation > 0.8


def test_music_of_other_dances_and_one_for_all_have_not(data):
    audio = np.asarray(data.audio)
    assert factor_correlations(data.factors, np.roll(audio, 7, axis=0)).abs().max() < 0.45
    same = np.repeat(audio[:1], 30, axis=0)
    assert (factor_correlations(data.factors, same) == 0).all()
    # An inaudible trace of the own music does not count.
    assert (factor_correlations(data.factors, same + 1e-5 * audio) == 0).all()


def test_clips_of_a_performance_are_averaged():
    data = make_dance_music(24, n_performances=12, random_state=1)
    groups = data.groups
    order = np.random.default_rng(0).permutation(24)
    shuffled = pd.DataFrame(data.factors).iloc[order]
    a = factor_correlations(data.factors, data.audio, groups)
    b = factor_correlations(shuffled, data.audio[order], groups[order])
    pd.testing.assert_series_equal(a, b)


def test_bad_input_is_refused_in_a_sentence(data):
    with pytest.raises(ValueError, match="each of 3 clips, got 30 rows"):
        factor_correlations(data.factors, data.audio[:3])
    with pytest.raises(ValueError, match=r"the columns .'tempo', 'loudness', 'tilt'"):
        factor_correlations(data.factors.drop(columns="tilt"), data.audio)
    with pytest.raises(ValueError, match=r"groups of shape \(30,\)"):
        factor_correlations(data.factors, data.audio, [0, 1])
