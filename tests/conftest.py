"""What all tests share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")

# In a new environment, two workers that compile librosa's functions at once would each read what
# the other has half written to numba's cache, and crash: each has a cache of its own.
_numba_cache = tempfile.TemporaryDirectory(prefix="numba-")
os.environ["NUMBA_CACHE_DIR"] = _numba_cache.name

# The same examples on every run: a failure seen once can be seen again.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=25)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real dances and music, or a skip that says how to give one."""
    path = os.environ.get("SKLEARN_ASDF_DATA")
    if not path:
        pytest.skip("set SKLEARN_ASDF_DATA to a folder of real dances and music")
    folder = Path(path)
    if not folder.is_dir():
        pytest.skip(f"SKLEARN_ASDF_DATA={path} is not a folder")
    return folder
