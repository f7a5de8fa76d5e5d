"""PoseSmoother: gaps, filters, live streams, and what it refuses."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_asdf import Motion, PoseSmoother
from sklearn_asdf.functional import filters

EVERY = [
    PoseSmoother(),
    PoseSmoother(zero_phase=False),
    PoseSmoother(method="savgol"),
    PoseSmoother(method="one_euro", beta=0.1),
    PoseSmoother(method=None),
]
CAUSAL = [
    PoseSmoother(zero_phase=False),
    PoseSmoother(method="one_euro", beta=0.1),
    PoseSmoother(method=None, zero_phase=False),
]


def _walk(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).cumsum(axis=1)


def test_default_is_the_paper_s_filter():
    x = _walk(3, 60, 17, 2)
    smooth = PoseSmoother().fit_transform(x)
    np.testing.assert_array_equal(smooth.position, filters.butterworth(x, fps=30))
    assert smooth.skeleton.name == "coco17"
    assert smooth.fps == 30


def test_result_is_new_and_has_no_stale_derivatives():
    x = _walk(3, 60, 17, 2)
    motion = Motion(x, fps=50, skeleton="coco17", velocity=x, confidence=np.ones(x.shape[:3]))
    before = x.copy()
    smooth = PoseSmoother().fit_transform(motion)
    np.testing.assert_array_equal(x, before)
    assert smooth.velocity is None
    assert smooth.confidence is motion.confidence
    np.testing.assert_array_equal(smooth.position, filters.butterworth(x, fps=50))


def test_gaps_by_length_and_confidence():
    x = _walk(1, 60, 2, 2)
    sure = np.ones((1, 60, 2))
    sure[0, 10:13, 0] = 0.1
    sure[0, 20:50, 0] = 0
    motion = Motion(x, fps=10, confidence=sure)
    smooth = PoseSmoother(max_gap=0.3).fit_transform(motion)
    unseen = np.isnan(smooth.position).any(axis=-1)
    assert np.flatnonzero(unseen[0, :, 0]).tolist() == list(range(20, 50))
    assert not unseen[0, :, 1].any()
    everything = PoseSmoother(max_gap=np.inf).fit_transform(motion)
    assert not np.isnan(everything.position).any()
    nothing = PoseSmoother(max_gap=0).fit_transform(motion)
    assert np.isnan(nothing.position).any(axis=-1).sum() == 33
    with pytest.raises(ValueError, match="min_confidence=2, got none in clip 0"):
        PoseSmoother(min_confidence=2).fit_transform(motion)


def test_a_confidence_that_is_not_known_hides_nothing():
    x = _walk(1, 60, 2, 2)
    sure = np.full((1, 60, 2), np.nan)
    sure[0, 5:9] = 0.9
    smooth = PoseSmoother().fit_transform(Motion(x, fps=10, confidence=sure))
    np.testing.assert_array_equal(
        smooth.position, PoseSmoother().fit_transform(Motion(x, fps=10)).position
    )


def test_padding_changes_nothing():
    clips = [_walk(1, n, 3, 2, seed=n)[0] for n in (50, 20, 35)]
    for smoother in EVERY:
        together = smoother.fit_transform(Motion.from_clips(clips))
        assert together.lengths.tolist() == [50, 20, 35]
        for clip, alone in zip(clips, together.position, strict=True):
            single = smoother.fit_transform(clip[None]).position[0]
            np.testing.assert_allclose(alone[: len(clip)], single, atol=1e-10)


@pytest.mark.parametrize("smoother", CAUSAL, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(seen=hnp.arrays(bool, (24, 2), elements=st.booleans()), gap=st.integers(0, 4))
def test_stream_gives_what_the_whole_gives(smoother, dtype, seen, gap):
    x = (100 + _walk(2, 24, 2, 2)).astype(dtype)
    x[0][~seen] = np.nan
    x[0, [0, -1], 0] = 1.0
    smoother = clone(smoother).set_params(max_gap=gap / 30).fit(x)
    whole = smoother.transform(x).position
    one_by_one = [smoother.partial_transform(x[:, [i]]).position for i in range(24)]
    np.testing.assert_array_equal(np.concatenate(one_by_one, axis=1), whole)
    assert one_by_one[0].dtype == dtype
    smoother.reset_stream()
    parts = [smoother.partial_transform(x[:, a:b]).position for a, b in ((0, 7), (7, 8), (8, 24))]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("smoother", CAUSAL, ids=repr)
def test_a_joint_never_seen_is_not_one_seen_within_an_endless_gap(smoother):
    x = 500 + _walk(1, 12, 2, 2)
    x[0, :3, 0] = np.nan
    smoother = clone(smoother).set_params(max_gap=np.inf).fit(x)
    one_by_one = [smoother.partial_transform(x[:, [i]]).position for i in range(12)]
    np.testing.assert_array_equal(
        np.concatenate(one_by_one, axis=1), smoother.transform(x).position
    )


def test_stream_knows_confidence_and_nobody():
    x = _walk(1, 30, 2, 2)
    sure = np.ones((1, 30, 2))
    sure[0, 5:9] = 0
    motion = Motion(x, fps=30, confidence=sure)
    live = PoseSmoother(zero_phase=False, max_gap=0.1).fit(motion)
    whole = live.transform(motion).position
    frames = [live.partial_transform(motion.frames(i, i + 1)).position for i in range(30)]
    np.testing.assert_array_equal(np.concatenate(frames, axis=1), whole)
    assert np.isnan(whole[0, 8]).all()
    nobody = live.partial_transform(Motion(np.full((1, 1, 2, 2), np.nan), fps=30))
    np.testing.assert_array_equal(np.isnan(nobody.position), False)


def test_stream_survives_pickling_and_starts_anew_on_demand():
    x = _walk(1, 30, 2, 2)
    live = PoseSmoother(zero_phase=False).fit(x)
    first = live.partial_transform(x[:, :10])
    again = pickle.loads(pickle.dumps(live))
    rest = [s.partial_transform(x[:, 10:]).position for s in (live, again)]
    np.testing.assert_array_equal(*rest)
    live.fit(x)
    np.testing.assert_array_equal(live.partial_transform(x[:, :10]).position, first.position)


def test_stream_refuses_what_it_cannot_do():
    x = _walk(2, 30, 2, 2)
    for smoother in (PoseSmoother(), PoseSmoother(method="savgol", zero_phase=False)):
        with pytest.raises(ValueError, match="causal method"):
            smoother.fit(x).partial_transform(x)
    live = PoseSmoother(zero_phase=False)
    with pytest.raises(NotFittedError):
        live.partial_transform(x)
    live.fit(x).partial_transform(x[:, :1])
    with pytest.raises(ValueError, match=r"2 clips, got 1.*reset_stream"):
        live.partial_transform(x[:1, :1])


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"cutoff": 15}, r"cutoff below half the frame rate \(15 Hz at 30 fps\), got 15"),
        ({"cutoff": 0}, "cutoff"),
        ({"method": "butterwort"}, "Did you mean 'butterworth'"),
        ({"method": "savgol", "polyorder": 9}, "polyorder below the frames of a window"),
        ({"max_gap": -1}, "max_gap"),
        ({"order": 0}, "order"),
    ],
)
def test_wrong_parameters_are_told_by_fit(params, sentence):
    with pytest.raises(ValueError, match=sentence):
        PoseSmoother(**params).fit(_walk(1, 30, 2, 2))


def test_other_frame_rates_are_checked_again():
    x = _walk(1, 30, 2, 2)
    smoother = PoseSmoother().fit(x)
    with pytest.raises(ValueError, match=r"2\.95 Hz at 5\.9 fps"):
        smoother.transform(Motion(x, fps=5.9))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (np.zeros((40, 5, 3)), r"got \(40, 5, 3\): add a clip axis"),
        (np.zeros((0, 9, 5, 3)), "at least one clip"),
        (np.zeros((2, 0, 5, 3)), "at least one frame"),
        (np.full((2, 9, 5, 3), np.nan), "got only NaN in clips 0, 1: leave them out"),
        (np.r_[np.zeros((1, 9, 5, 3)), np.full((1, 9, 5, 3), np.nan)], "only NaN in clip 1: "),
        (np.r_[np.zeros((1, 9, 5, 3)), np.full((1, 9, 5, 3), np.inf)], "infinity in clip 1, frame"),
        (np.full((2, 9), np.nan), "only NaN in clips 0, 1"),
    ],
)
def test_unusable_poses_are_told(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        PoseSmoother().fit(wrong)


def test_transform_wants_the_joints_of_fit():
    smoother = PoseSmoother().fit(Motion(np.zeros((1, 9, 17, 2)), skeleton="coco17"))
    assert smoother.n_features_in_ == 34
    assert (smoother.n_joints_in_, smoother.n_axes_in_) == (17, 2)
    with pytest.raises(ValueError, match="17 joints and 2 axes, got 17 joints and 3 axes"):
        smoother.transform(np.zeros((1, 9, 17, 3)))
    with pytest.raises(ValueError, match="expected 'nose', got 'pelvis'"):
        smoother.transform(Motion(np.zeros((1, 9, 17, 2)), skeleton="h36m17"))
    assert smoother.transform(np.zeros((2, 30, 17, 2))).shape == (2, 30, 17, 2)
    other = PoseSmoother().fit(Motion(np.zeros((1, 9, 17, 2)), skeleton="h36m17"))
    assert other.transform(np.zeros((1, 9, 17, 2))).skeleton.name == "h36m17"


def test_tables_are_trajectories():
    table = pd.DataFrame(_walk(5, 20), columns=[f"t{i}" for i in range(20)])
    smoother = PoseSmoother().fit(table)
    assert smoother.n_features_in_ == 20
    assert smoother.feature_names_in_[0] == "t0"
    assert smoother.transform(table).shape == (5, 20, 1, 1)
    smoother.fit(np.zeros((1, 9, 2, 2)))
    assert not hasattr(smoother, "feature_names_in_")


def test_set_output_is_there_and_changes_nothing():
    smoother = PoseSmoother()
    assert smoother.set_output(transform="pandas") is smoother
    assert isinstance(smoother.fit_transform(_walk(1, 30, 2, 2)), Motion)


@pytest.mark.parametrize("smoother", EVERY, ids=repr)
@given(
    x=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=4, max_dims=4, max_side=6).map(lambda s: (*s[:3], min(s[3], 3))),
        elements=st.floats(-1e12, 1e12) | st.just(np.nan),
    )
)
def test_no_finite_poses_give_a_warning_or_new_nan(smoother, x):
    x[:, 0, 0] = 1.0
    y = smoother.fit_transform(x).position
    assert np.isfinite(y[~np.isnan(x).any(axis=-1)]).all()


@pytest.mark.real_data
def test_smoothing_real_poses(data_dir):
    files = sorted((data_dir / "aist_coco17").glob("*.npz"))
    position = np.load(files[0])["keypoints"][None]
    smooth = PoseSmoother().fit_transform(Motion(position, fps=30, skeleton="coco17"))
    assert smooth.dtype == np.float32
    residual = np.linalg.norm(smooth.position - position, axis=-1)
    # Pixels of a dancer some 350 pixels tall.
    assert 0.1 < np.median(residual) < 10
