"""Phases from the gradient of the magnitudes fit these far better than noise does."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from sklearn_asdf.functional.compiled import numpy_only
from sklearn_asdf.functional.mel import hann
from sklearn_asdf.functional.phase_gradient import PhaseIntegration

N_FFT, HOP = 512, 64


@pytest.fixture(scope="module")
def spectra():
    """A tone that glides, one that stands, and a click: (n_frames, n_bins)."""
    t = np.arange(8192) / 22050
    y = np.sin(2 * np.pi * (500 * t + 900 * t**2)) + 0.5 * np.sin(2 * np.pi * 2000 * t)
    y[5000] += 5
    frames = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::HOP]
    return scipy.fft.rfft(frames * hann(N_FFT))


def misfit(magnitude, phase):
    """Return how far the spectra of the sound are from the magnitudes, in dB."""
    frames = scipy.fft.irfft(magnitude * np.exp(1j * phase)) * hann(N_FFT)
    y, gain = np.zeros((2, (len(frames) - 1) * HOP + N_FFT))
    for i, frame in enumerate(frames):
        y[i * HOP : i * HOP + N_FFT] += frame
        gain[i * HOP : i * HOP + N_FFT] += hann(N_FFT) ** 2
    again = np.lib.stride_tricks.sliding_window_view(y / np.maximum(gain, 1e-3), N_FFT)[::HOP]
    back = np.abs(scipy.fft.rfft(again * hann(N_FFT)))[8:-8]
    return 20 * np.log10(np.linalg.norm(back - magnitude[8:-8]) / np.linalg.norm(magnitude[8:-8]))


def test_phases_fit_their_magnitudes(spectra):
    magnitude = np.abs(spectra)
    random = np.random.default_rng(0).uniform(0, 2 * np.pi, magnitude.shape)
    phase = PhaseIntegration(N_FFT, HOP).phases(magnitude)
    assert misfit(magnitude, phase) < -20
    assert misfit(magnitude, random) > -5


def test_runs_of_frames_go_on_from_each_other(spectra):
    magnitude = np.abs(spectra)
    integration = PhaseIntegration(N_FFT, HOP)
    parts = [integration.phases(magnitude[i : i + 30]) for i in range(0, len(magnitude), 30)]
    assert misfit(magnitude, np.concatenate(parts)) < -20


def test_a_tone_advances_by_its_frequency(spectra):
    magnitude = np.zeros((20, N_FFT // 2 + 1))
    k = 37.25
    frames = np.sin(2 * np.pi * k / N_FFT * (np.arange(N_FFT) + HOP * np.arange(20)[:, None]))
    magnitude = np.abs(scipy.fft.rfft(frames * hann(N_FFT)))
    phase = PhaseIntegration(N_FFT, HOP).phases(magnitude)
    advance = np.angle(np.exp(1j * np.diff(phase[:, 37])))
    expected = np.angle(np.exp(2j * np.pi * k * HOP / N_FFT))
    np.testing.assert_allclose(advance[2:-2], expected, atol=0.05)


def test_compiled_loops_are_those_of_python(spectra):
    magnitude = np.abs(spectra[:12])
    compiled = PhaseIntegration(N_FFT, HOP).phases(magnitude)
    with numpy_only():
        plain = PhaseIntegration(N_FFT, HOP).phases(magnitude)
    np.testing.assert_allclose(compiled, plain, rtol=1e-9)


def test_silence_has_phases():
    assert np.isfinite(PhaseIntegration(N_FFT, HOP).phases(np.zeros((3, 257)))).all()
