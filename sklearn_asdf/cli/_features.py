"""`sklearn-asdf features`."""

from __future__ import annotations

import argparse
from typing import Any

from ._batch import REFUSED, Batch
from ._console import note, say, verbosity
from ._options import add_clips, add_command, add_force, add_take, check_clips, whole
from ._takes import (
    check_not_read,
    check_output,
    check_takes,
    cut,
    distinct_names,
    find_takes,
    read_take,
)

# Clips up to which NumPy is faster than loading compiled loops.
_FEW_CLIPS = 256


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "features",
        run,
        help="describe dances by their Laban features, as a table",
        more=(
            "Cut each dance into clips and describe every clip by the features of Laban Movement "
            "Analysis: a table with one row per clip, for a spreadsheet or any other program."
        ),
    )
    parser.add_argument(
        "takes", nargs="+", metavar="POSES", help="pose files, videos, or folders of them"
    )
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
        "--n-keyframes", type=whole, default=10, metavar="N", help="keyframes of a clip"
    )
    add_clips(parser)
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Write the table."""
    from .._files import atomic_path
    from .._validation import require

    out = check_output(options.out, (".csv", ".parquet"), force=options.force)
    if out.suffix.lower() == ".parquet":
        require("pyarrow", extra="parquet", purpose="writing Parquet")
    check_clips(options)
    takes = find_takes(options.takes)
    check_takes(takes, options)
    check_not_read(out, takes)
    import pandas as pd

    batch = Batch(options, "takes")
    tables, joints = _describe(takes, options, batch)
    if not tables:
        return batch.end() or REFUSED
    _note_unlike(joints)
    table = pd.concat(tables, ignore_index=True)
    with atomic_path(out) as temporary:
        if out.suffix.lower() == ".csv":
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)
    say(options, f"{out}: {len(table)} rows, {table.shape[1] - 2} features")
    return batch.end()


def _describe(
    takes: list[str], options: argparse.Namespace, batch: Batch
) -> tuple[list[Any], dict[str, str]]:
    """Return a table for each take that can be read, and the joints of each."""
    from ..functional.compiled import numpy_only
    from ..pipeline import make_lma_pipeline

    pipeline = make_lma_pipeline(preset=options.preset, n_keyframes=options.n_keyframes)
    pipeline.set_output(transform="pandas")
    tables, joints = [], {}
    for path, name in zip(takes, distinct_names(takes)):
        with batch.item(path):
            clips, starts = cut(
                read_take(path, options, verbose=verbosity(options)),
                path,
                clip_duration=options.clip_duration,
                hop_duration=options.hop_duration,
            )
            with numpy_only(len(clips) <= _FEW_CLIPS):
                table = pipeline.fit_transform(clips)
            table.insert(0, "take", name)
            table.insert(1, "start", starts)
            tables.append(table)
            skeleton = clips.skeleton
            kind = (skeleton and skeleton.name) or "own names"
            joints[path] = f"{clips.n_joints} joints, {kind}, {clips.n_axes} axes"
            say(options, f"{path}: {len(table)} clips")
    return tables, joints


def _note_unlike(joints: dict[str, str]) -> None:
    """Tell of takes whose features cannot all be compared."""
    kinds = sorted(set(joints.values()), key=list(joints.values()).index)
    if len(kinds) > 1:
        examples = "; ".join(
            f"{next(path for path, kind in joints.items() if kind == k)!r} has {k}" for k in kinds
        )
        note(
            f"note: the takes have different joints ({examples}): features that some of them lack "
            "are left empty there, and the others compare with care"
        )
