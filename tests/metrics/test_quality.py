"""Key, pulse and the Fréchet distance of music that is made up."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import MusicStatistics, frechet_distance, key_clarity, pulse_clarity
from sklearn_asdf.metrics._quality import music_statistics
from sklearn_asdf.testing import run_in_new_process

SR = 22050
T = np.arange(4 * SR) / SR


def chord(*notes):
    """Tones of MIDI note numbers."""
    return 0.1 * sum(np.sin(2 * np.pi * 440 * 2 ** ((n - 69) / 12) * T) for n in notes)


def noise(seed=0):
    return 0.1 * np.random.default_rng(seed).normal(size=len(T))


@pytest.fixture(scope="module")
def music():
    return make_dance_music(12, n_performances=12, random_state=0).audio


def test_a_scale_is_clearer_than_all_notes_and_noise():
    scale = np.concatenate([chord(n)[: SR // 4] for n in (60, 62, 64, 65, 67, 69, 71, 72, 60, 67)])
    everything = np.concatenate([chord(n)[: SR // 4] for n in range(60, 72)])
    clear = key_clarity(scale[None])[0]
    assert clear > 0.7
    assert clear > key_clarity(everything[None])[0] + 0.3
    assert clear > key_clarity(noise()[None])[0] + 0.3


def test_key_clarity_does_not_change_with_level_and_hardly_with_transposition():
    triads = np.stack([chord(60, 64, 67), chord(63, 67, 70), 0.1 * chord(60, 64, 67)])
    clarity = key_clarity(triads)
    assert clarity[2] == pytest.approx(clarity[0], abs=1e-3)
    assert clarity[1] == pytest.approx(clarity[0], abs=0.1)


@pytest.mark.parametrize("bpm", [60, 100, 180])
def test_a_metronome_has_a_clear_pulse_and_noise_has_none(bpm):
    beats = 0.01 * noise()
    beats[(np.arange(0.1, 4, 60 / bpm) * SR).astype(int)] = 1
    clear, unclear = pulse_clarity(np.stack([beats, noise()]))
    assert clear > 0.7
    assert unclear < 0.3


def test_silence_has_neither(music):
    silent = np.zeros((2, len(T)))
    assert_array_equal(key_clarity(silent), 0)
    assert_array_equal(pulse_clarity(silent), 0)
    assert np.isfinite(MusicStatistics().fit(music).transform(silent)).all()
    # Too short for any period.
    assert_array_equal(pulse_clarity(noise()[None, : SR // 4]), 0)


def test_embedding_is_standardized_and_pickles(music):
    embedding = MusicStatistics().fit(music)
    X = embedding.transform(music)
    assert_allclose(X.mean(axis=0), 0, atol=1e-9)
    assert_allclose(X.std(axis=0)[embedding.scale_ != 1], 1)
    assert X.shape == (12, 48)
    assert_array_equal(run_in_new_process(embedding, "transform", music), X)
    assert clone(embedding).get_params() == {"sr": 22050}


def test_clips_may_have_another_length_and_columns_of_a_table_may_not(music):
    short = np.asarray(music)[:, : 4 * SR]
    embedding = MusicStatistics().fit(music)
    assert embedding.n_features_in_ == 8 * SR
    assert_allclose(embedding.transform(short[:1]), embedding.transform(short)[:1])
    with pytest.raises(ValueError, match="X has 88200 features, but MusicStatistics is expecting"):
        MusicStatistics().fit(np.asarray(music)).transform(short)
    with pytest.raises(ValueError, match="'sr' parameter"):
        MusicStatistics(sr=0).fit(music)


def test_embedding_does_not_depend_on_the_key():
    both = np.stack([chord(60, 64, 67), chord(62, 66, 69)])
    chroma = music_statistics(both, sr=SR)[:, 32:44]
    assert_allclose(chroma[0], chroma[1], atol=0.15)
    # Three notes, at the same places above their tonic.
    strongest = np.sort(np.argsort(chroma, axis=1)[:, -3:], axis=1)
    assert_array_equal(strongest[0], strongest[1])
    assert np.sort(chroma, axis=1)[:, -4].max() < 0.3


def test_frechet_distance_of_gaussians_has_its_closed_form():
    # Independent dimensions: sum of (m - n)^2 + (s - t)^2.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 3)) * [1, 2, 3]
    Y = rng.normal(size=(20_000, 3)) * [2, 2, 1] + [1, 0, -2]
    assert frechet_distance(X, Y) == pytest.approx(1 + 4 + 1 + 0 + 4, rel=0.03)
    assert frechet_distance(X, X) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(X, Y) == pytest.approx(frechet_distance(Y, X))


def test_frechet_distance_of_fewer_clips_than_dimensions_is_finite():
    X = np.random.default_rng(0).normal(size=(5, 48))
    assert frechet_distance(X, X[::-1]) == pytest.approx(0, abs=1e-6)
    # A single point: what is left are the distance of the means and the spread.
    point = np.zeros((4, 48))
    expected = np.square(X.mean(axis=0)).sum() + X.var(axis=0, ddof=1).sum()
    assert frechet_distance(X, point) == pytest.approx(expected)


def test_frechet_distance_separates_music_from_noise(music):
    embedding = MusicStatistics().fit(music[:6])
    real, other = (embedding.transform(part) for part in (music[:6], music[6:]))
    hiss = embedding.transform(np.random.default_rng(0).normal(size=(6, 8 * SR)) * 0.05)
    assert 5 * frechet_distance(real, other) < frechet_distance(real, hiss)


def test_statistics_replace_clips(music):
    statistics = np.random.default_rng(0).normal(3.0, 2.0, size=(20, 48))
    embedding = MusicStatistics().fit_statistics(statistics)
    embedded = embedding.transform_statistics(statistics)
    assert_allclose(embedded.mean(axis=0), 0, atol=1e-12)
    assert_allclose(embedded.std(axis=0), 1)
    expected = (music_statistics(music[:2], sr=SR) - embedding.mean_) / embedding.scale_
    assert_allclose(embedding.transform(music[:2]), expected)


def test_bad_input_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"got shapes \(1, 3\) and \(4, 3\)"):
        frechet_distance(np.zeros((1, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"expected audio of shape \(n_clips, n_samples\)"):
        key_clarity(np.zeros(10))
