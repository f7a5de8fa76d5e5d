"""The file of a saved model, up to its header. Reading that imports no numerical library but NumPy.

The header, ``model.json``, has what `_model_writer` wrote and a summary of the model.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ._files import open_regular
from ._version import __version__
from .io._limits import Zip, check_tokens

__all__ = ["FORMAT", "LAYOUT", "UnknownFileError", "open_model", "read_summary"]

FORMAT = "sklearn_asdf model"
# Goes up when what an earlier reader would make of a file is wrong; `load` reads all up to it.
LAYOUT = 2
# Models are not compressed, so they may not unpack to as much as poses; zeros may, packed again.
_SHARE = 0.1


class UnknownFileError(Exception):
    """A file is not ours, or not of our time."""


@contextmanager
def open_model(path: Path) -> Iterator[tuple[Zip, dict[str, Any], int]]:
    """Open a saved model.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    archive : Zip
        The open archive.
    about : dict
        What its header holds.
    stored : int
        Bytes of the file.
    """
    with open_regular(path) as file:
        head = file.read(4)
        if head != b"PK\x03\x04":
            pickled = head[:1] in (b"\x80", b"x")
            hint = (
                ": if it is a pickle and you trust who wrote it, use joblib.load" if pickled else ""
            )
            raise UnknownFileError(f"{str(path)!r} is something else{hint}")
        stored = os.fstat(file.fileno()).st_size
        with Zip(file, stored, share=_SHARE) as archive:
            yield archive, _header(archive, stored, path), stored


def read_summary(path: Path) -> dict[str, Any] | None:
    """Return the description that `save` wrote of a model, without loading it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict or None
        As :func:`sklearn_asdf._summary.summarize` returned it, though anybody may have written the
        file. None if it has none, as those of earlier versions, or cannot be read.
    """
    try:
        with open_model(path) as (_, about, _):
            summary = about.get("summary")
    # `load` says what is wrong.
    except Exception:
        return None
    return summary if isinstance(summary, dict) else None


def _header(archive: Zip, stored: int, path: Path) -> dict[str, Any]:
    """Return what ``model.json`` holds, if this version can read it."""
    if "model.json" not in archive.namelist():
        raise UnknownFileError(f"{str(path)!r} is another kind of archive")
    text = archive.whole("model.json").decode()
    check_tokens(text, stored)
    try:
        about = json.loads(text)
    except RecursionError:
        raise ValueError("its model.json is nested far too deep") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise UnknownFileError(f"{str(path)!r} is another kind of archive")
    layout = about.get("layout")
    if not isinstance(layout, int) or not 1 <= layout <= LAYOUT:
        written_by = about.get("written_by")
        version = written_by.get("sklearn_asdf", "?") if isinstance(written_by, dict) else "?"
        raise UnknownFileError(
            f"{str(path)!r} has layout {layout!r}, by sklearn_asdf {version}, and this "
            f"version, {__version__}, reads layouts up to {LAYOUT}: upgrade sklearn_asdf"
        )
    return about
