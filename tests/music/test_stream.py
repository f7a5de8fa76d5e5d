"""UnitStream: units of music that go on while a dance does."""

from __future__ import annotations

from copy import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import AudioClips, UnitEncoder
from sklearn_asdf.music.analysis import DESCRIPTORS

SR = 11025
TEMPO = [DESCRIPTORS.index(name) for name in ("log_tempo", "beat_cos", "beat_sin")]
LEVEL = DESCRIPTORS.index("level")
HOP, FADE = 0.5, 0.1


def bars(tempo, pitch, *, duration=24.0, amplitude=0.2):
    """Beats of decaying tones."""
    t = np.arange(round(duration * SR)) / SR
    since = t % (60 / tempo)
    tone = np.sin(2 * np.pi * pitch * t) + 0.5 * np.sin(4 * np.pi * pitch * t)
    return (amplitude * tone * np.exp(-since / 0.08)).astype(np.float32)


@pytest.fixture(scope="module")
def encoder():
    music = AudioClips.from_recordings(
        [bars(120, 330), bars(100, 880, amplitude=0.02)], sr=SR, clip_duration=4.0, hop_duration=1.0
    )
    return UnitEncoder(sr=SR).fit(music)


def played(encoder, codes, *, hop=HOP, fade=FADE):
    """What a stream plays for one code each hop, and which units."""
    stream, n_new, n_fade = encoder.stream(), round(hop * SR), round(fade * SR)
    parts, units, tail = [], [], None
    for code in codes:
        y = stream.play(code, n_new, n_fade)
        assert y.shape == (n_new + n_fade,)
        if tail is not None:
            # Nothing that was heard changes.
            assert_array_equal(y[:n_fade], tail)
        tail = y[n_new:]
        parts.append(y[:n_new])
        units.append(stream._unit)
    return np.concatenate(parts), np.array(units)


def codes_of(encoder, n, *, tempo, like=0, off=None, hop=HOP, fade=FADE):
    """Codes of clips that end a hop apart, with beats on whole multiples of the period."""
    codes = np.tile(encoder.code_[like], (n, 1))
    middle = (1 + np.arange(n)) * hop + fade - encoder.n_samples_ / SR / 2
    phase = 2 * np.pi * (middle * tempo / 60 + (0 if off is None else off))
    codes[:, TEMPO] = np.c_[np.full(n, np.log2(tempo)), np.cos(phase), np.sin(phase)]
    return codes


def beat_errors(y, tempo):
    """How far the attacks are from the nearest beat, in s."""
    power = np.convolve(y.astype(float) ** 2, np.ones(64) / 64, mode="same")
    rise = np.maximum(np.diff(power, prepend=0.0), 0.0)
    period = 60 / tempo
    errors = []
    for beat in np.arange(2, len(y) / SR / period - 1):
        low, high = (round((beat + side) * period * SR) for side in (-0.5, 0.5))
        errors.append((low + rise[low:high].argmax()) / SR - beat * period)
    return np.array(errors)


