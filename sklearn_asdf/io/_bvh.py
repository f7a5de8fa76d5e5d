"""BVH files (Biovision hierarchies): joint positions by forward kinematics.

Meredith and Maddock, "Motion capture file formats explained", University of Sheffield,
CS-01-11, 2001, describe the format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from ._take import NotPoses, Take, single, unique_names

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
    # A joint may be called "MOTION" too, but only the keyword comes before "Frames:".
    start = re.search(r"\bMOTION\s+Frames\s*:", text, re.IGNORECASE)
    if start is None:
        if re.search(r"^\s*MOTION\b", text, re.IGNORECASE | re.MULTILINE):
            raise NotPoses("has no 'Frames:' and 'Frame Time:' after MOTION: it is cut off")
        raise NotPoses("is a BVH hierarchy without a MOTION part: it is cut off, export it again")
    joints, n_channels = _hierarchy(text[: start.start()])
    values, fps = _motion(text[start.end() :], n_channels)
    position = forward_kinematics(joints, values)
    keep = [i for i, joint in enumerate(joints) if end_sites or not joint.end]
    new = {old: i for i, old in enumerate(keep)}
    return single(
        position[:, keep],
        fps=fps,
        joints=unique_names([joints[i].name for i in keep]),
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
            turn = Rotation.from_euler(order, angles, degrees=True)
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


_KEYWORDS = {"ROOT", "JOINT", "END"}


def _hierarchy(text: str) -> tuple[list[Joint], int]:
    joints: list[Joint] = []
    stack: list[int] = []
    pending = -1
    column = 0
    # A brace may stand right behind a name.
    words = re.sub(r"([{}])", r" \1 ", text).split()
    try:
        i = 1
        while i < len(words):
            word = words[i].upper()
            if word in _KEYWORDS or word == "ENDSITE":
                # Names may hold blanks and keywords; they end at the brace.
                stop = words.index("{", i)
                pending = len(joints)
                joints.append(_joint(joints, stack, words[i + 1 : stop], word.startswith("END")))
                i = stop
            elif word == "{":
                stack.append(pending)
                i += 1
            elif word == "}":
                stack.pop()
                i += 1
            elif word == "OFFSET":
                joints[stack[-1]].offset = tuple(map(_number, words[i + 1 : i + 4]))
                i += 4
            elif word == "CHANNELS":
                count = int(words[i + 1])
                _add_channels(joints[stack[-1]], words[i + 2 : i + 2 + count], column)
                column += count
                i += 2 + count
            else:
                raise NotPoses(f"has the unexpected word {words[i]!r} in its BVH hierarchy")
    except (IndexError, ValueError) as error:
        if isinstance(error, NotPoses):
            raise
        raise NotPoses("has a damaged BVH hierarchy: export it again") from error
    if not joints or stack:
        raise NotPoses("has a BVH hierarchy with unbalanced braces: it is damaged")
    return joints, column


def _joint(joints: list[Joint], stack: list[int], words: list[str], end: bool) -> Joint:
    parent = stack[-1] if stack else -1
    if parent >= 0 and joints[parent].end:
        raise NotPoses("has a BVH hierarchy in which an End Site has children")
    if end:
        return Joint(f"{joints[parent].name}_end", parent, end)
    return Joint(" ".join(words) or f"joint{len(joints)}", parent)


def _add_channels(joint: Joint, channels: list[str], column: int) -> None:
    for i, channel in enumerate(channels):
        match = _CHANNEL.fullmatch(channel)
        if match is None:
            raise NotPoses(f"has the unknown BVH channel {channel!r}")
        axis = match[1].upper()
        if match[2].lower() == "position":
            joint.places.append((column + i, "XYZ".index(axis)))
        else:
            joint.turns.append((column + i, axis))


def _number(word: str) -> float:
    """Read one number, with a decimal point or comma, and perhaps a comma behind it."""
    return float(word.rstrip(",").replace(",", "."))


def _motion(text: str, n_channels: int) -> tuple[np.ndarray, float]:
    match = re.match(r"\s*(\d+)\s+Frame\s*Time\s*:\s*(\S+)", text, re.IGNORECASE)
    if match is None:
        raise NotPoses("has no 'Frames:' and 'Frame Time:' after MOTION: it is cut off")
    try:
        step = _number(match[2])
    except ValueError:
        step = 0.0
    if not 0 < step < np.inf:
        raise NotPoses(f"has the frame time {match[2]!r}, expected seconds above 0")
    rows = text[match.end() :]
    if "," in rows:
        # Commas beside points, or with blanks behind them, part the values; others are decimal.
        rows = rows.replace(",", " " if "." in rows or re.search(r",\s", rows) else ".")
    try:
        values = np.array(rows.split(), dtype=float)
    except ValueError as error:
        raise NotPoses(f"has motion values that are no numbers ({error})") from error
    values = _frames(values, int(match[1]), n_channels)
    # Frame times are printed with few digits: 0.008333 means 120 frames a second, while the
    # 29.97 of television is further from 30 than that.
    fps = 1.0 / step
    whole = round(fps)
    fps = float(whole) if whole and abs(fps - whole) < 2e-4 * whole else fps
    return values, fps


def _frames(values: np.ndarray, promised: int, n_channels: int) -> np.ndarray:
    """Return (n_frames, n_channels): the frames that are there, if they are whole.

    Some writers count the rest pose, or count before they drop or add frames. Many frames fewer
    than the header has mean that the file is cut off.
    """
    n_frames, rest = divmod(values.size, n_channels) if n_channels else (0, 0)
    if rest or not n_frames or promised - n_frames > max(10, promised // 20):
        raise NotPoses(
            f"promises {promised} frames of {n_channels} channels but holds {values.size} "
            "values: it is cut off or damaged, export it again"
        )
    return values.reshape(n_frames, n_channels)
