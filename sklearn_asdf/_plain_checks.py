"""What a saved model may hold where NumPy and Keras would take whatever comes."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_flat", "check_generator", "check_place", "check_weights"]


def check_place(place: Any) -> int:
    """Return the number of an array or object in the file."""
    if not isinstance(place, int) or place < 0:
        raise ValueError(f"it refers to the array {place!r}")
    return place


def check_generator(state: dict[str, Any]) -> None:
    """Refuse places beyond the state, at which NumPy would read without a look."""
    within = state.get("state", {})
    for place, last in ((within.get("pos", 0), 624), (state.get("buffer_pos", 0), 4)):
        if not 0 <= place <= last:
            raise ValueError(f"it holds a random generator at the place {place!r}")


def check_weights(weights: Any) -> None:
    """Refuse weights of a network that are no finite numbers."""
    if not isinstance(weights, list):
        raise ValueError("it holds a network without a list of weights")
    for array in weights:
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
            raise ValueError("it holds a network whose weights are no numbers")
        if not np.isfinite(array).all():
            raise ValueError("it holds a network with weights that are NaN or infinite")


def check_flat(config: Any) -> None:
    """Refuse settings of a network from which Keras would make objects."""
    plain = (bool, int, float, str, type(None), np.ndarray, np.generic)
    for name, value in dict(config).items():
        values = value if isinstance(value, (list, tuple)) else [value]
        if not all(isinstance(v, plain) for v in values):
            raise ValueError(f"it holds a network with an odd setting, {name!r}")
