"""Displays draw what they were given, where they were told."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_asdf import make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.plotting import LMADisplay, PoseStripDisplay, SpectrogramDisplay


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def motion():
    poses = make_dance_music(n_clips=2, clip_duration=3.0, random_state=0).poses
    return make_lma_pipeline(n_keyframes=4)[:-1].fit_transform(poses)


def test_pose_strip_marks_each_keyframe(motion):
    display = PoseStripDisplay.from_motion(motion, clip=1, start=5.0)
    lines = [line for line in display.ax_.lines if np.ptp(line.get_xdata()) == 0]
    marked = {float(line.get_xdata()[0]) for line in lines if line.get_linewidth() == 0.5}
    assert marked == {5.0 + frame / motion.fps for frame in motion.keyframes[1]}


def test_pose_strip_stands_upright(motion):
    # Pixels count downwards, metres upwards; the head is above the ankles in both.
    for position in (motion.position, motion.position * [1, -1]):
        from sklearn_asdf import Motion

        display = PoseStripDisplay.from_motion(Motion(position, fps=30.0))
        upright = display._upright()
        assert upright[:, 0, 1].mean() > upright[:, 15, 1].mean()


def test_pose_strip_of_missing_joints_draws_the_others(motion):
    position = np.array(motion.position)
    position[:, :, 9:11] = np.nan
    from sklearn_asdf import Motion

    PoseStripDisplay.from_motion(Motion(position, fps=30.0)).figure_.canvas.draw()


def test_lma_display_spans_the_windows(motion):
    lma = make_lma_pipeline(n_keyframes=4)[-1].set_output(transform="pandas")
    display = LMADisplay.from_features(lma.fit_transform(motion), motion, clip=0, start=2.0)
    assert display.values.shape == (3, 5)
    np.testing.assert_allclose(display.edges, 2.0 + motion.keyframes[0] / motion.fps)


def test_spectrograms_share_one_scale_and_axis():
    mel = np.random.default_rng(0).random((128, 256))
    display = SpectrogramDisplay({"a": mel, "b": mel / 2}, sr=22050, hop_length=690).plot()
    images = [ax.images[0] for ax in display.axes_]
    assert [image.get_clim() for image in images] == [(0, 1), (0, 1)]
    assert images[0].get_extent()[1] == pytest.approx(256 * 690 / 22050)
    # Ticks lie where the mel bands of those frequencies are.
    import librosa

    centres = librosa.mel_frequencies(130, fmin=0, fmax=11025)[1:-1]
    ticks = display.axes_[0].get_yticks()
    assert np.interp(ticks, np.arange(128), centres) == pytest.approx(
        [128, 512, 2048, 8192], rel=0.05
    )
