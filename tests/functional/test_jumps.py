"""Jumps of a whole body, which no dancer makes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from sklearn_asdf import Motion
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.jumps import find_jumps
from sklearn_asdf.io import read_poses

DATA = Path(os.environ.get("SKLEARN_ASDF_DATA", "no such folder"))


def dance(fps=30):
    return make_dance_music(1, fps=fps, dropout=0.0, random_state=0).poses.position[0]


@pytest.mark.parametrize("fps", [30, 120])
def test_dances_do_not_jump(fps):
    assert find_jumps(dance(fps), fps=fps).tolist() == []


@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_a_jump_is_found_at_its_frame_in_any_unit(unit):
    position = dance() * unit
    height = np.ptp(position[..., 1], axis=1).mean()
    position[:3] += height / 2
    assert find_jumps(position, fps=30).tolist() == [3]
    # Half a height in a second is a step.
    assert find_jumps(position, fps=1).tolist() == []


def test_a_joint_that_flickers_is_no_jump_nor_are_gaps():
    position = dance()
    position[100, 4] += 10 * np.ptp(position[..., 1])
    position[50:60] = np.nan
    position[60:] += np.ptp(position[..., 1])
    position[120, ::2] = np.nan
    assert find_jumps(position, fps=30).tolist() == []


@pytest.mark.parametrize("n_frames", [0, 1])
def test_short_takes_have_no_jump(n_frames):
    assert find_jumps(dance()[:n_frames], fps=30).tolist() == []


@pytest.mark.skipif(not (DATA / "salsa_bvh").is_dir(), reason="needs the salsa takes")
def test_the_calibration_pose_of_motion_capture_is_found():
    take = read_poses(DATA / "salsa_bvh" / "60_01_scaled.bvh.gz")
    assert find_jumps(take.position[0], fps=take.fps).tolist() == [1, 2, 3]
    assert isinstance(take, Motion)