def loudness(y):
    """Root mean square of each whole second, in dB."""
    seconds = y[: len(y) // SR * SR].reshape(-1, SR).astype(float)
    return 10 * np.log10(np.mean(seconds**2, axis=1) + 1e-12)


@pytest.mark.parametrize("jitter", [0.0, 0.04])
@pytest.mark.parametrize("tempo", [100, 114, 125])
def test_music_goes_on_in_its_recording_on_the_beat(encoder, tempo, jitter):
    # So dear that music stays, and the beats can be counted.
    encoder = copy(encoder).set_params(join_cost=200.0)
    off = jitter * np.random.default_rng(0).normal(size=24)
    y, units = played(encoder, codes_of(encoder, 24, tempo=tempo, like=5, off=off))
    assert set(np.diff(units).tolist()) <= {0, 1, 2}
    assert units[-1] - units[0] == pytest.approx(23 * HOP * tempo / 60, abs=2)
    assert np.abs(beat_errors(y, tempo)).max() < (0.02 if jitter == 0 else 0.07)
    # A second may have two beats in it or one.
    assert np.ptp(loudness(y)[1:]) < 4


def test_one_clip_that_errs_by_half_a_beat_is_hardly_heard(encoder):
    off = np.zeros(24)
    off[10] = 0.5
    y, units = played(encoder, codes_of(encoder, 24, tempo=110, like=5, off=off))
    _, same = played(encoder, codes_of(encoder, 24, tempo=110, like=5))
    assert_array_equal(encoder.corpus_.recording[units], encoder.corpus_.recording[same])
    assert np.abs(beat_errors(y, 110)).max() < 0.2 * 60 / 110 + 0.02
    assert np.abs(beat_errors(y, 110)[-6:]).max() < 0.02


def test_a_dance_that_changes_for_good_changes_the_music_and_keeps_the_beat(encoder):
    other = len(encoder.code_) - 5
    codes = np.r_[
        codes_of(encoder, 12, tempo=110, like=5), codes_of(encoder, 24, tempo=110, like=other)[12:]
    ]
    y, units = played(encoder, codes)
    recording = encoder.corpus_.recording[units]
    assert recording[11] == 0
    assert recording[-1] == 1
    assert (np.diff(recording) != 0).sum() == 1
    assert np.abs(beat_errors(y, 110)[-6:]).max() < 0.04


def test_other_music_comes_at_the_level_asked_for(encoder):
    # The second recording is 20 dB softer; the dance asks for one level all the time.
    other = len(encoder.code_) - 5
    codes = np.r_[
        codes_of(encoder, 12, tempo=110, like=5), codes_of(encoder, 24, tempo=110, like=other)[12:]
    ]
    codes[:, LEVEL] = -25.0
    y, units = played(encoder, codes)
    assert len(np.unique(encoder.corpus_.recording[units])) == 2
    # From the first second on, and where one recording gives way to the other.
    assert_allclose(loudness(y), -25, atol=3)


def test_level_follows_the_code_without_steps(encoder):
    encoder = copy(encoder).set_params(join_cost=1e4)
    codes = codes_of(encoder, 16, tempo=120, like=5)
    codes[8:, LEVEL] -= 6
    quiet, _ = played(encoder, codes)
    even, _ = played(encoder, codes_of(encoder, 16, tempo=120, like=5))
    # The same units, softer: the gain is the ratio of the two.
    heard = np.flatnonzero(np.abs(even) > 1e-3)
    gain = 20 * np.log10(np.abs(quiet[heard]) / np.abs(even[heard]))
    assert_allclose(gain[: SR // 4], 0, atol=0.01)
    assert_allclose(gain[-SR // 4 :], -6, atol=0.01)
    assert np.abs(np.diff(gain))[np.diff(heard) == 1].max() < 0.2


def test_the_end_of_a_recording_is_not_the_end_of_the_music(encoder):
    y, _ = played(encoder, codes_of(encoder, 120, tempo=120, like=18))
    assert np.ptp(loudness(y)) < 6


@pytest.mark.parametrize("tempo", [45, 62, 100, 120, 240])
@pytest.mark.parametrize("hop", [0.25, 0.5, 1.9])
@pytest.mark.parametrize("fade", [0.0, 0.1])
def test_any_tempo_and_any_hop_play_on(encoder, tempo, hop, fade):
    codes = codes_of(encoder, 24, tempo=tempo, hop=hop, fade=fade)
    y, units = played(encoder, codes, hop=hop, fade=fade)
    assert len(y) == 24 * round(hop * SR)
    assert np.isfinite(y).all()
    assert len(np.unique(units)) > 3


def test_long_fades_do_when_the_tempo_falls(encoder):
    encoder = copy(encoder).set_params(fade_duration=0.2)
    codes = np.r_[codes_of(encoder, 8, tempo=240), codes_of(encoder, 16, tempo=45)[8:]]
    y, _ = played(encoder, codes, fade=0.0)
    assert np.abs(y).max() > 0.01


def test_clips_shorter_than_a_beat_do():
    music = AudioClips.from_recordings(
        [bars(60, 330, duration=8.0)], sr=SR, clip_duration=0.6, hop_duration=0.3
    )
    encoder = UnitEncoder(sr=SR).fit(music)
    y, _ = played(encoder, codes_of(encoder, 12, tempo=50, hop=0.3), hop=0.3)
    assert np.abs(y).max() > 0.01


def test_codes_of_any_precision_are_the_same_and_wrong_ones_are_refused(encoder):
    codes = codes_of(encoder, 6, tempo=120)
    first, _ = played(encoder, codes)
    second, _ = played(encoder, codes.astype(np.float32).astype(float))
    assert first.std() > 0
    np.testing.assert_allclose(first, second, atol=0.01)
    with pytest.raises(ValueError, match="NaN"):
        encoder.stream().play(np.full(26, np.nan), 100)


def test_streams_of_one_encoder_know_nothing_of_each_other(encoder):
    codes = codes_of(encoder, 6, tempo=120)
    first, _ = played(encoder, codes)
    played(encoder, codes_of(encoder, 3, tempo=90, like=20))
    assert_array_equal(played(encoder, codes)[0], first)
