"""`Take`: the result of every reader, before it is converted to a `Motion`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._limits import check_shape


class NotPoses(ValueError):
    """What is wrong with a file, as the end of a sentence that begins with its path."""


@dataclass
class Take:
    """Poses of a whole take as a file holds them.

    `position` is (n_frames, n_people, n_joints, n_axes) with NaN where nothing was seen,
    `confidence` (n_frames, n_people, n_joints) or None, NaN where it is not known. `identity` is
    (n_frames, n_people): who stands in each place, numbered from 0, or -1 where that is not known;
    None if the file has no identities. `start` is the first frame's time on the clock of the sound
    in s, where the file has it, `first` its number if it has only that. `bones` are pairs of joint
    indices.
    """

    position: np.ndarray
    format: str
    confidence: np.ndarray | None = None
    fps: float | None = None
    joints: tuple[str, ...] | None = None
    skeleton: str | None = None
    bones: tuple[tuple[int, int], ...] | None = None
    start: float = 0.0
    first: int = 0
    identity: np.ndarray | None = None
    # Clips of equal length, one after the other along the frames.
    n_clips: int = 1

    @property
    def n_identities(self) -> int:
        """Number of people that the file distinguishes."""
        return 0 if self.identity is None else int(self.identity.max(initial=-1)) + 1


@dataclass
class Person:
    """One pose of one frame: (n_joints, n_axes), a confidence each, names where given.

    `identity` is what the tracker calls the person, None where it does not say.
    """

    position: np.ndarray
    confidence: np.ndarray | None = None
    joints: tuple[str, ...] | None = None
    identity: Any = None


def single(position: np.ndarray, confidence: np.ndarray | None = None, **known: Any) -> Take:
    """Return a take of one person from (n_frames, n_joints, n_axes)."""
    if confidence is not None:
        confidence = np.asarray(confidence, dtype=float)[:, None]
    return Take(np.asarray(position, dtype=float)[:, None], confidence=confidence, **known)


def gather(
    frames: Sequence[Sequence[Person]], *, names: tuple[str, ...] | None = None, **known: Any
) -> Take:
    """Put the people of every frame into one array, NaN where a frame has fewer.

    Named joints are put in the order of `names`, or in the order of first appearance, so that
    a detector that leaves out doubtful joints still gives one layout.
    """
    people = [person for frame in frames for person in frame]
    if not people:
        raise NotPoses(f"holds {len(frames)} frame(s) in the form of {known['format']}, but nobody")
    named = all(p.joints is not None for p in people)
    if named and names is None:
        names = tuple(dict.fromkeys(joint for p in people for joint in p.joints or ()))
    if not named:
        counts = sorted({len(p.position) for p in people})
        if len(counts) > 1:
            raise NotPoses(
                f"holds poses of {' and '.join(map(str, counts))} joints: one layout is needed"
            )
    n_joints = len(names) if named and names is not None else len(people[0].position)
    axes = {p.position.shape[1] for p in people}
    shape = (len(frames), max(map(len, frames)), n_joints, min(axes))
    # One crowded frame, or a name of its own for each joint, must not blow up all frames.
    check_shape(shape, sum(p.position.size for p in people), "an array of poses")
    position = np.full(shape, np.nan)
    confidence = np.full(shape[:-1], np.nan)
    column = {joint: i for i, joint in enumerate(names or ())}
    for t, frame in enumerate(frames):
        for i, person in enumerate(frame):
            where: Any = slice(None)
            if named:
                where = [column[joint] for joint in person.joints or ()]
            position[t, i, where] = person.position[:, : shape[-1]]
            if person.confidence is not None:
                confidence[t, i, where] = person.confidence
    identity = None
    if any(person.identity is not None for person in people):
        identity = np.full(shape[:2], -1)
        row = [t for t, frame in enumerate(frames) for _ in frame]
        place = [i for frame in frames for i in range(len(frame))]
        identity[row, place] = numbered([person.identity for person in people])
    return Take(
        position,
        confidence=confidence if any(p.confidence is not None for p in people) else None,
        joints=names if named else None,
        identity=identity,
        **known,
    )


def columns_are_people(n_frames: int, n_people: int) -> np.ndarray:
    """Return the identities of a file in which each column of people is one person."""
    return np.tile(np.arange(n_people), (n_frames, 1))


def numbered(names: Iterable[Any]) -> np.ndarray:
    """Number identities from 0 in the order of their names, -1 where there is none.

    No identity is what trackers write for a person whom they do not follow: nothing, NaN or a
    number below 0.
    """
    plain = [_plain_identity(name) for name in names]
    known = sorted({n for n in plain if n is not None}, key=lambda n: (isinstance(n, str), n))
    place = {name: i for i, name in enumerate(known)}
    return np.array([-1 if name is None else place[name] for name in plain], dtype=int)


def _plain_identity(name: Any) -> float | str | None:
    while isinstance(name, (list, tuple)):
        name = name[0] if len(name) == 1 else None
    if name is None or str(name).strip().lower() in ("", "nan", "none", "null", "<na>"):
        return None
    try:
        number = float(name)
    except (TypeError, ValueError):
        return str(name).strip()
    return number if 0 <= number < np.inf else None


def hide_unseen(take: Take, min_confidence: float) -> None:
    """Make NaN of every joint of confidence 0 or too little, or with an unusable coordinate.

    A confidence that is NaN is not known, and the joint stays.
    """
    lost = ~np.isfinite(take.position).all(axis=-1)
    if take.confidence is not None:
        lost |= (take.confidence <= 0) | (take.confidence < min_confidence)
        known = np.isfinite(take.confidence)
        take.confidence = np.where(lost, 0.0, take.confidence) if known.any() else None
    take.position = np.where(lost[..., None], np.nan, take.position)


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, with a number behind what came before: ``hand``, ``hand_2``."""
    count: dict[str, int] = {}
    unique: list[str] = []
    for name in names:
        new = name
        while new in count:
            count[name] += 1
            new = f"{name}_{count[name]}"
        count[new] = 1
        unique.append(new)
    return tuple(unique)
