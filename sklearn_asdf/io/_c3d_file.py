"""The bytes of a C3D file: header, parameters and points, each checked against the file's length.

The format is described in the C3D user guide, https://www.c3d.org.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._take import NotPoses

_BLOCK = 512
# Processors by number: the order of bytes, and whether floats are those of DEC's VAX.
_PROCESSORS = {84: ("<", False), 85: ("<", True), 86: (">", False)}
_UNKNOWN = 2**16 - 1


@dataclass
class C3D:
    """What a file holds.

    Attributes
    ----------
    points : ndarray of shape (n_frames, n_points, 3)
        In the file's unit of length.
    residual : ndarray of shape (n_frames, n_points)
        Negative where no camera saw the marker.
    rate : float
        Frames per second.
    parameters : dict of dict
        Values by group and name: an array of numbers, or a list of text.
    """

    points: np.ndarray
    residual: np.ndarray
    rate: float
    parameters: dict[str, dict[str, Any]]


class _Bytes:
    """The file, of which nothing is read beyond its end."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.order = "<"
        self.is_vax = False

    def take(self, start: int, n_bytes: int) -> bytes:
        part = self.content[start : start + n_bytes] if start >= 0 else b""
        if len(part) < n_bytes:
            raise NotPoses(
                "is no whole C3D file: it is cut off or damaged, copy or export it again"
            )
        return part

    def byte(self, start: int) -> int:
        return self.take(start, 1)[0]

    def word(self, start: int) -> int:
        return int(self.integers(start, 1)[0]) & 0xFFFF

    def integers(self, start: int, count: int) -> np.ndarray:
        return np.frombuffer(self.take(start, 2 * count), f"{self.order}i2")

    def floats(self, start: int, count: int) -> np.ndarray:
        part = self.take(start, 4 * count)
        if not self.is_vax:
            return np.frombuffer(part, f"{self.order}f4")
        # VAX: the words change places, and the exponent is larger by two.
        words = np.frombuffer(part, "<u2").reshape(-1, 2)[:, ::-1]
        with np.errstate(all="ignore"):
            return np.ascontiguousarray(words).view("<f4")[:, 0] / np.float32(4)


def read_c3d(content: bytes) -> C3D:
    """Return what a C3D file holds, or say why it cannot be whole."""
    file = _Bytes(content)
    start = _BLOCK * (file.byte(0) - 1)
    processor = file.byte(start + 3)
    if processor not in _PROCESSORS:
        raise NotPoses(f"is a damaged C3D file: it names the unknown processor {processor}")
    file.order, file.is_vax = _PROCESSORS[processor]
    parameters = _parameters(file, start + 4)
    about = parameters.get("POINT", {})
    n_points = file.word(2)
    used = _unsigned(about.get("USED"), n_points)
    if used != n_points:
        raise NotPoses(
            f"is a damaged C3D file: it has {n_points} markers by its header and {used} by its "
            "parameters"
        )
    if not n_points:
        raise NotPoses("is a C3D file without markers")
    scale = _number(about.get("SCALE"), float(file.floats(12, 1)[0]))
    rate = _number(about.get("RATE"), float(file.floats(20, 1)[0]))
    if not (math.isfinite(scale) and scale):
        raise NotPoses(f"is a damaged C3D file: its scale is {scale:g}")
    if not 0 < rate < math.inf:
        raise NotPoses(f"is a damaged C3D file: it has {rate:g} frames per second")
    points, residual = _points(file, n_points, scale, parameters)
    return C3D(points, residual, rate, parameters)


