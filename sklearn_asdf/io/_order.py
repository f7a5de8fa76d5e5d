"""Selection and temporal order of files with one frame each, by their names and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._take import Person


def is_frame_file(path: Path) -> bool:
    """Tell whether a file of a folder may be one frame."""
    return ".json" in path.suffixes[-2:] and not is_hidden(path.name)


def is_hidden(name: str) -> bool:
    """Tell whether a name is not the user's: ``__MACOSX/...``, ``._frame.json``, ``.cache/...``.

    macOS adds such companions to archives and to folders of other file systems.
    """
    return any(
        part == "__MACOSX" or (part.startswith(".") and part not in (".", ".."))
        for part in re.split(r"[/\\]", name)
    )


def frame_numbers(names: Iterable[Any]) -> list[int | None]:
    """Return the number of each frame by its name, None for a name without digits.

    The number is the last one in which the names differ: in ``dance2_0007_v3.json`` it is 7.
    Where it alone is not different for every name, as with minutes, seconds and frames, all
    numbers of the names give their order.
    """
    names = list(names)
    if all(isinstance(name, (int, np.integer)) for name in names):
        return [int(name) for name in names]
    # Some exporters add a hash to the names of images.
    groups = [re.findall(r"\d+", re.sub(r"\.rf\.[0-9a-f]+", "", str(name))) for name in names]
    if len({len(group) for group in groups}) > 1 or not any(groups):
        return [int(group[-1]) if group else None for group in groups]
    values = np.array([[int(text) for text in group] for group in groups], dtype=object)
    differ = [i for i, column in enumerate(values.T) if len(set(column)) > 1] or [-1]
    numbers = values[:, differ[-1]].tolist()
    every = [tuple(row) for row in values]
    if len(set(numbers)) < len(set(every)):
        rank = {row: i for i, row in enumerate(sorted(set(every)))}
        return [rank[row] for row in every]
    return numbers


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
    known = [n for n in numbers if n is not None]
    if not known or len(known) < len(frames) or len(set(known)) < len(known):
        return list(frames), 0
    if max(known) >= 2**62:
        return [frames[i] for i in np.argsort(np.array(known, dtype=object))], 0
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
