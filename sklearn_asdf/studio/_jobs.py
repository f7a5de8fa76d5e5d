"""A queue of heavy work: one job at a time on this computer, whoever asks."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ._process import StoppedError

__all__ = ["Job", "JobQueue"]

# An idle process that computes is ended after so many seconds; it holds memory.
_IDLE = 600.0
_JOIN = 10.0


class _Runs(Protocol):
    def run(
        self,
        task: str,
        arguments: dict[str, Any],
        *,
        tell: Callable[[dict[str, Any]], None],
        stop: threading.Event,
    ) -> dict[str, Any]: ...

    def close(self) -> None: ...


@dataclass(eq=False)
class Job:
    """One piece of work.

    Parameters
    ----------
    task : str
        Name of the function to run.
    arguments : dict
        Its keyword arguments.
    title : str
        What is being done, for people.
    step : str
        Part of the page that it belongs to.
    finished : callable
        Called with the job when it is done, has failed or was stopped.
    in_background : bool, default=False
        Whether all other jobs come first.

    Attributes
    ----------
    state : {"waiting", "running", "done", "failed", "stopped"}
        Where it stands.
    progress : dict or None
        The last report of the work.
    result : object
        What the function returned.
    notes : list of str
        Its warnings.
    problem : str
        Why it failed.
    """

    task: str
    arguments: dict[str, Any]
    title: str
    step: str
    finished: Callable[[Job], None] = field(repr=False)
    in_background: bool = False
    state: str = "waiting"
    progress: dict[str, Any] | None = None
    result: Any = None
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    began: float | None = None
    stop: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def active(self) -> bool:
        """Whether it is waiting or running."""
        return self.state in ("waiting", "running")

    @property
    def seconds(self) -> float:
        """For how long it has been running."""
        return 0.0 if self.began is None else time.monotonic() - self.began


class JobQueue:
    """Run jobs one after the other, in a thread of its own.

    Parameters
    ----------
    worker : Worker
        What runs them.
    """

    def __init__(self, worker: _Runs) -> None:
        self.worker = worker
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="studio-jobs", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> Job:
        """Append a job, before those in the background if it is none of them."""
        with self._changed:
            if self._closed:
                raise RuntimeError("the studio has been closed")
            after = len(self._waiting)
            if not job.in_background:
                after = sum(not other.in_background for other in self._waiting)
            self._waiting.insert(after, job)
            self._changed.notify_all()
        return job

    def stop(self, job: Job) -> None:
        """Stop a job, running or waiting; one that has ended stays as it is."""
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
            elif job is self._running:
                job.stop.set()
                return
            else:
                return
        self._end(job, "stopped")

    def n_before(self, job: Job) -> int:
        """Return how many jobs come before a waiting one."""
        with self._changed:
            if job not in self._waiting:
                return 0
            return list(self._waiting).index(job) + (self._running is not None)

    def close(self) -> None:
        """Stop all jobs, and the process that runs them."""
        with self._changed:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            if self._running is not None:
                self._running.stop.set()
            self._changed.notify_all()
        for job in waiting:
            self._end(job, "stopped")
        self._thread.join(_JOIN)
        self.worker.close()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._closed:
                    self._changed.wait(_IDLE)
                if self._closed:
                    return
                job = self._running = self._waiting.popleft() if self._waiting else None
            if job is None:
                self.worker.close()
                continue
            self._run(job)
            with self._changed:
                self._running = None

    def _run(self, job: Job) -> None:
        def tell(message: dict[str, Any]) -> None:
            job.progress = message.get("progress", job.progress)

        job.state, job.began = "running", time.monotonic()
        state = "failed"
        try:
            answer = self.worker.run(job.task, job.arguments, tell=tell, stop=job.stop)
            job.result, job.notes = answer["done"], answer.get("notes", [])
            state = "done"
        except StoppedError:
            state = "stopped"
        except ValueError as error:
            job.problem = str(error)
        except Exception as error:
            job.problem = f"something unexpected happened: {error}"
        self._end(job, state)

    @staticmethod
    def _end(job: Job, state: str) -> None:
        job.state = state
        try:
            job.finished(job)
        except Exception:
            # The next job must not suffer.
            logging.getLogger(__name__).exception("a job could not be ended")
