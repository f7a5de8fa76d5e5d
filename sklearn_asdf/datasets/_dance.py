"""Synthetic dance of a stick figure: timing, steps and body, from a choreography.

Metres; x to the viewer's right, y up, z towards the viewer. `dance` draws from the generator that
it is given, always the same number of times, so that the same performance with one factor changed
stays the same performance otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ._choreography import Choreography, arm_joints, between, poses_in_time
from ._clock import Clock
from ._courses import Courses

__all__ = ["STYLES", "dance"]

# Lengths as shares of the body height: Drillis and Contini (1966), as drawn by Winter (2009).
_ANKLE_HEIGHT, _SHANK, _THIGH = 0.039, 0.246, 0.245
_HIP_WIDTH, _TRUNK, _SHOULDER_WIDTH = 0.191, 0.288, 0.259
_NECK = 0.052
# Nose, left eye, right eye, left ear, right ear from the joint of head and neck.
_FACE = np.array(
    [
        [0.0, 0.040, 0.062],
        [0.018, 0.066, 0.050],
        [-0.018, 0.066, 0.050],
        [0.043, 0.058, 0.0],
        [-0.043, 0.058, 0.0],
    ]
)
_SIDES = np.array([1.0, -1.0])  # left is at the viewer's right

STYLES = ("rest", "hit", "offbeat", "bounce")


def style_of(style: str, sharpness: float) -> tuple[float, float, float]:
    """Gestures and steps per beat, how many beats late gestures are, and the depth of knee bends.

    A gesture ends on the beat ("rest"), is fastest on it ("hit"), or ends half way between two
    ("offbeat"). To "bounce" is to move arms and feet at half the pace, and to bend the knees
    deeply on every beat.
    """
    half_a_gesture = (1 - 0.7 * sharpness) / 2
    return {
        "rest": (1.0, 0.0, 1.0),
        "hit": (1.0, half_a_gesture, 1.0),
        "offbeat": (1.0, 0.5, 1.0),
        "bounce": (0.5, 0.0, 1.8),
    }[style]


def progress(part: np.ndarray, sharpness: float) -> np.ndarray:
    """Share of the gesture done at a part of the beat: a minimum-jerk move that ends on the beat.

    The move takes the last ``1 - 0.7 * sharpness`` of the beat; before it the pose is held.
    """
    duration = 1 - 0.7 * sharpness
    x = np.clip((part - 1) / duration + 1, 0, 1)
    return x**3 * (10 - 15 * x + 6 * x**2)


def dance(
    rng: np.random.Generator,
    time: np.ndarray,
    clock: Clock,
    choreography: Choreography,
    factors: Mapping[str, Any],
    *,
    body_height: float,
    style: str = "rest",
    courses: Courses | None = None,
) -> np.ndarray:
    """Joints of COCO-17 in metres, (n_frames, 17, 3), at times in seconds.

    With courses, the factors change from frame to frame.
    """
    idle_rate = rng.uniform(0.08, 0.3, 6)
    idle_phase = rng.uniform(0, 2 * np.pi, 6)
    path = _Path(rng.uniform(0, 2 * np.pi, 2), rng.integers(1, 3, 2), rng.choice([-1.0, 1.0]))
    idle = np.sin(2 * np.pi * time[:, None] * idle_rate + idle_phase)
    minor = factors["mode"] == "minor"

    timing = _timing(time, clock, factors, style, courses)
    feet, pelvis, yaw = _steps(timing, path, clock.metre, choreography, courses, body_height)
    yaw = yaw + 0.06 * idle[:, 0]
    dip, depth = _knee_bends(timing, choreography, body_height)
    lean = _SIDES[timing.beat % 2] * (1 - 2 * timing.stepped)
    pelvis_frame = _turn_y(yaw) @ _turn_z(-0.05 * lean * (0.5 + timing.vigour))
    hips, pelvis_y = _hips(feet, pelvis, pelvis_frame, depth * dip, body_height)
    knees, ankles = _legs(hips, feet, yaw, body_height)

    arms = _arms(timing, choreography, courses)
    twist = 0.12 * (arms[:, 1, 0] - arms[:, 0, 0]) + 0.04 * idle[:, 1]
    pitch = (0.3 if minor else 0.03) + 0.6 * depth / body_height * dip + 0.03 * idle[:, 2]
    tilt = 0.06 * lean * (0.5 + timing.vigour) + 0.03 * idle[:, 3]
    trunk = _turn_y(yaw + twist) @ _turn_x(pitch) @ _turn_z(tilt)
    nod = (0.35 if minor else -0.05) + 0.08 * idle[:, 4] + 0.1 * dip * timing.vigour
    head = trunk @ _turn_y(0.25 * idle[:, 5]) @ _turn_x(nod)
    middle = np.stack([pelvis[:, 0], pelvis_y, pelvis[:, 1]], axis=-1)
    upper = _upper_body(middle, trunk, head, arms, body_height)
    return np.concatenate([*upper, hips, knees, ankles], axis=1)


class _Path(NamedTuple):
    """Phases and turns of the path over the floor, and the side to which it goes first."""

    phase: np.ndarray
    turns: np.ndarray
    first_side: float


@dataclass(frozen=True, eq=False)
class _Timing:
    """Factors, gestures and steps in each frame; factors of a frame are curves or numbers.

    Gestures and steps have numbers, of which shares are done; `pace` is how many there are per
    beat, and gestures end `delay` beats late. Knees bend at whole numbers of `position`, by
    `deeper` times the usual depth.
    """

    position: np.ndarray
    pace: float
    delay: float
    deeper: float
    gesture: np.ndarray
    done: np.ndarray
    beat: np.ndarray
    stepped: np.ndarray
    extent: Any
    vigour: Any
    sharpness: Any

    def danced(self, courses: Courses) -> np.ndarray:
        """Numbers of steps at the points of courses."""
        return courses.clock.danced(courses.clock.position(courses.at)) * self.pace


def _timing(
    time: np.ndarray,
    clock: Clock,
    factors: Mapping[str, Any],
    style: str,
    courses: Courses | None,
) -> _Timing:
    extent, vigour, sharpness = (factors[name] for name in ("extent", "vigour", "sharpness"))
    position = clock.position(time)
    pace, delay, deeper = style_of(style, sharpness)
    if courses is not None:
        extent, vigour, sharpness = (courses(n, time) for n in ("extent", "vigour", "sharpness"))
        # After a rest, the movement starts at once.
        rested = 1 - courses("moving", time - 60 / courses.tempo(time))
        sharpness = np.where(rested > 0, 0.0, sharpness)
        position = courses.clock.danced(position)
    gestured, walked = position * pace - delay, position * pace
    gesture, beat = np.floor(gestured).astype(int), np.floor(walked).astype(int)
    return _Timing(
        position,
        pace,
        delay,
        deeper,
        gesture,
        progress(gestured - gesture, sharpness),
        beat,
        # The whole body cannot be flung about as hands are: steps take longer.
        progress(walked - beat, 0.6 * sharpness),
        extent,
        vigour,
        sharpness,
    )


def _steps(
    timing: _Timing,
    path: _Path,
    metre: int,
    choreography: Choreography,
    courses: Courses | None,
    body_height: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ankles (n, 2, 3), the pelvis on the floor (n, 2), and the direction in which it looks.

    One foot steps on each beat, about a center that travels and returns.
    """
    beat, stepped = timing.beat, timing.stepped
    n_beats = len(choreography.accent)
    at = np.arange(beat.min() - 2, beat.max() + 2)
    turns = 2 * np.pi * at[:, None] / n_beats * path.turns + path.phase
    wide = timing.extent
    if courses is not None:
        # The factors of a step or gesture are those of the moment at which it ends.
        wide = np.interp(at, timing.danced(courses), courses.curves["extent"])
    center = np.broadcast_to(0.08 + 0.17 * wide, at.shape)[:, None] * np.sin(turns) * [1.0, 0.6]
    bar_part = at / metre % 2
    center[:, 0] += path.first_side * (0.05 + 0.2 * wide) * (1 - 2 * np.abs(bar_part - 1))
    yaw_at = 0.35 * np.sin(2 * np.pi * at / n_beats + path.phase[0])
    side = _SIDES[at % 2]
    stance = body_height * (0.17 + 0.16 * wide) / 2
    landing = center + (stance * side)[:, None] * np.stack(
        [np.cos(yaw_at), -np.sin(yaw_at)], axis=-1
    )
    weight_at = 0.64 * landing[1:] + 0.36 * landing[:-1]  # over the foot that has just landed

    k = beat - at[1]  # row of this beat in `weight_at`, of the one before in `landing`
    share = stepped[:, None]
    pelvis = weight_at[k] + share * (weight_at[k + 1] - weight_at[k])
    yaw = yaw_at[k + 1] + stepped * (yaw_at[k + 2] - yaw_at[k + 1])
    feet = np.empty((len(beat), 2, 3))
    moving = (beat + 1) % 2
    lift = body_height * (0.015 + 0.06 * timing.vigour) * np.sin(np.pi * stepped) ** 2
    swing = landing[k] + share * (landing[k + 2] - landing[k])
    for foot in (0, 1):
        steps = moving == foot
        feet[:, foot, ::2] = np.where(steps[:, None], swing, landing[k + 1])
        feet[:, foot, 1] = _ANKLE_HEIGHT * body_height + np.where(steps, lift, 0.0)
    return feet, pelvis, yaw


