"""`sklearn-asdf poses`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .._files import output_folder
from ._options import add_command, add_force, add_take, say
from ._takes import check_output, is_video, read_take, take_name


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "poses",
        run,
        help="find the dancer in films",
        more=(
            "Find the dancer in films and write a pose file (.npz) for each, and with --sound its "
            "music (.wav) beside it, so that 'fit' can learn from the folder. Pose files of other "
            "trackers are brought into the same form."
        ),
    )
    parser.add_argument("films", nargs="+", metavar="VIDEO", help="films, or pose files")
    parser.add_argument("-o", "--out", required=True, metavar="DIR", help="folder to write to")
    parser.add_argument(
        "--sound", action="store_true", default=False, help="write the sound of the films too"
    )
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> None:
    """Find the poses."""
    with output_folder(options.out) as out:
        _run(options, out)


def _run(options: argparse.Namespace, out: Path) -> None:
    from ..io import write_poses

    places = _places(options.films, out, sound=options.sound, force=options.force)
    for film, (poses, sound) in zip(options.films, places):
        if not options.quiet:
            print(film)
        motion = read_take(film, options)
        if sound is not None:
            from ..music.sound_file import write_recording
            from ..video import read_sound

            write_recording(sound, read_sound(film), sr=22050)
        write_poses(motion, poses)
        seen = motion.seen.all(axis=2).mean()
        say(options, f"  {poses}: {motion.duration:.1f} s, the dancer whole in {seen:.0%} of it")


def _places(
    films: list[str], out: Path, *, sound: bool, force: bool
) -> list[tuple[Path, Path | None]]:
    names = [take_name(film) for film in films]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"expected films of different names, got {twice!r} twice: rename one")
    places: list[tuple[Path, Path | None]] = []
    for film, name in zip(films, names):
        poses = check_output(str(out / f"{name}.npz"), (".npz",), force=force)
        if poses.exists() and poses.samefile(film):
            raise ValueError(f"expected another folder than that of {film!r} to write to")
        wav = None
        if sound:
            if not is_video(film):
                raise ValueError(f"expected only films with --sound, got {film!r}")
            wav = check_output(str(out / f"{name}.wav"), (".wav",), force=force)
        places.append((poses, wav))
    return places
