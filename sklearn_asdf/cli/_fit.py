"""`sklearn-asdf fit`."""

from __future__ import annotations

import argparse
import time
from typing import Any

from .._defaults import PRESETS
from ._console import say, verbosity
from ._options import (
    add_clips,
    add_command,
    add_folders,
    add_force,
    add_take,
    check_clips,
    require_music,
    whole,
)
from ._takes import check_folders, check_output, end, read_folders

# With fewer dances, none is held out to score the model: too few would be left to learn from.
_FEWEST_TO_SCORE = 4


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "fit",
        run,
        help="learn from dances and their music",
        more=(
            "Learn from pose files or videos and sound files of the same names. More dances teach "
            "more than longer ones; twenty minutes are a beginning. To tell how far the music will "
            "follow a dance, a first model learns without some of the dances and is scored on "
            "them; the model that is written learns from all."
        ),
    )
    add_folders(parser)
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
        "--n-keyframes", type=whole, default=10, metavar="N", help="keyframes of a clip"
    )
    parser.add_argument(
        "--held-out",
        type=whole,
        metavar="N",
        help="dances to score the first model on; 0 skips it and takes half the time; one in four "
        "if not given, at most 3, and none of fewer than 4",
    )
    parser.add_argument(
        "--random-state", type=whole, default=0, metavar="N", help="seed of the training"
    )
    add_clips(parser)
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Fit and write the model."""
    out = check_output(options.out, (".zip",), force=options.force)
    check_clips(options)
    if options.held_out is not None and options.held_out < 0:
        raise ValueError(f"expected --held-out of at least 0, got {options.held_out}")
    check_folders(options.poses, options.audio)
    require_music("learning music")
    from ..persistence import save
    from ._quiet import start_keras

    began = time.perf_counter()
    clock = {"clip_duration": options.clip_duration, "hop_duration": options.hop_duration}
    data = read_folders(options.poses, options.audio, options, **clock)
    n_takes = len(set(data.groups.tolist()))
    say(
        options,
        f"learning from {len(data.groups)} clips of {options.clip_duration:g} s of {n_takes} "
        f"dance{'s' if n_takes > 1 else ''}",
    )
    start_keras(verbosity(options))
    _score(data, clock, options)
    pipeline = _pipeline(options).fit(data.poses, data.audio)
    save(pipeline, out)
    say(options, f"{out}: done in {time.perf_counter() - began:.0f} s")
    return end(data.skipped, options)


def _pipeline(options: argparse.Namespace) -> Any:
    from ..pipeline import make_dance_pipeline

    return make_dance_pipeline(
        options.preset,
        n_keyframes=options.n_keyframes,
        random_state=options.random_state,
        verbose=verbosity(options),
    )


def _score(data: Any, clock: dict[str, float], options: argparse.Namespace) -> None:
    """Tell how a model does on dances that it has not learned from."""
    import numpy as np

    from .._defaults import TEMPERATURE
    from ._held_out import choose, in_words, perform_held_out, score

    pieces = np.unique(data.groups)
    if options.held_out == 0:
        return
    if options.held_out is None and len(pieces) < _FEWEST_TO_SCORE:
        say(
            options,
            f"no scores: {len(pieces)} dance{'s are' if len(pieces) > 1 else ' is'} too few to "
            "hold one out, and the model may know "
            f"{'them' if len(pieces) > 1 else 'it'} by heart",
        )
        return
    held_out = choose(pieces, options.held_out, options.random_state)
    train = ~np.isin(data.groups, held_out)
    say(options, f"first without {len(held_out)} of them, to score the model on these")
    pipe = _pipeline(options).fit(data.poses[train], data.audio[train])
    performed = perform_held_out(
        pipe,
        data,
        held_out,
        **clock,
        temperature=TEMPERATURE,
        random_state=options.random_state,
        verbose=verbosity(options),
    )
    for line in in_words(score(pipe, list(performed), verbose=verbosity(options))):
        say(options, line)
    say(options, "now from all")
