"""`sklearn-asdf features`."""

from __future__ import annotations

import argparse
from typing import Any

from .._files import atomic_path
from .._validation import require
from ._options import add_clips, add_command, add_force, add_take, say
from ._takes import check_output, cut, read_take, take_name


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "features",
        run,
        help="describe dances by their Laban features, as a table",
        more=(
            "Cut each dance into clips and describe every clip by the features of Laban Movement "
            "Analysis: a table with one row a clip, for a spreadsheet or any other program."
        ),
    )
    parser.add_argument("takes", nargs="+", metavar="POSES", help="pose files, or videos")
    parser.add_argument(
        "-o", "--out", required=True, metavar="TABLE", help="table to write, .csv or .parquet"
    )
    parser.add_argument(
        "--preset",
        default="default",
        choices=("default", "paper"),
        help="'paper' measures as the paper does, in pixels and scaled within each clip",
    )
    parser.add_argument(
        "--n-keyframes", type=int, default=10, metavar="N", help="keyframes of a clip"
    )
    add_clips(parser)
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> None:
    """Write the table."""
    import pandas as pd

    from ..pipeline import make_lma_pipeline

    out = check_output(options.out, (".csv", ".parquet"), force=options.force)
    if out.suffix.lower() == ".parquet":
        require("pyarrow", extra="parquet", purpose="writing Parquet")
    pipeline = make_lma_pipeline(preset=options.preset, n_keyframes=options.n_keyframes)
    pipeline.set_output(transform="pandas")
    tables = []
    for path in options.takes:
        clips, starts = cut(
            read_take(path, options),
            path,
            clip_duration=options.clip_duration,
            hop_duration=options.hop_duration,
        )
        table = pipeline.fit_transform(clips)
        table.insert(0, "take", take_name(path))
        table.insert(1, "start", starts)
        tables.append(table)
        say(options, f"{path}: {len(table)} clips")
    # Skeletons may differ, and with them what can be told: that is empty, not 0.
    table = pd.concat(tables, ignore_index=True)
    with atomic_path(out) as temporary:
        if out.suffix.lower() == ".csv":
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)
    say(options, f"{out}: {len(table)} rows, {table.shape[1] - 2} features")
