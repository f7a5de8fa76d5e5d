"""Sounds have the mel bands they were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.functional.griffinlim import highpass, mel_to_audio, mel_to_power
from sklearn_asdf.functional.mel import mel_filterbank, melspectrogram, power_to_db

pytest.importorskip("librosa")

SMALL = {"n_fft": 1024, "hop_length": 256}


@pytest.fixture(scope="module")
def sound():
    """Two seconds of three plucked chords over a little noise."""
    rng = np.random.default_rng(0)
    t = np.arange(22050) / 22050
    chords = [
        sum(np.sin(2 * np.pi * f * k * t) / k for f in notes for k in range(1, 6)) * np.exp(-3 * t)
        for notes in ((220, 277, 330), (196, 247, 294), (220, 262, 330))
    ]
    y = np.concatenate([c[:14700] for c in chords]) / 10
    return (y + rng.normal(0, 1e-3, y.shape)).astype(np.float32)


def _mel_error(y, mel, options):
    back = melspectrogram(y, n_mels=mel.shape[-2], **options)
    return np.linalg.norm(np.sqrt(back) - np.sqrt(mel)) / np.linalg.norm(np.sqrt(mel))


def test_inversion_has_the_bands_and_no_negative_power(sound):
    mel = melspectrogram(sound, n_mels=64, **SMALL)
    power = mel_to_power(mel, n_fft=1024)
    assert power.min() >= 0
    bank = mel_filterbank(sr=22050, n_fft=1024, n_mels=64)
    back = bank.to_mel(power.T).T
    assert np.linalg.norm(back - mel) < 0.02 * np.linalg.norm(mel)
    few = bank.to_mel(mel_to_power(mel, n_fft=1024, n_iter=2).T).T
    assert np.linalg.norm(back - mel) < np.linalg.norm(few - mel)


def test_sound_comes_near_its_bands_and_nearer_with_more_iterations(sound):
    mel = melspectrogram(sound, n_mels=64, **SMALL)
    errors = [
        _mel_error(
            mel_to_audio(mel, n_samples=len(sound), n_iter=n, random_state=0, **SMALL), mel, SMALL
        )
        for n in (0, 4, 16, 64)
    ]
    assert sorted(errors, reverse=True) == errors
    assert errors[2] < 0.1


def test_sound_is_deterministic_and_alone_as_in_company(sound):
    mel = melspectrogram(np.stack([sound, sound[::-1]]), n_mels=64, **SMALL)
    both = mel_to_audio(mel, n_iter=2, random_state=0, **SMALL)
    np.testing.assert_array_equal(both, mel_to_audio(mel, n_iter=2, random_state=0, **SMALL))
    np.testing.assert_array_equal(both[1], mel_to_audio(mel[1], n_iter=2, random_state=0, **SMALL))
    assert (both != mel_to_audio(mel, n_iter=2, random_state=1, **SMALL)).any()
    assert both.shape == (2, (mel.shape[-1] - 1) * 256)


@pytest.mark.parametrize("scale", [1e-4, 1e3])
def test_amplitude_is_kept(sound, scale):
    mel = melspectrogram(sound, n_mels=64, **SMALL)
    options = {"n_samples": len(sound), "n_iter": 4, "random_state": 0, **SMALL}
    y = mel_to_audio(mel, **options)
    np.testing.assert_allclose(
        mel_to_audio(mel * np.float32(scale**2), **options) / scale, y, atol=1e-3 * np.abs(y).max()
    )
    assert np.sqrt(np.mean(y**2)) == pytest.approx(np.sqrt(np.mean(sound**2)), rel=0.1)


def test_a_tone_keeps_its_pitch():
    tone = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    mel = melspectrogram(tone, n_mels=128, n_fft=4096)
    y = mel_to_audio(mel, n_samples=22050, random_state=0)
    assert abs(np.argmax(np.abs(np.fft.rfft(y))) - 440) < 15


@pytest.mark.parametrize(
    ("n_samples", "n_fft", "hop_length"), [(5, 64, 16), (1, 64, 16), (1000, 64, 100), (999, 65, 7)]
)
def test_odd_sizes_have_their_length_and_no_nan(n_samples, n_fft, hop_length):
    y = np.random.default_rng(0).normal(size=(3, n_samples))
    options = {"n_fft": n_fft, "hop_length": hop_length}
    mel = melspectrogram(y, n_mels=6, **options)
    back = mel_to_audio(mel, n_samples=n_samples, random_state=0, **options)
    assert back.shape == y.shape
    assert np.isfinite(back).all()


def test_silence_gives_silence():
    y = mel_to_audio(np.zeros((16, 20)), n_iter=3, random_state=0, **SMALL)
    assert np.abs(y).max() < 1e-6


def test_highpass_falls_by_12_db_an_octave():
    t = np.arange(44100) / 22050
    levels = []
    for f in (25, 50, 100, 1600):
        y = highpass(np.sin(2 * np.pi * f * t), cutoff=200)[22050:]
        levels.append(20 * np.log10(np.abs(y).max()))
    assert levels[1] - levels[0] == pytest.approx(12, abs=0.5)
    assert levels[2] - levels[1] == pytest.approx(12, abs=0.8)
    assert levels[3] == pytest.approx(0, abs=0.1)
    stereo = np.random.default_rng(0).normal(size=(2, 3, 50)).astype(np.float32)
    assert highpass(stereo, cutoff=200).dtype == np.float32
    np.testing.assert_allclose(
        highpass(stereo, cutoff=200)[1, 2], highpass(stereo[1, 2], cutoff=200)
    )


@pytest.mark.real_data
def test_real_music_reaches_the_quality_of_slow_methods(data_dir):
    soundfile = pytest.importorskip("soundfile")
    path = next((data_dir / "ballet_music").glob("*sleigh*"))
    y, sr = soundfile.read(path, dtype="float32", start=20 * 22050, frames=8 * 22050)
    assert sr == 22050
    mel = melspectrogram(y)
    back = mel_to_audio(mel, n_samples=len(y), random_state=0)
    assert _mel_error(back, mel, {}) < 0.06
    distance = power_to_db(melspectrogram(back)) - power_to_db(mel)
    assert np.sqrt((distance**2).mean(axis=0)).mean() < 1.2


def test_integrated_phases_are_a_better_start_than_noise(sound):
    mel = melspectrogram(sound, n_mels=64, **SMALL)
    options = {"n_samples": len(sound), "n_iter": 16, "random_state": 0, **SMALL}
    random, pghi = (mel_to_audio(mel, start=s, **options) for s in ("random", "pghi"))
    assert _mel_error(pghi, mel, SMALL) < 0.9 * _mel_error(random, mel, SMALL)
    both = mel_to_audio(np.stack([mel, mel]), start="pghi", **options)
    np.testing.assert_array_equal(both[1], pghi)
    with pytest.raises(ValueError, match="'random', 'pghi' or a function, got 'noise'"):
        mel_to_audio(mel, start="noise")
