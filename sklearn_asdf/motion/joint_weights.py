"""Weights of the joints in the features of Laban Movement Analysis (alpha of eqs. 2 to 6)."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from .._validation import did_you_mean
from .skeletons import Skeleton

__all__ = ["joint_weights_of", "missing_joints"]

_FEATURES = ("weight", "time", "space", "flow", "shape")
_PAPER_JOINTS = ("head", "left_wrist", "right_wrist", "left_ankle", "right_ankle")
_PAPER_WEIGHTS = {
    "weight": (0.1, 0.3, 0.3, 0.15, 0.15),
    "time": (0.3, 0.25, 0.25, 0.1, 0.1),
    "space": (0.1, 0.225, 0.225, 0.225, 0.225),
    "flow": (0.1, 0.225, 0.225, 0.225, 0.225),
    "shape": (0.1, 0.225, 0.225, 0.225, 0.225),
}


def missing_joints(skeleton: Skeleton | None) -> list[str]:
    """Return which of the five weighted joints a skeleton lacks; then all weights are equal."""
    if skeleton is None:
        return list(_PAPER_JOINTS)
    return [joint for joint in _PAPER_JOINTS if skeleton.find(joint) is None]


def joint_weights_of(
    given: str | Mapping[str, Any], skeleton: Skeleton | None, n_joints: int
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the weights of the joints in each of eqs. 2 to 6.

    Parameters
    ----------
    given : {"paper", "uniform"} or dict
        The parameter `joint_weights` of :class:`LMAFeaturizer`.
    skeleton : Skeleton or None
        Names of the joints.
    n_joints : int
        Number of joints.

    Returns
    -------
    weights : dict of str to ndarray of shape (n_joints,)
        Weights by feature.
    problems : list of str
        Error messages on the weights that were given.
    """
    uniform = np.full(n_joints, 1 / n_joints)
    weights = dict.fromkeys(_FEATURES, uniform)
    if given != "uniform" and skeleton is not None:
        places = [skeleton.find(joint) for joint in _PAPER_JOINTS]
        if None not in places:
            index = skeleton.indices(places)
            for feature, values in _PAPER_WEIGHTS.items():
                weights[feature] = np.zeros(n_joints)
                np.add.at(weights[feature], index, values)
    if isinstance(given, str):
        return weights, []
    problems = []
    if not given:
        problems.append("expected weights of at least one joint in joint_weights, got none")
    by_feature = all(isinstance(value, Mapping) for value in given.values())
    tables = given if by_feature else dict.fromkeys(_FEATURES, given)
    for feature, table in tables.items():
        if feature not in _FEATURES:
            problems.append(
                f"expected joint_weights of the features {', '.join(_FEATURES)}, got "
                f"{feature!r}.{did_you_mean(feature, _FEATURES)}"
            )
            continue
        weights[feature], found = _from_table(table, skeleton, n_joints)
        problems += [problem for problem in found if problem not in problems]
    return weights, problems


def _from_table(
    table: Mapping[str, Any], skeleton: Skeleton | None, n_joints: int
) -> tuple[np.ndarray, list[str]]:
    weights, problems = np.zeros(n_joints), []
    if skeleton is None:
        return weights, [
            "expected poses with named joints where joint_weights is a dict, got unnamed ones: "
            "pass a Motion with a skeleton"
        ]
    for joint, value in table.items():
        if not isinstance(value, Real) or not 0 <= float(value) < np.inf:
            problems.append(
                f"expected the weight of {joint!r} to be a number of at least 0, got {value!r}"
            )
        elif skeleton.find(str(joint)) is None:
            problems.append(
                f"expected joint_weights of joints of the skeleton, got {joint!r}."
                f"{did_you_mean(joint, skeleton.joints)}"
            )
        else:
            weights[skeleton.index(str(joint))] += float(value)
    if not problems and weights.sum() == 0:
        problems.append("expected some weight in joint_weights to be above 0, got only zeros")
    return weights / (weights.sum() or 1.0), problems
