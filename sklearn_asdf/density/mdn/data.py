"""Training data of a mixture density network: rows of a table, or excerpts of sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils import check_random_state

from ...nets.mixture_output import UNKNOWN
from .scaling import ColumnScaling
from .sequence_model import network_inputs
from .sequences import Excerpts, Sequences

__all__ = ["NetworkRows", "SequenceData", "TableData", "hold_back"]


class NetworkRows(NamedTuple):
    """What a network is trained on or validated with; None for weights means 1.

    Parameters
    ----------
    inputs, targets : ndarray
        Inputs and targets of the network.
    weight : ndarray of shape (n,) or None
        Weights of the rows.
    n_scored : ndarray of shape (n,) or None
        How many densities each row has, if not one; less than 1 for one with unknown targets.
    """

    inputs: np.ndarray
    targets: np.ndarray
    weight: np.ndarray | None
    n_scored: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class TableData:
    """Rows of a table.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        Features.
    y : ndarray of shape (n_rows, n_targets)
        Targets.
    weight : ndarray of shape (n_rows,), default=None
        Weights of the rows.
    groups : ndarray of shape (n_rows,), default=None
        Groups of the rows.
    recurrent : bool, default=False
        Whether a recurrent network reads the rows.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    recurrent: bool = False

    @property
    def n_scored(self) -> int:
        """Number of rows with a weight above 0."""
        return len(self.y) if self.weight is None else int(np.count_nonzero(self.weight))

    def take(self, rows: np.ndarray) -> TableData:
        """Return some of the rows.

        Parameters
        ----------
        rows : ndarray of int
            Row numbers.

        Returns
        -------
        TableData
            In that order.
        """
        weight = None if self.weight is None else self.weight[rows]
        groups = None if self.groups is None else self.groups[rows]
        return replace(self, X=self.X[rows], y=self.y[rows], weight=weight, groups=groups)

    def split(self, fraction: float, seed: int) -> tuple[TableData, TableData]:
        """Leave out rows of weight 0, and split the others.

        Parameters
        ----------
        fraction : float
            Share of the rows (or of the groups) to hold out; 0 holds out none.
        seed : int
            Seed of the split.

        Returns
        -------
        train, held : TableData
            Rows to train on and to validate with.
        """
        kept = np.arange(len(self.y)) if self.weight is None else np.flatnonzero(self.weight)
        train, held = kept, kept[:0]
        if fraction and len(kept) > 1:
            train, held = hold_back(kept, self.groups, fraction=fraction, random_state=seed)
        return self.take(train), self.take(held)

    def network_rows(self, scaling: ColumnScaling, *, dtype: str, **_: Any) -> NetworkRows:
        """Return the inputs and targets of the network.

        Parameters
        ----------
        scaling : ColumnScaling
            Scaling of the columns.
        dtype : str
            Precision of the network.
        **_ : dict
            Not used.

        Returns
        -------
        NetworkRows
            Scaled rows.
        """
        inputs = scaling.scale_inputs(self.X, recurrent=self.recurrent, dtype=dtype)
        return NetworkRows(inputs, scaling.scale_targets(self.y, dtype=dtype), self.weight)


