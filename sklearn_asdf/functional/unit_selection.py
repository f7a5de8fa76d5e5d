"""Unit selection: the cheapest sequence of recorded units, by dynamic programming."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from .ties import TOLERANCE, first_largest

__all__ = ["cheapest_path"]

# Units at a beat from which a join is considered, and units which it may lead to.
_N_EXITS = 64
_N_ENTRIES = 1024
# Beats whose bounds are stored at a time: 10 MB for 40,000 units, which is six hours of music.
_BLOCK = 64


def cheapest_path(
    costs: Callable[[int], np.ndarray],
    n_beats: int,
    continues: np.ndarray,
    features: np.ndarray,
    *,
    join_cost: float,
    first_unit: int | None = None,
) -> np.ndarray:
    r"""Return the sequence of units with the lowest cost.

    Parameters
    ----------
    costs : callable
        Returns the cost of each unit on a beat, (n_units,); called two or three times for each
        beat.
    n_beats : int
        Number of beats, at least one.
    continues : ndarray of bool of shape (n_units,)
        Whether the next unit follows in the recording: going on to it costs nothing.
    features : ndarray of shape (n_units, n_features)
        What is compared where units are joined.
    join_cost : float
        Lowest cost of a join.
    first_unit : int, default=None
        The unit on the first beat; None chooses it as well.

    Returns
    -------
    units : ndarray of int of shape (n_beats,)
        The unit of each beat.

    Notes
    -----
    The cost of a sequence is that of its units and, at each join of :math:`u` to :math:`v`,

    .. math:: c_\text{join} \, (1 + \lVert f_{u + 1} - f_v \rVert^2)

    where :math:`f_{u + 1}` are the features of the unit that would follow, or
    :math:`2 c_\text{join}` where none does. Dynamic programming over all pairs of units [1]_ takes
    a time quadratic in their number. Here a first pass, from the last beat to the first, takes
    all distances as 0: that gives a lower bound of the cost from each unit to the end in linear
    time. In the second pass joins lead from the 64 units that were cheapest to reach to the 1024
    units of the lowest bound; units always go on. In corpora of up to 1024 units all of them are
    considered. Costs that differ by less than 1e-6 of their size are taken as equal, and the first
    unit, or the one that goes on, is preferred.

    References
    ----------
    .. [1] A. J. Hunt and A. W. Black, "Unit selection in a concatenative speech synthesis system
       using a large speech database", ICASSP 1996.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.unit_selection import cheapest_path
    >>> wanted = np.array([[0, 0, 9, 9], [9, 0, 9, 9], [9, 9, 0, 9.0]])
    >>> continues = np.array([True, False, True, False])
    >>> cheapest_path(wanted.__getitem__, 3, continues, np.zeros((4, 1)), join_cost=4.0)
    array([0, 1, 2])
    """
    features = np.asarray(features, dtype=float)
    squares = np.einsum("ij,ij->i", features, features)
    cost = np.array(costs(0), dtype=float)
    if first_unit is not None:
        cost[np.arange(len(cost)) != first_unit] = np.inf
    joins = []
    bounds = _bounds(costs, n_beats, continues, join_cost)
    next(bounds)
    for beat in range(1, n_beats):
        exits, entries = _lowest(cost, _N_EXITS), _lowest(next(bounds), _N_ENTRIES)
        joins_of = _joined(cost, exits, entries, continues, features, squares, join_cost)
        joined = joins_of.min(axis=0)
        # The first exit of the lowest cost, up to rounding.
        best = (joins_of <= joined + TOLERANCE * np.abs(joined)).argmax(axis=0)
        cost = _continue(cost, continues)
        better = joined < cost[entries] - TOLERANCE * np.abs(joined)
        entries, exits = entries[better], exits[best[better]]
        cost[entries] = joined[better]
        joins.append((entries, exits))
        cost += costs(beat)
    units = [int(first_largest(-cost))]
    for entries, exits in reversed(joins):
        i = np.searchsorted(entries, units[-1])
        is_join = i < len(entries) and entries[i] == units[-1]
        units.append(int(exits[i]) if is_join else units[-1] - 1)
    return np.array(units[::-1])


def _bounds(
    costs: Callable[[int], np.ndarray], n_beats: int, continues: np.ndarray, join_cost: float
) -> Iterator[np.ndarray]:
    """Yield for each beat the lowest cost from each unit to the end, if units were all alike."""
    blocks = [range(i, min(i + _BLOCK, n_beats)) for i in range(0, n_beats, _BLOCK)]
    # What lies between the first beats of blocks is computed again when it is needed.
    of_first: dict[int, np.ndarray] = {}
    for beats in blocks[:0:-1]:
        of_first[beats[0]] = _block(costs, beats, of_first.get(beats.stop), continues, join_cost)[0]
    for beats in blocks:
        yield from _block(costs, beats, of_first.get(beats.stop), continues, join_cost)


def _block(
    costs: Callable[[int], np.ndarray],
    beats: range,
    later: np.ndarray | None,
    continues: np.ndarray,
    join_cost: float,
) -> list[np.ndarray]:
    """Bounds on successive beats, from those on the beat after them, if there is one."""
    block = []
    for beat in reversed(beats):
        bound = costs(beat).astype(np.float32)
        if later is not None:
            rest = np.full_like(bound, later.min() + join_cost)
            np.minimum(rest[:-1], later[1:], out=rest[:-1], where=continues[:-1])
            bound += rest
        block.append(bound)
        later = bound
    return block[::-1]


def _continue(cost: np.ndarray, continues: np.ndarray) -> np.ndarray:
    """Cost of reaching each unit from the one before it."""
    result = np.full_like(cost, np.inf)
    np.copyto(result[1:], cost[:-1], where=continues[:-1])
    return result


def _lowest(values: np.ndarray, n: int) -> np.ndarray:
    """Indices, increasing, of the n lowest finite values; of equal ones, of the first."""
    if len(values) > n:
        limit = np.partition(values, n - 1)[n - 1]
        if np.isfinite(limit):
            near = TOLERANCE * abs(limit)
            found = np.flatnonzero(values <= limit + near)
            surplus = len(found) - n
            if surplus > 0:
                equal = np.flatnonzero(values[found] >= limit - near)
                found = np.delete(found, equal[len(equal) - surplus :])
            return found
    return np.flatnonzero(values < np.inf)


def _joined(
    cost: np.ndarray,
    exits: np.ndarray,
    entries: np.ndarray,
    continues: np.ndarray,
    features: np.ndarray,
    squares: np.ndarray,
    join_cost: float,
) -> np.ndarray:
    """Cost of reaching each entry by a join from each exit, (n_exits, n_entries)."""
    follows = np.minimum(exits + 1, len(features) - 1)
    joined = (-2 * join_cost * features[follows]) @ features[entries].T
    joined += (join_cost * (1 + squares[follows]) + cost[exits])[:, None]
    joined += join_cost * squares[entries]
    # At the end of a recording all units are alike.
    end = ~continues[exits]
    joined[end] = (cost[exits[end]] + 2 * join_cost)[:, None]
    return joined
