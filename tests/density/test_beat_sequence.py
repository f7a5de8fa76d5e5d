"""Sequences of codes on the beat of a dance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from sklearn_asdf import BeatSequenceRegressor

BEAT = ("clip_beat_tempo", "clip_mid_beat_cos", "clip_mid_beat_sin")


class Noise(RegressorMixin, BaseEstimator):
    """A density without learning: nothing, or random noise."""

    def __init__(self, n_mixtures=0):
        self.n_mixtures = n_mixtures

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return self

    def predict(self, X):
        return [np.zeros((len(x), 1)) for x in X]

    def sample_y(self, X, n_samples, random_state, weight_temperature, scale_temperature):
        assert weight_temperature >= 0.5
        noise = [random_state.normal(size=len(x)) for x in X]
        return [np.sqrt(scale_temperature) * e[:, None, None] for e in noise]


def middles(tempo, phase, duration=4.0, n=40):
    """Middles of the steps, from the last beat at or before the start of a clip."""
    period = 60 / tempo
    first = duration / 2 - phase / (2 * np.pi) * period
    first -= np.ceil(first / period - 1e-9) * period
    return first + (np.arange(n) + 0.5) / 4 * period


def dances(n=200, duration=4.0, tempo=(90.0, 120.0), seed=0):
    """Movement that rises with time in 16 spans, and codes of 4 steps a beat that follow it."""
    rng = np.random.default_rng(seed)
    time = (np.arange(16) + 0.5) / 16 * duration
    start = rng.uniform(0, 6, n)
    table = pd.DataFrame({f"step{i}_speed": start + time[i] for i in range(16)})
    bpm = rng.uniform(*tempo, n)
    phase = rng.uniform(-np.pi, np.pi, n)
    table["clip_beat_tempo"], table["clip_mid_beat_cos"] = bpm, np.cos(phase)
    table["clip_mid_beat_sin"] = np.sin(phase)
    y = np.zeros((n, 40 + 5))
    for row, first, *beat in zip(y, start, bpm, phase):
        row[:40] = first + np.clip(middles(*beat), time[0], time[-1])
    y[:, -5] = rng.integers(-2, 2, n)
    y[:, -4], y[:, -3] = duration, np.log2(bpm)
    y[:, -2], y[:, -1] = np.cos(phase), np.sin(phase)
    return table, y


def fitted(**options):
    X, y = dances(**options)
    return BeatSequenceRegressor(Noise(), beat_columns=BEAT, n_channels=1).fit(X, y), X, y


def test_the_course_is_predicted_from_the_movement_at_each_step():
    model, X, _ = fitted()
    phase = np.arctan2(X[BEAT[2]], X[BEAT[1]])
    start = X["step0_speed"] - 0.125
    for row, first, *beat in zip(model.predict(X), start, X[BEAT[0]], phase):
        expected = middles(*beat)
        known = (expected > 0.3) & (expected < 3.7)
        np.testing.assert_allclose(row[:40][known], first + expected[known], atol=0.2)


def test_out_of_fold_predictions_are_the_features_of_training():
    model, X, y = fitted()
    features = model.regressor_.X_
    assert len(features) == len(X)
    # The course, four places in the beat, and the transposition.
    assert {f.shape[1] for f in features} == {6}
    np.testing.assert_array_equal([f[0, -1] for f in features], y[:, -5])
    np.testing.assert_array_equal(features[0][:5, 1:5], np.eye(4)[[0, 1, 2, 3, 0]])
    rng = np.random.default_rng(1)
    noise = y.copy()
    noise[:, :40] = rng.normal(size=(len(y), 40))
    model.fit(X, noise)
    # Nothing to predict: the map is not used.
    assert {f.shape[1] for f in model.regressor_.X_} == {5}


def test_tempo_and_phase_are_those_of_the_dance():
    model, X, y = fitted()
    X = X.assign(clip_beat_tempo=100.0, clip_mid_beat_cos=0.0, clip_mid_beat_sin=0.5)
    code = model.sample_y(X, 2, random_state=0)
    np.testing.assert_allclose(code[:, -3], np.log2(100.0))
    np.testing.assert_allclose(code[:, -2], 0.0, atol=1e-12)
    np.testing.assert_allclose(code[:, -1], 1.0)
    assert set(np.unique(code[:, -5])) <= set(y[:, -5])


def test_training_steps_lie_on_the_beats_of_the_music():
    X, y = dances()
    shifted = X.assign(clip_beat_tempo=70.0)
    model = BeatSequenceRegressor(Noise(), beat_columns=BEAT, n_channels=1).fit(shifted, y)
    reference = BeatSequenceRegressor(Noise(), beat_columns=BEAT, n_channels=1).fit(X, y)
    for a, b in zip(model.regressor_.X_, reference.regressor_.X_):
        np.testing.assert_array_equal(a, b)


def test_temperature_multiplies_the_variance():
    model, X, _ = fitted()
    # Noise of training varies as much as that of samples, so nothing is restored.
    model.factor_ = np.ones(1)
    mean = model.sample_y(X, random_state=0, temperature=0.0)[:, :30, 0]
    for temperature in (0.25, 1.0):
        drawn = model.sample_y(X, random_state=0, temperature=temperature)[:, :30, 0]
        found = np.std((drawn - mean)[drawn != 0])
        assert found == pytest.approx(np.sqrt(temperature), rel=0.1)


def test_few_recordings_are_sampled_with_their_variance():
    X, y = dances()
    drawn = []
    for n_recordings, least in ((196, 0.02), (36, 0.1), (4, 0.5)):
        model = BeatSequenceRegressor(
            Noise(4), beat_columns=BEAT, n_channels=1, restore_variance=False
        )
        model.fit(X, y, groups=np.arange(200) % n_recordings)
        assert model.least_temperature_ == pytest.approx(least)
        drawn.append([model.sample_y(X, random_state=0, temperature=t) for t in (0.1, 0.3)])
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    np.testing.assert_array_equal(drawn[2][0], drawn[2][1])
    assert np.abs(drawn[2][0] - drawn[1][0]).max() > 1


def test_a_piece_is_one_sequence():
    model, _, _ = fitted()
    n, hop, tempo = 4, 2.0, 100.0
    time = np.arange(16) * 0.25 + 0.125
    rows = {f"step{i}_speed": time[i] + hop * np.arange(n) for i in range(16)}
    X = pd.DataFrame(rows)
    # One beat through all clips, the first one at 0.1 s.
    angle = 2 * np.pi * (hop * np.arange(n) + 2.0 - 0.1) * tempo / 60
    X[BEAT[0]], X[BEAT[1]], X[BEAT[2]] = tempo, np.cos(angle), np.sin(angle)
    code = model.sample_piece(X, hop_duration=hop, temperature=0.0, random_state=0)
    assert len(np.unique(code[:, -5])) == 1
    np.testing.assert_allclose(2 ** code[:, -3], tempo, rtol=0.02)
    for i, row in enumerate(code):
        expected = hop * i + middles(2 ** row[-3], np.arctan2(row[-1], row[-2]), n=16)
        known = (expected > 0.3) & (expected < hop * (n - 1) + 3.7)
        np.testing.assert_allclose(row[:16][known], expected[known], atol=0.2)


def test_variance_is_restored_within_clips():
    X, y = dances()
    rng = np.random.default_rng(2)
    y[:, :40] = 5 + rng.normal(size=(len(y), 40))
    model = BeatSequenceRegressor(Noise(), beat_columns=BEAT, n_channels=1).fit(X, y)
    # The standard deviation of noise at the temperature 0.1 is a third: twice as much at most.
    np.testing.assert_allclose(model.factor_, 2.0)
    plain = BeatSequenceRegressor(
        Noise(), beat_columns=BEAT, n_channels=1, restore_variance=False
    ).fit(X, y)
    a, b = (m.sample_y(X, random_state=0, temperature=0.1)[:, :20, 0] for m in (model, plain))
    assert a.std(axis=1).mean() / b.std(axis=1).mean() == pytest.approx(2.0, rel=0.05)
    # Samples of the density have a mean of 0, and training clips one of 5.
    assert b.mean() == pytest.approx(0.0, abs=0.05)
    assert a.mean() == pytest.approx(5.0, abs=0.1)


def test_variance_is_restored_between_clips():
    X, y = dances()
    rng = np.random.default_rng(3)
    level = 0.1 * rng.normal(size=(len(y), 1))
    y[:, :40] = level + 0.1 * rng.normal(size=(len(y), 40))
    model = BeatSequenceRegressor(Noise(), beat_columns=BEAT, n_channels=1).fit(X, y)
    # Means of 24 to 32 steps of the noise have standard deviations of .06.
    assert 1.4 < model.mean_factor_[0] < 2.0
    drawn = model.sample_y(X, random_state=0, temperature=0.1)[:, :20, 0]
    plain = model.set_params(restore_variance=False).fit(X, y)
    without = plain.sample_y(X, random_state=0, temperature=0.1)[:, :20, 0]
    assert drawn.mean(axis=1).std() / without.mean(axis=1).std() > 1.3


def test_codes_of_another_size_are_named():
    X, y = dances()
    with pytest.raises(ValueError, match="n_channels=64"):
        BeatSequenceRegressor(Noise(), beat_columns=BEAT).fit(X, y)


class Drift(Noise):
    """Samples that are constant, but for one accent."""

    def sample_y(
        self, X, n_samples, random_state, weight_temperature, scale_temperature, n_averaged
    ):
        assert n_averaged == 1
        return [np.where(np.arange(len(x)) == 12, 4.0, 3.0)[:, None, None] for x in X]


def test_envelopes_have_the_course_of_the_movement():
    X, y = dances()
    options = {"beat_columns": BEAT, "n_channels": 1, "restore_variance": False}
    model = BeatSequenceRegressor(Drift(), n_envelope=1, **options).fit(X, y)
    assert model.n_averaged_ == 1
    drawn = model.sample_y(X, random_state=0, temperature=0.1)[:, :24, 0]
    course = model.predict(X)[:, :24]
    # The mean of the samples is not that of the music; the accent within a bar is kept.
    expected = np.where(np.arange(24) == 12, 1.0, 0.0)
    np.testing.assert_allclose((drawn - course).mean(axis=0), expected, atol=0.1)
    # At a temperature of 1 the density is sampled as it is.
    plain = model.sample_y(X, random_state=0, temperature=1.0)[:, :24, 0]
    np.testing.assert_allclose((plain - course).mean(axis=0), 3.0 + expected, atol=0.1)


def test_envelopes_of_few_recordings_are_sampled_like_the_rest():
    X, y = dances()
    model = BeatSequenceRegressor(
        Noise(21), n_envelope=1, beat_columns=BEAT, n_channels=1, restore_variance=False
    ).fit(X, y)
    # `Noise` takes no `n_averaged`.
    assert model.n_averaged_ == 0
    assert model.sample_y(X, random_state=0, temperature=0.1).shape == (200, 45, 1)


def test_codes_without_envelopes_are_sampled_as_they_are():
    X, y = dances()
    model = BeatSequenceRegressor(
        Noise(1), n_envelope=0, beat_columns=BEAT, n_channels=1, restore_variance=False
    ).fit(X, y)
    codes = model.sample_y(X, random_state=0, temperature=0.1)
    # As models of earlier versions.
    del model.n_envelope_, model.n_averaged_
    np.testing.assert_array_equal(model.sample_y(X, random_state=0, temperature=0.1), codes)


def test_the_course_depends_on_the_transposition():
    X, y = dances()
    y[:, :40] += 0.5 * y[:, -5:-4]
    model = BeatSequenceRegressor(Noise(), beat_columns=BEAT, n_channels=1).fit(X, y)
    drawn = model.sample_y(X, random_state=0, temperature=0.1)[..., 0]
    plain = dances()[1]
    found = drawn[:, :20].mean(axis=1) - plain[:, :20].mean(axis=1)
    assert np.polyfit(drawn[:, -5], found, 1)[0] == pytest.approx(0.5, abs=0.05)


def test_an_envelope_has_at_most_all_channels():
    X, y = dances()
    with pytest.raises(ValueError, match="at most n_channels=1 as n_envelope"):
        BeatSequenceRegressor(Noise(), beat_columns=BEAT, n_channels=1, n_envelope=2).fit(X, y)
