"""The neural vocoder of MelEncoder."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

pytest.importorskip("keras", reason="trains a network")

from sklearn_asdf import AudioClips, MelEncoder, load, save
from sklearn_asdf.functional.griffinlim import mel_to_audio
from sklearn_asdf.functional.mel import melspectrogram
from sklearn_asdf.metrics import harmonic_error, spectral_distance
from sklearn_asdf.music import neural_vocoder

SR = 22050
BANDS = {"n_fft": 2048, "hop_length": 512}
OPTIONS = {"sr": SR, "n_mels": 96, "fmin": 0.0, "fmax": None, **BANDS}


def melody(seconds, seed):
    """Three voices of quarter seconds with eight partials."""
    rng = np.random.default_rng(seed)
    t = np.arange(SR // 4) / SR
    voices = 0
    for octave in (110, 220, 440):
        notes = []
        for k in rng.choice([0, 2, 4, 5, 7, 9, 11, 12], 4 * seconds):
            pitch = octave * 2 ** (k / 12)
            partials = sum(np.sin(2 * np.pi * pitch * h * t) / h for h in range(1, 9))
            notes.append(rng.uniform(0.02, 0.1) * np.exp(-3 * t) * partials)
        voices = voices + np.concatenate(notes)
    return voices.astype(np.float32)


@pytest.fixture(scope="module")
def clips():
    return AudioClips.from_recordings(
        [melody(12, seed) for seed in range(3)], clip_duration=4, hop_duration=2
    )


@pytest.fixture(scope="module")
def encoder(clips):
    return MelEncoder(
        vocoder="neural", code_size=64, n_mels=96, epochs=0, random_state=0, **BANDS
    ).fit(clips)


@pytest.fixture(scope="module")
def vocoder(encoder):
    return encoder._vocoder


def test_partials_are_nearer_than_by_twice_the_time(vocoder):
    y = np.stack([melody(4, seed) for seed in (10, 11)])
    mel = melspectrogram(y, n_mels=96, **BANDS)
    options = {"n_samples": y.shape[1], "random_state": 0, **BANDS}
    plain = mel_to_audio(mel, n_iter=32, **options)
    neural = mel_to_audio(mel, n_iter=4, start=vocoder.spectra, **options)
    assert harmonic_error(neural, y).mean() < 0.75 * harmonic_error(plain, y).mean()
    assert spectral_distance(neural, y).mean() < spectral_distance(plain, y).mean()
    # At once, without any iteration, too.
    once = mel_to_audio(mel, n_iter=0, start=vocoder.spectra, **options)
    assert harmonic_error(once, y).mean() < 0.75 * harmonic_error(plain, y).mean()


def test_magnitudes_are_nearer_than_those_of_the_bands(vocoder):
    y = melody(4, 12)
    mel = melspectrogram(y, n_mels=96, **BANDS).T
    padded = np.pad(y, 1024)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2048)[::512]
    true = np.abs(np.fft.rfft(frames * np.hanning(2049)[:-1]))[: len(mel)]
    found = vocoder.estimate(mel, slice(0, len(mel)))[0]
    smooth = np.sqrt(10 ** (vocoder._bins.levels(10 * np.log10(np.maximum(mel, 1e-10))) / 10))
    loud = true > 0.03 * true.max(axis=1, keepdims=True)
    error, before = (np.abs(np.log(a[loud] / true[loud])).mean() for a in (found, smooth))
    assert error < 0.5 * before


def test_runs_of_frames_give_the_same_spectra(vocoder):
    mel = melspectrogram(melody(2, 13), n_mels=96, **BANDS).T
    whole = next(vocoder.spectra(mel, iter([slice(0, len(mel))])))
    parts = vocoder.spectra(mel, iter([slice(0, 20), slice(20, 21), slice(21, len(mel))]))
    joined = np.concatenate(list(parts))
    assert joined.dtype == np.complex64
    np.testing.assert_allclose(joined, whole, atol=1e-4 * np.abs(whole).max())
    # The level scales the sound and changes nothing else.
    louder = next(vocoder.spectra(100 * mel, iter([slice(0, len(mel))])))
    np.testing.assert_allclose(np.abs(louder), 10 * np.abs(whole), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(louder, 10 * whole, atol=0.05 * np.abs(whole).max())


def test_decoded_sound_survives_saving_and_holds_no_music(encoder, clips, tmp_path):
    code = encoder.transform(clips[:2])
    sound = encoder.inverse_transform(code)
    np.testing.assert_array_equal(sound, encoder.inverse_transform(code))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(encoder)).inverse_transform(code), sound
    )
    save(encoder, tmp_path / "encoder.zip")
    loaded = load(tmp_path / "encoder.zip")
    np.testing.assert_array_equal(loaded.inverse_transform(code), sound)
    arrays = [v for v in vars(encoder._vocoder).values() if isinstance(v, np.ndarray)]
    assert not arrays
    assert 10_000 < encoder._vocoder.network.n_parameters < 250_000
    # One piece of several clips, too.
    piece = encoder.compose(code, hop_duration=2.0)
    assert piece.shape == (6 * SR,)
    assert np.abs(piece).max() > 0.05


def test_the_seed_decides(clips, encoder, monkeypatch):
    monkeypatch.setattr(neural_vocoder, "_OPTIONS", {**neural_vocoder._OPTIONS, "epochs": 1})
    weights = [
        neural_vocoder.fit_vocoder(
            clips[:2], OPTIONS, random_state=np.random.RandomState(seed)
        ).network.weights
        for seed in (0, 0, 1)
    ]
    for a, b in zip(weights[0], weights[1], strict=True):
        np.testing.assert_array_equal(a, b)
    assert (weights[0][0] != weights[2][0]).any()


def test_an_encoder_without_a_vocoder_says_so(clips):
    encoder = MelEncoder(code_size=64, n_mels=96, epochs=0, random_state=0, **BANDS).fit(clips[:2])
    code = encoder.transform(clips[:1])
    with pytest.raises(ValueError, match="fitted with vocoder='neural', got one that was fitted"):
        encoder.set_params(vocoder="neural").inverse_transform(code)


def test_silence_and_short_clips_decode(encoder, monkeypatch):
    silent = np.zeros((1, encoder.n_samples_), np.float32)
    assert np.abs(encoder.inverse_transform(encoder.transform(silent))).max() < 1e-4
    monkeypatch.setattr(neural_vocoder, "_OPTIONS", {**neural_vocoder._OPTIONS, "epochs": 1})
    # Clips shorter than a window, one of them silent.
    short = np.stack([np.zeros(1500, np.float32), melody(1, 0)[:1500]])
    small = MelEncoder(vocoder="neural", code_size=8, n_mels=16, epochs=0, random_state=0, **BANDS)
    sound = small.fit(short).inverse_transform(small.transform(short))
    assert sound.shape == short.shape
    assert np.isfinite(sound).all()
