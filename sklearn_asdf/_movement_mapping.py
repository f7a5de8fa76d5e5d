"""The mapping of movement to music that ships with the package: a table of coefficients."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

__all__ = ["MovementMapping", "load_mapping"]


@dataclass(frozen=True, eq=False)
class MovementMapping:
    """Coefficients of standardized descriptors of music on standardized features of movement.

    Parameters
    ----------
    features : list of str
        Features of the steps of a clip, without ``step0_``.
    offset : ndarray of shape (n_features,)
        A feature x counts as log(x + offset), or as it is where the offset is 0.
    step_mean, step_scale : ndarray of shape (n_features,)
        Mean and standard deviation over the steps of the dances that it was learned from.
    clip_mean, clip_scale : ndarray of shape (n_features,)
        Those of the means over clips.
    channels : list of str
        Descriptors of the steps of music.
    descriptors : list of str
        Descriptors of its clips.
    of_step : ndarray of shape (n_features, n_channels)
        Coefficients of the steps.
    of_clip : ndarray of shape (n_features, n_descriptors)
        Coefficients of the clips.
    vigour_of_step, vigour_of_clip : ndarray
        Correlation of the descriptors of steps and clips with the vigour of dances.
    """

    features: list[str]
    offset: np.ndarray
    step_mean: np.ndarray
    step_scale: np.ndarray
    clip_mean: np.ndarray
    clip_scale: np.ndarray
    channels: list[str]
    descriptors: list[str]
    of_step: np.ndarray
    of_clip: np.ndarray
    vigour_of_step: np.ndarray
    vigour_of_clip: np.ndarray


@cache
def load_mapping() -> MovementMapping:
    """Return the mapping that ``examples/movement_mapping_study.py`` wrote."""
    text = files("sklearn_asdf").joinpath("data/movement_mapping.json").read_text("utf-8")
    stored: dict[str, Any] = json.loads(text)
    names = ("features", "channels", "descriptors")
    fields: dict[str, Any] = {
        name: stored[name] if name in names else np.array(stored[name], dtype=float)
        for name in MovementMapping.__dataclass_fields__
    }
    return MovementMapping(**fields)
