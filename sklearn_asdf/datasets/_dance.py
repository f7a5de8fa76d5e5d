"""Synthetic dance of a stick figure: choreography, body, camera and tracker, as pure functions.

Metres; x to the viewer's right, y up, z towards the viewer. Each function draws from the generator
that it is given, always the same number of times, so that the same performance with one factor
changed stays the same performance otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._clock import PHRASE_BARS, Clock
from ._courses import Courses

__all__ = [
    "FRAME_SIZE",
    "STYLES",
    "Choreography",
    "dance",
    "draw_choreography",
    "drop_joints",
    "project",
    "track",
]

FRAME_SIZE = (1280, 720)  # width and height of the picture in pixels

# Lengths as shares of the body height: Drillis and Contini (1966), as drawn by Winter (2009).
_ANKLE_HEIGHT, _SHANK, _THIGH = 0.039, 0.246, 0.245
_HIP_WIDTH, _TRUNK, _SHOULDER_WIDTH = 0.191, 0.288, 0.259
_UPPER_ARM, _FOREARM, _NECK = 0.186, 0.146, 0.052
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

_N_POSES, _BEATS_DRAWN = 8, 4
# A bar of the phrase: which motif, and whether left and right are exchanged.
_FORMS = ("AaBbAaCc", "AaAaBbCc", "AaBcAaBc", "ABabACac")
# Elevation from hanging, azimuth from the side to the front, flexion of the elbow, and the
# direction in which it bends (0 lifts the forearm, pi / 2 brings it inwards), in radians.
_ARM_SPREAD = np.array([0.9, 0.8, 0.7, 0.7])
_ARM_LOWEST = np.array([0.06, -0.5, 0.06, -0.6])
_ARM_HIGHEST = np.array([2.9, 1.7, 2.4, 2.0])
_LARGEST_SCALE = 3.0
# Accents are as vigorous as this, and more only in the music.
_MOST_VIGOUR = 1.4


@dataclass(frozen=True)
class Choreography:
    """What the dancer does on each beat of one phrase, which is then repeated.

    Parameters
    ----------
    arms : ndarray of shape (n_beats, 2, 4)
        Elevation, azimuth, elbow flexion and bending direction of the left and right arm on each
        beat, in radians.
    detour : ndarray of shape (n_beats, 2)
        How far each arm strays from the straight way on its way to the beat, as a share of it.
    accent : ndarray of shape (n_beats,)
        Weight of each beat in [0, 1]; 1 is the first of a bar.
    height : ndarray of shape (n_beats,)
        Height of the hands on each beat, standardised over the phrase: the melody follows it.
    deviation : ndarray of shape (n_beats, 2, 4)
        Deviation of the arms' angles on each beat from their mean, before it is scaled.
    """

    arms: np.ndarray
    detour: np.ndarray
    accent: np.ndarray
    height: np.ndarray
    deviation: np.ndarray


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


def accents(metre: int) -> np.ndarray:
    """Weight of each beat of a bar of two, three or four."""
    if metre == 2:
        return np.array([1.0, 0.35])
    return np.array([1.0, 0.3, 0.3]) if metre == 3 else np.array([1.0, 0.35, 0.65, 0.35])


def draw_choreography(rng: np.random.Generator, factors: Mapping[str, Any]) -> Choreography:
    """Draw key poses and order them into a phrase, scaled so that the hands have their speed."""
    metre = factors["metre"]
    pose = rng.uniform(-1, 1, (_N_POSES, 2, 4))
    symmetric = rng.random(_N_POSES) < 0.4
    opposed = ~symmetric & (rng.random(_N_POSES) < 0.5)
    pose[symmetric, 1] = pose[symmetric, 0]
    pose[opposed, 1] = -pose[opposed, 0]
    # Downbeats and other beats choose from different poses, so that each beat has a gesture.
    motifs = {
        name: np.r_[rng.integers(2), 2 + rng.permutation(_N_POSES - 2)[: _BEATS_DRAWN - 1]]
        for name in "abc"
    }
    form = _FORMS[rng.integers(len(_FORMS))]
    turn = rng.choice([-1.0, 1.0], (PHRASE_BARS, _BEATS_DRAWN, 2))

    bars = np.stack([motifs[name.lower()] for name in form])[:, :metre]
    deviation = pose[bars]
    mirrored = np.array([name.islower() for name in form])
    deviation[mirrored] = deviation[mirrored][:, :, ::-1]
    accent = np.tile(accents(metre), PHRASE_BARS)
    deviation = deviation.reshape(-1, 2, 4) * (0.6 + 0.8 * accent)[:, None, None]
    deviation = deviation - deviation.mean(axis=0)
    detour = turn[:, :metre].reshape(-1, 2) * (0.5 if factors["mode"] == "minor" else 0.0)

    center = _arm_center(factors["extent"])
    target = hand_speed(factors["vigour"]) * 60 / factors["tempo"]
    low, high = 0.0, _LARGEST_SCALE
    for _ in range(24):
        scale = (low + high) / 2
        arms = _key_poses(center, scale, deviation)
        low, high = (scale, high) if _hand_path(arms, detour) < target else (low, scale)
    hands = _arm(arms)[1][..., 1].mean(axis=-1)
    height = (hands - hands.mean()) / max(hands.std(), 1e-9)
    return Choreography(arms, detour, accent, height, deviation)


def _arm_center(extent: float | np.ndarray) -> np.ndarray:
    """Mean angles of the arms, (..., 4)."""
    extent = np.asarray(extent)
    center = [0.55 + 1.45 * extent, 0.6 - 0.3 * extent, 1.7 - 1.35 * extent]
    return np.stack([*center, np.full(extent.shape, 0.8)], axis=-1)


def _key_poses(center: np.ndarray, scale: Any, deviation: np.ndarray) -> np.ndarray:
    return np.clip(center + scale * _ARM_SPREAD * deviation, _ARM_LOWEST, _ARM_HIGHEST)


def _poses_in_time(
    choreography: Choreography, gestures: np.ndarray, vigour: Any, extent: Any, tempo: Any
) -> np.ndarray:
    """Angles of the arms at the end of numbered gestures, whose factors change, (n, 2, 4)."""
    scales = np.linspace(0.0, _LARGEST_SCALE, 25)
    extents = np.linspace(0.0, 1.0, 5)
    paths = np.array(
        [
            [
                _hand_path(_key_poses(c, scale, choreography.deviation), choreography.detour)
                for scale in scales
            ]
            for c in _arm_center(extents)
        ]
    )
    # Longer ways need larger gestures, until the joints reach their limits.
    paths = np.maximum.accumulate(paths, axis=1) + 1e-9 * np.arange(len(scales))
    target = hand_speed(np.minimum(vigour, _MOST_VIGOUR)) * 60 / tempo
    of_extent = np.array([np.interp(extent, extents, column) for column in paths.T]).T
    scale = np.array([np.interp(t, row, scales) for t, row in zip(target, of_extent)])
    deviation = choreography.deviation[gestures % len(choreography.accent)]
    return _key_poses(_arm_center(extent)[:, None], scale[:, None, None], deviation)


def hand_speed(vigour: float) -> float:
    """Mean speed of the hands about the shoulders, in body heights a second."""
    return 0.1 + 0.4 * vigour


def _hand_path(arms: np.ndarray, detour: np.ndarray) -> float:
    """Mean length of the hands' way from one beat to the next, in body heights."""
    share = np.linspace(0, 1, 9)[:, None]
    way = _between(np.roll(arms, 1, axis=0)[None], arms[None], detour[None], share)
    hands = _arm(way)[1]
    return np.linalg.norm(np.diff(hands, axis=0), axis=-1).sum(axis=0).mean()


