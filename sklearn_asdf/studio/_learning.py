"""Learning from dances and their music."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .._progress import Progress

__all__ = ["learn"]


def learn(folder: str, out: str, *, models: str | None = None) -> dict[str, Any]:
    """Learn from dances and their music, and save the model.

    Parameters
    ----------
    folder : str
        Videos with sound, or pose files with sound files of the same names.
    out : str
        Model to write.
    models : str, default=None
        Folder of the pose networks.

    Returns
    -------
    dict
        `n_dances` and `skipped`, a dict of the takes that could not be used and the reasons.
    """
    from .._validation import require
    from ..datasets import load_folder
    from ..persistence import save
    from ..pipeline import make_dance_pipeline

    require("keras", "scikeras", extra="music", purpose="learning from your own dances")
    data = load_folder(
        poses=poses_of_videos(Path(folder), models), audio=folder, on_error="skip", models=models
    )
    # Above 0, networks tell their epochs too.
    pipeline = make_dance_pipeline(random_state=0, verbose=1).fit(data.poses, data.audio)
    with Progress("saving the model"):
        save(pipeline, out)
    return {"n_dances": len(set(data.groups.tolist())), "skipped": data.skipped}


def poses_of_videos(folder: Path, models: str | None) -> Path:
    """Return a folder of pose files: those of `folder`, and those found in its videos.

    `load_folder` would find them too, and keep them in the user's cache, of which nobody here was
    told.
    """
    from ..datasets._dance_files import is_video
    from ..datasets._pairs import pose_name
    from ..io import write_poses
    from ..video import estimate_poses

    poses = folder / "poses"
    poses.mkdir(exist_ok=True)
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        place = poses / f"{file.stem}.npz"
        if is_video(file) and not place.exists():
            write_poses(estimate_poses(file, models=models), place)
        elif pose_name(file) is not None:
            os.replace(file, poses / file.name)
    return poses
