"""Keras and its backend: imported quietly, in the threads given, and in one process only."""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import random
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from .._validation import require

__all__ = [
    "LOCK",
    "claim_backend",
    "import_keras",
    "keras_is_installed",
    "layer_seeds",
    "quiet_log",
]

# One training or prediction at a time: backends give each all the threads there are.
LOCK = threading.RLock()

# What a backend writes before its log level counts, in C++ and so past Python.
_LOG_LINE = re.compile(
    rb"WARNING: All log messages before absl|[IWE]\d{4} \d\d:\d\d:|[-\d]{10} [:.\d]+: [IWE] "
)
# The process in which the backend has run.
_owner: int | None = None


def import_keras(purpose: str = "this estimator") -> Any:
    """Import Keras on the backend that ``KERAS_BACKEND`` names, without its start-up log.

    Parameters
    ----------
    purpose : str, default="this estimator"
        What needs Keras: the subject of the error's sentence where Keras is missing.

    Returns
    -------
    module
        The module ``keras``.

    Raises
    ------
    RuntimeError
        If this process was forked from one in which the backend has run (see `claim_backend`).

    Notes
    -----
    TensorFlow's log level is set only where the user did not set ``TF_CPP_MIN_LOG_LEVEL``, and
    only during the import. Where ``OMP_NUM_THREADS`` is set, as in joblib's and Dask's workers,
    TensorFlow takes no more threads than that, unless ``TF_NUM_INTRAOP_THREADS`` and
    ``TF_NUM_INTEROP_THREADS``, or the program itself, said otherwise.
    """
    _refuse_fork()
    backend = _backend_name()
    require("keras", "scikeras", backend, extra="music", purpose=purpose)
    with LOCK:
        if "keras" in sys.modules or "TF_CPP_MIN_LOG_LEVEL" in os.environ:
            import keras
        else:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
            # The import of TensorFlow uses Python's global generator.
            state = random.getstate()
            try:
                with _log_lines_dropped():
                    import keras
            finally:
                random.setstate(state)
                # A worker process that inherited it would take it for the user's wish.
                del os.environ["TF_CPP_MIN_LOG_LEVEL"]
        _limit_threads(backend)
    return keras


def keras_is_installed() -> bool:
    """Return whether Keras and its backend can be imported."""
    return all(importlib.util.find_spec(name) for name in ("keras", _backend_name()))


def _backend_name() -> str:
    return os.environ.get("KERAS_BACKEND", "tensorflow")


@functools.cache
def _limit_threads(backend: str) -> None:
    """Limit TensorFlow to the threads that the environment of this process allows.

    joblib's workers, Dask's and batch systems say so in ``OMP_NUM_THREADS``, which TensorFlow's own
    pools do not read: each of them would take all cores.
    """
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    if backend != "tensorflow" or not allowed.isdigit() or int(allowed) < 1:
        return
    import tensorflow as tf

    threading_options = tf.config.threading
    for kind in ("intra", "inter"):
        # 0 where nobody has said how many.
        said = getattr(threading_options, f"get_{kind}_op_parallelism_threads")()
        if said or f"TF_NUM_{kind.upper()}OP_THREADS" in os.environ:
            continue
        # TensorFlow can only be configured before its first operation.
        with suppress(RuntimeError):
            getattr(threading_options, f"set_{kind}_op_parallelism_threads")(int(allowed))


@contextmanager
def _log_lines_dropped() -> Iterator[None]:
    """Hold standard error back, and then let through all but the lines of a backend's log."""
    try:
        kept = os.dup(2)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not _LOG_LINE.match(line):
                    os.write(2, line)


def claim_backend() -> None:
    """Note that the backend runs in this process.

    Raises
    ------
    RuntimeError
        If this process was forked from one in which it has run. A fork copies the backend's memory
        but not its threads, and the first operation would wait for them for ever.
    """
    global _owner
    _refuse_fork()
    _owner = os.getpid()


def _refuse_fork() -> None:
    if _owner not in (None, os.getpid()):
        raise RuntimeError(
            "expected a neural network to run in the process in which Keras was first used, got a "
            "fork of it, where Keras's backend would hang: start processes by 'spawn' or "
            "'forkserver', or use joblib's backend 'loky'"
        )


class _OfOtherThreads(logging.Filter):
    """Drop what this thread has to say below the level of errors."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread or record.levelno >= logging.ERROR


@contextmanager
def quiet_log() -> Iterator[None]:
    """Keep this thread's advice out of TensorFlow's log: a search traces many small networks.

    Yields
    ------
    None
    """
    logger, own = logging.getLogger("tensorflow"), _OfOtherThreads()
    logger.addFilter(own)
    try:
        yield
    finally:
        logger.removeFilter(own)


def layer_seeds(seed: int, *, stream: int = 0) -> Iterator[int]:
    """Yield a seed for each initializer and layer of a network.

    Layers without a seed take one from Python's global generator, which belongs to the user.

    Parameters
    ----------
    seed : int
        The network's seed.
    stream : int, default=0
        Which of the networks of one seed.

    Yields
    ------
    int
        Seeds.
    """
    rng = np.random.default_rng((seed, stream))
    while True:
        yield int(rng.integers(1, 2**31 - 1))
