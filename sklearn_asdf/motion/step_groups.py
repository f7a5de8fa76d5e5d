"""Features of short, equal steps of a clip: what moves at each moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..functional.kinematics import magnitude
from ..functional.windows import reduce_windows
from .window_context import PARTS, Columns, WindowContext

__all__ = ["STEP_GROUPS", "step_means", "step_values"]


def step_means(curve: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the means of curves (n_clips, n_frames) over steps, (n_clips, n_steps)."""
    n_clips = len(curve)
    start, stop = (np.tile(e, (n_clips, 1)) for e in (edges[:-1], edges[1:]))
    return reduce_windows(curve, start, stop, how="mean")


def step_values(values: np.ndarray, stop: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the values of the windows in which the middles of steps lie.

    Parameters
    ----------
    values : ndarray of shape (n_clips, n_windows)
        One value per window.
    stop : ndarray of int of shape (n_clips, n_windows)
        Frame after the last of each window.
    edges : ndarray of int of shape (n_steps + 1,)
        Frames that bound the steps.

    Returns
    -------
    ndarray of shape (n_clips, n_steps)
        Steps before the first window have the values of that one, and steps after the last window
        those of the last.
    """
    middle = (edges[:-1] + edges[1:]) / 2
    window = (middle[:, None] >= stop[:, None, :-1]).sum(axis=2)
    return np.take_along_axis(values, window, axis=1)


def moment(context: WindowContext) -> Columns:
    """Return speeds, accelerations and heights in each frame, (n_clips, n_frames).

    Speed and acceleration are those of all joints, of the head, and of the means of both hands,
    feet and sides of the hips; hands also have the difference of their speeds and heights. Heights
    are those of the hands above the hips and of the hips above the feet; `vertical` is the vertical
    place of a part in the coordinates of the poses, and `hips_rise` the hips' vertical velocity.
    """
    velocity, acceleration = (context.kinematics(n) for n in ("velocity", "acceleration"))
    columns = {"speed": context.activity, "acceleration": context.acceleration}

    for part, joints in PARTS.items():
        places = context.places(joints)
        if not places:
            continue
        equal = np.full(len(places), 1 / len(places))
        speed = context.speed[..., places]
        columns[f"{part}_speed"] = context.curve(speed, equal)
        columns[f"{part}_acceleration"] = context.curve(
            magnitude(acceleration[:, :, places]), equal
        )
        if part == "hands":
            columns["hands_speed_difference"] = np.nan_to_num(abs(speed[..., 0] - speed[..., 1]))
        if part == "hips":
            rise = np.nan_to_num(velocity[:, :, places]).mean(axis=2)
            columns["hips_rise"] = context.height(rise)
    hands, hips, feet = (context.joint(*PARTS[part]) for part in ("hands", "hips", "feet"))
    for part, joints in PARTS.items():
        place = context.joint(*joints)
        if place is not None:
            columns[f"{part}_vertical"] = np.nan_to_num(context.height(place))
    pair = context.pair("wrist")
    if pair is not None:
        apart = context.height(pair[0] - pair[1])
        columns["hands_height_difference"] = np.nan_to_num(np.abs(apart))
    if hands is not None and hips is not None:
        columns["hands_height"] = np.nan_to_num(context.height(hands - hips))
    if hips is not None and feet is not None:
        columns["hips_height"] = np.nan_to_num(context.height(hips - feet))
    return columns


def stillness(context: WindowContext) -> Columns:
    """Return the mean speed of the joints about the body's mean velocity, (n_clips, n_frames).

    A stage that takes the slow part of the body's path away, as `PoseCanonicalizer` does, moves all
    joints alike for a while after the dancer has stopped. That does not count here.
    """
    velocity = context.kinematics("velocity")
    seen = np.isfinite(velocity).all(axis=-1, keepdims=True)
    total = np.where(seen, velocity, 0.0).sum(axis=2, keepdims=True)
    mean = total / np.maximum(seen.sum(axis=2, keepdims=True), 1)
    return {"pose_speed": context.curve(magnitude(velocity - mean), context.uniform)}


STEP_GROUPS: dict[str, Callable[[WindowContext], Columns]] = {
    "moment": moment,
    "stillness": stillness,
}
