"""Reading of the dances that a command is given: pose files, videos, or folders of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._batch import DONE, SKIPPED
from ._console import note, say, verbosity

if TYPE_CHECKING:
    import numpy as np

    from ..motion.container import Motion

__all__ = [
    "Wanted", "check_folders", "check_not_read", "check_output", "check_takes",
    "distinct_names", "end",
    "find_takes", "is_model", "read_folders", "read_take", "read_true_music", "take_name",
]  # fmt: skip


class Wanted:
    """The joints and axes that a model needs; without a model, whatever a file has."""

    def __init__(self, model: Any = None) -> None:
        from ..performance import motion_stage_of, plays_any_skeleton

        bound = model is not None and not plays_any_skeleton(model)
        first = motion_stage_of(model) if bound else None
        self.skeleton = getattr(first, "skeleton_", None)
        self.n_axes = getattr(first, "n_axes_in_", None)

    @property
    def of_video(self) -> str | None:
        """Joints to find in videos, where they are not the usual ones."""
        whole = self.skeleton is not None and self.skeleton.name == "mediapipe33"
        return "mediapipe33" if whole else None

    def check(self, dance: Motion, path: str) -> None:
        """Refuse dances of other joints."""
        known, given = self.skeleton, dance.skeleton
        if known is not None and given is not None and known.joints != given.joints:
            raise ValueError(
                f"expected a dance of the joints that the model was fitted to "
                f"({known.name or len(known)}), got {given.name or len(given)} in {path!r}: track "
                "it with the tracker that the model's dances were tracked with"
            )


def take_name(path: str) -> str:
    """Return the name of a take: the file's, without suffixes."""
    name = Path(path).name.removesuffix(".gz")
    return Path(name).stem


