"""The parameters of `read_poses`, and their checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._validation import Integral, Real, check_choice, raise_all
from ..motion.skeletons import Skeleton, get_skeleton
from ._people import PERSON_RULES

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """The parameters of `read_poses`, after their checks."""

    fps: float | None = None
    skeleton: Skeleton | str | None = None
    person: str | int = "largest"
    coordinates: str = "image"
    image_size: Sequence[float] | None = None
    min_confidence: float = 0.0
    camera: int = 0
    end_sites: bool = False

    def __post_init__(self) -> None:
        problems = []
        fps = self.fps
        if fps is not None and not (_is_number(fps) and 0 < fps < np.inf):
            problems.append(f"expected fps above 0 frames a second or None, got {fps!r}")
        if isinstance(self.person, str) or not _is_whole(self.person):
            try:
                check_choice(self.person, PERSON_RULES, name="person")
            except ValueError as error:
                problems.append(f"{error} A number picks a person by place.")
        if not (_is_number(self.min_confidence) and self.min_confidence >= 0):
            problems.append(f"expected min_confidence of at least 0, got {self.min_confidence!r}")
        if not _is_whole(self.camera) or self.camera < 0:
            problems.append(f"expected camera as a number from 0, got {self.camera!r}")
        size = self.image_size
        if size is not None and not (np.shape(size) == (2,) and min(size) > 0):
            problems.append(f"expected image_size as (width, height) in pixels, got {size!r}")
        raise_all(problems)
        check_choice(self.coordinates, ("image", "world"), name="coordinates")
        if isinstance(self.skeleton, str):
            object.__setattr__(self, "skeleton", get_skeleton(self.skeleton))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))
