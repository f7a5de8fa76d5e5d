"""Limits on the unpacked size of files: declared sizes are checked before anything is read."""

from __future__ import annotations

import gzip
import io
import math
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import numpy as np

__all__ = [
    "LimitError",
    "Zip",
    "allowed",
    "check_shape",
    "check_size",
    "check_tokens",
    "check_unpacked",
    "file_limits",
    "gunzip",
    "read_npy",
]

# Always allowed, whatever the size of the file.
SMALL = 2**24
_BLOCK = 2**20


class LimitError(ValueError):
    """A file asks for too much, as the end of a sentence that begins with its path."""


@dataclass(frozen=True)
class _Limits:
    max_ratio: float = 100.0
    max_size: int = 2**32


_DEFAULT = _Limits()
_LIMITS: ContextVar[_Limits] = ContextVar("file_limits", default=_DEFAULT)


@contextmanager
def file_limits(*, max_ratio: float | None = None, max_size: int | None = None) -> Iterator[None]:
    """Context manager that raises the size limits, for files that you trust.

    Parameters
    ----------
    max_ratio : float, default=None
        Maximum ratio of the contents in memory to the size of the file; None keeps the limit, which
        is 100 by default. Contents of up to 16 MiB are always read.
    max_size : int, default=None
        Maximum size of a file of poses in bytes; None keeps the limit, which is 4 GiB by default.
        Models have no such limit.

    Yields
    ------
    None

    Examples
    --------
    >>> from sklearn_asdf.io import file_limits, read_poses
    >>> with file_limits(max_ratio=1000):
    ...     poses = read_poses("still.json.gz")  # doctest: +SKIP
    """
    given = {"max_ratio": max_ratio, "max_size": max_size}
    changes = {name: value for name, value in given.items() if value is not None}
    for name, value in changes.items():
        if not value > 0:
            raise ValueError(f"expected {name} above 0 or None, got {value!r}")
    token = _LIMITS.set(replace(_LIMITS.get(), **changes))  # type: ignore[arg-type]
    try:
        yield
    finally:
        _LIMITS.reset(token)


def check_size(n_bytes: int) -> None:
    """Refuse a file of poses that is too large to be read as a whole."""
    limit = _LIMITS.get().max_size
    if n_bytes > limit:
        raise LimitError(
            f"has {n_bytes:,} bytes, more than the {limit:,} that are read: cut it into shorter "
            "takes, or raise the limit with sklearn_asdf.io.file_limits(max_size=...)"
        )


def allowed(stored: int, *, small: int = SMALL) -> int:
    """Return how many bytes may come out of so many bytes of a file."""
    return max(small, math.ceil(_LIMITS.get().max_ratio * stored))


def check_unpacked(n_bytes: int, stored: int, what: str, *, small: int = SMALL) -> None:
    """Refuse contents that are far larger than what the file stores for them.

    Parameters
    ----------
    n_bytes : int
        Bytes that the contents would take in memory.
    stored : int
        Bytes that the file holds.
    what : str
        What the contents are, for the message.
    small : int, default=2**24
        Bytes that are always allowed.
    """
    if n_bytes > allowed(stored, small=small):
        raise LimitError(
            f"declares {what} of {n_bytes:,} bytes but stores {stored:,}: a ratio above "
            f"{_LIMITS.get().max_ratio:g} is refused, since such a file fills the memory; if it is "
            "right, raise the limit with sklearn_asdf.io.file_limits(max_ratio=...)"
        )


def check_shape(shape: tuple[int, ...], n_values: int, what: str) -> None:
    """Refuse an array of floats that has room for far more numbers than a file gives."""
    check_unpacked(8 * math.prod(int(n) for n in shape), 8 * n_values, what)


def gunzip(content: bytes) -> bytes:
    """Unpack gzip as far as the limit allows.

    Raises
    ------
    LimitError
        If it unpacks to more.
    EOFError, OSError, zlib.error
        If it is cut off or damaged.
    """
    most = allowed(len(content))
    parts: list[bytes] = []
    size = 0
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        while part := file.read(_BLOCK):
            size += len(part)
            if size > most:
                check_unpacked(size, len(content), "contents")
            parts.append(part)
    return b"".join(parts)


def check_tokens(texts: str | Iterable[str], stored: int) -> None:
    """Refuse text that was compressed to `stored` bytes and would become far more objects."""
    size = 0
    for text in [texts] if isinstance(texts, str) else texts:
        n_numbers = text.count(",")
        n_lists = text.count("[") + text.count("{")
        if text.lstrip()[:1] not in ("[", "{"):
            n_numbers += sum(map(text.count, " \t\n;"))
        # What Python needs for each of them, roughly.
        size += len(text) + 64 * n_numbers + 256 * n_lists
    check_unpacked(size, stored, "text that unpacks to objects", small=4 * SMALL)


class Zip(zipfile.ZipFile):
    """A ZIP archive whose declared sizes were found fit before anything is unpacked.

    Parameters
    ----------
    file : path-like or binary file
        The archive.
    stored : int
        Its size in bytes.
    share : float, default=1.0
        By how much the limit is lower than that of other files.
    """

    def __init__(self, file: object, stored: int, *, share: float = 1.0) -> None:
        super().__init__(file)  # type: ignore[call-overload]
        try:
            total = sum(member.file_size for member in self.infolist())
            check_unpacked(total, math.ceil(share * stored), "members")
            if any(member.flag_bits & 1 for member in self.infolist()):
                raise LimitError("is encrypted: unpack it yourself")
        except BaseException:
            self.close()
            raise

    def whole(self, name: str) -> bytes:
        """Return a member; whatever its damage, the error is a `zipfile.BadZipFile`."""
        try:
            return self.read(name)
        except zipfile.BadZipFile:
            raise
        except MemoryError:
            raise LimitError(f"holds {name!r}, which does not fit into the memory") from None
        # The decompressors raise errors of their own kinds.
        except Exception as error:
            raise zipfile.BadZipFile(f"{name!r}: {error}") from error


def read_npy(content: bytes) -> np.ndarray:
    """Return the array in a whole NPY file; its header must fit what follows, to the byte.

    Raises
    ------
    ValueError
        If the header is damaged or declares another size, or the array holds Python objects.
    """
    with io.BytesIO(content) as file:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        elif version in ((2, 0), (3, 0)):
            # Version 3 differs in the encoding of field names only.
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise ValueError(f"an array of the unknown NPY version {version}")
        start = file.tell()
    if dtype.hasobject:
        raise ValueError("an array of Python objects: allow_pickle is never set")
    if min(shape, default=0) < 0 or not dtype.itemsize:
        raise ValueError(f"an array of shape {shape} and dtype {dtype}")
    size = math.prod(shape) * dtype.itemsize
    if size != len(content) - start:
        raise LimitError(
            f"declares an array of shape {shape} ({size:,} bytes) but stores "
            f"{len(content) - start:,}: it is cut off or damaged"
        )
    flat = np.frombuffer(content, dtype=dtype, offset=start).copy()
    return flat.reshape(shape, order="F" if fortran else "C")
