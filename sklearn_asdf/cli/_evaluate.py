"""`sklearn-asdf evaluate`."""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

from .._files import atomic_path
from .._validation import require
from ..metrics._columns import COLUMNS
from ..performance import clip_duration_of, encoder_of, fps_of, motion_stage_of
from ..persistence import load
from ._generate import check_joints
from ._options import (
    add_command,
    add_draw,
    add_force,
    add_model,
    check_draw,
    positive,
    say,
)
from ._takes import check_output

# Without other dances to learn from, half of the dances teach a judge of the other half.
_LEAST_PERFORMANCES = {True: 2, False: 4}
# A judge who gets real music right by luck more often than this is no judge.
_SURE = 0.05
# What a dancer can read of the table, and in which words.
_SHOWN = (
    "retrieval_r1", "f70_music", "distance_ratio", "key_clarity", "pulse_clarity", "log_gain",
)  # fmt: skip
_COLUMNS = {name: (COLUMNS[name].title, COLUMNS[name].meaning) for name in _SHOWN}
_SHORT = {column: name for column, (name, _) in _COLUMNS.items()}
_ROWS = {
    "model": "the model's music",
    "shuffled pairs": "real music of other dances",
    "metronome": "clicks at 120 beats a minute",
    "unconditional": "the model without the dance",
    "real": "the real music: how much can be asked for",
}


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
    parser.add_argument("--poses", required=True, metavar="DIR", help="folder of pose files")
    parser.add_argument(
        "--audio", required=True, metavar="DIR", help="folder of sound files; may be the same"
    )
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
    add_force(parser)


def run(options: argparse.Namespace) -> None:
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
            require("pyarrow", extra="parquet", purpose="writing Parquet")
    require("keras", "librosa", "soundfile", extra="music", purpose="scoring music")
    from ..metrics import evaluate
    from ._quiet import start_keras

    began = time.perf_counter()
    start_keras()
    model = load(options.model)
    encoder = encoder_of(model)
    data = _read(options.poses, options.audio, model, encoder, options)
    n_takes, n_least = len(set(data.groups.tolist())), _LEAST_PERFORMANCES[has_reference]
    if n_takes < n_least:
        raise ValueError(
            f"expected at least {n_least} dances with their music in "
            f"{options.poses!r}, got {n_takes}: one dance's music is told from that of others, so "
            "give more dances that the model has not learned from"
        )
    reference = None
    if has_reference:
        others = _read(options.reference_poses, options.reference_audio, model, encoder, options)
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
    )
    if not table["retrieval_p"]["real"] < _SURE:
        warnings.warn(
            f"the judge cannot tell the real music of these {n_takes} dances apart: 'retrieval' "
            "says nothing here, more dances would help",
            UserWarning,
            stacklevel=2,
        )
    for line in _in_words(table):
        say(options, line)
    if out is not None:
        write_scores(table, out)
        say(
            options,
            f"{out}: all {table.shape[1]} scores, done in {time.perf_counter() - began:.0f} s",
        )


def _read(poses: str, audio: str, model: Any, encoder: Any, options: argparse.Namespace) -> Any:
    """Clips of two folders, as the model's are."""
    from ..datasets import load_folder

    data = load_folder(
        poses=poses,
        audio=audio,
        clip_duration=clip_duration_of(model),
        hop_duration=options.hop_duration,
        fps=fps_of(model),
        sr=int(encoder.sr),
        coordinates="world" if getattr(motion_stage_of(model), "n_axes_in_", 2) == 3 else "image",
        verbose=int(not options.quiet),
    )
    check_joints(model, data.poses, poses)
    return data


def _in_words(table: Any) -> list[str]:
    """Return the columns that a dancer can read, with a line on each and on each row."""
    short = table[list(_COLUMNS)].rename(columns=_SHORT)
    width = max(map(len, [*_SHORT.values(), *_ROWS]))
    return [
        "",
        short.to_string(float_format=lambda x: f"{x:.2f}", na_rep="-"),
        "",
        *(f"{name:<{width}} {text}" for name, text in _COLUMNS.values()),
        "",
        *(f"{name:<{width}} {text}" for name, text in _ROWS.items()),
        "",
    ]


def write_scores(table: Any, out: Path) -> None:
    """Write a table of scores as CSV or Parquet, rows named in the column `method`."""
    named = table.rename_axis("method").reset_index()
    with atomic_path(out) as temporary:
        if out.suffix.lower() == ".csv":
            named.to_csv(temporary, index=False)
        else:
            named.to_parquet(temporary, index=False)


def read_scores(path: str) -> Any:
    """Read what `write_scores` wrote, as rows and columns that a dancer can read."""
    import pandas as pd

    place = Path(path)
    if not place.is_file():
        raise ValueError(f"expected a table of scores, but there is no file {path!r}")
    if place.suffix.lower() == ".parquet":
        require("pyarrow", extra="parquet", purpose="reading Parquet")
    try:
        read = pd.read_parquet if place.suffix.lower() == ".parquet" else pd.read_csv
        table = read(place)
        return (
            table.set_index("method")
            .loc[list(_ROWS), list(_COLUMNS)]
            .astype(float)
            .rename(columns=_SHORT, index=_ROWS)
            .rename_axis(None)
        )
    except (ValueError, KeyError, OSError):
        raise ValueError(
            f"expected a table that 'sklearn-asdf evaluate -o' wrote, but {path!r} is none"
        ) from None
