"""Tables and lists of sequences as padded arrays of steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..._validation import raise_all

__all__ = ["Excerpts", "Sequences", "is_list", "read_features", "read_targets", "with_targets"]


@dataclass(frozen=True, eq=False)
class Sequences:
    """Sequences of steps, padded to one length.

    Parameters
    ----------
    X : ndarray of shape (n, n_steps, n_features)
        Features of each step; 0 in padding.
    lengths : ndarray of int of shape (n,)
        Steps of each sequence.
    listed : bool, default=False
        Whether they came as a list.
    y : ndarray of shape (n, n_steps, n_targets), default=None
        Targets of each step; NaN where they are unknown and in padding.
    """

    X: np.ndarray
    lengths: np.ndarray
    listed: bool = False
    y: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.X)

    @property
    def within(self) -> np.ndarray:
        """Which steps are no padding, (n, n_steps)."""
        return np.arange(self.X.shape[1]) < self.lengths[:, None]

    @property
    def known(self) -> np.ndarray:
        """Which targets are known, (n, n_steps, n_targets)."""
        return ~np.isnan(self.targets)

    @property
    def scored(self) -> np.ndarray:
        """Which steps have a known target, (n, n_steps)."""
        return np.asarray(self.known.any(axis=2))

    @property
    def whole(self) -> np.ndarray:
        """Which steps have no unknown target, (n, n_steps)."""
        return np.asarray(self.known.all(axis=2))

    @property
    def targets(self) -> np.ndarray:
        """Targets of sequences that have any, (n, n_steps, n_targets)."""
        assert self.y is not None
        return self.y

    def take(self, rows: Any) -> Sequences:
        """Return some of the sequences.

        Parameters
        ----------
        rows : slice or ndarray of int
            Which.

        Returns
        -------
        Sequences
            In that order.
        """
        y = None if self.y is None else self.y[rows]
        return Sequences(self.X[rows], self.lengths[rows], self.listed, y)

    def like_input(self, values: np.ndarray) -> Any:
        """Return values of the steps in the form in which the features came.

        Parameters
        ----------
        values : ndarray of shape (n, n_steps, d, ...)
            Values of each step.

        Returns
        -------
        list of ndarray of shape (n_steps, d, ...), or ndarray of shape (n, n_steps * d, ...)
            NaN in the padding of a table.
        """
        if self.listed:
            return [v[:length] for v, length in zip(values, self.lengths, strict=True)]
        values = np.array(values, dtype=float)
        values[~self.within] = np.nan
        n, n_steps, d, *rest = values.shape
        return values.reshape(n, n_steps * d, *rest)

    def cut(self, n_steps: int) -> Excerpts:
        """Cut the sequences into excerpts.

        Parameters
        ----------
        n_steps : int
            Steps of an excerpt.

        Returns
        -------
        Excerpts
            Those with a known target.
        """
        scored = self.scored
        found = [
            (i, first)
            for i, length in enumerate(self.lengths)
            for first in range(0, length, n_steps)
            if scored[i, first : first + n_steps].any()
        ]
        sequence, first = np.array(found, dtype=int).reshape(-1, 2).T
        return Excerpts(sequence, first, n_steps)


@dataclass(frozen=True, eq=False)
class Excerpts:
    """Places of excerpts in sequences.

    Parameters
    ----------
    sequence, first : ndarray of int of shape (m,)
        Number of the sequence and of the first step of each excerpt.
    n_steps : int
        Steps of an excerpt; the last one of a sequence may be shorter.
    """

    sequence: np.ndarray
    first: np.ndarray
    n_steps: int

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: np.ndarray) -> Excerpts:
        """Return some of the excerpts.

        Parameters
        ----------
        rows : ndarray of int
            Which.

        Returns
        -------
        Excerpts
            In that order.
        """
        return Excerpts(self.sequence[rows], self.first[rows], self.n_steps)

    def of(self, values: np.ndarray, *, padding: float) -> np.ndarray:
        """Return the excerpts of an array of steps.

        Parameters
        ----------
        values : ndarray of shape (n, n_all_steps, d)
            Values of each step.
        padding : float
            Value after the end of a sequence.

        Returns
        -------
        ndarray of shape (m, n_steps, d)
            Excerpts.
        """
        steps = self.first[:, None] + np.arange(self.n_steps)
        inside = steps < values.shape[1]
        found = values[self.sequence[:, None], np.where(inside, steps, 0)]
        found[~inside] = padding
        return found


def is_list(values: Any) -> bool:
    """Return whether values are a list of arrays with two axes rather than a table.

    Parameters
    ----------
    values : object
        Features or targets.

    Returns
    -------
    bool
        True for a list or tuple of sequences.

    Examples
    --------
    >>> from sklearn_asdf.density.mdn.sequences import is_list
    >>> is_list([[[0.0], [1.0]], [[2.0]]]), is_list([[0.0, 1.0]])
    (True, False)
    """
    return isinstance(values, (list, tuple)) and len(values) > 0 and np.ndim(values[0]) == 2


def read_features(X: Any, *, step_size: int | None, n_steps: int) -> Sequences:
    """Return features as sequences.

    Parameters
    ----------
    X : list of array-like of shape (n_steps, n_features), or ndarray of shape (n, n_columns)
        A list, or a checked table.
    step_size : int or None
        Columns of a step; None gives each step all columns of the table.
    n_steps : int
        Steps of each sequence if `step_size` is None.

    Returns
    -------
    Sequences
        Without targets.

    Raises
    ------
    ValueError
        If NaN is anywhere but in whole steps at the end of a row of a table.
    """
    if is_list(X):
        return _read_list(X, step_size)
    if step_size is None:
        return Sequences(np.repeat(X[:, None], n_steps, axis=1), np.full(len(X), n_steps))
    steps = X.reshape(len(X), -1, step_size)
    missing = np.isnan(steps)
    lengths = _lengths(~missing)
    found = Sequences(np.where(missing, 0.0, steps), lengths)
    gaps = missing.any(axis=2) & found.within
    if gaps.any():
        row, step = np.argwhere(gaps)[0]
        raise ValueError(
            "expected NaN only in whole time steps at the end of a row, got "
            f"{np.count_nonzero(missing[row, step])} of {step_size} in step {step} of row {row}: "
            "fill the gaps"
        )
    return found


def _lengths(present: np.ndarray) -> np.ndarray:
    """Return the number of steps up to the last one with anything present, at least 1."""
    steps = np.arange(1, present.shape[1] + 1)
    return np.maximum(np.where(present.any(axis=2), steps, 0).max(axis=1, initial=1), 1)


def _read_list(X: Any, step_size: int | None) -> Sequences:
    arrays = [np.asarray(a, dtype=float) for a in X]
    size = arrays[0].shape[1] if step_size is None else step_size
    problems = []
    for i, a in enumerate(arrays):
        if a.ndim != 2 or a.shape[1] != size or not len(a):
            problems.append(
                f"expected a list of sequences of shape (n_steps, {size}), got {a.shape} at "
                f"place {i}"
            )
        elif not np.isfinite(a).all():
            problems.append(f"expected finite features, got NaN or infinity at place {i}")
    raise_all(problems[:3])
    lengths = np.array([len(a) for a in arrays])
    steps = np.zeros((len(arrays), lengths.max(), size))
    for row, a in zip(steps, arrays, strict=True):
        row[: len(a)] = a
    return Sequences(steps, lengths, listed=True)


def read_targets(
    y: Any, *, target_step_size: int, check: Callable[[Any], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return targets as an array of steps.

    Parameters
    ----------
    y : list of array-like of shape (n_steps, d), or array-like of shape (n,) or (n, n_steps * d)
        Targets; NaN is unknown.
    target_step_size : int
        Columns of a step, d.
    check : callable
        Check of a table, which returns an array of floats.

    Returns
    -------
    targets : ndarray of shape (n, n_steps, d)
        With NaN in padding.
    lengths : ndarray of int of shape (n,)
        Steps of each sequence, or up to the last one that is known in a table.
    """
    if is_list(y):
        arrays = [check(a) for a in y]
        wrong = [a.shape for a in arrays if a.shape[1:] != (target_step_size,)]
        if wrong:
            raise ValueError(
                f"expected targets of shape (n_steps, {target_step_size}) in a list, got "
                f"{wrong[0]}: one column per target of a step"
            )
        lengths = np.array([len(a) for a in arrays])
        targets = np.full((len(arrays), lengths.max(), target_step_size), np.nan)
        for row, a in zip(targets, arrays, strict=True):
            row[: len(a)] = a
        return targets, lengths
    table = check(y)
    table = table.reshape(len(table), -1)
    if table.shape[1] % target_step_size:
        raise ValueError(
            f"expected a number of targets that target_step_size={target_step_size} divides, got "
            f"{table.shape[1]}: give as many columns to each time step"
        )
    targets = table.reshape(len(table), -1, target_step_size)
    return targets, _lengths(np.isfinite(targets))


