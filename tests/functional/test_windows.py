"""Reductions over windows of frames, against a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf.functional.windows import frame_windows, reduce_windows


@pytest.mark.parametrize("how", ["sum", "mean", "max", "min"])
@given(seed=st.integers(0, 1000), n_frames=st.integers(1, 12))
def test_reductions_are_those_of_a_loop(how, seed, n_frames):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(3, n_frames, 2))
    start, stop = np.sort(rng.integers(0, n_frames + 1, size=(2, 3, 4)), axis=0)
    got = reduce_windows(values, start, stop, how=how)
    for clip, window in np.ndindex(3, 4):
        piece = values[clip, start[clip, window] : stop[clip, window]]
        expected = getattr(np, how)(piece, axis=0) if len(piece) else 0.0
        np.testing.assert_allclose(got[clip, window], expected, rtol=1e-12, atol=1e-12)


def test_nothing_leaks_from_a_loud_window_into_a_quiet_one():
    values = np.array([[1e12, 1e12, 1e-12, 1e-12]])
    np.testing.assert_array_equal(reduce_windows(values, [[0, 2]], [[2, 4]]), [[2e12, 2e-12]])


def test_no_clips_or_windows():
    assert reduce_windows(np.zeros((0, 5, 2)), np.zeros((0, 3)), np.zeros((0, 3))).shape == (
        0,
        3,
        2,
    )
    assert reduce_windows(np.zeros((2, 5)), np.zeros((2, 0)), np.zeros((2, 0))).shape == (2, 0)


def test_windows_have_as_many_frames_as_equation_14_counts():
    start, stop = frame_windows([[3, 7, 20]])
    assert (stop - start).tolist() == [[4, 13]]


def test_refusals():
    with pytest.raises(ValueError, match="at least 2 keyframes, got shape"):
        frame_windows([[3]])
    with pytest.raises(ValueError, match="got 'median'"):
        reduce_windows([[1.0]], [[0]], [[1]], how="median")