@dataclass(frozen=True, eq=False)
class SequenceData:
    """Excerpts of sequences; `X`, `y` and `weight` are of the steps without unknown targets.

    Parameters
    ----------
    sequences : Sequences
        All sequences, with targets.
    excerpts : Excerpts
        Places of the excerpts in them.
    sequence_weight : ndarray of shape (n,), default=None
        Weights of the sequences.
    sequence_groups : ndarray of shape (n,), default=None
        Groups of the sequences.
    """

    sequences: Sequences
    excerpts: Excerpts
    sequence_weight: np.ndarray | None = None
    sequence_groups: np.ndarray | None = None

    @property
    def mask(self) -> np.ndarray:
        """Which steps the excerpts contain, (n, n_steps)."""
        found = np.zeros(self.sequences.known.shape[:2], dtype=bool)
        for i, first in zip(self.excerpts.sequence, self.excerpts.first, strict=True):
            found[i, first : first + self.excerpts.n_steps] = True
        return found

    @property
    def _whole(self) -> np.ndarray:
        return self.mask & self.sequences.whole

    @property
    def X(self) -> np.ndarray:
        """Features of the steps."""
        return self.sequences.X[self._whole]

    @property
    def y(self) -> np.ndarray:
        """Targets of the steps."""
        return self.sequences.targets[self._whole]

    @property
    def weight(self) -> np.ndarray | None:
        """Weights of the steps."""
        if self.sequence_weight is None:
            return None
        return self.sequence_weight[np.nonzero(self._whole)[0]]

    @property
    def n_scored(self) -> int:
        """Number of steps with a weight above 0."""
        weight = self.weight
        return int(np.count_nonzero(self._whole if weight is None else weight))

    def split(self, fraction: float, seed: int) -> tuple[SequenceData, SequenceData]:
        """Leave out sequences of weight 0, and split the excerpts of the others.

        Parameters
        ----------
        fraction : float
            Share of the excerpts (or of the groups, or of the sequences if there are enough) to
            hold out; 0 holds out none.
        seed : int
            Seed of the split.

        Returns
        -------
        train, held : SequenceData
            Excerpts to train on and to validate with.
        """
        of_sequence = self.excerpts.sequence
        kept = np.arange(len(self.excerpts))
        if self.sequence_weight is not None:
            kept = np.flatnonzero(self.sequence_weight[of_sequence])
        groups = None
        if self.sequence_groups is not None:
            groups = self.sequence_groups[of_sequence]
        elif fraction * len(np.unique(of_sequence[kept])) >= 1:
            groups = of_sequence
        train, held = kept, kept[:0]
        if fraction and len(kept) > 1:
            train, held = hold_back(kept, groups, fraction=fraction, random_state=seed)
        return (
            replace(self, excerpts=self.excerpts.take(train)),
            replace(self, excerpts=self.excerpts.take(held)),
        )

    def network_rows(
        self, scaling: ColumnScaling, *, dtype: str, rank: int = 0, **_: Any
    ) -> NetworkRows:
        """Return the inputs and targets of the network, one row per excerpt.

        Parameters
        ----------
        scaling : ColumnScaling
            Scaling of the columns.
        dtype : str
            Precision of the network.
        rank : int, default=0
            Factors of the covariances. With factors, steps with an unknown target are not scored.
        **_ : dict
            Not used.

        Returns
        -------
        NetworkRows
            Scaled excerpts. The first step of an excerpt has the targets of the step before it,
            but no memory of those before that.
        """
        inputs = self.excerpts.of(network_inputs(self.sequences, scaling), padding=0.0)
        y = self.sequences.targets
        if rank:
            y = np.where(self.sequences.whole[..., None], y, np.nan)
        scaled = scaling.scale_targets(y.reshape(-1, y.shape[2]), dtype=dtype)
        targets = self.excerpts.of(scaled.reshape(*y.shape[:2], -1), padding=np.nan)
        targets = targets.reshape(len(targets), self.excerpts.n_steps * scaled.shape[1])
        weight = self.sequence_weight
        unknown = np.isnan(targets)
        return NetworkRows(
            inputs.astype(dtype),
            np.where(unknown, np.asarray(UNKNOWN, dtype), targets),
            None if weight is None else weight[self.excerpts.sequence],
            (~unknown).sum(axis=1) / scaled.shape[1],
        )


def hold_back(
    kept: np.ndarray, groups: Any, *, fraction: float, random_state: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split row numbers into training rows and held-out rows, whole groups together.

    Parameters
    ----------
    kept : ndarray of int of shape (n,)
        Row numbers.
    groups : array-like or None
        Group of each row of the table.
    fraction : float
        Share of the rows, or of the groups, to hold out.
    random_state : int
        Seed of the split.

    Returns
    -------
    train, held : ndarray of int
        Row numbers.
    """
    if groups is not None:
        of_row = np.asarray(groups)[kept]
        if len(np.unique(of_row)) > 1:
            splitter = GroupShuffleSplit(1, test_size=fraction, random_state=random_state)
            train, held = next(splitter.split(kept, groups=of_row))
            return kept[train], kept[held]
    n_held = max(round(fraction * len(kept)), min(10, len(kept) // 2))
    order = check_random_state(random_state).permutation(len(kept))
    return kept[np.sort(order[n_held:])], kept[np.sort(order[:n_held])]
