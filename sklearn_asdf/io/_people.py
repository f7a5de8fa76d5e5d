"""Selection of one person in each frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._take import NotPoses, Take

PERSON_RULES = ("largest", "first", "follow")

# By how much another person's box must be larger before "largest" changes to that person: a
# dancer who bends down is still the same dancer.
_LARGER = 1.5


def choose_person(take: Take, person: str | int) -> tuple[np.ndarray, np.ndarray | None, int]:
    """Return position and confidence of one person, and how often the choice jumps.

    Where the file has identities, one of them is followed through the whole take, and nothing
    jumps. Where it has none, ``"largest"`` counts the frames in which it changes to another
    person.
    """
    n_people = take.position.shape[1]
    seen = np.isfinite(take.position).all(axis=-1)
    identity = None if take.identity is None else _usable(take.identity, seen.any(axis=-1))
    n_choices = n_people if identity is None else take.n_identities
    check_number(person, n_choices, where="" if identity is not None else " per frame")
    jumps = 0
    if identity is None and not isinstance(person, str):
        chosen = np.full(len(seen), person)
    elif identity is None and (person == "first" or n_people == 1):
        chosen = seen.any(axis=-1).argmax(axis=1)
    else:
        # Broken files hold numbers whose squares are infinite.
        with np.errstate(over="ignore", invalid="ignore"):
            size, center = _box_diagonal(take.position, seen), _center(take.position, seen)
            if identity is not None:
                chosen = _identified(identity, person, size, center)
            else:
                ratio = _LARGER if person == "largest" else np.inf
                chosen, jumps = _linked(size, center, ratio)
                jumps = jumps if person == "largest" else 0
    row = np.arange(len(chosen))
    missing = chosen < 0
    position = take.position[row, chosen]
    position[missing] = np.nan
    confidence = None
    if take.confidence is not None:
        confidence = take.confidence[row, chosen]
        confidence[missing] = 0.0
    return position, confidence, jumps


def check_number(person: str | int, n_people: int, *, where: str = "") -> None:
    """Refuse the number of a person whom a file does not have."""
    if isinstance(person, str) or 0 <= person < n_people:
        return
    people = "one person" if n_people == 1 else f"at most {n_people} people"
    choice = "0" if n_people == 1 else f"0 to {n_people - 1}"
    raise NotPoses(
        f"holds {people}{where}, but person {person} was asked for: choose {choice}, or one of "
        f"{', '.join(map(repr, PERSON_RULES))}"
    )


def _usable(identity: np.ndarray, present: np.ndarray) -> np.ndarray | None:
    """Return the identities that tell people apart, -1 elsewhere; None if there are none.

    Trackers that do not track give everybody the same number, or a new one in every frame. Where
    an identity occurs twice in one frame, neither is known to be it.
    """
    who = np.where(present, identity, -1)
    if who.max(initial=-1) < 0:
        return None
    frame, place = np.nonzero(who >= 0)
    n = int(who.max()) + 1
    once, inverse, count = np.unique(
        frame * n + who[frame, place], return_inverse=True, return_counts=True
    )
    n_frames_of = np.bincount(once % n)
    if count.max() > 1 and (n_frames_of > 0).sum() == 1:
        return None
    if n_frames_of.max() == 1 and len(np.unique(frame)) > 1:
        return None
    doubled = count[inverse] > 1
    who[frame[doubled], place[doubled]] = -1
    return who


def _identified(
    who: np.ndarray, person: str | int, size: np.ndarray, center: np.ndarray
) -> np.ndarray:
    """Return the place of one identity in each frame, -1 where it is not there."""
    if person == "first":
        wanted = int(who[who >= 0].min(initial=0))
    elif isinstance(person, str):
        known = who >= 0
        wanted = int(np.bincount(who[known], weights=size[known], minlength=1).argmax())
    else:
        wanted = person
    found = who == wanted
    chosen = np.where(found.any(axis=1), found.argmax(axis=1), -1)
    # Instances corrected by hand have often lost their identity: one close to where the person
    # was last, or is next, is that person.
    unnamed = (who < 0) & (size >= 0)
    if unnamed.any() and found.any():
        for frames in (range(len(who)), range(len(who) - 1, -1, -1)):
            _fill(chosen, unnamed, size, center, frames)
    return chosen


def _fill(
    chosen: np.ndarray, unnamed: np.ndarray, size: np.ndarray, center: np.ndarray, frames: Any
) -> None:
    """Put the nearest unnamed person, within a body's size, where nobody is chosen yet."""
    last = None
    for t in frames:
        if chosen[t] < 0 and last is not None and unnamed[t].any():
            distance = np.where(unnamed[t], np.linalg.norm(center[t] - last[0], axis=-1), np.inf)
            if distance.min() <= last[1]:
                chosen[t] = distance.argmin()
        if chosen[t] >= 0:
            last = center[t, chosen[t]], size[t, chosen[t]]


def _linked(size: np.ndarray, center: np.ndarray, ratio: float) -> tuple[np.ndarray, int]:
    """Return whom to read where nobody has an identity, and how often that jumps.

    The largest person begins; from frame to frame the nearest one follows, unless another one's
    box is larger by more than `ratio`. A jump is a move to somebody other than the nearest person
    and more than half a body away, or a move of more than a body's size per frame.
    """
    chosen = np.zeros(len(size), dtype=int)
    jumps, before = 0, -1
    for t in map(int, np.flatnonzero((size >= 0).any(axis=1))):
        largest = int(size[t].argmax())
        if before < 0:
            chosen[t], before = largest, t
            continue
        distance = np.linalg.norm(center[t] - center[before, chosen[before]], axis=-1)
        near = int(distance.argmin())
        pick = largest if size[t, largest] > ratio * size[t, near] else near
        body = max(size[t, pick], size[before, chosen[before]])
        reach = body / 2 if pick != near else body * (t - before)
        jumps += bool(body > 2 * _POINT and distance[pick] > reach)
        chosen[t], before = pick, t
    return chosen, jumps


# The size of a person whose joints all lie in one point, who is still somebody.
_POINT = 1e-12


def _box_diagonal(position: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the diagonal of the box around the seen joints, -1 where there are none."""
    mask = seen[..., None]
    low = np.where(mask, position, np.inf).min(axis=-2)
    high = np.where(mask, position, -np.inf).max(axis=-2)
    size = np.linalg.norm(np.where(np.isfinite(low), high - low, 0.0), axis=-1)
    return np.where(seen.any(axis=-1), size + _POINT, -1.0)


def _center(position: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the mean of the seen joints, infinite where there are none."""
    count = seen.sum(axis=-1)[..., None]
    total = np.where(seen[..., None], position, 0.0).sum(axis=-2)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)
