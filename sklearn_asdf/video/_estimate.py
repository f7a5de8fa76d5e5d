"""`estimate_poses`: from a video to a `Motion`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from .._progress import progress
from .._validation import Integral, Real, check_choice, raise_all, require
from ..motion.container import Motion
from ..motion.skeletons import get_skeleton
from ._blazepose import BlazePose, Body
from ._models import fetch_pose_models
from ._people import PeopleTracker
from ._reader import open_video, read_frames, warn_if_cut_off
from ._times import picture_times

__all__ = ["COCO", "LARGEST_SIDE", "estimate_poses"]

# Of MediaPipe's joints, those of COCO in COCO's order.
COCO = tuple(
    get_skeleton("mediapipe33").joints.index(joint) for joint in get_skeleton("coco17").joints
)
# A person fills hundreds of pixels of a picture of this size; the networks look at 256.
LARGEST_SIDE = 960
# Pictures further apart than this say nothing of the poses between them, in s.
_LONGEST_GAP = 0.5
_PICKS = ("largest", "all")


def estimate_poses(
    path: str | os.PathLike[str],
    *,
    person: str | int = "largest",
    skeleton: str = "coco17",
    coordinates: str = "image",
    fps: float | None = None,
    max_people: int = 4,
    model: str = "full",
    models: str | os.PathLike[str] | None = None,
    callback: Callable[[float, Any, list[np.ndarray]], None] | None = None,
    verbose: int = 0,
) -> Motion:
    """Return the poses of the dancer in a video.

    Parameters
    ----------
    path : str or PathLike
        Any video that FFmpeg reads, rotated or not, of constant or variable frame rate.
    person : {"largest", "all"} or int, default="largest"
        Selection if the video shows several people: the person who is largest over the whole
        video, all people (one clip each), or the person of this number. People are numbered from
        0 in the order of appearance, from left to right.
    skeleton : {"coco17", "mediapipe33"}, default="coco17"
        Joints to return: the 17 that most pose trackers share, or all 33 of BlazePose.
    coordinates : {"image", "world"}, default="image"
        x and y in pixels of the video with y pointing down, or x, y and z in metres relative to the
        middle of the hips, as BlazePose estimates them from one picture.
    fps : float or None, default=None
        Frame rate of the poses, in Hz. None is the mean frame rate of the video. A lower rate
        reduces the computation.
    max_people : int, default=4
        Maximum number of people tracked at a time. Each needs one run of the landmark network per
        picture.
    model : {"full", "lite"}, default="full"
        Variant of the landmark network.
    models : str or PathLike or None, default=None
        Folder of the networks, as `folder` in :func:`fetch_pose_models`.
    callback : callable or None, default=None
        Called after each picture with its time in s, the picture (a PIL image in RGB, at most 960
        pixels wide and high), and the joints of each person seen, arrays of shape (n_joints, 2) in
        pixels of this picture. What it raises ends the search.
    verbose : int, default=0
        Above 0, show progress over the pictures (needs tqdm).

    Returns
    -------
    Motion
        One clip, or one clip per person, with the visibility of each joint as confidence. Frames
        in which the person is not seen are NaN.

    See Also
    --------
    sklearn_asdf.io.write_poses : Store the poses in a file.
    sklearn_asdf.io.read_poses : Poses from files of other trackers.

    Notes
    -----
    BlazePose [1]_ detects people once per second and tracks each from picture to picture by the
    joints. A person who is lost and reappears near the same place keeps the number.

    Frame k is the pose k / `fps` seconds after the first picture. If the video has no picture at
    this time, the pose is interpolated between the two nearest pictures if they are at most 0.5 s
    apart. So a variable frame rate is converted to a constant one. Poses are not smoothed: use
    :class:`~sklearn_asdf.PoseSmoother`.

    References
    ----------
    .. [1] V. Bazarevsky, I. Grishchenko, K. Raveendran, T. Zhu, F. Zhang and M. Grundmann,
       "BlazePose: On-device Real-time Body Pose tracking", CVPR Workshop on Computer Vision for
       Augmented and Virtual Reality, 2020.

    Examples
    --------
    >>> from sklearn_asdf.video import estimate_poses
    >>> motion = estimate_poses("dance.mp4")  # doctest: +SKIP
    >>> motion  # doctest: +SKIP
    Motion(1 clip x 900 frames (30 s at 30 fps) x 17 joints (coco17) x 2 axes, float32, with
    confidence)
    """
    _check(person=person, fps=fps, max_people=max_people)
    check_choice(skeleton, ("coco17", "mediapipe33"), name="skeleton")
    check_choice(coordinates, ("image", "world"), name="coordinates")
    require("av", "ai_edge_litert", "PIL", extra="video", purpose="poses from videos")
    with open_video(path) as (container, stream):
        pictures = picture_times(container, stream)
    warn_if_cut_off(path, pictures)
    rate = pictures.fps if fps is None else float(fps)
    joints = list(COCO) if skeleton == "coco17" else slice(None)
    with open_video(path) as (container, stream):
        network = BlazePose(*fetch_pose_models(model, folder=models))
        tracker = PeopleTracker(network, max_people=max_people)
        times: list[float] = []
        seen: list[dict[int, Body]] = []
        scales = []
        total = len(pictures.stamps)
        if fps is not None:
            total = min(total, round(pictures.duration * rate))
        frames = read_frames(container, stream, fps=fps, largest_side=LARGEST_SIDE)
        for time, picture, scale in progress(
            frames, "finding poses", unit="pictures", total=total or None, verbose=verbose
        ):
            times.append(time)
            scales.append(scale)
            seen.append(tracker.step(time, picture))
            if callback is not None:
                callback(time, picture, [body.image[joints] for body in seen[-1].values()])
    if not times:
        raise ValueError(
            f"expected a video, but no picture of {str(path)!r} can be decoded: copy or export it "
            "again"
        )
    numbers = sorted({number for bodies in seen for number in bodies})
    if not numbers:
        raise ValueError(
            f"expected a dancer in {str(path)!r}, but nobody is seen in any of its {len(times)} "
            "pictures: film the whole body, in good light and large enough"
        )
    values = _arrays(seen, numbers, scales, coordinates)
    chosen = _choose(person, numbers, values, str(path))
    values = _on_grid(np.array(times), values[:, chosen][:, :, joints], rate)
    if not np.isfinite(values).any():
        raise ValueError(
            f"expected pictures less than {_LONGEST_GAP:g} s apart, got {len(times)} over "
            f"{times[-1]:.3g} s in {str(path)!r}: export the video at a higher frame rate"
        )
    position, confidence = values[..., :-1], np.nan_to_num(values[..., -1])
    return Motion(
        np.moveaxis(position, 0, 1),
        fps=rate,
        skeleton=skeleton,
        confidence=np.moveaxis(confidence, 0, 1),
    )


def _check(*, person: Any, fps: Any, max_people: Any) -> None:
    problems = []
    if isinstance(person, str):
        try:
            check_choice(person, _PICKS, name="person")
        except ValueError as error:
            problems.append(f"{error} A number picks a person.")
    elif isinstance(person, bool) or not isinstance(person, Integral) or person < 0:
        problems.append(f"expected person as 'largest', 'all' or a number from 0, got {person!r}")
    if fps is not None and (
        isinstance(fps, bool) or not isinstance(fps, Real) or not 1 <= float(fps) <= 1000
    ):
        problems.append(f"expected fps from 1 to 1000 frames a second or None, got {fps!r}")
    if isinstance(max_people, bool) or not isinstance(max_people, Integral) or max_people < 1:
        problems.append(f"expected max_people of at least 1, got {max_people!r}")
    raise_all(problems)


def _arrays(
    seen: list[dict[int, Body]], numbers: list[int], scales: list[float], coordinates: str
) -> np.ndarray:
    """Return (n_pictures, n_people, 33, n_axes + 1), NaN where somebody is not seen."""
    n_axes = 2 if coordinates == "image" else 3
    values = np.full((len(seen), len(numbers), 33, n_axes + 1), np.nan, np.float32)
    for t, bodies in enumerate(seen):
        for number, body in bodies.items():
            i = numbers.index(number)
            values[t, i, :, :-1] = body.image * scales[t] if n_axes == 2 else body.world
            values[t, i, :, -1] = body.visibility
    return values


def _choose(
    person: str | int, numbers: list[int], values: np.ndarray, path: str
) -> list[int] | slice:
    if person == "all":
        return slice(None)
    if person == "largest":
        # A body that is seen for longer counts for more: sizes are summed over the pictures.
        box = np.ptp(np.nan_to_num(values[..., :2]), axis=2)
        return [int(np.linalg.norm(box, axis=-1).sum(axis=0).argmax())]
    if person not in numbers:
        raise ValueError(
            f"expected person from 0 to {len(numbers) - 1}, since {path!r} shows {len(numbers)} "
            f"{'person' if len(numbers) == 1 else 'people'}, got {person}"
        )
    return [numbers.index(int(person))]


def _on_grid(times: np.ndarray, values: np.ndarray, fps: float) -> np.ndarray:
    """Interpolate values (n_pictures, ...) onto a constant frame rate."""
    grid = np.arange(round(times[-1] * fps) + 1) / fps
    right = np.searchsorted(times, grid).clip(1, max(len(times) - 1, 1))
    if len(times) == 1:
        return values
    left = right - 1
    gap = times[right] - times[left]
    share = ((grid - times[left]) / np.maximum(gap, 1e-12)).clip(0, 1)
    # Clocks of videos are rounded, to a millisecond in some: that is no movement.
    share = np.where(share * gap < 0.1 / fps, 0.0, share)
    share = np.where((1 - share) * gap < 0.1 / fps, 1.0, share)
    weight = share.astype(values.dtype)[(..., *[None] * (values.ndim - 1))]
    before, after = values[left], values[right]
    result = np.where(
        weight == 0, before, np.where(weight == 1, after, before * (1 - weight) + after * weight)
    )
    result[(gap > _LONGEST_GAP) & (share > 0) & (share < 1)] = np.nan
    return result
