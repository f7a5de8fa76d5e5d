"""Fitted models as files: the one place that knows their format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import joblib

from ._files import atomic_path

__all__ = ["SUFFIX", "load_model", "save_model"]

SUFFIX = ".joblib"


def save_model(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted pipeline as a whole file."""
    with atomic_path(path) as temporary:
        joblib.dump(model, temporary)


def load_model(path: str | os.PathLike[str], *, trusted: bool) -> Any:
    """Read a fitted pipeline.

    Parameters
    ----------
    path : str or PathLike
        What `save_model` wrote.
    trusted : bool
        Whether the user knows where the file comes from: reading it runs what it says.

    Returns
    -------
    Any
        The model.
    """
    place = Path(path)
    if not place.is_file():
        raise FileNotFoundError(f"expected a model, but there is no file {str(place)!r}")
    if not trusted:
        raise ValueError(
            f"expected a model that you trust, got {str(place)!r}: its format can hold programs, "
            "which run when it is read. If you or somebody you trust made it, add --trust"
        )
    try:
        return joblib.load(place)
    # Whatever a damaged pickle runs into; the user needs the file's name.
    except Exception as error:
        raise ValueError(
            f"expected a model in {str(place)!r}, but it cannot be read ({type(error).__name__}: "
            f"{error}): it is no model, or damaged, or of another version"
        ) from error
