"""Models as data for a file: estimators become JSON values and numeric arrays.

What a value cannot be is code: classes and functions are names, and an object is made by
``__new__`` and its state. Names of this package and of scikit-learn's public estimators are on the
lists of :mod:`._model_names`; other names are written too, and the reader makes what they stand for
only if the user trusts them.
"""

from __future__ import annotations

import copyreg
import hashlib
import inspect
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ._model_names import is_own_function, lasting, name_of, path_of, request_methods
from .music.recording import Recording, encode_flac

__all__ = ["NotPlainError", "Writer"]


class NotPlainError(TypeError):
    """What was met has no plain form."""


class Writer:
    """Turn values into JSON values and numeric arrays.

    Attributes
    ----------
    arrays : list of ndarray
        What the JSON values refer to by number.
    sounds : list of tuple of (bytes, dict)
        Recordings as FLAC, and what else is needed to decode them; by number too.
    """

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self.sounds: list[tuple[bytes, dict[str, Any]]] = []
        self._sr = 22050.0
        self._places: dict[int, int] = {}
        self._sound_places: dict[tuple[Any, ...], int] = {}
        self._open: list[int] = []

    def write(self, value: Any, where: str = "") -> Any:
        """Return the JSON form of a value.

        Parameters
        ----------
        value : object
            An estimator or anything that one consists of.
        where : str, default=""
            Where it stands in the model, for error messages.

        Returns
        -------
        object
            For `json.dumps`.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if kind is list:
            return [self.write(v, f"{where}[{i}]") for i, v in enumerate(value)]
        if kind is tuple:
            return {"tuple": [self.write(v, f"{where}[{i}]") for i, v in enumerate(value)]}
        if kind is dict:
            pairs = [[self.write(k), self.write(v, f"{where}[{k!r}]")] for k, v in value.items()]
            return {"dict": pairs}
        if isinstance(value, np.ndarray):
            return self._array(np.asarray(value), where)
        if kind is pd.Index:
            return {"index": self._array(value.to_numpy(dtype=object), where)}
        if isinstance(value, np.generic):
            return {"scalar": self._place(np.asarray(value))}
        if isinstance(value, np.dtype) and value.kind not in "OV":
            return {"dtype": value.str}
        if inspect.isclass(value) and issubclass(value, np.generic):
            return {"type": value.__name__}
        if kind is slice:
            return {"slice": [self.write(v) for v in (value.start, value.stop, value.step)]}
        if isinstance(value, Path):
            return {"path": str(value)}
        if isinstance(value, np.random.RandomState):
            return {"random_state": self.write(value.get_state(legacy=False))}
        if isinstance(value, np.random.Generator):
            return {"generator": self.write(value.bit_generator.state)}
        if inspect.isfunction(value) or inspect.isclass(value):
            return self._named(value, where)
        if isinstance(value, Recording):
            return self._sound(value)
        return self._object(value, where)

    def _named(self, value: Any, where: str) -> Any:
        if is_own_function(value):
            return {"function": value.__name__}
        path = path_of(value)
        if path is None:
            kind = "function" if inspect.isfunction(value) else "class"
            raise NotPlainError(f"a {kind}, {value.__qualname__}, as {where or 'the model'}")
        return {"named": path}

    def _array(self, array: np.ndarray, where: str) -> Any:
        if array.dtype.kind == "O":
            values = [self.write(v, where) for v in array.ravel()]
            return {"objects": values, "shape": list(array.shape)}
        if array.dtype.hasobject:
            raise NotPlainError(f"an array of dtype {array.dtype} as {where}")
        return {"array": self._place(array)}

    def _place(self, array: np.ndarray) -> int:
        place = self._places.get(id(array))
        if place is None:
            place = self._places[id(array)] = len(self.arrays)
            # Kept here, an array keeps its id to itself.
            self.arrays.append(array)
        return place

    def _sound(self, recording: Recording) -> Any:
        # By content: a model that holds a fitted encoder as a parameter has its copy too.
        digest = hashlib.sha256(np.ascontiguousarray(recording.samples).data).digest()
        known = (self._sr, recording.exponent, len(recording), digest)
        place = self._sound_places.get(known)
        if place is None:
            place = self._sound_places[known] = len(self.sounds)
            entry = {"n_samples": len(recording), "exponent": recording.exponent}
            self.sounds.append((encode_flac(recording, sr=self._sr), entry))
        return {"sound": place}

    def _object(self, value: Any, where: str) -> Any:
        if id(value) in self._open:
            raise NotPlainError(
                f"an object that holds itself, {type(value).__name__}, as {where or 'the model'}"
            )
        self._open.append(id(value))
        try:
            name = name_of(type(value))
            if name is not None:
                return {"object": name} | self._state_of(value, value.__getstate__(), where)
            return self._others(value, where)
        finally:
            self._open.pop()

    def _state_of(self, value: Any, state: Any, where: str) -> dict[str, Any]:
        """Return the forms of a state, and of the metadata that an estimator requests."""
        name = type(value).__name__
        if not isinstance(state, dict):
            raise NotPlainError(f"{name} without a plain state as {where or 'the model'}")
        state = lasting(state)
        requests = state.pop("_metadata_request", None)
        prefix = f"{where}." if where else ""
        if name == "UnitEncoder":
            self._sr = float(state["sr"])
        written: dict[str, Any] = {
            "state": {key: self.write(part, f"{prefix}{key}") for key, part in state.items()}
        }
        if requests is not None:
            methods = {m: getattr(requests, m).requests for m in request_methods(type(value))}
            written["requests"] = {m: self.write(r) for m, r in methods.items() if r}
        return written

    def _others(self, value: Any, where: str) -> Any:
        """Return the form of an object whose class is not on the lists.

        It is what pickle would write, with names that the reader checks.
        """
        cls = type(value)
        path = path_of(cls)
        refused = NotPlainError(f"{cls.__module__}.{cls.__qualname__} as {where or 'the model'}")
        if path is None:
            raise refused
        try:
            make, args, *rest = value.__reduce_ex__(2)
        except (TypeError, ValueError):
            raise refused from None
        if any(part is not None for part in rest[1:]):
            raise refused
        form: dict[str, Any] = {"made": path}
        if make is copyreg.__newobj__:  # type: ignore[attr-defined]
            args = args[1:]
        else:
            by = path_of(make)
            if by is None:
                raise refused
            form["by"] = by
        form["args"] = [self.write(arg, where) for arg in args]
        state = rest[0] if rest else None
        if isinstance(value, BaseEstimator) and "by" not in form:
            return form | self._state_of(value, state, where)
        prefix = f"{where}." if where else ""
        if isinstance(state, dict) and all(isinstance(key, str) for key in state):
            form["state"] = {k: self.write(v, f"{prefix}{k}") for k, v in state.items()}
        elif state is not None:
            if not hasattr(value, "__setstate__"):
                raise refused
            form["whole_state"] = self.write(state, where)
        return form
