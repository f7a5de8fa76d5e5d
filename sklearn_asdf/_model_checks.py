"""Checks of the values in a saved model that NumPy and Keras would not check."""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np

from .nets.shapes import weight_shapes

__all__ = ["check_generator", "check_network", "check_place", "check_sounds", "check_trees"]


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


# A clip of hours; each frame has a place in a list while the network is built.
_MOST_FRAMES = 2**20


def check_network(state: dict[str, Any]) -> None:
    """Refuse a network that is not as large as its weights, before Keras makes layers of it."""
    config = state["config"]
    # Keras would make layers and functions of nested dicts.
    _check_flat(config)
    _check_weights(state["weights"])
    n_frames = max(config.get("n_frames", 0), config.get("steps") or 0)
    try:
        shapes = weight_shapes(getattr(state["build"], "__name__", ""), config)
    except (ArithmeticError, KeyError, TypeError):
        raise ValueError("it holds a network some of whose parameters are missing") from None
    if n_frames > _MOST_FRAMES or shapes != [array.shape for array in state["weights"]]:
        raise ValueError("it holds a network whose weights are not of the sizes that it declares")


def _check_weights(weights: Any) -> None:
    """Refuse weights of a network that are no finite numbers."""
    if not isinstance(weights, list):
        raise ValueError("it holds a network without a list of weights")
    for array in weights:
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
            raise ValueError("it holds a network whose weights are no numbers")
        if not np.isfinite(array).all():
            raise ValueError("it holds a network with weights that are NaN or infinite")


def _check_flat(config: Any) -> None:
    """Refuse settings of a network from which Keras would make objects."""
    plain = (bool, int, float, str, type(None), np.ndarray, np.generic)
    for name, value in dict(config).items():
        values = value if isinstance(value, (list, tuple)) else [value]
        if not all(isinstance(v, plain) for v in values):
            raise ValueError(f"it holds a network with an odd setting, {name!r}")


def check_sounds(entries: Any) -> int:
    """Return the bytes that recordings take in memory, if their entries can be true."""
    if not isinstance(entries, list):
        raise ValueError("its model.json has no list of recordings")
    for entry in entries:
        n_samples, exponent = entry["n_samples"], entry["exponent"]
        if not (_is_whole(n_samples) and n_samples >= 0):
            raise ValueError(f"its model.json tells a recording of {n_samples!r} samples")
        if not (_is_whole(exponent) and abs(exponent) < 128):
            raise ValueError(f"its model.json tells a recording of full scale 2**{exponent!r}")
    return sum(entry["n_samples"] * np.dtype(np.int16).itemsize for entry in entries)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def check_trees(state: dict[str, Any]) -> None:
    """Refuse trees that lead out of themselves or in a circle."""
    n = len(state["number"])
    whole = ("feature", "left", "right", "root")
    for name in ("feature", "left", "right", "missing_left", "root"):
        array = state[name]
        kinds = "u" if name in whole else "b"
        fits = isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind in kinds
        if not fits or (name != "root" and len(array) != n):
            raise ValueError(f"it holds trees whose {name!r} is not one number per node")
    number, left, right = state["number"], state["left"], state["right"]
    own = np.arange(n)
    if number.dtype != np.float64 or not np.isfinite(number[left == own]).all():
        raise ValueError("it holds trees whose values are no finite numbers")
    # Children come after their parents, and both children of a leaf are the leaf.
    ordered = (left >= own) & (right >= own) & ((left == own) == (right == own))
    if not ordered.all() or max(left.max(), right.max(), state["root"].max()) >= n:
        raise ValueError("it holds trees whose nodes do not follow each other")
    if state["feature"].max() >= state["n_features_in_"] or not np.isfinite(state["baseline"]):
        raise ValueError("it holds trees of other features than they declare")
