"""Neural network libraries, started without their log."""

from __future__ import annotations

__all__ = ["start_keras"]


def start_keras(verbose: int = 0) -> None:
    """Import Keras and its backend; errors of Python pass through, the backend's log does not."""
    from .._progress import Progress
    from .._quiet import standard_error_muted
    from ..nets.backend import import_keras

    with Progress("starting Keras", verbose=verbose), standard_error_muted():
        keras = import_keras("this command")
        # The first operation looks for devices, and reports those that are missing.
        keras.ops.zeros(1)
