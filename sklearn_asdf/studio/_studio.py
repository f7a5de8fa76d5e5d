"""All sessions of one server, and the folder of their files."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ._jobs import JobQueue
from ._process import Worker
from ._session import Session

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["Studio"]

_PREFIX = "sklearn-asdf-studio-"
_LOCK = "lock"
_MOST_SESSIONS = 12
# Seconds without a word from a page after which it counts as closed. Browsers let pages in the
# background ask once a minute.
_SILENT = 180.0
# A page that said that it closes may be one that is being reloaded.
_LEAVING = 15.0
_SWEEP = 3.0


class Studio:
    """The logic of the page, without the page: sessions, their files, and one queue of work.

    Used as a context manager; at its end all work is stopped and all files are removed.

    Parameters
    ----------
    longest : float, default=1200
        Longest dance in s.
    models : str or None, default=None
        Folder of the pose networks.
    worker : Worker or None, default=None
        What runs the tasks; None is a process of its own.
    silent : float, default=180
        Seconds without a word after which a page counts as closed.
    leaving : float, default=15
        The same after the page has said that it is being closed.

    Examples
    --------
    >>> from sklearn_asdf.studio import Studio
    >>> with Studio() as studio:
    ...     session = studio.new_session()
    ...     session.folder.is_dir()
    True
    >>> session.folder.exists()
    False
    """

    def __init__(
        self,
        *,
        longest: float = 1200.0,
        models: str | None = None,
        worker: Any = None,
        silent: float = _SILENT,
        leaving: float = _LEAVING,
    ) -> None:
        remove_abandoned()
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock_file = _lock(self.folder / _LOCK)
        self.longest = longest
        self._models, self._silent, self._leaving = models, silent, leaving
        self.sessions: dict[str, Session] = {}
        self.jobs = JobQueue(Worker() if worker is None else worker)
        self._mutex = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._sweep_on, name="studio-sweep", daemon=True).start()

    def new_session(self) -> Session:
        """Return a session for a page that was opened.

        Returns
        -------
        Session
            With a name and a folder of its own.

        Raises
        ------
        ValueError
            If there are too many already.
        """
        with self._mutex:
            if len(self.sessions) >= _MOST_SESSIONS:
                raise ValueError(
                    f"{_MOST_SESSIONS} pages of this studio are open already: close one, and "
                    "reload this one after a minute"
                )
            name = secrets.token_urlsafe(16)
            session = Session(
                name, self.folder / name, self.jobs, longest=self.longest, models=self._models
            )
            self.sessions[name] = session
        return session

    def session(self, name: str) -> Session:
        """Return a session by its name, and note that its page is there.

        Parameters
        ----------
        name : str
            As the page was told it.

        Returns
        -------
        Session
            The session.

        Raises
        ------
        KeyError
            If there is none, or none any more.
        """
        with self._mutex:
            session = self.sessions[name]
            session.seen, session.leaving = time.monotonic(), None
        return session

    def sweep(self) -> None:
        """Close the sessions whose pages are gone."""
        now = time.monotonic()
        with self._mutex:
            gone = [
                session
                for session in self.sessions.values()
                if now - session.seen > self._silent
                or (session.leaving is not None and now - session.leaving > self._leaving)
            ]
            for session in gone:
                del self.sessions[session.name]
        for session in gone:
            session.close()

    def _sweep_on(self) -> None:
        while not self._closed.wait(min(_SWEEP, self._leaving / 2, self._silent / 2)):
            self.sweep()

    def close(self) -> None:
        """Stop all work, and remove all files."""
        if self._closed.is_set():
            return
        self._closed.set()
        with self._mutex:
            sessions = list(self.sessions.values())
            self.sessions.clear()
        for session in sessions:
            session.close()
        self.jobs.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock_file is not None:
            os.close(self._lock_file)

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _lock(path: Path) -> int | None:
    """Hold a lock that says that the writer of a folder lives; None where there are no locks."""
    if fcntl is None:
        return None
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def remove_abandoned() -> None:
    """Remove the folders of servers that were killed, which could not do so themselves."""
    if fcntl is None:
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            handle = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
