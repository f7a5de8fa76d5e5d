"""The networks of BlazePose: detection of people, and of the joints of each person.

The detector finds people in the whole picture. The landmarker finds the joints of one person in a
square region around her. The joints give the region in the next picture.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._quiet import standard_error_muted

__all__ = ["BlazePose", "Body", "Region", "overlap"]

_DETECTOR_SIZE = 224
_LANDMARK_SIZE = 256
# The detector's layers of anchors: stride in pixels, anchors a cell.
_LAYERS = ((8, 2), (16, 2), (32, 6))
_MIN_DETECTION = 0.5
_MIN_OVERLAP = 0.3
# The square around a person is so many times as wide as she is long.
_MARGIN = 1.25
_N_JOINTS = 33
# Two further points, that tell where to cut: the middle of the hips, and one on a circle about it.
_CENTER, _EDGE = 33, 34


@dataclass(frozen=True)
class Region:
    """A rotated square region of the picture: center and side in pixels, angle in rad."""

    x: float
    y: float
    side: float
    angle: float

    @classmethod
    def around(cls, center: NDArray, edge: NDArray) -> Region:
        """Return the square of a person by the middle of the hips and a point on her circle."""
        dx, dy = np.asarray(edge, float) - center
        side = 2 * _MARGIN * float(np.hypot(dx, dy))
        # Upright, the second point lies straight above the first.
        return cls(float(center[0]), float(center[1]), side, float(np.arctan2(dx, -dy)))

    @property
    def matrix(self) -> NDArray:
        """Map (2, 3) from the unit square to pixels."""
        cos, sin = np.cos(self.angle) * self.side, np.sin(self.angle) * self.side
        turn = np.array([[cos, -sin], [sin, cos]])
        return np.column_stack([turn, np.array([self.x, self.y]) - turn @ [0.5, 0.5]])

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, without the rotation."""
        half = self.side / 2
        return self.x - half, self.y - half, self.x + half, self.y + half


def overlap(a: Region, b: Region) -> float:
    """Return the shared area of two squares as a share of the smaller one, from 0 to 1."""
    left, top, right, bottom = a.box
    other = b.box
    width = min(right, other[2]) - max(left, other[0])
    height = min(bottom, other[3]) - max(top, other[1])
    least = min(a.side, b.side) ** 2
    return max(width, 0.0) * max(height, 0.0) / least if least > 0 else 0.0


@dataclass(frozen=True)
class Body:
    """One person in one picture.

    `image` is (33, 2) in pixels, `visibility` (33,) in [0, 1], `world` (33, 3) in m about the hips,
    `score` the probability that there is a person, `region` the region in the next picture.
    """

    image: NDArray
    visibility: NDArray
    world: NDArray
    score: float
    region: Region


def _anchors() -> NDArray:
    """Centers (2254, 2) of the detector's anchors, in the unit square."""
    rows = []
    for stride, count in _LAYERS:
        cells = _DETECTOR_SIZE // stride
        center = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(center, center), axis=-1).reshape(-1, 2)
        rows.append(np.repeat(grid, count, axis=0))
    return np.concatenate(rows)


def _sigmoid(x: NDArray) -> NDArray:
    return 1 / (1 + np.exp(-np.clip(x, -80, 80)))