def _knee_bends(
    timing: _Timing, choreography: Choreography, body_height: float
) -> tuple[np.ndarray, Any]:
    """Share of the bend, deepest on the first beat of the bar, and its depth in metres."""
    nearest = np.round(timing.position).astype(int)
    # Sharp dancers drop late.
    dip = (0.5 + 0.5 * np.cos(2 * np.pi * timing.position)) ** (1 + 3 * timing.sharpness)
    dip = dip * (0.15 + 0.85 * choreography.accent[nearest % len(choreography.accent)])
    return dip, timing.deeper * body_height * (0.008 + 0.05 * timing.vigour)


def _hips(
    feet: np.ndarray, pelvis: np.ndarray, frame: np.ndarray, drop: np.ndarray, body_height: float
) -> tuple[np.ndarray, np.ndarray]:
    """Hips (n, 2, 3) as high as both legs reach, less a drop, and the height of the pelvis."""
    hips = _HIP_WIDTH / 2 * body_height * frame[:, None, :, 0] * _SIDES[:, None]
    leg = 0.97 * (_THIGH + _SHANK) * body_height
    hips[..., ::2] += pelvis[:, None]
    across = np.sum((hips - feet)[..., ::2] ** 2, axis=-1)
    reach = _ANKLE_HEIGHT * body_height + np.sqrt(np.maximum(leg**2 - across, (0.6 * leg) ** 2))
    pelvis_y = (reach - hips[..., 1]).min(axis=1) - drop
    hips[..., 1] += pelvis_y[:, None]
    return hips, pelvis_y


