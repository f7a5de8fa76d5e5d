"""
Which style does a dance have, and does each style need its own music?
======================================================================

Styles of held-out dances by :class:`~sklearn_asdf.StyleRegressor` and the features of the default
preset, and the music of one model for all styles beside that of one model for each::

    python examples/style_study.py --street AIST --ballroom DANCE_WITH_MELODY
    python examples/style_study.py --ballroom DANCE_WITH_MELODY --music

`AIST` is a folder of ``.npz`` files of COCO-17 ``keypoints``, whose names begin with the style
(AIST++); each recording is held out once. `DANCE_WITH_MELODY` holds the folders ``poses`` and
``audio``; the pieces are in three folds. Music is predicted; `found` is the share of clips whose
own dance a judge ranks first, `mrr` the mean reciprocal rank.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold

from sklearn_asdf import Motion, StyleRegressor, make_dance_pipeline
from sklearn_asdf.datasets import load_folder
from sklearn_asdf.metrics import evaluate

N_FOLDS = 3
FPS_STREET = 30.0


def street(folder, duration, hop_duration=2.0):
    """Return clips of all recordings of a folder, their styles and recordings."""
    clips, styles, groups = [], [], []
    for number, file in enumerate(sorted(Path(folder).glob("*.npz"))):
        with np.load(file) as recording:
            take = Motion(recording["keypoints"][None], fps=FPS_STREET, skeleton="coco17")
        cut = take.windows(duration, hop_duration=hop_duration)
        clips.append(cut)
        styles += [file.name[1:3]] * len(cut)
        groups += [number] * len(cut)
    return Motion.concatenate(clips), np.array(styles), np.array(groups)


def told(poses, styles, groups, splits):
    """Return the true style and the one that is found of each held-out dance, and of its clips."""
    features = make_dance_pipeline(random_state=0)[:-1].set_output(transform="pandas")
    X = features.fit_transform(poses)
    rows = []
    for train, test in splits:
        model = StyleRegressor(DummyRegressor())
        model.fit(X.iloc[train], np.zeros(len(train)), style=styles[train], groups=groups[train])
        of_dance = model.predict_style(X.iloc[test], groups=groups[test])
        of_clip = model.predict_style(X.iloc[test])
        for group in np.unique(groups[test]):
            mine = groups[test] == group
            true = styles[test][mine][0]
            rows.append((true, of_dance[mine][0], np.mean(of_clip[mine] == true)))
    return pd.DataFrame(rows, columns=["style", "found", "clips right"])


def folds(styles, groups, seed):
    """Return three folds of whole pieces that have all styles."""
    cv = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    return list(cv.split(styles, styles, groups))


def models():
    """Return one model for all styles, one of codes for each, and one with music for each."""
    one = make_dance_pipeline(random_state=0)
    codes = clone(one).set_params(
        music__regressor=StyleRegressor(clone(one["music"].regressor)),
    )
    music = clone(one).set_params(music=StyleRegressor(clone(one["music"])))
    return {"one model": one, "a density for each style": codes, "a model for each style": music}


def music(data, styles, seed):
    """Return scores of the music of held-out dances, means over the folds."""
    tables = []
    for train, test in folds(styles, data.groups, seed):
        scores = {}
        for name, pipe in models().items():
            of_style = {"music__style": styles[train], "music__groups": data.groups[train]}
            known = (data.poses[train], data.audio[train])
            pipe.fit(*known, **({} if name == "one model" else of_style))
            table = evaluate(
                pipe,
                data.poses[test],
                data.audio[test],
                data.groups[test],
                reference=known,
                max_responses=8,
                random_state=seed,
            )
            scores[name], scores["real"] = table.loc["model"], table.loc["real"]
        tables.append(pd.DataFrame(scores).T)
    names = {"retrieval_r1": "found", "retrieval_mrr": "mrr", "log_gain": "gain"}
    return (sum(tables) / len(tables))[list(names)].rename(columns=names)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--street", help="folder of AIST++ files")
    parser.add_argument("--ballroom", help="folder of Dance with Melody")
    parser.add_argument("--music", action="store_true", help="compare music, not styles alone")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.street:
        for duration in (4.0, 6.0, 8.0):
            poses, styles, groups = street(options.street, duration)
            table = told(poses, styles, groups, LeaveOneGroupOut().split(styles, styles, groups))
            right = (table["style"] == table["found"]).mean()
            print(f"street dances, clips of {duration:g} s: {right:.2f} right\n{table.round(2)}")
    if options.ballroom:
        data = load_folder(options.ballroom, hop_duration=4.0)
        # DANCE_W_12: the letter is the style.
        styles = np.array([str(data.names[group]).split("_")[1] for group in data.groups])
        if options.music:
            print(music(data, styles, options.seed).astype(float).round(3).to_string())
        else:
            splits = folds(styles, data.groups, options.seed)
            table = told(data.poses, styles, data.groups, splits)
            right = (table["style"] == table["found"]).mean()
            counts = pd.crosstab(table["style"], table["found"])
            print(f"ballroom dances: {right:.2f} right\n{counts}")


if __name__ == "__main__":
    main()
