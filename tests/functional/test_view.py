"""Cameras, and what undoes them."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from sklearn_asdf.functional.view import frontal, project, slow_part, upright


def test_a_pinhole_camera_halves_what_is_twice_as_far():
    wall = np.array([[[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]])
    near = project(wall, distance=2.0, target=[0, 0, 0])
    far = project(wall, distance=2.0, target=[0, 0, 2.0])
    assert_allclose(near, 2 * far)
    assert_allclose(near[0, 0], [0.0, -1.0])


def test_directions_of_the_camera():
    point = np.array([[[0.3, 0.2, 0.1]]])
    origin = [0, 0, 0]
    assert_allclose(project(point, target=origin)[0, 0], [0.3, -0.2])
    assert_allclose(project(point, azimuth=90, target=origin)[0, 0], [-0.1, -0.2])
    # From above, what is near the camera is low in the picture.
    assert_allclose(project(point, elevation=90, target=origin)[0, 0], [0.3, 0.1], atol=1e-12)
    assert_allclose(project(point, roll=90, target=origin)[0, 0], [0.2, 0.3], atol=1e-12)


def test_upright_turns_any_direction_to_y():
    rng = np.random.default_rng(0)
    for up in [*rng.normal(size=(20, 3)), [0.0, -1.0, 0.0], [0.0, 1.0, 0.0]]:
        body = np.stack([np.zeros(3), up])[None]
        turned = upright(body, [[0], [1]])
        assert_allclose(turned[0, 1], [0.0, np.linalg.norm(up), 0.0], atol=1e-9)
    # Rotations keep the hand.
    body = rng.normal(size=(1, 5, 3))
    a, b, c = (upright(body, [[0], [1]])[0, i] - upright(body, [[0], [1]])[0, 0] for i in (2, 3, 4))
    volume = np.linalg.det(np.stack([body[0, i] - body[0, 0] for i in (2, 3, 4)]))
    assert_allclose(np.linalg.det(np.stack([a, b, c])), volume)


def test_a_body_that_lies_tells_nothing_of_the_camera():
    lies = np.array([[[0.0, 0.0], [1.0, 0.2]]])
    assert_allclose(upright(lies, [[0], [1]]), lies * [1, -1])


def test_frontal_does_not_depend_on_where_the_dancer_faced():
    rng = np.random.default_rng(0)
    body = rng.normal(size=(3, 20, 4, 3))
    seen = frontal(body, [(0, 1)])
    a = 1.1
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    assert_allclose(frontal(body @ turn.T, [(0, 1)]), seen)
    assert (seen[:, :, 0, 0] - seen[:, :, 1, 0]).sum(axis=1).min() > 0
    assert_allclose(frontal(body, [(0, 1)], azimuth=180.0)[..., 0], -seen[..., 0])


def test_slow_parts_pass_and_fast_ones_do_not():
    time = np.arange(600)[:, None] / 30
    fast, slow = np.sin(2 * np.pi * 1.5 * time), np.sin(2 * np.pi * 0.02 * time)
    assert np.abs(slow_part(fast, fps=30, duration=0.5)[30:-30]).max() < 0.02
    assert np.abs(slow_part(slow, fps=30, duration=0.5) - slow)[30:-30].max() < 0.01
    gaps = (3 * time).copy()
    gaps[100:130] = np.nan
    assert_allclose(slow_part(gaps, fps=30, duration=0.5), 3 * time, atol=1e-9)
    assert_allclose(slow_part(np.ones((1, 2)), fps=30, duration=0.5), 1)