def _legs(
    hips: np.ndarray, feet: np.ndarray, yaw: np.ndarray, body_height: float
) -> tuple[np.ndarray, np.ndarray]:
    """Knees and ankles that join hips and feet with legs of constant length."""
    thigh, shank = _THIGH * body_height, _SHANK * body_height
    way = feet - hips
    length = np.linalg.norm(way, axis=-1, keepdims=True)
    way = way / length
    length = np.clip(length, 0.2 * (thigh + shank), (1 - 1e-6) * (thigh + shank))
    outward = yaw[:, None] + 0.3 * _SIDES
    front = np.stack([np.sin(outward), np.zeros_like(outward), np.cos(outward)], axis=-1)
    front = front - np.sum(front * way, axis=-1, keepdims=True) * way
    front /= np.linalg.norm(front, axis=-1, keepdims=True)
    along = (thigh**2 - shank**2 + length**2) / (2 * length)
    knees = hips + along * way + np.sqrt(np.maximum(thigh**2 - along**2, 0)) * front
    return knees, hips + length * way


def _arms(timing: _Timing, choreography: Choreography, courses: Courses | None) -> np.ndarray:
    """Angles of the arms, (n, 2, 4)."""
    gesture = timing.gesture
    n_beats = len(choreography.accent)
    now, then = gesture % n_beats, (gesture + 1) % n_beats
    before, after = choreography.arms[now], choreography.arms[then]
    if courses is not None:
        number = np.arange(gesture.min(), gesture.max() + 2)
        danced = timing.danced(courses)
        of_ends = courses.curves | {"tempo": courses.tempo(courses.at)}
        poses = poses_in_time(
            choreography,
            number,
            *(
                np.interp(number + timing.delay, danced, of_ends[name])
                for name in ("vigour", "extent", "tempo")
            ),
        )
        before, after = poses[gesture - number[0]], poses[gesture + 1 - number[0]]
    return between(before, after, choreography.detour[then], timing.done)


def _upper_body(
    pelvis: np.ndarray, trunk: np.ndarray, head: np.ndarray, arms: np.ndarray, body_height: float
) -> tuple[np.ndarray, ...]:
    """Face (n, 5, 3), shoulders, elbows and wrists (n, 2, 3), from frames of trunk and head."""
    chest = pelvis + _TRUNK * body_height * trunk[..., 1]
    neck = chest + _NECK * body_height * trunk[..., 1]
    across_chest = _SHOULDER_WIDTH / 2 * body_height * trunk[:, None, :, 0]
    shoulders = chest[:, None] + across_chest * _SIDES[:, None]
    elbow, wrist = (body_height * p @ trunk.transpose(0, 2, 1) for p in arm_joints(arms))
    face = neck[:, None] + body_height * _FACE @ head.transpose(0, 2, 1)
    return face, shoulders, shoulders + elbow, shoulders + wrist


def _rotation(angle: np.ndarray, first: int, second: int) -> np.ndarray:
    """Matrices (n, 3, 3) that turn axis `first` towards axis `second`."""
    matrix = np.broadcast_to(np.eye(3), (len(angle), 3, 3)).copy()
    matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
    matrix[:, second, first] = np.sin(angle)
    matrix[:, first, second] = -np.sin(angle)
    return matrix


def _turn_x(angle: np.ndarray) -> np.ndarray:
    return _rotation(angle, 1, 2)


def _turn_y(angle: np.ndarray) -> np.ndarray:
    return _rotation(angle, 2, 0)


def _turn_z(angle: np.ndarray) -> np.ndarray:
    return _rotation(angle, 0, 1)
