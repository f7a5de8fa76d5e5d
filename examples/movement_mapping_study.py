"""
Which movement goes with which music?
=====================================

`UnpairedRegressor` begins with a mapping that ships with the package. This program learns it from
synthetic dances and their music, and writes it::

    python examples/movement_mapping_study.py sklearn_asdf/data/movement_mapping.json

Features of movement and descriptors of music are standardized, descriptors by their ranks. One
ridge regression for all steps and one for all clips map the former to the latter. The program
prints how well the mapping predicts the descriptors of further dances. Nothing but synthetic dances
is used.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_asdf import (
    KinematicsTransformer,
    LMAFeaturizer,
    PoseCanonicalizer,
    PoseSmoother,
    UnitEncoder,
)
from sklearn_asdf.datasets import make_dance_music

STEP_DURATION, SMOOTHING = 0.25, 2.0
# A speed x counts as log(x + offset), since what is felt as twice as fast is.
SPEED, ACCELERATION = 0.05, 0.5
FEATURES = {
    "speed": SPEED,
    "head_speed": SPEED,
    "hips_speed": SPEED,
    "hands_speed": SPEED,
    "feet_speed": SPEED,
    "acceleration": ACCELERATION,
    "hands_acceleration": ACCELERATION,
    "space": 0.0,
    "hands_height": 0.0,
    "hips_height": 0.0,
    "head_vertical": 0.0,
    "hips_vertical": 0.0,
    "hands_vertical": 0.0,
    "feet_vertical": 0.0,
}
PLACES = [name for name in FEATURES if name.endswith("_vertical")]
CHANNELS = ("level", "brightness", "onset_strength")
PENALTY = 0.1  # per row


def dances(n_performances, seed):
    """Features of steps, codes, and vigour of synthetic dances of all styles."""
    data = make_dance_music(
        5 * n_performances,
        n_performances=n_performances,
        hop_duration=4.0,
        courses=True,
        styles=("rest", "hit", "offbeat", "bounce"),
        noise=0.005,
        random_state=seed,
    )
    lma = LMAFeaturizer(
        groups=("effort",), step_duration=STEP_DURATION, step_groups=("effort", "moment")
    )
    describe = make_pipeline(
        PoseCanonicalizer(trend_duration=None),
        PoseSmoother(),
        KinematicsTransformer(scale="body"),
        lma.set_output(transform="pandas"),
    )
    table = describe.fit_transform(data.poses)
    n_steps = lma.n_steps_
    steps = np.stack([table[[f"step{i}_{f}" for f in FEATURES]] for i in range(n_steps)], axis=1)
    for i, (name, offset) in enumerate(FEATURES.items()):
        if offset:
            steps[..., i] = np.log(np.maximum(steps[..., i], 0.0) + offset)
        if name in PLACES:
            steps[..., i] -= steps[..., i].mean(axis=1, keepdims=True)
    encoder = UnitEncoder(step_duration=STEP_DURATION)
    code = encoder.fit_transform(data.audio)
    names = list(encoder.get_feature_names_out())[n_steps * len(CHANNELS) : -3]
    moving, vigour = [], []
    for clip, group in enumerate(data.groups):
        course = data.courses[group]
        at = data.starts[clip] + (np.arange(n_steps) + 0.5) * STEP_DURATION
        vigour.append(np.interp(at, course["time"], course["vigour"]))
        moving.append(np.interp(at, course["time"], course["moving"]) > 0.5)
    of_steps = code[:, : n_steps * len(CHANNELS)].reshape(len(code), n_steps, -1)
    of_clips = code[:, n_steps * len(CHANNELS) : -3]
    return steps, of_steps, of_clips, names, np.array(vigour), np.array(moving)


def scores(values):
    """Ranks of columns as values of a standard normal distribution."""
    return ndtri((rankdata(values, axis=0) - 0.5) / len(values))


def moments(values):
    """Mean and standard deviation of columns; at least 0.02."""
    return values.mean(axis=0), np.maximum(values.std(axis=0), 0.02)


def learn(features, target):
    """Ridge coefficients, scaled so that predictions have variance 1."""
    coefficients = Ridge(PENALTY * len(features), fit_intercept=False).fit(features, target).coef_.T
    spread = (features @ coefficients).std(axis=0)
    return coefficients / np.maximum(spread, 1e-9)


def standardized(steps, known):
    """Standardized features of steps, smoothed, and of clips."""
    smooth = np.clip((steps - known["step_mean"]) / known["step_scale"], -4, 4)
    smooth = gaussian_filter1d(smooth, SMOOTHING, axis=1, mode="nearest")
    clips = (steps.mean(axis=1) - known["clip_mean"]) / known["clip_scale"]
    return smooth, np.clip(clips, -4, 4)


def places():
    """Rows of the coefficients of heights in space."""
    return [list(FEATURES).index(name) for name in PLACES]


def main():
    """Learn, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("out", type=Path, help="file to write, .json")
    parser.add_argument("--performances", type=int, default=48)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    steps, of_steps, of_clips, names, vigour, moving = dances(options.performances, options.seed)
    known = dict(
        zip(("step_mean", "step_scale"), moments(steps[moving])),
        **dict(zip(("clip_mean", "clip_scale"), moments(steps.mean(axis=1)))),
    )
    by_step, by_clip = standardized(steps, known)
    target = scores(of_steps[moving]), scores(of_clips)
    coefficients = learn(by_step[moving], target[0]), learn(by_clip, target[1])

    more = dances(max(options.performances // 4, 2), options.seed + 1)
    new_steps, new_clips = standardized(more[0], known)
    for title, found, true, columns in (
        ("steps", new_steps[more[5]] @ coefficients[0], scores(more[1][more[5]]), CHANNELS),
        ("clips", new_clips @ coefficients[1], scores(more[2]), names),
    ):
        r = [np.corrcoef(a, b)[0, 1] for a, b in zip(found.T, true.T)]
        print(f"correlation with the descriptors of {title} of further dances")
        print(pd.Series(r, index=list(columns)).round(2).to_string())

    # Heights in space are added for dances in three dimensions alone.
    of_step, of_clip = (c.copy() for c in coefficients)
    of_step[places()] = of_clip[places()] = 0.0
    stored = {
        "about": "Written by examples/movement_mapping_study.py from synthetic dances",
        "features": list(FEATURES),
        "offset": list(FEATURES.values()),
        **{name: values.round(4).tolist() for name, values in known.items()},
        "channels": list(CHANNELS),
        "descriptors": names,
        "of_step": of_step.round(4).tolist(),
        "of_clip": of_clip.round(4).tolist(),
        "vigour_of_step": [
            round(float(np.corrcoef(vigour[moving], column)[0, 1]), 3) for column in target[0].T
        ],
        "vigour_of_clip": [
            round(float(np.corrcoef(vigour.mean(axis=1), column)[0, 1]), 3)
            for column in target[1].T
        ],
    }
    options.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    print(pd.DataFrame(of_step, index=list(FEATURES), columns=CHANNELS).round(2).to_string())


if __name__ == "__main__":
    main()
