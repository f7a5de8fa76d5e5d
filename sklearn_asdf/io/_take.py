"""What every reader hands over: one take, before it becomes a `Motion`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._limits import check_shape

PERSON_RULES = ("largest", "first", "follow")


class NotPoses(ValueError):
    """What is wrong with a file, as the end of a sentence that begins with its path."""


@dataclass
class Take:
    """Poses of a whole take as a file holds them.

    `position` is (n_frames, n_people, n_joints, n_axes) with NaN where nothing was seen,
    `confidence` (n_frames, n_people, n_joints) or None. `start` is the first frame's time on the
    clock of the sound in s, where the file tells it, `first` its number if only that is told;
    `tracked` says that a column of people is
    one and the same person throughout. `bones` are pairs of joint indices.
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
    tracked: bool = False
    # Clips of equal length, one after the other along the frames.
    n_clips: int = 1


@dataclass
class Person:
    """One pose of one frame: (n_joints, n_axes), a confidence each, names where given."""

    position: np.ndarray
    confidence: np.ndarray | None = None
    joints: tuple[str, ...] | None = None


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
    told = any(p.confidence is not None for p in people)
    return Take(
        position,
        confidence=np.nan_to_num(confidence) if told else None,
        joints=names if named else None,
        **known,
    )


def hide_unseen(take: Take, min_confidence: float) -> None:
    """Make NaN of every joint with no confidence, too little, or an unusable coordinate."""
    lost = ~np.isfinite(take.position).all(axis=-1)
    if take.confidence is not None:
        lost |= (take.confidence <= 0) | (take.confidence < min_confidence)
        take.confidence = np.where(lost, 0.0, take.confidence)
    take.position = np.where(lost[..., None], np.nan, take.position)


def choose_person(take: Take, person: str | int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return position and confidence of one person.

    `"largest"` compares the diagonals of the boxes around the seen joints.
    """
    n_frames, n_people = take.position.shape[:2]
    seen = np.isfinite(take.position).all(axis=-1)
    if isinstance(person, str):
        chosen = np.zeros(n_frames, dtype=int)
        anyone = seen.any(axis=-1)
        if n_people > 1 and person == "first" and not take.tracked:
            chosen = anyone.argmax(axis=1)
        elif n_people > 1 and person != "first":
            size = _box_diagonal(take.position, seen)
            if take.tracked:
                chosen = np.full(n_frames, size.sum(axis=0).argmax())
            elif person == "largest":
                chosen = size.argmax(axis=1)
            else:
                chosen = _follow(take.position, seen, size)
    else:
        if not 0 <= person < n_people:
            raise NotPoses(
                f"holds at most {n_people} person(s) a frame, but person={person} was asked for: "
                f"choose 0 to {n_people - 1}, or one of {', '.join(map(repr, PERSON_RULES))}"
            )
        chosen = np.full(n_frames, person)
    row = np.arange(n_frames)
    confidence = None if take.confidence is None else take.confidence[row, chosen]
    return take.position[row, chosen], confidence


def _box_diagonal(position: np.ndarray, seen: np.ndarray) -> np.ndarray:
    mask = seen[..., None]
    low = np.where(mask, position, np.inf).min(axis=-2)
    high = np.where(mask, position, -np.inf).max(axis=-2)
    size = np.linalg.norm(np.where(np.isfinite(low), high - low, 0.0), axis=-1)
    # A person whose joints all lie in one point is still somebody.
    return np.where(seen.any(axis=-1), size, -1.0).clip(-1.0) + seen.any(axis=-1) * 1e-12


def _follow(position: np.ndarray, seen: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return who is nearest to the person of the frame before, starting with the largest."""
    count = seen.sum(axis=-1)
    total = np.where(seen[..., None], position, 0.0).sum(axis=-2)
    centre = np.where(count[..., None] > 0, total / np.maximum(count, 1)[..., None], np.inf)
    chosen = np.zeros(len(position), dtype=int)
    last = None
    for t in np.flatnonzero(count.any(axis=1)):
        if last is None:
            chosen[t] = size[t].argmax()
        else:
            chosen[t] = np.linalg.norm(centre[t] - last, axis=-1).argmin()
        last = centre[t, chosen[t]]
    return chosen


def last_number(name: object) -> int | None:
    """Return the last whole number in a file name or frame id, if there is one."""
    digits = re.findall(r"\d+", str(name))
    return int(digits[-1]) if digits else None


def first_number(lowest: int, n_frames: int) -> int:
    """Return how many frames passed before the first, if frame numbers can count them.

    Numbers from 1 are numbers from 0, and far higher ones name images, not frames.
    """
    return lowest if 1 < lowest <= 10 * n_frames else 0


def place_by_number(
    frames: Sequence[Sequence[Person]], numbers: Iterable[int | None]
) -> tuple[list[Sequence[Person]], int]:
    """Order frames by their numbers, with an empty frame for every number left out.

    Return the frames, and how many passed before the first.

    Numbers that are missing, repeated or spread absurdly wide tell nothing: then the frames
    stay as they came.
    """
    known = list(numbers)
    if any(n is None for n in known) or len(set(known)) < len(known):
        return list(frames), 0
    at = np.array(known, dtype=np.int64)
    order = np.argsort(at)
    lowest = int(at.min())
    at = at[order] - lowest
    # Every second or fifth image, say: the numbers count images, the take counts poses.
    step = int(np.gcd.reduce(np.diff(at))) if len(at) > 1 else 1
    step = max(step, 1)
    at //= step
    if at[-1] >= 10 * len(at) + 1000:
        return [frames[i] for i in order], 0
    placed: list[Sequence[Person]] = [()] * (int(at[-1]) + 1)
    for i, where in zip(order, at):
        placed[where] = frames[i]
    return placed, first_number(lowest // step, len(placed))
