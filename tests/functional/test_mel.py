"""Spectrograms equal librosa's; decibels, [0, 1] and joints keep what they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf.functional.mel import (
    MelFilterbank,
    db_to_unit,
    mel_filterbank,
    melspectrogram,
    overlap_add,
    power_to_db,
    unit_to_db,
)

librosa = pytest.importorskip("librosa")


def test_a_filterbank_is_a_product_of_matrices_and_its_transpose():
    rng = np.random.default_rng(0)
    filters = np.zeros((11, 40))
    for band in range(11):
        filters[band, 3 * band : 3 * band + 5] = rng.uniform(0.1, 1, 5)
    bank = MelFilterbank(filters)
    power = rng.uniform(size=(2, 7, 40)).astype(np.float32)
    mel = bank.to_mel(power)
    np.testing.assert_allclose(mel, power @ filters.T, rtol=1e-5)
    np.testing.assert_allclose(bank.to_bins(mel), mel @ filters, rtol=1e-5)
    np.testing.assert_allclose(bank.bin_weights, filters.sum(axis=0), rtol=1e-6)
    # No filter reaches the last five bins.
    assert (bank.bin_weights[35:] == 0).all()


def _sound(n_clips, n_samples, seed=0):
    """Noise under decaying partials: levels over a wide range."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / 22050
    tone = sum(np.sin(2 * np.pi * 220 * k * t) / k**2 for k in range(1, 9)) * np.exp(-t)
    return (tone * 0.3 + rng.normal(0, 1e-3, (n_clips, n_samples))).astype(np.float32)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_fft": 2048, "hop_length": 512, "n_mels": 40, "fmin": 50.0, "fmax": 8000.0},
        {"sr": 16000, "n_fft": 1024, "hop_length": 300, "n_mels": 32, "power": 1.0},
    ],
)
def test_spectrograms_equal_librosas(options):
    y = _sound(3, 50000)
    full = {"sr": 22050, "n_fft": 4096, "hop_length": 690, "n_mels": 128, **options}
    expected = librosa.feature.melspectrogram(y=y, **full)
    ours = melspectrogram(y, **options)
    assert ours.dtype == np.float32
    assert ours.shape == expected.shape
    for a, b in zip(ours, expected):
        reference = librosa.power_to_db(b, ref=np.max)
        np.testing.assert_allclose(power_to_db(a), reference, rtol=0, atol=1e-3)


@pytest.mark.filterwarnings("ignore:n_fft=1024 is too large")
def test_sounds_shorter_than_a_window_equal_librosas():
    y = _sound(40, 333)
    options = {"n_fft": 1024, "hop_length": 100, "n_mels": 16}
    np.testing.assert_allclose(
        melspectrogram(y, **options),
        librosa.feature.melspectrogram(y=y, **options),
        rtol=1e-3,
        atol=1e-7,
    )


def test_clips_do_not_change_each_other():
    y = _sound(5, 30000)
    together = melspectrogram(y, n_fft=512, hop_length=128, n_mels=20)
    alone = melspectrogram(y[3], n_fft=512, hop_length=128, n_mels=20)
    np.testing.assert_array_equal(together[3], alone)
    np.testing.assert_array_equal(power_to_db(together)[3], power_to_db(alone))


def test_to_bins_is_the_transpose_of_to_mel():
    bank = mel_filterbank(sr=22050, n_fft=1024, n_mels=33)
    rng = np.random.default_rng(0)
    power, mel = rng.random((4, 513), np.float32), rng.random((4, 33), np.float32)
    np.testing.assert_allclose(bank.to_mel(power), power @ bank.filters.T, rtol=1e-4)
    np.testing.assert_allclose(bank.to_bins(mel), mel @ bank.filters, rtol=1e-4, atol=1e-9)


@given(st.floats(-60, 40), st.integers(0, 9))
def test_decibels_come_back_within_the_range(level, seed):
    rng = np.random.default_rng(seed)
    db = level - rng.uniform(0, 80, (2, 6, 7))
    db[:, 0, 0] = level
    unit, found = db_to_unit(db)
    assert unit.min() >= 0
    assert unit.max() == 1
    np.testing.assert_allclose(found, level)
    np.testing.assert_allclose(unit_to_db(unit, found), db)


def test_unit_scale_is_the_80_db_scale_of_librosa():
    mel = melspectrogram(_sound(2, 30000))
    unit, level = db_to_unit(power_to_db(mel, ref=1.0, top_db=None))
    for a, b, c in zip(unit, mel, level):
        np.testing.assert_allclose(a, librosa.power_to_db(b, ref=np.max) / 80 + 1, atol=1e-5)
        assert c == pytest.approx(10 * np.log10(b.max()))


def test_amplitude_moves_the_level_alone():
    mel = melspectrogram(_sound(1, 30000))
    unit, level = db_to_unit(power_to_db(mel, ref=1.0, top_db=None, amin=1e-30))
    quiet, quieter = db_to_unit(power_to_db(mel / 100, ref=1.0, top_db=None, amin=1e-30))
    np.testing.assert_allclose(quiet, unit, atol=1e-5)
    np.testing.assert_allclose(level - quieter, 20, atol=1e-4)


def test_silence_is_dark_and_quiet():
    unit, level = db_to_unit(power_to_db(np.zeros((1, 4, 5), np.float32), ref=1.0, top_db=None))
    assert not unit.any()
    assert level == pytest.approx(-100)


@given(st.integers(1, 5), st.integers(2, 12), st.floats(0.1, 1), st.integers(0, 9))
def test_clips_of_one_line_overlap_to_that_line(n_clips, length, share, seed):
    hop = share * length
    n_frames = int((n_clips - 1) * hop + length - 1) + 1
    slope, start = np.random.default_rng(seed).normal(size=2)
    times = np.arange(n_clips)[:, None] * hop + np.arange(length)
    piece = overlap_add(start + slope * times, hop=hop, n_frames=n_frames)
    covered = (
        (np.arange(n_frames) - times[:, :1] >= 0) & (np.arange(n_frames) <= times[:, -1:])
    ).any(0)
    expected = start + slope * np.arange(n_frames)
    np.testing.assert_allclose(piece[covered], expected[covered], atol=1e-6)
    assert np.isfinite(piece).all()


def test_overlap_add_weighs_the_middle_of_clips():
    piece = overlap_add(np.array([np.zeros(8), np.ones(8)]), hop=4, n_frames=12)
    assert (np.diff(piece) >= 0).all()
    np.testing.assert_allclose(piece[:4], 0, atol=1e-9)
    np.testing.assert_allclose(piece[-4:], 1, atol=1e-9)
