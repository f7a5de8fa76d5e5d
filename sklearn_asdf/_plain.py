"""Estimators as plain data and back: what a saved model may hold, and nothing else.

Everything is written out as JSON values and numeric arrays. What a value cannot be is code: classes
and functions are names on the lists below, and an object is made by ``__new__`` and its state.
What has no plain form (trees, kernels, estimators of other packages) is left to skops.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import BaseEstimator

from ._plain_checks import check_generator, check_network, check_place
from ._renamed import CLASSES, present_state
from ._validation import require

__all__ = ["Reader", "Writer"]

# The names in a file are for ever; where a class or function lives may change, here.
_OWN = {
    "AudioTargetRegressor": "target",
    "BatchTransformer": "motion.batches",
    "ColumnScaling": "density.mdn_scaling",
    "Corpus": "music.corpus",
    "DanceBeatTracker": "motion.beats",
    "GaussianMixtures": "density.mixtures",
    "KeyframeSegmenter": "motion.keyframes",
    "KinematicsTransformer": "motion.kinematics",
    "LMAFeaturizer": "motion.lma",
    "MDNRegressor": "density.mdn",
    "MelEncoder": "music.mel",
    "Network": "nets.network",
    "NetworkCodec": "music.codecs",
    "OnBeatRegressor": "density.on_beat",
    "PatchCodec": "music.codecs",
    "PoseSmoother": "motion.smoothing",
    "Segment": "motion.skeletons",
    "Skeleton": "motion.skeletons",
    "StepRegressor": "density.step_regressor",
    "UnitEncoder": "music.units",
}
_FUNCTIONS = {
    "build_decoder": "nets.builders",
    "build_encoder": "nets.builders",
    "build_network": "nets.builders",
}
# The estimators that scikit-learn publishes in these modules, by that rule and not one by one.
# fmt: off
_SKLEARN = {
    "cluster", "compose", "covariance", "cross_decomposition", "decomposition", "dummy",
    "ensemble", "feature_selection", "frozen", "gaussian_process", "impute",
    "kernel_approximation", "kernel_ridge", "linear_model", "mixture", "multioutput",
    "neighbors", "neural_network", "pipeline", "preprocessing", "random_projection", "svm",
    "tree",
}
# fmt: on
# What skops may make unasked: the trees that tell the beat, arrays of nodes that run nothing.
_TREES = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)
# State that belongs to the machine or the moment: folders of caches, the memory of a live stream.
_NOT_KEPT = {"memory": None, "_stream": None}
_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


class NotPlainError(TypeError):
    """What was met has no plain form."""


def _lasting(state: dict[str, Any]) -> dict[str, Any]:
    """Return state without what belongs to the machine or the moment."""
    state = state | {k: v for k, v in _NOT_KEPT.items() if k in state}
    if "verbose" in state:
        # Nor whether somebody watched the training; of scikit-learn's pipelines it is a bool.
        state["verbose"] = False if isinstance(state["verbose"], bool) else 0
    return state


def _name_of(cls: type) -> str | None:
    """Return the name under which a class may be saved, or None."""
    if cls.__module__.startswith("sklearn_asdf."):
        return cls.__name__ if _own_class(cls.__name__) is cls else None
    package, _, rest = cls.__module__.partition(".")
    if package != "sklearn":
        return None
    name = f"sklearn.{rest.partition('.')[0]}.{cls.__name__}"
    return name if _class_of(name) is cls else None


def _own_class(name: str) -> type | None:
    if name not in _OWN:
        return None
    return getattr(importlib.import_module(f"sklearn_asdf.{_OWN[name]}"), name)


def _class_of(name: str) -> type[Any] | None:
    """Return the class that a name stands for, if it is on the lists."""
    if not name.startswith("sklearn."):
        return _own_class(name)
    _, _, rest = name.partition(".")
    module, _, rest = rest.partition(".")
    if module not in _SKLEARN or rest.startswith("_"):
        return None
    found = getattr(importlib.import_module(f"sklearn.{module}"), rest, None)
    return found if inspect.isclass(found) and issubclass(found, BaseEstimator) else None


class Writer:
    """Turn values into JSON values and numeric arrays.

    Attributes
    ----------
    arrays : list of ndarray
        What the JSON values refer to by number.
    foreign : list of bytes
        Objects that skops wrote, by number too.
    """

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self.foreign: list[bytes] = []
        self._places: dict[int, int] = {}
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
        if inspect.isfunction(value):
            if getattr(value, "__module__", "") == f"sklearn_asdf.{_FUNCTIONS.get(value.__name__)}":
                return {"function": value.__name__}
            raise NotPlainError(f"a function, {value.__qualname__}, as {where or 'the model'}")
        return self._object(value, where)

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

    def _object(self, value: Any, where: str) -> Any:
        name = _name_of(type(value))
        own = name is not None and not name.startswith("sklearn.")
        if id(value) in self._open:
            raise NotPlainError(f"an object that holds itself, {type(value).__name__}, as {where}")
        n_arrays, n_foreign = len(self.arrays), len(self.foreign)
        self._open.append(id(value))
        try:
            if name is None:
                raise NotPlainError(
                    f"{type(value).__module__}.{type(value).__qualname__} as {where or 'the model'}"
                )
            return self._plain_object(value, name, where)
        except NotPlainError:
            if own or not isinstance(value, BaseEstimator) or _holds_own(value):
                raise
            # What was written of its parts so far goes with the whole.
            for array in self.arrays[n_arrays:]:
                del self._places[id(array)]
            del self.arrays[n_arrays:], self.foreign[n_foreign:]
            return self._with_skops(value)
        finally:
            self._open.pop()

    def _plain_object(self, value: Any, name: str, where: str) -> Any:
        state = value.__getstate__()
        if not isinstance(state, dict):
            raise NotPlainError(f"{name} without a plain state as {where}")
        state = _lasting(state)
        requests = state.pop("_metadata_request", None)
        prefix = f"{where}." if where else ""
        written = {
            "object": name,
            "state": {k: self.write(v, f"{prefix}{k}") for k, v in state.items()},
        }
        if requests is not None:
            methods = {m: getattr(requests, m).requests for m in _request_methods(type(value))}
            written["requests"] = {m: self.write(r) for m, r in methods.items() if r}
        return written

    def _with_skops(self, value: Any) -> Any:
        require("skops", extra="skops", purpose=f"saving {type(value).__name__}")
        import skops.io

        self.foreign.append(skops.io.dumps(value))
        return {"skops": len(self.foreign) - 1}


def _holds_own(value: Any) -> bool:
    """Tell whether an estimator contains one of this package."""
    return any(
        type(v).__module__.startswith("sklearn_asdf.") for v in value.get_params(deep=True).values()
    )


def _request_methods(cls: type) -> list[str]:
    return [
        name.removeprefix("set_").removesuffix("_request")
        for name in dir(cls)
        if name.startswith("set_") and name.endswith("_request")
    ]


class Reader:
    """Turn JSON values and numeric arrays back into what they were.

    Parameters
    ----------
    arrays : sequence of ndarray
        The arrays of the file.
    foreign : sequence of bytes
        What skops wrote.
    trusted : sequence of str
        Names of types that skops may make.
    """

    def __init__(self, arrays: Any, foreign: Any, trusted: Any) -> None:
        self.arrays = arrays
        self.foreign = list(foreign)
        self.trusted = [*_TREES, *trusted]

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

    def _read_function(self, name: str, form: dict[str, Any]) -> Callable[..., Any]:
        if name not in _FUNCTIONS:
            raise ValueError(f"it names a function that no model needs, {str(name)[:80]!r}")
        return getattr(importlib.import_module(f"sklearn_asdf.{_FUNCTIONS[name]}"), name)

    def _read_object(self, name: str, form: dict[str, Any]) -> Any:
        name = CLASSES.get(str(name), str(name))
        cls: Any = _class_of(name)
        if cls is None:
            raise ValueError(f"it names a class that no model needs, {str(name)[:80]!r}")
        state = present_state(name, {k: self.read(v) for k, v in form["state"].items()})
        # A file must not choose the folder from which a later fit would unpickle.
        state = _lasting(state)
        value: Any = cls.__new__(cls)
        if isinstance(value, BaseEstimator):
            state |= {k: v for k, v in _defaults(cls).items() if k not in state}
        if name == "Network":
            check_network(state)
        if hasattr(value, "__setstate__"):
            value.__setstate__(state)
        else:
            value.__dict__.update(state)
        with config_context(enable_metadata_routing=True):
            for method, requests in form.get("requests", {}).items():
                if method not in _request_methods(cls):
                    raise ValueError(f"it asks metadata for a method that {name} has not")
                getattr(value, f"set_{method}_request")(**self.read(requests))
        return value

    def _read_skops(self, place: Any, form: dict[str, Any]) -> Any:
        require("skops", extra="skops", purpose="loading this model")
        import skops.io

        # Once only: a small file must not make thousands of large objects.
        data, self.foreign[place] = self.foreign[check_place(place)], None
        if data is None:
            raise ValueError("it refers twice to one object of skops")
        unknown = set(skops.io.get_untrusted_types(data=data)) - set(self.trusted)
        if unknown:
            raise ValueError(
                f"it holds objects of types that must be trusted first: pass trusted="
                f"{sorted(unknown)} if you know where it comes from"
            )
        return skops.io.loads(data, trusted=self.trusted)


_FORMS = frozenset(
    name.removeprefix("_read_") for name in vars(Reader) if name.startswith("_read_")
)


@functools.cache
def _defaults(cls: type) -> dict[str, Any]:
    """Values of the parameters that a class may have got since the file was written."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}
