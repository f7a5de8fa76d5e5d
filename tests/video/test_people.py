"""People told apart, with networks that are scripted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf.video._blazepose import Body, Region, _anchors, _merge, overlap
from sklearn_asdf.video._people import PeopleTracker

coordinate = st.floats(-1000, 1000)


class Picture:
    """What a scripted network looks at: who is where, as (x, y, side)."""

    size = (640, 480)

    def __init__(self, *people):
        self.people = [Region(x, y, side, 0.0) for x, y, side in people]


class ScriptedNetwork:
    """Finds who is in a `Picture`; landmarks are those of the nearest person, if near enough."""

    def __init__(self):
        self.looks = 0

    def detect(self, picture, *, closely=False):
        self.looks += 1
        return sorted(picture.people, key=lambda r: -r.side)

    def landmarks(self, picture, region):
        near = min(
            picture.people,
            key=lambda r: np.hypot(r.x - region.x, r.y - region.y),
            default=Region(0, 0, 1, 0),
        )
        there = np.hypot(near.x - region.x, near.y - region.y) < region.side / 2
        return body(near, score=1.0 if there and picture.people else 0.0)


def body(region, score=1.0):
    spread = np.random.default_rng(0).uniform(-0.4, 0.4, (33, 2))
    image = np.array([region.x, region.y]) + spread * region.side
    return Body(image, np.ones(33), np.zeros((33, 3)), score, region)


def track(pictures, *, fps=25, max_people=4):
    tracker = PeopleTracker(ScriptedNetwork(), max_people=max_people)
    return [tracker.step(i / fps, picture) for i, picture in enumerate(pictures)], tracker


def test_people_are_numbered_from_left_to_right():
    steps, _ = track([Picture((400, 200, 300), (100, 200, 200))] * 3)
    assert [{n: b.region.x for n, b in step.items()} for step in steps] == [{0: 100, 1: 400}] * 3


def test_people_keep_their_numbers_while_they_move():
    pictures = [Picture((100 + 2 * i, 200, 150), (500 - 2 * i, 220, 150)) for i in range(80)]
    steps, _ = track(pictures)
    assert [step[0].region.x for step in steps] == [100 + 2 * i for i in range(80)]
    assert [step[1].region.x for step in steps] == [500 - 2 * i for i in range(80)]


def test_who_comes_in_later_is_found_within_a_second():
    pictures = [Picture((100, 200, 150))] * 10 + [Picture((100, 200, 150), (450, 200, 150))] * 30
    steps, _ = track(pictures)
    assert set(steps[10]) == {0}
    assert set(steps[26]) == {0, 1}


def test_who_is_lost_and_comes_back_near_keeps_the_number():
    there, gone = Picture((300, 200, 200)), Picture()
    steps, _ = track([there] * 5 + [gone] * 10 + [Picture((350, 200, 200))] * 5)
    assert [sorted(step) for step in steps] == [[0]] * 5 + [[]] * 10 + [[0]] * 5


def test_who_comes_in_far_from_where_somebody_was_lost_is_somebody_else():
    steps, _ = track([Picture((50, 200, 100))] * 5 + [Picture()] * 5 + [Picture((600, 200, 100))])
    assert set(steps[-1]) == {1}


def test_nobody_beyond_max_people_is_followed_and_the_largest_come_first():
    crowd = Picture((50, 200, 80), (200, 200, 200), (450, 200, 120))
    steps, tracker = track([crowd] * 30, max_people=2)
    assert sorted(b.region.x for b in steps[-1].values()) == [200, 450]
    # With all places taken nobody needs to look for more.
    assert tracker.network.looks == 1


def test_two_numbers_on_one_body_become_one():
    tracker = PeopleTracker(ScriptedNetwork(), max_people=2)
    tracker.step(0.0, Picture((100, 200, 200), (300, 200, 200)))
    merged = tracker.step(0.04, Picture((190, 200, 200)))
    assert set(merged) == {0}


@given(coordinate, coordinate, st.floats(1, 500), st.floats(-3, 3))
def test_a_region_maps_its_middle_and_corners(x, y, side, angle):
    region = Region(x, y, side, angle)
    matrix = region.matrix
    np.testing.assert_allclose(matrix @ [0.5, 0.5, 1], [x, y], atol=1e-6)
    corner = matrix @ [0, 0, 1] - [x, y]
    assert np.hypot(*corner) == pytest.approx(side / np.sqrt(2), rel=1e-6, abs=1e-6)


def test_a_region_stands_upright_where_the_second_point_is_above():
    upright = Region.around(np.array([100.0, 100.0]), np.array([100.0, 40.0]))
    assert upright.angle == 0
    assert upright.side == pytest.approx(2 * 60 * 1.25)
    lying = Region.around(np.array([100.0, 100.0]), np.array([160.0, 100.0]))
    # Up in the square is where the head lies.
    head = lying.matrix @ [0.5, 0.0, 1]
    assert head[0] > 100
    assert head[1] == pytest.approx(100)


def test_overlap_is_a_share_of_the_smaller_square():
    large, small = Region(0, 0, 100, 0), Region(25, 0, 50, 0)
    assert overlap(large, small) == overlap(small, large) == 1
    assert overlap(large, Region(100, 0, 100, 0)) == 0
    assert overlap(large, Region(50, 0, 100, 0)) == pytest.approx(0.5)


def test_there_are_as_many_anchors_as_the_detector_has():
    anchors = _anchors()
    assert anchors.shape == (2254, 2)
    assert 0 < anchors.min() < anchors.max() < 1


def test_boxes_that_overlap_are_averaged_by_score():
    def box(x):
        return np.array([[x, 0.5], [0.2, 0.2], [x, 0.5], [x, 0.4], [x, 0.5], [x, 0.4]])

    points = np.stack([box(0.30), box(0.32), box(0.8)])
    merged = _merge(points, np.array([0.9, 0.6, 0.7]))
    assert len(merged) == 2
    assert merged[0][0, 0] == pytest.approx((0.9 * 0.30 + 0.6 * 0.32) / 1.5)
