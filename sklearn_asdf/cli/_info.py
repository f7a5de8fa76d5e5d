"""`sklearn-asdf info`."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path
from typing import Any

from .._version import __version__
from ._console import answer
from ._options import add_command

# What each extra is for, and the packages by which one knows that it is there.
_EXTRAS = {
    "play": ("making music with saved models", ("librosa", "soundfile", "pyloudnorm")),
    "music": ("learning and making music", ("keras", "librosa", "soundfile", "pyloudnorm")),
    "plot": ("pictures of poses and features", ("matplotlib",)),
    "video": ("poses from videos, music onto videos", ("av", "ai-edge-litert")),
    "live": ("poses as they come, music on the sound card", ("python-osc", "sounddevice")),
    "parquet": ("tables in Parquet", ("pyarrow",)),
    "formats": ("poses in HDF5", ("h5py",)),
}


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "info",
        run,
        help="what a file holds, or what is installed",
        more=(
            "Say what a file holds that this command reads or writes: poses, a video, sound, a "
            "model, a table of features or of scores, a report; without a file, what is installed "
            "and what can be done with it."
        ),
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="the file, or a folder of takes")


def run(options: argparse.Namespace) -> None:
    """Say it."""
    if options.file is None:
        lines = _installation()
    else:
        from ._describe import describe

        lines = describe(options.file)
    for line in lines:
        answer(line)


def _installation() -> list[str]:
    from ..video._cache import poses_folder
    from ..video._models import FILES, VARIABLE, cache_folder

    lines = [f"sklearn-asdf {__version__}, Python {platform.python_version()}"]
    for extra, (purpose, packages) in _EXTRAS.items():
        found = {name: _version(name) for name in packages}
        missing = [name for name, version in found.items() if version is None]
        if missing:
            lines.append(f"{extra}: not installed ({purpose}): pip install 'sklearn-asdf[{extra}]'")
        else:
            listed = ", ".join(f"{name} {version}" for name, version in found.items())
            lines.append(f"{extra}: {listed} ({purpose})")
    folder = Path(os.environ.get(VARIABLE) or cache_folder() / "pose_model")
    there = [name for name in FILES if (folder / name).is_file()]
    networks = f"{', '.join(there)} in {folder}" if there else "fetched when first needed"
    lines.append(f"pose networks: {networks}")
    kept = len(list(poses_folder().glob("*.npz"))) if poses_folder().is_dir() else 0
    lines.append(f"poses of videos: {kept} kept in {poses_folder()}")
    return lines


def _version(package: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
