"""Checks of the data of `MDNRegressor`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._validation import Integral, did_you_mean, raise_all
from ...nets.layers import ACTIVATIONS

__all__ = [
    "check_columns",
    "check_padding",
    "check_sizes",
    "check_targets",
    "unpack_validation_data",
]


def check_columns(model: Any, X: np.ndarray, groups: Any, problems: list[str]) -> None:
    """Raise an error if the parameters of a model do not fit its training data.

    Parameters
    ----------
    model : MDNRegressor
        Parameters.
    X : ndarray of shape (n_rows, n_features)
        Features.
    groups : array-like of shape (n_rows,) or None
        Groups of the rows.
    problems : list of str
        Problems found before, which are raised too.
    """
    step_size = model.step_size
    if step_size is not None and X.shape[1] % step_size:
        problems.append(
            f"expected a number of columns that step_size={step_size} divides, got {X.shape[1]}: "
            "give as many columns to each time step, or step_size=None for a dense network"
        )
    if groups is not None and len(groups) != len(X):
        problems.append(f"expected a group for each of {len(X)} rows, got {len(groups)}")
    check_sizes(model, problems)
    if model.linear_baseline and np.isnan(X).any():
        problems.append(
            "expected no NaN with linear_baseline=True, got time steps of padding: pass "
            "linear_baseline=False"
        )
    raise_all(problems)
    check_padding(X, step_size)


def check_sizes(model: Any, problems: list[str]) -> None:
    """Note what is wrong with the sizes of the layers, and with parameters for sequences.

    Parameters
    ----------
    model : MDNRegressor
        Parameters.
    problems : list of str
        Problems, to which new ones are added.
    """
    for name in ("hidden_layer_sizes", "recurrent_layer_sizes"):
        sizes = getattr(model, name)
        if sizes is not None and not all(isinstance(n, Integral) and int(n) > 0 for n in sizes):
            problems.append(f"expected {name} to be whole numbers above 0, got {sizes!r}")
    if model.target_step_size is None:
        return
    if model.linear_baseline:
        problems.append(
            "expected linear_baseline=False with target_step_size, got True: the network of "
            "sequences has no linear baseline"
        )
    if model.activation is not None and model.activation not in ACTIVATIONS:
        listed = ", ".join(map(repr, ACTIVATIONS))
        problems.append(
            f"expected activation to be one of {listed} with target_step_size, got "
            f"{model.activation!r}.{did_you_mean(model.activation, ACTIVATIONS)}"
        )


def check_padding(X: np.ndarray, step_size: int | None) -> None:
    """Raise an error if NaN is in some columns of a time step only.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Features.
    step_size : int or None
        Columns of a time step.
    """
    if step_size is None:
        return
    missing = np.isnan(X).reshape(len(X), -1, step_size)
    partly = missing.any(axis=2) & ~missing.all(axis=2)
    if partly.any():
        row, step = np.argwhere(partly)[0]
        raise ValueError(
            "expected NaN in all columns of a padded time step or in none, got "
            f"{np.count_nonzero(missing[row, step])} of {step_size} in step {step} of row {row}: "
            "fill the gaps, or make the whole step NaN"
        )


def unpack_validation_data(validation_data: Any) -> tuple[Any, Any]:
    """Return the features and targets of a pair.

    Parameters
    ----------
    validation_data : tuple of (X, y)
        Held-out rows.

    Returns
    -------
    X, y : array-like
        Not checked.
    """
    try:
        X, y = validation_data
    except (TypeError, ValueError):
        raise ValueError(
            "expected validation_data as a pair (X, y), got "
            f"{type(validation_data).__name__}: pass the held-out features and targets"
        ) from None
    return X, y


def check_targets(y: Any, n_targets: int) -> np.ndarray:
    """Return targets as an array of shape (n_rows, n_targets).

    Parameters
    ----------
    y : array-like of shape (n_rows,) or (n_rows, n_targets)
        Targets.
    n_targets : int
        Number of targets in `fit`.

    Returns
    -------
    ndarray of float64 of shape (n_rows, n_targets)
        Targets.
    """
    y = np.asarray(y, dtype=float)
    if y.ndim == 1 and n_targets == 1:
        y = y[:, None]
    if y.ndim != 2 or y.shape[1] != n_targets:
        raise ValueError(
            f"expected targets with {n_targets} columns as in fit, got shape {y.shape}"
        )
    return y
