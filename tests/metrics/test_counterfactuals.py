"""Dances larger, backwards, slower: what changes, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import Motion
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.kinematics import magnitude, velocity
from sklearn_asdf.metrics import amplify, reverse, slow_down


@pytest.fixture(scope="module")
def dance():
    return make_dance_music(2, random_state=0).poses


def speed(motion):
    return np.nanmean(magnitude(velocity(motion.position, fps=motion.fps)))


@given(st.floats(0.1, 8))
def test_amplified_dances_are_as_much_faster_about_the_same_place(factor):
    dance = make_dance_music(1, clip_duration=2, random_state=0).poses
    large = amplify(dance, factor)
    assert speed(large) == pytest.approx(factor * speed(dance))
    assert_allclose(large.position.mean(axis=1), dance.position.mean(axis=1))
    assert_allclose(amplify(large, 1 / factor).position, dance.position)


def test_reversing_twice_is_nothing(dance):
    back = reverse(dance)
    assert_array_equal(back.position[:, 0], dance.position[:, -1])
    assert_array_equal(reverse(back).position, dance.position)
    assert (back.fps, back.skeleton) == (dance.fps, dance.skeleton)


def test_half_tempo_has_half_the_speed_and_the_first_half_of_the_way(dance):
    slow = slow_down(dance, 2)
    assert slow.shape == dance.shape
    assert slow.fps == dance.fps
    assert_allclose(slow.position[:, ::2], dance.position[:, :120], atol=1e-8)
    assert speed(slow) == pytest.approx(speed(dance.frames(0, 120)) / 2, rel=0.05)
    assert_allclose(slow_down(dance, 1).position, dance.position)


@pytest.mark.parametrize("change", [amplify, reverse, slow_down])
def test_unseen_stays_unseen_and_padding_stays_at_the_end(dance, change):
    position = dance.position.copy()
    position[0, 180:] = np.nan
    position[:, :, 3] = np.nan
    confidence = np.ones(position.shape[:3])
    changed = change(Motion(position, fps=30, skeleton=dance.skeleton, confidence=confidence))
    assert not changed.seen[:, :, 3].any()
    assert changed.seen[1, :, 0].all()
    length = 240 if change is slow_down else 180
    assert changed.lengths.tolist() == [length, 240]
    assert changed.confidence.shape == position.shape[:3]


def test_derivatives_are_dropped(dance):
    motion = Motion(dance.position, fps=30, velocity=np.zeros(dance.shape))
    assert amplify(motion).velocity is None


@pytest.mark.parametrize(
    ("change", "factor"), [(amplify, 0), (amplify, np.nan), (slow_down, 0.5), (slow_down, np.inf)]
)
def test_bad_factors_are_refused_in_a_sentence(dance, change, factor):
    with pytest.raises(ValueError, match="expected factor"):
        change(dance, factor)
