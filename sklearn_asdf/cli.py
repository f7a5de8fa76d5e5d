"""The command `sklearn-asdf`."""

from __future__ import annotations

import argparse
import sys
import time

from ._files import check_writable_folder
from ._version import __version__

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None takes the process's own.

    Returns
    -------
    status : int
        0 if all went well, 2 if the input was refused.
    """
    parser = _make_parser()
    options = parser.parse_args(argv)
    try:
        return options.run(options)
    except (ValueError, TypeError, ImportError, OSError) as error:
        # A refused input is a sentence for the user, not a traceback.
        print(f"sklearn-asdf: {error}", file=sys.stderr)
        return 2


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sklearn-asdf", description="Dance in, music out, with scikit-learn's habits."
    )
    parser.add_argument("--version", action="version", version=f"sklearn-asdf {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="fit the pipeline and make music for dances that it has not seen",
        description=(
            "Fit the pipeline, make music for performances that were held out, and write for each "
            "of them the music, a picture and the true music, and the fitted model."
        ),
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    demo.add_argument(
        "--poses", metavar="DIR", help="folder of pose files; without it, dances are made up"
    )
    demo.add_argument("--audio", metavar="DIR", help="folder of audio files of the same names")
    demo.add_argument("--out", metavar="DIR", default="demo", help="folder to write to")
    demo.add_argument(
        "--preset", default="default", choices=("default", "paper", "tiny"), help="pipeline preset"
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
    demo.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        help="draw from the density at this temperature; 0 takes its mean",
    )
    demo.add_argument("--random-state", type=int, default=0, help="seed")
    demo.set_defaults(run=_demo)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from ._demo import run_demo

    if (options.poses is None) != (options.audio is None):
        raise ValueError(
            "expected --poses and --audio together, got only one of them: give both folders, or "
            "neither for made-up dances"
        )
    if not options.temperature >= 0:
        raise ValueError(
            f"expected --temperature of at least 0, got {options.temperature}: 1 draws from the "
            "density as it is, 0 takes its mean"
        )
    if not 0 <= options.random_state < 2**32:
        raise ValueError(f"expected --random-state from 0 to 2**32 - 1, got {options.random_state}")
    out = check_writable_folder(options.out)
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
        report=print,
    )
    print(f"done in {time.perf_counter() - began:.0f} s: {out}")
    return 0
