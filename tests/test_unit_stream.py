"""UnitStream: units of music that go on while a dance does."""

from __future__ import annotations

from copy import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import AudioClips, UnitEncoder
from sklearn_asdf._hearing import DESCRIPTORS

SR = 11025
TEMPO = [DESCRIPTORS.index(name) for name in ("log_tempo", "beat_cos", "beat_sin")]
HOP, FADE = 0.5, 0.1


def bars(tempo, pitch, duration=24.0):
    """Beats of decaying tones."""
    t = np.arange(round(duration * SR)) / SR
    since = t % (60 / tempo)
    tone = np.sin(2 * np.pi * pitch * t) + 0.5 * np.sin(4 * np.pi * pitch * t)
    return (0.2 * tone * np.exp(-since / 0.08)).astype(np.float32)


@pytest.fixture(scope="module")
def encoder():
    music = AudioClips.from_recordings(
        [bars(120, 330), bars(100, 880)], sr=SR, clip_duration=4.0, hop_duration=1.0
    )
    return UnitEncoder(sr=SR, join_cost=200.0).fit(music)


def played(encoder, codes):
    """The whole of what a stream plays for one code each half second, joined as when live."""
    stream, n_new, n_fade = encoder.stream(), round(HOP * SR), round(FADE * SR)
    units, whole = [], np.zeros(n_new * len(codes) + n_fade, np.float32)
    ramp = np.linspace(0, 1, n_fade, dtype=np.float32)
    for i, code in enumerate(codes):
        y = stream.play(code, n_new, n_fade)
        assert y.shape == (n_new + n_fade,)
        if i:
            y[:n_fade] *= ramp
        y[n_new:] *= 1 - ramp
        whole[i * n_new : i * n_new + len(y)] += y
        units.append(stream._unit)
    return whole[: n_new * len(codes)], np.array(units)


def codes_of(encoder, n, *, tempo, like=0, jitter=0.0):
    """Codes of clips that end half a second apart, with beats on whole multiples of the period."""
    rng = np.random.default_rng(0)
    codes = np.tile(encoder.code_[like], (n, 1))
    middle = (1 + np.arange(n)) * HOP + FADE - 2.0
    phase = 2 * np.pi * (middle * tempo / 60 + jitter * rng.normal(size=n))
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


@pytest.mark.parametrize("jitter", [0.0, 0.04])
def test_music_goes_on_in_its_recording_on_the_beat(encoder, jitter):
    y, units = played(encoder, codes_of(encoder, 24, tempo=114, like=5, jitter=jitter))
    # Half a second is just less than a beat of 114 a minute.
    assert set(np.diff(units).tolist()) <= {0, 1, 2}
    assert units[-1] - units[0] == pytest.approx(23 * HOP * 114 / 60, abs=1.5)
    errors = beat_errors(y, 114)
    assert np.median(np.abs(errors)) < 0.02 + 0.03 * (jitter > 0)
    loudness = np.sqrt(np.mean(y[SR : len(y) // SR * SR].reshape(-1, SR) ** 2, axis=1))
    assert loudness.min() > 0.5 * loudness.max()


def test_a_dance_that_changes_for_good_changes_the_music_and_is_back_on_the_beat(encoder):
    other = len(encoder.code_) - 5
    codes = np.r_[
        codes_of(encoder, 12, tempo=110, like=5), codes_of(encoder, 24, tempo=110, like=other)[12:]
    ]
    encoder = copy(encoder).set_params(join_cost=20.0)
    y, units = played(encoder, codes)
    recording = encoder._corpus.recording[units]
    assert recording[11] == 0
    assert recording[-1] == 1
    assert (np.diff(recording) != 0).sum() == 1
    assert np.abs(beat_errors(y, 110)[-6:]).max() < 0.04


def test_the_end_of_a_recording_is_not_the_end_of_the_music(encoder):
    y, _ = played(encoder, codes_of(encoder, 120, tempo=120, like=18))
    loudness = np.sqrt(np.mean(y[: len(y) // SR * SR].reshape(-1, SR) ** 2, axis=1))
    assert loudness.min() > 0.3 * loudness.max()


def test_level_follows_the_code_without_steps(encoder):
    codes = codes_of(encoder, 16, tempo=120, like=5)
    codes[8:, DESCRIPTORS.index("level")] -= 6
    loud, quiet = (np.std(part) for part in np.split(played(encoder, codes)[0][2 * SR :], 2))
    assert 20 * np.log10(loud / quiet) == pytest.approx(6, abs=2)


def test_streams_of_one_encoder_know_nothing_of_each_other(encoder):
    codes = codes_of(encoder, 6, tempo=120)
    first, _ = played(encoder, codes)
    played(encoder, codes_of(encoder, 3, tempo=90, like=20))
    assert_array_equal(played(encoder, codes)[0], first)
    assert_allclose(first.std() > 0, True)
