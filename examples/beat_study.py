"""
How well are tempo and beat of dances found?
============================================

Without training: the tempo of street dances, whose file names tell it (AIST++,
``gHO_sFM_cAll_d19_mHO0_ch01``), in windows of 8 s every 2 s and of whole dances, beside
`librosa.feature.tempo` on the rises of the joints' mean speed; and tempo and beats of synthetic
dances of every style. Learned: beats of ballroom dances (Dance with Melody) that were held out,
three folds by piece, and learned from five pieces, beside a metronome, and beside beats by strides
for which nothing but the tempi of these pieces is known::

    python examples/beat_study.py --street AIST --ballroom DANCE_WITH_MELODY --synthetic

`AIST` is a folder of ``.npz`` files of COCO-17 ``keypoints``; `DANCE_WITH_MELODY` holds the folders
``poses`` and ``audio``. F70 is the F-measure of beats within 70 ms, against the beats to which the
captures were normalized.
"""

from __future__ import annotations

import argparse
import itertools
import re
from pathlib import Path

import mir_eval
import numpy as np
import pandas as pd

from sklearn_asdf import DanceBeatTracker, KinematicsTransformer, PoseSmoother
from sklearn_asdf.datasets import load_folder, make_dance_music
from sklearn_asdf.io import read_poses
from sklearn_asdf.motion import estimate_tempo, track_beats

STYLES = ("rest", "hit", "offbeat", "bounce")
# AIST++: the first music of each genre, and the distance to the next one, in BPM.
HOUSE, OTHERS = (110, 5), (80, 10)


def right(tempo, true, tolerance=0.04, factors=(1,)):
    """Whether a tempo is within a tolerance of a true one, or of a multiple of it."""
    return any(abs(tempo / (true * f) - 1) <= tolerance for f in factors)


def f70(true, beats, duration):
    """F-measure of beats within 70 ms."""
    inside = [b[(b >= 0) & (b < duration)] for b in (np.asarray(true), np.asarray(beats))]
    return mir_eval.beat.f_measure(*inside)


def librosa_tempo(motion):
    """The field's tempo estimator on a curve of motion."""
    import librosa

    speed = np.linalg.norm(np.diff(motion.position[0], axis=0), axis=-1).mean(axis=-1)
    onsets = np.maximum(np.diff(speed, prepend=speed[:1]), 0)
    options = {"sr": motion.fps, "hop_length": 1, "start_bpm": 100, "ac_size": 8.0}
    return float(librosa.feature.tempo(onset_envelope=onsets, **options)[0])


def aist_tempo(name):
    """Tempo of the music that an AIST++ file name gives, in BPM."""
    genre, number = re.search(r"_m([A-Z]{2})(\d)", name).groups()
    first, step = HOUSE if genre == "HO" else OTHERS
    return first + step * int(number)


def street(folder):
    """Tempo without training, by windows and by whole dances."""
    rows = []
    for file in sorted(Path(folder).glob("*.npz")):
        motion, true = read_poses(file), aist_tempo(file.stem)
        for name, tempo_of in (
            ("estimate_tempo", lambda m: estimate_tempo(m).tempo),
            ("librosa, onsets of speed", librosa_tempo),
        ):
            windows = [tempo_of(motion[[0]])]
            whole = windows.pop()
            windows += [tempo_of(w) for w in motion.windows(8.0, 2.0)]
            rows.append(
                {
                    "method": name,
                    "dance": file.stem,
                    "windows": np.mean([right(t, true) for t in windows]),
                    "windows, octaves": np.mean(
                        [right(t, true, factors=(1, 2, 1 / 2, 3, 1 / 3)) for t in windows]
                    ),
                    "n": len(windows),
                    "whole within 2 %": right(whole, true, 0.02),
                }
            )
    table = pd.DataFrame(rows)
    for column in ("windows", "windows, octaves"):
        table[column] *= table["n"]
    table = table.drop(columns="dance").groupby("method").sum()
    n_dances = len(rows) / 2
    table[["windows", "windows, octaves"]] = table[["windows", "windows, octaves"]].div(
        table.pop("n"), axis=0
    )
    table["whole within 2 %"] /= n_dances
    return table


