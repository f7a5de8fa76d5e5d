"""Muting of C++ libraries that write to the standard error without Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["standard_error_muted"]

_STANDARD_ERROR = 2


@contextmanager
def standard_error_muted() -> Iterator[None]:
    """Discard what is written to the process's standard error; Python's errors pass through.

    For short calls that are known to write harmless lines, such as starting TensorFlow.

    Yields
    ------
    None
    """
    try:
        kept = os.dup(_STANDARD_ERROR)
    except OSError:
        # Programs without a console have no such stream.
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), _STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
