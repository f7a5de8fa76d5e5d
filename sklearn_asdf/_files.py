"""Opening of regular files, and atomic writing of files."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import socket
import stat
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "NotRegularError",
    "atomic_path",
    "check_writable_folder",
    "describe",
    "one_line",
    "open_regular",
    "output_folder",
    "remove_leftovers",
]

# Errors of a full disk.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# Temporary files are named after the computer, since locks may not reach beyond it.
_HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
_TEMPORARY = re.compile(r"\..*\.asdf-(?P<host>[0-9a-f]{8})-[0-9a-f]{8}(\.[^.]*)?")
# A file that another computer has not touched for so many seconds is not being written any more.
_ABANDONED = 86400.0


class NotRegularError(ValueError):
    """A path leads to a folder, a pipe or a device.

    Parameters
    ----------
    kind : str
        What it is.
    path : path-like
        Where it is.
    """

    def __init__(self, kind: str, path: str | os.PathLike[str]) -> None:
        self.kind = kind
        super().__init__(
            f"expected a regular file, got {kind}, {os.fspath(path)!r}: give the path of a file"
        )


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file for reading; refuse pipes and devices without waiting for them.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    binary file
        The open file.

    Raises
    ------
    NotRegularError
        If it is a folder, a pipe, a socket or a device.
    OSError
        If it cannot be opened.
    """
    _check_mode(os.stat(path).st_mode, path)
    # A pipe that took the file's place meanwhile must not block either.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _check_mode(os.fstat(handle).st_mode, path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _check_mode(mode: int, path: str | os.PathLike[str]) -> None:
    if stat.S_ISREG(mode):
        return
    kind = next((name for test, name in _KINDS if test(mode)), "something else")
    raise NotRegularError(kind, path)


def one_line(text: object, *, limit: int = 600) -> str:
    """Return text of a file or a library as one short line without control characters."""
    characters = (
        " "
        if c.isspace()
        else c
        if unicodedata.category(c)[0] != "C"
        else "\N{REPLACEMENT CHARACTER}"
        for c in str(text)[: 4 * limit]
    )
    line = " ".join("".join(characters).split())
    return line if len(line) <= limit else f"{line[: limit - 4]} ..."


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there only if all went well.

    The temporary file keeps the suffix, since writers choose their format by it. Where the disk is
    full, the error says so, and what stood there before still stands. What killed processes left
    in the folder is removed first.
    """
    path = Path(path)
    remove_leftovers(path.parent)
    try:
        handle, temporary = _make_temporary(path)
    except OSError as error:
        raise _not_writable(path.parent, error) from None
    try:
        try:
            yield temporary
        except Exception as error:
            if not _is_full(error):
                raise
            reason = getattr(error, "strerror", None) or one_line(error)
            raise OSError(
                getattr(error, "errno", None) or errno.ENOSPC,
                f"could not write {str(path)!r} ({reason}), and left it as it was: make "
                "room or choose another place",
            ) from error
        # The file was made private; give what a plain open would have given.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


def _is_full(error: Exception) -> bool:
    """Tell whether an error means that the disk is full; libsndfile's says so in words only."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return type(error).__name__ == "LibsndfileError" and "System error" in str(error)


def _make_temporary(path: Path) -> tuple[int | None, Path]:
    """Make an empty file beside `path`; the lock on it shows that its writer lives."""
    # The longest name that most file systems take is 255 bytes.
    stem = path.stem.encode()[:150].decode(errors="ignore")
    while True:
        name = f".{stem}.asdf-{_HOST}-{secrets.token_hex(4)}{path.suffix}"
        temporary = path.with_name(name)
        try:
            handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        if fcntl is None:
            os.close(handle)
            return None, temporary
        # Between the two calls another process may have taken it for a leftover.
        if _lock(handle) is not False and _is_same(handle, temporary):
            return handle, temporary
        os.close(handle)


def _lock(handle: int) -> bool | None:
    """Return whether the lock was free; None where the file system has no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False))
    except OSError:
        return False


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files of `atomic_path` in a folder whose writers were killed.

    A file is removed if it is the user's own and no process on this computer holds its lock.
    Where locks cannot tell, as on other computers that share the folder, it must not have been
    written to for a day.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _TEMPORARY.fullmatch(entry.name)
            if found and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    _remove_leftover(Path(entry.path), here=found["host"] == _HOST)


def _remove_leftover(path: Path, *, here: bool) -> None:
    about = os.stat(path, follow_symlinks=False)
    if hasattr(os, "geteuid") and about.st_uid != os.geteuid():
        return
    abandoned = abs(time.time() - about.st_mtime) > _ABANDONED
    if fcntl is None:
        if abandoned:
            path.unlink()
        return
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        free = _lock(handle)
        alone = free is True and here
        if (alone or (free is not False and abandoned)) and _is_same(handle, path):
            path.unlink()
    finally:
        os.close(handle)


def check_writable_folder(path: str | os.PathLike[str]) -> Path:
    """Make the folder if need be, and find out before work starts that it can be written."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        # Like any other temporary file it is removed later if the process is killed here.
        handle, temporary = _make_temporary(path / "probe")
    except OSError as error:
        raise _not_writable(path, error) from None
    temporary.unlink(missing_ok=True)
    if handle is not None:
        os.close(handle)
    return path


def _not_writable(folder: Path, error: OSError) -> ValueError:
    return ValueError(
        f"expected a folder that can be written, got {str(folder)!r} "
        f"({error.strerror or error}): choose another one"
    )


@contextmanager
def output_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Make a folder to write to, and remove it again if nothing is written there."""
    path = Path(path)
    made = [p for p in (path, *path.parents) if not p.exists()]
    try:
        yield check_writable_folder(path)
    finally:
        for folder in made:
            # One that holds anything stays.
            with suppress(OSError):
                folder.rmdir()


def describe(error: BaseException) -> str:
    """Return what an error says, in one line, or its kind where it says nothing."""
    return one_line(error) or type(error).__name__
