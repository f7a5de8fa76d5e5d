"""Checks of the groups of features that `LMAFeaturizer` is asked for."""

from __future__ import annotations

from typing import Any

from .._validation import did_you_mean

__all__ = ["as_list", "group_problems"]


def as_list(groups: Any) -> list[Any]:
    return [groups] if isinstance(groups, str) else list(groups)


def group_problems(groups: list[Any], known: list[str], name: str) -> list[str]:
    listed = ", ".join(map(repr, known))
    if not groups:
        return [f"expected at least one group of features of {listed}, got none"]
    return [
        f"expected {name} to be some of {listed}, got {group!r}.{did_you_mean(group, known)}"
        for group in groups
        if group not in known
    ]
