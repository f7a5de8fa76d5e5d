"""Writing files so that nobody ever finds half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["atomic_path", "check_writable_folder", "remove_leftovers"]

# What a disk says that takes no more.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; move it there only if all went well.

    The temporary file keeps the suffix, since writers choose their format by it. Where the disk is
    full, the error says so, and what stood there before still stands.
    """
    path = Path(path)
    check_writable_folder(path.parent, make=False)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        try:
            yield temporary
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise OSError(
                error.errno,
                f"could not write {str(path)!r} ({error.strerror}), and left it as it was: make "
                "room or choose another place",
            ) from error
        # mkstemp makes files private; give what a plain open would have given.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable_folder(path: str | os.PathLike[str], *, make: bool = True) -> Path:
    """Make the folder if need be, and find out before work starts that it can be written."""
    path = Path(path)
    try:
        if make:
            path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise ValueError(
            f"expected a folder that can be written, got {str(path)!r} "
            f"({error.strerror or error}): choose another one"
        ) from None
    return path


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Remove what `atomic_path` left beside `path` where it was killed while it wrote."""
    path = Path(path)
    for leftover in path.parent.glob(f".{path.stem}-*{path.suffix}"):
        with suppress(OSError):
            leftover.unlink()
