"""`sklearn-asdf demo`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from .._defaults import PRESETS
from ._console import say, verbosity
from ._options import (
    add_command,
    add_draw,
    add_folders,
    add_force,
    add_loudness,
    add_take,
    check_draw,
    positive,
    require_music,
    whole,
)
from ._takes import check_folders


def add(commands: Any) -> None:
    """Add the command."""
    demo = add_command(
        commands,
        "demo",
        run,
        help="fit a model and make music for dances that it has not seen",
        more=(
            "Fit a model, make music for performances that were held out, and write for each "
            "of them the music, a picture and the real music, the scores, and the fitted model."
        ),
    )
    add_folders(demo, required=False, more="; without it, dances are synthetic")
    demo.add_argument("--out", metavar="DIR", default="demo", help="folder to write to")
    demo.add_argument(
        "--preset",
        default="default",
        choices=PRESETS,
        help="'default' is 'units', which plays real music on the dance's beat; 'codec' makes new "
        "sound, 'tiny' is done in seconds, 'paper' is the paper to the letter and takes hours",
    )
    demo.add_argument(
        "--n-clips", type=whole, default=180, metavar="N",
        help="clips of synthetic dance, 3 per performance",
    )  # fmt: skip
    demo.add_argument(
        "--clip-duration", type=positive, default=8.0, metavar="S", help="seconds of a clip"
    )
    demo.add_argument(
        "--hop-duration",
        type=positive,
        metavar="S",
        help="seconds from one clip's start to the next one's; 1 for files and half a clip for "
        "synthetic dances if not given",
    )
    demo.add_argument(
        "--held-out",
        type=whole,
        metavar="N",
        help="performances to make music for, which are not learned from; one in four if not "
        "given, at most 3",
    )
    add_draw(demo)
    add_loudness(demo)
    add_take(demo)
    add_force(demo)


def run(options: argparse.Namespace) -> int:
    """Run the demo."""
    if (options.poses is None) != (options.audio is None):
        raise ValueError(
            "expected --poses and --audio together, got only one of them: give both folders, or "
            "neither for synthetic dances"
        )
    check_draw(options)
    check_folders(options.poses, options.audio)
    require_music("the demo")
    from .._files import output_folder
    from ._demo_run import run_demo
    from ._quiet import start_keras

    with output_folder(options.out) as out:
        _check_not_there(out, force=options.force)
        start_keras(verbosity(options))
        began = time.perf_counter()
        status = run_demo(options, out)
    say(options, f"done in {time.perf_counter() - began:.0f} s: {out}")
    return status


def _check_not_there(out: Path, *, force: bool) -> None:
    from ._demo_run import MODEL, SCORES

    there = [name for name in (MODEL, SCORES) if (out / name).exists()]
    if there and not force:
        raise ValueError(
            f"{str(out / there[0])!r} is there already: choose another --out, or add --force"
        )
