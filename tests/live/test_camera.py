"""A camera, played by a file."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.live import _camera, camera_poses

from ..video.conftest import write_video
from ..video.test_estimate import BrightSpots, spots


@pytest.fixture(autouse=True)
def scripted(monkeypatch):
    monkeypatch.setattr(_camera, "BlazePose", BrightSpots)
    monkeypatch.setattr(_camera, "fetch_pose_models", lambda *_, **__: ("", ""))
    pytest.importorskip("ai_edge_litert")


def test_poses_come_with_their_times(tmp_path):
    track = [(30 + i, 40) for i in range(10)] + [(None, 0)] * 3
    path = write_video(tmp_path / "camera.mp4", spots(track))
    found = list(camera_poses(str(path), driver=None))
    assert [pose.shape for pose, _ in found] == [(17, 2)] * 13
    np.testing.assert_allclose([time for _, time in found], np.arange(13) / 25, atol=1e-6)
    x = [pose[:, 0].mean() for pose, _ in found]
    assert np.ptp(np.array(x[:10]) - [v for v, _ in track[:10]]) < 2
    assert np.isnan(found[-1][0]).all()


def test_no_camera_is_a_sentence():
    with pytest.raises(OSError, match="expected a camera at '/dev/video99'"):
        next(camera_poses("/dev/video99", driver=None))
    with pytest.raises(ValueError, match="Did you mean 'coco17'"):
        next(camera_poses(skeleton="coco71"))