def _points(
    file: _Bytes, n_points: int, scale: float, parameters: dict[str, dict[str, Any]]
) -> tuple[np.ndarray, np.ndarray]:
    n_values = 4 * n_points + file.word(4)
    width = 4 if scale < 0 else 2
    start = _BLOCK * (file.word(16) - 1)
    if start < _BLOCK:
        raise NotPoses("is a damaged C3D file: its data begin before its parameters")
    whole = max(len(file.content) - start, 0) // (n_values * width)
    announced = _n_frames(file, parameters)
    n_frames = whole if announced is None else announced
    if whole < n_frames:
        raise NotPoses(
            f"is a C3D file of {n_frames} frames with only {whole} of them: it is cut off, "
            "copy or export it again"
        )
    read = file.floats if scale < 0 else file.integers
    frames = read(start, n_frames * n_values).reshape(n_frames, n_values)[:, : 4 * n_points]
    values = frames.reshape(n_frames, n_points, 4).astype(float)
    # Floats are in the unit of length already.
    return values[..., :3] * (1.0 if scale < 0 else scale), values[..., 3]


def _n_frames(file: _Bytes, parameters: dict[str, dict[str, Any]]) -> int | None:
    """Return the number of frames; longer captures do not fit the header's 16 bits."""
    first, last = file.word(6), file.word(8)
    if first <= last < _UNKNOWN:
        return last - first + 1
    trial = parameters.get("TRIAL", {})
    ends: list[Any] = [trial.get("ACTUAL_START_FIELD"), trial.get("ACTUAL_END_FIELD")]
    if all(isinstance(e, np.ndarray) and e.size == 2 for e in ends):
        begin, end = (int(e[0]) % 2**16 + (int(e[1]) % 2**16) * 2**16 for e in ends)
        if begin <= end:
            return end - begin + 1
    n_frames = _unsigned(parameters.get("POINT", {}).get("FRAMES"), _UNKNOWN)
    return None if n_frames == _UNKNOWN else n_frames


def _parameters(file: _Bytes, start: int) -> dict[str, dict[str, Any]]:
    """Return the parameters by group and name; groups may come after their parameters."""
    groups: dict[int, str] = {}
    found: list[tuple[int, str, Any]] = []
    while True:
        # A negative length marks a name that is locked.
        length = abs(int(np.int8(np.uint8(file.byte(start)))))
        number = int(np.int8(np.uint8(file.byte(start + 1))))
        if not length or not number:
            break
        name = file.take(start + 2, length).decode("latin1").strip().upper()
        start += 2 + length
        offset = file.word(start)
        if number < 0:
            groups[-number] = name
        else:
            value, end = _value(file, start + 2, name)
            # Values that reach into the next ones would make a small file fill the memory.
            if offset and end > start + offset:
                raise NotPoses(f"is a damaged C3D file: its parameter {name!r} is too long")
            found.append((number, name, value))
        if not offset:
            break
        if offset < 2:
            raise NotPoses("is a damaged C3D file: its parameters go round in a circle")
        start += offset
    parameters: dict[str, dict[str, Any]] = {}
    for number, name, value in found:
        parameters.setdefault(groups.get(number, ""), {})[name] = value
    return parameters


def _value(file: _Bytes, start: int, name: str) -> tuple[Any, int]:
    """Return the value of a parameter, and where it ends."""
    kind = int(np.int8(np.uint8(file.byte(start))))
    shape = tuple(file.take(start + 2, file.byte(start + 1)))
    start += 2 + len(shape)
    count = math.prod(shape)
    if kind == -1:
        width = shape[0] if shape else 1
        text = file.take(start, count).decode("latin1")
        n_texts = count // width if width else 0
        texts = [text[i * width : (i + 1) * width].strip(" \x00") for i in range(n_texts)]
        return texts, start + count
    if kind == 1:
        return np.frombuffer(file.take(start, count), np.int8), start + count
    if kind == 2:
        return file.integers(start, count), start + 2 * count
    if kind == 4:
        return file.floats(start, count), start + 4 * count
    raise NotPoses(f"is a damaged C3D file: its parameter {name!r} is of no known type")


def _number(value: Any, default: float) -> float:
    return float(value[0]) if isinstance(value, np.ndarray) and value.size else default


def _unsigned(value: Any, default: int) -> int:
    """Return a count: 16 bits without a sign, or a float where these were not enough."""
    if not (isinstance(value, np.ndarray) and value.size):
        return default
    if value.dtype.kind != "f":
        return int(value[0]) & 0xFFFF
    return int(value[0]) if 0 <= value[0] < 2**31 else default
