"""
Does new sound follow the dance, and is it new?
===============================================

The preset ``"synthesis"``, sampled at a temperature of .1, for dances that were held out: scores of
:func:`~sklearn_asdf.metrics.evaluate`, rank correlations with the factors of synthetic dances, and
whether its training music is copied (:func:`~sklearn_asdf.metrics.data_copying`)::

    python examples/new_sound_study.py --synthetic
    python examples/new_sound_study.py --ballroom DANCE_WITH_MELODY

`DANCE_WITH_MELODY` holds the folders ``poses`` and ``audio``; the pieces are in three folds.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from dance_to_music_study import music_of, pooled, real_data, score, split

from sklearn_asdf import make_dance_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import data_copying

TEMPERATURE = 0.1
# Training clips of ballroom music begin 2 s apart and have 8 s: every fourth one covers it once.
EVERY = 4


def examine(data, options, every):
    """Fit the preset to one fold; return its scores, and those of copying."""
    pipe = make_dance_pipeline("synthesis", random_state=options.seed)
    start = time.process_time()
    pipe.fit(*data.train)
    print(f"fitted in {time.process_time() - start:.0f} s of processor time", flush=True)
    table, _, _ = score(pipe, data, TEMPERATURE, None, options)
    copied = data_copying(
        np.asarray(music_of(pipe, data.poses, TEMPERATURE, options.seed)),
        np.asarray(data.train[1][::every]),
        np.asarray(data.audio),
        sr=data.audio.sr,
    )
    return table, copied


def synthetic(options, n_training=210, n_test=60):
    """Return one split of synthetic performances."""
    n = n_training + n_test
    data = make_dance_music(2 * n, n_performances=n, hop_duration=4.0, random_state=900)
    return [split(data, np.arange(n_test), np.arange(n_test, n), 2)]


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--synthetic", action="store_true", help="synthetic dances")
    parser.add_argument("--ballroom", type=Path, help="folder of Dance with Melody")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    # A density without a dance may have collapsed scales; the table says so.
    warnings.simplefilter("ignore", UserWarning)
    sets = {}
    if options.synthetic:
        sets["synthetic"] = (synthetic(options), 1)
    if options.ballroom:
        folders = {name: options.ballroom / name for name in ("poses", "audio")}
        wanted = SimpleNamespace(**folders, quick=False, held_out=12, seed=options.seed)
        sets["ballroom"] = (real_data(wanted)[1], EVERY)
    options.quick = False
    for name, (folds, every) in sets.items():
        tables, copied = zip(*(examine(fold, options, every) for fold in folds))
        print(name, pooled(list(tables)).T.round(3).to_string(), sep="\n")
        print(pd.DataFrame(copied).round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
