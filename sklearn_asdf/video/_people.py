"""Tracking of several people in a video under constant numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._blazepose import BlazePose, Body, Region, overlap

__all__ = ["PeopleTracker"]

# Below this the landmarker has lost her.
_MIN_SCORE = 0.5
# Two squares that share more than this of the smaller one show the same person, once found by the
# detector and once followed; two that are followed may cross, and are one only if joints agree.
_SAME_REGION = 0.6
_SAME_BODY = 0.1
# Seconds between looks for people who came in.
_LOOK_EVERY = 1.0
# Whoever comes back within so many squares' sides of where somebody was lost is that person.
_RETURN_WITHIN = 1.0


@dataclass
class _Person:
    number: int
    region: Region
    body: Body
    followed: bool = True


class PeopleTracker:
    """Track people through the pictures of a video.

    Parameters
    ----------
    network : BlazePose
        Detects people and their joints.
    max_people : int
        Maximum number of people tracked at a time.
    """

    def __init__(self, network: BlazePose, *, max_people: int) -> None:
        self.network = network
        self.max_people = max_people
        self.people: list[_Person] = []
        self._next_look = 0.0

    def step(self, time: float, picture: Any) -> dict[int, Body]:
        """Return the people in the next picture, by number.

        Parameters
        ----------
        time : float
            Seconds since the first picture.
        picture : PIL.Image.Image
            In RGB.

        Returns
        -------
        dict of int to Body
            People are numbered in the order of detection, and from left to right if they were
            detected in the same picture.
        """
        for person in self._followed():
            body = self.network.landmarks(picture, person.region)
            person.followed = self._is_there(body, picture)
            if person.followed:
                # Where she was lost stays where she was last seen.
                person.body, person.region = body, body.region
        self._drop_doubles()
        due = time >= self._next_look
        if len(self._followed()) < self.max_people and (due or not self._followed()):
            self._look(picture, closely=due)
            self._next_look = time + _LOOK_EVERY if due else self._next_look
        return {person.number: person.body for person in self._followed()}

    def _followed(self) -> list[_Person]:
        return [person for person in self.people if person.followed]

    @staticmethod
    def _is_there(body: Body, picture: Any) -> bool:
        width, height = picture.size
        region = body.region
        inside = -width < region.x < 2 * width and -height < region.y < 2 * height
        sized = 8 < region.side < 8 * max(picture.size)
        return bool(body.score >= _MIN_SCORE and inside and sized)

    def _drop_doubles(self) -> None:
        """Where two numbers have come to follow one body, the older one keeps her."""
        people = self._followed()
        for i, younger in enumerate(people):
            for older in people[:i]:
                apart = np.linalg.norm(younger.body.image - older.body.image, axis=1).mean()
                if older.followed and apart < _SAME_BODY * older.region.side:
                    younger.followed = False

    def _look(self, picture: Any, *, closely: bool) -> None:
        found: list[tuple[Region, Body]] = []
        for region in self.network.detect(picture, closely=closely):
            if len(self._followed()) + len(found) >= self.max_people:
                break
            known = [p.region for p in self._followed()] + [r for r, _ in found]
            if any(overlap(region, other) > _SAME_REGION for other in known):
                continue
            body = self.network.landmarks(picture, region)
            if self._is_there(body, picture):
                found.append((region, body))
        for region, body in sorted(found, key=lambda pair: pair[0].x):
            self._add(region, body)

    def _add(self, region: Region, body: Body) -> None:
        lost = [p for p in self.people if not p.followed]
        near = [(np.hypot(p.region.x - region.x, p.region.y - region.y), p) for p in lost]
        near = [(d, p) for d, p in near if d < _RETURN_WITHIN * max(region.side, p.region.side)]
        if near:
            person = min(near, key=lambda pair: pair[0])[1]
            person.region, person.body, person.followed = body.region, body, True
        else:
            self.people.append(_Person(len(self.people), body.region, body))
