"""Pairs of pose and sound files of the same name in folders."""

from __future__ import annotations

import os
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..io._order import is_frame_file, is_hidden
from ._dance_files import is_video

__all__ = ["SOUNDS", "find_folders", "find_pairs", "list_of", "pose_name"]

# Endings of sound files.
SOUNDS = (
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf",
    ".w64", ".rf64", ".m4a", ".aac", ".wma", ".mka", ".weba",
)  # fmt: skip
_POSES = (
    ".json", ".npz", ".npy", ".bvh", ".csv", ".tsv", ".parquet", ".pkl", ".pickle", ".h5",
    ".hdf5", ".nc", ".c3d", ".trc", ".mvnx", ".zip",
)  # fmt: skip


def find_folders(path: Any, poses: Any, audio: Any) -> tuple[Path, Path]:
    """Return the folder of poses and the folder of sound."""
    if path is not None and poses is None and audio is None:
        folder = _existing(path, "poses and sound")
        if (folder / "poses").is_dir() and (folder / "audio").is_dir():
            return folder / "poses", folder / "audio"
        return folder, folder
    if path is None and poses is not None and audio is not None:
        return _existing(poses, "poses"), _existing(audio, "sound")
    raise ValueError(
        f"expected either path, or both poses and audio, got path={path!r}, poses={poses!r} and "
        f"audio={audio!r}"
    )


def _existing(path: Any, what: str) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"expected the path of a folder of {what}, got {path!r}")
    folder = Path(path)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"expected a folder of {what}, but there is no folder {str(path)!r}"
        )
    return folder


def find_pairs(poses: Path, audio: Path) -> list[tuple[str, Path, Path]]:
    """Return name, pose file and sound file of every take, and warn of what has no partner."""
    # A video stands for what has no file of its own.
    dances = _by_name(poses, _video_name, "video") | _by_name(poses, pose_name, "pose")
    sounds = _by_name(audio, _video_name, "video") | _by_name(audio, _sound_name, "sound")
    both = sorted(set(dances) & set(sounds))
    if not both:
        where = repr(str(poses)) if poses == audio else f"{str(poses)!r} and {str(audio)!r}"
        raise ValueError(
            f"expected pose and sound files of the same name in {where}, got no pair: poses "
            f"{list_of(p.name for p in dances.values())}; sound "
            f"{list_of(p.name for p in sounds.values())}. " + _way_out(poses, audio, sounds)
        )
    alone = [p.name for n, p in {**dances, **sounds}.items() if n not in both]
    if alone:
        warnings.warn(
            f"{len(alone)} file(s) without a partner of the same name are left out: "
            f"{list_of(alone)}",
            UserWarning,
            stacklevel=3,
        )
    return [(name, dances[name], sounds[name]) for name in both]


def _way_out(poses: Path, audio: Path, sounds: dict[str, Path]) -> str:
    if poses != audio and not sounds and _by_name(audio, pose_name, "pose"):
        return "Are the two folders swapped? Poses are where sound is expected"
    return "Name them alike, as dance1.json and dance1.wav"


def _by_name(folder: Path, name_of: Callable[[Path], str | None], what: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        name = None if is_hidden(file.name) else name_of(file)
        if name is None:
            continue
        # Accents are one character or two, depending on the system that wrote the name.
        name = unicodedata.normalize("NFC", name)
        if name in found:
            raise ValueError(
                f"expected one {what} file a take in {str(folder)!r}, got {found[name].name!r} "
                f"and {file.name!r}: move one away"
            )
        found[name] = file
    return found


def pose_name(file: Path) -> str | None:
    """Return the name of the take that a file or folder holds the poses of, if it does."""
    if file.is_dir():
        # A folder of one-frame files is a take, as OpenPose writes it.
        frames = any(is_frame_file(p) for p in file.iterdir())
        return file.name if frames else None
    plain = file.name.removesuffix(".gz")
    stem, suffix = os.path.splitext(plain)
    return stem if suffix.lower() in _POSES else None


def _video_name(file: Path) -> str | None:
    return file.stem if is_video(file) and file.is_file() else None


def _sound_name(file: Path) -> str | None:
    return file.stem if file.suffix.lower() in SOUNDS and file.is_file() else None


def list_of(names: Iterable[str], most: int = 8, *, quote: bool = True) -> str:
    """Return names in a row, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(map(repr if quote else str, names[:most])) or "none") + more
