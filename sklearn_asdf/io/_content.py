"""The content of a pose file as bytes, after a check of its first bytes."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from .._files import NotRegularError, open_regular
from ._limits import check_size, gunzip
from ._take import NotPoses

__all__ = ["decode", "is_c3d", "read_content", "unpack"]

_FOREIGN = {
    b"RIFF": "sound or video",
    b"OggS": "sound",
    b"ID3": "sound",
    b"fLaC": "sound",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"%PDF": "a PDF",
    b"\x1aE\xdf\xa3": "a video",
}
# How known binary files begin; C3D has a number there.
_BINARY = (b"PK\x03\x04", b"\x93NUMPY", b"PAR1", b"\x89HDF\r\n\x1a\n", b"\x80", b"\x1f\x8b")
_HEAD = 1000
_HINT = "find the poses in a video with a pose tracker first"
_SOUND_HINT = "give the dance, a file of its poses or its video"


def read_content(path: Path) -> bytes:
    """Return what a regular file of allowed size holds."""
    try:
        with open_regular(path) as file:
            check_size(os.fstat(file.fileno()).st_size)
            _check_head(file.read(_HEAD))
            file.seek(0)
            return file.read()
    except NotRegularError as error:
        raise NotPoses(f"is {error.kind}: give the path of a regular file") from error
    except OSError as error:
        raise NotPoses(f"cannot be read ({error.strerror or error})") from error


def unpack(content: bytes) -> bytes:
    """Return what was compressed with gzip."""
    try:
        content = gunzip(content)
    except (EOFError, OSError, zlib.error) as error:
        raise NotPoses(
            f"is compressed with gzip and cut off or damaged ({error}): copy it again"
        ) from error
    _check_head(content[:_HEAD])
    return content


def _check_head(head: bytes) -> None:
    """Refuse, by its first bytes, what is certainly no file of poses."""
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
                what = "sound"
            raise NotPoses(f"is {what}: {_SOUND_HINT if what == 'sound' else _HINT}")
    known = head.startswith(_BINARY) or is_c3d(head)
    if not known and b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotPoses(
            "is binary and of no known format, expected JSON, NPZ, BVH, CSV, Parquet, HDF5, C3D "
            "or a pickle of arrays"
        )


def is_c3d(content: bytes) -> bool:
    """Tell by the first bytes whether a file is C3D."""
    return content[1:2] == b"P" and content[0] < 9


def decode(content: bytes) -> str:
    """Return text in UTF-8, or else UTF-16 or Latin-1."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")
