"""A cache of the poses of videos."""

from __future__ import annotations

import hashlib
import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from .._version import __version__
from ..io import read_poses, write_poses
from ..motion.container import Motion
from ._estimate import estimate_poses
from ._models import cache_folder, fetch_pose_models
from ._reader import warn_if_cut_off

__all__ = ["kept_poses", "poses_folder"]

_BLOCK = 1 << 20


def poses_folder() -> Path:
    """Return the folder in which poses of videos are cached."""
    return cache_folder() / "poses"


def kept_poses(
    path: str | os.PathLike[str],
    *,
    person: str | int = "largest",
    skeleton: str = "coco17",
    coordinates: str = "image",
    models: str | os.PathLike[str] | None = None,
    verbose: int = 0,
) -> Motion:
    """Return the poses of a video, from the cache if possible.

    Parameters
    ----------
    path, person, skeleton, coordinates, models, verbose
        As in :func:`estimate_poses`.

    Returns
    -------
    Motion
        The poses.

    Notes
    -----
    The poses are stored in the user's cache folder under a digest of the video's content, the pose
    networks and the parameters. So a moved video is found in the cache, and a changed one is not.
    If the folder is not writable, the poses are estimated on each call.
    """
    if not Path(path).is_file():
        return estimate_poses(path)  # which says what is wrong
    key = hashlib.sha256(repr((__version__, person, skeleton, coordinates)).encode())
    for file in (path, *fetch_pose_models(folder=models)):
        _add(key, file)
    place = poses_folder() / f"{key.hexdigest()[:32]}.npz"
    kept = None
    with suppress(ValueError, OSError), warnings.catch_warnings():
        # A damaged file is found anew.
        warnings.simplefilter("error")
        kept = read_poses(place)
    if kept is not None:
        warn_if_cut_off(path)
        return kept
    motion = estimate_poses(
        path,
        person=person,
        skeleton=skeleton,
        coordinates=coordinates,
        models=models,
        verbose=verbose,
    )
    with suppress(ValueError, OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_poses(motion, place)
    return motion


def _add(digest: Any, path: str | os.PathLike[str]) -> None:
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
