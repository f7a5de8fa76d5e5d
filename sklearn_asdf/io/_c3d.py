"""C3D motion capture, where ezc3d is installed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import require
from ._take import NotPoses, Take, single, unique_names

# The processor whose numbers have their most significant byte first.
_MIPS = 86


def parse_c3d(content: bytes) -> Take:
    """Return the labelled markers of a C3D file, in its own length unit."""
    require("ezc3d", extra="formats", purpose="reading poses from C3D")
    import ezc3d

    with tempfile.TemporaryDirectory() as folder:
        # ezc3d reads files only, and the content may have come compressed.
        path = Path(folder, "take.c3d")
        path.write_bytes(content)
        try:
            file = ezc3d.c3d(str(path))
        except OSError as error:
            raise NotPoses(f"is no whole C3D file ({error}): copy or export it again") from error
    points = np.asarray(file["data"]["points"], dtype=float)[:3].transpose(2, 1, 0)
    about = file["parameters"]["POINT"]
    if not points.size:
        raise NotPoses("is a C3D file without markers")
    announced = _frames_announced(content)
    if len(points) < announced:
        raise NotPoses(
            f"is a C3D file of {announced} frames with only {len(points)} of them: it is cut off, "
            "copy or export it again"
        )
    # A negative residual marks a marker that no camera saw; some writers put it at the origin.
    residual = np.asarray(file["data"]["meta_points"]["residuals"], dtype=float)[0].T
    lost = (residual < 0) | ((residual <= 0) & (points == 0).all(axis=-1))
    points = np.where(lost[..., None], np.nan, points)
    labels = _listed(about, "LABELS")[: points.shape[1]]
    if len(labels) < points.shape[1] or not all(labels):
        labels = [f"joint{i}" for i in range(points.shape[1])]
    else:
        computed = {label for name in _NOT_MARKERS for label in _listed(about, name)}
        markers = [i for i, label in enumerate(labels) if label not in computed]
        if not markers:
            raise NotPoses(
                f"is a C3D file whose {len(labels)} points are all angles, forces or the like, "
                "without markers"
            )
        points, labels = points[:, markers], [labels[i] for i in markers]
    return single(
        points,
        fps=float(np.ravel(about["RATE"]["value"])[0]),
        joints=unique_names(labels),
        format="C3D",
    )


# Vicon's models store these beside the markers, as points that lie nowhere.
_NOT_MARKERS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS", "MODEL_OUTPUTS")


def _listed(about: Any, name: str) -> list[str]:
    """Return the labels under a name and its continuations: a parameter holds at most 255."""
    labels: list[str] = []
    for part in (name, *(f"{name}{i}" for i in range(2, 100))):
        if part not in about:
            break
        value = about[part]["value"]
        labels += [str(label).strip() for label in ([value] if isinstance(value, str) else value)]
    return labels


def _frames_announced(content: bytes) -> int:
    """Return how many frames the header tells; ezc3d only tells how many it found."""
    parameters = 512 * (content[0] - 1)
    order = ">" if content[parameters + 3] == _MIPS else "<"
    first, last = (int(n) for n in np.frombuffer(content, f"{order}u2", 2, offset=6))
    # Longer captures do not fit the header's 16 bits.
    return last - first + 1 if last < 2**16 - 1 else 0
