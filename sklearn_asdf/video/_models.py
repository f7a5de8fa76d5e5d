"""Files of the pose networks, in a folder or downloaded."""

from __future__ import annotations

import hashlib
import os
import ssl
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

from .._files import atomic_path, check_writable_folder
from .._validation import check_choice

__all__ = ["PoseModels", "fetch_pose_models"]

VARIABLE = "SKLEARN_ASDF_POSE_MODEL"
# MediaPipe's public storage of models, Apache-2.0; the generation pins the very file.
_SOURCE = "https://storage.googleapis.com/mediapipe-assets/"
FILES = {
    "pose_detection.tflite": (
        "1678737489600422",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    ),
    "pose_landmark_full.tflite": (
        "1661875894245786",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    ),
    "pose_landmark_lite.tflite": (
        "1661875901231143",
        "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
    ),
}
_TIMEOUT = 30


class PoseModels(NamedTuple):
    """Paths of the two networks of BlazePose."""

    detector: Path
    landmarker: Path


def fetch_pose_models(
    model: str = "full", *, folder: str | os.PathLike[str] | None = None
) -> PoseModels:
    """Return the files of the pose networks, downloaded on the first call.

    Parameters
    ----------
    model : {"full", "lite"}, default="full"
        Variant of the landmark network. The lite one is less than half as large and less accurate.
    folder : str or PathLike or None, default=None
        Folder with ``pose_detection.tflite`` and ``pose_landmark_MODEL.tflite``, which are not
        checked. None uses the environment variable ``SKLEARN_ASDF_POSE_MODEL``; if it is not set,
        the files are downloaded to the user's cache folder.

    Returns
    -------
    PoseModels
        The paths `detector` and `landmarker`.

    Notes
    -----
    The networks are those of BlazePose [1]_ as published by MediaPipe (Apache-2.0, 9 MB). The
    SHA-256 of each file is checked after the download and on every later call, so a damaged or
    replaced file in the cache is never used. ``XDG_CACHE_HOME`` sets the location of the cache.

    References
    ----------
    .. [1] V. Bazarevsky, I. Grishchenko, K. Raveendran, T. Zhu, F. Zhang and M. Grundmann,
       "BlazePose: On-device Real-time Body Pose tracking", CVPR Workshop on Computer Vision for
       Augmented and Virtual Reality, 2020.

    Examples
    --------
    >>> from sklearn_asdf.video import fetch_pose_models
    >>> fetch_pose_models(folder="nowhere")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected 'pose_detection.tflite' and 'pose_landmark_full.tflite' in ...
    """
    check_choice(model, ("full", "lite"), name="model")
    names = ("pose_detection.tflite", f"pose_landmark_{model}.tflite")
    given = folder or os.environ.get(VARIABLE)
    if given:
        paths = [Path(given) / name for name in names]
        if not all(path.is_file() for path in paths):
            raise FileNotFoundError(
                f"expected {names[0]!r} and {names[1]!r} in the folder {str(given)!r}, but not "
                "both are there: give the folder that has them, or none to fetch them"
            )
        return PoseModels(*paths)
    return PoseModels(*(_cached(name) for name in names))


def cache_folder() -> Path:
    """Return the cache folder of this package."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sklearn_asdf"


def _cached(name: str) -> Path:
    generation, sha256 = FILES[name]
    path = cache_folder() / "pose_model" / name
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
        return path
    check_writable_folder(path.parent)
    url = f"{_SOURCE}{name}?generation={generation}"
    elsewhere = (
        "get the file elsewhere and give its folder (--pose-model of the command, or the "
        f"environment variable {VARIABLE})"
    )
    way_out = f"try again when there is a connection, or {elsewhere}"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            content = answer.read()
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            way_out = (
                "Python has no certificates: on macOS, run 'Install Certificates.command' in the "
                f"folder of Python in Applications, or {elsewhere}"
            )
        raise OSError(
            f"expected to fetch the pose network {name!r} from {url!r}, but got: {reason}; "
            f"{way_out}"
        ) from error
    got = hashlib.sha256(content).hexdigest()
    if got != sha256:
        raise OSError(
            f"expected the pose network {name!r} from {url!r} to have the SHA-256 {sha256}, got "
            f"{got} ({len(content)} bytes): nothing was kept; {way_out}"
        )
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return path
