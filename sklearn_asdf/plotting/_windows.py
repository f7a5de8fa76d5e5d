"""Keyframes and features of a whole take, as curves through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from ..functional.step_course import merge_steps
from ..motion.container import Motion
from ..performance import clip_duration_of, featurizer_input, featurizer_of, overlapping_clips

__all__ = ["FEATURES", "TakeWindows", "describe_take"]

FEATURES = ("weight", "time", "space", "flow", "shape")
# Steps of the curves in s.
_STEP_DURATION = 0.25


@dataclass(frozen=True)
class TakeWindows:
    """Keyframes and features of one take.

    `keyframes` are times in s; `edges`, of shape (n_steps + 1,), bound the steps, in s; `values`
    has the features by name, (n_steps,) each.
    """

    keyframes: np.ndarray
    edges: np.ndarray
    values: dict[str, np.ndarray]


def describe_take(pipeline: Any, take: Motion) -> TakeWindows:
    """Return keyframes and features of a take of one clip.

    The take is cut into clips of the training duration that overlap by at least half. Each step of
    0.25 s has the features of the keyframe window in which it lies, averaged over its clips with
    weights that fall from their middles to their borders.
    """
    duration = clip_duration_of(pipeline)
    clips, hop = overlapping_clips(take, duration)
    motion = featurizer_input(pipeline, clips)
    featurizer = featurizer_of(pipeline)
    groups = [group for group in ("effort", "shape") if group in featurizer.groups]
    edges = np.append(np.arange(0, take.duration - 1e-6, _STEP_DURATION), take.duration)
    middles = duration / 2 + np.arange(len(clips)) * hop
    keyframes = np.zeros(0)
    if motion.keyframes is not None:
        times = np.asarray(motion.keyframes) / motion.fps + (middles - duration / 2)[:, None]
        # A keyframe is that of the clip whose middle is nearest.
        nearest = np.abs(times[..., None] - middles).argmin(axis=2)
        keyframes = np.unique(np.round(times[nearest == np.arange(len(clips))[:, None]], 6))
    if not groups:
        return TakeWindows(keyframes, edges, {})
    steps = clone(featurizer).set_params(
        groups=groups, step_groups=groups, step_duration=_STEP_DURATION, scope="window"
    )
    table = np.asarray(steps.set_output(transform="default").fit(motion).transform(motion))
    names = [str(n) for n in steps.get_feature_names_out() if n.startswith("step0_")]
    values = table[:, -steps.n_steps_ * len(names) :].reshape(len(table), steps.n_steps_, -1)
    course = merge_steps(values, middles, duration).means(edges, n_points=1)
    curves = {name.removeprefix("step0_"): c for name, c in zip(names, course.T)}
    return TakeWindows(keyframes, edges, {n: curves[n] for n in FEATURES if n in curves})
