"""Four dances with their music, a model of them, and a film."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf import Motion
from sklearn_asdf.cli import main
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.io import write_poses

from ..video.conftest import write_video
from ..video.test_estimate import BrightSpots, spots

CLIP = 2.0


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Four dances of 6 s with their music, named alike."""
    soundfile = pytest.importorskip("soundfile")
    place = tmp_path_factory.mktemp("my")
    data = make_dance_music(12, n_performances=4, clip_duration=CLIP, random_state=0)
    for group in range(4):
        clips = data.groups == group
        take = Motion(np.concatenate(np.asarray(data.poses[clips]))[None], fps=30)
        write_poses(take, place / f"dance{group}.npz")
        music = np.concatenate(list(data.audio[clips]))
        soundfile.write(place / f"dance{group}.wav", music, 22050)
    return place


@pytest.fixture(scope="session")
def model(folder, tmp_path_factory):
    # Not beside the dances: a .zip may hold poses, and would lack its music.
    out = tmp_path_factory.mktemp("model") / "my.zip"
    arguments = ["--preset", "tiny", "--clip-duration", "2", "--n-keyframes", "4"]
    arguments += ["--held-out", "0", "--quiet"]
    assert (
        main(["fit", "--poses", str(folder), "--audio", str(folder), "-o", str(out), *arguments])
        == 0
    )
    return out


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """A cache folder of this test alone: poses of videos are kept there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def scripted(tmp_path_factory, monkeypatch):
    """A scripted network in place of those that find the dancer; counts its calls."""
    from sklearn_asdf.video import _estimate

    pytest.importorskip("ai_edge_litert")
    models = tmp_path_factory.mktemp("networks")
    for name in ("pose_detection.tflite", "pose_landmark_full.tflite", "pose_landmark_lite.tflite"):
        (models / name).write_bytes(b"scripted")
    monkeypatch.setenv("SKLEARN_ASDF_POSE_MODEL", str(models))
    calls = []

    def network(*paths):
        calls.append(paths)
        return BrightSpots(*paths)

    monkeypatch.setattr(_estimate, "BlazePose", network)
    return calls


@pytest.fixture
def video(tmp_path, scripted):
    """A video of 4 s with sound, in which a scripted network sees a dancer."""
    return write_dancer(tmp_path / "film.mp4")


def write_dancer(path, *, sound=True):
    """Write a video of 4 s of a spot that a scripted network takes for a dancer."""
    x = 64 + 30 * np.sin(np.arange(100) / 5)
    sine = 0.4 * np.sin(2 * np.pi * 330 * np.arange(4 * 22050) / 22050)
    return write_video(path, spots([(v, 40) for v in x]), audio=sine if sound else None)
