"""Models from the data of a file: what it may hold, and nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import BaseEstimator

from ._model_checks import check_generator, check_network, check_place, check_trees
from ._model_names import (
    class_of,
    defaults_of,
    find_trusted,
    function_of,
    lasting,
    request_methods,
)
from ._renamed import CLASSES, present_state
from ._validation import require
from .music.recording import Recording

__all__ = ["Reader", "check_trust"]

_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
# What skops, by which earlier versions saved trees, may make unasked: arrays of nodes, and the
# squared error, which has no state.
_TREES = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn._loss._loss.CyHalfSquaredError",
)


class Reader:
    """Turn JSON values and numeric arrays back into what they were.

    Parameters
    ----------
    arrays : sequence of ndarray
        The arrays of the file.
    sounds : sequence of Recording
        The recordings of the file.
    foreign : sequence of bytes
        What skops wrote, in files of earlier versions.
    trusted : sequence of str
        Whole names of classes and functions of others that may be used.
    """

    def __init__(
        self,
        arrays: Sequence[np.ndarray],
        sounds: Sequence[Recording],
        foreign: Sequence[bytes],
        trusted: Sequence[str],
    ) -> None:
        self.arrays = arrays
        self.sounds = sounds
        self.foreign: list[bytes | None] = list(foreign)
        self.trusted = frozenset(trusted)

    def read(self, form: Any) -> Any:
        """Return the value of a JSON form.

        Parameters
        ----------
        form : object
            What `Writer.write` returned.

        Returns
        -------
        object
            The value.

        Raises
        ------
        ValueError
            If the form names anything that is not on the lists.
        """
        if isinstance(form, list):
            return [self.read(v) for v in form]
        if not isinstance(form, dict):
            return form
        for kind, content in form.items():
            read = getattr(self, f"_read_{kind}", None) if kind in _FORMS else None
            if read is None:
                break
            return read(content, form)
        raise ValueError(f"it holds a value of an unknown form, {str(list(form))[:80]}")

    def _read_float(self, text: str, form: dict[str, Any]) -> float:
        return float(text)

    def _read_tuple(self, values: Any, form: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(self.read(values))

    def _read_dict(self, pairs: Any, form: dict[str, Any]) -> dict[Any, Any]:
        return {self.read(k): self.read(v) for k, v in pairs}

    def _read_array(self, place: Any, form: dict[str, Any]) -> np.ndarray:
        return self.arrays[check_place(place)]

    def _read_scalar(self, place: Any, form: dict[str, Any]) -> Any:
        array = self.arrays[check_place(place)]
        if array.ndim:
            raise ValueError(f"it holds an array of shape {array.shape} in place of a number")
        return array[()]

    def _read_objects(self, values: Any, form: dict[str, Any]) -> np.ndarray:
        array = np.empty(len(values), dtype=object)
        array[:] = [self.read(v) for v in values]
        return array.reshape(form["shape"])

    def _read_index(self, names: Any, form: dict[str, Any]) -> pd.Index:
        return pd.Index(self.read(names))

    def _read_dtype(self, text: str, form: dict[str, Any]) -> np.dtype:
        return np.dtype(str(text))

    def _read_type(self, name: str, form: dict[str, Any]) -> type:
        found = getattr(np, name, None)
        if not (inspect.isclass(found) and issubclass(found, np.generic)):
            raise ValueError(f"it names an unknown type of number, {name!r}")
        return found

    def _read_slice(self, values: Any, form: dict[str, Any]) -> slice:
        return slice(*self.read(values))

    def _read_path(self, text: str, form: dict[str, Any]) -> Path:
        return Path(text)

    def _read_random_state(self, state: Any, form: dict[str, Any]) -> np.random.RandomState:
        random_state = np.random.RandomState()
        state = self.read(state)
        check_generator(state)
        random_state.set_state(state)
        return random_state

    def _read_generator(self, state: Any, form: dict[str, Any]) -> np.random.Generator:
        state = self.read(state)
        if state["bit_generator"] not in _GENERATORS:
            raise ValueError(f"it names an unknown generator, {state['bit_generator']!r}")
        check_generator(state)
        bits = getattr(np.random, state["bit_generator"])()
        bits.state = state
        return np.random.Generator(bits)

    def _read_sound(self, place: Any, form: dict[str, Any]) -> Recording:
        return self.sounds[check_place(place)]

    def _read_function(self, name: str, form: dict[str, Any]) -> Callable[..., Any]:
        found = function_of(name)
        if found is None:
            raise ValueError(f"it names a function that no model needs, {str(name)[:80]!r}")
        return found

    def _read_named(self, path: Any, form: dict[str, Any]) -> Any:
        # `check_trust` has seen all names; this one is for callers that have not called it.
        if path not in self.trusted:
            raise ValueError(f"it holds {str(path)[:80]!r}, which must be trusted first")
        return find_trusted(path)

    def _read_object(self, name: str, form: dict[str, Any]) -> Any:
        name = CLASSES.get(str(name), str(name))
        cls: Any = class_of(name)
        if cls is None:
            raise ValueError(f"it names a class that no model needs, {str(name)[:80]!r}")
        state = present_state(name, {k: self.read(v) for k, v in form["state"].items()})
        # A file must not choose the folder from which a later fit would unpickle.
        state = lasting(state)
        if name == "Network":
            check_network(state)
        if name == "BoostedTrees":
            check_trees(state)
        return self._filled(cls.__new__(cls), state, form)

    def _read_made(self, path: Any, form: dict[str, Any]) -> Any:
        cls = self._read_named(path, form)
        args = self.read(form["args"])
        value = (
            self._read_named(form["by"], form)(*args) if "by" in form else cls.__new__(cls, *args)
        )
        if "state" in form:
            state = {k: self.read(v) for k, v in form["state"].items()}
            return self._filled(value, lasting(state), form)
        if "whole_state" in form:
            value.__setstate__(self.read(form["whole_state"]))
        return value

    def _filled(self, value: Any, state: dict[str, Any], form: dict[str, Any]) -> Any:
        """Return an object with a state."""
        cls: Any = type(value)
        if isinstance(value, BaseEstimator):
            state |= {k: v for k, v in defaults_of(cls).items() if k not in state}
        if hasattr(value, "__setstate__"):
            value.__setstate__(state)
        else:
            value.__dict__.update(state)
        with config_context(enable_metadata_routing=True):
            for method, requests in form.get("requests", {}).items():
                if method not in request_methods(cls):
                    raise ValueError(f"it asks metadata for a method that {cls.__name__} has not")
                getattr(value, f"set_{method}_request")(**self.read(requests))
        return value

    def _read_skops(self, place: Any, form: dict[str, Any]) -> Any:
        require("skops", extra="skops", purpose="loading this model of an earlier version")
        import skops.io

        # Once only: a small file must not make thousands of large objects.
        data, self.foreign[place] = self.foreign[check_place(place)], None
        if data is None:
            raise ValueError("it refers twice to one object of skops")
        trusted = self.trusted | {*_TREES}
        _refuse(set(skops.io.get_untrusted_types(data=data)) - trusted)
        return skops.io.loads(data, trusted=sorted(trusted))


_FORMS = frozenset(
    name.removeprefix("_read_") for name in vars(Reader) if name.startswith("_read_")
)


def check_trust(form: Any, trusted: Sequence[str]) -> None:
    """Refuse a form that names classes or functions of others that are not trusted.

    Parameters
    ----------
    form : object
        What `Writer.write` returned.
    trusted : sequence of str
        Whole names.

    Raises
    ------
    ValueError
        With all names that are missing.
    """
    names: set[str] = set()
    parts = [form]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            names |= {str(part[key]) for key in ("made", "by", "named") if key in part}
            state = part.get("state")
            # Its keys are attributes, whatever their names.
            parts.extend(state.values() if isinstance(state, dict) else [state])
            parts.extend(value for key, value in part.items() if key != "state")
        elif isinstance(part, list):
            parts.extend(part)
    _refuse(names - set(trusted))


def _refuse(names: set[str]) -> None:
    if names:
        raise ValueError(
            f"it holds objects of types that must be trusted first: pass trusted={sorted(names)} "
            "if you know where it comes from"
        )
