"""Poses of any skeleton and camera become the same, and what cannot be mapped is told."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr
from sklearn.pipeline import make_pipeline

from sklearn_asdf import LMAFeaturizer, Motion, PoseCanonicalizer, Skeleton, make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.view import project
from sklearn_asdf.motion import estimate_tempo
from sklearn_asdf.motion.canonical_joints import CANONICAL, map_joints
from sklearn_asdf.motion.skeletons import get_skeleton, list_skeletons

SIDES = ("left", "right")
# Joints that trackers add to those of COCO: between, beside or beyond others.
MIDDLES = {
    "neck": ("left_shoulder", "right_shoulder"),
    "thorax": ("left_shoulder", "right_shoulder"),
    "pelvis": ("left_hip", "right_hip"),
    "spine": ("left_shoulder", "right_hip"),
    "head": ("left_ear", "right_ear"),
}


@pytest.fixture(scope="module")
def dances():
    """COCO-17 in pixels, without noise."""
    return make_dance_music(
        n_clips=16, n_performances=16, clip_duration=6.0, noise=0.0, dropout=0.0, random_state=0
    ).poses


@pytest.fixture(scope="module")
def table(dances):
    return _features(dances)


def _features(motion):
    """Features of the default preset, but for the beat that is learned."""
    lma = make_lma_pipeline(n_keyframes=5)
    return make_pipeline(PoseCanonicalizer(), lma).fit_transform(motion)


def _as(dances, name):
    """The same dances as another tracker gives them; joints between others are not quite there."""
    coco, skeleton = dances.skeleton, get_skeleton(name)
    rng = np.random.default_rng(0)

    def of(joint):
        if coco.find(joint) == joint:
            return dances.position[:, :, coco.index(joint)]
        if joint in MIDDLES:
            found = dances.position[:, :, coco.indices(MIDDLES[joint])].mean(axis=2)
            return found - [0.0, 12.0]
        side = joint.split("_")[0]
        near = f"{side}_ankle" if "toe" in joint or "heel" in joint or "foot" in joint else "nose"
        near = f"{side}_wrist" if joint.endswith(("pinky", "index", "thumb", "hand")) else near
        place = dances.position[:, :, coco.index(near if coco.find(near) else "nose")]
        return place + rng.uniform(-8, 8, 2)

    position = np.stack([of(joint) for joint in skeleton.joints], axis=2)
    return Motion(position, fps=dances.fps, skeleton=skeleton)


def _ranks(a, b):
    """Rank correlation of each feature that varies."""
    varies = (a.std(axis=0) > 1e-9) & (b.std(axis=0) > 1e-9)
    return np.array([spearmanr(a[:, i], b[:, i]).statistic for i in np.flatnonzero(varies)])


@pytest.mark.parametrize("name", ["mediapipe33", "openpose25", "openpose18", "h36m17"])
def test_trackers_of_one_dance_give_the_same_features(dances, table, name):
    other = _as(dances, name)
    ranks = _ranks(table, _features(other))
    assert np.median(ranks) > 0.99
    assert np.mean(ranks) > 0.95
    stage = PoseCanonicalizer().fit(dances)
    for clip in range(3):
        tempi = [
            estimate_tempo(stage.transform(motion[[clip]])).tempo for motion in (dances, other)
        ]
        assert tempi[1] == pytest.approx(tempi[0], rel=0.01)


def _cameras(dances):
    """Positions of the same dances, filmed otherwise."""
    position, time = dances.position, np.arange(dances.n_frames) / dances.fps
    turn = np.deg2rad(12)
    tilt = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    pan = np.stack([80 * time, 15 * np.sin(2 * np.pi * time / 12)], axis=-1)
    walk = np.stack([300 * np.sin(2 * np.pi * time / 10), 0 * time], axis=-1)
    return {
        "another place and size": 3.7 * position + [500, -200],
        "portrait, further away": position / 4 + [100, 700],
        "pan": position + pan[:, None],
        "walks through the picture": position + walk[:, None],
        "tilted": position @ tilt.T,
        "y up": position * [1, -1],
    }


@pytest.mark.parametrize("camera", _cameras(Motion(np.zeros((1, 4, 17, 2)))))
def test_cameras_make_no_difference(dances, table, camera):
    seen = Motion(_cameras(dances)[camera], fps=dances.fps, skeleton=dances.skeleton)
    ranks = _ranks(table, _features(seen))
    assert np.median(ranks) > 0.99
    assert np.mean(ranks) > 0.95
    stage = PoseCanonicalizer().fit(dances)
    for clip in range(3):
        tempi = [estimate_tempo(stage.transform(m[[clip]])).tempo for m in (dances, seen)]
        assert tempi[1] == pytest.approx(tempi[0], rel=0.01)


def test_without_the_stage_cameras_do_make_a_difference(dances):
    lma = make_lma_pipeline(n_keyframes=5)
    walk = Motion(_cameras(dances)["walks through the picture"], skeleton=dances.skeleton)
    ranks = _ranks(lma.fit_transform(dances), lma.fit_transform(walk))
    assert np.mean(ranks) < 0.9


def _body(n_frames=90, seed=0):
    """A body in three dimensions, y up, whose limbs swing: SMPL."""
    rng = np.random.default_rng(seed)
    smpl = get_skeleton("smpl24")
    rest = {
        "hip": (0.1, 0.9), "knee": (0.1, 0.5), "ankle": (0.1, 0.1), "foot": (0.1, 0.0),
        "collar": (0.1, 1.4), "shoulder": (0.2, 1.4), "elbow": (0.3, 1.15), "wrist": (0.35, 0.9),
        "hand": (0.37, 0.8), "pelvis": (0, 0.95), "spine1": (0, 1.0), "spine2": (0, 1.15),
        "spine3": (0, 1.3), "neck": (0, 1.45), "head": (0, 1.6),
    }  # fmt: skip
    joints = []
    for joint in smpl.joints:
        side, _, part = joint.rpartition("_")
        x, y = rest[part]
        joints.append([-x if side == "right" else x, y, 0.0])
    time = np.arange(n_frames)[:, None, None] / 30
    swing = rng.uniform(0, 0.05, (24, 3)) * np.sin(
        2 * np.pi * time * 1.5 + rng.uniform(0, 6, (24, 3))
    )
    return Motion((np.array(joints) + swing)[None], skeleton=smpl)


def test_three_dimensions_are_seen_from_the_front():
    body = _body()
    stage = PoseCanonicalizer(trend_duration=None).fit(body)
    front = stage.transform(body)
    assert front.shape == (1, 90, 15, 2)
    assert front.skeleton is CANONICAL
    # A dancer who looks at the camera has the left side on the right of the picture.
    left, right = (front.skeleton.index(f"{s}_shoulder") for s in SIDES)
    assert (front.position[..., left, 0] > front.position[..., right, 0] + 0.2).all()
    for angle in (30, 120, 200):
        a = np.deg2rad(angle)
        turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        turned = Motion(body.position @ turn.T, skeleton=body.skeleton)
        assert_allclose(stage.transform(turned).position, front.position, atol=1e-9)
    # Another vertical axis, and another hand of the axes.
    z_up = Motion(body.position[..., [0, 2, 1]] * [1, -1, 1], skeleton=body.skeleton)
    assert_allclose(stage.transform(z_up).position, front.position, atol=1e-9)
    y_down = Motion(body.position * [1, -1, -1], skeleton=body.skeleton)
    assert_allclose(stage.transform(y_down).position, front.position, atol=1e-9)


def test_a_camera_in_front_sees_what_the_stage_sees():
    body = _body()
    stage = PoseCanonicalizer(trend_duration=None, size_duration=None).fit(body)
    three = stage.transform(body).position
    line = [body.skeleton.index(f"{s}_{p}") for p in ("hip", "shoulder") for s in SIDES]
    across = (body.position[0][:, line[::2]] - body.position[0][:, line[1::2]]).sum(axis=(0, 1))
    front = np.rad2deg(np.arctan2(-across[2], across[0]))
    # SMPL has no ears: those of other trackers are at its head.
    picture = project(body.position, azimuth=front, scale=100.0, roll=7.0)
    seen = stage.transform(Motion(picture, skeleton=body.skeleton)).position / 100
    assert_allclose(
        seen - seen.mean(axis=(1, 2), keepdims=True),
        three - three.mean(axis=(1, 2), keepdims=True),
        atol=5e-3,
    )


@pytest.mark.parametrize("name", list_skeletons())
def test_each_skeleton_has_the_canonical_joints(name):
    joints, problems = map_joints(get_skeleton(name))
    assert problems == []
    assert joints.missing == ()
    assert sorted(joints.sources) == sorted(CANONICAL.joints)


def test_rigs_map_by_their_names():
    rig = ["Hips", "Spine", "Neck", "Head"]
    rig += [
        f"{s}{p}"
        for s in ("Left", "Right")
        for p in ("Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot")
    ]
    joints, _ = map_joints(Skeleton(rig))
    assert joints.missing == ()
    assert joints.sources["left_wrist"] == (rig.index("LeftHand"),)
    # Without hips the legs turn about the pelvis; knees that are not there are not seen.
    few = Skeleton(
        ["pelvis", "neck", "nose", *[f"{s}_{p}" for s in SIDES for p in ("wrist", "ankle")]]
    )
    joints, _ = map_joints(few)
    assert joints.sources["left_hip"] == joints.sources["right_hip"] == (0,)
    assert joints.missing == ("left_elbow", "right_elbow", "left_knee", "right_knee")
    seen = (
        PoseCanonicalizer()
        .fit(np.zeros((1, 9, 17, 2)))
        .transform(Motion(np.random.default_rng(0).normal(size=(1, 9, 7, 2)), skeleton=few))
    )
    assert np.isnan(seen.position[:, :, CANONICAL.index("left_knee")]).all()
    assert np.isfinite(LMAFeaturizer().fit_transform(seen)).all()


def test_names_tell_what_is_not_found():
    own = Skeleton(["a", "b", "c", "d", "lwrst", "rwrst", "h"])
    dance = Motion(np.random.default_rng(0).normal(size=(1, 30, 7, 2)), skeleton=own)
    stage = PoseCanonicalizer().fit(np.zeros((1, 9, 17, 2)))
    with pytest.raises(
        ValueError,
        match=r"without left_hip, right_hip, left_shoulder, right_shoulder, left_wrist, "
        r"right_wrist: .*names=.*For 'left_wrist', did you mean 'lwrst'\?.*a, b, c, d",
    ):
        stage.transform(dance)
    names = dict(zip(("left_hip", "right_hip", "left_shoulder", "right_shoulder"), "abcd"))
    names |= {"left_wrist": "lwrst", "right_wrist": "rwrst", "head": "h"}
    stage = PoseCanonicalizer(names=names).fit(dance)
    assert stage.canonical_
    missing = [f"{side}_{part}" for part in ("elbow", "knee", "ankle") for side in SIDES]
    assert list(stage.missing_) == missing
    assert stage.transform(dance).shape == (1, 30, 15, 2)
    assert stage.transform(np.zeros((1, 9, 17, 2))).shape == (1, 9, 15, 2)
    with pytest.raises(ValueError, match=r"canonical joints .*'left_rist'.*mean 'left_wrist'"):
        PoseCanonicalizer(names={"left_rist": "a"}).fit(dance)


def test_joints_without_names_pass_unchanged():
    poses = np.random.default_rng(0).normal(size=(2, 30, 5, 3))
    stage = PoseCanonicalizer().fit(poses)
    assert not stage.canonical_
    assert_array_equal(stage.transform(poses).position, poses)
    with pytest.raises(ValueError, match="fitted on poses of 5 joints and 3 axes"):
        stage.transform(np.zeros((1, 9, 17, 2)))
    canonical = PoseCanonicalizer().fit(np.zeros((1, 9, 17, 2)))
    with pytest.raises(ValueError, match="named joints, got unnamed ones: pass Motion"):
        canonical.transform(poses)
    three = PoseCanonicalizer(view=None).fit(np.zeros((1, 9, 24, 3)))
    assert three.transform(np.zeros((1, 9, 24, 3))).shape == (1, 9, 15, 3)
    with pytest.raises(ValueError, match="of 3 axes, as in fit, got 2: with view='front'"):
        three.transform(np.zeros((1, 9, 17, 2)))


def test_gaps_padding_and_confidence(dances):
    stage = PoseCanonicalizer().fit(dances)
    whole = stage.transform(dances[:1]).position
    padded = np.concatenate([dances.position[:1], np.full((1, 50, 17, 2), np.nan)], axis=1)
    got = stage.transform(Motion(padded, skeleton=dances.skeleton)).position
    assert_allclose(got[:, : whole.shape[1]], whole)
    assert np.isnan(got[:, whole.shape[1] :]).all()
    confidence = np.ones((1, dances.n_frames, 17))
    wrist = dances.skeleton.index("left_wrist")
    confidence[:, 60:120, wrist] = 0.1
    doubtful = Motion(dances.position[:1], skeleton=dances.skeleton, confidence=confidence)
    got = stage.transform(doubtful).position
    place = CANONICAL.index("left_wrist")
    assert np.isnan(got[0, 60:120, place]).all()
    others = np.delete(np.arange(15), place)
    assert_allclose(got[:, :, others], whole[:, :, others])
    # A short gap is filled, so the neck does not jump to one shoulder.
    gap = dances.position[:1].copy()
    gap[:, 30:33, dances.skeleton.index("left_shoulder")] = np.nan
    got = stage.transform(Motion(gap, skeleton=dances.skeleton)).position
    assert np.isfinite(got[:, :, CANONICAL.index("neck")]).all()


def test_coordinates_have_names(dances):
    stage = PoseCanonicalizer().fit(dances)
    names = stage.get_feature_names_out()
    assert names[:3].tolist() == ["head_x", "head_y", "neck_x"]
    assert len(names) == 30
