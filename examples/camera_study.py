"""
Does a model of motion capture play for videos?
===============================================

The default preset is fitted to ballroom dances in three dimensions (Dance with Melody). It composes
music for dances that were held out, given as motion capture, and as COCO-17 pixels from cameras
around the dancer, with perspective, a tilt and the jitter of a tracker::

    python examples/camera_study.py DANCE_WITH_MELODY
    python examples/camera_study.py DANCE_WITH_MELODY --other dance.bvh.gz dance.npz
    python examples/camera_study.py DANCE_WITH_MELODY --tracker
    python examples/camera_study.py DANCE_WITH_MELODY --composed

`DANCE_WITH_MELODY` holds the folders ``poses`` and ``audio``. F70 is the F-measure, within 70 ms,
of the beats that librosa finds in the composed music, against those that the captures tell;
retrieval is the mean reciprocal rank of a dance's own music under a judge that was fitted to the
training dances.
`--tracker` scores the beats that `DanceBeatTracker` finds in all dances instead, three folds by
piece; nothing is composed. `--composed` scores the music that is composed for the captures
themselves, three folds by piece, by the beats that librosa and that `analyze` find in it. `--other`
are dances of other skeletons: for each, the tempo of its music and the largest sample.
"""

from __future__ import annotations

import argparse

import mir_eval
import numpy as np
import pandas as pd
from soundtrack_study import librosa_beats

from sklearn_asdf import DanceBeatTracker, Motion, make_dance_pipeline
from sklearn_asdf.datasets import load_folder
from sklearn_asdf.functional.view import project
from sklearn_asdf.io import read_poses
from sklearn_asdf.metrics import DanceMusicJudge, retrieval
from sklearn_asdf.motion.skeletons import get_skeleton
from sklearn_asdf.music.analysis import analyze
from sklearn_asdf.performance import find_beats, perform

COCO = get_skeleton("coco17")
# Direction, height and distance (in the unit of the captures, cm) of the cameras.
CAMERAS = {
    "in front": {"azimuth": 0.0, "elevation": 5.0, "distance": 700.0},
    "aside, tilted": {"azimuth": 50.0, "elevation": 3.0, "distance": 600.0, "roll": 8.0},
    "from the side": {"azimuth": 90.0, "elevation": 8.0, "distance": 900.0},
}
# Pixels of a centimetre, and of the jitter of a tracker.
SCALE, JITTER = 2.0, 2.0
HOP = 4.0  # s


def coco17(motion):
    """The joints of COCO-17 in three dimensions; eyes, ears and nose are around the head."""
    of = motion.skeleton.index
    place = {j: motion.position[:, :, of(j)] for j in COCO.joints if motion.skeleton.find(j)}
    across = place["left_shoulder"] - place["right_shoulder"]
    across = across * [1, 0, 1]
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    ahead = np.cross(across, [0.0, 1.0, 0.0])
    head = motion.position[:, :, of("head")]
    face = {"nose": (9, 0), "eye": (8, 3), "ear": (0, 7)}
    for joint in COCO.joints[:5]:
        side, _, part = joint.rpartition("_")
        forward, aside = face[part]
        sign = {"left": 1, "right": -1}.get(side, 0)
        place[joint] = head + forward * ahead + sign * aside * across
    return np.stack([place[j] for j in COCO.joints], axis=2)


def filmed(motion, camera, rng):
    """A dance as a tracker finds it in the pictures of a camera."""
    image = project(coco17(motion), scale=SCALE, **camera)
    image += np.array([960.0, 540.0]) + rng.normal(scale=JITTER, size=image.shape)
    return Motion(image.astype(np.float32), fps=motion.fps, skeleton=COCO)


def f70(true, found, duration):
    """F-measure of beats within 70 ms."""
    return mir_eval.beat.f_measure(*(b[(b >= 0) & (b < duration)] for b in (true, found)))


