"""The groups of features that `LMAFeaturizer` offers, by name.

A group is a function of a :class:`WindowContext`. It returns its columns by name, of shape
(n_clips, n_windows) or, for groups of whole clips, (n_clips,); NaN where nothing was seen. Columns
whose joints the skeleton lacks are left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..functional import fluidity, geometry, lma, periodicity
from ..functional.kinematics import magnitude
from ..functional.tempo import RATIOS, tempo_alternatives, tempo_curves, tempo_likelihood
from ..functional.windows import reduce_windows
from .window_context import PARTS, Columns, WindowContext

__all__ = ["CLIP_GROUPS", "TEMPI", "WINDOW_GROUPS"]

# In BPM: half an octave and less apart, over the tempi of dances.
TEMPI = (50, 60, 70, 80, 95, 110, 130, 150, 175, 210)
# Speed in L/s below which a part counts as still.
_STILL = 0.02


def effort(context: WindowContext) -> Columns:
    """Return Weight, Time, Space and Flow (eqs. 2 to 5)."""
    windows, weights = (context.start, context.stop), context.weights
    of = context.kinematics
    return {
        "weight": lma.effort_weight(of("velocity"), *windows, weights["weight"]),
        "time": lma.effort_time(of("acceleration"), *windows, weights["time"]),
        "space": lma.effort_space(
            context.motion.position, *windows, weights["space"], space=context.space
        ),
        "flow": lma.effort_flow(of("jerk"), *windows, weights["flow"]),
    }


def shape(context: WindowContext) -> Columns:
    """Return Shape (eq. 6)."""
    weights = context.weights["shape"]
    used = np.flatnonzero(weights)
    curvature = context.kinematics("curvature")[:, :, used]
    return {"shape": lma.shape_directional(curvature, context.start, context.stop, weights[used])}


def timing(context: WindowContext) -> Columns:
    """Return start and duration of the windows in s."""
    fps = context.motion.fps
    return {"start": context.start / fps, "duration": (context.stop - context.start) / fps}


def energy(context: WindowContext) -> Columns:
    """Return quantity of motion, kinetic energy and the speed of the center of mass."""
    velocity = context.kinematics("velocity")
    center = np.stack(
        [context.curve(velocity[..., axis], context.masses) for axis in range(velocity.shape[-1])],
        -1,
    )
    return {
        "quantity_of_motion": context.mean(context.activity),
        "kinetic_energy": context.mean(context.energy),
        "centre_speed": context.mean(magnitude(center)),
    }


def smoothness(context: WindowContext) -> Columns:
    """Return the spectral arc length and the rate of jerk peaks."""
    fps = context.motion.fps
    floor = context.rounding * fps
    speed = np.where(context.activity > floor, context.activity, 0.0)
    pieces = fluidity.window_curves(speed, context.start, context.stop)
    jerk = np.where(context.jerk > context.rounding * fps**3, context.jerk, 0.0)
    return {
        "sparc": fluidity.sparc(pieces, fps=fps),
        "jerk_peaks": fluidity.jerk_peak_rate(jerk, context.start, context.stop, fps=fps),
    }


def suddenness(context: WindowContext) -> Columns:
    """Return the peak factor of the acceleration and the fastest increase of speed."""
    fps = context.motion.fps
    gain = np.zeros_like(context.activity)
    gain[:, 1:] = np.maximum(np.diff(context.activity, axis=1), 0.0) * fps
    floor = context.rounding * fps**2
    return {
        "suddenness": fluidity.peak_factor(
            context.acceleration, context.start, context.stop, floor=floor
        ),
        "impulse": context.reduce(gain, "max"),
    }


def posture(context: WindowContext) -> Columns:
    """Return size and spread of the body, and positions of hands, feet and hips."""
    columns = {name: context.mean(values) for name, values in context.size.items()}
    hands, feet, hips = (
        context.pair("wrist"),
        context.pair("ankle"),
        context.joint("left_hip", "right_hip"),
    )
    if hips is None:
        hips = context.joint("pelvis")
    if hands is not None:
        columns["hands_distance"] = context.mean(magnitude(hands[0] - hands[1]))
        if hips is not None:
            away = (magnitude(hands[0] - hips) + magnitude(hands[1] - hips)) / 2
            columns["hands_to_hips"] = context.mean(away)
            columns["hands_height"] = context.mean(context.height((hands[0] + hands[1]) / 2 - hips))
    if feet is not None:
        columns["feet_distance"] = context.mean(magnitude(feet[0] - feet[1]))
        if hips is not None:
            columns["hips_height"] = context.mean(context.height(hips - (feet[0] + feet[1]) / 2))
    return columns


def form(context: WindowContext) -> Columns:
    """Return hull area, contraction and sphericity of the body."""
    return {name: context.mean(values) for name, values in context.form.items()}


def symmetry(context: WindowContext) -> Columns:
    """Return the asymmetry of left and right in position and in speed."""
    skeleton = context.motion.skeleton
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
        frames = geometry.asymmetry(context.motion.position, pairs, lateral)
        columns["asymmetry"] = context.mean(frames)
    equal = np.full(len(pairs), 1 / len(pairs))
    left, right = (
        np.nan_to_num(context.mean(context.curve(context.speed[..., side], equal)))
        for side in pairs.T
    )
    both = left + right
    moving = both > context.rounding * context.motion.fps
    columns["speed_balance"] = np.divide(right - left, both, out=np.zeros_like(both), where=moving)
    return columns


def path(context: WindowContext) -> Columns:
    """Return the path of the hips: length, displacement, rise, sink, and the floor it covers."""
    hips, (start, stop) = context.hips, (context.start, context.stop)
    n_frames = hips.shape[1]
    first = np.clip(start, 0, n_frames - 1)
    last = np.clip(stop - 1, first, n_frames - 1)
    clip = np.arange(len(hips))[:, None]
    step = np.zeros_like(hips)
    step[:, :-1] = np.diff(hips, axis=1)
    climb = context.height(step)
    sides = _range(hips, start, stop)
    ground = np.arange(hips.shape[-1]) != context.vertical_axis[:, None, None]
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


def _range(values: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Largest minus smallest value of each window."""
    largest = reduce_windows(values, start, stop, how="max")
    return largest - reduce_windows(values, start, stop, how="min")


