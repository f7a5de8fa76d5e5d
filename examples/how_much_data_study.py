"""
How many dances does a model need?
==================================

This study fits the default preset to more and more performances, and scores each model on the same
held-out performances, beside a metronome and the real music::

    python examples/how_much_data_study.py --poses POSES --audio AUDIO --out study

`POSES` and `AUDIO` are two folders for `load_folder`; without them, only synthetic dances are
studied. It writes `DATA_size.csv`: `beat` is the F-measure (70 ms) of the beats of the generated
music against those of the real music, `tempo error` the mean difference of their tempi in BPM, and
`found` the share of dances whose own clip a judge ranks first, who knows all training performances.
The same command gives the same numbers on the same machine.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_asdf import make_dance_pipeline
from sklearn_asdf.datasets import load_folder, make_dance_music
from sklearn_asdf.metrics import DanceMusicJudge, beat_f70, music_beats, retrieval


def split(data, n_held_out, n_each, seed):
    """Return training performances in random order, and clips of those that are held out."""
    order = np.random.default_rng(seed).permutation(np.unique(data.groups))
    rows = []
    for group in order[:n_held_out]:
        own = np.flatnonzero(data.groups == group)
        rows += own[np.unique(np.linspace(0, len(own) - 1, n_each).round().astype(int))].tolist()
    test = Bunch(poses=data.poses[rows], audio=data.audio[rows], groups=data.groups[rows])
    return order[n_held_out:], test


def score(music, test, judge, seed):
    """Return the scores of music for the held-out dances."""
    heard = [music_beats(np.asarray(clips), sr=test.audio.sr) for clips in (test.audio, music)]
    (true_beats, true_tempo), (beats, tempo) = heard
    found = retrieval(judge, test.poses, music, test.groups, random_state=seed)
    return {
        "beat": beat_f70(true_beats, beats),
        "tempo error": np.abs(true_tempo - tempo).mean(),
        "found": found["r1"],
        "p": found["p"],
    }


def learning_curve(name, data, train, test, sizes, options):
    """Write the scores, one row for each number of training performances, and the real music's."""
    every = np.isin(data.groups, train)
    judge = DanceMusicJudge().fit(data.poses[every], data.audio[every])
    rows, real = {}, score(test.audio, test, judge, options.seed)
    for size in sizes:
        start = time.perf_counter()
        some = np.isin(data.groups, train[:size])
        pipe = make_dance_pipeline(random_state=options.seed)
        pipe.fit(data.poses[some], data.audio[some])
        features = pipe[:-1].transform(test.poses)
        music = pipe[-1].sample_y(features, temperature=0.1, random_state=options.seed)[..., 0]
        rows[size] = score(music, test, judge, options.seed)
        table = pd.DataFrame(rows | {"real music": real}).T.rename_axis("learned from")
        table.to_csv(options.out / f"{name}_size.csv", float_format="%.3f")
        print(f"  {size:3} performances  {time.perf_counter() - start:.0f} s", flush=True)
    print(table.round(2).to_string(), flush=True)


def main():
    """Run the study."""
    parser = argparse.ArgumentParser(description="How many dances does a model need?")
    parser.add_argument("--poses", type=Path, help="folder of pose files")
    parser.add_argument("--audio", type=Path, help="folder of audio files of the same names")
    parser.add_argument("--out", type=Path, default=Path("study"))
    parser.add_argument("--only", choices=("folder", "synthetic"), help="one of the data sets")
    parser.add_argument("--sizes", type=int, nargs="*", help="numbers of training performances")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    # With little data, densities and trackers say what they leave out.
    warnings.simplefilter("ignore", UserWarning)
    studies = {}
    if options.poses is not None and options.only != "synthetic":
        data = load_folder(poses=options.poses, audio=options.audio, hop_duration=4.0)
        train, test = split(data, 12, 5, options.seed)
        studies["folder"] = data, train, test, options.sizes or (1, 5, len(train))
    if options.only != "folder":
        data = make_dance_music(
            240, n_performances=120, hop_duration=4.0, random_state=options.seed
        )
        train, test = split(data, 30, 2, options.seed)
        studies["synthetic"] = data, train, test, options.sizes or (1, 5, 30)
    for name, (data, train, test, sizes) in studies.items():
        print(f"{name}: {len(test.groups)} clips of held-out performances", flush=True)
        learning_curve(name, data, train, test, sizes, options)


if __name__ == "__main__":
    main()
