"""Helpers for tests, of this package and of those that build on it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib

__all__ = ["no_room_for_files", "run_in_new_process"]


@contextmanager
def no_room_for_files(size: int = 1000) -> Iterator[None]:
    """Let the system refuse to write more than `size` bytes to a file, as a full disk does.

    Parameters
    ----------
    size : int, default=1000
        Bytes that still fit in a file.

    Yields
    ------
    None

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_asdf.testing import no_room_for_files
    >>> with tempfile.TemporaryFile(buffering=0) as file, no_room_for_files():
    ...     file.write(bytes(2000))
    1000
    """
    # Only where there is a limit to set: not on Windows.
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def run_in_new_process(estimator: Any, method: str, *args: Any) -> Any:
    """Pickle an estimator, call a method of it in a new interpreter, return the result.

    Parameters
    ----------
    estimator : estimator
        What is pickled.
    method : str
        Name of the method to call.
    *args : object
        Its arguments, pickled too.

    Returns
    -------
    result : object
        What the method returned there.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_asdf.testing import run_in_new_process
    >>> X = np.array([[0.0], [2.0]])
    >>> run_in_new_process(StandardScaler().fit(X), "transform", X)
    array([[-1.],
           [ 1.]])
    """
    code = (
        "import joblib, sys; job, result = sys.argv[1:]; "
        "estimator, method, args = joblib.load(job); "
        "joblib.dump(getattr(estimator, method)(*args), result)"
    )
    with tempfile.TemporaryDirectory() as folder:
        job, result = Path(folder, "job"), Path(folder, "result")
        joblib.dump((estimator, method, args), job)
        done = subprocess.run(
            [sys.executable, "-c", code, str(job), str(result)], capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"the new process failed:\n{done.stderr}")
        return joblib.load(result)