def distinct_names(paths: list[str]) -> list[str]:
    """Return the names of takes, with as many folders as tell takes of one name apart.

    Examples
    --------
    >>> from sklearn_asdf.cli._takes import distinct_names
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


def find_takes(paths: list[str], *, videos_first: bool = False) -> list[str]:
    """Return pose files and videos, those in folders too; all that is missing is said at once.

    Parameters
    ----------
    paths : list of str
        Files, and folders of them. A folder of JSON files of one frame each is one take.
    videos_first : bool, default=False
        Whether a folder's video or its pose file is taken where both have one name.
    """
    from .._validation import raise_all
    from ..datasets._dance_files import is_video

    takes, problems = [], []
    for path in paths:
        place = Path(path)
        if not place.exists():
            problems.append(f"expected a pose file, a video or a folder, but there is no {path!r}")
        elif not place.is_dir() or _is_one_take(place):
            takes.append(path)
        else:
            found = _in_folder(place, is_video, videos_first)
            if not found:
                problems.append(f"expected pose files or videos in the folder {path!r}, got none")
            takes += found
    raise_all(problems)
    return takes


def _in_folder(folder: Path, is_video: Any, videos_first: bool) -> list[str]:
    from ..datasets._pairs import pose_name
    from ..io._order import is_hidden
    from ._tables import kind_of_table

    # A .zip may hold poses, or be the model that was made of them; so may a table.
    files = [
        f
        for f in sorted(folder.iterdir())
        if not is_hidden(f.name)
        and not (f.suffix.lower() == ".zip" and is_model(str(f)))
        and not kind_of_table(f)
    ]
    videos = {f.stem: str(f) for f in files if is_video(f)}
    poses = {name: str(f) for f in files if (name := pose_name(f)) is not None}
    chosen = {**poses, **videos} if videos_first else {**videos, **poses}
    return [chosen[name] for name in sorted(chosen)]


def is_model(path: str) -> bool:
    """Tell whether a file was written by `save`, without reading all of it."""
    import zipfile

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


def check_takes(takes: list[str], options: argparse.Namespace) -> None:
    """Say before any work what is missing for these takes, or makes no sense for them."""
    from ..datasets._dance_files import is_video, require_video

    videos = [path for path in takes if is_video(path)]
    if videos:
        require_video(options.pose_model)
    if videos and options.fps is not None:
        raise ValueError(
            f"expected --fps for pose files only, but {videos[0]!r} is a video, which has a frame "
            "rate of its own: leave --fps out"
        )


def read_take(
    path: str, options: argparse.Namespace, wanted: Wanted | None = None, *, verbose: int = 0
) -> Motion:
    """Return one whole dance from a pose file or a video, with the joints that are wanted."""
    from ..datasets._dance_files import read_dance
    from ..io._options import Options
    from ..io._read import ASSUMED_FPS, contradicts

    wanted = wanted or Wanted()
    motion, _, own_fps = read_dance(
        path,
        Options(fps=options.fps, person=options.person, skeleton=_named(path, wanted)),
        n_axes=wanted.n_axes,
        models=options.pose_model,
        verbose=verbose,
    )
    if contradicts(own_fps, options.fps):
        note(
            f"note: {path!r} has {own_fps:.4g} frames per second, --fps {options.fps:.4g} is used "
            "in place of it"
        )
    elif own_fps is None and options.fps is None:
        note(
            f"note: {path!r} does not tell its frame rate, {ASSUMED_FPS:g} fps are assumed: "
            "give --fps"
        )
    if len(motion) != 1:
        raise ValueError(
            f"expected one whole dance in {path!r}, got {len(motion)} clips: give one dance a file"
        )
    wanted.check(motion, path)
    return motion


def _named(path: str, wanted: Wanted) -> str | None:
    from ..datasets._dance_files import is_video

    return wanted.of_video if is_video(path) else None


def check_folders(*folders: str | None) -> None:
    """Say before any work which folders are not there."""
    from .._validation import raise_all

    raise_all(
        [
            f"expected a folder of takes, but there is no folder {folder!r}"
            for folder in dict.fromkeys(folders)
            if folder is not None and not Path(folder).is_dir()
        ]
    )


def read_folders(
    poses: str, audio: str, options: argparse.Namespace, *, wanted: Wanted | None = None, **how: Any
) -> Any:
    """Return the clips of two folders; what cannot be read is noted, and left out.

    Parameters
    ----------
    poses, audio : str
        The folders.
    options : Namespace
        How to read them.
    wanted : Wanted, default=None
        Joints and axes.
    **how : dict
        Lengths and rates, as of `load_folder`.
    """
    from ..datasets import load_folder

    data = load_folder(
        poses=poses,
        audio=audio,
        pose_fps=options.fps,
        person=options.person,
        models=options.pose_model,
        skeleton=None if wanted is None else wanted.of_video,
        n_axes=None if wanted is None else wanted.n_axes,
        on_error="skip",
        verbose=verbosity(options),
        **how,
    )
    if wanted is not None:
        wanted.check(data.poses, poses)
    return data


def end(skipped: dict[str, str], options: argparse.Namespace) -> int:
    """Return the exit code, and repeat at the end which takes of a folder were skipped."""
    if not skipped:
        return DONE
    say(options, f"skipped, see above: {', '.join(map(repr, skipped))}")
    return SKIPPED


def read_true_music(path: str, audio: str | None, *, sr: int) -> np.ndarray | None:
    """Return the music that was danced to: a file of its own, or the sound of the video."""
    from ..datasets._dance_files import is_video, read_music

    if audio is not None:
        return read_music(audio, sr=sr)
    if not is_video(path):
        return None
    from ..video import probe

    return read_music(path, sr=sr) if probe(path).has_sound else None


def check_not_read(out: Path, takes: list[str]) -> None:
    """Refuse to replace a dance by what is made of it, even where it may be replaced."""
    for take in takes:
        if out.exists() and out.samefile(take):
            raise ValueError(
                f"expected another file to write to than the dance, got {str(out)!r} for both: "
                "choose another name"
            )


def check_output(path: str, suffixes: tuple[str, ...], *, force: bool) -> Path:
    """Return where to write, or say before any work why that cannot be."""
    from .._files import check_writable_folder

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
    check_writable_folder(place.parent)
    return place
