"""Displays draw what they were given, where they were told."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_asdf import (
    AudioTargetRegressor,
    KeyframeSegmenter,
    MDNRegressor,
    MelEncoder,
    make_lma_pipeline,
)
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.density.mixtures import GaussianMixtures
from sklearn_asdf.plotting import (
    KeyframeDisplay,
    LMADisplay,
    MixtureDisplay,
    PoseStripDisplay,
    SpectrogramDisplay,
    TrainingDisplay,
)
from sklearn_asdf.plotting._motion import upright_poses


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
        upright = upright_poses(display.position, y_up=display.y_up)
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


def test_keyframes_lie_on_the_curve_of_the_mean_angle(motion):
    display = KeyframeDisplay.from_motion(motion, clip=1, start=5.0)
    marks = next(line for line in display.ax_.lines if line.get_marker() == "o")
    np.testing.assert_allclose(marks.get_xdata(), 5.0 + motion.keyframes[1] / motion.fps)
    np.testing.assert_allclose(marks.get_ydata(), display.curve[motion.keyframes[1]])
    assert 0 < display.curve.min() < display.curve.max() < 180
    # One small figure a keyframe, upright and above the curve.
    assert len(display.ax_.child_axes) == motion.keyframes.shape[1]
    assert (display.poses[:, 0, 1] > display.poses[:, 15, 1]).all()


def test_keyframes_of_joints_without_names_and_of_none():
    walk = np.random.default_rng(0).normal(size=(1, 60)).cumsum(axis=1)
    segmented = KeyframeSegmenter(n_keyframes=4).fit_transform(walk)
    display = KeyframeDisplay.from_motion(segmented)
    np.testing.assert_allclose(display.curve, walk[0])
    assert display.ax_.get_ylabel() == "mean coordinate"
    with pytest.raises(ValueError, match="pass it through KeyframeSegmenter"):
        KeyframeDisplay.from_motion(walk[:, :, None, None])


class Trained:
    """What a fitted encoder shows of its training."""

    loss = "mse"
    history_ = {"loss": [0.02, 0.005, 0.004], "val_loss": [0.021, 0.006, 0.005]}

    def reconstruction_error(self, X):
        raise NotImplementedError


def test_training_curves_stand_before_what_can_be_heard():
    display = TrainingDisplay.from_estimator(Trained())
    (ax,) = display.axes_
    assert [line.get_label() for line in ax.lines] == ["training", "held out"]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), Trained.history_["val_loss"])
    texts = {text.get_text(): text.xy[1] for text in ax.texts}
    assert list(texts) == [
        "noise",
        "modulated noise",
        "modulated timbre",
        "blurred notes",
        "recognisable melody",
    ]
    assert 0 < texts["recognisable melody"] < 0.0035 < texts["blurred notes"] < 0.0050


def test_training_of_both_networks_and_of_none():
    X = np.random.default_rng(0).normal(size=(40, 4))
    audio = 0.3 * np.random.default_rng(1).normal(size=(40, 4410))
    encoder = MelEncoder(code_size=8, steps=1, n_mels=16, n_fft=1024, epochs=0, random_state=0)
    density = MDNRegressor(1, hidden_layer_sizes=(4,), epochs=2, random_state=0)
    model = AudioTargetRegressor(density, encoder).fit(X, audio)
    # The code's components were not trained in epochs: only the density's curve is there.
    display = TrainingDisplay.from_estimator(model)
    assert [ax.get_title() for ax in display.axes_] == ["density"]
    assert not display.axes_[0].texts
    with pytest.raises(ValueError, match="got MelEncoder without a history"):
        TrainingDisplay.from_estimator(model.transformer_)


def test_a_density_is_drawn_with_its_area_interval_and_what_came():
    density = GaussianMixtures(
        [[1.0, 0.0], [0.3, 0.7]],
        [[[0.0, 0.0], [9.0, 9.0]], [[-2.0, 5.0], [2.0, 6.0]]],
        np.full((2, 2, 2), 0.5),
    )
    display = MixtureDisplay.from_distribution(density, row=1, y=[[0.0, 0.0], [1.5, 0.0]])
    curve = next(line for line in display.ax_.lines if line.get_label() == "density")
    x, y = curve.get_data()
    assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-3)
    inside = (x >= display.interval[0]) & (x <= display.interval[1])
    assert np.trapezoid(y[inside], x[inside]) == pytest.approx(0.9, abs=0.01)
    came = next(line for line in display.ax_.lines if line.get_label() == "what came")
    assert came.get_xdata()[0] == 1.5
    # A component without weight does not stretch the axis.
    narrow = MixtureDisplay.from_distribution(density, row=0)
    assert narrow.ax_.get_xlim()[1] < 5
