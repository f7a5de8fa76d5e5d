"""What a command says of inputs that are not quite what they seem."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf import Motion
from sklearn_asdf.cli import main
from sklearn_asdf.io import read_poses, write_poses

from .conftest import write_dancer
from .test_commands import run

CUT_OFF = r"is cut off: (2\.9|3\.[01]) s came of the 4\.0 s that it announces"

soundfile = pytest.importorskip("soundfile")


def features(capsys, out, *takes, status=0):
    said = run(capsys, "features", *takes, "-o", out, "--clip-duration", 2, status=status)
    return said, pd.read_csv(out) if out.exists() else None


def test_another_frame_rate_than_the_files_own_is_told(folder, tmp_path, capsys):
    take, out = folder / "dance0.npz", tmp_path / "table.csv"
    said, table = features(capsys, out, take, "--fps", 60)
    # 6 s at 30 fps are 3 s at 60 fps.
    assert table["start"].tolist() == [0, 1]
    assert f"'{take}' has 30 frames per second, --fps 60 is used in place of it" in said.err
    # 29.97 and 30 are one rate.
    said, _ = features(capsys, out, take, "--fps", 29.97, "--force")
    assert said.err == ""


def test_the_size_of_a_picture_undoes_its_shares(tmp_path, capsys):
    t = np.arange(90)[:, None]
    joint = np.arange(33)
    y = 0.5 + 0.2 * np.sin(joint + t / 15)
    pose = np.stack([0.5 + 0.05 * np.cos(joint + t / 20), y, 0 * y, 0 * y + 0.9], axis=-1)
    (tmp_path / "take.json").write_text(json.dumps(pose.tolist()))
    out = tmp_path / "table.csv"
    told = "this distorts the dancer and changes the features: give --image-size WxH"
    said, shares = features(capsys, out, tmp_path / "take.json", "--fps", 30)
    assert told in said.err
    size = ("--image-size", "1920x1080", "--force")
    said, pixels = features(capsys, out, tmp_path / "take.json", "--fps", 30, *size)
    assert said.err == ""
    assert not np.allclose(pixels["window1_weight"], shares["window1_weight"], rtol=0.05)
    square = ("--image-size", "1000x1000", "--force")
    _, same = features(capsys, out, tmp_path / "take.json", "--fps", 30, *square)
    np.testing.assert_allclose(same["window1_weight"], shares["window1_weight"], rtol=1e-6)
    with pytest.raises(SystemExit):
        main(["features", str(tmp_path / "take.json"), "-o", str(out), "--image-size", "1920"])
    assert "expected width and height in pixels, such as 1920x1080" in capsys.readouterr().err


def test_a_person_that_is_not_there_is_refused(folder, tmp_path, capsys):
    out = tmp_path / "table.csv"
    said, table = features(capsys, out, folder / "dance0.npz", "--person", 4, status=2)
    assert "holds one person, but person 4 was asked for: choose 0" in said.err
    assert table is None
    _, table = features(capsys, out, folder / "dance0.npz", "--person", 0)
    assert len(table) == 5


def test_takes_of_one_name_are_told_apart(folder, tmp_path, capsys):
    motion = read_poses(folder / "dance0.npz")
    for place in ("a/d.npz", "b/d.npz", "b/e.npz", "b/d.csv"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        write_poses(motion, tmp_path / place)
    places = [tmp_path / "a" / "d.npz", tmp_path / "b" / "d.npz", tmp_path / "b" / "e.npz"]
    _, table = features(capsys, tmp_path / "one.csv", *places)
    assert table["take"].unique().tolist() == ["a/d", "b/d", "e"]
    # Two files of one folder have nothing but their suffix.
    places = [tmp_path / "b" / "d.npz", tmp_path / "b" / "d.csv"]
    _, table = features(capsys, tmp_path / "two.csv", *places)
    assert table["take"].unique().tolist() == [str(place) for place in places]


def test_tables_beside_the_dances_are_no_dances(folder, tmp_path, capsys):
    write_poses(read_poses(folder / "dance0.npz"), tmp_path / "dance.npz")
    write_poses(read_poses(folder / "dance0.npz"), tmp_path / "other.csv")
    (tmp_path / "scores.csv").write_text("method,retrieval_r1\nmodel,0.5\n")
    (tmp_path / "held_out.csv").write_text("performance,gain\ndance,0.5\n")
    # A second run finds the table of the first one.
    for force in ([], ["--force"]):
        _, table = features(capsys, tmp_path / "features.csv", tmp_path, *force)
        assert table["take"].unique().tolist() == ["dance", "other"]
    pytest.importorskip("pyarrow")
    table.to_parquet(tmp_path / "features.parquet")
    assert "a folder of 2 pose files, 0 videos" in run(capsys, "info", tmp_path).out


@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_a_silent_sound_is_told(suffix, tmp_path, capsys):
    place, sound = tmp_path / f"sound.{suffix}", np.zeros(22050)
    if suffix == "wav":
        soundfile.write(place, sound, 22050)
    else:
        av = pytest.importorskip("av")
        with av.open(str(place), "w") as out:
            stream = out.add_stream("aac", rate=22050, layout="mono")
            frame = av.AudioFrame.from_ndarray(sound[None].astype("f4"), "flt", "mono")
            frame.sample_rate = 22050
            out.mux([*stream.encode(frame), *stream.encode(None)])
    assert "silent throughout" in run(capsys, "info", place).out
    soundfile.write(tmp_path / "click.wav", np.r_[sound, 0.1], 22050)
    assert "silent" not in run(capsys, "info", tmp_path / "click.wav").out


def test_a_video_that_was_cut_off_is_told_each_time(tmp_path, capsys, scripted):
    place = write_dancer(tmp_path / "film.mkv")
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) * 3 // 4])
    out = tmp_path / "table.csv"
    for _ in range(2):
        # The second time, the poses are in the cache.
        said, _ = features(capsys, out, place, "--force")
        assert re.search(CUT_OFF, said.err)
    assert len(scripted) == 1
    assert re.search(CUT_OFF, run(capsys, "info", place).err)


def test_a_jump_is_told_without_words_of_python(folder, tmp_path, capsys):
    take = read_poses(folder / "dance0.npz")
    position = take.position.copy()
    position[:, :2] += 2 * np.ptp(position[..., 1])
    write_poses(Motion(position, fps=take.fps, skeleton=take.skeleton), tmp_path / "jump.npz")
    said, _ = features(capsys, tmp_path / "jump.csv", tmp_path / "jump.npz")
    assert "note: the whole body jumps in 'jump' at 0.0667 s (frame 2" in said.err
    assert "cut these frames off (--start, --end), or repair the take" in said.err