def level(context: WindowContext) -> Columns:
    """Return means of speed, energy and body size over the whole clip."""
    lengths = context.motion.lengths[:, None]
    whole = (np.zeros_like(lengths), lengths)

    inside = np.arange(context.motion.n_frames) < lengths
    ordered = np.sort(np.where(inside, context.activity, np.inf), axis=1)
    high = np.take_along_axis(ordered, np.maximum((lengths * 19) // 20 - 1, 0), axis=1)[:, 0]
    curves = {
        "log_speed": context.activity,
        "log_acceleration": context.acceleration,
        "log_jerk": context.jerk,
        "log_energy": context.energy,
    }
    curves |= {f"body_{name}": values for name, values in (context.size | context.form).items()}
    feet = context.joint("left_ankle", "right_ankle")
    if feet is not None:
        curves["hips_height"] = context.height(context.hips - feet)
        hands = context.joint("left_wrist", "right_wrist")
        if hands is not None:
            curves["hands_height"] = context.height(hands - context.hips)
    # The means of all curves at once.
    every = [np.tile(edge, (len(curves), 1)) for edge in whole]
    means = lma.mean_of_windows(np.concatenate(list(curves.values())), *every)
    columns = {}
    for name, mean in zip(curves, means.reshape(len(curves), -1)):
        columns[name] = np.log1p(mean) if name.startswith("log_") else mean
        if name == "log_speed":
            columns["log_peak_speed"] = np.log1p(high)
    columns["log_travel"] = np.log1p(magnitude(_range(context.hips, *whole))[:, 0])
    return columns


def rhythm(context: WindowContext) -> Columns:
    """Return tempo, its strength and those of its half and double, and the phase of the beat."""
    tempo = periodicity.motion_tempo(
        context.activity, fps=context.motion.fps, lengths=context.motion.lengths
    )
    names = ("tempo", "tempo_strength", "half_tempo_strength", "double_tempo_strength")
    return dict(zip((*names, "beat_cos", "beat_sin"), tempo.T))


def beat(context: WindowContext) -> Columns:
    """Return tempo and strength of the beat, and its phase in the middle of the clip."""
    tempo, strength, cosine, sine = periodicity.beat_tempo(
        context.beat, fps=context.motion.fps, lengths=context.motion.lengths
    ).T
    return {
        "beat_tempo": tempo,
        "beat_strength": strength,
        "mid_beat_cos": strength * cosine,
        "mid_beat_sin": strength * sine,
    }


def beat_alternatives(context: WindowContext) -> Columns:
    """Return how likely the tempo of group "beat" is beside others, and bars of three beats."""
    motion = context.motion
    tempo = periodicity.beat_tempo(context.beat, fps=motion.fps, lengths=motion.lengths)[:, 0]
    weights = np.zeros((motion.n_clips, 2, len(RATIOS)))
    for of_clip, bpm, position, length in zip(weights, tempo, motion.position, motion.lengths):
        if bpm > 0:
            curves = tempo_curves(position[:length], fps=motion.fps)
            of_clip[:] = tempo_alternatives(tempo_likelihood(curves, fps=motion.fps), bpm)
    names = ("half", "two_thirds", "own", "three_halves", "double")
    columns = {f"{n}_tempo_weight": w for n, w in zip(names, weights.sum(axis=1).T)}
    return columns | {"three_beat_weight": weights[:, 0].sum(axis=1)}


def sharpness(context: WindowContext) -> Columns:
    """Return logarithms of ratios that are large where movements are short and sudden."""
    lengths = context.motion.lengths[:, None]
    whole = (np.zeros_like(lengths), lengths)
    derivatives = [magnitude(context.kinematics(n)) for n in ("velocity", "acceleration", "jerk")]
    columns: Columns = {}
    for part, joints in {"body": (), **PARTS}.items():
        places = context.places(joints) if joints else list(range(context.motion.n_joints))
        if not places:
            continue
        equal = np.full(len(places), 1 / len(places))
        curves = [context.curve(values[..., places], equal) for values in derivatives]
        speed, acceleration, jerk = (
            np.nan_to_num(lma.mean_of_windows(curve, *whole)[:, 0]) for curve in curves
        )
        inside = np.arange(context.motion.n_frames) < lengths
        ordered = np.sort(np.where(inside, curves[0], np.inf), axis=1)
        high = np.take_along_axis(ordered, np.maximum((lengths * 19) // 20 - 1, 0), axis=1)[:, 0]
        # Of what hardly moves, the ratios of what is left would be those of noise.
        columns[f"{part}_peak"] = np.log((high + _STILL) / (speed + _STILL))
        columns[f"{part}_suddenness"] = np.log((acceleration + _STILL) / (speed + _STILL))
        columns[f"{part}_jerkiness"] = np.log((jerk + _STILL) / (acceleration + _STILL))
    return columns


def pulse(context: WindowContext) -> Columns:
    """Return the autocorrelation of the activity at each of ten tempi."""
    strength = periodicity.tempogram(
        context.activity, fps=context.motion.fps, tempi=TEMPI, lengths=context.motion.lengths
    )
    return {f"pulse_{tempo}bpm": column for tempo, column in zip(TEMPI, strength.T)}


WINDOW_GROUPS: dict[str, Callable[[WindowContext], Columns]] = {
    "effort": effort,
    "shape": shape,
    "timing": timing,
    "energy": energy,
    "fluidity": smoothness,
    "suddenness": suddenness,
    "posture": posture,
    "form": form,
    "symmetry": symmetry,
    "path": path,
}
CLIP_GROUPS: dict[str, Callable[[WindowContext], Columns]] = {
    "level": level,
    "periodicity": rhythm,
    "pulse": pulse,
    "sharpness": sharpness,
    "beat": beat,
    "beat_alternatives": beat_alternatives,
}
