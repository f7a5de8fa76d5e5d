"""Checks of `groups`, and permutations of whole performances."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_groups", "permuted_clips"]


def check_groups(groups: Any, n_clips: int, *, at_least: int) -> np.ndarray:
    """Return the performance of each clip as an integer from 0."""
    if groups is None:
        raise ValueError(
            "expected groups, the performance of each clip, got None: clips of one performance "
            "overlap and must stay together (data sets of this package return groups)"
        )
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    if np.shape(groups) != (n_clips,):
        raise ValueError(
            f"expected groups of shape ({n_clips},), the performance of each clip, got "
            f"{np.shape(groups)}"
        )
    if len(names) < at_least:
        raise ValueError(
            f"expected clips of at least {at_least} performances, got {len(names)}: hold out more"
        )
    return codes


def permuted_clips(
    partner: np.ndarray, groups: np.ndarray, order: np.ndarray, shift: int
) -> np.ndarray:
    """Return for each clip the index of a clip of another performance.

    The other performance is the one `shift` positions further in `order`, a permutation of the
    performances; `partner` is as returned by :func:`sklearn_asdf.functional.pairing.partners`.
    """
    place = np.argsort(order)
    other = order[(place + shift) % len(order)]
    return partner[np.arange(len(groups)), other[groups]]
