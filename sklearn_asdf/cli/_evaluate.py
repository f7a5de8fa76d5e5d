"""`sklearn-asdf evaluate`."""

from __future__ import annotations

import argparse
import time
from typing import Any

from ._console import note, say, verbosity
from ._generate import read_model
from ._options import (
    add_command,
    add_draw,
    add_folders,
    add_force,
    add_model,
    add_take,
    check_draw,
    positive,
    require_play,
)
from ._scores import in_words, write_scores
from ._takes import Wanted, check_folders, check_output, end, read_folders

# Without other dances to learn from, half of the dances teach a judge of the other half.
_LEAST_PERFORMANCES = {True: 2, False: 4}
# Largest p-value of the real music at which the judge counts as reliable.
_SURE = 0.05


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "evaluate",
        run,
        help="tell whether a model's music follows dances it has not learned from",
        more=(
            "Score a model on dances and their music, files of the same names, beside what chance "
            "and trivial methods get. Take dances that the model has not learned from, at least "
            f"{_LEAST_PERFORMANCES[False]}, or {_LEAST_PERFORMANCES[True]} with a reference: of "
            "others it has memories, and the scores say nothing. Give the dances that it has "
            "learned from as the reference: the more the judge has heard, the better it tells."
        ),
    )
    add_model(parser)
    add_folders(parser)
    parser.add_argument(
        "--reference-poses",
        metavar="DIR",
        help="folder of other dances, from which the judge learns what goes together",
    )
    parser.add_argument("--reference-audio", metavar="DIR", help="folder of their music")
    parser.add_argument(
        "-o",
        "--out",
        metavar="TABLE",
        help="table of all scores to write, .csv or .parquet; 'report --scores' shows it",
    )
    parser.add_argument(
        "--hop-duration",
        type=positive,
        default=1.0,
        metavar="S",
        help="seconds from one clip's start to the next one's",
    )
    add_draw(parser)
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Score the model; print what can be read, write everything."""
    check_draw(options)
    has_reference = options.reference_poses is not None
    if has_reference != (options.reference_audio is not None):
        raise ValueError(
            "expected --reference-poses and --reference-audio together, got one of them: give "
            "both, or neither"
        )
    out = None
    if options.out is not None:
        out = check_output(options.out, (".csv", ".parquet"), force=options.force)
        if out.suffix.lower() == ".parquet":
            from .._validation import require

            require("pyarrow", extra="parquet", purpose="writing Parquet")
    check_folders(options.poses, options.audio, options.reference_poses, options.reference_audio)
    require_play("scoring music")
    from ..metrics import evaluate
    from ..performance import clip_duration_of

    began = time.perf_counter()
    model = read_model(options.model, verbosity(options))
    data = _read(options.poses, options.audio, model, options)
    n_takes, n_least = len(set(data.groups.tolist())), _LEAST_PERFORMANCES[has_reference]
    if n_takes < n_least:
        raise ValueError(
            f"expected at least {n_least} dances with their music in "
            f"{options.poses!r}, got {n_takes}: one dance's music is told from that of others, so "
            "give more dances that the model has not learned from"
        )
    skipped = dict(data.skipped)
    reference = None
    if has_reference:
        others = _read(options.reference_poses, options.reference_audio, model, options)
        skipped |= others.skipped
        reference = (others.poses, others.audio)
    say(
        options,
        f"scoring {len(data.groups)} clips of {clip_duration_of(model):g} s of {n_takes} "
        "dances; the scores mean something only if the model has not learned from them",
    )
    table = evaluate(
        model,
        data.poses,
        data.audio,
        data.groups,
        reference=reference,
        temperature=options.temperature or None,
        random_state=options.random_state,
        verbose=verbosity(options),
    )
    if not table["retrieval_p"]["real"] < _SURE:
        note(
            f"note: the judge cannot tell the real music of these {n_takes} dances apart: "
            "'retrieval' says nothing here, more dances would help"
        )
    for line in in_words(table):
        say(options, line)
    if out is not None:
        write_scores(table, out)
        say(
            options,
            f"{out}: all {table.shape[1]} scores, done in {time.perf_counter() - began:.0f} s",
        )
    return end(skipped, options)


def _read(poses: str, audio: str, model: Any, options: argparse.Namespace) -> Any:
    """Clips of two folders, as the model's are."""
    from ..performance import clip_duration_of, encoder_of, fps_of

    return read_folders(
        poses,
        audio,
        options,
        wanted=Wanted(model),
        clip_duration=clip_duration_of(model),
        hop_duration=options.hop_duration,
        fps=fps_of(model),
        sr=int(encoder_of(model).sr),
    )
