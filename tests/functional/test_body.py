"""Body size and the dancer's own frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf.functional import body

ARM = [((0,), (1,), 0.16), ((1,), (2,), 0.15)]


def _arm(n_frames=9, n_axes=2, height=1.8):
    x = np.zeros((1, n_frames, 3, n_axes))
    x[:, :, 1, 0] = 0.16 * height
    x[:, :, 2, 0] = 0.16 * height
    x[:, :, 2, 1] = 0.15 * height
    return x


def test_size_is_the_height_whichever_part_is_seen():
    x = _arm()
    assert body.body_size(x, ARM) == pytest.approx(1.8)
    x[:, :, 2] = np.nan
    assert body.body_size(x, ARM) == pytest.approx(1.8)
    x[:, ::2, 0] = np.nan
    assert body.body_size(x, ARM) == pytest.approx(1.8)


def test_size_shrugs_off_some_wrong_frames():
    x = _arm()
    x[:, 3, 2] = 1e6
    assert body.body_size(x, ARM) == pytest.approx(1.8)


def test_size_without_segments_is_the_box():
    x = _arm()
    assert body.body_size(x) == pytest.approx(np.hypot(0.16, 0.15) * 1.8)
    assert body.body_size(x[:, :, :1]) == 1
    x[:, :, 0] = np.nan
    assert body.body_size(x, ARM[:1]) == pytest.approx(0.15 * 1.8)


@given(factor=st.sampled_from([1e-12, 0.5, 1e12]), shift=st.floats(-10, 10))
def test_size_grows_with_the_dancer_only(factor, shift):
    x = _arm(n_axes=3)
    np.testing.assert_allclose(body.body_size((x + shift) * factor, ARM), 1.8 * factor)


def _turn(x, angles):
    c, s = np.cos(angles)[:, None], np.sin(angles)[:, None]
    out = x.copy()
    out[..., 0] = c * x[..., 0] - s * x[..., 2]
    out[..., 2] = s * x[..., 0] + c * x[..., 2]
    return out


def test_egocentric_forgets_where_and_which_way():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 30, 4, 3))
    frame = {"fps": 30, "center": (0, 1), "lateral": [(0, 1), (2, 3)]}
    own = body.egocentric(x, **frame)
    path = rng.normal(size=(2, 30, 1, 3)).cumsum(axis=1)
    angles = rng.normal(size=30).cumsum()
    np.testing.assert_allclose(body.egocentric(_turn(x, angles) + path, **frame), own, atol=1e-9)
    np.testing.assert_allclose(own[:, :, :2].mean(axis=2), 0, atol=1e-12)
    across = (own[:, :, 0] - own[:, :, 1]) + (own[:, :, 2] - own[:, :, 3])
    np.testing.assert_allclose(across[..., 2], 0, atol=1e-12)
    assert (across[..., 0] > 0).all()
    # Turning and moving keeps all distances.
    np.testing.assert_allclose(
        np.linalg.norm(own[:, :, 0] - own[:, :, 3], axis=-1),
        np.linalg.norm(x[:, :, 0] - x[:, :, 3], axis=-1),
    )


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_egocentric_leaves_the_vertical(axis):
    x = np.random.default_rng(0).normal(size=(2, 30, 4, 3))
    own = body.egocentric(x, fps=30, center=(0,), lateral=[(2, 3)], vertical_axis=axis)
    np.testing.assert_allclose(own[..., axis], (x - x[:, :, :1])[..., axis])


def test_egocentric_in_two_dimensions_only_moves():
    x = np.random.default_rng(0).normal(size=(2, 30, 4, 2))
    own = body.egocentric(x, fps=30, center=(0, 1), lateral=[(2, 3)])
    np.testing.assert_allclose(own, x - x[:, :, :2].mean(axis=2, keepdims=True))
    own = body.egocentric(x, fps=30)
    np.testing.assert_allclose(own, x - x.mean(axis=2, keepdims=True))
    np.testing.assert_array_equal(body.egocentric(x[:, :, :1], fps=30), x[:, :, :1])


def test_egocentric_bridges_unseen_hips():
    x = np.zeros((1, 7, 3, 3))
    x[0, :, :, 0] = np.arange(7)[:, None]
    x[0, :, 1, 0] += 1
    x[0, [0, 3, 6], 0] = np.nan
    own = body.egocentric(x, fps=30, center=(0,), lateral=[(0, 1)])
    np.testing.assert_array_equal(np.isnan(own), np.isnan(x))
    # Held at the ends, along the line between.
    np.testing.assert_allclose(own[0, :, 2, 0], [1, 0, 0, 0, 0, 0, -1])
    x[0, :, 0] = np.nan
    own = body.egocentric(x, fps=30, center=(0,), lateral=[(0, 1)])
    np.testing.assert_allclose(np.nanmean(own, axis=2), 0, atol=1e-12)


def test_still_points_have_no_direction_and_no_nan():
    x = np.ones((1, 5, 4, 3), dtype=np.float32)
    own = body.egocentric(x, fps=30, center=(0, 1), lateral=[(0, 1)])
    np.testing.assert_array_equal(own, 0)
    assert own.dtype == np.float32
