"""Positions from the joint rotations of SMPL, on a skeleton of average human proportions.

The SMPL body model itself has a licence of its own and is not needed to know where the limbs
are: segment lengths are fractions of the stature as in Winter, "Biomechanics and Motor Control
of Human Movement" (after Drillis and Contini, 1966).
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ._take import NotPoses, Take, single

PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

# Offsets from the parent in a T-pose, in statures: x to the body's left, y up, z forward.
_OFFSETS = np.array([
    (0.0, 0.0, 0.0),
    (0.048, -0.048, 0.0), (-0.048, -0.048, 0.0), (0.0, 0.065, 0.0),
    (0.0, -0.245, 0.0), (0.0, -0.245, 0.0), (0.0, 0.080, 0.0),
    (0.0, -0.246, 0.0), (0.0, -0.246, 0.0), (0.0, 0.035, 0.0),
    (0.0, -0.035, 0.075), (0.0, -0.035, 0.075),
    (0.0, 0.125, 0.0), (0.045, 0.070, 0.0), (-0.045, 0.070, 0.0),
    (0.0, 0.055, 0.020),
    (0.070, 0.015, 0.0), (-0.070, 0.015, 0.0),
    (0.165, 0.0, 0.0), (-0.165, 0.0, 0.0),
    (0.146, 0.0, 0.0), (-0.146, 0.0, 0.0),
    (0.054, 0.0, 0.0), (-0.054, 0.0, 0.0),
])  # fmt: skip


def smpl_positions(
    rotations: np.ndarray, translation: np.ndarray | None = None, *, stature: float = 1.7
) -> np.ndarray:
    """Return (n_frames, 24, 3) positions in m from (n_frames, 72) axis-angle rotations."""
    n_frames = len(rotations)
    turns = rotations.reshape(n_frames, 24, 3)
    position = np.zeros((n_frames, 24, 3))
    if translation is not None:
        position[:, 0] = translation
    turned: list[Rotation] = []
    for j, parent in enumerate(PARENTS):
        turn = Rotation.from_rotvec(turns[:, j])
        if parent >= 0:
            position[:, j] = position[:, parent] + turned[parent].apply(_OFFSETS[j] * stature)
            turn = turned[parent] * turn
        turned.append(turn)
    return position


def take_of_smpl(contents: dict[str, np.ndarray]) -> Take:
    """Return the take of AIST++'s ``motions``: poses, translation and its scale."""
    rotations = np.asarray(contents["smpl_poses"], dtype=float).reshape(-1, 72)
    place = contents.get("smpl_trans")
    if place is not None:
        scale = float(np.ravel(contents.get("smpl_scaling", 1.0))[0])
        place = np.asarray(place, dtype=float).reshape(-1, 3) / scale
    return single(
        smpl_positions(rotations, place), fps=60.0, skeleton="smpl24", format="SMPL rotations"
    )


def take_of_amass(contents: dict[str, np.ndarray], *, fps: float | None) -> Take:
    """Return the take of AMASS's ``poses`` and ``trans`` of SMPL, SMPL-H or SMPL-X.

    The first 22 joints are those of SMPL; the hands of SMPL are joints 20 and 21 in the others.
    """
    rotations = np.asarray(contents["poses"], dtype=float)
    n_body = 3 * 22
    if rotations.shape[1] < n_body:
        raise NotPoses(
            f"holds SMPL rotations of shape {rotations.shape}, expected {n_body} columns or more"
        )
    hands = np.zeros((len(rotations), 6))
    rotations = np.concatenate([rotations[:, :n_body], hands], axis=1)
    translation = np.asarray(contents["trans"], dtype=float).reshape(-1, 3)
    position = smpl_positions(rotations, translation)
    return single(position, fps=fps, skeleton="smpl24", format="AMASS")
