"""Cameras, and what undoes them."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from sklearn_asdf.functional.view import frontal, project, same_distance, slow_part, upright


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


def test_who_comes_nearer_does_not_grow():
    rng = np.random.default_rng(0)
    time = np.arange(240) / 30
    body = rng.normal(size=(1, 1, 6, 3)) + 0.05 * rng.normal(size=(1, 240, 6, 3)).cumsum(axis=1) / 5
    away = np.stack([0 * time, 0 * time, -2 * np.cos(time)], axis=-1)
    bones = [(0, 1), (2, 3), (4, 5)]
    options = {"fps": 30, "duration": 0.3}
    still = project(body, distance=8.0, target=[0, 0, 0])
    comes = project(body + away[:, None], distance=8.0, target=[0, 0, 0])
    size = [np.linalg.norm(p[:, :, 1:] - p[:, :, :1], axis=-1) for p in (still, comes)]
    assert np.quantile(np.abs(size[1] / size[0] / np.median(size[1] / size[0]) - 1), 0.9) > 0.15
    got = [same_distance(p, bones, 0, **options) for p in (still, comes)]
    size = [np.linalg.norm(p[:, :, 1:] - p[:, :, :1], axis=-1) for p in got]
    ratio = size[1] / size[0]
    assert np.quantile(np.abs(ratio / np.median(ratio) - 1), 0.9) < 0.1
    # Joints that are not seen stay so, and a bone that is not changes nothing.
    gaps = comes.copy()
    gaps[:, 50:60, 5] = np.nan
    seen = same_distance(gaps, bones, 0, **options)
    assert np.isnan(seen[:, 50:60, 5]).all()
    assert np.isfinite(np.delete(seen, 5, axis=2)).all()
