"""Displays draw what they were given, where they were told."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.integrate import trapezoid

from sklearn_asdf import (
    AudioTargetRegressor,
    KeyframeSegmenter,
    MDNRegressor,
    MelEncoder,
    Motion,
    Skeleton,
    make_dance_pipeline,
    make_lma_pipeline,
)
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.density.mixtures import GaussianMixtures
from sklearn_asdf.motion.skeletons import get_skeleton, list_skeletons
from sklearn_asdf.plotting import (
    KeyframeDisplay,
    LMADisplay,
    MixtureDisplay,
    PerformanceDisplay,
    PoseStripDisplay,
    SpectrogramDisplay,
    TrainingDisplay,
)
from sklearn_asdf.plotting._body import Body, front_view
from sklearn_asdf.plotting._colors import CYCLE, SIDES, SIDES_ON_DARK
from sklearn_asdf.plotting._features import feature_units, limits, upper_limit
from sklearn_asdf.plotting._motion import centered_poses


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


def names_of(*joints):
    return Skeleton(joints)


def test_poses_stand_upright_on_whichever_axis():
    rng = np.random.default_rng(0)
    skeleton = names_of("Head", "LeftFoot", "RightFoot", "LeftArm", "RightArm")
    # Feet at 0, head at 1.7, shoulders at 1.4 and as wide apart as the feet.
    upright = np.array([[0, 1.7], [-0.2, 0], [0.2, 0], [-0.2, 1.4], [0.2, 1.4]])
    upright = upright + 0.01 * rng.normal(size=(1, 50, 5, 2))
    deep = np.zeros_like(upright[..., :1])
    spaces = {
        "image": np.stack([upright[..., 0], -upright[..., 1]], axis=-1),
        "y up": np.concatenate([upright, deep], axis=-1),
        "z up": np.stack([upright[..., 0], deep[..., 0], upright[..., 1]], axis=-1),
        "z up, facing x": np.stack([deep[..., 0], upright[..., 0], upright[..., 1]], axis=-1),
    }
    for name, position in spaces.items():
        view = front_view(Motion(position, fps=30, skeleton=skeleton))
        np.testing.assert_allclose(view, upright, err_msg=name)
    # Without names, two axes are a picture and three have y up.
    np.testing.assert_allclose(front_view(Motion(spaces["image"], fps=30, skeleton=None)), upright)
    np.testing.assert_allclose(front_view(Motion(spaces["y up"], fps=30, skeleton=None)), upright)
    assert front_view(Motion(upright[..., :1], fps=30, skeleton=None)).shape == (1, 50, 5, 2)


def test_every_registered_skeleton_has_a_head_and_two_sides():
    for name in list_skeletons():
        body = Body.of(get_skeleton(name), len(get_skeleton(name)))
        assert body.head, name
        assert {"left", "right"} <= set(body.sides), name
        assert body.trunk, name


def test_bones_of_common_names_are_found_and_other_joints_are_points():
    skeleton = names_of("Hips", "Neck", "Head", "LeftArm", "LeftForeArm", "LeftHand", "prop")
    body = Body.of(skeleton, 7)
    assert {(3, 4), (4, 5)} <= set(body.bones)
    assert body.sides[body.bones.index((3, 4))] == "left"
    assert (body.head, body.loose) == ((2,), (6,))
    unnamed = Body.of(None, 3)
    assert (unnamed.bones, unnamed.loose, unnamed.head) == ((), (0, 1, 2), ())
    pose = np.array([[0.0, 0.0], [np.nan, 1.0], [1.0, 1.0]])
    np.testing.assert_array_equal(unnamed.points(pose), pose[[0, 2]])


def test_a_head_is_as_large_as_heads_are():
    body = Body.of(get_skeleton("coco17"), 17)
    pose = np.zeros((1, 17, 2))
    # A trunk of 0.29 of the height, so a head of 0.13.
    pose[0, 5:7, 1] = 0.29
    assert 2 * body.head_radius(pose) == pytest.approx(0.13, abs=0.005)


def test_centered_poses_are_one_unit_high_about_their_middle():
    pose = np.array([[0.0, 2.0], [0.0, 6.0], [1.0, 4.0]])
    poses = np.stack([pose, pose + np.array([10, 0])])
    found = centered_poses(poses)
    np.testing.assert_allclose(found[0], found[1])
    np.testing.assert_allclose(found[0, :, 1], [-0.5, 0.5, 0])
    np.testing.assert_allclose(found[0, :, 0], [-0.125, -0.125, 0.125])
    assert np.isnan(centered_poses(np.full((2, 3, 2), np.nan))).all()


def test_pose_strip_of_missing_joints_and_of_unknown_ones_draws_what_is_seen(motion):
    position = np.array(motion.position)
    position[:, :, 9:11] = np.nan
    for skeleton in ("coco17", None):
        display = PoseStripDisplay.from_motion(
            Motion(position[..., :2], fps=30.0, skeleton=skeleton), n_poses=4
        )
        display.figure_.canvas.draw()
        points = sum(len(line.get_xdata()) for line in display.ax_.lines)
        segments = sum(len(c.get_segments()) for c in display.ax_.collections)
        assert (segments > 20, points > 40) == ((True, False) if skeleton else (False, True))


def test_poses_beside_each_other_keep_their_shape_and_room(motion):
    display = PoseStripDisplay.from_motion(motion)
    display.figure_.canvas.draw()
    (head, *_) = display.ax_.patches
    box = head.get_window_extent()
    # The layout is adjusted once more when it is drawn: round to some percent.
    assert box.width / box.height == pytest.approx(1, abs=0.25)
    ends = display.ax_.get_ylim()
    for patch in display.ax_.patches:
        assert ends[0] < patch.center[1] < ends[1]


def test_arms_that_reach_beyond_the_ends_of_a_strip_are_not_cut_off():
    dance = make_dance_music(1, clip_duration=4.0, random_state=0).poses
    position = np.array(dance.position)
    wrist = dance.skeleton.index("left_wrist")
    position[0, 0, wrist, 0] -= 900.0
    ax = PoseStripDisplay.from_motion(Motion(position, fps=30, skeleton="coco17")).ax_
    drawn = np.concatenate([path.vertices for c in ax.collections for path in c.get_paths()])
    low, high = ax.get_xlim()
    assert low <= drawn[:, 0].min() < -0.2
    assert drawn[:, 0].max() <= high


def luminance(color):
    from matplotlib.colors import to_rgb

    return np.dot(to_rgb(color), [0.2126, 0.7152, 0.0722])


def test_colours_that_stand_side_by_side_differ_in_grey():
    for colors in (SIDES, SIDES_ON_DARK):
        assert luminance(colors["left"]) - luminance(colors["right"]) > 0.15
    brightness = [luminance(color) for color in CYCLE]
    assert np.abs(np.diff(brightness)).min() > 0.1


@pytest.mark.parametrize(
    ("values", "top"),
    [([0.2, 1.7], 2), ([31.0], 50), ([0.0031], 0.005), ([8.0], 8), ([], 1), ([0, np.nan], 1)],
)
def test_ranges_end_at_round_numbers(values, top):
    assert upper_limit(np.array(values, float)) == pytest.approx(top)


def test_one_wild_value_is_cut_off_and_shares_end_at_one():
    assert upper_limit(np.array([1.0] * 20 + [1e6, 1e6])) == 3
    # Three and more are no accident.
    assert upper_limit(np.array([0.1] * 40 + [2.6, 2.7, 2.8])) == 3
    assert upper_limit(np.array([0.2, 0.4]), name="space") == 1
    assert upper_limit(np.array([1.2, 4.0]), name="space") == 5


def test_negative_values_are_drawn_too():
    assert limits(np.array([-1.6, 3.2])) == (-2, 5)
    assert limits(np.array([-1.6, -0.2])) == (-2, 0)
    display = LMADisplay(np.array([[-1.6], [-0.2]]), names=["sparc"], edges=[0, 1, 2]).plot()
    assert display.ax_.get_yticklabels()[0].get_text() == "sparc\n-2 to 0"


def test_units_follow_the_equations():
    pipe = make_lma_pipeline()
    assert feature_units(pipe) == {
        "weight": "H²/s²",
        "time": "H/s²",
        "space": "distance/path",
        "flow": "H/s³",
        "shape": "H⁻¹",
    }
    pipe.set_params(kinematics__scale=None, lma__space="path_ratio")
    assert feature_units(pipe)["weight"] == "L²/s²"
    assert feature_units(pipe)["space"] == "path/distance"
    pipe.set_params(lma__normalize="clip")
    assert set(feature_units(pipe).values()) == {"of the clip's range"}


def test_lma_display_spans_the_windows(motion):
    lma = make_lma_pipeline(n_keyframes=4)[-1].set_output(transform="pandas")
    display = LMADisplay.from_features(lma.fit_transform(motion), motion, clip=0, start=2.0)
    assert display.values.shape == (3, 5)
    for units in (lma.feature_units_, {"weight": "H²/s²"}):
        display = LMADisplay.from_features(lma.transform(motion), motion, start=2.0, units=units)
        labels = [label.get_text() for label in display.ax_.get_yticklabels()]
        assert labels[0].endswith(" H²/s²")
        assert not labels[2].endswith(" ")
    np.testing.assert_allclose(display.edges, 2.0 + motion.keyframes[0] / motion.fps)
    # Each label tells the range, which no value exceeds.
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    tops = [float(re.search(r"0 to (\S+)", label).group(1)) for label in labels]
    assert (display.values <= tops).all()


@pytest.fixture(scope="module")
def performance():
    data = make_dance_music(8, clip_duration=2.0, hop_duration=2.0, random_state=0)
    pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0).fit(data.poses, data.audio)
    take = Motion(np.concatenate(np.asarray(data.poses[:3]))[None], fps=30, skeleton="coco17")
    return pipe, take, np.concatenate(list(data.audio[:3]))


def test_a_performance_is_shown_whole_and_on_one_axis(performance):
    pipe, take, music = performance
    display = PerformanceDisplay.from_pipeline(pipe, take, {"music": music}, title="dance")
    assert display.axes_[0].get_title().startswith("dance: 6 s of dance; lines")
    assert len({ax.get_xlim() for ax in display.axes_}) == 1
    low, high = display.axes_[0].get_xlim()
    assert low <= 0
    assert high >= 6 - 1 / 30
    marked = {
        float(line.get_xdata()[0]) for line in display.axes_[0].lines if line.get_linewidth() == 0.5
    }
    to_keyframes = pipe[: list(pipe.named_steps).index("keyframes") + 1]
    # Clips overlap by half, and each keyframe is that of the clip whose middle is nearest.
    found = to_keyframes.transform(take.windows(2.0, 1.0)).keyframes + 30 * np.arange(5)[:, None]
    nearest = np.abs(found[..., None] - (30 + 30 * np.arange(5))).argmin(axis=2)
    expected = found[nearest == np.arange(5)[:, None]]
    assert len(expected) > 8
    assert {round(time * 30) for time in marked} == set(expected)


def test_of_a_long_performance_the_title_says_what_is_shown(performance):
    pipe, take, music = performance
    display = PerformanceDisplay.from_pipeline(
        pipe, take, {"true": music, "other": music}, max_duration=4.0
    )
    assert display.axes_[0].get_title().startswith("the first 4 s of 6 s of dance; lines")
    assert len(display.axes_) == 4
    assert display.axes_[0].get_xlim()[1] < 4.6


def test_spectrograms_share_one_scale_and_axis():
    mel = np.random.default_rng(0).random((128, 256))
    display = SpectrogramDisplay({"a": mel, "b": mel / 2}, sr=22050, hop_length=690).plot()
    images = [ax.images[0] for ax in display.axes_]
    assert [image.get_clim() for image in images] == [(0, 1), (0, 1)]
    assert images[0].get_extent()[1] == pytest.approx(256 * 690 / 22050)
    # Ticks lie where the mel bands of those frequencies are.
    import librosa

    centers = librosa.mel_frequencies(130, fmin=0, fmax=11025)[1:-1]
    ticks = display.axes_[0].get_yticks()
    assert np.interp(ticks, np.arange(128), centers) == pytest.approx(
        [128, 512, 2048, 8192], rel=0.05
    )


def test_spectrograms_of_sounds_have_the_scale_of_the_first():
    sr, hop = 8000, 200
    tone = np.sin(2 * np.pi * 1000 * np.arange(2 * sr) / sr)
    options = {"sr": sr, "n_fft": 1024, "hop_length": hop, "n_mels": 32, "top_db": 60.0}
    display = SpectrogramDisplay.from_audio({"loud": tone, "soft": 0.1 * tone}, **options)
    loud, soft = display.spectrograms["loud"], display.spectrograms["soft"]
    assert loud.max() == pytest.approx(1)
    # A tenth of the amplitude is 20 of the 60 dB.
    assert soft.max() == pytest.approx(1 - 20 / 60, abs=1e-3)
    assert [ax.get_title() for ax in display.axes_] == ["loud", "soft"]
    again = SpectrogramDisplay.of_audio({"loud": tone, "soft": 0.1 * tone}, **options)
    np.testing.assert_array_equal(again.spectrograms["soft"], soft)
    assert not hasattr(again, "axes_")


def test_the_spectrogram_of_an_encoder_stands_beside_its_reconstruction():
    rng = np.random.default_rng(0)
    audio = 0.1 * rng.normal(size=(6, 4000))
    encoder = MelEncoder(
        code_size=8, steps=2, epochs=0, sr=4000, n_fft=512, hop_length=128, n_mels=12
    ).fit(audio)
    display = SpectrogramDisplay.from_encoder(encoder, audio, clip=2)
    assert list(display.spectrograms) == ["true", "decoded"]
    np.testing.assert_allclose(
        display.axes_[0].images[0].get_array().T, encoder.spectrogram(audio)[2].T, atol=1e-6
    )
    np.testing.assert_allclose(
        display.spectrograms["decoded"], encoder.decode(encoder.transform(audio[2:3]))[0]
    )
    assert (display.sr, display.hop_length) == (4000, 128)


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
        "recognizable melody",
    ]
    assert 0 < texts["recognizable melody"] < 0.0035 < texts["blurred notes"] < 0.0050


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
    assert trapezoid(y, x) == pytest.approx(1, abs=1e-3)
    inside = (x >= display.interval[0]) & (x <= display.interval[1])
    assert trapezoid(y[inside], x[inside]) == pytest.approx(0.9, abs=0.01)
    came = next(line for line in display.ax_.lines if line.get_label() == "observed")
    assert came.get_xdata()[0] == 1.5
    # A component without weight does not stretch the axis.
    narrow = MixtureDisplay.from_distribution(density, row=0)
    assert narrow.ax_.get_xlim()[1] < 5
