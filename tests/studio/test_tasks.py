"""The work behind the page, from files to files."""

from __future__ import annotations

import base64
import json

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf.io import read_poses, write_poses
from sklearn_asdf.motion.container import Motion
from sklearn_asdf.studio import _tasks
from sklearn_asdf.studio._overlay import write_overlay
from sklearn_asdf.video import probe, read_sound
from tests.video.conftest import write_video
from tests.video.test_estimate import scripted, spots  # noqa: F401 (a fixture)

pytest.importorskip("av")


@pytest.fixture
def video(scripted, tmp_path):  # noqa: F811
    x = np.linspace(20, 100, 75)
    sine = 0.4 * np.sin(2 * np.pi * 440 * np.arange(3 * 22050) / 22050)
    return write_video(tmp_path / "dance.avi", spots([(v, 40) for v in x]), audio=sine)


def test_a_video_becomes_poses_and_what_the_page_shows(video, tmp_path):
    from PIL import Image

    about = _tasks.find_dancer(str(video), str(tmp_path))
    assert about == {
        "duration": 3.0, "fps": 25.0, "seen": 1.0, "is_video": True, "has_sound": True
    }  # fmt: skip
    assert read_poses(tmp_path / "poses.npz").shape == (1, 75, 17, 2)
    # Browsers do not play AVI; the page has a copy that they do, with the video's own sound.
    shown = probe(tmp_path / "dance.mp4")
    assert (shown.codec, shown.duration, shown.has_sound) == ("h264", 3.0, True)
    sound = read_sound(tmp_path / "dance.mp4", sr=22050)
    assert np.abs(np.fft.rfft(sound[22050:44100])).argmax() == 440
    # The dancer was drawn on the picture.
    with Image.open(tmp_path / "looking.jpg") as picture:
        assert picture.size == (128, 48)
        pixels = np.asarray(picture).astype(int)
    assert (np.ptp(pixels, axis=2) > 60).any()
    assert not (tmp_path / "pictures.mp4").exists()


def test_fast_videos_are_looked_at_30_times_a_second(scripted, tmp_path):  # noqa: F811
    path = write_video(tmp_path / "d.mp4", spots([(60, 40)] * 60), fps=60)
    about = _tasks.find_dancer(str(path), str(tmp_path))
    assert about["fps"] == 30
    assert about["duration"] == pytest.approx(1, abs=0.05)
    assert not about["has_sound"]


def test_a_video_of_nobody_is_a_sentence(scripted, tmp_path):  # noqa: F811
    path = write_video(tmp_path / "d.mp4", spots([(None, 0)] * 30))
    with pytest.raises(ValueError, match=r"expected a dancer in .*, but nobody is seen"):
        _tasks.find_dancer(str(path), str(tmp_path))


def test_the_overlay_has_the_poses_in_the_picture(tmp_path):
    position = np.zeros((1, 4, 17, 2), np.float32)
    position[0, 2, 5] = (320, 120)
    confidence = np.ones((1, 4, 17), np.float32)
    confidence[0, 3, 5] = 0.0
    motion = Motion(position, fps=25, skeleton="coco17", confidence=confidence)
    write_overlay(motion, (640, 480), tmp_path / "o.json")
    about = json.loads((tmp_path / "o.json").read_text())
    poses = np.frombuffer(base64.b64decode(about["poses"]), "<i2").reshape(4, 17, 2)
    np.testing.assert_allclose(
        poses[2, 5] / (about["width"], about["height"]), (0.5, 0.25), atol=1e-3
    )
    assert (poses[3, 5] == -32768).all()
    assert {side for *_, side in about["bones"]} == {"left", "right", "middle"}


def test_tables_and_videos_of_a_take(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    rng = np.random.default_rng(0)
    poses = rng.normal(size=(1, 120, 17, 2)).cumsum(1).astype(np.float32)
    write_poses(Motion(poses, fps=30, skeleton="coco17"), tmp_path / "poses.npz")
    assert _tasks.write_table(str(tmp_path), str(tmp_path / "t.csv")) == {"rows": 1}
    table = pd.read_csv(tmp_path / "t.csv")
    assert table[["take", "start"]].values.tolist() == [["dance", 0.0]]
    assert np.isfinite(table["window1_weight"]).all()
    soundfile.write(tmp_path / "take1.wav", 0.1 * np.ones(4 * 22050), 22050)
    _tasks.write_video(
        "dance.npz", str(tmp_path), str(tmp_path / "take1.wav"), str(tmp_path / "v.mp4")
    )
    video = probe(tmp_path / "v.mp4")
    assert (video.duration, video.has_sound, video.width) == (4.0, True, 720)


def test_pose_files_and_videos_to_learn_from_are_paired(scripted, tmp_path):  # noqa: F811
    from sklearn_asdf.studio._learning import poses_of_videos

    (tmp_path / "a.npz").write_bytes(b"poses")
    (tmp_path / "a.wav").write_bytes(b"sound")
    write_video(tmp_path / "b.mp4", spots([(60, 40)] * 20))
    poses = poses_of_videos(tmp_path, None)
    assert sorted(path.name for path in poses.iterdir()) == ["a.npz", "b.npz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "b.mp4", "poses"]
