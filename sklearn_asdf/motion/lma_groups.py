"""The groups of features that `LMAFeaturizer` offers, by name.

A group is a function of a `Scene`: what is known of some clips, with what several groups need
computed once. It returns its columns by name, (n_clips, n_windows) or, for groups of whole clips,
(n_clips,); NaN is what cannot be told because nothing was seen. Columns whose joints the skeleton
lacks are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..functional import fluidity, geometry, lma, periodicity
from ..functional.frames import fill_curves
from ..functional.kinematics import magnitude
from ..functional.periodicity import rest_beat
from ..functional.windows import reduce_windows
from .container import Motion

__all__ = ["CLIP_GROUPS", "TEMPI", "WINDOW_GROUPS", "Columns", "Scene"]

Columns = dict[str, np.ndarray]

# Half an octave and less apart, over the tempi of dances.
TEMPI = (50, 60, 70, 80, 95, 110, 130, 150, 175, 210)


@dataclass
class Scene:
    """Clips, their windows, and what is computed of them on demand.

    Parameters
    ----------
    motion : Motion
        With velocity, acceleration, jerk and curvature.
    start, stop : ndarray of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    weights : dict of str to ndarray of shape (n_joints,)
        Weight of each joint in each of eqs. 2 to 6.
    space : str
        Which form of eq. 4.
    up : str or None
        Axis that points up, with a sign.
    """

    motion: Motion
    start: np.ndarray
    stop: np.ndarray
    weights: dict[str, np.ndarray]
    space: str
    up: str | None

    def kinematics(self, name: str) -> np.ndarray:
        """Velocity, acceleration, jerk or curvature, which all are there."""
        array: Any = getattr(self.motion, name)
        return array

    @cached_property
    def uniform(self) -> np.ndarray:
        """Equal weights of all joints."""
        return np.full(self.motion.n_joints, 1 / self.motion.n_joints)

    @cached_property
    def rounding(self) -> np.ndarray:
        """Largest rounding error of a coordinate in each clip, (n_clips, 1)."""
        largest = np.nan_to_num(np.abs(self.motion.position)).max(axis=(1, 2, 3))
        return 64 * np.finfo(self.motion.dtype).eps * largest.astype(float)[:, None]

    @cached_property
    def speed(self) -> np.ndarray:
        """Speed of each joint, (n_clips, n_frames, n_joints)."""
        return np.asarray(magnitude(self.kinematics("velocity")), dtype=float)

    def curve(self, values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Weighted mean over joints, bridged where no joint was seen, (n_clips, n_frames)."""
        weights = self.uniform if weights is None else weights
        values = np.asarray(values, dtype=float)
        nothing = np.isnan(values[..., weights > 0]).all(axis=-1)
        curve = lma.weighted_over_joints(values, weights)
        return fill_curves(np.where(nothing, np.nan, curve)) if nothing.any() else curve

    @cached_property
    def activity(self) -> np.ndarray:
        """Mean speed of all joints, (n_clips, n_frames)."""
        return self.curve(self.speed)

    @cached_property
    def beat(self) -> np.ndarray:
        """How near a beat each frame is, (n_clips, n_frames); at rest, where no stage told."""
        if self.motion.beat is not None:
            return np.asarray(self.motion.beat, dtype=float)
        return rest_beat(self.activity, fps=self.motion.fps, lengths=self.motion.lengths)

    @cached_property
    def acceleration(self) -> np.ndarray:
        """Mean magnitude of acceleration, with the weights of Time, (n_clips, n_frames)."""
        return self.curve(magnitude(self.kinematics("acceleration")), self.weights["time"])

    @cached_property
    def jerk(self) -> np.ndarray:
        """Mean magnitude of jerk, with the weights of Flow, (n_clips, n_frames)."""
        return self.curve(magnitude(self.kinematics("jerk")), self.weights["flow"])

    @cached_property
    def masses(self) -> np.ndarray:
        """Share of the body's mass that each joint carries."""
        skeleton = self.motion.skeleton
        return self.uniform if skeleton is None else skeleton.masses

    @cached_property
    def energy(self) -> np.ndarray:
        """Kinetic energy by body mass, (n_clips, n_frames)."""
        return self.curve(0.5 * self.speed**2, self.masses)

    @cached_property
    def body(self) -> np.ndarray:
        """Positions, in memory joint by joint: what is done with all joints is faster so."""
        position = np.moveaxis(self.motion.position, (-1, -2), (0, 1))
        return np.moveaxis(np.ascontiguousarray(position, dtype=float), (0, 1), (-1, -2))

    def joint(self, *names: str) -> np.ndarray | None:
        """Positions of the mean of joints, (n_clips, n_frames, n_axes), or None."""
        skeleton = self.motion.skeleton
        if skeleton is None or any(skeleton.find(name) is None for name in names):
            return None
        places = [self.body[:, :, skeleton.index(name)] for name in names]
        return sum(places[1:], start=places[0]) / len(places)

    def pair(self, part: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Positions of a part on the left and on the right, or None."""
        left, right = self.joint(f"left_{part}"), self.joint(f"right_{part}")
        return None if left is None or right is None else (left, right)

    @cached_property
    def hips(self) -> np.ndarray:
        """Centre of the hips, or of all joints, (n_clips, n_frames, n_axes), bridged."""
        skeleton = self.motion.skeleton
        spine = None if skeleton is None else skeleton.spine
        centre = None if spine is None else self.joint(*spine[0])
        if centre is None:
            axes = range(self.motion.n_axes)
            position = self.motion.position
            centre = np.stack([self.curve(position[..., a]) for a in axes], axis=-1)
        return np.moveaxis(fill_curves(np.moveaxis(centre, 1, -1)), -1, 1)

    @cached_property
    def upward(self) -> np.ndarray:
        """Unit vector that points up in each clip, (n_clips, n_axes)."""
        n_axes = self.motion.n_axes
        upward = np.zeros((self.motion.n_clips, n_axes))
        if self.up is not None:
            upward[:, min("xyz".index(self.up[-1]), n_axes - 1)] = -1 if self.up[0] == "-" else 1
            return upward
        head = self.joint("head")
        feet = self.joint("left_ankle", "right_ankle")
        if feet is None:
            feet = self.hips
        usual = min(1, n_axes - 1)
        if head is None:
            upward[:, usual] = 1
            return upward
        along = np.nan_to_num(head - feet).sum(axis=1)
        axis = np.abs(along).argmax(axis=1)
        sign = np.sign(np.take_along_axis(along, axis[:, None], axis=1)[:, 0])
        axis = np.where(sign == 0, usual, axis)
        upward[np.arange(len(axis)), axis] = np.where(sign == 0, 1, sign)
        return upward

    @cached_property
    def vertical_axis(self) -> np.ndarray:
        """Which axis is vertical in each clip, (n_clips,)."""
        return np.abs(self.upward).argmax(axis=1)

    def height(self, point: np.ndarray) -> np.ndarray:
        """Height of points, (n_clips, n_frames) from (n_clips, n_frames, n_axes)."""
        return (point * self.upward[:, None]).sum(axis=-1)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean over each window of what is known, (n_clips, n_windows)."""
        return lma.mean_of_windows(values, self.start, self.stop)

    def reduce(self, values: np.ndarray, how: str) -> np.ndarray:
        """Sum, largest or smallest of each window, (n_clips, n_windows)."""
        return reduce_windows(values, self.start, self.stop, how=how)

    @cached_property
    def sides(self) -> np.ndarray:
        """Sides of the box around the body in each frame, (n_clips, n_frames, n_axes)."""
        return geometry.extent(self.body)

    @cached_property
    def size(self) -> Columns:
        """How large the body is in each frame, (n_clips, n_frames)."""
        vertical = self.vertical_axis[:, None, None]
        across = np.arange(self.sides.shape[-1]) != vertical
        return {
            "height": (self.sides * ~across).sum(axis=-1),
            "width": magnitude(self.sides * across),
            "spread": geometry.spread(self.body),
        }

    @cached_property
    def form(self) -> Columns:
        """How filled and how round the body is in each frame, (n_clips, n_frames)."""
        position, sides = self.body, self.sides
        n_axes = self.motion.n_axes
        if n_axes < 2 or self.motion.n_joints < 3:
            return {}
        hull = geometry.convex_hull_area(position)
        pairs = [(i, j) for i in range(n_axes) for j in range(i)]
        box = sum(sides[..., i] * sides[..., j] for i, j in pairs) / len(pairs)
        filled = np.divide(hull, box, out=np.zeros_like(hull), where=box > 0)
        return {
            "hull_area": hull,
            "contraction": np.where(np.isnan(hull), hull, filled),
            "sphericity": geometry.sphericity(position),
        }


def effort(scene: Scene) -> Columns:
    """Return Weight, Time, Space and Flow (eqs. 2 to 5)."""
    motion, windows = scene.motion, (scene.start, scene.stop)
    used = {name: np.flatnonzero(weights) for name, weights in scene.weights.items()}

    def some(values: np.ndarray, name: str) -> tuple[np.ndarray, ...]:
        # Joints without weight need no arithmetic.
        return values[:, :, used[name]], *windows, scene.weights[name][used[name]]

    return {
        "weight": lma.effort_weight(*some(scene.kinematics("velocity"), "weight")),
        "time": lma.effort_time(*some(scene.kinematics("acceleration"), "time")),
        "space": lma.effort_space(*some(motion.position, "space"), space=scene.space),
        "flow": lma.effort_flow(*some(scene.kinematics("jerk"), "flow")),
    }


def shape(scene: Scene) -> Columns:
    """Return Shape (eq. 6)."""
    weights = scene.weights["shape"]
    used = np.flatnonzero(weights)
    curvature = scene.kinematics("curvature")[:, :, used]
    return {"shape": lma.shape_directional(curvature, scene.start, scene.stop, weights[used])}


def timing(scene: Scene) -> Columns:
    """Return when the window begins and how long it lasts, in s."""
    fps = scene.motion.fps
    return {"start": scene.start / fps, "duration": (scene.stop - scene.start) / fps}


def energy(scene: Scene) -> Columns:
    """Return quantity of motion, kinetic energy and the speed of the centre of mass."""
    velocity = scene.kinematics("velocity")
    centre = np.stack(
        [scene.curve(velocity[..., axis], scene.masses) for axis in range(velocity.shape[-1])], -1
    )
    return {
        "quantity_of_motion": scene.mean(scene.activity),
        "kinetic_energy": scene.mean(scene.energy),
        "centre_speed": scene.mean(magnitude(centre)),
    }


def fluidity_(scene: Scene) -> Columns:
    """Return spectral arc length and the rate of jerk peaks."""
    fps = scene.motion.fps
    floor = scene.rounding * fps
    speed = np.where(scene.activity > floor, scene.activity, 0.0)
    pieces = fluidity.window_curves(speed, scene.start, scene.stop)
    jerk = np.where(scene.jerk > scene.rounding * fps**3, scene.jerk, 0.0)
    return {
        "sparc": fluidity.sparc(pieces, fps=fps),
        "jerk_peaks": fluidity.jerk_peak_rate(jerk, scene.start, scene.stop, fps=fps),
    }


def suddenness(scene: Scene) -> Columns:
    """Return how far one moment's acceleration stands out, and the fastest gain of speed."""
    fps = scene.motion.fps
    gain = np.zeros_like(scene.activity)
    gain[:, 1:] = np.maximum(np.diff(scene.activity, axis=1), 0.0) * fps
    floor = scene.rounding * fps**2
    return {
        "suddenness": fluidity.peak_factor(
            scene.acceleration, scene.start, scene.stop, floor=floor
        ),
        "impulse": scene.reduce(gain, "max"),
    }


def posture(scene: Scene) -> Columns:
    """Return size and spread of the body, and where hands, feet and hips are."""
    columns = {name: scene.mean(values) for name, values in scene.size.items()}
    hands, feet, hips = (
        scene.pair("wrist"),
        scene.pair("ankle"),
        scene.joint("left_hip", "right_hip"),
    )
    if hips is None:
        hips = scene.joint("pelvis")
    if hands is not None:
        columns["hands_distance"] = scene.mean(magnitude(hands[0] - hands[1]))
        if hips is not None:
            away = (magnitude(hands[0] - hips) + magnitude(hands[1] - hips)) / 2
            columns["hands_to_hips"] = scene.mean(away)
            columns["hands_height"] = scene.mean(scene.height((hands[0] + hands[1]) / 2 - hips))
    if feet is not None:
        columns["feet_distance"] = scene.mean(magnitude(feet[0] - feet[1]))
        if hips is not None:
            columns["hips_height"] = scene.mean(scene.height(hips - (feet[0] + feet[1]) / 2))
    return columns


def form(scene: Scene) -> Columns:
    """Return hull area, contraction and sphericity of the body."""
    return {name: scene.mean(values) for name, values in scene.form.items()}


def symmetry(scene: Scene) -> Columns:
    """Return how far left and right differ in place and in speed."""
    skeleton = scene.motion.skeleton
    if skeleton is None or not skeleton.left_right:
        return {}
    pairs = skeleton.indices(skeleton.left_right)
    columns = {}
    lateral = [
        (skeleton.index(f"left_{part}"), skeleton.index(f"right_{part}"))
        for part in ("hip", "shoulder")
        if skeleton.find(f"left_{part}") and skeleton.find(f"right_{part}")
    ]
    if lateral:
        frames = geometry.asymmetry(scene.motion.position, pairs, lateral)
        columns["asymmetry"] = scene.mean(frames)
    left, right = (
        np.nan_to_num(scene.mean(scene.curve(scene.speed[..., pairs[:, side]], _equal(len(pairs)))))
        for side in (0, 1)
    )
    both = left + right
    moving = both > scene.rounding * scene.motion.fps
    columns["speed_balance"] = np.divide(right - left, both, out=np.zeros_like(both), where=moving)
    return columns


def _equal(n: int) -> np.ndarray:
    return np.full(n, 1 / n)


def path(scene: Scene) -> Columns:
    """Return the way of the hips: length, displacement, rise, sink, and the floor it covers."""
    hips, (start, stop) = scene.hips, (scene.start, scene.stop)
    n_frames = hips.shape[1]
    first = np.clip(start, 0, n_frames - 1)
    last = np.clip(stop - 1, first, n_frames - 1)
    clip = np.arange(len(hips))[:, None]
    step = np.zeros_like(hips)
    step[:, :-1] = np.diff(hips, axis=1)
    climb = scene.height(step)
    sides = reduce_windows(hips, start, stop, how="max") - reduce_windows(
        hips, start, stop, how="min"
    )
    ground = np.arange(hips.shape[-1]) != scene.vertical_axis[:, None, None]
    columns = {
        "travel": reduce_windows(magnitude(step), first, last),
        "displacement": magnitude(hips[clip, last] - hips[clip, first]),
        "rise": reduce_windows(np.maximum(climb, 0.0), first, last),
        "sink": reduce_windows(np.maximum(-climb, 0.0), first, last),
    }
    if hips.shape[-1] == 3:
        columns["floor_area"] = np.where(ground, sides, 1.0).prod(axis=-1)
    elif hips.shape[-1] == 2:
        columns["floor_width"] = np.where(ground, sides, 0.0).sum(axis=-1)
    return columns


def level(scene: Scene) -> Columns:
    """Return how vigorous and how large the whole clip is."""
    lengths = scene.motion.lengths[:, None]
    whole = (np.zeros_like(lengths), lengths)

    def mean(values: np.ndarray) -> np.ndarray:
        return lma.mean_of_windows(values, *whole)[:, 0]

    inside = np.arange(scene.motion.n_frames) < lengths
    ordered = np.sort(np.where(inside, scene.activity, np.inf), axis=1)
    high = np.take_along_axis(ordered, np.maximum((lengths * 19) // 20 - 1, 0), axis=1)[:, 0]
    columns = {
        "log_speed": np.log1p(mean(scene.activity)),
        "log_peak_speed": np.log1p(high),
        "log_acceleration": np.log1p(mean(scene.acceleration)),
        "log_jerk": np.log1p(mean(scene.jerk)),
        "log_energy": np.log1p(mean(scene.energy)),
    }
    shown = scene.size | scene.form
    columns |= {f"body_{name}": mean(values) for name, values in shown.items()}
    feet = scene.joint("left_ankle", "right_ankle")
    if feet is not None:
        columns["hips_height"] = mean(scene.height(scene.hips - feet))
        hands = scene.joint("left_wrist", "right_wrist")
        if hands is not None:
            columns["hands_height"] = mean(scene.height(hands - scene.hips))
    across = reduce_windows(scene.hips, *whole, how="max") - reduce_windows(
        scene.hips, *whole, how="min"
    )
    columns["log_travel"] = np.log1p(magnitude(across)[:, 0])
    return columns


def rhythm(scene: Scene) -> Columns:
    """Return tempo, its strength and those of its half and double, and the phase of the beat."""
    tempo = periodicity.motion_tempo(
        scene.activity, fps=scene.motion.fps, lengths=scene.motion.lengths
    )
    names = ("tempo", "tempo_strength", "half_tempo_strength", "double_tempo_strength")
    return dict(zip((*names, "beat_cos", "beat_sin"), tempo.T))


def beat(scene: Scene) -> Columns:
    """Return tempo and strength of the beat that was told, and its phase in mid-clip."""
    tempo, strength, cosine, sine = periodicity.beat_tempo(
        scene.beat, fps=scene.motion.fps, lengths=scene.motion.lengths
    ).T
    return {
        "beat_tempo": tempo,
        "beat_strength": strength,
        "mid_beat_cos": strength * cosine,
        "mid_beat_sin": strength * sine,
    }


def pulse(scene: Scene) -> Columns:
    """Return how strongly the activity repeats itself at each of ten tempi."""
    strength = periodicity.tempogram(
        scene.activity, fps=scene.motion.fps, tempi=TEMPI, lengths=scene.motion.lengths
    )
    return {f"pulse_{tempo}bpm": column for tempo, column in zip(TEMPI, strength.T)}


WINDOW_GROUPS: dict[str, Callable[[Scene], Columns]] = {
    "effort": effort,
    "shape": shape,
    "timing": timing,
    "energy": energy,
    "fluidity": fluidity_,
    "suddenness": suddenness,
    "posture": posture,
    "form": form,
    "symmetry": symmetry,
    "path": path,
}
CLIP_GROUPS: dict[str, Callable[[Scene], Columns]] = {
    "level": level,
    "periodicity": rhythm,
    "pulse": pulse,
    "beat": beat,
}
