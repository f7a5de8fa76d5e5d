"""
Does music without pairs follow the dance?
==========================================

Music is played for dances that the mapping, which ships with the package, has not seen, and which
have not been seen with this music: of three folds of pieces, the music of two is played for the
dances of the third (`make_soundtrack`). Beside it the default preset, which learns from the pairs
of the same two folds, and baselines::

    python examples/soundtrack_study.py DANCE_WITH_MELODY --folds 0 1 2 --default

`DANCE_WITH_MELODY` holds the folders ``poses`` and ``audio``. F70 is the F-measure of beats within
70 ms of whole pieces, by librosa in both, near 100 BPM; r is the correlation of the level with that
of the real music within each piece; retrieval asks a judge, fitted to the pairs of the two folds,
which of the dances of the fold a clip was made for.
"""

from __future__ import annotations

import argparse
import time

import librosa
import mir_eval
import numpy as np
import pandas as pd

from sklearn_asdf import (
    AudioClips,
    Motion,
    make_dance_pipeline,
    make_soundtrack,
)
from sklearn_asdf.datasets import load_folder
from sklearn_asdf.metrics import (
    DanceMusicJudge,
    curve_correlations,
    key_clarity,
    pulse_clarity,
    retrieval,
)
from sklearn_asdf.music.analysis import analyze
from sklearn_asdf.performance import perform

CLIP, HOP, CLIPS_EACH = 8.0, 2.0, 10


def whole_takes(data):
    """Each dance as one clip, and its music from the moment at which it begins."""
    takes, music = [], []
    for k in range(len(data.names)):
        rows = np.flatnonzero(data.groups == k)
        position = data.poses.position[rows]
        new = round(HOP * data.poses.fps)
        whole = np.concatenate([position[0], *(clip[-new:] for clip in position[1:])])
        takes.append(Motion(whole[None], fps=data.poses.fps, skeleton=data.poses.skeleton))
        first = data.audio.starts[rows[0]]
        n_samples = round(len(whole) / data.poses.fps * data.audio.sr)
        music.append(np.asarray(data.audio.recordings[k])[first : first + n_samples])
    return takes, music


def f70(true, found, duration):
    """F-measure of beats within 70 ms."""
    inside = [b[(b >= 0) & (b < duration)] for b in (np.asarray(true), np.asarray(found))]
    return mir_eval.beat.f_measure(*inside)


def clips_of(takes, music, sr):
    """Evenly spaced clips of whole dances, and of the music at the same times."""
    poses, sounds, index, starts, groups = [], [], [], [], []
    for k, (take, y) in enumerate(zip(takes, music)):
        last = min(take.duration, len(y) / sr) - CLIP
        for start in np.linspace(0, max(last, 0), CLIPS_EACH):
            frame = round(start * take.fps)
            poses.append(take.position[0, frame : frame + round(CLIP * take.fps)])
            index.append(k)
            starts.append(min(round(start * sr), len(y) - round(CLIP * sr)))
            groups.append(k)
        sounds.append(y)
    motion = Motion(np.stack(poses), fps=takes[0].fps, skeleton=takes[0].skeleton)
    return motion, AudioClips(sounds, index, starts, round(CLIP * sr), sr=sr), np.array(groups)


def librosa_beats(sound, sr):
    """Beats that librosa finds in music, near 100 BPM."""
    found = analyze(sound, sr=sr)
    return librosa.beat.beat_track(
        onset_envelope=found.onset_strength,
        sr=sr,
        hop_length=found.hop_length,
        start_bpm=100.0,
        trim=False,
        units="time",
    )[1]


def score(takes, real, made, judge, sr, seed):
    """Scores of the music made for the dances of a fold."""
    durations = [len(y) / sr for y in real]
    beats = [(librosa_beats(y, sr), librosa_beats(m, sr)) for y, m in zip(real, made)]
    curves = curve_correlations(real, made, sr=sr, random_state=seed)
    poses, audio, groups = clips_of(takes, made, sr)
    _, real_audio, _ = clips_of(takes, real, sr)
    found = retrieval(judge, poses, audio, groups, random_state=seed)
    row = {
        "F70": np.mean([f70(a, b, d) for (a, b), d in zip(beats, durations)]),
        "level r": curves.loc["level", "r"],
        "p of r": curves.loc["level", "p"],
        "onsets r": curves.loc["onset_density", "r"],
        "brightness r": curves.loc["brightness", "r"],
        "found": found["r1"],
        "p of found": found["p"],
    }
    for name, clarity in (("key", key_clarity), ("pulse", pulse_clarity)):
        ours, theirs = clarity(audio), clarity(real_audio)
        row[name] = np.median(ours)
        row[f"{name} above quartile"] = np.mean(ours >= np.quantile(theirs, 0.25))
    return row


def study(data, test, options):
    """Rows of one fold."""
    takes, music = whole_takes(data)
    sr = data.audio.sr
    train = np.setdiff1d(np.arange(len(takes)), test)
    rows = np.flatnonzero(np.isin(data.groups, train))
    reference = data.poses[rows], data.audio[rows]
    dances, real = [takes[k] for k in test], [music[k] for k in test]
    corpus = data.audio[rows]
    judge = DanceMusicJudge(fps=data.poses.fps, sr=sr).fit(*reference)
    began = time.process_time()
    made = [
        make_soundtrack(
            dance, corpus, memory=options.memory, loudness=None, random_state=options.seed
        )[0].audio
        for dance in dances
    ]
    yield "no pairs", score(dances, real, made, judge, sr, options.seed)
    print(f"  no pairs: {time.process_time() - began:.0f} s of processor time", flush=True)
    metronome = []
    for y in real:
        click = np.zeros(len(y), np.float32)
        for start in range(0, len(y) - 400, sr // 2):
            click[start : start + 400] = np.sin(np.arange(400) * 0.3) * np.linspace(1, 0, 400)
        metronome.append(click)
    yield "metronome", score(dances, real, metronome, judge, sr, options.seed)
    yield "real", score(dances, real, real, judge, sr, options.seed)
    if options.default:
        began = time.process_time()
        pipe = make_dance_pipeline(random_state=options.seed).fit(*reference)
        made = [perform(pipe, dance, random_state=options.seed).audio for dance in dances]
        yield "default, learned from pairs", score(dances, real, made, judge, sr, options.seed)
        print(f"  default: {time.process_time() - began:.0f} s of processor time", flush=True)


def main():
    """Print the table of each fold, and the mean."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("folder", help="folder of Dance with Melody")
    parser.add_argument("--folds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--default", action="store_true", help="learn from pairs, too")
    parser.add_argument("--memory", help="folder in which analyzed music is kept")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = load_folder(options.folder, hop_duration=HOP)
    folds = np.array_split(np.random.default_rng(options.seed).permutation(len(data.names)), 3)
    tables = []
    for fold in options.folds:
        table = pd.DataFrame(dict(study(data, folds[fold], options))).T
        print(f"fold {fold}\n{table.round(3).to_string()}\n", flush=True)
        tables.append(table)
    print(f"mean\n{(sum(tables) / len(tables)).round(3).to_string()}")


if __name__ == "__main__":
    main()
