"""Renamed modules and classes, so that older saved models can be loaded."""

from __future__ import annotations

from typing import Any

__all__ = ["CLASSES", "STATES", "present_state"]

# Classes, by the name that a file gives them.
CLASSES = {"_Networks": "NetworkCodec", "_Patches": "PatchCodec"}
# Parameters and attributes, by the present name of their class.
STATES = {
    "Corpus": {"look": "features"},
    "DanceBeatTracker": {
        "n_trees": "max_iter",
        "reach": "context_duration",
        "usual_tempo": "start_bpm",
        "waltz": "strides",
    },
    "KinematicsTransformer": {"curvature_regularization": "slow_speed"},
    "MDNRegressor": {"linear": "linear_baseline"},
    "MelEncoder": {
        "checkpoint": "checkpoint_dir",
        "dtype_policy": "dtype",
        "patience": "n_iter_no_change",
    },
    "OnBeatRegressor": {
        "_usual_tempo": "_default_tempo",
        "told_variance_": "explained_variance_",
    },
    "UnitEncoder": {"_corpus": "corpus_", "usual_tempo": "start_bpm"},
}


def present_state(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of an object under the present names of its parameters and attributes.

    Parameters
    ----------
    name : str
        Present name of its class.
    state : dict
        State as the file holds it.

    Returns
    -------
    dict
        The same values.

    Examples
    --------
    >>> from sklearn_asdf._renamed import present_state
    >>> present_state("UnitEncoder", {"usual_tempo": 90.0, "sr": 22050})
    {'start_bpm': 90.0, 'sr': 22050}
    """
    renamed = STATES.get(name, {})
    if name == "KinematicsTransformer" and "curvature_regularization" in state:
        # It was a share of the speed of each clip then.
        state = state | {"_slow_speed_is_share": True, "height": None}
    state = {renamed.get(key, key): value for key, value in state.items()}
    if name == "MDNRegressor" and "_input_loc" in state:
        state["_scaling"] = _scaling_of(state)
    if name == "DanceBeatTracker":
        # Earlier versions learned from horizontal movements, and had no choice.
        state.setdefault("horizontal", True)
        state |= {key: _trees_of(state[key]) for key in ("model_", "track_models_") if key in state}
    return state


def _trees_of(model: Any) -> Any:
    """Return the trees of a gradient boosting of scikit-learn, which earlier versions kept."""
    from .functional.boosted_trees import BoostedTrees

    if isinstance(model, tuple):
        return tuple(map(_trees_of, model))
    return BoostedTrees.of(model) if hasattr(model, "n_trees_per_iteration_") else model


def _scaling_of(state: dict[str, Any]) -> Any:
    """Return the scaling of an `MDNRegressor` whose state had an entry for each array."""
    from .density.mdn.scaling import ColumnScaling

    names = ("input_loc", "input_scale", "target_loc", "target_scale", "spread", "varies")
    values = {name: state.pop(f"_{name}") for name in (*names, "min_scale")}
    return ColumnScaling(
        **values,
        activation=state.pop("_scale_activation"),
        clip_inputs=state["architecture"] != "paper",
    )
