"""Reading of one dance and its sound, from a pose file and a sound file or from a video."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import require
from ..io._options import Options
from ..io._read import read_with
from ..motion.container import Motion
from ..music.clips import load_audio

__all__ = ["is_silent", "is_video", "read_dance", "read_music", "require_video"]

_VIDEOS = (
    ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp",
    ".mts", ".m2ts", ".ts", ".ogv", ".gif",
)  # fmt: skip
# Largest sample below which a recording holds nothing: less than the last of 16 bits.
_SILENT = 2.0**-15


def is_video(path: str | os.PathLike[str]) -> bool:
    """Tell by the suffix whether a file is a video."""
    return Path(path).suffix.lower() in _VIDEOS


def require_video(models: Any = None) -> None:
    """Say before any work why poses cannot be found in videos, and fetch the pose networks."""
    require("av", "ai_edge_litert", "PIL", extra="video", purpose="finding poses in videos")
    from ..video import fetch_pose_models

    fetch_pose_models(folder=models)


def read_dance(
    path: str | os.PathLike[str],
    options: Options,
    *,
    n_axes: int | None = None,
    models: Any = None,
    verbose: int = 0,
) -> tuple[Motion, float, float | None]:
    """Read a pose file, or find the poses in a video.

    Parameters
    ----------
    path : path-like
        The file.
    options : Options
        How to read it. Of a video, the joints of "mediapipe33" can be asked for instead of those
        of "coco17".
    n_axes : int or None, default=None
        Axes that the poses must have; where a file has coordinates of both kinds, those are taken
        that have so many. None takes what `options` asks for.
    models : path-like or None, default=None
        Folder of the pose networks.
    verbose : int, default=0
        Above 0, show progress over the pictures of a video.

    Returns
    -------
    motion : Motion
        The poses.
    start : float
        When they begin on the clock of the sound, in s.
    own_fps : float or None
        Frame rate in Hz that the file has, whatever `options` ask for; None if it has none.
    """
    if is_video(path):
        motion = _of_video(path, options, n_axes, models, verbose)
        return motion, 0.0, motion.fps
    found = read_with(path, options)
    if n_axes in (None, found[0].n_axes):
        return found
    kinds = {"image": "world", "world": "image"}
    try:
        other = read_with(path, replace(options, coordinates=kinds[options.coordinates]))
    except ValueError:
        other = found
    if other[0].n_axes != n_axes:
        raise ValueError(
            f"expected poses in {n_axes} dimensions, as those that the model was fitted to, got "
            f"{found[0].n_axes} in {os.fspath(path)!r}: track them as those were tracked"
        )
    return other


def _of_video(path: Any, options: Options, n_axes: Any, models: Any, verbose: int) -> Motion:
    from ..video._cache import kept_poses

    whole = getattr(options.skeleton, "name", None) == "mediapipe33"
    return kept_poses(
        path,
        person=options.person,
        skeleton="mediapipe33" if whole else "coco17",
        coordinates={2: "image", 3: "world"}.get(n_axes or 0, options.coordinates),
        models=models,
        verbose=verbose,
    )


def is_silent(sound: np.ndarray) -> bool:
    """Tell whether a recording holds nothing."""
    return bool(np.abs(sound).max(initial=0.0) < _SILENT)


def read_music(path: str | os.PathLike[str], *, sr: int) -> np.ndarray:
    """Read a sound file, or the sound of a video, as mono samples at `sr` Hz."""
    if is_video(path):
        from ..video import read_sound

        sound = read_sound(path, sr=sr)
    else:
        sound = load_audio(path, sr=sr)
    if len(sound) and is_silent(sound):
        raise ValueError(
            f"expected music in {os.fspath(path)!r}, but it is silent throughout: record or export "
            "it again"
        )
    return sound
