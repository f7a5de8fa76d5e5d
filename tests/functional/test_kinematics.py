"""Derivatives and curvature, beside what calculus says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sklearn_asdf.functional import kinematics as kin
from sklearn_asdf.functional.curvature import curvature

DERIVATIVES = {1: kin.velocity, 2: kin.acceleration, 3: kin.jerk}
REACH = {1: 1, 2: 1, 3: 2}
each_derivative = pytest.mark.parametrize("order", DERIVATIVES)


def _path(*axes):
    return np.stack(axes, axis=-1)[:, None]


@each_derivative
@pytest.mark.parametrize("fps", [1, 30, 120])
def test_polynomials(order, fps):
    # Exact up to the degree that the stencil's symmetry allows.
    degree = {1: 2, 2: 3, 3: 4}[order]
    polynomial = np.polynomial.Polynomial(np.arange(1, degree + 2) / 7)
    t = np.arange(12) / fps
    actual = DERIVATIVES[order](_path(polynomial(t)), fps=fps)[:, 0, 0]
    expected = polynomial.deriv(order)(t)
    reach = REACH[order]
    inside = slice(reach, -reach)
    np.testing.assert_allclose(actual[inside], expected[inside], rtol=1e-6)
    # The paper's edge rule: the nearest estimate is repeated.
    np.testing.assert_array_equal(actual[:reach], actual[reach])
    np.testing.assert_array_equal(actual[-reach:], actual[-reach - 1])


def test_uniform_motion_and_parabola():
    t = np.arange(8.0)
    line, parabola = _path(3 * t), _path(t**2)
    np.testing.assert_array_equal(kin.velocity(line, fps=1), 3)
    np.testing.assert_array_equal(kin.acceleration(line, fps=1), 0)
    np.testing.assert_array_equal(kin.jerk(parabola, fps=1), 0)


def test_stencils_by_hand():
    x = np.random.default_rng(0).normal(size=9)
    v = kin.velocity(_path(x), fps=4).ravel()
    a = kin.acceleration(_path(x), fps=4).ravel()
    j = kin.jerk(_path(x), fps=4).ravel()
    assert v[4] == pytest.approx((x[5] - x[3]) * 4 / 2)
    assert a[4] == pytest.approx((x[5] - 2 * x[4] + x[3]) * 16)
    assert j[4] == pytest.approx((x[6] - 2 * x[5] + 2 * x[3] - x[2]) * 64 / 2)


@each_derivative
def test_short_clips(order):
    for n_frames in range(1, 6):
        d = DERIVATIVES[order](_path(np.arange(n_frames) ** 2.0), fps=2)
        assert d.shape == (n_frames, 1, 1)
        assert np.isfinite(d).all()
    np.testing.assert_array_equal(kin.velocity(_path(np.array([1.0, 4.0])), fps=2), 6)
    np.testing.assert_array_equal(kin.velocity(_path(np.array([1.0])), fps=2), 0)
    np.testing.assert_array_equal(kin.acceleration(_path(np.array([1.0, 4.0])), fps=2), 0)
    np.testing.assert_array_equal(kin.jerk(_path(np.arange(4.0) ** 3), fps=2), 0)


@each_derivative
@given(seen=hnp.arrays(bool, (14, 2), elements=st.booleans()), seed=st.integers(0, 3))
def test_gaps_stay_and_spread_nothing(order, seen, seed):
    x = np.random.default_rng(seed).normal(size=(2, 14, 2, 2)).astype(np.float32)
    x[0][~seen] = np.nan
    derivative = DERIVATIVES[order]
    d = derivative(x, fps=30)
    assert d.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(d), np.isnan(x))
    np.testing.assert_array_equal(d[1], derivative(x[1], fps=30))
    # A run of seen frames between gaps is a clip of its own: edges, shortness and all.
    for joint in range(2):
        edges = np.flatnonzero(np.diff(np.r_[False, seen[:, joint], False]))
        for start, stop in edges.reshape(-1, 2):
            alone = derivative(x[0, start:stop, [joint]].swapaxes(0, 1), fps=30)
            np.testing.assert_array_equal(d[0, start:stop, [joint]].swapaxes(0, 1), alone)


@each_derivative
@given(fps=st.floats(1, 240), factor=st.floats(0.1, 10), shift=st.floats(-100, 100))
def test_laws(order, fps, factor, shift):
    x = np.random.default_rng(1).normal(size=(3, 10, 2, 3))
    derivative = DERIVATIVES[order]
    d = derivative(x, fps=fps)
    tolerance = {"rtol": 1e-6, "atol": 1e-6 * fps**order}
    np.testing.assert_allclose(derivative(x + shift, fps=fps), d, **tolerance)
    np.testing.assert_allclose(derivative(x * factor, fps=fps), d * factor, **tolerance)
    np.testing.assert_allclose(derivative(x, fps=2 * fps), d * 2**order, **tolerance)
    np.testing.assert_array_equal(derivative(x[::-1], fps=fps), d[::-1])
    np.testing.assert_allclose(
        derivative(x[:, ::-1], fps=fps), (-1) ** order * d[:, ::-1], **tolerance
    )


def test_layout_and_input_are_left_alone():
    x = np.random.default_rng(0).normal(size=(3, 10, 2, 3))
    x.setflags(write=False)
    for derivative in DERIVATIVES.values():
        planes = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, (-1, 1), (0, 1))), (0, 1), (-1, 1))
        np.testing.assert_array_equal(derivative(planes, fps=30), derivative(x, fps=30))


def test_derivatives_are_the_single_functions():
    x = np.random.default_rng(0).normal(size=(50, 20, 30, 3))
    x[3, 5:9, 2] = np.nan
    v, a, j, c = kin.derivatives(x, fps=30, slow_speed=0.1)
    np.testing.assert_array_equal(v, kin.velocity(x, fps=30))
    np.testing.assert_array_equal(a, kin.acceleration(x, fps=30))
    np.testing.assert_array_equal(j, kin.jerk(x, fps=30))
    np.testing.assert_allclose(c, curvature(v, a, slow_speed=0.1), rtol=1e-12)
    # Long takes are worked on in parts.
    long = np.random.default_rng(0).normal(size=(20_000, 5, 2))
    parts = kin.derivatives(long, fps=30)
    some = kin.derivatives(long[9_990:10_010], fps=30)
    for whole, part in zip(parts, some, strict=True):
        np.testing.assert_allclose(whole[9_992:10_008], part[2:-2], rtol=1e-12)


@given(hnp.arrays(np.float64, (2, 7, 2, 2), elements=st.floats(-1e12, 1e12)))
def test_no_finite_pose_gives_nan_or_a_warning(x):
    for values in (x, x.astype(np.float32), x * 1e-24):
        derivatives = [derivative(values, fps=30) for derivative in DERIVATIVES.values()]
        for d in derivatives:
            assert np.isfinite(d).all()
        for slow in (0, 0.05):
            c = curvature(*derivatives[:2], slow_speed=slow)
            assert np.isfinite(c).all()


def test_magnitude():
    v = np.array([[3.0, 4.0], [np.nan, 1.0]])
    np.testing.assert_array_equal(kin.magnitude(v), [5, np.nan])
    assert kin.magnitude(v.astype(np.float32)).dtype == np.float32
