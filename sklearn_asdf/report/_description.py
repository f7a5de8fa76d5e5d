"""The Laban features of a dance on the page: those of the command `features`."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..motion.container import Motion
from ..motion.joint_weights import joint_weights_of, missing_joints
from ..motion.skeletons import Skeleton
from ..pipeline import make_lma_pipeline
from ..tables import features_of_take

__all__ = ["FEATURES", "Description", "describe"]

FEATURES = ("weight", "time", "space", "flow", "shape")
# A window has no value above this Weight at rest, in H²/s²: the square of twice the speed below
# which curvature is reduced.
_REST = 0.01


@dataclass(frozen=True)
class Description:
    """Windows between keyframes, with their features.

    `table` has one row per window, as `features_table` returns it; `lma` is the pipeline that
    described it, not fitted; `skeleton` has the joints that were described; `notes` are warnings.
    """

    table: pd.DataFrame
    lma: Any
    skeleton: Skeleton | None
    n_joints: int
    notes: list[str] = field(default_factory=list)

    @property
    def keyframes(self) -> np.ndarray:
        """Times of the keyframes in s."""
        times = self.table[["start", "stop"]].to_numpy().ravel()
        return np.unique(np.round(times, 6))

    @property
    def names(self) -> list[str]:
        """The features that the table has, in their order."""
        return [name for name in FEATURES if name in self.table]

    @property
    def units(self) -> dict[str, str]:
        """Unit of each feature, empty if it has none."""
        units: dict[str, str] = self.table.attrs["units"]
        return units

    @property
    def height(self) -> float | None:
        """Height of the dancer in the unit of the poses, None where it is not used."""
        return next(iter(self.table.attrs["heights"].values()), None)

    @property
    def rests(self) -> np.ndarray:
        """Windows in which the dancer hardly moves, of shape (n_windows,)."""
        if self.units.get("weight") != "H²/s²":
            return np.zeros(len(self.table), dtype=bool)
        return self.table["weight"].to_numpy() < _REST

    @property
    def unweighted(self) -> str:
        """Why all joints have equal weights, or nothing."""
        missing = missing_joints(self.skeleton)
        if self.lma[-1].joint_weights != "paper" or not missing:
            return ""
        return "have no names" if self.skeleton is None else f"lack {', '.join(missing)}"

    @property
    def weights(self) -> dict[str, list[tuple[str, float]]]:
        """Joints of each feature with their weights, where these differ from joint to joint."""
        given, _ = joint_weights_of(self.lma[-1].joint_weights, self.skeleton, self.n_joints)
        if self.skeleton is None:
            return {}
        joints = [str(joint).replace("_", " ") for joint in self.skeleton.joints]
        return {
            name: [(joint, float(w)) for joint, w in zip(joints, given[name]) if w > 0]
            for name in self.names
            if np.ptp(given[name]) > 0
        }

    @property
    def csv(self) -> str:
        """The table as CSV, in base64; its units are in the page."""
        content = self.table.to_csv(index=False, float_format="%.6g")
        return base64.b64encode(content.encode()).decode("ascii")


def describe(
    take: Motion,
    name: str,
    *,
    lma: Any = None,
    joints: Any = None,
    clip_duration: float = 8.0,
) -> Description | None:
    """Return the features of a take in its windows; None where too little of it was seen."""
    if not take.seen.any():
        return None
    if joints is not None:
        from ..motion.markers import joints_of_markers

        take = joints_of_markers(take, joints)
    if lma is None:
        lma = make_lma_pipeline().set_params(lma__missing="nan")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table = features_of_take(
                take, name, lma=lma, rows="windows", clip_duration=clip_duration
            )
        except ValueError as error:
            if "to be seen" not in str(error):
                raise
            return None
    notes = _sentences([str(w.message) for w in caught if w.category is UserWarning])
    return Description(table, lma, take.skeleton, take.n_joints, notes)


def _sentences(texts: Sequence[str]) -> list[str]:
    # Equal weights have a sentence of their own on the page.
    kept = (text for text in texts if "equal weights" not in text)
    return [f"{text[:1].upper()}{text[1:]}." for text in kept]
