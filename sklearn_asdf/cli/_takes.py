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
    "Wanted", "check_folders", "check_not_read", "check_output", "check_takes", "end",
    "read_folders", "read_take", "read_true_music",
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
        Options(
            fps=options.fps,
            person=options.person,
            skeleton=_named(path, wanted),
            coordinates=options.coordinates,
            image_size=options.image_size,
        ),
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
        coordinates=options.coordinates,
        image_size=options.image_size,
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
