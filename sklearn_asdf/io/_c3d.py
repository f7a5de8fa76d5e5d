"""C3D motion capture."""

from __future__ import annotations

import numpy as np

from ._c3d_file import read_c3d
from ._take import Take, single


def parse_c3d(content: bytes) -> Take:
    """Return the labelled markers of a C3D file, in its own length unit."""
    file = read_c3d(content)
    about = file.parameters.get("POINT", {})
    n_points = file.points.shape[1]
    # A negative residual marks a marker that no camera saw.
    points = np.where((file.residual < 0)[..., None], np.nan, file.points)
    # Names beyond 255 stand in further parameters.
    labels = [
        label
        for name in ("LABELS", "LABELS2", "LABELS3", "LABELS4")
        for label in about.get(name, ())
        if isinstance(label, str)
    ][:n_points]
    unique = len(set(labels)) == n_points and all(labels)
    return single(points, fps=file.rate, joints=tuple(labels) if unique else None, format="C3D")
