"""What every visitor of the page has: a folder, one upload and one piece of work at a time."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._jobs import Job, JobQueue
from ._uploads import STEPS, Upload, check_room

__all__ = ["SessionWork"]


class SessionWork:
    """The folder of a session, its upload, its job, and what went wrong last.

    Parameters
    ----------
    name : str
        An unguessable name.
    folder : Path
        A folder of its own, which is removed with the session.
    jobs : JobQueue
        What does the work, for all sessions.

    Attributes
    ----------
    job : Job or None
        The work that is being done.
    upload : Upload or None
        The file that is coming.
    checking : str or None
        Name of the file that came last, while it is looked at.
    problem : dict or None
        ``step`` and ``sentence`` of what went wrong last.
    notes, notes_step : list of str, str
        What is to be known about what was done last, and the part of the page that it belongs to.
    seen : float
        When the page asked last, on the monotonic clock.
    leaving : float or None
        When the page said that it is being closed, or None.
    """

    def __init__(self, name: str, folder: Path, jobs: JobQueue) -> None:
        self.name, self.folder, self.jobs = name, folder, jobs
        self.closed = False
        self.seen = time.monotonic()
        self.leaving: float | None = None
        self.job: Job | None = None
        self.upload: Upload | None = None
        self.checking: str | None = None
        self.problem: dict[str, str] | None = None
        self.notes: list[str] = []
        self.notes_step = ""
        self.lock = threading.RLock()
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def begin_upload(self, step: str, name: str, size: int) -> Upload:
        """Return where to write a file that comes, or refuse it before it does."""
        with self.lock:
            self._check_open()
            if step not in STEPS:
                raise ValueError(f"expected one of {', '.join(STEPS)}, got {step!r}")
            if self.upload is not None or self.checking is not None:
                coming = self.checking or getattr(self.upload, "name", "")
                raise ValueError(
                    f"{coming!r} is still on its way: wait until it is there, or stop it"
                )
            if step in ("dance", "model"):
                self._check_free()
            if size <= 0:
                raise ValueError(f"{name!r} is empty: choose another file")
            check_room(self.folder, size)
            self.problem = None
            folder = self.folder / "pairs" if step == "pairs" else self._new_folder(step)
            self.upload = Upload(step, folder, name, size, ended=self._upload_ended)
            return self.upload

    def _upload_ended(self, upload: Upload) -> None:
        with self.lock:
            if self.upload is upload:
                self.upload = None

    def _start(
        self,
        task: str,
        arguments: dict[str, Any],
        title: str,
        step: str,
        finished: Callable[[Job], None] | None = None,
        failed: Callable[[], None] | None = None,
    ) -> None:
        def ended(job: Job) -> None:
            with self.lock:
                if job.state == "done":
                    self.notes = [self._plain(note) for note in job.notes]
                    self.notes_step = step
                    if finished is not None and not self.closed:
                        finished(job)
                else:
                    if job.state == "failed":
                        self.fail(step, ValueError(job.problem))
                    if failed is not None:
                        failed()
                self.job = None
                if self.closed:
                    self._remove_folder()

        with self.lock:
            self._check_open()
            self._check_free()
            self.problem, self.notes = None, []
            self.job = Job(task, arguments, title, step, ended)
            self.jobs.submit(self.job)

    def stop(self) -> None:
        """Stop whatever is being done or uploaded."""
        with self.lock:
            upload, job = self.upload, self.job
        if upload is not None:
            upload.give_up()
        if job is not None:
            self.jobs.stop(job)

    def leave(self) -> None:
        """Note that the page is being closed, or reloaded."""
        self.leaving = time.monotonic()

    def close(self) -> None:
        """Stop everything, and remove all files."""
        self.closed = True
        self.stop()
        with self.lock:
            if self.job is None and self.checking is None:
                self._remove_folder()

    def fail(self, step: str, error: Exception) -> str:
        """Keep what went wrong for the page, and return it as a sentence."""
        sentence = self._plain(str(error))
        sentence = sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith(".") else ".")
        self.problem = {"step": "soundtrack" if step not in STEPS else step, "sentence": sentence}
        return sentence

    def _plain(self, text: str) -> str:
        """Return text with names of files in place of their places on the server."""
        # Folders of a session have names without spaces.
        within = re.escape(str(self.folder)) + r"(?:[/\\][^/\\\s'\"]+)*[/\\]"
        return re.sub(within, "", text).replace(str(self.folder), "the studio")

    def _new_folder(self, kind: str) -> Path:
        self._count += 1
        folder = self.folder / f"{kind}{self._count}"
        folder.mkdir(parents=True)
        return folder

    def _remove_folder(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("this page was away for too long, and its files are gone: reload it")

    def _check_free(self) -> None:
        if self.job is not None:
            raise ValueError(
                f"the studio is still at work ({self.job.title.lower()}): wait, or stop it first"
            )
