"""Dances as the command gets them: pose files or videos, whatever their suffix says."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np

from ..functional.gaps import frames_seen
from ..io._read import ASSUMED_FPS, Options, read_with
from ..motion.container import DEFAULT_FPS, Motion
from ..music.clips import load_audio
from ..performance import prepare_take

__all__ = ["check_output", "cut", "is_video", "read_take", "read_true_music", "take_name"]

VIDEOS = (
    ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp",
    ".mts", ".m2ts", ".ts", ".ogv", ".gif",
)  # fmt: skip


def is_video(path: str) -> bool:
    """Tell by the suffix whether a file is a video."""
    return Path(path).suffix.lower() in VIDEOS


def take_name(path: str) -> str:
    """Return the name of a take: the file's, without suffixes."""
    name = Path(path).name.removesuffix(".gz")
    return Path(name).stem


def read_take(
    path: str,
    options: argparse.Namespace,
    *,
    skeleton: str = "coco17",
    coordinates: str = "image",
) -> Motion:
    """Return one whole dance from a pose file or a video, as it is there."""
    if is_video(path):
        from ..video import estimate_poses

        return estimate_poses(
            path,
            person=options.person,
            skeleton=skeleton,
            coordinates=coordinates,
            models=options.pose_model,
            verbose=not options.quiet,
        )
    motion, _, assumed = read_with(
        path, Options(fps=options.fps, person=options.person, coordinates=coordinates)
    )
    if assumed:
        warnings.warn(
            f"{path!r} does not tell its frame rate, {ASSUMED_FPS:g} frames a second are assumed: "
            "say --fps",
            UserWarning,
            stacklevel=2,
        )
    if len(motion) != 1:
        raise ValueError(
            f"expected one whole dance in {path!r}, got {len(motion)} clips: give one dance a file"
        )
    return motion


def cut(
    take: Motion,
    path: str,
    *,
    clip_duration: float,
    hop_duration: float,
    fps: float = DEFAULT_FPS,
) -> tuple[Motion, np.ndarray]:
    """Return the clips of a take in which the dancer is seen, and where each starts in s.

    They are cut as `load_folder` cuts them.
    """
    take, seen = prepare_take(take, fps)
    try:
        clips = take.windows(clip_duration, hop_duration)
    except ValueError as error:
        raise ValueError(f"{path!r}: {error}") from None
    starts = np.arange(len(clips)) * hop_duration
    frames = np.rint(starts * take.fps).astype(int)
    whole = frames_seen(seen)
    share = np.array([whole[first : first + clips.n_frames].mean() for first in frames])
    kept = (share >= 0.5) & (share > 0)
    if not kept.any():
        raise ValueError(
            f"expected the dancer to be seen in half of the frames of some clip of "
            f"{clip_duration:g} s, but {path!r} has no such clip"
        )
    return clips[kept], starts[kept]


def read_true_music(path: str, audio: str | None, *, sr: int) -> np.ndarray | None:
    """Return the music that was danced to: a file of its own, or the sound of the video."""
    if audio is not None:
        if is_video(audio):
            from ..video import read_sound

            return read_sound(audio, sr=sr)
        return load_audio(audio, sr=sr)
    if not is_video(path):
        return None
    from ..video import probe, read_sound

    return read_sound(path, sr=sr) if probe(path).has_sound else None


def check_output(path: str, suffixes: tuple[str, ...], *, force: bool) -> Path:
    """Return where to write, or say before any work why that cannot be."""
    place = Path(path)
    if place.suffix.lower() not in suffixes:
        raise ValueError(
            f"expected an output that ends in {', '.join(suffixes)}, got {path!r}: the ending "
            "chooses the format"
        )
    if not place.parent.is_dir():
        raise ValueError(
            f"expected a folder to write to, but there is no {str(place.parent)!r}: make it first"
        )
    if place.is_dir():
        raise ValueError(f"expected a file to write, but {path!r} is a folder")
    if place.exists() and not force:
        raise ValueError(f"{path!r} is there already: choose another name, or add --force")
    return place
