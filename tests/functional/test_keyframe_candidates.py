"""Equations 9 to 11: angles of bones, their salience, and candidates for keyframes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import correlate1d

from sklearn_asdf.functional.keyframe_candidates import (
    bone_angles,
    candidate_frames,
    curve_salience,
)


@pytest.mark.parametrize("n_axes", [2, 3])
def test_angle_is_the_arc_cosine_of_equation_9(n_axes):
    rng = np.random.default_rng(0)
    position, reference = rng.normal(size=(2, 7, 4, n_axes)), rng.normal(size=(2, 7, n_axes))
    bones = np.array([[0, 1], [3, 2]])
    bone = position[:, :, bones[:, 1]] - position[:, :, bones[:, 0]]
    cosine = (bone * reference[:, :, None]).sum(axis=-1)
    cosine /= np.linalg.norm(bone, axis=-1) * np.linalg.norm(reference, axis=-1)[:, :, None]
    expected = np.arccos(cosine).transpose(0, 2, 1)
    np.testing.assert_allclose(bone_angles(position, bones, reference), expected, rtol=1e-9)


def test_small_angles_keep_their_digits():
    position = np.array([[[[0.0, 0.0], [1e-9, 1.0]]]])
    theta = bone_angles(position, [[0, 1]], np.array([[[0.0, 2.0]]]))
    assert theta[0, 0, 0] == pytest.approx(1e-9, rel=1e-6)


def test_angles_of_missing_and_empty_bones_are_nan():
    position = np.array([[[[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [np.nan, 1.0]]]])
    theta = bone_angles(position, [[0, 1]], np.ones((1, 2, 2)))
    assert np.isnan(theta).all()


def test_salience_is_the_difference_of_two_gaussians():
    theta = np.random.default_rng(1).normal(size=(2, 30))
    offset = np.arange(-2, 3)
    kernels = [np.exp(-0.5 * (offset / sigma) ** 2) for sigma in (1.5, 0.75)]
    wide, narrow = (
        correlate1d(theta, kernel / kernel.sum(), axis=1, mode="nearest") for kernel in kernels
    )
    np.testing.assert_allclose(curve_salience(theta, fps=30), np.abs(wide - narrow), atol=1e-12)


def test_flat_curves_have_no_candidates():
    theta = np.full((1, 1, 20), 0.1)
    assert not curve_salience(theta, fps=30).any()
    assert not candidate_frames(curve_salience(theta, fps=30)).any()


def test_padding_takes_no_part_in_the_mean():
    salience = np.array([[[1.0, 3.0, 1.0, 0.0, 0.0, 9.0]]])
    got = candidate_frames(salience, [3])
    np.testing.assert_array_equal(got, salience == 3.0)
