"""KeyframeSegmenter: the paper's keyframes, and always as many as wanted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf import KeyframeSegmenter, Motion
from sklearn_asdf.motion.skeletons import get_skeleton

COCO = get_skeleton("coco17")
METHODS = ["salience", "uniform", "zero_crossing"]


def figure(angles):
    """Pose a standing figure by the angles of its eight limb bones, (n_frames, 8), in radians."""
    position = np.zeros((len(angles), 17, 2))
    position[:, COCO.index("left_hip")] = -0.1, 0
    position[:, COCO.index("right_hip")] = 0.1, 0
    position[:, COCO.index("left_shoulder")] = -0.2, 0.5
    position[:, COCO.index("right_shoulder")] = 0.2, 0.5
    for angle, (upper, lower) in zip(angles.T, COCO.limb_bones):
        side = 1 if "right" in upper else -1
        bone = 0.3 * np.stack([side * np.sin(angle), np.cos(angle)], axis=-1)
        position[:, COCO.index(lower)] = position[:, COCO.index(upper)] + bone
    return position


def held(n_poses, hold, move, seed, ease=lambda t: t):
    """Poses held in turn, and the first frame of each hold."""
    poses = np.random.default_rng(seed).uniform(0.2, 2.9, (n_poses, 8))
    way = ease(np.arange(1, move + 1) / (move + 1))[:, None]
    angles = []
    for pose, following in zip(poses, [*poses[1:], None]):
        angles.append(np.repeat(pose[None], hold, axis=0))
        if following is not None:
            angles.append(pose + way * (following - pose))
    return figure(np.concatenate(angles)), np.arange(n_poses) * (hold + move)


def swinging(n_clips=3, n_frames=240, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(n_frames)[:, None] / 30
    clips = [
        figure(1.5 + np.cos(2 * np.pi * rng.uniform(0.3, 1.2, 8) * t + rng.uniform(0, 6, 8)))
        for _ in range(n_clips)
    ]
    return Motion(np.stack(clips), skeleton=COCO)


def eased(t):
    return t**3 * (10 - 15 * t + 6 * t**2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ease", [lambda t: t, eased], ids=["linear", "eased"])
@pytest.mark.parametrize(("hold", "move"), [(12, 12), (20, 10), (30, 8)])
def test_keyframes_of_held_poses_are_those_poses(hold, move, ease, seed):
    position, start = held(10, hold, move, seed, ease)
    motion = KeyframeSegmenter(n_keyframes=10).fit_transform(Motion(position[None], skeleton=COCO))
    keyframes = motion.keyframes[0]
    assert ((keyframes >= start) & (keyframes < start + hold)).all()
    np.testing.assert_array_equal(position[keyframes], position[start])


def test_paper_to_the_letter():
    # Equations 9 to 12 by loops over bones and frames.
    motion = swinging(n_clips=1)
    found = set()
    position = motion.position[0]
    center = lambda part: (position[:, COCO.index(f"left_{part}")]  # noqa: E731
                           + position[:, COCO.index(f"right_{part}")]) / 2  # fmt: skip
    spine = center("shoulder") - center("hip")
    offset = np.arange(-2, 3)
    kernels = [np.exp(-0.5 * (offset / sigma) ** 2) for sigma in (1.5, 0.75)]
    for upper, lower in COCO.limb_bones:
        bone = position[:, COCO.index(lower)] - position[:, COCO.index(upper)]
        cosine = (bone * spine).sum(-1) / np.linalg.norm(bone, axis=1)
        theta = np.arccos(cosine / np.linalg.norm(spine, axis=1))
        smooth = [np.convolve(np.pad(theta, 2, "edge"), k / k.sum(), "valid") for k in kernels]
        salience = np.abs(smooth[0] - smooth[1])
        clusters = []
        for frame in np.flatnonzero(salience > salience.mean()):
            if not clusters or frame - clusters[-1][-1] > 5:
                clusters.append([])
            clusters[-1].append(frame)
        for cluster in clusters:
            around = theta[max(cluster[0] - 5, 0) : cluster[-1] + 6].mean()
            found.add(max(cluster, key=lambda f: abs(theta[f] - around)))
    keyframes = KeyframeSegmenter(refine=False).fit_transform(motion).keyframes[0]
    assert len(found) > 10
    assert set(keyframes.tolist()) <= set(map(int, found))


@given(
    seed=st.integers(0, 10**6),
    n_frames=st.integers(1, 40),
    n_joints=st.sampled_from([1, 2, 17]),
    n_axes=st.integers(1, 3),
    kind=st.sampled_from(["wild", "steps", "still", "tiny", "huge", "gaps"]),
    n_keyframes=st.integers(2, 12),
    method=st.sampled_from(METHODS),
    refine=st.booleans(),
)
def test_always_as_many_as_wanted(
    seed, n_frames, n_joints, n_axes, kind, n_keyframes, method, refine
):
    rng = np.random.default_rng(seed)
    position = rng.normal(size=(2, n_frames, n_joints, n_axes)).cumsum(axis=1)
    if kind == "steps":
        position = np.round(position)
    position = position * {"still": 0, "tiny": 1e-12, "huge": 1e12}.get(kind, 1)
    if kind == "gaps":
        position[rng.random(position.shape[:3]) < 0.5] = np.nan
        position[:, 0, 0] = 0
    motion = Motion(position, skeleton=COCO if n_joints == 17 else None)
    stage = KeyframeSegmenter(n_keyframes=n_keyframes, method=method, refine=refine)
    keyframes = stage.fit_transform(motion).keyframes
    assert keyframes.shape == (2, n_keyframes)
    assert keyframes.dtype.kind == "i"
    for frames, length in zip(keyframes, motion.lengths):
        assert frames.min() >= 0
        assert frames.max() < length
        assert (
            (np.diff(frames) > 0).all() if length >= n_keyframes else (np.diff(frames) >= 0).all()
        )


@pytest.mark.parametrize("method", METHODS)
def test_clips_do_not_depend_on_each_other_or_on_padding(method):
    motion = swinging(4)
    clips = [motion.position[i, : 240 - 30 * i] for i in range(4)]
    stage = KeyframeSegmenter(method=method)
    together = stage.fit_transform(Motion.from_clips(clips, skeleton=COCO)).keyframes
    alone = [stage.fit_transform(Motion(c[None], skeleton=COCO)).keyframes[0] for c in clips]
    np.testing.assert_array_equal(together, alone)
    order = [2, 0, 3, 1]
    np.testing.assert_array_equal(stage.fit_transform(motion[order]).keyframes,
                                  stage.fit_transform(motion).keyframes[order])  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_where_the_dancer_stands_and_how_large_does_not_matter(method):
    motion = swinging()
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    moved = Motion(300 + 50 * motion.position @ turn, skeleton=COCO)
    stage = KeyframeSegmenter(method=method)
    np.testing.assert_array_equal(
        stage.fit_transform(moved).keyframes, stage.fit_transform(motion).keyframes
    )


def test_references():
    motion = swinging(1)
    by = {
        reference: KeyframeSegmenter(reference=reference).fit_transform(motion).keyframes.tolist()
        for reference in ("spine", "vertical", "image_origin", ("left_hip", "left_shoulder"))
    }
    # This figure stands upright all the time.
    assert by["spine"] == by["vertical"]
    assert by["image_origin"] != by["spine"]
    arm = KeyframeSegmenter(limb_bones=[("left_elbow", "left_wrist")], n_keyframes=4)
    assert arm.fit_transform(motion).keyframes.tolist() != by["spine"]


def test_zero_crossings_are_rests_and_fastest_moments():
    t = np.arange(121) / 30
    swing = np.cos(2 * np.pi * 0.5 * t)[None]  # turns each second, 30 frames; fastest between
    keyframes = KeyframeSegmenter(method="zero_crossing", n_keyframes=7).fit_transform(swing)
    np.testing.assert_allclose(keyframes.keyframes[0], np.arange(15, 106, 15), atol=2)


def test_blocks_give_what_one_call_gives(monkeypatch):
    motion = swinging(5)
    whole = KeyframeSegmenter().fit_transform(motion).keyframes
    monkeypatch.setattr("sklearn_asdf.motion.keyframes._BLOCK", 20_000)
    np.testing.assert_array_equal(KeyframeSegmenter().fit_transform(motion).keyframes, whole)


def test_input_is_kept():
    motion = swinging(2)
    before = motion.position.copy()
    got = KeyframeSegmenter().fit(motion).transform(motion)
    assert motion.keyframes is None
    assert got.position is motion.position
    np.testing.assert_array_equal(motion.position, before)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"n_keyframes": 1}, "n_keyframes"),
        ({"method": "saliency"}, "Did you mean 'salience'"),
        ({"kernel_duration": 0}, "kernel_duration"),
        ({"limb_bones": []}, "expected at least one pair of joints in limb_bones"),
        ({"limb_bones": [("left_elbow", "left_wrst")]}, "Did you mean 'left_wrist'"),
        ({"limb_bones": ["left_elbow"]}, "expected a bone to be a pair of joint names"),
        ({"reference": ("hip",)}, "expected a bone to be a pair of joint names"),
        ({"reference": "spin"}, "Did you mean 'spine'"),
    ],
)
def test_refusals(params, sentence):
    with pytest.raises(ValueError, match=sentence):
        KeyframeSegmenter(**params).fit(swinging(1, n_frames=30))


def test_bones_need_names():
    with pytest.raises(ValueError, match="pass a Motion with a skeleton"):
        KeyframeSegmenter(limb_bones=[("hip", "knee")]).fit(np.zeros((2, 30)))
