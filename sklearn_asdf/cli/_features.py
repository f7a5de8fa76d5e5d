"""`sklearn-asdf features`."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from ._batch import REFUSED, Batch
from ._console import note, say, verbosity
from ._options import (
    add_clips,
    add_command,
    add_force,
    add_take,
    check_clips,
    number,
    positive,
    whole,
)
from ._takes import (
    check_not_read,
    check_output,
    check_takes,
    read_take,
)

# Frame rate of the analysis in Hz.
_FPS = 30.0


def add(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "features",
        run,
        help="describe dances by their Laban features, as a table",
        more=(
            "Cut each dance into clips and describe every clip by the features of Laban Movement "
            "Analysis: a table with one row per clip, per window between keyframes, or per take, "
            "for a spreadsheet or any other program. A dance shorter than a clip is one clip. "
            "Where less than half was seen, a feature is left empty. With --page, a page shows one "
            "dance with its keyframes and curves."
        ),
    )
    parser.add_argument(
        "takes", nargs="+", metavar="POSES", help="pose files, videos, or folders of them"
    )
    parser.add_argument("-o", "--out", metavar="TABLE", help="table to write, .csv or .parquet")
    parser.add_argument(
        "--page",
        metavar="PAGE",
        help="page to write, .html, that shows one dance in motion with its keyframes and Laban "
        "curves; it needs no network",
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
    parser.add_argument(
        "--rows",
        default="clips",
        choices=("clips", "windows", "takes"),
        help="what has one row: a clip with all its windows (clips overlap: for models), each "
        "window with its time, or a whole take (for statistics) with mean and standard deviation "
        "of its windows, weighted by their duration, and their median and largest value",
    )
    parser.add_argument(
        "--height",
        type=positive,
        metavar="H",
        help="height of the dancer in the unit of the poses, which is the unit of length; without "
        "it, it is estimated from each take",
    )
    parser.add_argument(
        "--cutoff",
        type=positive,
        default=3.0,
        metavar="HZ",
        help="poses are smoothed by a low-pass filter of this frequency in Hz",
    )
    parser.add_argument(
        "--start", type=number, default=0.0, metavar="S", help="second at which each take begins"
    )
    parser.add_argument(
        "--end", type=positive, metavar="S", help="second at which it ends (default: with the take)"
    )
    parser.add_argument(
        "--joints",
        metavar="MARKERS",
        help="for takes of markers, the joints that they stand for: 'plug_in_gait', 'qualisys', "
        "'auto' for whichever of the two a take has, if any, or "
        'a JSON file with the markers of each joint, {"left_wrist": ["LWRA", "LWRB"], ...}',
    )
    add_clips(parser, hop_duration=None)
    add_take(parser)
    add_force(parser)


def run(options: argparse.Namespace) -> int:
    """Write the table, the page, or both."""
    out, page = _places(options)
    check_clips(options)
    if options.height is not None and options.preset == "paper":
        raise ValueError("expected no --height with --preset paper, which uses no height")
    if not options.cutoff < _FPS / 2:
        raise ValueError(
            f"expected --cutoff below {_FPS / 2:g} Hz, half the frame rate of the analysis, got "
            f"{options.cutoff:g}"
        )
    from ..datasets._take_files import find_takes

    markers = _markers(options.joints)
    takes = find_takes(options.takes)
    check_takes(takes, options)
    if page is not None and len(takes) > 1:
        raise ValueError(
            f"expected one dance for --page, got {len(takes)}: write a page for each, or leave out "
            "--page"
        )
    for place in filter(None, (out, page)):
        check_not_read(place, takes)
    batch = Batch(options, "takes")
    if page is not None:
        with batch.item(takes[0]):
            _write_page(page, takes[0], markers, options)
    if out is None:
        return batch.end()
    tables, joints = _describe(takes, markers, options, batch)
    if not tables:
        return batch.end() or REFUSED
    _note_unlike(joints)
    _write_table(out, tables, options)
    return batch.end()


def _places(options: argparse.Namespace) -> tuple[Path | None, Path | None]:
    """Return the table and the page to write."""
    from .._validation import require

    if options.out is None and options.page is None:
        raise ValueError("expected a table to write (-o table.csv), or a page (--page page.html)")
    out = page = None
    if options.out is not None:
        out = check_output(options.out, (".csv", ".parquet"), force=options.force)
        if out.suffix.lower() == ".parquet":
            require("pyarrow", extra="parquet", purpose="writing Parquet")
    if options.page is not None:
        page = check_output(options.page, (".html", ".htm"), force=options.force)
        require("jinja2", extra="plot", purpose="a page")
    return out, page


def _write_page(page: Path, path: str, markers: Any, options: argparse.Namespace) -> None:
    from ..datasets._dance_files import is_video
    from ..datasets._take_files import take_name
    from ..report import write_movement_report

    write_movement_report(
        page,
        _read(path, options),
        video=path if is_video(path) else None,
        title=take_name(path),
        lma=_pipeline(options),
        joints=markers,
        clip_duration=options.clip_duration,
        about=_about(path),
        verbose=verbosity(options),
    )
    say(options, f"{page}: open it in a browser")


def _about(path: str) -> dict[str, str]:
    """Return the name of a file, and its digest."""
    about = {"File": Path(path).name}
    if Path(path).is_file():
        with open(path, "rb") as file:
            about["SHA-256"] = hashlib.file_digest(file, "sha256").hexdigest()
    return about


def _read(path: str, options: argparse.Namespace) -> Any:
    """Return the part of a take that was asked for."""
    take = read_take(path, options, verbose=verbosity(options))
    if not options.start and options.end is None:
        return take
    n_frames = int(take.lengths[0])
    stop = n_frames if options.end is None else min(n_frames, round(options.end * take.fps))
    first = round(options.start * take.fps)
    if not 0 <= first < stop:
        raise ValueError(
            f"expected --start and --end within the take of {n_frames / take.fps:.3g} s, got "
            f"{options.start:g} and {'its end' if options.end is None else f'{options.end:g}'}"
        )
    return take.frames(first, stop)


def _write_table(out: Path, tables: list[Any], options: argparse.Namespace) -> None:
    import pandas as pd

    from .._files import atomic_path
    from ..tables import KEYS

    table = pd.concat(tables, ignore_index=True)
    with atomic_path(out) as temporary:
        if out.suffix.lower() == ".csv":
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)
    n_features = len(set(table) - set(KEYS))
    say(options, f"{out}: {len(table)} rows, {n_features} features")


def _pipeline(options: argparse.Namespace) -> Any:
    from ..pipeline import make_lma_pipeline

    pipeline = make_lma_pipeline(
        preset=options.preset, n_keyframes=options.n_keyframes, cutoff=options.cutoff
    )
    if options.height is not None:
        pipeline.set_params(kinematics__height=options.height)
    return pipeline.set_params(lma__missing="nan")


def _markers(joints: str | None) -> Any:
    """Return the name of a set of markers, or the markers of each joint in a file."""
    if joints is None or not joints.lower().endswith(".json"):
        if joints is not None:
            from .._validation import check_choice
            from ..motion.markers import MARKER_SETS

            check_choice(joints, ("auto", *MARKER_SETS), name="--joints")
        return joints
    try:
        return json.loads(Path(joints).read_text(encoding="utf-8"))
    except OSError as error:
        raise FileNotFoundError(
            f"expected a JSON file of joints, but {joints!r} cannot be read ({error.strerror})"
        ) from error
    except ValueError as error:
        raise ValueError(
            f"expected JSON with the markers of each joint in {joints!r}, got something else "
            f"({error})"
        ) from error


def _describe(
    takes: list[str], markers: Any, options: argparse.Namespace, batch: Batch
) -> tuple[list[Any], dict[str, str]]:
    """Return a table for each take that can be read, and the joints of each."""
    from ..datasets._take_files import distinct_names
    from ..tables import features_of_take

    pipeline = _pipeline(options)
    tables, joints = [], {}
    for path, name in zip(takes, distinct_names(takes)):
        with batch.item(path):
            take = _read(path, options)
            table = features_of_take(
                take,
                name,
                lma=pipeline,
                joints=markers,
                rows=options.rows,
                clip_duration=options.clip_duration,
                hop_duration=options.hop_duration,
            )
            tables.append(table)
            skeleton = take.skeleton
            kind = (skeleton and skeleton.name) or "own names"
            joints[path] = f"{take.n_joints} joints, {kind}, {take.n_axes} axes"
            rows = options.rows if len(table) != 1 else options.rows[:-1]
            say(options, f"{path}: {len(table)} {rows}")
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
