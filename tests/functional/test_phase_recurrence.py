"""Phases by least squares from their derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from sklearn_asdf.functional.mel import hann
from sklearn_asdf.functional.mel_bins import MelBins, quantize
from sklearn_asdf.functional.phase_recurrence import PhaseRecurrence

N_FFT, HOP = 512, 128


@pytest.fixture(scope="module")
def spectrum():
    t = np.arange(40 * HOP + N_FFT) / 8000
    y = sum(np.sin(2 * np.pi * f * t * (1 + 0.05 * t)) for f in (440, 700, 1310))
    y[20 * HOP :] += 3 * np.sin(2 * np.pi * 990 * t[20 * HOP :])
    frames = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::HOP]
    return scipy.fft.rfft(frames * hann(N_FFT))


def derivatives(spectrum):
    center = 2 * np.pi * HOP / N_FFT * np.arange(spectrum.shape[1])
    advance = np.angle(spectrum[1:] * spectrum[:-1].conj()) - center
    slope = np.angle(spectrum[:, 1:] * spectrum[:, :-1].conj()) + np.pi
    return np.concatenate([np.zeros((1, len(center))), advance]), slope


def agreement(found, spectrum):
    """Mean cosines of the errors of phase differences in time and frequency; loud bins count."""
    means = []
    for a, b, c, d in (
        (found[1:], found[:-1], spectrum[1:], spectrum[:-1]),
        (found[:, 1:], found[:, :-1], spectrum[:, 1:], spectrum[:, :-1]),
    ):
        product = (c * d.conj()).conj() * a * b.conj()
        means.append(product.real.sum() / np.abs(product).sum())
    return np.array(means)


def test_true_derivatives_give_the_phases(spectrum):
    advance, slope = derivatives(spectrum)
    found = PhaseRecurrence(N_FFT, HOP).phasors(np.abs(spectrum), advance, slope)
    np.testing.assert_allclose(np.abs(found), 1)
    assert agreement(found, spectrum).min() > 0.999
    # Without the attack, whose bins are told by their neighbors alone, nothing is lost.
    steady = PhaseRecurrence(N_FFT, HOP).phasors(np.abs(spectrum), advance, 0 * slope)
    assert agreement(steady, spectrum)[1] < 0.998


def test_errors_of_quiet_bins_do_not_reach_loud_ones(spectrum):
    magnitude = np.abs(spectrum)
    advance, slope = derivatives(spectrum)
    rng = np.random.default_rng(0)
    quiet = magnitude < 0.05 * magnitude.max(axis=1, keepdims=True)
    advance = np.where(quiet, rng.uniform(-np.pi, np.pi, advance.shape), advance)
    found = PhaseRecurrence(N_FFT, HOP).phasors(magnitude, advance, slope)
    assert agreement(found, spectrum).min() > 0.99


def test_runs_go_on_from_each_other(spectrum):
    magnitude = np.abs(spectrum)
    advance, slope = derivatives(spectrum)
    whole = PhaseRecurrence(N_FFT, HOP).phasors(magnitude, advance, slope)
    parts = PhaseRecurrence(N_FFT, HOP)
    found = [
        parts.phasors(magnitude[i], advance[i], slope[i]) for i in (slice(0, 7), slice(7, None))
    ]
    np.testing.assert_array_equal(np.concatenate(found), whole)
    # The level does not count.
    softer = PhaseRecurrence(N_FFT, HOP).phasors(1e-3 * magnitude, advance, slope)
    np.testing.assert_allclose(softer, whole, atol=1e-6)


def test_silence_has_phases():
    silent = np.zeros((3, 1 + N_FFT // 2))
    found = PhaseRecurrence(N_FFT, HOP).phasors(silent, silent, silent[:, 1:])
    np.testing.assert_allclose(np.abs(found), 1)


def test_bins_lie_between_the_centers_of_bands():
    import librosa

    bins = MelBins(sr=22050, n_fft=2048, n_mels=64, n_knots=5)
    centers = librosa.mel_frequencies(66, fmin=0, fmax=11025)[1:-1]
    hertz = np.arange(1025) * 22050 / 2048
    inside = (hertz > centers[0]) & (hertz < centers[-1])
    # A value that is linear in frequency between centers is found exactly.
    np.testing.assert_allclose(bins.levels(centers)[inside], hertz[inside], rtol=1e-5)
    assert bins.levels(centers)[-1] == pytest.approx(centers[-1])
    # Knots are half a band below to half a band above the center.
    places = (np.arange(64)[:, None] + np.linspace(-0.5, 0.5, 5)).reshape(-1, 1)
    found = bins.read(places)[inside, 0]
    np.testing.assert_allclose(found, np.interp(hertz[inside], centers, np.arange(64)), atol=1e-4)


def test_quantized_values_are_near():
    rng = np.random.default_rng(0)
    level, phase = -rng.uniform(0, 80, 100), rng.uniform(-20, 20, 100)
    packed = quantize(level, phase).astype(float)
    np.testing.assert_allclose((packed[:, 0] - 127) * 80 / 254, level, atol=0.16)
    np.testing.assert_allclose(
        np.exp(1j * packed[:, 1] * np.pi / 127), np.exp(1j * phase), atol=0.013
    )
    assert quantize(np.array([-500.0]))[0, 0] == -127
