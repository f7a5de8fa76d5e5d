"""Curvature: of curves whose curvature is known, and its invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sklearn_asdf.functional import kinematics as kin
from sklearn_asdf.functional.curvature import (
    curvature,
    fill_curvature,
    rms_speed,
    squared_magnitude,
)


def _path(*axes):
    return np.stack(axes, axis=-1)[:, None]


def test_squared_magnitude():
    v = np.array([[3.0, 4.0], [np.nan, 1.0]])
    np.testing.assert_array_equal(squared_magnitude(v), [25, np.nan])


@pytest.mark.parametrize("radius", [1e-3, 2.5, 400.0])
@pytest.mark.parametrize("n_axes", [2, 3])
def test_circle(radius, n_axes):
    t = np.linspace(0, 2 * np.pi, 400)
    path = _path(*[radius * np.cos(t), radius * np.sin(t), 0 * t + radius][:n_axes])
    v, a = kin.velocity(path, fps=60), kin.acceleration(path, fps=60)
    np.testing.assert_allclose(curvature(v, a)[5:-5], 1 / radius, rtol=1e-3)


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_curvatures_written_by_chunks_are_the_same(n_axes):
    rng = np.random.default_rng(0)
    # More values than one chunk has.
    v, a = rng.normal(size=(2, 2, 40_000, 3, n_axes))
    v[0, 7, 1] = np.nan
    out = np.full(v.shape[:-1], -1.0)
    slow = np.array([0.1, 0.2])
    fill_curvature(v, a, out, slow_speed=slow)
    np.testing.assert_allclose(out, curvature(v, a, slow_speed=slow), rtol=1e-9)
    np.testing.assert_allclose(out[1], curvature(v[1], a[1], slow_speed=0.2), rtol=1e-9)
    assert np.isnan(out[0, 7, 1])
    assert np.isnan(out).sum() == 1


def test_helix():
    radius, pitch = 2.0, 0.5
    t = np.linspace(0, 12, 1200)
    path = _path(radius * np.cos(t), pitch * t, radius * np.sin(t))
    v, a = kin.velocity(path, fps=100), kin.acceleration(path, fps=100)
    expected = radius / (radius**2 + pitch**2)
    np.testing.assert_allclose(curvature(v, a)[5:-5], expected, rtol=1e-3)


def test_equation_8_to_the_letter():
    rng = np.random.default_rng(0)
    v, a = rng.normal(size=(2, 4, 9, 3, 2))
    expected = np.abs(np.linalg.det(np.stack([a, v], axis=-1))) / (v**2).sum(axis=-1) ** 1.5
    np.testing.assert_allclose(curvature(v, a), expected)
    v, a = rng.normal(size=(2, 4, 9, 3, 3))
    cross = np.linalg.norm(np.cross(v, a), axis=-1)
    np.testing.assert_allclose(curvature(v, a), cross / np.linalg.norm(v, axis=-1) ** 3)
    np.testing.assert_array_equal(curvature(v[..., :1], a[..., :1]), 0)
    four = rng.normal(size=(2, 4, 9, 3, 4))
    flat = four.copy()
    flat[..., 2:] = 0
    np.testing.assert_allclose(curvature(*flat), curvature(*flat[..., :2]))


@pytest.mark.parametrize("n_axes", [1, 2, 3])
@pytest.mark.parametrize("slow", [0.0, 0.05])
def test_no_speed_no_curvature(n_axes, slow):
    v = np.zeros((1, 4, 2, n_axes))
    a = np.ones_like(v)
    np.testing.assert_array_equal(curvature(v, a, slow_speed=slow), 0)
    v[0, 2, 1] = np.nan
    c = curvature(v, a, slow_speed=slow)
    assert np.isnan(c).sum() == 1
    assert np.isnan(c[0, 2, 1])


def test_only_slow_joints_have_less_curvature():
    rng = np.random.default_rng(0)
    v, a = rng.normal(size=(2, 1, 50, 4, 2))
    v[:, :, 0] *= 1e-6
    plain, tamed = curvature(v, a), curvature(v, a, slow_speed=0.05)
    assert (tamed <= plain).all()
    assert tamed[..., 0].max() < 1e-2 * plain[..., 0].min()
    fast = np.linalg.norm(v, axis=-1) > 0.5
    np.testing.assert_allclose(tamed[fast], plain[fast], rtol=0.05)
    # What was said of a joint of that speed, and of one ten times as fast.
    for factor, share in ((1, 0.35), (10, 0.985)):
        v2, a2 = np.zeros((2, 1, 1, 2))
        v2[..., 0], a2[..., 1] = 0.05 * factor, 1
        ratio = curvature(v2, a2, slow_speed=0.05) / curvature(v2, a2)
        assert ratio.item() == pytest.approx(share, abs=0.005)


@given(other=st.floats(0, 1e3))
def test_the_rest_of_a_clip_changes_no_curvature(other):
    rng = np.random.default_rng(1)
    v, a = rng.normal(size=(2, 1, 20, 3, 2))
    loud = [np.concatenate([x, other * rng.normal(size=x.shape)], axis=1) for x in (v, a)]
    quiet = curvature(v, a, slow_speed=0.05)
    np.testing.assert_array_equal(curvature(*loud, slow_speed=0.05)[:, :20], quiet)


def test_rms_speed_is_of_what_was_seen():
    v = np.full((2, 3, 2, 2), np.nan)
    v[0, 0, 0], v[0, 1, 1] = (3.0, 4.0), (0.0, 1.0)
    np.testing.assert_allclose(rms_speed(v), [np.sqrt(13), 0])


@given(angles=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.floats(-10, 10))
def test_curvature_knows_no_place_and_no_direction(angles, shift):
    x = np.random.default_rng(3).normal(size=(2, 20, 3, 3))
    turn = Rotation.from_euler("xyz", angles).as_matrix()

    def curvature_of(x):
        return kin.derivatives(x, fps=30, slow_speed=0.05)[-1]

    np.testing.assert_allclose(curvature_of(x @ turn + shift), curvature_of(x), rtol=1e-6)


@given(size=st.sampled_from([1e-12, 1e-3, 1.0, 1e12]), dtype=st.sampled_from(["f4", "f8"]))
@pytest.mark.parametrize("n_axes", [2, 3])
@pytest.mark.parametrize("slow", [0.0, 2.0])
def test_curvature_scales_inversely(n_axes, slow, size, dtype):
    x = np.random.default_rng(2).normal(size=(2, 30, 3, n_axes))

    def curvature_of(x, slow):
        v, a = kin.velocity(x, fps=30), kin.acceleration(x, fps=30)
        return curvature(v, a, slow_speed=slow)

    c = curvature_of((x * size).astype(dtype), slow * size)
    assert c.dtype == dtype
    np.testing.assert_allclose(c * np.float64(size), curvature_of(x, slow), rtol=2e-2)


def test_padding_changes_no_curvature():
    x = np.random.default_rng(0).normal(size=(1, 30, 3, 2))
    padded = np.concatenate([x, np.full((1, 9, 3, 2), np.nan)], axis=1)
    c = [
        curvature(kin.velocity(p, fps=30), kin.acceleration(p, fps=30), slow_speed=0.1)
        for p in (x, padded)
    ]
    np.testing.assert_allclose(c[1][:, :30], c[0], rtol=1e-10)
