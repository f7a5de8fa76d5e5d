"""Units and axis limits of the Laban features."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..motion.batches import BatchTransformer
from ..motion.kinematics import KinematicsTransformer
from ..motion.lma_units import unit_of
from ..performance import featurizer_of, steps_of

__all__ = ["feature_units", "limits", "upper_limit"]

_WITH_UNIT = ("weight", "time", "flow", "shape")


def feature_units(pipeline: Any) -> dict[str, str]:
    """Return the units of the five features that a pipeline computes.

    Lengths are in H, the dancer's height, where a stage scales by the body, and in L, the poses'
    unit of length, elsewhere. Features that are scaled within each clip have none.
    """
    featurizer = featurizer_of(pipeline)
    if featurizer.normalize == "clip":
        return dict.fromkeys((*_WITH_UNIT, "space"), "of the clip's range")
    length = "H" if _scales_by_body(pipeline) else "L"
    units = {name: unit_of(f"window1_{name}", length) for name in _WITH_UNIT}
    path_ratio = featurizer.space == "path_ratio"
    return units | {"space": "path/distance" if path_ratio else "distance/path"}


def _scales_by_body(model: Any) -> bool:
    for step in steps_of(model):
        inside = step.transformer if isinstance(step, BatchTransformer) else step
        for stage in steps_of(inside):
            if isinstance(stage, KinematicsTransformer) and stage.scale == "body":
                return True
    return False


def limits(values: np.ndarray, *, name: str = "") -> tuple[float, float]:
    """Return round numbers between which to draw values; 0 is between them or one of them."""
    seen = values[np.isfinite(values)]
    if not (seen < 0).any():
        return 0.0, upper_limit(seen, name=name)
    return -upper_limit(-seen), upper_limit(seen) if (seen > 0).any() else 0.0


def upper_limit(values: np.ndarray, *, name: str = "") -> float:
    """Return a round number up to which to draw values that are not negative.

    It is the largest value rounded up to 1, 2, 3, 5 or 8 times a power of ten. Values that are more
    than three times as large as 85 % of the values and as all but two, such as those of a jump of
    the tracker, are cut off.
    """
    seen = values[np.isfinite(values)]
    if name == "space" and (not len(seen) or seen.max() <= 1):
        return 1.0
    if not len(seen) or seen.max() <= 0:
        return 1.0
    usual = max(np.percentile(seen, 85), np.sort(seen)[-3:][0])
    top = float(min(seen.max(), 3 * usual) or seen.max())
    power = 10.0 ** np.floor(np.log10(top))
    return float(next(m * power for m in (1, 2, 3, 5, 8, 10) if m * power >= top * (1 - 1e-9)))
