"""What all commands share: the parser, the exit codes, how things are said."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from typing import Any

from .._files import describe, one_line
from .._version import __version__
from . import _demo, _evaluate, _features, _fit, _generate, _info, _live, _poses, _report

__all__ = ["main"]

_COMMANDS = (_demo, _poses, _features, _fit, _generate, _evaluate, _report, _live, _info)
_DESCRIPTION = """\
Dance in, music out.

  sklearn-asdf demo                                  hear what this does, with made-up dances
  sklearn-asdf poses films/*.mp4 --sound -o takes    find the dancer in films
  sklearn-asdf fit --poses takes --audio takes -o my.zip
                                                     learn from your dances and their music
  sklearn-asdf generate my.zip new.mp4 -o new_with_music.mp4
                                                     make music for a dance
  sklearn-asdf COMMAND --help                        more about one command
"""
REFUSED = 2
INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None takes the process's own.

    Returns
    -------
    status : int
        0 if all went well, 2 if the input was refused, 130 if the user broke it off.
    """
    # TensorFlow tells of graphics cards that are not there; whoever sets this wants to hear it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    options = make_parser().parse_args(argv)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning
        try:
            options.run(options)
        except (ValueError, TypeError, ImportError, OSError, MemoryError) as error:
            # A refused input is a sentence for the user, not a traceback.
            _say(f"sklearn-asdf: {describe(error)}")
            return REFUSED
        except KeyboardInterrupt:
            _say("sklearn-asdf: broken off, nothing half-written is left")
            return INTERRUPTED
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            _say(
                f"sklearn-asdf: unexpected {type(error).__name__}: {describe(error)}; please "
                "report it with what 'python -X dev -m sklearn_asdf' prints"
            )
            return REFUSED
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="sklearn-asdf",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sklearn-asdf {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in _COMMANDS:
        command.add(commands)
    return parser


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _show_warning(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, UserWarning):
        _say(f"sklearn-asdf: note: {one_line(message)}")
