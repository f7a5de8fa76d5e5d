"""The main function: parser, exit codes, and display of errors and warnings."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from typing import Any

from .._files import describe, one_line
from .._version import __version__
from . import (
    _demo,
    _evaluate,
    _features,
    _fit,
    _generate,
    _info,
    _live,
    _poses,
    _report,
    _soundtrack,
    _studio,
)
from ._batch import DONE, INTERRUPTED, PROBLEMS, REFUSED
from ._console import console, note

__all__ = ["main"]

_COMMANDS = (
    _demo,
    _soundtrack,
    _studio,
    _poses,
    _features,
    _fit,
    _generate,
    _evaluate,
    _report,
    _live,
    _info,
)
_DESCRIPTION = """\
Dance in, music out.

  sklearn-asdf demo                                  hear what this does, with synthetic dances
  sklearn-asdf studio                                a page in the browser for all of this
  sklearn-asdf soundtrack dance.mp4 --music folder -o new.mp4
                                                     play your music for a dance
  sklearn-asdf poses videos --sound -o takes         find the dancer in videos
  sklearn-asdf fit --poses takes --audio takes -o my.zip
                                                     learn from your dances and their music
  sklearn-asdf generate my.zip new.mp4 -o new_with_music.mp4
                                                     make music for a dance
  sklearn-asdf COMMAND --help                        more about one command
"""
_EXIT_CODES = """\
exit codes: 0 all done, 2 refused, 3 done except for inputs that were skipped, 130 interrupted
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None takes the process's own.

    Returns
    -------
    status : int
        0 if all went well, 2 if the input was refused, 3 if some of several inputs were skipped,
        130 if the user interrupted it.
    """
    # TensorFlow reports graphics cards that are not there; whoever sets this wants to see it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with console(), warnings.catch_warnings():
        options = make_parser().parse_args(argv)
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning
        try:
            return options.run(options) or DONE
        except PROBLEMS as error:
            # A refused input is a sentence for the user, not a traceback.
            note(describe(error) or type(error).__name__)
            return REFUSED
        except KeyboardInterrupt:
            note("interrupted; no half-written file is left")
            return INTERRUPTED
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            note(
                f"unexpected {type(error).__name__}: {describe(error)}; please report it with what "
                "'python -X dev -m sklearn_asdf' prints"
            )
            return REFUSED


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="sklearn-asdf",
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sklearn-asdf {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in _COMMANDS:
        command.add(commands)
    return parser


def _show_warning(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, UserWarning):
        note(f"note: {one_line(message)}")
