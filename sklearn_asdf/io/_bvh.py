"""Biovision hierarchies: a skeleton, its joint angles, and the positions that follow.

Meredith and Maddock, "Motion capture file formats explained", University of Sheffield,
CS-01-11, 2001, describe the format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from ._take import NotPoses, Take, single

_CHANNEL = re.compile(r"([XYZ])(position|rotation)", re.IGNORECASE)


@dataclass
class Joint:
    """One joint of the hierarchy: where it hangs, and which columns move it."""

    name: str
    parent: int
    end: bool = False
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    # (column, axis) pairs; the order of rotations is the order in the file.
    places: list[tuple[int, int]] = field(default_factory=list)
    turns: list[tuple[int, str]] = field(default_factory=list)


def parse_bvh(text: str, *, end_sites: bool = False) -> Take:
    """Return the joint positions of a BVH file, in its own length unit.

    `end_sites` adds the tips (named after their parent, ``_end``) of the branches.
    """
    head, sep, tail = text.partition("MOTION")
    if not sep:
        raise NotPoses("is a BVH hierarchy without a MOTION part: it is cut off, export it again")
    joints, n_channels = _hierarchy(head)
    values, fps = _motion(tail, n_channels)
    position = forward_kinematics(joints, values)
    keep = [i for i, joint in enumerate(joints) if end_sites or not joint.end]
    new = {old: i for i, old in enumerate(keep)}
    return single(
        position[:, keep],
        fps=fps,
        joints=_unique([joints[i].name for i in keep]),
        bones=tuple((new[joints[i].parent], new[i]) for i in keep if joints[i].parent >= 0),
        format="BVH",
    )


def forward_kinematics(joints: list[Joint], values: np.ndarray) -> np.ndarray:
    r"""Return the position of every joint, (n_frames, n_joints, 3).

    A joint's frame is its parent's, moved by the offset and turned by the joint's own
    rotations, which apply in the order of the channels, each about an axis that the ones before
    it have turned:

    .. math:: R_j = R_{p(j)} \, R_{c_1} R_{c_2} R_{c_3}, \quad
              x_j = x_{p(j)} + R_{p(j)} \, o_j
    """
    n_frames = len(values)
    position = np.zeros((n_frames, len(joints), 3))
    turned: list[Rotation] = []
    for j, joint in enumerate(joints):
        local = np.tile(np.asarray(joint.offset, dtype=float), (n_frames, 1))
        # Writers that give every joint six channels repeat the offset in the positions, so
        # these replace it; writers that leave them at zero mean the offset.
        if any(values[:, column].any() for column, _ in joint.places):
            for column, axis in joint.places:
                local[:, axis] = values[:, column]
        if joint.turns:
            order = "".join(axis for _, axis in joint.turns)
            angles = values[:, [column for column, _ in joint.turns]]
            turn = Rotation.from_euler(order, angles if len(order) > 1 else angles[:, 0], True)
        else:
            turn = Rotation.identity(n_frames)
        if joint.parent < 0:
            position[:, j] = local
            turned.append(turn)
        else:
            parent = turned[joint.parent]
            position[:, j] = position[:, joint.parent] + parent.apply(local)
            turned.append(parent * turn)
    return position


def _hierarchy(text: str) -> tuple[list[Joint], int]:
    joints: list[Joint] = []
    stack: list[int] = []
    pending = -1
    column = 0
    words = text.split()
    try:
        i = words.index("HIERARCHY") + 1
        while i < len(words):
            word = words[i]
            if word in ("ROOT", "JOINT", "End"):
                parent = stack[-1] if stack else -1
                # Names may hold blanks; they end at the brace.
                stop = words.index("{", i)
                name = " ".join(words[i + 1 : stop])
                end = word == "End"
                if stack and joints[parent].end:
                    raise NotPoses("has a BVH hierarchy in which an End Site has children")
                joints.append(Joint(f"{joints[parent].name}_end" if end else name, parent, end))
                pending = len(joints) - 1
                i = stop
            elif word == "{":
                stack.append(pending)
                i += 1
            elif word == "}":
                stack.pop()
                i += 1
            elif word == "OFFSET":
                joints[stack[-1]].offset = tuple(float(v) for v in words[i + 1 : i + 4])
                i += 4
            elif word == "CHANNELS":
                count = int(words[i + 1])
                for channel in words[i + 2 : i + 2 + count]:
                    match = _CHANNEL.fullmatch(channel)
                    if match is None:
                        raise NotPoses(f"has the unknown BVH channel {channel!r}")
                    axis = match[1].upper()
                    if match[2].lower() == "position":
                        joints[stack[-1]].places.append((column, "XYZ".index(axis)))
                    else:
                        joints[stack[-1]].turns.append((column, axis))
                    column += 1
                i += 2 + count
            else:
                raise NotPoses(f"has the unexpected word {word!r} in its BVH hierarchy")
    except (IndexError, ValueError) as error:
        if isinstance(error, NotPoses):
            raise
        raise NotPoses("has a damaged BVH hierarchy: export it again") from error
    if not joints or stack:
        raise NotPoses("has a BVH hierarchy with unbalanced braces: it is damaged")
    return joints, column


def _motion(text: str, n_channels: int) -> tuple[np.ndarray, float]:
    match = re.match(r"\s*Frames:\s*(\d+)\s+Frame\s+Time:\s*(\S+)", text)
    if match is None:
        raise NotPoses("has no 'Frames:' and 'Frame Time:' after MOTION: it is cut off")
    n_frames = int(match[1])
    try:
        step = float(match[2])
    except ValueError:
        step = 0.0
    if not 0 < step < np.inf:
        raise NotPoses(f"has the frame time {match[2]!r}, expected seconds above 0")
    try:
        values = np.array(text[match.end() :].split(), dtype=float)
    except ValueError as error:
        raise NotPoses(f"has motion values that are no numbers ({error})") from error
    if values.size != n_frames * n_channels or not n_frames:
        raise NotPoses(
            f"promises {n_frames} frames of {n_channels} channels but holds {values.size} "
            "values: it is cut off or damaged, export it again"
        )
    # Frame times are printed with few digits: 0.008333 means 120 frames a second, while the
    # 29.97 of television is further from 30 than that.
    fps = 1.0 / step
    whole = round(fps)
    fps = float(whole) if whole and abs(fps - whole) < 2e-4 * whole else fps
    return values.reshape(n_frames, n_channels), fps


def _unique(names: list[str]) -> tuple[str, ...]:
    count: dict[str, int] = {}
    unique = []
    for name in names:
        count[name] = count.get(name, 0) + 1
        unique.append(name if count[name] == 1 else f"{name}_{count[name]}")
    return tuple(unique)