def synthetic(seed, n_performances=18):
    """Tempo and beats of synthetic dances, without training and learned from other dances."""

    def dances(style, n, seed):
        return make_dance_music(
            n,
            n_performances=n,
            clip_duration=24.0,
            noise=0.005,
            styles=style,
            factors={"metre": np.resize([2, 3, 4], n)},
            random_state=seed,
        )

    known = dances(STYLES, 2 * n_performances, seed + 1)
    tracker = DanceBeatTracker(random_state=0).fit(known.poses, known.audio)
    rows = []
    for style in STYLES:
        data = dances(style, n_performances, seed)
        for i, true in enumerate(data.beats):
            untrained = track_beats(data.poses[[i]])
            learned = track_beats(data.poses[[i]], tracker=tracker)
            rows.append(
                {
                    "style": style,
                    "tempo": right(untrained.tempo, data.factors["tempo"].iloc[i]),
                    "F70 untrained": f70(true, untrained.beats, 24.0),
                    "F70 learned": f70(true, learned.beats, 24.0),
                    "downbeats": f70(data.downbeats[i], learned.downbeats, 24.0),
                }
            )
    return pd.DataFrame(rows).groupby("style").mean()


def ballroom(folder, draws, seed=0):
    """Beats of dances that were held out: three folds, and learned from five pieces."""
    folder = Path(folder)
    data = load_folder(folder, hop_duration=2.0)
    kinematics = KinematicsTransformer(scale="body")
    clips = kinematics.fit_transform(PoseSmoother().fit_transform(data.poses))
    whole, spacing = [], []
    for name in data.names:
        # A beat is a fixed number of the captures' frames, the first one on a beat.
        file = folder / "poses" / f"{name}.npz"
        spacing.append(float(np.load(file)["seconds_per_beat_audio"]))
        take = PoseSmoother().fit_transform(read_poses(file).resample(30.0))
        whole.append(kinematics.fit_transform(take))

    def row(name, train, test):
        inside = np.isin(data.groups, train)
        tracker = DanceBeatTracker(random_state=0).fit(clips[inside], data.audio[inside])
        by_strides = {"tempi": tracker.tempi_, "strides": True, "tightness": 10_000.0}
        ways = {name: {"tracker": tracker}, f"{name}, by strides": by_strides}
        for i, (way, options) in itertools.product(test, ways.items()):
            duration = whole[i].duration
            true = np.arange(0, duration, spacing[i])
            track = track_beats(whole[i], **options)
            bpm = 60 / spacing[i]
            yield {
                "learned from": way,
                "F70": f70(true, track.beats, duration),
                "F70 metronome": f70(true, np.arange(0.25, duration, 0.5), duration),
                "tempo": right(track.tempo, bpm),
                "tempo, octaves": right(track.tempo, bpm, factors=(1, 2, 1 / 2)),
            }

    rng = np.random.RandomState(seed)
    order = rng.permutation(len(whole))
    rows = []
    for test in np.array_split(order, 3):
        rows += row("other pieces, 3 folds", np.setdiff1d(order, test), test)
    for _ in range(draws):
        train = rng.permutation(len(whole))[:5]
        rows += row("five pieces", train, np.setdiff1d(order, train))
    return pd.DataFrame(rows).groupby("learned from").mean()


def main():
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--street", help="folder of AIST++ files")
    parser.add_argument("--ballroom", help="folder of Dance with Melody")
    parser.add_argument("--synthetic", action="store_true", help="synthetic dances of every style")
    parser.add_argument("--draws", type=int, default=10, help="draws of five pieces")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.street:
        print(street(options.street).round(3).to_string(), "\n", flush=True)
    if options.synthetic:
        print(synthetic(options.seed).round(3).to_string(), "\n", flush=True)
    if options.ballroom:
        table = ballroom(options.ballroom, options.draws, options.seed)
        print(table.round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
