"""The skeleton over the video: drawn while the dancer is found, and as data for the page."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from .._files import atomic_path
from ..motion.container import Motion
from ..motion.skeletons import get_skeleton
from ..motion.smoothing import MIN_CONFIDENCE
from ..plotting._body import Body
from ..video._figure import draw_pose

__all__ = ["LookingPicture", "write_overlay"]

_SIDE = 640
# Seconds between two pictures: more often, drawing would slow the search.
_EVERY = 0.3
# Positions are stored as whole numbers, so many to the longer side of the video.
_UNITS = 8000
_UNSEEN = -32768


class LookingPicture:
    """A picture that shows what is being found: called with each picture and its people.

    Parameters
    ----------
    path : Path
        JPEG file to write and to replace.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 0.0
        self._body = Body.of(get_skeleton("coco17"), 17)

    def __call__(self, moment: float, picture: Any, people: list[np.ndarray]) -> None:
        """Draw the people on the picture, unless that was done just before."""
        from PIL import ImageDraw

        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        scale = min(1.0, _SIDE / max(picture.size))
        picture = picture.resize([max(1, round(side * scale)) for side in picture.size])
        pen = ImageDraw.Draw(picture)
        for pose in people:
            pose = np.asarray(pose, float) * scale
            draw_pose(
                pen,
                pose,
                self._body,
                thick=max(2.0, max(picture.size) / 160),
                head_radius=self._body.head_radius(pose[None]),
                face=True,
            )
        # Whoever reads the picture meanwhile must not find half of one.
        temporary = self._path.with_suffix(".part")
        picture.save(temporary, "JPEG", quality=80)
        os.replace(temporary, self._path)


def write_overlay(motion: Motion, size: tuple[int, int], path: Path) -> None:
    """Write the poses of a video as JSON that the page draws over it.

    Parameters
    ----------
    motion : Motion
        One clip, in pixels of the video.
    size : (int, int)
        Width and height of the video.
    path : Path
        File to write.
    """
    position = np.asarray(motion.position[0], float)
    if motion.confidence is not None:
        # NaN is a confidence that is not known.
        position = np.where((motion.confidence[0] < MIN_CONFIDENCE)[..., None], np.nan, position)
    body = Body.of(motion.skeleton, motion.n_joints)
    unit = _UNITS / max(size)
    unseen = ~np.isfinite(position).all(axis=-1, keepdims=True)
    whole = np.where(unseen, _UNSEEN, np.nan_to_num(position * unit).round().clip(-32000, 32000))
    content = {
        "fps": float(motion.fps),
        "n_frames": int(motion.n_frames),
        "n_joints": int(motion.n_joints),
        "width": size[0] * unit,
        "height": size[1] * unit,
        "bones": [[a, b, side] for (a, b), side in zip(body.bones, body.sides)],
        "head": [int(joint) for joint in body.head],
        "neck": [int(joint) for joint in body.neck],
        "head_radius": round(body.head_radius(position) * unit, 1),
        "poses": base64.b64encode(whole.astype("<i2").tobytes()).decode("ascii"),
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")
