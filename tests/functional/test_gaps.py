"""Which joints were seen, and gaps that are filled."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sklearn_asdf.functional.gaps import all_seen, fill_gaps, frames_seen, seen_joints


def test_a_frame_is_seen_if_half_of_its_joints_are():
    position = np.zeros((4, 3, 2))
    position[1, 0, 1] = np.nan
    position[2, :2, 0] = np.nan
    position[3] = np.nan
    assert not all_seen(position)
    assert all_seen(position[:1])
    assert seen_joints(position).sum(axis=-1).tolist() == [3, 2, 1, 0]
    assert frames_seen(seen_joints(position)).tolist() == [True, True, False, False]
    assert frames_seen(np.array([True, False]))


@given(seen=hnp.arrays(bool, (20, 3), elements=st.booleans()), gap=st.integers(0, 20))
def test_gaps_are_filled_whole_or_not_at_all(seen, gap):
    t = np.arange(20.0)
    x = np.stack([t, 5 - 2 * t, 0 * t], axis=1)[..., None].repeat(2, axis=-1)
    y = x.copy()
    y[~seen] = np.nan
    filled = fill_gaps(y, fps=10, max_gap=gap / 10)
    known = ~np.isnan(filled[..., 0])
    np.testing.assert_allclose(filled[known], x[known], atol=1e-12)
    for joint in range(3):
        edges = np.flatnonzero(np.diff(np.r_[True, seen[:, joint], True]))
        expected = seen[:, joint].copy()
        for start, stop in edges.reshape(-1, 2):
            expected[start:stop] = start > 0 and stop < 20 and stop - start <= gap
        np.testing.assert_array_equal(known[:, joint], expected)


@given(seen=hnp.arrays(bool, (20, 2), elements=st.booleans()), gap=st.integers(0, 6))
def test_causal_filling_holds_and_never_looks_ahead(seen, gap):
    x = np.arange(40.0).reshape(20, 2, 1)
    x[~seen] = np.nan
    filled = fill_gaps(x, fps=10, max_gap=gap / 10, causal=True)
    end = np.flatnonzero(seen.any(axis=1)).max(initial=-1)
    for joint in range(2):
        last = None
        for i in range(20):
            last = i if seen[i, joint] else last
            held = last is not None and i - last <= gap and i <= end
            expected = x[last, joint, 0] if held else np.nan
            np.testing.assert_equal(filled[i, joint, 0], expected)


def test_nothing_to_fill_copies_nothing():
    x = np.random.default_rng(0).normal(size=(2, 9, 2, 2))
    assert fill_gaps(x, fps=30) is x
    x[0, 0] = np.nan
    assert fill_gaps(x, fps=30) is x
