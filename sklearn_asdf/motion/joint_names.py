"""Names of joints in the styles of trackers, rigs and marker sets.

Each name is converted to a side and lower-case words: ``RShoulder``, ``right shoulder``,
``Shoulder_R``, ``r.shoulder`` and ``mixamorig:RightShoulder`` are all ``right_shoulder``. Synonyms
then map the words to the shared vocabulary of :class:`~sklearn_asdf.Skeleton`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

SIDES = ("left", "right")

# Names of the joints in other sources. In animation, a joint is named after the segment that it
# moves, so the elbow is "LeftForeArm" and the hip "LeftUpLeg". Codes of three letters are those of
# Vicon's Plug-in Gait.
SYNONYMS = {
    "shoulder": ("arm", "upper_arm", "u_arm", "shldr", "shldr_bend", "humerus", "shoulder_joint",
                 "sho"),
    "elbow": ("fore_arm", "lower_arm", "low_arm", "f_arm", "fore_arm_bend", "radius", "elb"),
    "wrist": ("hand", "wri", "wra", "hand_joint"),
    "hip": ("up_leg", "upper_leg", "u_leg", "thigh", "thigh_bend", "femur", "hip_joint", "asi",
            "asis"),
    "knee": ("leg", "lower_leg", "low_leg", "shin", "shin_bend", "calf", "shank", "tibia", "kne"),
    "ankle": ("foot", "ank", "foot_joint"),
    "toe": ("toe_base", "toes", "big_toe", "foot_index", "ball", "toe0", "foot_end", "toe_joint",
            "toe_end"),
    "hand": ("hand_tip", "index", "palm", "fingers", "finger_base", "hand_index1", "hand_middle1",
             "hand_end", "fin"),
    "collar": ("shoulder_blade", "clavicle", "scapula", "clav"),
    "ear": (),
    "eye": (),
    "heel": ("hee",),
}  # fmt: skip
CENTER_SYNONYMS = {
    "pelvis": ("hips", "mid_hip", "hip_centre", "hip_center", "centre_hip", "center_hip",
               "spine_base", "root", "hip", "sacrum", "sacr"),
    "neck": ("spine_shoulder", "neck1", "shoulder_centre", "shoulder_center",
             "lower_neck", "neck_lower", "thorax", "c7"),
    "head": ("head_centre", "head_center", "head_top", "head_end", "nose"),
    "nose": (),
}  # fmt: skip
# From the pelvis up.
_SPINE = (
    "l5", "l3", "t12", "t8", "lower_back", "abdomen", "abdomen_lower", "abdomen_upper",
    "spine_naval", "spine", "spine1", "spine_01", "spine2", "spine_02", "spine3", "spine_03",
    "spine_mid", "spine_chest", "torso", "chest", "chest2", "chest3", "chest4", "chest_lower",
    "chest_upper", "upper_chest", "upper_back",
)  # fmt: skip
_LIMB_CHAINS = (
    ("shoulder", "elbow", "wrist", "hand", "hand_tip"), ("wrist", "thumb"),
    ("hip", "knee", "ankle", "toe"), ("ankle", "foot"), ("ankle", "small_toe"), ("ankle", "heel"),
)  # fmt: skip

# Words that are written as one: names of several words without their separators.
_JOINED = {
    name.replace("_", ""): name
    for names in (*SYNONYMS.values(), *CENTER_SYNONYMS.values(), _SPINE)
    for name in names
    if "_" in name
} | {"uparm": "upper_arm", "smalltoe": "small_toe", "collarbone": "collar"}
_PARTS = (
    set(SYNONYMS)
    | {word for names in SYNONYMS.values() for word in names}
    | set(_JOINED)
    | {"thumb", "finger", "pinky", "ring", "middle", "mouth", "thi", "tib", "upa", "frm", "wrb",
       "fhd", "bhd", "psi"}
)  # fmt: skip
_BODY_WORDS = {
    word
    for name in (*_PARTS, *_JOINED.values(), *CENTER_SYNONYMS, *_SPINE)
    for word in name.split("_")
} | {word for names in CENTER_SYNONYMS.values() for name in names for word in name.split("_")}
_BODY_WORDS -= {"joint"}
_SIDE_WORDS = {"l": "left", "r": "right", "lt": "left", "rt": "right"} | {s: s for s in SIDES}


def plain(name: str) -> str:
    """Return one name as side and lower-case words.

    Parameters
    ----------
    name : str
        ``LeftForeArm``, ``ForeArm_L``, ...

    Returns
    -------
    str
        ``left_fore_arm``.
    """
    side, words = _side_and_words(name)
    return _joined(side, words)


def spelled(joints: Sequence[str]) -> list[str]:
    """Return the names of all joints of a skeleton as sides and lower-case words.

    Parameters
    ----------
    joints : sequence of str
        Names of the joints.

    Returns
    -------
    list of str
        One name per joint.

    Notes
    -----
    A word that most names begin or end with, and that is no part of a body, belongs to the rig and
    is removed (``Bip01 L Thigh``, ``J_Bip_L_UpperArm``, ``left_leg_joint``). If a name that begins
    with L has a counterpart with R, it is on the left, whatever its other letters (``LPSI``).
    """
    parts = [_side_and_words(joint) for joint in joints]
    bare = [_bare(joint) for joint in joints]
    known = set(bare)
    for i, (name, (side, words)) in enumerate(zip(bare, parts)):
        swapped = name[:1].translate(str.maketrans("LRlr", "RLrl")) + name[1:]
        if not side and len(name) > 2 and swapped != name and swapped in known:
            rest = [words[0][1:], *words[1:]] if len(words[0]) > 1 else words[1:]
            parts[i] = ("left" if name[0] in "Ll" else "right"), rest or words
    for place in (0, -1):
        while (word := _frame_word([words for _, words in parts], place)) is not None:
            for _, words in parts:
                if len(words) > 1 and words[place] == word:
                    del words[place]
    return [_joined(side, words) for side, words in parts]


def places_of(joints: Sequence[str]) -> dict[str, int]:
    """Return the index of each name by which a joint can be found.

    Parameters
    ----------
    joints : sequence of str
        Names of the joints.

    Returns
    -------
    dict of str to int
        Names of the joints, their spellings and the shared vocabulary.
    """
    names = spelled(joints)
    found = {name: i for i, name in reversed(list(enumerate(names)))}
    for i, name in enumerate(names):
        # The first of several segments of one limb, and "neck_01". The number of a "hip" without
        # side may stand for the side.
        stem = re.sub(r"_?0*[01]$", "", name)
        if stem and stem not in SYNONYMS:
            found.setdefault(stem, i)
    places = dict(found)
    for side in SIDES:
        for part, synonyms in SYNONYMS.items():
            for word in synonyms:
                if f"{side}_{part}" not in places and f"{side}_{word}" in found:
                    places[f"{side}_{part}"] = found[f"{side}_{word}"]
        # If there is a segment, "shoulder" is the collar bone and "hip" a part of the pelvis; if
        # there is the next joint, the segment is a marker on the limb.
        for part, after, segments in (
            ("shoulder", "elbow", ("arm", "upper_arm", "u_arm")),
            ("hip", "knee", ("up_leg", "upper_leg", "u_leg", "thigh")),
        ):
            segment = next((s for s in segments if f"{side}_{s}" in found), None)
            if segment is not None and f"{side}_{after}" not in found:
                places[f"{side}_{part}"] = found[f"{side}_{segment}"]
                if part == "shoulder" and f"{side}_shoulder" in found:
                    places.setdefault(f"{side}_collar", found[f"{side}_shoulder"])
    for part, synonyms in CENTER_SYNONYMS.items():
        for word in synonyms:
            if part not in places and word in found:
                places[part] = found[word]
    places.update({joint: i for i, joint in enumerate(joints)})
    return places


def body_bones(find: Callable[[str], str | None]) -> list[tuple[str, str]]:
    """Return the bones between the joints of a body, for sources without bones.

    Parameters
    ----------
    find : callable
        Returns the name of a joint for a name of the shared vocabulary, or None.

    Returns
    -------
    list of (str, str)
        Pairs of names that `find` returned.
    """
    neck, pelvis = find("neck"), find("pelvis")
    top = "head" if find("head") else "nose"
    chains = []
    for side in SIDES:
        chains += [[f"{side}_{part}" for part in chain] for chain in _LIMB_CHAINS]
        collar = [f"{side}_collar"] if find(f"{side}_collar") else []
        eye = [f"{side}_eye"] if find(f"{side}_eye") else []
        chains.append(["neck" if neck else top, *collar, f"{side}_shoulder"])
        chains.append(["pelvis" if pelvis else "neck", f"{side}_hip"])
        if not (neck and (pelvis or find("left_hip"))):
            chains.append([f"{side}_shoulder", f"{side}_hip"])
        chains.append(["nose", *eye, f"{side}_ear"])
        chains.append(["nose", *eye])
    if not neck:
        chains.append(["left_shoulder", "right_shoulder"])
    if not pelvis:
        chains.append(["left_hip", "right_hip"])
    spine = [name for name in _SPINE if find(name)]
    chains.append(["pelvis", *spine, "neck", "head"] if pelvis else ["neck", "head"])
    chains.append(["neck", "nose"])
    bones: dict[frozenset[str], tuple[str, str]] = {}
    for chain in chains:
        for a, b in pairwise(map(find, chain)):
            if a is not None and b is not None and a != b:
                bones.setdefault(frozenset((a, b)), (a, b))
    return list(bones.values())


def _bare(name: str) -> str:
    """Remove the name space of a rig or subject."""
    return re.sub(r".*[:|/]", "", name.strip())


def _side_and_words(name: str) -> tuple[str, list[str]]:
    name = re.sub(r"(?<=\b[LR])(?=[A-Z][A-Z]?[a-z])", "_", _bare(name))
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    side, words = "", []
    for word in re.split(r"[^a-z0-9]+", name.lower()):
        found, rest = _side_of(word)
        side = side or found
        stem = rest.rstrip("0123456789")
        words += (_JOINED.get(stem, stem) + rest[len(stem) :]).split("_") if rest else []
    return side, words or [""]


def _side_of(word: str) -> tuple[str, str]:
    """Split a word into a side and the rest: ``leftarm``, ``armleft``, ``lknee``."""
    if word in _SIDE_WORDS:
        return _SIDE_WORDS[word], ""
    if word in _PARTS:
        return "", word
    for side in SIDES:
        if re.match(rf"{side}[a-z]", word):
            return side, word.removeprefix(side)
        if word.endswith(side) and word.removesuffix(side) in _PARTS:
            return side, word.removesuffix(side)
    if word[:1] in ("l", "r") and word[1:].rstrip("0123456789") in _PARTS:
        return _SIDE_WORDS[word[0]], word[1:]
    return "", word


def _frame_word(names: list[list[str]], place: int) -> str | None:
    """Return the first or last word of most names if it is no part of a body."""
    if len(names) < 3:
        return None
    count = Counter(words[place] for words in names if len(words) > 1)
    for word, n in count.most_common(1):
        if 2 * n > len(names) and word.rstrip("0123456789") not in _BODY_WORDS | {""}:
            return word
    return None


def _joined(side: str, words: list[str]) -> str:
    # "C" marks the middle of the body in some rigs.
    words = words[1:] if len(words) > 1 and words[0] == "c" else words
    return "_".join(word for word in (side, *words) if word)
