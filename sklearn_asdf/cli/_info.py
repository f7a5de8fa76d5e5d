"""`sklearn-asdf info`."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

from .._version import __version__
from ..performance import clip_duration_of, fps_of, motion_stage_of, steps_of
from ..persistence import load
from ._options import add_command
from ._takes import is_video

# What each extra is for, and the packages by which one knows that it is there.
_EXTRAS = {
    "music": ("learning and making music", ("keras", "librosa", "soundfile")),
    "video": ("poses from films, music onto films", ("av", "ai-edge-litert")),
    "live": ("poses as they come", ("python-osc",)),
    "parquet": ("tables in Parquet", ("pyarrow",)),
}


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "info",
        run,
        help="what a file holds, or what is installed",
        more=(
            "Say what a pose file, a film or a model holds; without a file, what is installed and "
            "what can be done with it."
        ),
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="pose file, film or model")


def run(options: argparse.Namespace) -> None:
    """Say it."""
    if options.file is None:
        lines = _installation()
    elif is_video(options.file):
        lines = _film(options.file)
    elif Path(options.file).suffix.lower() == ".zip":
        lines = _model(load(options.file))
    else:
        lines = _poses(options.file)
    print("\n".join(lines))


def _installation() -> list[str]:
    from ..video._models import _FILES, VARIABLE, _cache_folder

    lines = [f"sklearn-asdf {__version__}, Python {platform.python_version()}"]
    for extra, (purpose, packages) in _EXTRAS.items():
        found = {name: _version(name) for name in packages}
        missing = [name for name, version in found.items() if version is None]
        if missing:
            lines.append(f"{extra}: not installed ({purpose}): pip install 'sklearn-asdf[{extra}]'")
        else:
            listed = ", ".join(f"{name} {version}" for name, version in found.items())
            lines.append(f"{extra}: {listed} ({purpose})")
    folder = Path(os.environ.get(VARIABLE) or _cache_folder())
    there = [name for name in _FILES if (folder / name).is_file()]
    networks = f"{', '.join(there)} in {folder}" if there else "fetched when first needed"
    lines.append(f"pose networks: {networks}")
    return lines


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _film(path: str) -> list[str]:
    from ..video import probe

    film = probe(path)
    length = "of unknown length" if film.duration is None else f"{film.duration:.1f} s"
    sound = "with sound" if film.has_sound else "without sound"
    return [
        f"film, {length}, {film.width} x {film.height} pixels, {film.fps:.4g} frames a second "
        f"({film.codec}), {sound}"
    ]


def _poses(path: str) -> list[str]:
    from ..io._read import Options, read_with

    motion, _, assumed = read_with(path, Options())
    guess = " (assumed: the file does not tell)" if assumed else ""
    named = motion.skeleton.name or "own names" if motion.skeleton else "without names"
    clips = f"{len(motion)} clips of " if len(motion) > 1 else ""
    seen = motion.seen
    lines = [
        f"poses, {clips}{motion.duration:.1f} s at {motion.fps:g} frames a second{guess}",
        f"{motion.n_joints} joints ({named}) in {motion.n_axes} dimensions",
        f"all joints seen in {seen.all(axis=2).mean():.0%} of the frames, nobody in "
        f"{(~seen.any(axis=2)).mean():.0%}",
    ]
    if motion.skeleton is not None and not motion.skeleton.name:
        lines.append(f"joints: {', '.join(motion.skeleton.joints)}")
    return lines


def _model(model: Any) -> list[str]:
    from sklearn.pipeline import Pipeline

    if not isinstance(model, Pipeline):
        return [f"model, {type(model).__name__}: {model}"]
    lines = [f"model, a pipeline of {len(model.steps)} steps"]
    lines += [f"  {name}: {' '.join(str(step).split())}" for name, step in model.steps]
    first = motion_stage_of(model)
    if getattr(first, "skeleton_", None) is not None:
        skeleton = first.skeleton_
        lines.append(
            f"fitted to dances of {len(skeleton)} joints ({skeleton.name or 'own names'}) at "
            f"{fps_of(model):g} fps"
        )
    if hasattr(steps_of(model)[-1], "transformer_"):
        lines.append(f"makes music in clips of {clip_duration_of(model):g} s")
    return lines
