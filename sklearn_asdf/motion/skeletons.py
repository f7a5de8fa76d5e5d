"""The skeletons of common trackers and motion capture systems, by name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .._validation import did_you_mean
from .joint_names import SIDES, body_bones
from .skeleton import Segment, Skeleton

__all__ = ["Segment", "Skeleton", "get_skeleton", "guess_skeleton", "list_skeletons"]


def _sided(*parts: str) -> list[str]:
    return [f"{side}_{part}" for part in parts for side in SIDES]


def _limbs(*chain: str) -> list[tuple[str, str]]:
    return [(f"{s}_{a}", f"{s}_{b}") for s in SIDES for a, b in pairwise(chain)]


_BODY_BONES = [
    *_limbs("shoulder", "elbow", "wrist"),
    *_limbs("hip", "knee", "ankle"),
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
    *_limbs("shoulder", "hip"),
]
_FACE_BONES = [*[("nose", f"{s}_eye") for s in SIDES], *_limbs("eye", "ear")]


def _right_left(parts: Sequence[str]) -> list[str]:
    return [f"{side}_{part}" for side in ("right", "left") for part in parts]


def _coco17() -> Skeleton:
    parts = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    bones = [*_BODY_BONES, *_FACE_BONES, *_limbs("ear", "shoulder")]
    return Skeleton(["nose", *_sided(*parts)], bones, name="coco17")


_OPENPOSE_BONES = [
    ("nose", "neck"),
    *[("neck", f"{s}_shoulder") for s in SIDES],
    *_limbs("shoulder", "elbow", "wrist"),
    *_limbs("hip", "knee", "ankle"),
    *_FACE_BONES,
]


def _openpose18() -> Skeleton:
    joints = ["nose", "neck", *_right_left(["shoulder", "elbow", "wrist"])]
    joints += _right_left(["hip", "knee", "ankle"])
    joints += ["right_eye", "left_eye", "right_ear", "left_ear"]
    bones = [*_OPENPOSE_BONES, *[("neck", f"{s}_hip") for s in SIDES]]
    return Skeleton(joints, bones, name="openpose18")


def _openpose25() -> Skeleton:
    joints = ["nose", "neck", *_right_left(["shoulder", "elbow", "wrist"]), "pelvis"]
    joints += _right_left(["hip", "knee", "ankle"])
    joints += ["right_eye", "left_eye", "right_ear", "left_ear"]
    joints += [f"{s}_{p}" for s in SIDES for p in ("big_toe", "small_toe", "heel")]
    bones = [
        *_OPENPOSE_BONES,
        ("neck", "pelvis"),
        *[("pelvis", f"{s}_hip") for s in SIDES],
        *_limbs("ankle", "big_toe", "small_toe"),
        *_limbs("ankle", "heel"),
    ]
    return Skeleton(joints, bones, name="openpose25")


def _mediapipe33() -> Skeleton:
    joints = ["nose"]
    joints += [f"{s}_{p}" for s in SIDES for p in ("eye_inner", "eye", "eye_outer")]
    joints += _sided("ear", "mouth", "shoulder", "elbow", "wrist", "pinky", "index", "thumb")
    joints += _sided("hip", "knee", "ankle", "heel", "foot_index")
    bones = [
        *_BODY_BONES,
        *[("nose", f"{s}_eye_inner") for s in SIDES],
        *_limbs("eye_inner", "eye", "eye_outer", "ear"),
        ("left_mouth", "right_mouth"),
        *_limbs("wrist", "pinky", "index", "wrist", "thumb"),
        *_limbs("ankle", "heel", "foot_index", "ankle"),
    ]
    return Skeleton(joints, bones, name="mediapipe33")


def _smpl24() -> Skeleton:
    joints = ["pelvis", *_sided("hip"), "spine1", *_sided("knee"), "spine2", *_sided("ankle")]
    joints += ["spine3", *_sided("foot"), "neck", *_sided("collar"), "head"]
    joints += _sided("shoulder", "elbow", "wrist", "hand")
    bones = [
        *[("pelvis", f"{s}_hip") for s in SIDES],
        *_limbs("hip", "knee", "ankle", "foot"),
        ("pelvis", "spine1"),
        ("spine1", "spine2"),
        ("spine2", "spine3"),
        ("spine3", "neck"),
        ("neck", "head"),
        *[("spine3", f"{s}_collar") for s in SIDES],
        *_limbs("collar", "shoulder", "elbow", "wrist", "hand"),
    ]
    return Skeleton(joints, bones, name="smpl24")


def _kinect25() -> Skeleton:
    joints = ["pelvis", "spine", "neck", "head"]
    joints += [f"{s}_{p}" for s in SIDES for p in ("shoulder", "elbow", "wrist", "hand")]
    joints += [f"{s}_{p}" for s in SIDES for p in ("hip", "knee", "ankle", "foot")]
    joints += ["spine_shoulder", "left_hand_tip", "left_thumb", "right_hand_tip", "right_thumb"]
    bones = [
        ("pelvis", "spine"),
        ("spine", "spine_shoulder"),
        ("spine_shoulder", "neck"),
        ("neck", "head"),
        *[("spine_shoulder", f"{s}_shoulder") for s in SIDES],
        *[("pelvis", f"{s}_hip") for s in SIDES],
        *_limbs("shoulder", "elbow", "wrist", "hand", "hand_tip"),
        *_limbs("wrist", "thumb"),
        *_limbs("hip", "knee", "ankle", "foot"),
    ]
    return Skeleton(joints, bones, name="kinect25")


def _h36m17() -> Skeleton:
    joints = ["pelvis", *_right_left(["hip", "knee", "ankle"]), "spine", "thorax", "neck", "head"]
    joints += [f"{s}_{p}" for s in SIDES for p in ("shoulder", "elbow", "wrist")]
    bones = [
        *[("pelvis", f"{s}_hip") for s in SIDES],
        *_limbs("hip", "knee", "ankle"),
        ("pelvis", "spine"),
        ("spine", "thorax"),
        ("thorax", "neck"),
        ("neck", "head"),
        *[("thorax", f"{s}_shoulder") for s in SIDES],
        *_limbs("shoulder", "elbow", "wrist"),
    ]
    return Skeleton(joints, bones, name="h36m17")


def _dance_with_melody23() -> Skeleton:
    joints = ["head", "neck", "waist"]
    for side in ("right", "left"):
        joints += [f"{side}_{p}" for p in ("shoulder", "elbow", "wrist", "hand")]
        joints += [f"{side}_{p}" for p in ("hip", "knee", "ankle", "heel", "toe")]
    joints += ["right_hand_extra", "left_hand_extra"]
    bones = [
        ("head", "neck"),
        ("neck", "waist"),
        *[("neck", f"{s}_shoulder") for s in SIDES],
        *[("waist", f"{s}_hip") for s in SIDES],
        *_limbs("shoulder", "elbow", "wrist", "hand"),
        *_limbs("wrist", "hand_extra"),
        *_limbs("hip", "knee", "ankle", "heel", "toe"),
    ]
    return Skeleton(joints, bones, name="dance_with_melody23")


def _canonical15() -> Skeleton:
    parts = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    bones = [
        ("head", "neck"),
        ("neck", "pelvis"),
        *[("neck", f"{s}_shoulder") for s in SIDES],
        *[("pelvis", f"{s}_hip") for s in SIDES],
        *_limbs("shoulder", "elbow", "wrist"),
        *_limbs("hip", "knee", "ankle"),
    ]
    return Skeleton(["head", "neck", "pelvis", *_sided(*parts)], bones, name="canonical15")


_REGISTRY: dict[str, Skeleton] = {
    str(s.name): s
    for s in (
        _coco17(),
        _openpose18(),
        _openpose25(),
        _mediapipe33(),
        _smpl24(),
        _kinect25(),
        _h36m17(),
        _dance_with_melody23(),
        _canonical15(),
    )
}
_ALIASES = {
    "coco": "coco17",
    "posenet": "coco17",
    "openpose": "openpose25",
    "body_25": "openpose25",
}
_ALIASES |= {"coco18": "openpose18", "mediapipe": "mediapipe33", "blazepose": "mediapipe33"}
_ALIASES |= {"smpl": "smpl24", "kinect": "kinect25", "h36m": "h36m17"}
_ALIASES |= {"dance_with_melody": "dance_with_melody23"}

# The skeleton of an array by its number of joints.
_BY_COUNT = {
    17: "coco17",
    18: "openpose18",
    23: "dance_with_melody23",
    24: "smpl24",
    25: "openpose25",
    33: "mediapipe33",
}


def named_skeleton(
    joints: Sequence[str], bones: Sequence[tuple[str, str]] | None = None
) -> Skeleton | None:
    """Return the skeleton of named joints.

    Parameters
    ----------
    joints : sequence of str
        Names of the joints.
    bones : sequence of (str, str) or None, default=None
        Pairs of joints; None takes the bones between joints whose names are known.

    Returns
    -------
    Skeleton or None
        The registered skeleton with these joints in this order, if there is one, else a new one;
        None if the names are numbers only (``0, 1, ...`` or ``joint0, joint1, ...``).
    """
    names = tuple(joints)
    numbers = [str(i) for i in range(len(names))]
    if [name.removeprefix("joint") for name in names] == numbers:
        return None
    for registered in _REGISTRY.values():
        if registered.joints == names:
            return registered
    return Skeleton(names, body_bones(Skeleton(names).find) if bones is None else bones)


def list_skeletons() -> list[str]:
    """Return the names of the registered skeletons.

    Returns
    -------
    list of str
        The names.

    Examples
    --------
    >>> from sklearn_asdf.motion.skeletons import list_skeletons
    >>> "coco17" in list_skeletons()
    True
    """
    return list(_REGISTRY)


def get_skeleton(name: str) -> Skeleton:
    """Return a registered skeleton by its name.

    Parameters
    ----------
    name : str
        One of :func:`list_skeletons`, or an alias of it (``"posenet"``, ``"smpl"``).

    Returns
    -------
    Skeleton
        The skeleton.

    Examples
    --------
    >>> from sklearn_asdf.motion.skeletons import get_skeleton
    >>> get_skeleton("coco17").joints[:3]
    ('nose', 'left_eye', 'right_eye')
    """
    key = _ALIASES.get(str(name).lower(), str(name).lower())
    if key not in _REGISTRY:
        hint = did_you_mean(key, [*_REGISTRY, *_ALIASES])
        raise ValueError(
            f"expected the name of a skeleton, one of {', '.join(_REGISTRY)}, got {name!r}.{hint}"
        )
    return _REGISTRY[key]


def guess_skeleton(n_joints: int) -> Skeleton | None:
    """Return the skeleton that is assumed for an array by its number of joints.

    Parameters
    ----------
    n_joints : int
        Number of joints.

    Returns
    -------
    Skeleton or None
        17: COCO-17, 18: OpenPose COCO-18, 23: dance_with_melody, 24: SMPL, 25: OpenPose BODY_25,
        33: MediaPipe; None for any other number.

    Examples
    --------
    >>> from sklearn_asdf.motion.skeletons import guess_skeleton
    >>> guess_skeleton(17).name
    'coco17'
    """
    return _REGISTRY[_BY_COUNT[n_joints]] if n_joints in _BY_COUNT else None
