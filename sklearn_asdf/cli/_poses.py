"""`sklearn-asdf poses`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ._batch import Batch
from ._console import say, verbosity
from ._options import add_command, add_force, add_take
from ._takes import check_output, check_takes, read_take

_SR = 22050


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "poses",
        run,
        help="find the dancer in videos",
        more=(
            "Find the dancer in videos and write a pose file (.npz) for each, and with --sound its "
            "music (.wav) beside it, so that 'fit' can learn from the folder. Pose files of other "
            "trackers are brought into the same form. What is there already is not done again, and "
            "a video that cannot be read is skipped: call it again after mending that one."
        ),
    )
    parser.add_argument(
        "takes", nargs="+", metavar="VIDEO", help="videos, pose files, or folders of them"
    )
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder to write to")
    parser.add_argument(
        "--sound", action="store_true", default=False, help="write the sound of the videos too"
    )
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Find the poses."""
    from .._files import output_folder
    from ..datasets._take_files import find_takes

    takes = find_takes(options.takes, videos_first=True)
    check_takes(takes, options)
    if options.sound:
        from .._validation import require

        require("soundfile", extra="play", purpose="writing sound")
    with output_folder(options.out) as out:
        places = _places(takes, out)
        batch = Batch(options, "takes")
        work = _check(takes, places, options, batch)
        for i, take in enumerate(work, 1):
            say(options, f"{take} ({i} of {len(work)})" if len(work) > 1 else take)
            with batch.item(take):
                _convert(take, places[take], options)
    return batch.end()


def _places(takes: list[str], out: Path) -> dict[str, Path]:
    """Return the pose file of each take."""
    from ..datasets._take_files import take_name

    names = [take_name(take) for take in takes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(
            f"expected takes of different names, got {twice!r} twice: rename one, or write to "
            "another folder"
        )
    places = {take: out / f"{name}.npz" for take, name in zip(takes, names)}
    for take, place in places.items():
        if place.exists() and place.samefile(take):
            raise ValueError(f"expected another folder than that of {take!r} to write to")
    return places


def _check(
    takes: list[str], places: dict[str, Path], options: argparse.Namespace, batch: Batch
) -> list[str]:
    """Return the takes that are left to do; what cannot be read is reported before any work."""
    from ..datasets._dance_files import is_video
    from ..video import probe

    work = []
    for take in takes:
        if _is_done(take, places[take], options):
            batch.finished(take)
            continue
        try:
            if is_video(take):
                probe(take)
        except (ValueError, OSError) as problem:
            batch.skip(take, problem)
        else:
            work.append(take)
    return work


def _is_done(take: str, place: Path, options: argparse.Namespace) -> bool:
    from ..datasets._dance_files import is_video
    from ..video import probe

    if options.force or not place.exists():
        return False
    wants_sound = options.sound and is_video(take) and not place.with_suffix(".wav").exists()
    return not wants_sound or not probe(take).has_sound


def _convert(take: str, place: Path, options: argparse.Namespace) -> None:
    """Write what is missing of the poses and the sound of one take."""
    from ..io import write_poses

    if options.force or not place.exists():
        motion = read_take(take, options, verbose=verbosity(options))
        write_poses(motion, check_output(str(place), (".npz",), force=options.force))
        seen = motion.seen.all(axis=2).mean()
        say(options, f"  {place}: {motion.duration:.1f} s, all joints seen in {seen:.0%} of it")
    if options.sound:
        _write_sound(take, place.with_suffix(".wav"), options)


def _write_sound(take: str, place: Path, options: argparse.Namespace) -> None:
    from ..datasets._dance_files import is_video
    from ..music.sound_file import write_recording
    from ..video import probe, read_sound

    if not is_video(take):
        say(options, f"  no sound: {take} is a pose file")
    elif not probe(take).has_sound:
        say(options, f"  no sound: {take} is a silent video; put its music beside as {place}")
    elif options.force or not place.exists():
        write_recording(place, read_sound(take, sr=_SR), sr=_SR)
        say(options, f"  {place}: its sound")
