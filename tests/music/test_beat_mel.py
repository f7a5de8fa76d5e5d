"""Codes of music in beats: the grid, the common key, and the way back to sound."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_asdf import AudioClips, BeatMelEncoder

pytest.importorskip("librosa", reason="needs the extra 'music'")

SR = 22050
TEMPI = (90.0, 100.0, 110.0, 120.0, 130.0)
# A tune in C major, a note per beat, in semitones above A.
TUNE = (3, 7, 10, 3, 5, 7, 2, 3)


def music(bpm, *, semitones=0.0, duration=8.0, offset=0.0, level=0.3):
    """Notes with a sharp attack on each beat, the first one at `offset` s."""
    t = np.arange(round(duration * SR)) / SR
    beat = (t - offset) * bpm / 60
    note = np.floor(beat).astype(int)
    pitch = np.take(TUNE, note % len(TUNE)) + semitones
    within = (beat - note) * 60 / bpm
    envelope = np.where(beat >= 0, np.exp(-6 * within), 0.0)
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (pitch / 12)) / SR
    return (level * envelope * (np.sin(phase) + 0.5 * np.sin(2 * phase))).astype(np.float32)


@pytest.fixture(scope="module")
def clips():
    return np.stack([music(t, semitones=i, offset=0.2) for i, t in enumerate(TEMPI)])


@pytest.fixture(scope="module")
def encoder(clips):
    return BeatMelEncoder(n_components=24, codebook_size=None, n_iter=8, random_state=0).fit(clips)


def test_tempo_and_phase_are_those_of_the_music(encoder, clips):
    code = encoder.transform(clips)
    tempo, phase = 2 ** code[:, -3], np.arctan2(code[:, -1], code[:, -2])
    # The tracker rounds periods to whole frames of 12 ms.
    np.testing.assert_allclose(tempo, TEMPI, rtol=0.03)
    expected = 2 * np.pi * (4.0 - 0.2) * np.array(TEMPI) / 60
    assert np.cos(phase - expected).min() > 0.8
    np.testing.assert_array_equal(code[:, -4], 8.0)


def test_the_same_tune_has_the_same_steps_at_any_tempo_and_in_any_key(encoder, clips):
    code = encoder.transform(clips)
    # The tune is in C major, transposed up by 0 to 4 semitones.
    np.testing.assert_array_equal(code[:, -5], [0, -1, -2, -3, -4])
    steps = code[:, :-5].reshape(len(code), *encoder.code_shape_)
    # Of 8 beats in the middle of a clip, found by their place in the tune.
    first = [round(np.interp(3.0, [0, 8], [0, 8 * 2 ** c[-3] / 60])) for c in code]
    spectra = []
    for i, k in enumerate(first):
        values = steps[i] * encoder.scale_ @ encoder.components_ + encoder.mean_
        spectra.append(values[4 * k : 4 * k + 32].mean(axis=0))
    together = np.corrcoef(spectra)
    assert together.min() > 0.9


def test_decoded_music_has_the_beat_the_key_and_the_level_of_its_code(encoder, clips):
    audio = encoder.inverse_transform(encoder.transform(clips))
    again = encoder.transform(audio)
    code = encoder.transform(clips)
    np.testing.assert_array_equal(again[:, -5], code[:, -5])
    np.testing.assert_allclose(again[:, -3], code[:, -3], atol=0.03)
    level = [20 * np.log10(np.sqrt(np.square(a).mean(axis=1))) for a in (audio, clips)]
    np.testing.assert_allclose(level[0], level[1], atol=3.0)


def test_a_code_is_played_at_another_tempo_and_in_another_key(encoder, clips):
    code = encoder.transform(clips)[:1]
    code[:, -3], code[:, -5] = np.log2(120.0), -2
    # With the steps of a faster clip, so that there are enough of them.
    steps = encoder.transform(clips[3:4])[:, :-5]
    code[:, :-5] = steps
    again = encoder.transform(encoder.inverse_transform(code))
    assert 2 ** again[0, -3] == pytest.approx(120, rel=0.03)
    assert again[0, -5] == -2


def test_silence_decodes_to_silence(encoder):
    code = encoder.transform(np.zeros((1, 8 * SR), np.float32))
    assert np.abs(encoder.inverse_transform(code)).max() < 5e-3


def test_clips_of_one_recording_compose_to_it(encoder, clips):
    recording = music(120.0, duration=14.0, offset=0.2)
    parts = AudioClips.from_recordings([recording], clip_duration=8.0, hop_duration=3.0)
    piece = encoder.compose(encoder.transform(parts), hop_duration=3.0)
    assert piece.shape == recording.shape
    whole = BeatMelEncoder(n_components=24, random_state=0).fit(np.stack([recording, piece]))
    tempo = 2 ** whole.transform(np.stack([recording, piece]))[:, -3]
    np.testing.assert_allclose(tempo, 120, rtol=0.02)


def test_weight_zero_leaves_a_clip_out(clips):
    encoder = BeatMelEncoder(n_components=8, n_mels=64, random_state=0)
    weight = np.array([1.0, 1.0, 1.0, 1.0, 0.0])
    weighted = clone(encoder).fit(clips, sample_weight=weight)
    without = clone(encoder).fit(clips[:-1])
    np.testing.assert_allclose(weighted.mean_, without.mean_)
    assert weighted.tempo_range_ == without.tempo_range_


def test_wrong_sizes_are_named(clips):
    with pytest.raises(ValueError, match="at most as many n_components"):
        BeatMelEncoder(n_components=90, n_mels=20).fit(clips)
    with pytest.raises(ValueError, match="n_envelope below n_components=8"):
        BeatMelEncoder(n_components=8, n_envelope=8).fit(clips)
    with pytest.raises(ValueError, match="fmin below fmax"):
        BeatMelEncoder(fmin=9000.0, fmax=8000.0).fit(clips)


def test_steps_are_moved_only_to_entries_that_recordings_share(clips):
    drone = 0.2 * np.sign(np.sin(2 * np.pi * 61 * np.arange(8 * SR) / SR))[None]
    encoder = BeatMelEncoder(n_components=24, codebook_size=40, n_iter=0, random_state=0)
    code = encoder.fit_transform(np.concatenate([clips, drone.astype(np.float32)]))
    found = encoder.codebook_recordings_
    assert len(found) == len(encoder.codebook_) == 40
    # Five recordings have the tune, and one the drone.
    assert found.max() == 5
    assert found.min() == 1
    alone, plain = copy.copy(encoder), copy.copy(encoder)
    alone.codebook_recordings_ = np.ones(40, dtype=int)
    plain.codebook_ = None
    moved, kept, expected = (e.inverse_transform(code[:1]) for e in (encoder, alone, plain))
    np.testing.assert_allclose(kept, expected, atol=1e-4)
    assert np.abs(moved - kept).max() > 0.01


def envelope(y):
    """Level of frames of 12 ms, in dB above -60."""
    power = np.square(y[: len(y) // 256 * 256]).reshape(-1, 256).mean(axis=1)
    return np.maximum(10 * np.log10(power + 1e-12), -60.0)


def test_attacks_are_as_sharp_as_short_windows_show_them(clips):
    errors = []
    for n_envelope in (0, None):
        encoder = BeatMelEncoder(
            n_components=24, n_envelope=n_envelope, codebook_size=None, n_iter=4, random_state=0
        ).fit(clips)
        found = encoder.inverse_transform(encoder.transform(clips[:2]))
        errors.append(
            np.mean([abs(envelope(a) - envelope(b)).mean() for a, b in zip(found, clips)])
        )
    assert errors[1] < 0.85 * errors[0]


def test_envelopes_are_the_first_numbers_of_a_step(encoder, clips):
    assert encoder.n_envelope_ == 6
    levels = encoder.decoding_[:, :48]
    assert not levels[6:].any()
    # A quarter of the amplitude is 12 dB less, where bands are above the floor.
    code = encoder.transform(np.concatenate([clips[:1], clips[:1] / 4]))
    steps = code[:, : 30 * 24].reshape(2, 30, 24)
    loud, quiet = (steps * encoder.scale_) @ levels + encoder.mean_[:48]
    strongest = loud.mean(axis=0).argmax()
    assert np.median((loud - quiet)[:, strongest]) == pytest.approx(12.0, abs=1.5)


def test_low_notes_remain_where_music_is_transposed_down():
    # In F sharp major: six semitones down, the bass is below 40 Hz.
    bass = 0.2 * np.sin(2 * np.pi * 46.25 * np.arange(8 * SR) / SR)
    y = (music(100.0, semitones=6) + bass).astype(np.float32)[None]
    encoder = BeatMelEncoder(n_components=12, codebook_size=None, n_iter=8, random_state=0).fit(y)
    code = encoder.transform(y)
    assert code[0, -5] == -6
    found = encoder.inverse_transform(code)

    def share_of_bass(sound):
        power = np.square(np.abs(np.fft.rfft(sound)))
        return power[: 8 * 80].sum() / power.sum()

    assert share_of_bass(found[0]) > 0.7 * share_of_bass(y[0])
