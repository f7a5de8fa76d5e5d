"""`sklearn-asdf demo`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from .._files import output_folder
from .._validation import require
from ..pipeline import PRESETS
from ._options import add_command, add_draw, add_force, check_draw, say


def add(commands: Any) -> None:
    """Add the command."""
    demo = add_command(
        commands,
        "demo",
        run,
        help="fit the pipeline and make music for dances that it has not seen",
        more=(
            "Fit the pipeline, make music for performances that were held out, and write for each "
            "of them the music, a picture and the true music, and the fitted model."
        ),
    )
    demo.add_argument(
        "--poses", metavar="DIR", help="folder of pose files; without it, dances are made up"
    )
    demo.add_argument("--audio", metavar="DIR", help="folder of audio files of the same names")
    demo.add_argument("--out", metavar="DIR", default="demo", help="folder to write to")
    demo.add_argument(
        "--preset",
        default="default",
        choices=PRESETS,
        help="'default' is 'units', which plays real music on the dance's beat; 'codec' makes new "
        "sound; see make_dance_pipeline for the others",
    )
    demo.add_argument(
        "--n-clips", type=int, default=180, help="clips of made-up dance, 3 a performance"
    )
    demo.add_argument("--clip-duration", type=float, default=8.0, help="seconds a clip")
    demo.add_argument(
        "--hop-duration",
        type=float,
        default=None,
        help="seconds between clips; None is 1 for files and half a clip for made-up dances",
    )
    demo.add_argument("--held-out", type=int, default=3, help="performances to make music for")
    add_draw(demo)
    add_force(demo)


def run(options: argparse.Namespace) -> None:
    """Run the demo."""
    if (options.poses is None) != (options.audio is None):
        raise ValueError(
            "expected --poses and --audio together, got only one of them: give both folders, or "
            "neither for made-up dances"
        )
    check_draw(options)
    require("keras", "librosa", "soundfile", "matplotlib", extra="music", purpose="the demo")
    with output_folder(options.out) as out:
        _check_not_there(out, force=options.force)
        _run(options, out)


def _run(options: argparse.Namespace, out: Path) -> None:
    from ._demonstrate import run_demo
    from ._quiet import start_keras

    start_keras()
    began = time.perf_counter()
    run_demo(
        poses=options.poses,
        audio=options.audio,
        out=out,
        preset=options.preset,
        n_clips=options.n_clips,
        clip_duration=options.clip_duration,
        hop_duration=options.hop_duration,
        n_held_out=options.held_out,
        temperature=options.temperature,
        random_state=options.random_state,
        verbose=int(not options.quiet),
        report=lambda sentence: say(options, sentence),
    )
    say(options, f"done in {time.perf_counter() - began:.0f} s: {out}")


def _check_not_there(out: Path, *, force: bool) -> None:
    from ._demonstrate import MODEL, SCORES

    there = [name for name in (MODEL, SCORES) if (out / name).exists()]
    if there and not force:
        raise ValueError(
            f"{str(out / there[0])!r} is there already: choose another --out, or add --force"
        )
