"""C3D motion capture."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._c3d_file import read_c3d
from ._take import NotPoses, Take, single, unique_names


def parse_c3d(content: bytes) -> Take:
    """Return the labelled markers of a C3D file, in its own length unit."""
    file = read_c3d(content)
    about = file.parameters.get("POINT", {})
    n_points = file.points.shape[1]
    # A negative residual marks a marker that no camera saw; some writers put it at the origin.
    lost = (file.residual < 0) | ((file.residual <= 0) & (file.points == 0).all(axis=-1))
    points = np.where(lost[..., None], np.nan, file.points)
    labels = _listed(about, "LABELS")[:n_points]
    if len(labels) < n_points or not all(labels):
        labels = [f"joint{i}" for i in range(n_points)]
    else:
        computed = {label for name in _NOT_MARKERS for label in _listed(about, name)}
        markers = [i for i, label in enumerate(labels) if label not in computed]
        if not markers:
            raise NotPoses(
                f"is a C3D file whose {len(labels)} points are all angles, forces or the like, "
                "without markers"
            )
        points, labels = points[:, markers], [labels[i] for i in markers]
    return single(points, fps=file.rate, joints=unique_names(labels), format="C3D")


# Vicon's models store these beside the markers, as points that lie nowhere.
_NOT_MARKERS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS", "MODEL_OUTPUTS")


def _listed(about: dict[str, Any], name: str) -> list[str]:
    """Return the labels under a name and its continuations: a parameter holds at most 255."""
    labels: list[str] = []
    for part in (name, *(f"{name}{i}" for i in range(2, 100))):
        # A damaged file may have numbers there.
        if not isinstance(about.get(part), list):
            break
        labels += about[part]
    return labels
