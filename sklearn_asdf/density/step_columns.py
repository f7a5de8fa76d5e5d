"""Columns of a table that describe the steps of a clip, by their names."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

__all__ = [
    "column_of_step",
    "columns_of_clips",
    "columns_of_steps",
    "find_step_columns",
    "fold_steps",
]

# With or without a prefix, as of a ColumnTransformer or FeatureUnion.
_NAME = re.compile(r"^(?:.*__)?step(\d+)_(.+)$")
_WINDOW = re.compile(r"^(?:.*__)?window\d+_(.+)$")


def find_step_columns(names: Any) -> np.ndarray:
    """Return the places of the columns ``step0_a, step0_b, ..., step1_a, ...``.

    Parameters
    ----------
    names : array-like of str
        Names of all columns.

    Returns
    -------
    ndarray of int of shape (n_steps, n_columns)
        Places by step; (0, 0) if no column describes a step.

    Examples
    --------
    >>> from sklearn_asdf.density.step_columns import find_step_columns
    >>> find_step_columns(["clip_speed", "step0_weight", "step1_weight"])
    array([[1],
           [2]])
    """
    found: dict[int, dict[str, int]] = {}
    for place, name in enumerate(names):
        match = _NAME.match(str(name))
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = place
    if not found:
        return np.zeros((0, 0), int)
    columns = list(found.get(0, {}))
    if sorted(found) != list(range(len(found))) or any(
        sorted(step) != sorted(columns) for step in found.values()
    ):
        raise ValueError(
            "expected the same columns for each step, step0_weight, ..., step1_weight, ..., got "
            f"steps {sorted(found)} with {sorted({len(step) for step in found.values()})} columns"
        )
    return np.array([[found[step][name] for name in columns] for step in range(len(found))])


def columns_of_steps(
    names: Any, n_columns: int, n_steps: int | None, *, required: bool
) -> np.ndarray:
    """Return the places of the columns of each step, by their names or by a number of steps.

    Parameters
    ----------
    names : array-like of str or None
        Names of all columns, if they have names.
    n_columns : int
        Number of columns.
    n_steps : int or None
        Number of steps into which all columns are folded; None finds the columns by their names.
    required : bool
        Whether names of steps are required, or one step has all columns where there are none.

    Returns
    -------
    ndarray of int of shape (n_steps, n_columns_of_step)
        Places by step.

    Examples
    --------
    >>> from sklearn_asdf.density.step_columns import columns_of_steps
    >>> columns_of_steps(None, 4, 2, required=True)
    array([[0, 1],
           [2, 3]])
    """
    if n_steps is not None:
        if n_columns % n_steps:
            raise ValueError(
                f"expected a multiple of n_steps={n_steps} columns, got X with {n_columns}"
            )
        return np.arange(n_columns).reshape(n_steps, -1)
    found = find_step_columns([] if names is None else names)
    if len(found):
        return found
    if required:
        raise ValueError(
            "expected columns named step0_..., step1_..., ... in X, got none: use "
            "LMAFeaturizer(step_duration=...).set_output(transform='pandas'), or give n_steps"
        )
    return np.arange(n_columns)[None]


def column_of_step(names: Any, step_columns: np.ndarray, feature: str) -> int:
    """Return the place of a feature among the columns of a step.

    Parameters
    ----------
    names : array-like of str or None
        Names of all columns, if they have names.
    step_columns : ndarray of int of shape (n_steps, n_columns_of_step)
        As of `columns_of_steps`.
    feature : str
        Name of the feature, without ``step0_``.

    Returns
    -------
    int
        Place.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.step_columns import column_of_step
    >>> column_of_step(["clip_tempo", "step0_weight", "step0_speed"], np.array([[1, 2]]), "speed")
    1
    """
    matches = [] if names is None else [_NAME.match(str(names[i])) for i in step_columns[0]]
    found = [match[2] for match in matches if match]
    if feature not in found:
        raise ValueError(
            f"expected a column step0_{feature} in X for rest_feature={feature!r}, got "
            f"{found or 'columns without names of steps'}: name one of them, or pass None"
        )
    return found.index(feature)


def columns_of_clips(names: Any, n_columns: int, step_columns: np.ndarray) -> np.ndarray:
    """Return the places of the columns that describe neither steps nor what steps repeat.

    Parameters
    ----------
    names : array-like of str or None
        Names of all columns, if they have names.
    n_columns : int
        Number of columns.
    step_columns : ndarray of int of shape (n_steps, n_columns_of_step)
        As of `columns_of_steps`.

    Returns
    -------
    ndarray of int
        Places. Features of windows, such as ``window1_weight``, are left out where the steps have
        them too: a window has no fixed place in its clip, and there are many of them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.step_columns import columns_of_clips
    >>> names = ["window1_weight", "window1_travel", "clip_tempo", "step0_weight"]
    >>> columns_of_clips(names, 4, np.array([[3]])).tolist()
    [1, 2]
    """
    others = np.setdiff1d(np.arange(n_columns), step_columns)
    if names is None:
        return others
    of_steps = {m[2] for i in step_columns.ravel() if (m := _NAME.match(str(names[i])))}
    repeated = [bool((m := _WINDOW.match(str(names[i]))) and m[1] in of_steps) for i in others]
    return others[~np.array(repeated, dtype=bool)]


def fold_steps(steps: np.ndarray, n_context: int) -> np.ndarray:
    """Return one row per clip and step, with the steps around it.

    Parameters
    ----------
    steps : ndarray of shape (n_clips, n_steps, n_columns)
        Features of the steps.
    n_context : int
        Steps before and after each step whose features its row has too.

    Returns
    -------
    ndarray of shape (n_clips * n_steps, (2 * n_context + 1) * n_columns + 2)
        At the borders of a clip the first or last step is repeated; the last two columns are how
        many steps before and after the step are known, up to `n_context`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.step_columns import fold_steps
    >>> fold_steps(np.array([[[1.0], [2.0], [3.0]]]), 1)
    array([[1., 1., 2., 0., 1.],
           [1., 2., 3., 1., 1.],
           [2., 3., 3., 1., 0.]])
    """
    n_clips, n_steps, _ = steps.shape
    around = np.arange(n_steps)[:, None] + np.arange(-n_context, n_context + 1)
    rows = steps[:, np.clip(around, 0, n_steps - 1)].reshape(n_clips, n_steps, -1)
    place = np.arange(n_steps)
    known = np.stack([place, place[::-1]], axis=1).clip(max=n_context)
    known = np.broadcast_to(known, (n_clips, n_steps, 2)).astype(steps.dtype)
    return np.concatenate([rows, known], axis=2).reshape(n_clips * n_steps, -1)
