"""Performances: checks of `groups`, and dealing one's music to another."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_groups", "dealt"]


def check_groups(groups: Any, n_clips: int, *, at_least: int) -> np.ndarray:
    """Return the performance of each clip as a place from 0 up."""
    if groups is None:
        raise ValueError(
            "expected groups, the performance of each clip, got None: clips of one performance "
            "overlap and are no strangers (data sets here return groups)"
        )
    names, places = np.unique(np.asarray(groups), return_inverse=True)
    if np.shape(groups) != (n_clips,):
        raise ValueError(
            f"expected groups of shape ({n_clips},), the performance of each clip, got "
            f"{np.shape(groups)}"
        )
    if len(names) < at_least:
        raise ValueError(
            f"expected clips of at least {at_least} performances, got {len(names)}: hold out more"
        )
    return places


def dealt(partner: np.ndarray, groups: np.ndarray, order: np.ndarray, shift: int) -> np.ndarray:
    """The clip of another performance that each clip gets: the one `shift` further in `order`."""
    place = np.argsort(order)
    other = order[(place + shift) % len(order)]
    return partner[np.arange(len(groups)), other[groups]]
