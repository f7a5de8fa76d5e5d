"""Loudness against the definition of its scale."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyloudnorm")

from sklearn_asdf.music.loudness import at_loudness, loudness_of


def sine(level, *, sr, duration=4.0):
    """A sine of 997 Hz with its peak at `level` dB."""
    return 10 ** (level / 20) * np.sin(2 * np.pi * 997 * np.arange(int(duration * sr)) / sr)


@pytest.mark.parametrize("sr", [22050, 44100, 48000])
@pytest.mark.parametrize("level", [0.0, -20.0, -38.0])
def test_a_sine_of_997_hz_is_3_db_below_its_peak(sr, level):
    # BS.1770-4: 0 dB FS at 997 Hz in one channel is -3.01 LKFS.
    assert loudness_of(sine(level, sr=sr), sr=sr) == pytest.approx(level - 3.01, abs=0.1)


def test_pauses_do_not_count():
    sr = 22050
    music = sine(-12.0, sr=sr)
    gated = loudness_of(np.concatenate([music, np.zeros(10 * sr)]), sr=sr)
    assert gated == pytest.approx(loudness_of(music, sr=sr), abs=0.3)


@pytest.mark.parametrize("wanted", [-30.0, -16.0])
def test_one_gain_for_the_whole_piece(wanted):
    sr = 22050
    piece = np.concatenate([sine(-40.0, sr=sr), sine(-46.0, sr=sr)]).astype(np.float32)
    made = at_loudness(piece, wanted, sr=sr)
    assert loudness_of(made, sr=sr) == pytest.approx(wanted, abs=1e-3)
    heard = np.abs(piece) > 1e-6
    ratio = made[heard] / piece[heard]
    assert np.ptp(ratio) < 1e-4 * ratio.mean()
    assert made.dtype == np.float32


@pytest.mark.parametrize("audio", [np.zeros(22050), np.full(22050, 1e-7), np.zeros(0)])
def test_silence_stays_silence(audio):
    assert loudness_of(audio, sr=22050) == -np.inf
    np.testing.assert_array_equal(at_loudness(audio, -16.0, sr=22050), audio)


def test_a_blow_is_measured_as_if_it_went_on():
    short = sine(-20.0, sr=22050, duration=0.1)
    assert loudness_of(short, sr=22050) == pytest.approx(-23.0, abs=0.3)
