"""The body's form, in cases that can be told on paper and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull, QhullError

from sklearn_asdf.functional import geometry


def hull(points):
    try:
        return ConvexHull(points).volume
    except QhullError:
        return 0.0


@pytest.mark.parametrize("kind", ["scattered", "grid", "line"])
def test_hulls_are_those_of_qhull(kind):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(100, 9, 2))
    if kind == "grid":  # many points in line and many twice
        points = rng.integers(0, 4, (100, 9, 2)).astype(float)
    if kind == "line":
        points = points[..., :1] * [1.0, 2.0]
    got = geometry.convex_hull_area(points)
    np.testing.assert_allclose(got, [hull(p) for p in points], rtol=1e-9, atol=1e-9)


def test_hull_in_three_dimensions_is_the_mean_shadow():
    cube = np.stack(np.meshgrid([0, 1], [0, 2], [0, 3]), axis=-1).reshape(-1, 3)
    assert geometry.convex_hull_area(cube) == pytest.approx((2 + 3 + 6) / 3)


def test_unseen_joints_take_no_part():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(6, 2))
    with_gap = np.insert(points, 2, np.nan, axis=0)
    for feature in (geometry.convex_hull_area, geometry.spread, geometry.sphericity):
        assert feature(with_gap) == pytest.approx(feature(points))
        assert np.isnan(feature(np.full((4, 2), np.nan)))
    np.testing.assert_array_equal(geometry.extent(with_gap), geometry.extent(points))
    assert np.isnan(geometry.extent(np.full((4, 2), np.nan))).all()


@pytest.mark.parametrize("n_axes", [2, 3])
def test_form_does_not_depend_on_where_the_body_stands_or_faces(n_axes):
    rng = np.random.default_rng(2)
    points = rng.normal(size=(20, 7, n_axes))
    turn = np.linalg.qr(rng.normal(size=(n_axes, n_axes)))[0]
    moved = points @ turn + 5
    for feature in (geometry.spread, geometry.sphericity):
        np.testing.assert_allclose(feature(moved), feature(points), rtol=1e-9)
    if n_axes == 2:
        area = geometry.convex_hull_area
        np.testing.assert_allclose(area(moved), area(points), rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_sphericity(scale):
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=float)
    assert geometry.sphericity(scale * corners) == pytest.approx(1)
    # semi-axes 2, 1, 1: the cube root of 2 by 2
    assert geometry.sphericity(scale * corners * [2, 1, 1]) == pytest.approx(2 ** (1 / 3) / 2)
    assert geometry.sphericity(scale * corners * [1, 1, 0]) == 0
    assert geometry.sphericity(np.ones((4, 3))) == 0


def test_asymmetry():
    rng = np.random.default_rng(3)
    left = rng.normal([3, 0, 0], 1, size=(5, 4, 3))
    both = np.concatenate([left, left * [-1, 1, 1]], axis=1)
    pairs = [[0, 4], [1, 5], [2, 6], [3, 7]]
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    np.testing.assert_allclose(geometry.asymmetry(both @ turn + 1, pairs, pairs[:2]), 0, atol=1e-9)
    raised = both.copy()
    raised[:, 3, 1] += 2
    once, twice = (geometry.asymmetry(s * raised, pairs, pairs[:2]) for s in (1, 2))
    assert (once > 0.1).all()
    np.testing.assert_allclose(twice, once)
