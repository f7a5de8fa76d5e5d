"""The names that a saved model may use: classes and functions, by lists and not one by one."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator

__all__ = [
    "class_of",
    "defaults_of",
    "find_trusted",
    "function_of",
    "is_own_function",
    "lasting",
    "name_of",
    "path_of",
    "request_methods",
]

# Names in saved files must not change; the modules may.
_OWN = {
    "AudioTargetRegressor": "target",
    "BatchTransformer": "motion.batches",
    "BeatMelEncoder": "music.beat_mel",
    "BeatSequenceRegressor": "density.beat_sequence",
    "BoostedTrees": "functional.boosted_trees",
    "ColumnScaling": "density.mdn.scaling",
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
    "NeuralVocoder": "music.neural_vocoder",
    "OnBeatRegressor": "density.on_beat",
    "PatchCodec": "music.codecs",
    "PoseCanonicalizer": "motion.canonical_pose",
    "PoseSmoother": "motion.smoothing",
    "Recording": "music.recording",
    "Segment": "motion.skeletons",
    "Skeleton": "motion.skeletons",
    "StepRegressor": "density.step_regressor",
    "StyleRegressor": "style",
    "UnitEncoder": "music.units",
    "UnpairedRegressor": "unpaired",
}
_FUNCTIONS = {
    "build_decoder": "nets.builders",
    "build_encoder": "nets.builders",
    "build_network": "nets.builders",
    "build_sequence_network": "nets.builders",
    "build_vocoder": "nets.builders",
}
# The estimators that scikit-learn publishes in these modules, by that rule and not one by one.
# fmt: off
_SKLEARN = {
    "cluster", "compose", "covariance", "cross_decomposition", "decomposition",
    "discriminant_analysis", "dummy", "ensemble", "feature_selection", "frozen",
    "gaussian_process", "impute",
    "kernel_approximation", "kernel_ridge", "linear_model", "mixture", "multioutput",
    "neighbors", "neural_network", "pipeline", "preprocessing", "random_projection", "svm",
    "tree",
}
# fmt: on
# Modules of scikit-learn whose classes give another name for them (losses, before 1.9).
_MISNAMED = {"_loss": "sklearn._loss._loss"}
# State that belongs to the machine or the moment: folders of caches, the memory of a live stream.
_NOT_KEPT = {"memory": None, "_stream": None}


def lasting(state: dict[str, Any]) -> dict[str, Any]:
    """Return state without what belongs to the machine or the moment."""
    state = state | {k: v for k, v in _NOT_KEPT.items() if k in state}
    if "verbose" in state:
        # Nor whether somebody watched the training; of scikit-learn's pipelines it is a bool.
        state["verbose"] = False if isinstance(state["verbose"], bool) else 0
    return state


def name_of(cls: type) -> str | None:
    """Return the name under which a class may be saved, or None."""
    if cls.__module__.startswith("sklearn_asdf."):
        return cls.__name__ if _own_class(cls.__name__) is cls else None
    package, _, rest = cls.__module__.partition(".")
    if package != "sklearn":
        return None
    name = f"sklearn.{rest.partition('.')[0]}.{cls.__name__}"
    return name if class_of(name) is cls else None


def _own_class(name: str) -> type | None:
    if name not in _OWN:
        return None
    return getattr(importlib.import_module(f"sklearn_asdf.{_OWN[name]}"), name)


def class_of(name: str) -> type[Any] | None:
    """Return the class that a name stands for, if it is on the lists."""
    if not name.startswith("sklearn."):
        return _own_class(name)
    _, _, rest = name.partition(".")
    module, _, rest = rest.partition(".")
    if module not in _SKLEARN or rest.startswith("_"):
        return None
    found = getattr(importlib.import_module(f"sklearn.{module}"), rest, None)
    return found if inspect.isclass(found) and issubclass(found, BaseEstimator) else None


def request_methods(cls: type) -> list[str]:
    """Return the methods of a class that can request metadata."""
    return [
        name.removeprefix("set_").removesuffix("_request")
        for name in dir(cls)
        if name.startswith("set_") and name.endswith("_request")
    ]


@functools.cache
def defaults_of(cls: type) -> dict[str, Any]:
    """Values of the parameters that a class may have got since the file was written."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def is_own_function(value: Any) -> bool:
    """Return whether a function is one of this package that models need."""
    home = _FUNCTIONS.get(getattr(value, "__name__", ""))
    return home is not None and value.__module__ == f"sklearn_asdf.{home}"


def function_of(name: Any) -> Callable[..., Any] | None:
    """Return the function of this package that a name stands for, if models need it."""
    if name not in _FUNCTIONS:
        return None
    found: Callable[..., Any] = getattr(
        importlib.import_module(f"sklearn_asdf.{_FUNCTIONS[name]}"), name
    )
    return found


def path_of(value: Any) -> str | None:
    """Return the whole name of a class or function of somebody else, or None if it has none.

    Under that name it is found again; local functions and those of builtins have none.
    """
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    module = _MISNAMED.get(str(module), module)
    if not module or not name or module == "builtins" or module.startswith("sklearn_asdf."):
        return None
    path = f"{module}.{name}"
    try:
        return path if find_trusted(path) is value else None
    except ValueError:
        return None


def find_trusted(path: str) -> Any:
    """Return the class or function of a whole name. Its module is imported, which runs code."""
    module, _, name = path.rpartition(".")
    try:
        return pkgutil.resolve_name(f"{_MISNAMED.get(module, module)}.{name}")
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"it needs {path}, which cannot be imported ({error})") from error
