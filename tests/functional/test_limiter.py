"""The limiter: nothing exceeds the ceiling, no wave loses its shape, and blocks are one piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_asdf.functional.limiter import CEILING, Limiter, limit

SR = 22050


def sine(frequency, seconds=2.0, amplitude=1.0, sr=SR):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * sr)) / sr)


def harmonics(y, frequency, sr=SR):
    """Level of the strongest harmonic re the fundamental, in dB, of the middle second."""
    middle = len(y) // 2 - sr // 2
    part = y[middle : middle + sr] * np.hanning(sr)
    spectrum = np.abs(np.fft.rfft(part))
    lines = [spectrum[k * frequency - 3 : k * frequency + 4].max() for k in range(1, 8)]
    return 20 * np.log10(max(lines[1:]) / lines[0])


def test_quiet_sound_is_returned_bit_by_bit():
    for dtype in (np.float32, np.float64):
        y = sine(440, amplitude=0.89).astype(dtype)
        assert limit(y, sr=SR).dtype == dtype
        np.testing.assert_array_equal(limit(y, sr=SR), y)
    assert len(limit(np.zeros(0), sr=SR)) == 0


@pytest.mark.parametrize("frequency", [60, 100, 440, 1500])
@pytest.mark.parametrize("amplitude", [1.0, 1.5, 4.0])
def test_a_loud_sine_remains_a_sine(frequency, amplitude):
    y = limit(sine(frequency, amplitude=amplitude), sr=SR)
    assert np.abs(y).max() <= CEILING * (1 + 1e-12)
    assert np.abs(y[SR // 2 : -SR // 2]).max() == pytest.approx(CEILING, rel=0.01)
    assert harmonics(y, frequency) < -70


def test_a_single_peak_is_turned_down_ahead_of_it_and_released_after_it():
    y = np.full(3 * SR, 0.5)
    y[SR] = 2.0
    out = limit(y, sr=SR)
    gain = 20 * np.log10(out / y)
    depth = 20 * np.log10(2.0 / CEILING)
    assert gain[SR] == pytest.approx(-depth, abs=1e-6)
    assert np.abs(gain[: SR - round(0.02 * SR)]).max() == 0
    # 20 dB/s, after half the look-ahead on either side.
    after = SR + round(0.11 * SR)
    assert gain[after] == pytest.approx(-(depth - 20 * (0.11 - 0.005)), abs=0.02)
    assert gain[-1] == 0
    # No step: the gain goes down in at least 10 ms.
    assert np.abs(np.diff(gain)).max() < 1.05 * depth / (0.01 * SR)


def test_runs_at_the_top_do_not_occur_in_dense_music():
    rng = np.random.default_rng(0)
    y = sum(sine(f, 10, 0.3) for f in rng.uniform(60, 3000, 12)) + 0.3 * rng.normal(size=10 * SR)
    assert np.abs(y).max() > 2
    out = limit(y, sr=SR)
    top = np.abs(out) > 0.999 * np.abs(out).max()
    assert (top[1:] & top[:-1] & (np.sign(out[1:]) == np.sign(out[:-1]))).sum() < 3
    assert np.corrcoef(out, y)[0, 1] > 0.97


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    loudness=st.floats(0.1, 30),
    sizes=st.lists(st.integers(0, 900), min_size=1, max_size=8),
    n_preview=st.sampled_from([0, 1, 50, 400]),
)
def test_no_sample_of_any_block_exceeds_the_ceiling(seed, loudness, sizes, n_preview):
    rng = np.random.default_rng(seed)
    y = loudness * rng.normal(size=sum(sizes) + n_preview) * rng.random(sum(sizes) + n_preview) ** 4
    limiter = Limiter(8000)
    at, parts = 0, []
    for size in sizes:
        preview = y[at + size : at + size + n_preview]
        parts.append(limiter.process(y[at : at + size], preview))
        at += size
    out = np.concatenate(parts)
    assert len(out) == at
    assert np.abs(out).max(initial=0) <= CEILING * (1 + 1e-12)
    # It is a gain between 0 and 1: signs and order of magnitude stay.
    assert (np.abs(out) <= np.abs(y[:at]) + 1e-12).all()
    assert (np.sign(out) == np.sign(y[:at])).all()


def test_blocks_with_a_long_preview_are_the_whole_piece():
    y = sine(97, 3.0, 1.2) * (1 + 0.5 * sine(1.3, 3.0))
    limiter = Limiter(SR)
    parts = []
    for at in range(0, len(y), 5000):
        parts.append(limiter.process(y[at : at + 5000], y[at + 5000 : at + 5500]))
    np.testing.assert_allclose(np.concatenate(parts), limit(y, sr=SR), atol=1e-3)


def test_a_peak_that_no_preview_showed_is_approached_in_a_line():
    limiter = Limiter(SR)
    limiter.process(np.full(1000, 0.5))
    block = np.full(1000, 0.5)
    block[60] = 1.5
    gain = 20 * np.log10(limiter.process(block) / block)
    assert gain[0] > -0.2
    assert (np.diff(gain[:61]) < 0).all()
    assert np.ptp(np.diff(gain[:50])) < 0.02
