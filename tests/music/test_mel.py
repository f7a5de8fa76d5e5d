"""MelEncoder: a code that keeps time and level, and decodes to sound."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_asdf import AudioClips, MelEncoder
from sklearn_asdf.functional.mel import melspectrogram
from sklearn_asdf.music.mel_training import hold_out
from sklearn_asdf.music.spectra import SpectrumBank

from ..test_common import EXPECTED_FAILURES

pytest.importorskip("librosa")

SMALL = {"code_size": 8, "n_mels": 8, "n_fft": 64, "hop_length": 16, "n_iter": 1}
SR = 22050


@pytest.mark.slow
@parametrize_with_checks(
    [MelEncoder(**SMALL, epochs=1), MelEncoder(**SMALL, epochs=1, architecture="paper")],
    expected_failed_checks=lambda _: EXPECTED_FAILURES["MelEncoder"],
)
def test_trained_networks_are_scikit_learn_compatible(estimator, check):
    check(estimator)


def _melody(seconds, seed):
    """Half-second notes of a few partials, louder and softer."""
    rng = np.random.default_rng(seed)
    t = np.arange(SR // 2) / SR
    notes = [
        rng.uniform(0.1, 0.4)
        * np.exp(-4 * t)
        * sum(np.sin(2 * np.pi * 220 * 2 ** (k / 12) * h * t) / h for h in (1, 2, 3, 4))
        for k in rng.choice([0, 2, 4, 5, 7, 9, 11, 12], 2 * seconds)
    ]
    return np.concatenate(notes).astype(np.float32) / 2


@pytest.fixture(scope="module")
def clips():
    return AudioClips.from_recordings(
        [_melody(8, s) for s in range(3)], clip_duration=2, hop_duration=0.5
    )


@pytest.fixture(scope="module")
def encoder(clips):
    return MelEncoder(
        code_size=64, n_mels=48, n_fft=2048, hop_length=512, epochs=0, steps=2, random_state=0
    ).fit(clips)


def test_code_keeps_time_and_names(encoder, clips):
    code = encoder.transform(clips)
    assert code.shape == (len(clips), 64)
    assert code.dtype == np.float32
    assert encoder.code_shape_ == (2, 32)
    names = encoder.get_feature_names_out()
    assert names[[0, 1, 32]].tolist() == ["step0_level", "step0_channel1", "step1_level"]
    # What sounds in the second half changes that half's channels alone, but for the level.
    y = np.array(clips[0])
    changed = y.copy()
    changed[SR * 3 // 2 :] *= -0.5
    a, b = encoder.transform(np.stack([y, changed])).reshape(2, 2, 32)
    np.testing.assert_allclose(a[0, 1:], b[0, 1:], atol=1e-3)
    assert np.abs(a[1, 1:] - b[1, 1:]).max() > 0.1


def test_shapes_and_error(encoder, clips):
    spectrogram = encoder.spectrogram(clips)
    code = encoder.transform(clips)
    decoded = encoder.decode(code)
    assert spectrogram.shape == decoded.shape == (len(clips), 48, encoder.n_frames_)
    assert 0 <= decoded.min() <= decoded.max() <= 1
    error = np.square(spectrogram - decoded).mean(axis=(1, 2))
    np.testing.assert_allclose(encoder.reconstruction_error(clips), error, rtol=1e-4)
    assert error.mean() < 0.25 * spectrogram.var()
    assert encoder.inverse_transform(code[:2]).shape == (2, clips.shape[1])


def test_arrays_and_windows_have_one_code(encoder, clips):
    code = encoder.transform(clips)
    np.testing.assert_array_equal(encoder.transform(np.asarray(clips)), code)
    np.testing.assert_array_equal(encoder.transform(clips[5:7]), code[5:7])


def test_a_tenth_of_the_amplitude_decodes_20_db_quieter(encoder, clips):
    y = np.array(clips[3])
    code = encoder.transform(np.stack([y, y / 10]))
    levels = encoder.level(code)
    assert levels[0] - levels[1] == pytest.approx(20, abs=0.1)
    loud, quiet = np.sqrt(np.mean(encoder.inverse_transform(code) ** 2, axis=1))
    assert 20 * np.log10(loud / quiet) == pytest.approx(20, abs=1)
    assert 20 * np.log10(loud / np.sqrt(np.mean(y**2))) == pytest.approx(0, abs=3)


def test_decoded_sound_has_the_decoded_bands(encoder, clips):
    code = encoder.transform(clips[:3])
    sound = encoder.inverse_transform(code)
    again = encoder.spectrogram(sound)
    # Where music is heard, not in the noise floor.
    wanted = encoder.decode(code)
    assert np.abs(again - wanted)[wanted > 0.5].mean() < 0.03


def test_silence_dc_and_clipping_have_documented_results(encoder, clips):
    n = clips.shape[1]
    clipped = np.clip(5 * clips[0], -1, 1)
    code = encoder.transform(np.stack([np.zeros(n), np.full(n, 0.5), clipped]))
    assert np.isfinite(code).all()
    levels = encoder.level(code)
    assert levels[0] == pytest.approx(-100)
    assert not encoder.spectrogram(np.zeros((1, n))).any()
    sound = encoder.inverse_transform(code)
    assert np.abs(sound[0]).max() < 1e-4
    assert np.isfinite(sound).all()


def test_unusable_input_ends_in_a_sentence(encoder, clips):
    n = clips.shape[1]
    with pytest.raises(ValueError, match=rf"X has 5 features.*expecting {n} features.*2 s"):
        encoder.transform(np.ones((2, 5)))
    with pytest.raises(ValueError, match="every clip is silent"):
        clone(encoder).fit(np.zeros((3, n)))
    with pytest.raises(ValueError, match="at 22050 Hz, got clips at 8000 Hz"):
        clone(encoder).fit(AudioClips([np.ones(9000)], [0], [0], 8000, sr=8000))
    with pytest.raises(ValueError, match="codes of 64 numbers, got 5"):
        encoder.decode(np.ones((2, 5)))
    with pytest.raises(ValueError, match="steps that divide code_size=64, got 5"):
        clone(encoder).set_params(steps=5).fit(clips)
    with pytest.raises(ValueError, match=r"at least 2 numbers a step"):
        clone(encoder).set_params(steps=64).fit(clips)
    with pytest.raises(ValueError, match="Did you mean 'local'"):
        clone(encoder).set_params(architecture="locl").fit(clips)
    with pytest.raises(ValueError, match="fmax at most half of sr, 11025 Hz"):
        clone(encoder).set_params(fmax=20000).fit(clips)
    with pytest.raises(ValueError, match="at most a clip's 2 s, got 3"):
        encoder.compose(encoder.transform(clips[:2]), hop_duration=3)


@pytest.mark.parametrize("variational", [False, True])
def test_trained_twice_with_one_seed_gives_the_same_bits(variational):
    audio = np.random.default_rng(0).normal(size=(12, 5000)).astype(np.float32)
    encoder = MelEncoder(
        code_size=16,
        steps=2,
        n_mels=16,
        n_fft=512,
        epochs=1,
        pitch_shifts=(),
        variational=variational,
        random_state=0,
    )
    once = encoder.fit(audio)
    before = random.getstate()
    twice = clone(encoder).fit(audio)
    np.testing.assert_array_equal(
        once.decode(once.transform(audio)), twice.decode(twice.transform(audio))
    )
    assert random.getstate() == before


def test_half_precision_decodes_nearly_as_well(clips):
    encoder = MelEncoder(
        code_size=32, steps=2, n_mels=32, n_fft=2048, hop_length=512, epochs=2, pitch_shifts=(),
        random_state=0,
    )  # fmt: skip
    whole = encoder.fit(clips).reconstruction_error(clips).mean()
    half = clone(encoder).set_params(dtype="mixed_bfloat16").fit(clips)
    assert half.transform(clips).dtype == np.float32
    assert half.reconstruction_error(clips).mean() == pytest.approx(whole, rel=0.1)


def test_divergence_draws_a_variational_code_together(clips):
    spreads = []
    for kl_weight in (0.0, 3.0):
        encoder = MelEncoder(
            code_size=32, steps=2, n_mels=32, n_fft=2048, hop_length=512, epochs=8,
            learning_rate=0.01, pitch_shifts=(), variational=True, kl_weight=kl_weight,
            validation_fraction=0, random_state=0,
        )  # fmt: skip
        code = encoder.fit_transform(clips)
        # The code is the density's mean: no draw in it.
        np.testing.assert_array_equal(encoder.transform(clips), code)
        # Without the level, which no network encodes.
        spreads.append(code.reshape(len(code), 2, 16)[..., 1:].std())
    assert spreads[1] < 0.7 * spreads[0]


def test_few_recordings_hold_the_shortest_one_out():
    sound = np.random.default_rng(0).normal(size=8 * 500).astype(np.float32)
    clips = AudioClips.from_recordings(
        [sound, sound[:2000], sound], sr=500, clip_duration=1.0, hop_duration=0.5
    )
    assert set(clips.groups[hold_out(clips, 0.1)]) == {1}
    assert not hold_out(clips, 0.0).any()


def test_same_seed_same_bits_also_in_another_process(encoder, clips, tmp_path):
    code = encoder.transform(clips)
    np.testing.assert_array_equal(clone(encoder).fit(clips).transform(clips), code)
    sound = encoder.inverse_transform(code[:2])
    np.testing.assert_array_equal(encoder.inverse_transform(code[:2]), sound)
    (tmp_path / "in").write_bytes(pickle.dumps((encoder, clips)))
    script = (
        "import pickle, sys; from pathlib import Path; p = Path(sys.argv[1]);"
        "e, c = pickle.loads((p / 'in').read_bytes()); t = e.transform(c);"
        "(p / 'out').write_bytes(pickle.dumps((t, e.inverse_transform(t[:2]))))"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, str(tmp_path)], check=True)
    other_code, other_sound = pickle.loads((tmp_path / "out").read_bytes())
    np.testing.assert_array_equal(other_code, code)
    np.testing.assert_array_equal(other_sound, sound)


def test_composed_clips_are_one_piece_near_the_original(encoder, clips):
    part = clips[clips.groups == 0]
    piece = encoder.compose(encoder.transform(part), hop_duration=0.5)
    n = (len(part) - 1) * SR // 2 + clips.shape[1]
    assert piece.shape == (n,)
    original = part.recordings[0][:n]
    jumps = np.abs(np.diff(piece))
    assert jumps.max() < 2 * np.abs(np.diff(original)).max()
    options = {"n_fft": 2048, "hop_length": 512, "n_mels": 48}
    a, b = melspectrogram(piece, **options), melspectrogram(original, **options)
    assert np.corrcoef(np.log10(a + 1e-3).ravel(), np.log10(b + 1e-3).ravel())[0, 1] > 0.9


def test_joints_jump_no_more_than_other_places():
    # A steady chord: nothing but a joint could make a jump.
    t = np.arange(6 * SR) / SR
    chord = sum(0.1 * np.sin(2 * np.pi * f * t) for f in (220, 277.2, 329.6))
    clips = AudioClips.from_recordings([chord], clip_duration=2, hop_duration=0.7)
    encoder = MelEncoder(
        code_size=32, n_mels=64, n_fft=2048, pitch_shifts=(), epochs=0, random_state=0
    ).fit(clips)
    piece = encoder.compose(encoder.transform(clips), hop_duration=0.7)
    jumps = np.abs(np.diff(piece))[2048:-2048]
    for k in range(1, len(clips)):
        for joint in (round(k * 0.7 * SR), round(k * 0.7 * SR + 1.3 * SR)):
            near = jumps[joint - 2048 - 50 : joint - 2048 + 50]
            if len(near) == 100:
                assert near.max() <= np.quantile(jumps, 0.999)


@pytest.mark.parametrize(("seconds", "steps"), [(0.25, 1), (3.7, 1), (5, 2), (10, 4)])
def test_other_lengths_of_clip(seconds, steps):
    clips = AudioClips.from_recordings([_melody(12, 0)], clip_duration=seconds, hop_duration=1)
    encoder = MelEncoder(code_size=32, n_mels=24, n_fft=1024, epochs=0, n_iter=1, random_state=0)
    code = encoder.fit_transform(clips)
    assert encoder.code_shape_ == (steps, 32 // steps)
    assert code.shape == (len(clips), 32)
    assert encoder.inverse_transform(code[:1]).shape == (1, clips.shape[1])
    assert encoder.reconstruction_error(clips).mean() < encoder.spectrogram(clips).var() / 2


def test_vocoders_make_other_sound_of_one_spectrogram():
    clips = AudioClips.from_recordings([_melody(8, 0)], clip_duration=4, hop_duration=2)
    encoder = MelEncoder(code_size=32, n_mels=24, n_fft=1024, hop_length=256, epochs=0, n_iter=2)
    code = encoder.set_params(random_state=0).fit_transform(clips)
    noise = encoder.inverse_transform(code)
    integrated = encoder.set_params(vocoder="pghi").inverse_transform(code)
    assert integrated.shape == noise.shape
    assert not np.allclose(integrated, noise)
    np.testing.assert_array_equal(integrated, encoder.inverse_transform(code))
    with pytest.raises(ValueError, match="Did you mean 'pghi'"):
        encoder.set_params(vocoder="pghy").fit(clips)


def test_memory_does_not_grow_with_overlap():
    options = {"sr": SR, "n_fft": 1024, "hop_length": 512, "n_mels": 16}
    recordings = [_melody(20, s) for s in range(2)]
    sizes = [
        SpectrumBank.of(
            AudioClips.from_recordings(recordings, clip_duration=4, hop_duration=hop), options, 80
        ).frames.nbytes
        for hop in (4, 1, 0.05)
    ]
    assert sizes[1] <= 1.01 * sizes[0]
    assert sizes[2] <= 1.01 * sizes[0]


def test_bank_holds_the_spectra_of_its_clips(clips):
    options = {"sr": SR, "n_fft": 1024, "hop_length": 441, "n_mels": 16}
    bank = SpectrumBank.of(clips, options, 80.0)
    array = SpectrumBank.of(np.asarray(clips), options, 80.0)
    np.testing.assert_allclose(bank.levels, array.levels, atol=3)
    for i in (0, 4, 9):
        a = bank.frames[bank.starts[i] :][5 : bank.n_frames - 5].astype(float)
        b = array.frames[array.starts[i] :][5 : array.n_frames - 5].astype(float)
        # Half-second hops are whole numbers of frames here.
        np.testing.assert_allclose(a, b, atol=0.2)
    assert (bank.starts + bank.n_frames <= len(bank.frames)).all()


def test_highpass_takes_the_bass(encoder, clips):
    code = encoder.transform(clips[:2])
    other = pickle.loads(pickle.dumps(encoder)).set_params(highpass=2000)
    assert (
        np.square(other.inverse_transform(code)).mean()
        < 0.2 * np.square(encoder.inverse_transform(code)).mean()
    )


def test_defaults_warn_of_nothing():
    # 128 bands, transposed copies and all: warnings are errors here.
    clips = AudioClips.from_recordings([_melody(12, 0)])
    encoder = MelEncoder(code_size=64, epochs=0, random_state=0)
    code = encoder.fit_transform(clips)
    assert code.shape == (len(clips), 64)
    spectrogram, decoded = encoder.spectrogram(clips), encoder.decode(code)
    assert np.corrcoef(spectrogram.ravel(), decoded.ravel())[0, 1] > 0.8
