"""`sklearn-asdf fit`."""

from __future__ import annotations

import argparse
import time
from typing import Any

from .._validation import require
from ..persistence import save
from ..pipeline import PRESETS
from ._options import add_clips, add_command, add_force, say
from ._takes import check_output


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "fit",
        run,
        help="learn from dances and their music",
        more=(
            "Learn from pose files and sound files of the same names. More dances teach more than "
            "longer ones; twenty minutes are a beginning. To learn from films, run 'poses --sound' "
            "first."
        ),
    )
    parser.add_argument("--poses", required=True, metavar="DIR", help="folder of pose files")
    parser.add_argument(
        "--audio", required=True, metavar="DIR", help="folder of sound files; may be the same"
    )
    parser.add_argument("-o", "--out", required=True, metavar="MODEL", help="model to write, .zip")
    parser.add_argument(
        "--preset",
        default="default",
        choices=PRESETS,
        help="'default' is 'units', which plays the real music of these takes on the dance's beat "
        "and keeps it in the model; 'codec' makes new sound, 'tiny' is done in seconds, 'paper' is "
        "the paper to the letter and takes hours",
    )
    parser.add_argument(
        "--n-keyframes", type=int, default=10, metavar="N", help="keyframes of a clip"
    )
    parser.add_argument(
        "--random-state", type=int, default=0, metavar="N", help="seed of the training"
    )
    add_clips(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> None:
    """Fit and write the model."""
    out = check_output(options.out, (".zip",), force=options.force)
    require("keras", "librosa", "soundfile", extra="music", purpose="learning music")
    from ..datasets import load_folder
    from ..pipeline import make_dance_pipeline
    from ._quiet import start_keras

    began = time.perf_counter()
    verbose = int(not options.quiet)
    data = load_folder(
        poses=options.poses,
        audio=options.audio,
        clip_duration=options.clip_duration,
        hop_duration=options.hop_duration,
        verbose=verbose,
    )
    n_takes = len(set(data.groups.tolist()))
    say(
        options,
        f"learning from {len(data.groups)} clips of {options.clip_duration:g} s of {n_takes} "
        f"dance{'s' if n_takes > 1 else ''}",
    )
    start_keras()
    pipeline = make_dance_pipeline(
        options.preset,
        n_keyframes=options.n_keyframes,
        random_state=options.random_state,
        verbose=verbose,
    )
    pipeline.fit(data.poses, data.audio)
    save(pipeline, out)
    say(options, f"{out}: done in {time.perf_counter() - began:.0f} s")
