"""From smoothed poses to the table of Laban features, in milliseconds a clip.

``pytest -m benchmark -n 0 -s tests/benchmarks`` prints the figures, beside the effort profile of
musicalgestures where that is installed (extra `benchmark`); times are not asserted.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from sklearn_asdf import KeyframeSegmenter, KinematicsTransformer, LMAFeaturizer, PoseSmoother
from sklearn_asdf.datasets import make_dance_music

pytestmark = pytest.mark.benchmark


def _shortest(function, repeats=7):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_smoothed_poses_to_features(dtype):
    poses = np.asarray(make_dance_music(n_clips=25, random_state=0).poses)[..., :2]
    poses = np.tile(poses, (4, 1, 1, 1)).astype(dtype)
    smooth = PoseSmoother().fit_transform(poses)
    rng = np.random.default_rng(0)
    # A hundred different clips: what repeats itself is easier for a processor to foresee.
    smooth = replace(
        smooth, position=smooth.position + rng.normal(size=(100, 1, 17, 2)).astype(dtype)
    )
    stages = [KinematicsTransformer(), KeyframeSegmenter(), LMAFeaturizer()]
    total, motion = 0.0, smooth
    sys.stdout.write(f"\n{len(poses)} clips {poses.shape[1:]}, {np.dtype(dtype)}\n")
    with threadpool_limits(1):
        for stage in stages:
            before = motion
            motion = stage.fit_transform(before)
            taken = 1e3 * _shortest(lambda s=stage, m=before: s.transform(m)) / len(poses)
            total += taken
            sys.stdout.write(f"  {type(stage).__name__:24s} {taken:6.3f} ms a clip\n")
    sys.stdout.write(f"  {'all of it':24s} {total:6.3f} ms a clip\n")
    assert motion.shape == (100, 9 * 13)
    assert np.isfinite(motion).all()
    peer = _musicalgestures(np.asarray(smooth[:10]), fps=smooth.fps)
    sys.stdout.write(f"  {'musicalgestures':24s} {peer:6.3f} ms a clip, {peer / total:.1f} times\n")


def _musicalgestures(clips, *, fps):
    """Time of the nearest rival: four Effort factors of five joints in as many windows."""
    effort = pytest.importorskip("musicalgestures._effort", reason="pip install musicalgestures")
    window = clips.shape[1] / fps / 9

    def profiles():
        for clip in clips:
            for joint in (0, 9, 10, 15, 16):
                effort.effort_profile(clip[:, joint], fps, window_s=window)

    with threadpool_limits(1):
        return 1e3 * _shortest(profiles) / len(clips)
