"""Columns of tables that hold tempo and beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._validation import find_column, raise_all

__all__ = ["find_beat_columns"]

# Tempi in BPM; a column with others holds something else, or was scaled.
_SLOWEST, _FASTEST = 20.0, 600.0


def find_beat_columns(
    X: np.ndarray, y: np.ndarray, beat_columns: Any, code_columns: Any, names: Any
) -> np.ndarray:
    """Return the places of the beat in `X`, or raise an error with all that is wrong.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Features.
    y : ndarray of shape (n_rows, n_targets)
        Codes.
    beat_columns : tuple of three str or three int
        Columns of `X` with tempo in BPM, and cosine and sine of the phase.
    code_columns : tuple of three int
        Columns of `y` with the beat.
    names : array-like of str or None
        Names of the columns of `X`.

    Returns
    -------
    ndarray of int of shape (3,)
        Column numbers.
    """
    beat, problems = _beat_places(beat_columns, X.shape[1], names)
    width = y.shape[1] if y.ndim == 2 else 1
    _, more = _three_places(code_columns, width, name="code_columns", of="y")
    problems += more
    if width < 4:
        problems.append(f"expected codes of more than the three numbers of the beat, got {width}")
    if not len(problems):
        tempo, cosine, sine = X[:, beat].T
        size, known = np.hypot(cosine, sine).max(), tempo[tempo != 0]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        if (len(known) and not _SLOWEST <= low <= high <= _FASTEST) or size > 1 + 1e-3:
            problems.append(
                f"expected tempi of {_SLOWEST:g} to {_FASTEST:g} BPM, or 0, and cosines and "
                f"sines of at most 1 in the beat_columns, got tempi from {low:g} to {high:g} "
                f"and sizes up to {size:g}: pass the features without scaling them"
            )
    raise_all(problems)
    return beat


def _beat_places(columns: Any, width: int, names: Any) -> tuple[np.ndarray, list[str]]:
    """Return the places of `columns` among so many, and what is wrong with them."""
    named = [column for column in columns if isinstance(column, str)]
    if not named:
        return _three_places(columns, width, name="beat_columns", of="X")
    if len(named) != 3 or len(columns) != 3:
        return np.zeros(0, int), [
            f"expected beat_columns as three column names or three numbers, got {columns!r}"
        ]
    if names is None:
        return np.zeros(0, int), [
            f"expected a table with named columns, to find the beat_columns "
            f"{', '.join(map(repr, named))}, got an array of {width} columns: call "
            "set_output(transform='pandas') on the pipeline, or give column numbers"
        ]
    found = [find_column(column, names) for column in named]
    places = [place for place, _ in found if place is not None]
    return np.array(places, int), [problem for _, problem in found if problem]


def _three_places(columns: Any, width: int, *, name: str, of: str) -> tuple[np.ndarray, list[str]]:
    """Return three column numbers as an array, and what is wrong with them."""
    places = np.asarray(columns)
    if places.shape != (3,) or places.dtype.kind not in "iu":
        return places, [f"expected {name} as three column numbers, got {columns!r}"]
    if places.min() < -width or places.max() >= width or len(set(places % width)) < 3:
        return places, [
            f"expected {name} as three columns of {of}, which has {width}, got {columns!r}"
        ]
    return places, []
