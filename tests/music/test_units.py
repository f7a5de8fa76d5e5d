"""UnitEncoder: codes that describe music, and real music joined on the beat of codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_asdf import AudioClips, UnitEncoder
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.music.corpus import Corpus, Run
from sklearn_asdf.testing import run_in_new_process

SR = 22050


def ticking(tempo, *, first=0.2, duration=16.0, pitch=1000.0, amplitude=0.5):
    """Short tones on each beat over a soft hum."""
    t = np.arange(round(duration * SR)) / SR
    y = 0.002 * np.sin(2 * np.pi * 220 * t)
    tone = np.exp(-np.arange(1500) / 300) * np.sin(2 * np.pi * pitch * np.arange(1500) / SR)
    for beat in np.arange(first, duration - 0.1, 60 / tempo):
        i = round(beat * SR)
        y[i : i + 1500] += tone[: len(y) - i]
    return (amplitude * y).astype(np.float32)


def attacks(y):
    """Times in s at which a short tone begins, from the envelope."""
    power = np.convolve(y**2, np.ones(64) / 64, mode="same")
    loud = power > 0.1 * power.max()
    first = np.flatnonzero(loud & ~np.r_[False, loud[:-1]])
    return first[np.r_[True, np.diff(first) > 0.1 * SR]] / SR


@pytest.fixture(scope="module")
def clicks():
    """Three recordings that differ in tempo and pitch."""
    recordings = [
        ticking(90, pitch=500),
        ticking(105, first=0.35, pitch=1000, amplitude=0.2),
        ticking(120, first=0.1, pitch=3000, amplitude=0.8),
    ]
    return AudioClips.from_recordings(recordings, clip_duration=6.0, hop_duration=2.0)


@pytest.fixture(scope="module")
def encoder(clicks):
    return UnitEncoder().fit(clicks)


@pytest.fixture(scope="module")
def music():
    factors = {"extent": [0.0, 0.3, 0.7, 1.0], "tempo": [90, 100, 110, 120]}
    return make_dance_music(12, n_performances=4, factors=factors, random_state=0).audio


@pytest.fixture(scope="module")
def musician(music):
    return UnitEncoder().fit(music)


def column(encoder, name):
    return list(encoder.get_feature_names_out()).index(name)


def on_grid(times, tempo, phase, at):
    """Distance of times to the nearest beat, in s."""
    beats = (times - at) * tempo / 60 + phase / (2 * np.pi)
    return np.abs(beats - np.rint(beats)) * 60 / tempo


def test_tempo_phase_and_level_are_those_of_the_music(clicks, encoder):
    # At the ends of recordings beats are less sure.
    clicks = clicks[(clicks.starts > 0) & (clicks.starts < 9 * SR)]
    code = encoder.transform(clicks)
    tempo = 2 ** code[:, column(encoder, "log_tempo")]
    assert_allclose(tempo, np.array([90, 105, 120])[clicks.groups], rtol=0.02)
    phase = np.arctan2(code[:, column(encoder, "beat_sin")], code[:, column(encoder, "beat_cos")])
    for i, clip in enumerate(clicks):
        assert on_grid(attacks(clip), tempo[i], phase[i], 3.0).max() < 0.03
    level = 10 * np.log10(np.square(np.asarray(clicks), dtype=float).mean(axis=1))
    assert_allclose(code[:, column(encoder, "level")], level, atol=1e-4)


def test_descriptors_rise_with_what_they_name(clicks, encoder):
    code = encoder.transform(clicks)
    by_recording = np.array([code[clicks.groups == i].mean(axis=0) for i in range(3)])
    assert (np.diff(by_recording[:, column(encoder, "brightness")]) > 0.3).all()
    assert (by_recording[:, column(encoder, "pulse_clarity")] > 0.8).all()


@pytest.mark.parametrize("tempo", [85.0, 97.0, 112.0, 125.0])
@pytest.mark.parametrize("phase", [0.0, 2.0])
def test_units_land_on_the_beats_of_the_code(encoder, clicks, tempo, phase):
    code = encoder.transform(clicks[:1])
    code[0, column(encoder, "log_tempo")] = np.log2(tempo)
    code[0, column(encoder, "beat_cos")] = np.cos(phase)
    code[0, column(encoder, "beat_sin")] = np.sin(phase)
    y = encoder.inverse_transform(code)[0]
    found = attacks(y)
    assert len(found) >= 6.0 * tempo / 60 - 2
    assert on_grid(found, tempo, phase, 3.0).max() < 0.02


@pytest.mark.parametrize("level", [-38.0, -30.0, -22.0])
def test_level_is_set_within_a_tenth_of_a_decibel(encoder, clicks, level):
    code = encoder.transform(clicks[-1:])
    code[0, column(encoder, "level")] = level
    y = encoder.inverse_transform(code)[0].astype(float)
    assert 10 * np.log10(np.mean(y**2)) == pytest.approx(level, abs=0.1)


def spectrum(y):
    return np.convolve(np.abs(np.fft.rfft(y[SR : 7 * SR])), np.ones(40), mode="same")


def test_known_music_decodes_to_itself(musician, music):
    clips = np.asarray(music[::3])
    decoded = musician.inverse_transform(musician.transform(music[::3]))
    likeness = np.corrcoef([spectrum(y) for y in (*decoded, *clips)])[:4, 4:]
    assert_array_equal(likeness.argmax(axis=1), np.arange(4))
    assert np.diag(likeness).min() > 0.8


def test_brightness_of_decoded_music_follows_the_code(musician, music):
    code = musician.transform(music[::3])
    again = musician.transform(musician.inverse_transform(code))
    place = column(musician, "brightness")
    assert np.corrcoef(code[:, place], again[:, place])[0, 1] > 0.9


def test_a_composed_piece_has_one_grid_and_no_clicks(clicks, encoder):
    code = encoder.transform(clicks[:4]).repeat(2, axis=0)[:6]
    at = 3.0 + 2.0 * np.arange(6)
    code[:, column(encoder, "log_tempo")] = np.log2(96.0)
    phase = 2 * np.pi * 96 / 60 * at
    code[:, column(encoder, "beat_cos")] = np.cos(phase)
    code[:, column(encoder, "beat_sin")] = np.sin(phase)
    piece = encoder.compose(code, hop_duration=2.0)
    assert piece.shape == (16 * SR,)
    assert on_grid(attacks(piece), 96.0, 0.0, 0.0).max() < 0.02
    # The hum between the ticks has no steps where units are joined.
    quiet = np.abs(np.diff(piece))
    for beat in np.arange(0, 15, 0.625):
        between = quiet[round((beat + 0.2) * SR) : round((beat + 0.6) * SR)]
        assert between.max() < 0.02 * quiet.max()


def test_joins_of_a_steady_tone_are_not_heard():
    t = np.arange(12 * SR) / SR
    beat = 1 + np.maximum(np.sin(2 * np.pi * 1.5 * t), 0) ** 8
    tones = [(0.2 * beat * np.sin(2 * np.pi * f * t)).astype(np.float32) for f in (220, 330)]
    encoder = UnitEncoder(join_cost=0.01).fit(AudioClips.from_recordings(tones, clip_duration=4.0))
    code = encoder.code_[[0, -1, 0, -1]]
    piece = encoder.compose(code, hop_duration=3.0)
    # No step that a wave of 330 Hz, two of them while they cross, does not have itself.
    assert np.abs(np.diff(piece)).max() < 1.5 * 2 * np.pi * 330 / SR * np.abs(piece).max()


def test_composing_goes_on_in_the_same_recording(musician, music):
    one = music[music.groups == 0]
    piece = musician.compose(musician.transform(one), hop_duration=1.0)
    assert piece.shape == (music.n_samples + (len(one) - 1) * SR,)
    assert np.corrcoef(spectrum(piece), spectrum(music.recordings[0]))[0, 1] > 0.8


def corpus(recording, code_of_unit):
    """Units of one second each, whose clip is the unit."""
    recording = np.asarray(recording)
    n = len(recording)
    goes_on = np.r_[recording[1:] == recording[:-1], False]
    start = np.arange(n) * 100.0
    return Corpus([], recording, start, start + 100, np.arange(n), np.zeros((n, 1)), goes_on)


def test_the_cheapest_sequence_of_units_is_chosen():
    code = np.zeros((6, 26))
    code[:, 1] = [0, 0, 0, 3, 3, 3]
    units = corpus([0, 0, 0, 1, 1, 1], code)
    options = {"stretch": 0.1, "join_cost": 4.0}
    stay = units.choose(np.tile(code[0], (3, 1)), np.full(3, 100.0), code, **options)
    assert stay == [Run(0, 0, 3)]
    # Two beats of the other recording's kind are worth two joins, one beat is not.
    wanted = np.array([0, 0, 3, 3, 3, 0])
    change = units.choose(np.eye(26)[1] * wanted[:, None], np.full(6, 100.0), code, **options)
    assert [run.unit // 3 for run in change][:2] == [0, 1]
    assert sum(run.length for run in change) == 6


def test_units_of_the_wanted_tempo_are_preferred():
    units = corpus([0, 1], np.zeros((2, 26)))
    units = replace(units, stop=units.start + np.array([100, 150]))
    runs = units.choose(
        np.zeros((1, 26)), np.array([140.0]), np.zeros((2, 26)), stretch=0.1, join_cost=4.0
    )
    assert runs == [Run(0, 1, 1)]


def test_only_what_the_clips_cover_is_played(clicks):
    few = UnitEncoder().fit(clicks[clicks.starts < 3 * SR])
    assert few.n_units_ < UnitEncoder().fit(clicks).n_units_
    assert few.corpus_.stop.max() <= 8 * SR + 1


def test_arrays_and_clips_of_the_same_music_agree(clicks):
    whole = AudioClips.from_recordings(
        [np.asarray(c) for c in clicks[:2]], clip_duration=6.0, hop_duration=6.0
    )
    assert_allclose(
        UnitEncoder().fit_transform(whole), UnitEncoder().fit_transform(np.asarray(clicks[:2]))
    )


def test_listening_once_and_twice_is_the_same(music, musician):
    assert_array_equal(clone(musician).fit_transform(music), musician.transform(music))


def test_same_bits_again_and_in_a_new_process(musician, music):
    code = musician.transform(music[:2])
    here = musician.inverse_transform(code)
    assert_array_equal(musician.inverse_transform(code), here)
    assert_array_equal(run_in_new_process(musician, "inverse_transform", code), here)


def test_silence_among_the_clips_is_no_trouble(clicks):
    audio = np.asarray(clicks).copy()
    audio[2] = 0
    encoder = UnitEncoder().fit(audio)
    code = encoder.transform(audio)
    assert np.isfinite(code).all()
    assert np.isfinite(encoder.inverse_transform(code)).all()


def test_codes_far_from_any_music_decode_to_sound(musician):
    wild = 50.0 * np.random.default_rng(0).normal(size=(3, 26))
    y = musician.inverse_transform(wild)
    assert np.isfinite(y).all()
    assert np.abs(y).max() < 10


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (np.zeros((2, SR)), "silent"),
        (np.zeros(SR), "shape"),
        (np.full((2, SR), np.nan), "NaN"),
        (np.ones((2, SR)) * 32768, "floats in"),
    ],
    ids=["silent", "rank", "nan", "integers"],
)
def test_bad_music_ends_in_a_sentence(audio, message):
    with pytest.raises(ValueError, match=message):
        UnitEncoder().fit(audio)


def test_bad_codes_and_unfitted_encoders_are_refused(encoder, clicks):
    with pytest.raises(ValueError, match="expected codes of 26 numbers, got 5"):
        encoder.inverse_transform(np.zeros((2, 5)))
    with pytest.raises(ValueError, match="NaN"):
        encoder.inverse_transform(np.full((1, 26), np.nan))
    with pytest.raises(ValueError, match="clips must touch each other"):
        encoder.compose(encoder.code_[:2], hop_duration=7.0)
    with pytest.raises(ValueError, match="as in training"):
        encoder.transform(np.asarray(clicks)[:, :-1])
    with pytest.raises(NotFittedError):
        UnitEncoder().transform(clicks)
    with pytest.raises(ValueError, match="'stretch'"):
        UnitEncoder(stretch=0).fit(clicks)
