"""Keyframes and features of a whole take, window by window."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..motion.container import Motion
from ..performance import clip_duration_of, featurizer_input, featurizer_of

__all__ = ["FEATURES", "TakeWindows", "describe_take"]

FEATURES = ("weight", "time", "space", "flow", "shape")


@dataclass(frozen=True)
class TakeWindows:
    """Keyframes and features of one take.

    `keyframes` are times in s; `edges`, of shape (n_windows + 1,), bound the windows, in s;
    `values` has the features by name, (n_windows,) each, NaN if there is no value.
    """

    keyframes: np.ndarray
    edges: np.ndarray
    values: dict[str, np.ndarray]


def describe_take(pipeline: Any, take: Motion) -> TakeWindows:
    """Return keyframes and features of a take of one clip.

    The take is cut into clips of the training duration, without overlap. The last clip ends with
    the take; only its windows after the previous clip are kept.
    """
    size = round(clip_duration_of(pipeline) * take.fps)
    starts = list(range(0, take.n_frames - size + 1, size))
    if starts[-1] + size < take.n_frames:
        starts.append(take.n_frames - size)
    clips = Motion.concatenate([take.frames(start, start + size) for start in starts])
    motion = featurizer_input(pipeline, clips)
    featurizer = featurizer_of(pipeline)
    table = np.asarray(featurizer.transform(motion))
    columns = {name: i for i, name in enumerate(featurizer.get_feature_names_out())}
    names = [name for name in FEATURES if f"window1_{name}" in columns]
    keyframes, edges, windows = [], [0.0], []
    whole_clips = featurizer.scope == "clip"
    for row, start, found in zip(table, starts, motion.keyframes):
        described = edges[-1]
        times = (start + np.asarray(found)) / take.fps
        keyframes += times[times >= described].tolist()
        bounds = (start + np.array([0, size])) / take.fps if whole_clips else times
        for window, (left, right) in enumerate(pairwise(bounds.tolist()), 1):
            if right <= described:
                continue
            # Between the last keyframe of a clip and the first of the next nothing was measured.
            if left > edges[-1]:
                edges.append(left)
                windows.append([np.nan] * len(names))
            edges.append(right)
            windows.append([float(row[columns[f"window{window}_{name}"]]) for name in names])
    values = np.array(windows).reshape(-1, len(names)).T
    return TakeWindows(np.unique(np.round(keyframes, 6)), np.array(edges), dict(zip(names, values)))
