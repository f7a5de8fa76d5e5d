"""A sound with given levels of its bands."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.functional.band_levels import with_band_levels
from sklearn_asdf.functional.mel import mel_filterbank, melspectrogram

pytest.importorskip("librosa", reason="needs the extra 'music'")

SR, N_FFT = 8000, 512
BANK = mel_filterbank(sr=SR, n_fft=N_FFT, n_mels=8)


def levels(y, hop_length=N_FFT // 4):
    mel = melspectrogram(y, sr=SR, n_fft=N_FFT, hop_length=hop_length, n_mels=8)
    return 10 * np.log10(mel.T + 1e-12)


def noise(n=SR):
    return np.random.default_rng(0).normal(size=n).astype(np.float32)


@pytest.mark.parametrize("n", [SR, SR - 37])
def test_a_sound_with_its_own_levels_is_itself(n):
    y = noise(n)
    own = 10 ** (levels(y) / 10)
    times = np.arange(len(own)) * N_FFT / 4 / SR

    def power(time):
        return np.stack([np.interp(time, times, band) for band in own.T], axis=1)

    found = with_band_levels(y, power, BANK, sr=SR, n_fft=N_FFT)
    assert found.shape == y.shape
    # The last frame, which lies beyond the end, is not among these levels.
    np.testing.assert_allclose(found[:-N_FFT], y[:-N_FFT], atol=0.02)


def test_levels_become_those_of_another_sound():
    y, other = noise(), noise(2 * SR)[SR:]
    other = other * np.linspace(0.1, 1, SR) * (1 + np.sin(2 * np.pi * 4 * np.arange(SR) / SR)) / 2
    wanted = 10 ** (levels(other) / 10)
    times = np.arange(len(wanted)) * N_FFT / 4 / SR

    def power(time):
        return np.stack([np.interp(time, times, band) for band in wanted.T], axis=1)

    before = np.abs(levels(y) - levels(other)).mean()
    found = with_band_levels(y, power, BANK, sr=SR, n_fft=N_FFT)
    after = np.abs(levels(found) - levels(other)).mean()
    assert after < 0.2 * before


def test_a_change_of_all_bands_is_a_gain():
    y = noise()
    half = with_band_levels(
        y, lambda time: 0.25 * np.full((len(time), 8), 10.0), BANK, sr=SR, n_fft=N_FFT
    )
    full = with_band_levels(y, lambda time: np.full((len(time), 8), 10.0), BANK, sr=SR, n_fft=N_FFT)
    np.testing.assert_allclose(half[:-N_FFT], full[:-N_FFT] / 2, atol=1e-3)


def test_silence_stays_silent():
    y = with_band_levels(np.zeros(SR), lambda t: np.ones((len(t), 8)), BANK, sr=SR, n_fft=N_FFT)
    assert not y.any()