def with_targets(
    sequences: Sequences,
    targets: np.ndarray,
    lengths: np.ndarray,
    *,
    shared: bool = False,
    exact: bool = False,
) -> Sequences:
    """Return sequences with their targets.

    Parameters
    ----------
    sequences : Sequences
        Features.
    targets, lengths : ndarray
        Result of `read_targets`.
    shared : bool, default=False
        Whether all steps of a sequence have the same features: then the targets tell its length.
    exact : bool, default=False
        Whether `lengths` have to be those of the features, as in lists.

    Returns
    -------
    Sequences
        With targets.
    """
    if len(targets) != len(sequences):
        raise ValueError(
            f"expected targets of {len(sequences)} sequences, got {len(targets)}: give as many as X"
        )
    if shared:
        return replace(sequences, lengths=lengths, y=targets)
    n_steps = sequences.X.shape[1]
    if targets.shape[1] != n_steps:
        raise ValueError(
            f"expected targets of {n_steps} time steps as in X, got {targets.shape[1]}: X and y "
            "need the same steps"
        )
    wrong = lengths != sequences.lengths if exact else lengths > sequences.lengths
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"expected targets of {sequences.lengths[i]} time steps in sequence {i} as in X, got "
            f"{lengths[i]}: X and y need the same steps"
        )
    return replace(sequences, y=targets)
