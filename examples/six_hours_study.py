"""
Six hours of music
==================

The default preset is fitted to hours of music that stay on disk, saved, loaded, and used for a new
dance, in one piece and live. Each part runs in a process of its own, which tells the processor time
that it took and the most memory that it held::

    python examples/six_hours_study.py --hours 6 --music DATA/ballet_music DATA/recordings \
        --pairs DATA/dance_with_melody --out docs/results/six_hours.csv

`--pairs` is a folder with ``poses`` and ``audio``, motion capture and its music. The files of
`--music` are real music without dances: synthetic dances are put beside them, cut to their length.
The other hours are synthetic dances with synthetic music. Without both, everything is synthetic.

Recordings are WAV files of 16 bits and poses arrays of 32 bits, both memory-mapped. The clips (8 s,
one every second) take no memory of their own: ``MotionClips`` and ``AudioClips`` cut them when
they are needed.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SR, FPS = 22050, 30.0
# Minutes of the performances, in turn.
MINUTES = (4, 8, 12, 30)


def write_take(folder, number, poses, y):
    """Store a performance: poses (n_frames, 17, 2) and samples."""
    import soundfile

    n = min(len(poses) / FPS, len(y) / SR)
    np.save(folder / f"{number:04d}.npy", poses[: int(n * FPS)].astype(np.float32))
    y = np.clip(y[: int(n * SR)], -1, 1)
    soundfile.write(folder / f"{number:04d}.wav", y, SR, subtype="PCM_16")
    return n / 3600


def synthetic(minutes, seed):
    """Return poses and music of one performance."""
    from sklearn_asdf.datasets import make_dance_music

    data = make_dance_music(n_clips=1, clip_duration=60.0 * minutes, random_state=seed)
    return np.asarray(data.poses)[0], data.audio.recordings[0]


def captured(folder):
    """Yield poses as COCO-17 in two dimensions, and music, of the pairs of a folder."""
    from sklearn_asdf.io import read_poses
    from sklearn_asdf.motion.skeletons import get_skeleton
    from sklearn_asdf.music.clips import load_audio

    joints = get_skeleton("coco17").joints
    for path in sorted((folder / "poses").glob("*.npz")):
        take = read_poses(path).resample(FPS)
        poses = np.full((take.n_frames, len(joints), 2), np.nan, np.float32)
        for i, joint in enumerate(joints):
            name = "head" if joint == "nose" else joint
            if take.skeleton.find(name):
                poses[:, i] = take.position[0, :, take.skeleton.index(name), :2]
        yield poses, load_audio(folder / "audio" / f"{path.stem}.ogg", sr=SR)


def prepare(folder, hours, music, pairs):
    """Write performances until there are enough hours of music."""
    from sklearn_asdf.music.clips import load_audio

    found = {"motion capture with its music": 0.0, "real music": 0.0, "synthetic": 0.0}  # h
    number, seed = 0, 0

    def add(kind, poses, y):
        nonlocal number
        if sum(found.values()) < hours and len(y) > 10 * SR:
            found[kind] += write_take(folder, number, poses, y)
            number += 1

    for pair in captured(pairs) if pairs else ():
        add("motion capture with its music", *pair)
    for path in sorted(p for source in music for p in source.glob("*.ogg")):
        y = load_audio(path, sr=SR)
        seed += 1
        add("real music", synthetic(len(y) / SR / 60 + 0.01, seed)[0], y)
    while sum(found.values()) < hours:
        left = 60 * (hours - sum(found.values()))
        add("synthetic", *synthetic(min(MINUTES[seed % len(MINUTES)], max(left, 0.5)), seed))
        seed += 1
    return {"performances": number} | {f"{kind}, h": round(h, 3) for kind, h in found.items()}


def clips_of(folder):
    """Return clips of the performances on disk."""
    from sklearn_asdf import AudioClips, MotionClips
    from sklearn_asdf.music.recording import Recording

    sounds = [Recording.memory_map(path, sr=SR) for path in sorted(folder.glob("*.wav"))]
    takes = [np.load(path, mmap_mode="r") for path in sorted(folder.glob("*.npy"))]
    audio = AudioClips.from_recordings(sounds, sr=SR)
    poses = MotionClips.from_takes(takes, fps=FPS)
    # Rounding may leave one clip more of one of them.
    keep = [
        min(n, m) for n, m in zip(np.bincount(audio.groups), np.bincount(poses.groups), strict=True)
    ]
    rank = [np.arange(len(x)) - np.searchsorted(x.groups, x.groups) for x in (poses, audio)]
    poses, audio = (
        x[np.flatnonzero(r < np.take(keep, x.groups))]
        for x, r in zip((poses, audio), rank, strict=True)
    )
    return poses, audio


def fit(folder):
    """Fit the default preset stage by stage, which is what `fit` of the pipeline does."""
    from sklearn_asdf import make_dance_pipeline, save

    poses, audio = clips_of(folder)
    found = {"clips": len(audio)}
    pipe = make_dance_pipeline(random_state=0)
    X = poses
    for name, stage in pipe.steps:
        start = time.process_time()
        if name == "music":
            stage.fit(X, audio)
        elif stage != "passthrough":
            X = stage.fit_transform(X, audio)
        found[f"fit {name}"] = time.process_time() - start
        print(f"{name}: {found[f'fit {name}']:.1f} s, {memory():.0f} MB", flush=True)
    start = time.process_time()
    save(pipe, folder / "model.zip")
    found["save"] = time.process_time() - start
    found["size of the model, MB"] = (folder / "model.zip").stat().st_size / 1e6
    return found


def dance(folder):
    """Load the model, and let it play for a dance that it has not seen."""
    from sklearn_asdf import Motion, load
    from sklearn_asdf.live import StreamingDancer
    from sklearn_asdf.performance import perform

    found = {}
    start = time.process_time()
    model = load(folder / "model.zip")
    found["load"] = time.process_time() - start
    take = Motion(synthetic(1.0, seed=123_456)[0][None], fps=FPS)
    start = time.process_time()
    model.predict(take.frames(0, 240))
    found["first prediction"] = time.process_time() - start
    start = time.process_time()
    piece = perform(model, take, random_state=0)
    found["music for a minute of dance"] = time.process_time() - start
    assert np.isfinite(piece.audio).all()
    assert piece.audio.any()
    live = StreamingDancer(model, random_state=0)
    steps, sounds = [], []
    for pose in take.position[0, : int(30 * FPS)]:
        start = time.process_time()
        frames = live.feed(pose)
        if frames:
            steps.append(time.process_time() - start)
            sounds += [frame.audio for frame in frames]
    # The first step compiles and reads what the others use.
    found |= {"live, median step": float(np.median(steps)), "live, first step": steps[0]}
    found["live, longest later step"] = max(steps[1:])
    assert np.concatenate(sounds).any()
    return found


def memory():
    """Most memory that this process has held, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def run_part(part, folder, **options):
    """Run a part in its own process; return what it found."""
    done = folder / f"{part}.json"
    if part == "prepare" and done.exists():
        return json.loads(done.read_text())
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
    for name, value in options.items():
        values = value if isinstance(value, list) else [value]
        command += [f"--{name}", *map(str, values)] if value else []
    start = time.perf_counter()
    subprocess.run(command, check=True)
    found = json.loads(done.read_text())
    return found | {"by the clock": time.perf_counter() - start}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--music", nargs="*", type=Path, default=[], help="folders of real music")
    parser.add_argument("--pairs", type=Path, help="folder of motion capture with music")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the performances are stored; those that are there are used again",
    )
    parser.add_argument("--out", type=Path, help="CSV file to write")
    parser.add_argument("--part", choices=["prepare", "fit", "dance"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        parts = {
            "prepare": lambda: prepare(args.folder, args.hours, args.music, args.pairs),
            "fit": lambda: fit(args.folder),
            "dance": lambda: dance(args.folder),
        }
        start = time.process_time()
        found = parts[args.part]()
        found |= {"all together": time.process_time() - start, "peak memory, MB": memory()}
        (args.folder / f"{args.part}.json").write_text(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        options = {"hours": args.hours, "music": args.music, "pairs": args.pairs}
        rows = []
        for part in ("prepare", "fit", "dance"):
            found = run_part(part, folder, **(options if part == "prepare" else {}))
            for what, value in found.items():
                rows.append((part, what, f"{value:.3f}".rstrip("0").rstrip(".")))
    for row in rows:
        print(*row, sep="\t")
    if args.out:
        with args.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("Part", "What (in s of processor time, if no unit is given)", "Value"))
            writer.writerows(rows)


if __name__ == "__main__":
    main()
