"""Helpers for tests, of this package and of those that build on it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import joblib

__all__ = ["run_in_new_process"]


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
