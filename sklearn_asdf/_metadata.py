"""Routing of the metadata of `fit`, such as weights and groups, through meta-estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

__all__ = ["accepted", "routing_enabled", "rows_of_metadata"]


def routing_enabled() -> bool:
    """Whether metadata go where they were requested, and not wherever they are accepted."""
    return bool(get_config()["enable_metadata_routing"])


def accepted(estimator: Any, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata that an estimator's `fit` takes and has not refused.

    For what is offered without being asked for. With metadata routing that is what the estimator
    requests; else what is a parameter of its `fit`.
    """
    if routing_enabled():
        wanted = get_routing_for_object(estimator).consumes("fit", metadata.keys())
        return {name: value for name, value in metadata.items() if name in wanted}
    return {name: v for name, v in metadata.items() if has_fit_parameter(estimator, name)}


def rows_of_metadata(metadata: dict[str, Any], rows: slice | np.ndarray, n: int) -> dict[str, Any]:
    """Return metadata of some of `n` rows; what is not one value for each row stays whole."""

    def part(value: Any) -> Any:
        if isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or len(value) != n:
            return value
        return value.iloc[rows] if hasattr(value, "iloc") else np.asarray(value)[rows]

    return {name: part(value) for name, value in metadata.items()}
