"""C3D motion capture, where ezc3d is installed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from .._validation import require
from ._take import NotPoses, Take, single

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
    # A negative residual marks a marker that no camera saw.
    residual = np.asarray(file["data"]["meta_points"]["residuals"], dtype=float)
    points = np.where((residual[0].T < 0)[..., None], np.nan, points)
    labels = [str(label).strip() for label in about["LABELS"]["value"]][: points.shape[1]]
    unique = len(set(labels)) == points.shape[1] and all(labels)
    return single(
        points,
        fps=float(np.ravel(about["RATE"]["value"])[0]),
        joints=tuple(labels) if unique else None,
        format="C3D",
    )


def _frames_announced(content: bytes) -> int:
    """Return how many frames the header tells; ezc3d only tells how many it found."""
    parameters = 512 * (content[0] - 1)
    order = ">" if content[parameters + 3] == _MIPS else "<"
    first, last = (int(n) for n in np.frombuffer(content, f"{order}u2", 2, offset=6))
    # Longer captures do not fit the header's 16 bits.
    return last - first + 1 if last < 2**16 - 1 else 0