class BlazePose:
    """The two networks, on pictures of any size.

    Parameters
    ----------
    detector, landmarker : path
        The ``.tflite`` files.
    n_threads : int or None, default=None
        Number of threads of the networks; None uses up to four.
    """

    def __init__(self, detector: Any, landmarker: Any, *, n_threads: int | None = None) -> None:
        from ai_edge_litert.interpreter import Interpreter

        threads = n_threads or min(os.cpu_count() or 1, 4)
        with standard_error_muted():
            self._detector = _Network(Interpreter(str(detector), num_threads=threads))
            self._landmarker = _Network(Interpreter(str(landmarker), num_threads=threads))
        self._anchors = _anchors()

    def detect(self, picture: Any, *, closely: bool = False) -> list[Region]:
        """Return the regions of people, by decreasing probability.

        Parameters
        ----------
        picture : PIL.Image.Image
            In RGB.
        closely : bool, default=False
            Whether to search parts of the picture too, in which small people are larger.

        Returns
        -------
        list of Region
            In pixels of `picture`. With `closely` a person may occur more than once.
        """
        found = self._detect(picture)
        if closely:
            short = min(picture.size)
            found += self._detect_in_squares(picture, short)
            if not found:
                found = self._detect_in_squares(picture, short // 2)
        return found

    def _detect_in_squares(self, picture: Any, side: int) -> list[Region]:
        """Look at squares that overlap by half or more and cover the picture."""
        if side == max(picture.size):
            return []
        found = []
        columns, rows = (
            np.linspace(0, length - side, 1 + int(np.ceil(2 * (length - side) / side))).astype(int)
            for length in picture.size
        )
        for top in rows:
            for left in columns:
                square = picture.crop((left, top, left + side, top + side))
                found += [
                    replace(region, x=region.x + left, y=region.y + top)
                    for region in self._detect(square)
                ]
        return found

    def _detect(self, picture: Any) -> list[Region]:
        from PIL import Image

        longest = max(picture.size)
        scale = _DETECTOR_SIZE / longest
        size = [max(1, round(side * scale)) for side in picture.size]
        square = Image.new("RGB", (_DETECTOR_SIZE, _DETECTOR_SIZE))
        left, top = ((_DETECTOR_SIZE - side) // 2 for side in size)
        square.paste(picture.resize(size, Image.Resampling.BILINEAR), (left, top))
        pixels = np.asarray(square, np.float32) / 127.5 - 1
        raw, logits = self._detector(pixels, "Identity", "Identity_1")
        score = _sigmoid(logits[:, 0])
        sure = np.flatnonzero(score >= _MIN_DETECTION)
        sure = sure[np.argsort(-score[sure], kind="stable")]
        # Center and size of the box, then x and y of four points, about the anchor.
        points = raw[sure].reshape(len(sure), 6, 2) / _DETECTOR_SIZE
        points[:, [0, 2, 3, 4, 5]] += self._anchors[sure, None]
        merged = _merge(points, score[sure])
        offset = np.array([left, top])
        return [
            Region.around(*((p[[2, 3]] * _DETECTOR_SIZE - offset) / np.divide(size, picture.size)))
            for p in merged
        ]

    def landmarks(self, picture: Any, region: Region) -> Body:
        """Return the joints of the person in a region.

        Parameters
        ----------
        picture : PIL.Image.Image
            In RGB.
        region : Region
            Region of the person.

        Returns
        -------
        Body
            Joints of the person; `score` is the probability that there is one.
        """
        from PIL import Image

        unit = np.diag([1 / _LANDMARK_SIZE, 1 / _LANDMARK_SIZE, 1.0])
        to_pixels = region.matrix
        crop = picture.transform(
            (_LANDMARK_SIZE, _LANDMARK_SIZE),
            Image.Transform.AFFINE,
            tuple((to_pixels @ unit).ravel()),
            resample=Image.Resampling.BILINEAR,
        )
        pixels = np.asarray(crop, np.float32) / 255
        flat, score, world = self._landmarker(pixels, "Identity", "Identity_1", "Identity_4")
        points = flat.reshape(39, 5).astype(float)
        image = points[:, :2] / _LANDMARK_SIZE @ to_pixels[:, :2].T + to_pixels[:, 2]
        cos, sin = np.cos(region.angle), np.sin(region.angle)
        world = world.reshape(39, 3)[:_N_JOINTS].astype(float)
        world[:, :2] = world[:, :2] @ np.array([[cos, -sin], [sin, cos]]).T
        return Body(
            image=image[:_N_JOINTS],
            visibility=_sigmoid(points[:_N_JOINTS, 3]),
            world=world,
            score=float(score.ravel()[0]),
            region=Region.around(image[_CENTER], image[_EDGE]),
        )


class _Network:
    """A TensorFlow Lite network that takes one picture and gives arrays by name."""

    def __init__(self, interpreter: Any) -> None:
        interpreter.allocate_tensors()
        self._interpreter = interpreter
        self._input = interpreter.get_input_details()[0]["index"]
        self._outputs = {d["name"]: d["index"] for d in interpreter.get_output_details()}

    def __call__(self, pixels: NDArray, *names: str) -> list[NDArray]:
        self._interpreter.set_tensor(self._input, pixels[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(self._outputs[name])[0] for name in names]


def _merge(points: NDArray, score: NDArray) -> list[NDArray]:
    """Average boxes that overlap, weighted by score; `points` are sorted by it."""
    merged = []
    left = np.arange(len(points))
    half = points[:, 1] / 2
    low, high = points[:, 0] - half, points[:, 0] + half
    area = np.prod(np.maximum(high - low, 0), axis=1)
    while len(left):
        first = left[0]
        shared = np.minimum(high[first], high[left]) - np.maximum(low[first], low[left])
        common = np.prod(np.maximum(shared, 0), axis=1)
        union = area[first] + area[left] - common
        same = common > _MIN_OVERLAP * np.maximum(union, 1e-12)
        same[0] = True
        merged.append(np.average(points[left[same]], axis=0, weights=score[left[same]]))
        left = left[~same]
    return merged
