"""What every page has: the template, the moving figure, sounds and the video."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from .._files import atomic_path
from ..motion.container import Motion
from ..video._figure import StickFigure
from ._description import Description

__all__ = [
    "STAGE",
    "base64_of",
    "content_of",
    "place_problems",
    "small_video",
    "verdict_text",
    "write_page",
]

STAGE = (480, 480)
# Tenths of a pixel are more than can be seen.
_POSE_SCALE = 10
_UNSEEN = -32768
# Pixels of the longer side of the video in the page.
_VIDEO_SIDE = 480


def place_problems(place: Path, video: str | os.PathLike[str] | None) -> list[str]:
    """Return what is wrong with the file to write and the video to show."""
    problems = []
    if place.suffix.lower() not in (".html", ".htm"):
        problems.append(f"expected a path that ends in .html, got {str(place)!r}")
    if not place.parent.is_dir():
        problems.append(f"expected a folder to write to, but there is no {str(place.parent)!r}")
    if video is not None and not Path(video).is_file():
        problems.append(f"expected a video file, but {os.fspath(video)!r} is no such file")
    return problems


def content_of(
    take: Motion, figure: StickFigure, described: Description | None, *, title: str
) -> dict[str, Any]:
    """Return the part of the template's data that pages with and without music share."""
    duration = take.n_frames / take.fps
    return {
        "title": title,
        "width": STAGE[0],
        "height": STAGE[1],
        "duration": f"{duration:.4f}",
        "duration_text": f"{duration:.1f}",
        "data": _data(figure, take, duration),
        "features": _features(described),
        # Pages without music have none of these.
        "music": False,
        "players": [],
        "video": None,
        "answer": None,
        "advice": [],
        "statistics": [],
        "codec": None,
        "verdict": None,
    }


def _features(described: Description | None) -> dict[str, Any] | None:
    if described is None:
        return None
    units = described.units
    return {
        "csv": described.csv,
        "units": "; ".join(f"{name} {units[name] or 'none'}" for name in described.names),
        "unweighted": described.unweighted,
        "has_length": any("L" in units[name] for name in described.names),
        "rests": bool(described.rests.any()),
        "clips": int(described.table["clip"].nunique()),
        "windows": len(described.table),
    }


def write_page(place: Path, content: dict[str, Any]) -> None:
    """Fill the template and write the page atomically."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_text("page.html"))
    # Style and script are the package's own, so they are no text to escape.
    page = template.render(
        **content, css=Markup(_text("page.css")), script=Markup(_text("page.js"))
    )
    with atomic_path(place) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _text(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8").strip()


def small_video(
    path: str | os.PathLike[str],
    duration: float,
    *,
    audio: np.ndarray | None = None,
    sr: int = 22050,
) -> str:
    """Return a video, small, as H.264 in MP4 in base64, with a sound if there is one."""
    from ..video._writer import write_pictures

    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small.mp4")
        write_pictures(path, small, audio=audio, sr=sr, largest_side=_VIDEO_SIDE, duration=duration)
        return base64_of(small.read_bytes())


def base64_of(content: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(content).decode("ascii")


def _data(figure: StickFigure, take: Motion, duration: float) -> dict[str, Any]:
    pixels = figure.pixels[0] * _POSE_SCALE
    unseen = ~np.isfinite(pixels).all(axis=-1, keepdims=True)
    whole = np.where(unseen, _UNSEEN, np.nan_to_num(pixels).round().clip(-32000, 32000))
    body = figure.body
    return {
        "fps": take.fps,
        "duration": round(duration, 6),
        "n_frames": take.n_frames,
        "n_joints": take.n_joints,
        "scale": _POSE_SCALE,
        "bones": [[a, b, side] for (a, b), side in zip(body.bones, body.sides)],
        "head": [int(joint) for joint in body.head],
        "neck": [int(joint) for joint in body.neck],
        "loose": list(body.loose),
        "head_radius": round(figure.head_radius, 2),
        "poses": base64_of(whole.astype("<i2").tobytes()),
    }


def verdict_text(verdict: dict[str, Any]) -> str:
    """Return the verdict as JSON to save."""
    return base64_of(json.dumps(verdict, indent=2, ensure_ascii=False).encode())
