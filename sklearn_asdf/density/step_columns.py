"""Columns of a table that describe the steps of a clip, by their names."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

__all__ = ["find_step_columns", "fold_steps"]

# With or without a prefix, as of a ColumnTransformer or FeatureUnion.
_NAME = re.compile(r"^(?:.*__)?step(\d+)_(.+)$")


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
    known = np.broadcast_to(known, (n_clips, n_steps, 2))
    return np.concatenate([rows, known], axis=2).reshape(n_clips * n_steps, -1)
