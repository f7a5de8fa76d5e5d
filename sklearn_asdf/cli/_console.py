"""Output of the command line: results to standard output, notes to standard error."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from ._wording import in_words

__all__ = ["console", "note", "say", "verbosity"]

_PROGRAM = "sklearn-asdf"


@contextmanager
def console() -> Iterator[None]:
    """Let no console decide how a command ends.

    Characters that the console cannot show are written as escapes, and a reader that has closed
    its end of a pipe is no error.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            _write("", stream)


def say(options: argparse.Namespace, sentence: str) -> None:
    """Tell the user what came out, unless asked not to."""
    if not options.quiet:
        answer(sentence)


def answer(sentence: str) -> None:
    """Print what the user asked for."""
    _write(f"{sentence}\n", sys.stdout)


def note(sentence: object) -> None:
    """Tell the user what to know or to mend, on the standard error."""
    _write(f"{_PROGRAM}: {in_words(str(sentence))}\n", sys.stderr)


def verbosity(options: argparse.Namespace) -> int:
    """Return whether to show progress: only to somebody who looks on."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    return int(watched and not options.quiet and importlib.util.find_spec("tqdm") is not None)


def _write(text: str, stream: TextIO | None) -> None:
    if stream is None:
        return
    try:
        _above_bars(text, stream)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)


def _above_bars(text: str, stream: TextIO) -> None:
    tqdm = getattr(sys.modules.get("tqdm"), "tqdm", None)
    if text and tqdm is not None:
        tqdm.write(text, file=stream, end="")
    else:
        stream.write(text)


def _discard(stream: TextIO) -> None:
    """Let what is still written go nowhere, for nobody reads it."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
