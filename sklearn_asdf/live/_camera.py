"""Poses from a camera."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import numpy as np

from .._validation import check_choice, require
from ..motion.smoothing import MIN_CONFIDENCE
from ..video._blazepose import BlazePose
from ..video._estimate import COCO, LARGEST_SIDE
from ..video._models import fetch_pose_models
from ..video._people import PeopleTracker
from ..video._reader import read_frames

__all__ = ["camera_poses"]

_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
_DEVICES = {"linux": "/dev/video0", "darwin": "0", "win32": "video=Integrated Camera"}


def camera_poses(
    device: str | None = None,
    *,
    driver: str | None = "auto",
    skeleton: str = "coco17",
    model: str = "lite",
    models: str | os.PathLike[str] | None = None,
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the poses of the person in front of a camera.

    Parameters
    ----------
    device : str or None, default=None
        FFmpeg's name of the camera; None is ``/dev/video0`` on Linux, ``0`` on macOS, and
        ``video=Integrated Camera`` on Windows.
    driver : str or None, default="auto"
        FFmpeg's input format. `"auto"` is the system's format for cameras. With None, `device` is
        the path of a video.
    skeleton : {"coco17", "mediapipe33"}, default="coco17"
        Joints to return.
    model : {"full", "lite"}, default="lite"
        Variant of the landmark network.
    models : str or PathLike or None, default=None
        Folder of the networks, as `folder` in :func:`sklearn_asdf.video.fetch_pose_models`.

    Yields
    ------
    pose : ndarray of shape (n_joints, 2)
        In pixels, y pointing down; all NaN if nobody is seen.
    time : float
        Seconds since the first picture.

    See Also
    --------
    StreamingDancer : Computes features and music of the poses.

    Notes
    -----
    If the poses are consumed too slowly, the camera's driver drops pictures.

    Examples
    --------
    >>> from sklearn_asdf.live import camera_poses
    >>> for pose, time in camera_poses():  # doctest: +SKIP
    ...     live.feed(pose, time)
    """
    check_choice(skeleton, ("coco17", "mediapipe33"), name="skeleton")
    require("av", "ai_edge_litert", "PIL", extra="video", purpose="poses from a camera")
    import av

    system = "linux" if sys.platform.startswith("linux") else sys.platform
    device = device or _DEVICES.get(system, "/dev/video0")
    if driver == "auto":
        driver = _FORMATS.get(system)
    tracker = PeopleTracker(BlazePose(*fetch_pose_models(model, folder=models)), max_people=1)
    joints = list(COCO) if skeleton == "coco17" else list(range(33))
    try:
        container = av.open(device, format=driver)
    except (av.error.FFmpegError, ValueError) as error:
        raise OSError(
            f"expected a camera at {device!r}, but it cannot be opened "
            f"({getattr(error, 'strerror', None) or error}): is it there, and free?"
        ) from None
    with container:
        for time, picture, scale in read_frames(
            container, container.streams.video[0], largest_side=LARGEST_SIDE
        ):
            pose = np.full((len(joints), 2), np.nan)
            for body in tracker.step(time, picture).values():
                sure = body.visibility[joints] >= MIN_CONFIDENCE
                pose[sure] = (body.image[joints] * scale)[sure]
            yield pose, time
