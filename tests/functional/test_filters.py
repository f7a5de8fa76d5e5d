"""Low-pass filters: against SciPy, and properties that all of them have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import signal

from sklearn_asdf.functional import filters
from sklearn_asdf.functional.gaps import fill_gaps
from sklearn_asdf.functional.one_euro import one_euro


def _walk(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).cumsum(axis=-3)


SMOOTHERS = {
    "zero_phase": filters.butterworth,
    "causal": lambda x, *, fps: filters.butterworth(x, fps=fps, zero_phase=False),
    "savgol": filters.savgol,
    "one_euro": lambda x, *, fps: one_euro(x, fps=fps, beta=0.1),
}
each_smoother = pytest.mark.parametrize("smooth", SMOOTHERS.values(), ids=SMOOTHERS)


@pytest.mark.parametrize("n_frames", [240, 600])
@pytest.mark.parametrize("n_clips", [1, 20])
def test_butterworth_is_scipys(n_frames, n_clips):
    x = _walk(n_clips, n_frames, 5, 2)
    sections = signal.butter(5, 3, fs=30, output="sos")
    expected = signal.sosfiltfilt(sections, x, axis=1)
    np.testing.assert_allclose(filters.butterworth(x, fps=30), expected, atol=1e-10)
    start = signal.sosfilt_zi(sections)[:, None, :, None, None] * x[:, 0][None, :, None]
    expected, _ = signal.sosfilt(sections, x, axis=1, zi=start)
    causal = filters.butterworth(x, fps=30, zero_phase=False)
    np.testing.assert_allclose(causal, expected, atol=1e-10)


@pytest.mark.parametrize("frequency", [0.5, 1, 3, 6])
def test_butterworth_has_the_gain_of_its_formula(frequency):
    fps, n = 120, 3000
    x = np.sin(2 * np.pi * frequency * np.arange(n) / fps).reshape(n, 1, 1)
    middle = filters.butterworth(x, fps=fps, cutoff=3, order=5)[n // 4 : -n // 4]
    # Bilinear transform of 1 / (1 + (f / cutoff)^10), twice.
    warped = np.tan(np.pi * frequency / fps) / np.tan(np.pi * 3 / fps)
    assert middle.max() == pytest.approx(1 / (1 + warped**10), abs=2e-3)


@pytest.mark.parametrize(("window", "order"), [(0.3, 3), (0.5, 2), (0.01, 0)])
def test_savgol_is_scipys(window, order):
    x = _walk(3, 100, 5, 2)
    frames = 2 * round((window * 30 - 1) / 2) + 1
    expected = signal.savgol_filter(x, max(frames, 1), order, axis=1) if frames > 1 else x
    actual = filters.savgol(x, fps=30, window_duration=window, polyorder=order)
    np.testing.assert_allclose(actual, expected, atol=1e-10)


def test_one_euro_by_hand():
    x = np.array([0.0, 1.0, 1.0]).reshape(-1, 1, 1)
    y = one_euro(x, fps=10, min_cutoff=1, beta=0.5, d_cutoff=1).ravel()
    a = 1 / (1 + 10 / (2 * np.pi))
    first, speed = 0.0, 0.0
    for i, value in enumerate([1.0, 1.0], 1):
        speed = a * (value - first) * 10 + (1 - a) * speed
        share = 1 / (1 + 10 / (2 * np.pi * (1 + 0.5 * abs(speed))))
        first = share * value + (1 - share) * first
        assert y[i] == pytest.approx(first)


@each_smoother
@pytest.mark.parametrize("n_frames", [1, 2, 3, 4, 5, 17, 18, 19, 40])
@pytest.mark.parametrize("n_clips", [1, 60])
def test_any_length_stays_finite_and_a_still_dancer_still(smooth, n_frames, n_clips):
    x = _walk(n_clips, n_frames, 2, 2)
    y = smooth(x, fps=30)
    assert np.isfinite(y).all()
    assert y.dtype == np.float64
    still = np.broadcast_to(x[:, :1] * 1e9, x.shape)
    np.testing.assert_array_equal(smooth(still, fps=30), still)
    assert smooth(x.astype(np.float32), fps=30).dtype == np.float32


@each_smoother
@pytest.mark.parametrize("size", [1e-12, 1e12])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_size_is_smoothed_alike(smooth, size, dtype):
    if smooth is SMOOTHERS["one_euro"]:
        pytest.skip("its cut-off depends on the unit of length by definition")
    x = _walk(4, 60, 2, 2)
    y = smooth((x * size).astype(dtype), fps=30)
    tolerance = 1e-4 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(y / size, smooth(x, fps=30), atol=tolerance)


@each_smoother
@given(
    seen=hnp.arrays(bool, (30, 2), elements=st.booleans()),
    shift=st.floats(-1e3, 1e3),
    seed=st.integers(0, 5),
)
def test_laws_with_gaps(smooth, seen, shift, seed):
    x = _walk(2, 30, 2, 2, seed=seed)
    x[0][~seen] = np.nan
    y = smooth(x, fps=30)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    np.testing.assert_allclose(smooth(x + shift, fps=30), y + shift, atol=1e-8)
    np.testing.assert_allclose(smooth(x[::-1], fps=30), y[::-1], atol=1e-8)
    np.testing.assert_allclose(smooth(x[:, :, ::-1], fps=30), y[:, :, ::-1], atol=1e-8)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    np.testing.assert_allclose(smooth(x @ turn, fps=30), y @ turn, atol=1e-8)
    # A run of seen frames is filtered as if it were the clip.
    edges = np.flatnonzero(np.diff(np.r_[False, seen[:, 0], False]))
    for start, stop in edges.reshape(-1, 2)[:2]:
        alone = smooth(x[:1, start:stop, :1], fps=30)
        np.testing.assert_allclose(y[:1, start:stop, :1], alone, atol=1e-8)


def test_inputs_are_not_changed():
    x = _walk(2, 30, 2, 2)
    x[0, 4:6] = np.nan
    before = x.copy()
    x.setflags(write=False)
    for smooth in SMOOTHERS.values():
        assert not np.shares_memory(smooth(x, fps=30), x)
    assert not np.shares_memory(fill_gaps(x, fps=30), x)
    np.testing.assert_array_equal(x, before)
