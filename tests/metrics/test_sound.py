"""Measures of reconstructed sound."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from sklearn_asdf.metrics import consistency, harmonic_error, spectral_distance, visqol

T = np.arange(22050) / 22050


def tone(hertz):
    return sum(np.sin(2 * np.pi * hertz * k * T) / k for k in (1, 2, 3))


def test_equal_sounds_have_no_error():
    y = np.stack([tone(220), tone(330)])
    np.testing.assert_allclose(spectral_distance(y, y), 0)
    np.testing.assert_allclose(harmonic_error(y, y), 0, atol=1e-9)
    assert spectral_distance(y, y).shape == (2,)


def test_spectral_distance_does_not_hear_phases():
    y = tone(220)
    assert spectral_distance(-y, y) == pytest.approx(0)
    shifted, louder, other = np.roll(y, 40), 2 * y, tone(300)
    found = [float(spectral_distance(a, y)) for a in (shifted, louder, other)]
    assert found[0] < found[1] < found[2]
    assert found[1] > np.log(2)


@pytest.mark.parametrize("cents", [-25, 4, 60])
def test_harmonic_error_is_in_cents(cents):
    found = harmonic_error(tone(220 * 2 ** (cents / 1200)), tone(220))
    assert found == pytest.approx(abs(cents), rel=0.05)


def test_harmonic_error_hears_wavering():
    vibrato = np.sin(2 * np.pi * (440 * T + 0.5 * np.sin(2 * np.pi * 5 * T)))
    steady = np.sin(2 * np.pi * 440 * T)
    assert harmonic_error(vibrato, steady) > 3
    assert np.isnan(harmonic_error(np.zeros(9000), np.zeros(9000)))
    # The frequency of noise wavers within the width of a bin, 21 cents here.
    noise = np.random.default_rng(0).normal(size=len(T))
    assert 3 < harmonic_error(noise, steady) < 21


def test_consistency_is_the_misfit_of_the_magnitudes():
    y = tone(220) + 0.1 * np.random.default_rng(0).normal(size=len(T))
    window = scipy.signal.get_window("hann", 1024)
    padded = np.pad(y, 512)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 1024)[::256] * window
    magnitude = np.abs(np.fft.rfft(frames)).T
    assert consistency(y, magnitude, n_fft=1024, hop_length=256) < -100
    off = consistency(1.1 * y, magnitude, n_fft=1024, hop_length=256)
    assert off == pytest.approx(-20, abs=0.01)
    with pytest.raises(ValueError, match="expected sound for 87 frames, got 40"):
        consistency(y[:10000], magnitude, n_fft=1024, hop_length=256)
    with pytest.raises(ValueError, match="same shape"):
        spectral_distance(y[:-1], y)


@pytest.mark.slow
def test_visqol_rates_noise_below_the_original():
    pytest.importorskip("visqol")
    y = np.tile(tone(220) * np.exp(-2 * T), 2)[None]
    noise = 0.3 * np.random.default_rng(0).normal(size=y.shape)
    found = np.concatenate([visqol(a, y) for a in (0.5 * y, y + 0.1 * noise, y + noise)])
    # The level does not count.
    assert found[0] > 4.5
    assert found[0] > found[1] > found[2] > 1
    assert np.isnan(visqol(y, 0 * y)).all()


def test_visqol_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"metrics.visqol needs visqol.*sklearn-asdf\[visqol\]"):
        visqol(T, T)
