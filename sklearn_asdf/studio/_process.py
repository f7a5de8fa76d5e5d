"""The server's side of the process that computes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["StoppedError", "Worker"]

_LOOK_EVERY = 0.1
_ENDED = "the computation ended unexpectedly, perhaps for lack of memory: try a shorter video"


class StoppedError(Exception):
    """The task was stopped, as somebody wished."""


class Worker:
    """A process that runs tasks, one at a time, and can be stopped at any moment.

    A process and not a thread, since the training of networks and the decoding of videos have no
    place at which they could be asked to stop. It starts with the first task, and stays to save
    the next ones its imports.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def run(
        self,
        task: str,
        arguments: dict[str, Any],
        *,
        tell: Callable[[dict[str, Any]], None],
        stop: threading.Event,
    ) -> dict[str, Any]:
        """Run a task.

        Parameters
        ----------
        task : str
            Name of a function in the module of tasks.
        arguments : dict
            Its keyword arguments, of values that JSON knows.
        tell : callable
            Called with messages about the progress.
        stop : threading.Event
            Set it from another thread to end the task.

        Returns
        -------
        dict
            With ``done``, what the function returned, and ``notes``, its warnings.

        Raises
        ------
        ValueError
            If the function refused its input.
        RuntimeError
            If something unexpected happened.
        StoppedError
            If it was stopped.
        """
        if self._process is None or self._process.poll() is not None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"task": task, "arguments": arguments}) + "\n")
            self._process.stdin.flush()
        except OSError:
            self.close()
            raise RuntimeError(_ENDED) from None
        while True:
            if stop.is_set():
                self.close()
                raise StoppedError
            try:
                message = self._messages.get(timeout=_LOOK_EVERY)
            except queue.Empty:
                continue
            if message is None:
                self.close()
                raise RuntimeError(_ENDED)
            if "done" in message:
                return message
            if "failed" in message:
                raise (ValueError if message["expected"] else RuntimeError)(message["failed"])
            tell(message)

    def _start(self) -> None:
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
        self._messages = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}._worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env=environment,
            # Ctrl-C in the terminal is for the server, which then ends this process.
            start_new_session=True,
        )
        threading.Thread(target=_listen, args=(self._process, self._messages), daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Number of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()


def _listen(process: subprocess.Popen[str], messages: queue.Queue[dict[str, Any] | None]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            messages.put(json.loads(line))
    except ValueError:
        # Half a line of a process that was killed.
        pass
    messages.put(None)
