"""Stick figures, drawn picture by picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..motion.container import Motion
from ..plotting._motion import points_up

__all__ = ["StickFigure"]

_BACKGROUND = (18, 20, 28)
_COLOURS = {"left": (255, 159, 64), "right": (88, 166, 255), "middle": (226, 228, 234)}
# Drawn so many times larger and then made smaller, which smooths the edges.
_FINER = 2
_MARGIN = 0.08
_MIN_CONFIDENCE = 0.2


class StickFigure:
    """Pictures of the poses of a motion, by a camera that stands still.

    Parameters
    ----------
    motion : Motion
        Every clip is a dancer.
    size : (int, int)
        Width and height of the picture in pixels.

    Attributes
    ----------
    pixels : ndarray of shape (n_clips, n_frames, n_joints, 2)
        Where the joints are in the picture; NaN for those that are not drawn.
    bones : list of (int, int)
        Pairs of joints that are connected.
    sides : list of str
        Of each bone: ``"left"``, ``"right"`` or ``"middle"``.
    """

    def __init__(self, motion: Motion, *, size: tuple[int, int]) -> None:
        self.size = size
        names: list[str] = []
        self.bones: list[tuple[int, int]] = []
        self.sides: list[str] = []
        if motion.skeleton is not None:
            names = list(motion.skeleton.joints)
            side_of = {name: motion.skeleton.side(name) or "middle" for name in names}
            for a, b in motion.skeleton.bones:
                sides = {side_of[a], side_of[b]}
                self.sides.append(sides.pop() if len(sides) == 1 else "middle")
                self.bones.append((names.index(a), names.index(b)))
        self.colours = [_COLOURS[side_of[name]] for name in names] or [
            _COLOURS["middle"]
        ] * motion.n_joints
        plane = np.array(motion.position[..., :2], dtype=float)
        if motion.n_axes == 1:
            plane = np.concatenate([plane, np.zeros_like(plane)], axis=-1)
        if motion.confidence is not None:
            # NaN is a confidence that is not known.
            sure = ~(motion.confidence < _MIN_CONFIDENCE)
            # A tracker that was sure of nothing is shown all the same.
            if (sure & motion.seen).any():
                plane[~sure] = np.nan
        if points_up(np.asarray(motion.position[0]), names):
            plane[..., 1] *= -1
        self.pixels = _fit(plane, np.array(size))

    def draw(self, frame: int) -> Any:
        """Return one picture.

        Parameters
        ----------
        frame : int
            Which frame of the motion.

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
            seen = np.isfinite(pose).all(axis=-1)
            for (a, b), side in zip(self.bones, self.sides):
                if seen[a] and seen[b]:
                    pen.line([*map(tuple, pose[[a, b]])], fill=_COLOURS[side], width=thick)
            for (x, y), colour in zip(pose[seen], np.array(self.colours)[seen]):
                r = thick * 0.8
                pen.ellipse([x - r, y - r, x + r, y + r], fill=tuple(colour))
        return picture.resize(self.size, Image.Resampling.BOX)


def _fit(plane: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Scale positions (..., 2), y pointing down, so that all fit in the picture."""
    seen = plane[np.isfinite(plane).all(axis=-1)]
    # Single wild guesses of a tracker must not make the dancer tiny.
    low, high = np.percentile(seen, [0.2, 99.8], axis=0)
    room = size * (1 - 2 * _MARGIN)
    span = np.maximum(high - low, 1e-9 + 1e-6 * np.abs(seen).max())
    scale = float((room / span).min())
    return (plane - (low + high) / 2) * scale + size / 2
