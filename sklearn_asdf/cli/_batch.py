"""Processing of several inputs: one that fails is reported, and the others are processed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from .._files import describe
from ._console import note, say

__all__ = ["DONE", "INTERRUPTED", "PROBLEMS", "REFUSED", "SKIPPED", "Batch"]

# Exit codes: all done; refused before or without any result; done, but not with every input.
DONE, REFUSED, SKIPPED, INTERRUPTED = 0, 2, 3, 130
# What a bad input ends in: a sentence for the user.
PROBLEMS = (ValueError, TypeError, ImportError, OSError, MemoryError)


class Batch:
    """Counts what was done and what was skipped.

    Parameters
    ----------
    options : Namespace
        Of the command.
    what : str
        Plural of what is worked on, such as ``"takes"``.
    """

    def __init__(self, options: argparse.Namespace, what: str) -> None:
        self.options, self.what = options, what
        self.n_done = self.n_finished = 0
        self.skipped: list[str] = []

    @contextmanager
    def item(self, name: str) -> Iterator[None]:
        """Work on one input: if that fails, say why and go on."""
        try:
            yield
        except PROBLEMS as problem:
            self.skip(name, problem)
        else:
            self.n_done += 1

    def skip(self, name: str, problem: object) -> None:
        """Report an input that cannot be used."""
        self.skipped.append(name)
        note(f"skipped {name!r}: {_reason(problem)}")

    def finished(self, name: str) -> None:
        """Count an input that an earlier call has finished."""
        self.n_finished += 1
        say(self.options, f"{name}: done before")

    def end(self) -> int:
        """Return the exit code, and tell in a line what became of several inputs."""
        parts = [f"{self.n_done} done"]
        if self.n_finished:
            parts.append(f"{self.n_finished} done before")
        if self.skipped:
            parts.append(f"{len(self.skipped)} skipped ({_listed(self.skipped)})")
        if self.n_done + self.n_finished + len(self.skipped) > 1:
            say(self.options, f"{self.what}: {', '.join(parts)}")
        if not self.skipped:
            return DONE
        return SKIPPED if self.n_done or self.n_finished else REFUSED


def _reason(problem: object) -> str:
    if isinstance(problem, Exception):
        return describe(problem) or type(problem).__name__
    return str(problem)


def _listed(names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
