"""Numbers of threads, for the package's own calls."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread"]


@cache
def _controller() -> ThreadpoolController:
    # Looking for the libraries takes longer than many of the calls.
    return ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[Any]:
    """Return a context in which BLAS uses one thread.

    Threads that share a product of small matrices wait for each other longer than they compute,
    most of all where other programs use the processor. The order of the sums, and so the last bits,
    may depend on the number of threads; a sequence that is sampled from its own past amplifies such
    differences.

    Returns
    -------
    context manager
        The number of threads before is restored at its end.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf._threads import one_blas_thread
    >>> with one_blas_thread():
    ...     float(np.ones(3) @ np.ones(3))
    3.0
    """
    return _controller().limit(limits=1, user_api="blas")
