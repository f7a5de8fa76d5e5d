"""`sklearn-asdf soundtrack`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._batch import Batch
from ._beat import add_beat, check_beat, given_beats, is_given
from ._console import say, verbosity
from ._generate import SOUNDS, VIDEOS, write_music
from ._options import (
    add_command,
    add_folders,
    add_force,
    add_loudness,
    add_take,
    number,
    positive,
    require_play,
    whole,
)
from ._takes import (
    check_folders,
    check_not_read,
    check_output,
    check_takes,
    read_folders,
    read_take,
    read_true_music,
)

if TYPE_CHECKING:
    from ..motion.container import Motion

# --jumps as continuity.
_JUMPS = {"never": 1.0, "rare": 0.75, "some": 0.5, "many": 0.1}
_EACH = "each"
# Longest clips, and time between them, in s.
_CLIP, _HOP = 8.0, 1.0
# Somebody who is seen in less of the frames is a passer-by.
_MIN_SEEN = 0.5


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "soundtrack",
        run,
        help="play your own music for a dance, without anything to learn from",
        more=(
            "Play your music for a dance, on its beat, loud where it is vigorous. No recordings of "
            "dances with their music are needed. The ending of the output chooses what is written: "
            f"sound ({', '.join(SOUNDS)}), or a video ({', '.join(VIDEOS)}): the video of the "
            "dance with the new music, or a stick figure where there is only a pose file."
        ),
    )
    parser.add_argument("take", metavar="POSES|VIDEO", help="the dance")
    parser.add_argument(
        "--music",
        required=True,
        nargs="+",
        metavar="MUSIC",
        help="sound files, or a folder of them; 'builtin' is music that this program synthesizes, "
        "free of anybody's rights, in the characters calm, driving, waltz, playful, dark and "
        "floating, which can also be named one by one",
    )
    parser.add_argument(
        "-o", "--out", required=True, metavar="FILE", help="sound or video to write"
    )
    _add_knobs(parser)
    add_folders(
        parser,
        required=False,
        more=", whose music in --audio refines which movement goes with which music",
    )
    parser.add_argument(
        "--model-out",
        metavar="MODEL",
        help="also write a model, .zip, for 'generate', 'report' and 'live'; it contains the music",
    )
    parser.add_argument(
        "--report",
        metavar="PAGE",
        help="also write a page, .html, that plays the first piece and says whether it follows",
    )
    add_beat(parser)
    parser.add_argument(
        "--beat-from",
        default="feet",
        choices=("feet", "trunk"),
        help="what the beat is found in; 'trunk' for dances on the spot",
    )
    add_loudness(parser)
    add_take(parser, each=True)
    add_force(parser)


def _add_knobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--takes",
        type=whole,
        default=1,
        metavar="N",
        help="different pieces to make, one file each",
    )
    parser.add_argument(
        "--follow",
        type=number,
        default=1.0,
        metavar="X",
        help="how closely the music follows the movement, from 0 (its beat alone) to 2",
    )
    parser.add_argument(
        "--energy",
        type=number,
        default=0.0,
        metavar="X",
        help="from -1, the calm parts of the music, to 1, the wild ones",
    )
    parser.add_argument(
        "--jumps",
        default="some",
        choices=tuple(_JUMPS),
        help="how often the music may jump to another place",
    )
    parser.add_argument(
        "--start", type=number, default=0.0, metavar="S", help="second at which the music begins"
    )
    parser.add_argument(
        "--end",
        type=positive,
        metavar="S",
        help="second at which it ends (default: with the dance)",
    )
    parser.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="another number, another piece"
    )


def run(options: argparse.Namespace) -> int:
    """Make the music and write it."""
    out = _check(options)
    began = time.perf_counter()
    from ..datasets._music_files import music_clips
    from ..soundtrack import make_soundtrack

    dancers = list(_dancers(options))
    shortest = min(dance.lengths[0] / dance.fps for _, dance in dancers)
    if options.start >= shortest:
        raise ValueError(
            f"expected the music to start within the dance of {shortest:.3g} s, got --start "
            f"{options.start:g}"
        )
    clock: dict[str, Any] = {"clip_duration": min(_CLIP, float(shortest)), "hop_duration": _HOP}
    music = music_clips(_music(options), **clock, random_state=options.seed)
    pairs = None
    if options.poses is not None:
        pairs = read_folders(options.poses, options.audio, options, **clock)
    batch = Batch(options, "dancers")
    for name, dance in dancers:
        with batch.item(name):
            pipeline = _pipeline(music, dance, pairs, options)
            beats = given_beats(pipeline, dance, options)
            takes = make_soundtrack(
                dance,
                pipeline,
                beats=beats,
                n_takes=options.takes,
                start=options.start,
                end=options.end,
                loudness=options.loudness,
                random_state=options.seed,
                verbose=verbosity(options),
            )
            for k, take in enumerate(takes):
                place = _numbered(out, name if len(dancers) > 1 else "", k, options.takes)
                write_music(place, take, dance, options)
                say(options, f"{place}: {len(take.audio) / take.sr:.1f} s of music")
            if options.report is not None:
                page = _numbered(Path(options.report), name if len(dancers) > 1 else "", 0, 1)
                _write_report(page, pipeline, dance, takes[0], beats, options)
            if options.model_out is not None:
                _save(pipeline, name if len(dancers) > 1 else "", options)
    status = batch.end()
    if batch.n_done:
        say(options, f"done in {time.perf_counter() - began:.0f} s")
    return status


def _check(options: argparse.Namespace) -> Path:
    """Refuse before any work what cannot be done."""
    from .._validation import raise_all

    problems = [
        f"expected {option} from {low} to {high}, got {value}"
        for option, value, low, high in (
            ("--takes", options.takes, 1, 99),
            ("--follow", options.follow, 0, 2),
            ("--energy", options.energy, -1, 1),
            ("--seed", options.seed, 0, 2**32 - 100),
        )
        if not low <= value <= high
    ]
    if not options.start >= 0:
        problems.append(f"expected --start of at least 0, got {options.start}")
    if options.end is not None and options.end <= options.start:
        problems.append(f"expected --end after --start, got {options.end} and {options.start}")
    if (options.poses is None) != (options.audio is None):
        problems.append("expected both --poses and --audio, or neither")
    raise_all(problems)
    check_beat(options)
    from ..datasets._take_files import is_model

    if is_model(options.take):
        raise ValueError(f"expected a pose file or a video, but {options.take!r} is a model")
    if not Path(options.take).exists():
        raise ValueError(f"expected a pose file or a video, but there is no {options.take!r}")
    out = check_output(options.out, (*SOUNDS, *VIDEOS), force=True)
    for k in range(options.takes):
        check_output(
            str(_numbered(out, "", k, options.takes)), (*SOUNDS, *VIDEOS), force=options.force
        )
    if options.model_out is not None:
        check_output(options.model_out, (".zip",), force=options.force)
    if options.report is not None:
        check_output(options.report, (".html", ".htm"), force=options.force)
    check_folders(options.poses, options.audio)
    _music(options)
    require_play("making music")
    if out.suffix.lower() in VIDEOS:
        from .._validation import require

        require("av", "PIL", extra="video", purpose="writing videos")
    check_takes([options.take], options)
    check_not_read(out, [options.take])
    return out


def _music(options: argparse.Namespace) -> list[str] | str:
    """Return the sound files, or the names of characters of synthesized music."""
    from ..datasets._music_files import CHARACTERS, sound_files

    given = options.music
    if given == ["builtin"]:
        return "builtin"
    names = [one in CHARACTERS and not Path(one).exists() for one in given]
    if all(names):
        return list(given)
    if any(names) or "builtin" in given:
        raise ValueError(
            f"expected either files or names of music that this program synthesizes, got both in "
            f"--music {' '.join(given)}: give one of the two"
        )
    return [file for one in given for file in sound_files(one)]


def _dancers(options: argparse.Namespace) -> Iterator[tuple[str, Motion]]:
    """Yield name and dance of whoever was asked for."""
    if options.person != _EACH:
        yield options.take, read_take(options.take, options, verbose=verbosity(options))
        return
    from ..datasets._dance_files import is_video
    from ..functional.gaps import frames_seen

    if is_video(options.take):
        from ..video._cache import kept_poses

        people = kept_poses(
            options.take, person="all", models=options.pose_model, verbose=verbosity(options)
        )
        for i in range(len(people)):
            one = people[[i]]
            if frames_seen(one.seen[0]).mean() >= _MIN_SEEN:
                yield f"person{i}", one
        return
    for i in range(99):
        one_only = argparse.Namespace(**vars(options) | {"person": i})
        try:
            dance = read_take(options.take, one_only)
        except ValueError:
            if i == 0:
                raise
            return
        yield f"person{i}", dance


def _pipeline(music: Any, dance: Any, pairs: Any, options: argparse.Namespace) -> Any:
    from ..soundtrack import make_soundtrack_pipeline

    given = {"poses": dance} if pairs is None else {"poses": pairs.poses, "audio": pairs.audio}
    return make_soundtrack_pipeline(
        music,
        closeness=options.follow,
        intensity=options.energy,
        continuity=_JUMPS[options.jumps],
        strides=options.beat_from == "feet",
        verbose=verbosity(options),
        **given,
    )


def _numbered(out: Path, name: str, k: int, n_takes: int) -> Path:
    parts = [out.stem, *([name] if name else []), *([str(k + 1)] if n_takes > 1 else [])]
    return out.with_name("_".join(parts) + out.suffix)


def _write_report(
    page: Path, pipeline: Any, dance: Any, take: Any, beats: Any, options: argparse.Namespace
) -> None:
    from .._defaults import SOUNDTRACK_TEMPERATURE
    from ..datasets._dance_files import is_video
    from ..datasets._take_files import take_name
    from ..report import write_report

    write_report(
        page,
        pipeline,
        dance,
        performance=take,
        audio=read_true_music(options.take, None, sr=take.sr),
        video=options.take if is_video(options.take) else None,
        beats=beats if is_given(options) else None,
        title=take_name(options.take),
        temperature=SOUNDTRACK_TEMPERATURE,
        random_state=options.seed,
        loudness=options.loudness,
        verbose=verbosity(options),
    )
    say(options, f"{page}: open it in a browser")


def _save(pipeline: Any, name: str, options: argparse.Namespace) -> None:
    from ..persistence import save

    place = _numbered(Path(options.model_out), name, 0, 1)
    save(pipeline, place)
    say(options, f"{place}: a model with {pipeline[-1].transformer_.n_units_} beats of music")
