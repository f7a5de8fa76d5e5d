"""The progress bar of long computations, for the command line and for ``verbose=1``."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ._validation import require

__all__ = ["Progress", "ProgressState", "progress", "report_progress"]

_T = TypeVar("_T")
# Seconds between two updates of the clock while a step is at work.
_TICK = 1.0
# Columns and rows of a terminal that does not tell how many it has: tqdm would show nothing.
_USUAL_SIZE = (100, 24)
_WITH_TOTAL = (
    "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {unit} [{elapsed}<{remaining}{postfix}]"
)
_WITHOUT_TOTAL = "{desc}: {elapsed}{postfix}"


@dataclass(frozen=True)
class ProgressState:
    """How far a computation is: `done` of `total`, which is None where it is not known."""

    description: str
    doing: str
    done: float
    total: float | None
    unit: str


_listener: Callable[[ProgressState], None] | None = None


@contextmanager
def report_progress(listener: Callable[[ProgressState], None]) -> Iterator[None]:
    """Call a function on every step of every progress bar of this process, shown or not.

    Parameters
    ----------
    listener : callable
        Called with a `ProgressState`, in the thread that does the work. What it raises ends the
        work.

    Examples
    --------
    >>> from sklearn_asdf._progress import progress, report_progress
    >>> with report_progress(lambda state: print(state.description, state.done, state.total)):
    ...     takes = list(progress(["a", "b"], "reading", unit="takes"))
    reading 0 2
    reading 1 2
    reading 2 2
    """
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


class Progress:
    """A progress bar on standard error, or nothing where `verbose` does not ask for one.

    Used as a context manager. The elapsed time goes on while a single step takes long.

    Parameters
    ----------
    description : str
        What is being done.
    total : float, default=None
        Where it ends; None where that is not known.
    unit : str, default="steps"
        What is counted, in the plural.
    initial : float, default=0
        Where it begins.
    verbose : int, default=0
        Above 0, show the bar; this needs tqdm.

    Examples
    --------
    >>> from sklearn_asdf._progress import Progress
    >>> with Progress("scoring", total=2) as bar:
    ...     bar.begin("the model")
    ...     bar.begin("the real music")
    """

    def __init__(
        self,
        description: str,
        *,
        total: float | None = None,
        unit: str = "steps",
        initial: float = 0,
        verbose: int | bool = 0,
    ) -> None:
        self._bar: Any = None
        self._begun: float = 0
        self._state = ProgressState(description, "", initial, total, unit)
        self._report()
        if not verbose:
            return
        require("tqdm", extra="play", purpose="showing progress")
        from tqdm.auto import tqdm

        self._bar = tqdm(
            total=total,
            initial=initial,
            desc=description,
            unit=unit,
            bar_format=_WITH_TOTAL if total else _WITHOUT_TOTAL,
            **_width(),
        )
        self._done = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)
        self._clock.start()

    def _tick(self) -> None:
        while not self._done.wait(_TICK):
            self._bar.refresh()

    def _report(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        if _listener is not None:
            _listener(self._state)

    def now(self, doing: str) -> None:
        """Say which part of the work is being done."""
        self._report(doing=doing)
        if self._bar is not None:
            self._bar.set_postfix_str(doing)

    def begin(self, doing: str, n: float = 1) -> None:
        """Begin a part that counts `n`; the one before, if any, is done."""
        self.update(self._begun)
        self._begun = n
        self.now(doing)

    def update(self, n: float = 1) -> None:
        """Count `n` more as done."""
        if n:
            self._report(done=self._state.done + n)
        if self._bar is not None and n:
            self._bar.update(n)

    def stop_early(self, why: str) -> None:
        """End before the total is reached, as planned: the bar is full and says why."""
        if self._bar is not None:
            self._bar.total = self._bar.n
            self._bar.set_postfix_str(why)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._done.set()
            self._clock.join()
            self._bar.close()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is None and self._begun:
            self.update(self._begun)
            self.now("")
        self.close()


def _width() -> dict[str, Any]:
    """Follow the width of the terminal, where it has one."""
    with suppress(OSError, ValueError, AttributeError):
        if not all(os.get_terminal_size(sys.stderr.fileno())):
            return {"ncols": _USUAL_SIZE[0], "nrows": _USUAL_SIZE[1]}
    return {"dynamic_ncols": True}


def progress(
    items: Iterable[_T],
    description: str,
    *,
    unit: str,
    total: float | None = None,
    verbose: int | bool = 0,
) -> Iterator[_T]:
    """Yield items, and show how many are done.

    Parameters
    ----------
    items : iterable
        What is worked on.
    description, unit, total, verbose
        As in `Progress`; `total` None takes the number of items, where they know it.

    Yields
    ------
    item
        One after the other.

    Examples
    --------
    >>> from sklearn_asdf._progress import progress
    >>> [take.upper() for take in progress(["a", "b"], "reading", unit="takes")]
    ['A', 'B']
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with Progress(description, total=total, unit=unit, verbose=verbose) as bar:
        for item in items:
            yield item
            bar.update()
