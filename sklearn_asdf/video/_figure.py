"""Pictures of stick figures."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..motion.container import Motion
from ..motion.smoothing import MIN_CONFIDENCE
from ..plotting._body import Body, front_view, mean_of_joints
from ..plotting._colors import SIDES_ON_DARK

__all__ = ["StickFigure", "draw_pose"]

_BACKGROUND = (18, 20, 28)
# Drawn so many times larger and then made smaller, which smooths the edges.
_FINER = 2
_MARGIN = 0.1


class StickFigure:
    """Pictures of the poses of a motion, with a fixed camera or one that follows the dancer.

    Parameters
    ----------
    motion : Motion
        Every clip is a dancer.
    size : (int, int)
        Width and height of the picture in pixels.
    follow : bool, default=False
        Whether the camera follows the first dancer to the sides, within a second or so. A dancer
        who travels is then larger.

    Attributes
    ----------
    pixels : ndarray of shape (n_clips, n_frames, n_joints, 2)
        Positions of the joints in the picture; NaN for joints that are not drawn.
    body : Body
        The lines to draw between joints, and the joints of the head.
    head_radius : float
        In pixels.
    """

    def __init__(self, motion: Motion, *, size: tuple[int, int], follow: bool = False) -> None:
        self.size = size
        self.body = Body.of(motion.skeleton, motion.n_joints)
        plane = front_view(motion)
        plane[..., 1] *= -1
        if motion.confidence is not None:
            # NaN is a confidence that is not known.
            sure = ~(motion.confidence < MIN_CONFIDENCE)
            # A tracker that was sure of nothing is shown all the same.
            if (sure & motion.seen).any():
                plane[~sure] = np.nan
        if follow:
            plane[..., 0] -= _path(plane[0, ..., 0], motion.fps)[:, None]
        self.pixels = _fit(plane, np.array(size))
        self.head_radius = self.body.head_radius(self.pixels)

    def draw(self, frame: int) -> Any:
        """Return one picture.

        Parameters
        ----------
        frame : int
            Index of the frame.

        Returns
        -------
        PIL.Image.Image
            In RGB.
        """
        from PIL import Image, ImageDraw

        width, height = self.size
        picture = Image.new("RGB", (width * _FINER, height * _FINER), _BACKGROUND)
        pen = ImageDraw.Draw(picture)
        thick = max(2, round(min(self.size) * _FINER / 110))
        for pose in self.pixels[:, frame] * _FINER:
            draw_pose(pen, pose, self.body, thick=thick, head_radius=self.head_radius * _FINER)
        return picture.resize(self.size, Image.Resampling.BOX)


def draw_pose(
    pen: Any,
    pose: np.ndarray,
    body: Body,
    *,
    thick: float,
    head_radius: float,
    face: bool = False,
) -> None:
    """Draw one pose (n_joints, 2), in pixels, with a PIL pen; joints that are NaN are left out.

    With `face`, the head is a ring through which the face is seen.
    """
    for line, side in body.lines(pose):
        pen.line([*map(tuple, line)], fill=SIDES_ON_DARK[side], width=round(thick))
    seen = np.isfinite(pose).all(axis=-1)
    for joint in {j for bone in body.bones for j in bone} | set(body.loose):
        if seen[joint]:
            _disc(pen, pose[joint], thick * 0.8, SIDES_ON_DARK[body.joint_sides[joint]])
    head = mean_of_joints(pose, body.head)
    if body.head and np.isfinite(head).all():
        if face:
            box = [*(head - head_radius), *(head + head_radius)]
            pen.ellipse(box, outline=SIDES_ON_DARK["middle"], width=round(thick))
        else:
            _disc(pen, head, head_radius, SIDES_ON_DARK["middle"])


def _disc(pen: Any, center: np.ndarray, radius: float, color: str) -> None:
    x, y = center
    pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=color)


def _path(x: np.ndarray, fps: float) -> np.ndarray:
    """Return the middle of the joints (n_frames, n_joints), smoothed over a second."""
    known = np.flatnonzero(np.isfinite(x).any(axis=1))
    if not len(known):
        return np.zeros(len(x))
    middle = (np.nanmin(x[known], axis=1) + np.nanmax(x[known], axis=1)) / 2
    path: np.ndarray = gaussian_filter1d(
        np.interp(np.arange(len(x)), known, middle), fps, mode="nearest"
    )
    return path


def _fit(plane: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Scale positions (..., 2), y pointing down, so that all fit in the picture."""
    seen = plane[np.isfinite(plane).all(axis=-1)]
    # Single wild guesses of a tracker must not make the dancer tiny.
    low, high = np.percentile(seen, [0.2, 99.8], axis=0)
    room = size * (1 - 2 * _MARGIN)
    span = np.maximum(high - low, 1e-9 + 1e-6 * np.abs(seen).max())
    scale = float((room / span).min())
    return (plane - (low + high) / 2) * scale + size / 2
