"""The files of takes: pose files and videos, those in folders too, and their names."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["distinct_names", "find_takes", "is_model", "take_name"]


def take_name(path: str) -> str:
    """Return the name of a take: the file's, without suffixes."""
    name = Path(path).name.removesuffix(".gz")
    return Path(name).stem


def distinct_names(paths: list[str]) -> list[str]:
    """Return the names of takes, with as many folders as tell takes of one name apart.

    Examples
    --------
    >>> from sklearn_asdf.datasets._take_files import distinct_names
    >>> distinct_names(["a/d.npz", "b/d.npz", "b/e.npz"])
    ['a/d', 'b/d', 'e']
    """
    folders = [Path(path).parent.parts for path in paths]
    depth = [0] * len(paths)
    while True:
        names = [
            "/".join((*parts[len(parts) - n :], take_name(path)))
            for path, parts, n in zip(paths, folders, depth)
        ]
        alike = [i for i, name in enumerate(names) if names.count(name) > 1]
        deeper = [i for i in alike if depth[i] < len(folders[i])]
        if not deeper:
            # In one folder, only the suffix differs.
            return [paths[i] if i in alike else name for i, name in enumerate(names)]
        for i in deeper:
            depth[i] += 1


def find_takes(paths: Sequence[str], *, videos_first: bool = False) -> list[str]:
    """Return pose files and videos, those in folders too; all that is missing is said at once.

    Parameters
    ----------
    paths : sequence of str
        Files, and folders of them. A folder of JSON files of one frame each is one take. Of a
        folder that has no takes itself, those of its folders are taken.
    videos_first : bool, default=False
        Whether a folder's video or its pose file is taken where both have one name.

    Returns
    -------
    list of str
        Paths of takes, each once, those of a folder by name.
    """
    # Loaded here: names of files alone need no other library.
    from .._validation import raise_all

    takes, problems = [], []
    for path in paths:
        place = Path(path)
        if not place.exists():
            problems.append(f"expected a pose file, a video or a folder, but there is no {path!r}")
        elif not place.is_dir() or _is_one_take(place):
            takes.append(path)
        else:
            found = _in_folder(place, videos_first)
            if not found:
                problems.append(f"expected pose files or videos in the folder {path!r}, got none")
            takes += found
    raise_all(problems)
    return takes


def _in_folder(folder: Path, videos_first: bool) -> list[str]:
    from .._written_tables import kind_of_table
    from ..io._order import is_hidden
    from ._dance_files import is_video
    from ._pairs import pose_name

    # A .zip may hold poses, or be the model that was made of them; so may a table.
    entries = [entry for entry in sorted(folder.iterdir()) if not is_hidden(entry.name)]
    folders = [entry for entry in entries if entry.is_dir() and not _is_one_take(entry)]
    files = [
        f
        for f in entries
        if f not in folders
        and not (f.suffix.lower() == ".zip" and is_model(str(f)))
        and not kind_of_table(f)
    ]
    videos = {f.stem: str(f) for f in files if is_video(f)}
    poses = {name: str(f) for f in files if (name := pose_name(f)) is not None}
    chosen = {**poses, **videos} if videos_first else {**videos, **poses}
    if not chosen:
        inner = [f for f in folders if not f.is_symlink()]
        return [take for f in inner for take in _in_folder(f, videos_first)]
    return [chosen[name] for name in sorted(chosen)]


def is_model(path: str) -> bool:
    """Tell whether a file was written by `save`, without reading all of it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "model.json" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _is_one_take(folder: Path) -> bool:
    """Tell whether a folder holds the frames of one take, as OpenPose writes them."""
    from ..io._order import is_frame_file, is_hidden

    files = [f for f in folder.iterdir() if not is_hidden(f.name)]
    frames = [f for f in files if is_frame_file(f)]
    numbered = [f for f in frames if take_name(str(f)).removesuffix("_keypoints")[-1:].isdigit()]
    # Takes have names of their own; frames are many, and numbered.
    return bool(frames) and len(numbered) == len(files) and len(files) > 1