def study(folder, n_test, seed=0, n_videos=3):
    """Fit to some pieces; return the model and scores of the others by camera.

    Each camera makes several videos, with other errors of the tracker; the first is for retrieval.
    """
    data = load_folder(folder, hop_duration=HOP / 2)
    order = np.random.RandomState(seed).permutation(len(data.names))
    test = order[:n_test]
    # The twelfth and further pieces of the permutation are trained on, whatever `n_test`.
    train = np.isin(data.groups, order[max(n_test, len(order) // 3) :])
    pipe = make_dance_pipeline(random_state=seed).fit(data.poses[train], data.audio[train])
    judge = DanceMusicJudge().fit(data.poses[train], data.audio[train])
    rng, sr = np.random.RandomState(seed), int(data.audio.sr)
    rows, clips = [], {}
    for piece in test:
        name = data.names[piece]
        file = f"{folder}/poses/{name}.npz"
        take = read_poses(file).resample(30.0)
        # A capture begins on a beat, at this time of its recording, s.
        offset = float(np.load(file)["first_beat_offset_s"])
        true = np.arange(0, take.duration, float(np.load(file)["seconds_per_beat_audio"]))
        own = np.flatnonzero(data.groups == piece)
        recorded = [("motion capture", None, 0)]
        recorded += [(c, o, video) for c, o in CAMERAS.items() for video in range(n_videos)]
        for camera, options, video in recorded:
            dance = take if options is None else filmed(take, options, rng)
            sound = perform(pipe, dance, temperature=None).audio
            found = librosa_beats(sound, sr)
            tempo, expected = (60 / np.median(np.diff(b)) for b in (found, true))
            rows.append(
                {
                    "camera": camera,
                    "F70": f70(true, found, take.duration),
                    "tempo": abs(tempo / expected - 1) < 0.04,
                }
            )
            if video:
                continue
            size = data.audio.shape[1]
            for at, row in zip(data.starts[own], own):
                start = round((at - offset) * sr)
                if 0 <= start <= len(sound) - size:
                    clips.setdefault(camera, []).append((row, sound[start : start + size]))
    table = pd.DataFrame(rows).groupby("camera", sort=False).mean()
    for camera, found in clips.items():
        kept = [row for row, _ in found]
        scores = retrieval(
            judge,
            data.poses[kept],
            np.stack([sound for _, sound in found]),
            data.groups[kept],
            random_state=0,
        )
        table.loc[camera, ["retrieval", "p"]] = scores["mrr"], scores["p"]
    kept = [row for row, _ in clips["motion capture"]]
    real = retrieval(judge, data.poses[kept], data.audio[kept], data.groups[kept], random_state=0)
    table.loc["(real music)", ["retrieval", "p"]] = real["mrr"], real["p"]
    table.loc["(chance)", "retrieval"] = real["chance_mrr"]
    return pipe, table


def composed(folder, seed=0):
    """F70 of the beats of dances, and of the music composed for them, three folds by piece."""
    data = load_folder(folder, hop_duration=HOP / 2)
    sr, rows = int(data.audio.sr), []
    order = np.random.RandomState(seed).permutation(len(data.names))
    for fold, test in enumerate(np.array_split(order, 3)):
        train = ~np.isin(data.groups, test)
        pipe = make_dance_pipeline(random_state=seed).fit(data.poses[train], data.audio[train])
        for name in (data.names[piece] for piece in test):
            file = f"{folder}/poses/{name}.npz"
            take = read_poses(file).resample(30.0)
            true = np.arange(0, take.duration, float(np.load(file)["seconds_per_beat_audio"]))
            row = {"fold": fold, "dance": f70(true, find_beats(pipe, take).beats, take.duration)}
            for title, temperature in (("predicted", None), ("at .1", 0.1)):
                sound = perform(pipe, take, temperature=temperature, random_state=seed).audio
                readings = {"librosa": librosa_beats(sound, sr)}
                readings["analyze"] = analyze(sound, sr=sr).beats
                for reader, found in readings.items():
                    row[f"{title}, {reader}"] = f70(true, found, take.duration)
            rows.append(row)
    table = pd.DataFrame(rows)
    return pd.concat([table.groupby("fold").mean(), table.mean().drop("fold").to_frame("all").T])


def trackers(folder, seed=0):
    """F70 of the beats that trackers of other pieces find in each dance, by camera."""
    data = load_folder(folder, hop_duration=HOP / 2)
    stages = make_dance_pipeline(random_state=seed)[:3]
    clips = stages.fit_transform(data.poses)
    rng = np.random.RandomState(0)
    dances = []
    for name in data.names:
        file = f"{folder}/poses/{name}.npz"
        take = read_poses(file).resample(30.0)
        true = np.arange(0, take.duration, float(np.load(file)["seconds_per_beat_audio"]))
        seen = {k: filmed(take, camera, rng) for k, camera in CAMERAS.items()}
        dances.append((true, {"motion capture": take, **seen}))
    order = np.random.RandomState(0).permutation(len(dances))
    rows = []
    for fold in range(3):
        train = ~np.isin(data.groups, order[fold::3])
        ways = {
            "vertical": DanceBeatTracker(random_state=seed),
            "vertical and horizontal": DanceBeatTracker(random_state=seed, horizontal=True),
        }
        for way, tracker in ways.items():
            tracker.fit(clips[train], data.audio[train])
            for true, cameras in (dances[i] for i in order[fold::3]):
                for camera, dance in cameras.items():
                    (track,) = tracker.track(stages.transform(dance))
                    score = f70(true, track.beats, dance.duration)
                    rows.append({"movements": way, "camera": camera, "F70": score})
    return pd.DataFrame(rows).pivot_table("F70", "movements", "camera", sort=False)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("folder", help="folder of Dance with Melody")
    parser.add_argument("--test", type=int, default=10, help="pieces that are held out")
    parser.add_argument("--videos", type=int, default=3, help="videos of each camera")
    parser.add_argument("--other", nargs="*", default=[], help="dances of other skeletons")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tracker", action="store_true", help="beats that are tracked alone")
    parser.add_argument("--composed", action="store_true", help="music of all dances, three folds")
    options = parser.parse_args()
    if options.composed:
        print(composed(options.folder, options.seed).round(3).to_string(), flush=True)
        return
    if options.tracker:
        print(trackers(options.folder, options.seed).round(3).to_string(), flush=True)
        return
    pipe, table = study(options.folder, options.test, options.seed, options.videos)
    print(table.round(3).to_string(), flush=True)
    for path in options.other:
        dance = read_poses(path)
        played = perform(pipe, dance[[0]])
        beats = librosa_beats(played.audio, played.sr)
        level = 20 * np.log10(np.sqrt(np.mean(np.square(played.audio))))
        print(
            f"{path}: {dance.n_joints} joints in {dance.n_axes} axes, {dance.duration:.1f} s; "
            f"music of {len(played.audio) / played.sr:.1f} s, "
            f"{60 / np.median(np.diff(beats)):.0f} BPM, {level:.1f} dB, "
            f"largest sample {np.abs(played.audio).max():.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
