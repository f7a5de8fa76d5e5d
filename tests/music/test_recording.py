"""Recordings in 16 bits: as small as FLAC, and refused where they are not what they say."""

from __future__ import annotations

import io

import numpy as np
import pytest

from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.stretch import warp_time
from sklearn_asdf.music.recording import Recording, decode_flac, encode_flac

soundfile = pytest.importorskip("soundfile", reason="FLAC needs the extra 'play'")


def there_and_back(recording):
    data = encode_flac(recording, sr=22050)
    return decode_flac(data, len(recording), recording.exponent)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gain", [1.0, 2.0**-6, 4.0])
def test_samples_of_16_bits_do_not_change(dtype, gain):
    rng = np.random.default_rng(0)
    y = (rng.integers(-32768, 32768, 5000) / 32768 * gain).astype(dtype)
    y[:2] = -gain, gain * 32767 / 32768
    recording = Recording.of(y)
    assert recording.exponent == np.log2(gain)
    np.testing.assert_array_equal(recording[:], y)
    np.testing.assert_array_equal(np.asarray(recording, dtype), y)
    assert np.asarray(recording).dtype == np.float32
    again = there_and_back(recording)
    np.testing.assert_array_equal(again.samples, recording.samples)
    assert again.exponent == recording.exponent


@pytest.mark.parametrize("peak", [1.0, 0.7, 3.1e-3, 12.0])
def test_others_change_by_half_a_step_and_once_only(peak):
    y = np.random.default_rng(1).uniform(-1, 1, 3000).astype(np.float32)
    # A positive peak: integers reach 32,767 only.
    y *= peak / y[np.abs(y).argmax()]
    recording = Recording.of(y)
    assert np.abs(recording[:] - y).max() <= 2.0 ** (recording.exponent - 16)
    assert recording.exponent == {1.0: 1, 0.7: 0, 3.1e-3: -8, 12.0: 4}[peak]
    np.testing.assert_array_equal(Recording.of(recording[:])[:], recording[:])
    assert Recording.of(recording) is recording


@pytest.mark.parametrize("y", [np.zeros(100), np.zeros(0), np.full(7, 1e-30)])
def test_silence_and_nothing(y):
    np.testing.assert_allclose(there_and_back(Recording.of(y))[:], y, rtol=1e-4)


def test_time_is_warped_as_that_of_an_array():
    recording = Recording.of(np.random.default_rng(2).normal(size=9000))
    warped = warp_time(recording, [1000, 6000], [0, 5500])
    np.testing.assert_array_equal(warped, warp_time(recording[:], [1000, 6000], [0, 5500]))


def test_a_minute_of_music_takes_at_most_one_and_a_half_megabytes():
    music = make_dance_music(8, n_performances=2, random_state=0).audio.recordings
    minutes = sum(map(len, music)) / 22050 / 60
    n_bytes = sum(len(encode_flac(Recording.of(y), sr=22050)) for y in music)
    assert n_bytes / minutes < 1.5e6


def flac(y, **options):
    file = io.BytesIO()
    options = {"format": "FLAC", "subtype": "PCM_16"} | options
    soundfile.write(file, y, 22050, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "n_samples", "message"),
    [
        (b"RIFF....", 4, "not FLAC"),
        (b"fLaC", 4, "a damaged recording"),
        (flac(np.zeros(4)), 5, "a recording of 5 samples that is"),
        (flac(np.zeros((4, 2))), 4, "a recording of 4 samples that is"),
        (flac(np.zeros(4), subtype="PCM_24"), 4, "PCM_24"),
        (flac(np.random.default_rng(0).uniform(-1, 1, 9000))[:4000], 9000, "damaged|ends before"),
    ],
    ids=["wave", "header", "longer", "stereo", "24 bits", "cut"],
)
def test_other_and_damaged_recordings_are_refused(data, n_samples, message):
    with pytest.raises(ValueError, match=message):
        decode_flac(data, n_samples, 0)
