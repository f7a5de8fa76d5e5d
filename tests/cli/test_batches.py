"""Folders in which something is wrong: what can be done is done, and the rest is reported."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf import Motion, load
from sklearn_asdf.datasets import load_folder
from sklearn_asdf.io import read_poses, write_poses

from .conftest import write_dancer
from .test_commands import run

soundfile = pytest.importorskip("soundfile")

TINY = ["--preset", "tiny", "--clip-duration", 2, "--n-keyframes", 4]


@pytest.fixture
def videos(tmp_path, scripted):
    """A folder with a video with sound, a silent one and a damaged one, of names with blanks."""
    place = tmp_path / "my videos"
    place.mkdir()
    write_dancer(place / "à la mer.mp4")
    write_dancer(place / "silent dance.mp4", sound=False)
    (place / "broken.mp4").write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(3000))
    return place


def names(folder, suffix):
    return sorted(p.stem for p in folder.glob(f"*{suffix}"))


def test_a_bad_video_is_skipped_and_the_rest_goes_on(videos, tmp_path, capsys, scripted):
    takes = tmp_path / "takes"
    said = run(capsys, "poses", videos, "--sound", "-o", takes, status=3)
    assert "skipped" in said.err
    assert "broken.mp4" in said.err
    assert "takes: 2 done, 1 skipped" in said.out
    # Poses of a silent video are kept.
    assert names(takes, ".npz") == ["silent dance", "à la mer"]
    assert names(takes, ".wav") == ["à la mer"]
    assert "silent video" in said.out
    n_found, written = len(scripted), (takes / "à la mer.npz").stat().st_mtime_ns
    again = run(capsys, "poses", videos, "--sound", "-o", takes, status=3)
    assert "takes: 0 done, 2 done before, 1 skipped" in again.out
    assert (takes / "à la mer.npz").stat().st_mtime_ns == written
    assert len(scripted) == n_found == 2
    # A sound that was deleted is written again, and the poses are not found again.
    (takes / "à la mer.wav").unlink()
    run(capsys, "poses", videos, "--sound", "-o", takes, status=3)
    assert names(takes, ".wav") == ["à la mer"]
    assert len(scripted) == n_found


def test_what_is_missing_is_said_before_the_first_is_worked_on(videos, tmp_path, capsys, scripted):
    takes = tmp_path / "takes"
    said = run(capsys, "poses", videos, "no.mp4", "nowhere", "-o", takes, status=2)
    assert "there is no 'no.mp4'" in said.err
    assert "there is no 'nowhere'" in said.err
    assert not takes.exists()
    assert not scripted


def test_poses_are_found_once(video, folder, model, tmp_path, capsys, scripted):
    run(capsys, "generate", model, video, "-o", tmp_path / "a.wav")
    assert len(scripted) == 1
    moved = tmp_path / "moved.mp4"
    shutil.move(video, moved)
    run(capsys, "report", model, moved, "-o", tmp_path / "a.html")
    run(capsys, "poses", moved, "-o", tmp_path / "takes")
    assert len(scripted) == 1
    # Another person is other poses.
    run(capsys, "generate", model, moved, "-o", tmp_path / "b.wav", "--person", 0)
    assert len(scripted) == 2


def test_a_folder_of_videos_is_learned_from(videos, folder, tmp_path, capsys):
    for take in ("dance0", "dance1", "dance2"):
        for suffix in (".npz", ".wav"):
            shutil.copy(folder / f"{take}{suffix}", videos)
    (videos / "short of poses.wav").write_bytes((folder / "dance3.wav").read_bytes())
    out = tmp_path / "m.zip"
    said = run(
        capsys, "fit", "--poses", videos, "--audio", videos, "-o", out, *TINY,
        "--held-out", 0, status=3,
    )  # fmt: skip
    # Three dances of 5 clips each, and a video of 4 s.
    assert "learning from 18 clips of 2 s of 4 dances" in said.out
    assert "skipped, see above: 'broken', 'silent dance'" in said.out
    assert "'short of poses.wav'" in said.err
    assert load(out)[0].n_joints_in_ == 17


def test_files_of_other_joints_are_named(folder, tmp_path, capsys):
    takes = tmp_path / "takes"
    shutil.copytree(folder, takes)
    other = np.cumsum(np.random.default_rng(0).normal(size=(1, 180, 33, 2)), axis=1)
    write_poses(Motion(other, fps=30), takes / "dance1.npz")
    out = tmp_path / "table.csv"
    said = run(capsys, "features", takes, "-o", out, "--clip-duration", 2)
    assert "the takes have different joints" in said.err
    assert "33 joints, mediapipe33, 2 axes" in said.err
    said = run(
        capsys, "fit", "--poses", takes, "--audio", takes, "-o", tmp_path / "m.zip", *TINY,
        "--held-out", 0, status=3,
    )  # fmt: skip
    assert "'dance1' is left out: expected all takes to have the same joints and axes" in said.err
    with pytest.raises(ValueError, match=r"33 joints \(mediapipe33\) in 2 axes in 'dance1'"):
        load_folder(takes)


def test_features_of_a_folder_skip_what_cannot_be_read(folder, tmp_path, capsys):
    takes = tmp_path / "takes"
    takes.mkdir()
    shutil.copy(folder / "dance0.npz", takes)
    (takes / "bad.npz").write_bytes(b"PK\x03\x04 no more")
    out = tmp_path / "table.csv"
    said = run(capsys, "features", takes, "-o", out, "--clip-duration", 2, status=3)
    assert "takes: 1 done, 1 skipped" in said.out
    assert set(pd.read_csv(out)["take"]) == {"dance0"}
    # Nothing is written of nothing.
    (takes / "dance0.npz").unlink()
    run(capsys, "features", takes, "-o", tmp_path / "none.csv", "--clip-duration", 2, status=2)
    assert not (tmp_path / "none.csv").exists()


@pytest.mark.parametrize("name", ["keypoints", "world"])
def test_what_was_learned_in_space_is_played(name, folder, tmp_path, capsys):
    """Poses in three dimensions, whatever the array is called, go through every command."""
    takes = tmp_path / "takes"
    takes.mkdir()
    for i in range(4):
        flat = read_poses(folder / f"dance{i}.npz").position[0]
        depth = np.sin(flat[..., :1] + flat[..., 1:])
        space = np.concatenate([flat, depth], axis=-1)
        arrays = {"keypoints": space} if name == "keypoints" else {"keypoints": flat, name: space}
        np.savez(takes / f"dance{i}.npz", fps=30, **arrays)
        shutil.copy(folder / f"dance{i}.wav", takes)
    model, take = tmp_path / "m.zip", takes / "dance0.npz"
    folders = ["--poses", takes, "--audio", takes]
    if name == "keypoints":
        run(capsys, "fit", *folders, "-o", model, *TINY, "--held-out", 0)
    else:
        from sklearn_asdf import make_dance_pipeline, save

        data = load_folder(takes, clip_duration=2.0, coordinates="world")
        pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
        save(pipe.fit(data.poses, data.audio), model)
    assert load(model)[0].n_axes_in_ == 3
    run(capsys, "generate", model, take, "-o", tmp_path / "a.wav")
    run(capsys, "report", model, take, "-o", tmp_path / "a.html")
    if name == "keypoints":
        run(capsys, "evaluate", model, *folders, "--hop-duration", 2)
    assert "17 joints (coco17) in 3 dimensions" in run(capsys, "info", model).out
    # The dance in a picture plays too.
    run(capsys, "generate", model, folder / "dance0.npz", "-o", tmp_path / "b.wav")
    heard, other = (soundfile.read(tmp_path / name)[0] for name in ("a.wav", "b.wav"))
    assert len(other) == len(heard)
    assert np.abs(other).max() > 0.05