def _between(
    before: np.ndarray, after: np.ndarray, detour: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Angles of the arms on the way from one pose to the next; `share` is the part done."""
    share = np.asarray(share)[..., None, None]
    step = after - before
    aside = np.zeros(np.broadcast_shapes(step.shape, share.shape))
    aside[..., 0], aside[..., 1] = -step[..., 1], step[..., 0]
    aside[..., 2] = np.hypot(step[..., 0], step[..., 1]) * np.sign(step[..., 2])
    aside *= detour[..., None] * np.sin(np.pi * share)
    return np.clip(before + share * step + aside, _ARM_LOWEST, _ARM_HIGHEST)


def _arm(angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Elbows and wrists from the shoulders, (..., 2, 3), in body heights, in the trunk's frame."""
    elevation, azimuth, flexion, bend = np.moveaxis(angles, -1, 0)
    sin_e, cos_e = np.sin(elevation), np.cos(elevation)
    sin_a, cos_a = np.sin(azimuth), np.cos(azimuth)
    upper = np.stack([sin_e * cos_a, -cos_e, sin_e * sin_a], axis=-1)
    lifting = np.stack([cos_e * cos_a, sin_e, cos_e * sin_a], axis=-1)
    inward = np.stack([-sin_a, np.zeros_like(sin_a), cos_a], axis=-1)
    hinge = np.cos(bend)[..., None] * lifting + np.sin(bend)[..., None] * inward
    fore = np.cos(flexion)[..., None] * upper + np.sin(flexion)[..., None] * hinge
    outward = np.stack([_SIDES, [1.0, 1.0], [1.0, 1.0]], axis=-1)
    elbow = _UPPER_ARM * upper * outward
    return elbow, elbow + _FOREARM * fore * outward


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
    extent, vigour, sharpness = (factors[name] for name in ("extent", "vigour", "sharpness"))
    idle_rate = rng.uniform(0.08, 0.3, 6)
    idle_phase = rng.uniform(0, 2 * np.pi, 6)
    path_phase = rng.uniform(0, 2 * np.pi, 2)
    path_turns = rng.integers(1, 3, 2)
    first_side = rng.choice([-1.0, 1.0])
    idle = np.sin(2 * np.pi * time[:, None] * idle_rate + idle_phase)

    position = clock.position(time)
    pace, delay, deeper = style_of(style, sharpness)
    if courses is not None:
        extent, vigour, sharpness = (courses(n, time) for n in ("extent", "vigour", "sharpness"))
        # Who has rested starts to move at once.
        rested = 1 - courses("moving", time - 60 / courses.tempo(time))
        sharpness = np.where(rested > 0, 0.0, sharpness)
        position = courses.clock.danced(position)
    gestured = position * pace - delay
    gesture = np.floor(gestured).astype(int)
    done = progress(gestured - gesture, sharpness)
    walked = position * pace
    beat = np.floor(walked).astype(int)
    # The whole body cannot be flung about as hands are: steps take longer.
    stepped = progress(walked - beat, 0.6 * sharpness)
    n_beats = len(choreography.accent)

    # Feet: one of them steps on each beat, about a center that travels and returns.
    at = np.arange(beat.min() - 2, beat.max() + 2)
    turns = 2 * np.pi * at[:, None] / n_beats * path_turns + path_phase
    wide = extent
    if courses is not None:
        # The factors of a step or gesture are those of the moment at which it ends.
        danced = courses.clock.danced(courses.clock.position(courses.at)) * pace
        wide = np.interp(at, danced, courses.curves["extent"])
    center = np.broadcast_to(0.08 + 0.17 * wide, at.shape)[:, None] * np.sin(turns) * [1.0, 0.6]
    bar_part = at / clock.metre % 2
    center[:, 0] += first_side * (0.05 + 0.2 * wide) * (1 - 2 * np.abs(bar_part - 1))
    yaw_at = 0.35 * np.sin(2 * np.pi * at / n_beats + path_phase[0])
    side = _SIDES[at % 2]
    stance = body_height * (0.17 + 0.16 * wide) / 2
    landing = center + (stance * side)[:, None] * np.stack(
        [np.cos(yaw_at), -np.sin(yaw_at)], axis=-1
    )
    weight_at = 0.64 * landing[1:] + 0.36 * landing[:-1]  # over the foot that has just landed

    k = beat - at[1]  # row of this beat in `weight_at`, of the one before in `landing`
    share = stepped[:, None]
    pelvis_xz = weight_at[k] + share * (weight_at[k + 1] - weight_at[k])
    yaw = yaw_at[k + 1] + stepped * (yaw_at[k + 2] - yaw_at[k + 1]) + 0.06 * idle[:, 0]
    feet = np.empty((len(time), 2, 3))
    moving = (beat + 1) % 2
    lift = body_height * (0.015 + 0.06 * vigour) * np.sin(np.pi * stepped) ** 2
    swing = landing[k] + share * (landing[k + 2] - landing[k])
    for foot in (0, 1):
        steps = moving == foot
        feet[:, foot, ::2] = np.where(steps[:, None], swing, landing[k + 1])
        feet[:, foot, 1] = _ANKLE_HEIGHT * body_height + np.where(steps, lift, 0.0)

    # Knees bend on the beat, deepest on the first of the bar; sharp dancers drop late.
    nearest = np.round(position).astype(int)
    dip = (0.5 + 0.5 * np.cos(2 * np.pi * position)) ** (1 + 3 * sharpness)
    dip = dip * (0.15 + 0.85 * choreography.accent[nearest % n_beats])
    depth = deeper * body_height * (0.008 + 0.05 * vigour)
    lean = _SIDES[beat % 2] * (1 - 2 * stepped)
    minor = factors["mode"] == "minor"
    pelvis_frame = _turn_y(yaw) @ _turn_z(-0.05 * lean * (0.5 + vigour))
    hips = _HIP_WIDTH / 2 * body_height * pelvis_frame[:, None, :, 0] * _SIDES[:, None]
    leg = 0.97 * (_THIGH + _SHANK) * body_height
    hips[..., ::2] += pelvis_xz[:, None]
    across = np.sum((hips - feet)[..., ::2] ** 2, axis=-1)
    reach = _ANKLE_HEIGHT * body_height + np.sqrt(np.maximum(leg**2 - across, (0.6 * leg) ** 2))
    pelvis_y = (reach - hips[..., 1]).min(axis=1) - depth * dip
    hips[..., 1] += pelvis_y[:, None]
    knees, ankles = _legs(hips, feet, yaw, body_height)

    # Arms, trunk and head.
    now, then = gesture % n_beats, (gesture + 1) % n_beats
    before, after = choreography.arms[now], choreography.arms[then]
    if courses is not None:
        number = np.arange(gesture.min(), gesture.max() + 2)
        of_ends = courses.curves | {"tempo": courses.tempo(courses.at)}
        poses = _poses_in_time(
            choreography,
            number,
            *(np.interp(number + delay, danced, of_ends[n]) for n in ("vigour", "extent", "tempo")),
        )
        before, after = poses[gesture - number[0]], poses[gesture + 1 - number[0]]
    arms = _between(before, after, choreography.detour[then], done)
    twist = 0.12 * (arms[:, 1, 0] - arms[:, 0, 0]) + 0.04 * idle[:, 1]
    pitch = (0.3 if minor else 0.03) + 0.6 * depth / body_height * dip + 0.03 * idle[:, 2]
    tilt = 0.06 * lean * (0.5 + vigour) + 0.03 * idle[:, 3]
    trunk = _turn_y(yaw + twist) @ _turn_x(pitch) @ _turn_z(tilt)
    nod = (0.35 if minor else -0.05) + 0.08 * idle[:, 4] + 0.1 * dip * vigour
    head = trunk @ _turn_y(0.25 * idle[:, 5]) @ _turn_x(nod)

    pelvis = np.stack([pelvis_xz[:, 0], pelvis_y, pelvis_xz[:, 1]], axis=-1)
    chest = pelvis + _TRUNK * body_height * trunk[..., 1]
    neck = chest + _NECK * body_height * trunk[..., 1]
    across_chest = _SHOULDER_WIDTH / 2 * body_height * trunk[:, None, :, 0]
    shoulders = chest[:, None] + across_chest * _SIDES[:, None]
    elbow, wrist = (body_height * part @ trunk.transpose(0, 2, 1) for part in _arm(arms))
    face = neck[:, None] + body_height * _FACE @ head.transpose(0, 2, 1)
    return np.concatenate(
        [face, shoulders, shoulders + elbow, shoulders + wrist, hips, knees, ankles], axis=1
    )


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


def project(
    position: np.ndarray, *, body_height: float, height_px: float, distance: float, aside: float
) -> np.ndarray:
    """Pixels (n_frames, n_joints, 2), y down, that a pinhole camera sees of joints in metres.

    The camera stands `distance` metres before the dancer, 1 m high and `aside` metres to the
    right; a body of `body_height` metres at that distance is `height_px` pixels tall.
    """
    scale = height_px * distance / body_height / (distance - position[..., 2])
    x = FRAME_SIZE[0] / 2 + scale * (position[..., 0] - aside)
    y = FRAME_SIZE[1] / 2 - scale * (position[..., 1] - 1.0)
    return np.stack([x, y], axis=-1)


def track(
    error_rng: np.random.Generator,
    jitter_rng: np.random.Generator,
    position: np.ndarray,
    *,
    noise: float,
) -> np.ndarray:
    """Add a tracker's errors: normal ones of standard deviation `noise`, and some jitter.

    Hands and feet err by half as much again; once in 200 joints and frames a joint is off by
    about six times as much.
    """
    n_frames, n_joints, _ = position.shape
    error = error_rng.standard_normal(position.shape)
    off = jitter_rng.random((n_frames, n_joints)) < 0.005
    unsure = np.ones(n_joints)
    unsure[[9, 10, 15, 16]] = 1.5
    return position + noise * error * (unsure * np.where(off, 6.0, 1.0))[..., None]


def drop_joints(
    rng: np.random.Generator, position: np.ndarray, *, dropout: float, run: float
) -> np.ndarray:
    """Put NaN for joints that the tracker loses for runs of on average `run` frames.

    Each joint is lost or seen by a two-state Markov chain whose stationary share is `dropout`.
    """
    n_frames, n_joints, _ = position.shape
    draw = rng.random((n_frames, n_joints))
    run = max(run, 1.0, dropout / (1 - dropout))
    lose, find = dropout / (1 - dropout) / run, 1 / run
    lost = np.empty((n_frames, n_joints), dtype=bool)
    lost[0] = draw[0] < dropout
    for i in range(1, n_frames):
        lost[i] = np.where(lost[i - 1], draw[i] >= find, draw[i] < lose)
    return np.where(lost[..., None], np.nan, position)
