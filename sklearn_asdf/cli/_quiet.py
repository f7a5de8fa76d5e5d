"""Neural network libraries, started without what they tell of graphics cards."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["start_keras"]


def start_keras() -> None:
    """Import Keras and its backend; errors of Python pass through, chatter does not."""
    with _muted_stderr():
        import keras

        # The first operation looks for devices, and tells of those that are not there.
        keras.ops.zeros(1)


@contextmanager
def _muted_stderr() -> Iterator[None]:
    """Turn off the process's standard error, where libraries in C++ write past Python."""
    try:
        number = sys.stderr.fileno()
        kept = os.dup(number)
    except (AttributeError, OSError, ValueError):
        # There is no such stream, as under a windowed program.
        yield
        return
    try:
        with open(os.devnull, "w") as nowhere:
            sys.stderr.flush()
            os.dup2(nowhere.fileno(), number)
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, number)
        os.close(kept)
