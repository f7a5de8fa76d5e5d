"""The process that computes: `python -m sklearn_asdf.studio._worker`.

Tasks come as lines of JSON on standard input, and what happens goes as lines of JSON to standard
output. The process ends with its input, so it does not outlive the page's server.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import warnings
from dataclasses import asdict
from typing import Any, TextIO

from .._files import describe, one_line
from .._progress import ProgressState, report_progress

__all__ = ["main", "run_task"]

# Seconds between two messages about progress.
_TELL_EVERY = 0.15


class Teller:
    """Sends messages about a task, those about its progress not more often than they are read.

    Parameters
    ----------
    channel : text file
        Where lines of JSON are written.
    """

    def __init__(self, channel: TextIO) -> None:
        self._channel = channel
        self._next = 0.0
        self._last = ""

    def send(self, **message: Any) -> None:
        """Send a message."""
        self._channel.write(json.dumps(message) + "\n")
        self._channel.flush()

    def progress(self, state: ProgressState) -> None:
        """Send how far the task is, unless that was done just before."""
        now = time.monotonic()
        if now >= self._next or state.description != self._last:
            self._next, self._last = now + _TELL_EVERY, state.description
            self.send(progress={**asdict(state), "doing": one_line(state.doing, limit=80)})


def run_task(name: str, arguments: dict[str, Any], teller: Teller) -> None:
    """Run a function of `tasks` and send what it returns, or why it failed.

    Parameters
    ----------
    name : str
        Its name.
    arguments : dict
        Its keyword arguments.
    teller : Teller
        Where messages are sent.
    """
    from . import _tasks

    notes: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught, report_progress(teller.progress):
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            result = getattr(_tasks, name)(**arguments)
        notes = [one_line(w.message) for w in caught if issubclass(w.category, UserWarning)]
    except (ValueError, TypeError, OSError, ImportError) as error:
        teller.send(failed=describe(error), expected=True)
    except MemoryError:
        teller.send(
            failed="there is not enough memory for this: try a shorter video", expected=True
        )
    except Exception as error:
        teller.send(failed=f"{type(error).__name__}: {describe(error)}", expected=False)
    else:
        teller.send(done=result, notes=list(dict.fromkeys(notes)))


def main() -> None:
    """Read tasks and run them, one after the other."""
    # Libraries that write to standard output must not speak on the channel.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    teller = Teller(channel)
    tasks: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read, args=(tasks,), daemon=True).start()
    while True:
        task = tasks.get()
        run_task(task["task"], task["arguments"], teller)


def _read(tasks: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        tasks.put(json.loads(line))
    # The server is gone: whatever is being computed, nobody waits for it.
    os._exit(1)


if __name__ == "__main__":
    main()
