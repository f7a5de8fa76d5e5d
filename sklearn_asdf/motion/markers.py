"""Joints from the markers of motion capture, which lie on the skin around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._validation import check_choice, did_you_mean, raise_all
from ..functional.hip_centers import hip_centers
from .container import Motion, as_motion
from .skeletons import named_skeleton

__all__ = ["MARKER_SETS", "find_marker_set", "joints_of_markers"]

_SIDES = (("left", "L"), ("right", "R"))


def _both_sides(pattern: str, **joints: str) -> dict[str, tuple[str, ...]]:
    """Return the joints of both sides; `pattern` names a marker by side and part."""
    return {
        f"{side}_{joint}": tuple(pattern.format(letter, part) for part in parts.split())
        for side, letter in _SIDES
        for joint, parts in joints.items()
    }


# The markers whose mean is a joint, of which a take may lack some; the hips are computed.
MARKER_SETS: dict[str, dict[str, tuple[str, ...]]] = {
    "plug_in_gait": {
        "head": ("LFHD", "RFHD", "LBHD", "RBHD"),
        "neck": ("C7", "CLAV"),
        "chest": ("STRN", "T10"),
        **_both_sides(
            "{0}{1}", shoulder="SHO", elbow="ELB", wrist="WRA WRB", hand="FIN", knee="KNE",
            ankle="ANK", heel="HEE", toe="TOE",
        ),
    },
    "qualisys": {
        "head": ("HeadL", "HeadR", "HeadFront", "HeadTop"),
        "neck": ("SpineTop", "Chest"),
        **_both_sides(
            "{0}{1}", shoulder="ShoulderTop", elbow="ElbowOut ElbowIn", wrist="WristOut WristIn",
            hand="HandOut HandIn", knee="KneeOut KneeIn", ankle="AnkleOut AnkleIn",
            heel="HeelBack", toe="ToeTip ForefootOut ForefootIn",
        ),
    },
}  # fmt: skip
# Front and back of the pelvis on the left and on the right, or one marker at the back.
_PELVIS = {
    "plug_in_gait": (("LASI", "RASI"), ("LPSI", "RPSI"), "SACR"),
    "qualisys": (("WaistLFront", "WaistRFront"), ("WaistLBack", "WaistRBack"), "WaistBack"),
}
# Without these a take is not of the set.
_NEEDED = ("head", "left_wrist", "right_wrist", "left_ankle", "right_ankle")


def joints_of_markers(
    motion: Any, joints: str | Mapping[str, str | Sequence[str]] = "auto"
) -> Motion:
    """Return the joints of poses that are markers of motion capture.

    Parameters
    ----------
    motion : Motion
        Positions of markers, with names.
    joints : {"auto", "plug_in_gait", "qualisys"} or dict, default="auto"
        A dict has, for the name of each joint, the marker or the markers whose mean it is:
        ``{"left_wrist": ["LWRA", "LWRB"]}``. The names of sets stand for Vicon's Plug-in Gait and
        for Qualisys' markers for animation; `"auto"` is the one of them that the poses have.

    Returns
    -------
    Motion
        The joints in place of the markers. Other fields than positions are dropped.

    See Also
    --------
    sklearn_asdf.io.read_poses : Reads C3D, TRC and other files of markers.

    Notes
    -----
    A joint is NaN where one of its markers is, since the mean of the others would jump. In the two
    sets, a marker that the whole take lacks is left out, and a joint without markers too. The hips
    are computed from the four markers of the pelvis as Bell et al. [1]_ do, and the pelvis is their
    center: from the marker in front, 14 % of the distance between both to the middle, 19 % to the
    back and 30 % downwards. Hips in two dimensions are not computed.

    References
    ----------
    .. [1] A. L. Bell, D. R. Pedersen and R. A. Brand, "A comparison of the accuracy of several hip
       center location prediction methods", Journal of Biomechanics 23(6), 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import Motion
    >>> from sklearn_asdf.motion import Skeleton, joints_of_markers
    >>> markers = np.array([[[[0.0, 0, 0], [0.04, 0, 0], [0, 1, 0]]]])
    >>> take = Motion(markers, fps=100, skeleton=Skeleton(["LWRA", "LWRB", "LELB"]))
    >>> arm = joints_of_markers(take, {"left_wrist": ["LWRA", "LWRB"], "left_elbow": "LELB"})
    >>> arm.skeleton.joints
    ('left_wrist', 'left_elbow')
    >>> arm.position[0, 0, 0]
    array([0.02, 0.  , 0.  ])
    """
    motion = as_motion(motion)
    if motion.skeleton is None:
        raise ValueError(
            "expected markers with names, got poses without: pass "
            "Motion(array, skeleton=Skeleton(names))"
        )
    names = motion.skeleton.joints
    if isinstance(joints, str):
        marker_set = check_choice(joints, ("auto", *MARKER_SETS), name="joints")
        if marker_set == "auto":
            marker_set = find_marker_set(names)
            if marker_set is None:
                raise ValueError(
                    f"expected the markers of {' or '.join(MARKER_SETS)}, got {_listed(names)}: "
                    'pass a dict of joints, {"left_wrist": ["marker", ...], ...}'
                )
        present = {
            joint: tuple(marker for marker in markers if marker in names)
            for joint, markers in MARKER_SETS[marker_set].items()
        }
        means = {joint: markers for joint, markers in present.items() if markers}
        if not means:
            raise ValueError(
                f"expected the markers of {marker_set}, got {_listed(names)}: pass another set, or "
                '"auto" for whichever the take has'
            )
    else:
        means = _checked(joints, names)
        marker_set = None
    index = {name: i for i, name in enumerate(names)}
    position = {
        joint: motion.position[:, :, [index[marker] for marker in markers]].mean(axis=2)
        for joint, markers in means.items()
    }
    if marker_set is not None:
        position |= _hips(motion, marker_set, index)
    skeleton = named_skeleton(tuple(position))
    return Motion(np.stack(list(position.values()), axis=2), fps=motion.fps, skeleton=skeleton)


def find_marker_set(names: Sequence[str]) -> str | None:
    """Return the marker set that has head, wrists and ankles among the names, or None.

    Parameters
    ----------
    names : sequence of str
        Names of markers.

    Returns
    -------
    str or None
        The name of the set.
    """
    known = set(names)
    for name, joints in MARKER_SETS.items():
        if all(known.intersection(joints[joint]) for joint in _NEEDED):
            return name
    return None


def _hips(motion: Motion, marker_set: str, index: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Return hips and pelvis, if the take has the markers that they are computed from."""
    front, back, middle = _PELVIS[marker_set]
    back = back if set(back) <= set(index) else (middle, middle)
    if not {*front, *back} <= set(index) or motion.n_axes != 3:
        return {}
    left, right, behind_left, behind_right = (
        motion.position[:, :, index[marker]] for marker in (*front, *back)
    )
    hips = hip_centers(left, right, (behind_left + behind_right) / 2)
    return {"left_hip": hips[0], "right_hip": hips[1], "pelvis": (hips[0] + hips[1]) / 2}


def _checked(joints: Mapping[str, Any], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the markers of each joint, all of which exist."""
    if not isinstance(joints, Mapping) or not joints:
        raise TypeError(
            'expected joints as a dict, {"left_wrist": ["LWRA", "LWRB"], ...}, or the name of a '
            f"set of markers, got {joints!r}"
        )
    problems = []
    means = {}
    for joint, markers in joints.items():
        means[str(joint)] = (markers,) if isinstance(markers, str) else tuple(markers)
        if not means[str(joint)]:
            problems.append(f"expected at least one marker for {joint!r}, got none")
        problems += [
            f"expected a marker of the poses for {joint!r}, got {marker!r}."
            + did_you_mean(str(marker), names)
            for marker in means[str(joint)]
            if marker not in names
        ]
    raise_all(problems)
    return means


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
