"""The judge and retrieval, on synthetic dances whose music is known to follow."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_asdf import Motion
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import (
    DanceMusicJudge,
    MusicStatistics,
    dance_features,
    mantel_test,
    music_features,
    retrieval,
)
from sklearn_asdf.testing import run_in_new_process


@pytest.fixture(scope="module")
def data():
    return make_dance_music(80, n_performances=40, random_state=0)


@pytest.fixture(scope="module")
def new(data):
    return data.groups >= 30


@pytest.fixture(scope="module")
def judge(data, new):
    return DanceMusicJudge().fit(data.poses[~new], data.audio[~new])


def test_music_of_held_out_dances_is_found(judge, data, new):
    scores = retrieval(judge, data.poses[new], data.audio[new], data.groups[new], random_state=0)
    assert scores["r1"] > 3 * scores["chance_r1"]
    assert scores["chance_r1"] == pytest.approx(0.1)
    assert scores["mrr"] > 1.5 * scores["chance_mrr"]
    assert scores["p"] < 0.01
    score = judge.score(data.poses[new], data.audio[new], data.groups[new])
    assert score == pytest.approx(scores["mrr"])
    assert judge.canonical_correlations(data.poses[new], data.audio[new])[0] > 0.5


def test_features_replace_clips():
    rng = np.random.default_rng(0)
    common = rng.normal(size=(50, 1))
    dances = common + 0.1 * rng.normal(size=(50, 3))
    music = -common + 0.1 * rng.normal(size=(50, 2))
    judge = DanceMusicJudge(n_components=1, alpha=0.0).fit_features(dances[:40], music[:40])
    assert judge.correlations_[0] > 0.98
    u, v = judge.transform_features(dances[40:], music[40:])
    assert np.corrcoef(u[:, 0], v[:, 0])[0, 1] > 0.95
    similarity = judge.similarity_of_features(dances[40:], music[40:], center=True)
    assert (similarity.argmax(axis=1) == np.arange(10)).mean() > 0.5
    # A constant added to all music has no influence on centered scores only.
    shifted = judge.similarity_of_features(dances[40:], music[40:] + 5, center=True)
    np.testing.assert_allclose(shifted, similarity)
    plain = judge.similarity_of_features(dances[40:], music[40:])
    assert not np.allclose(plain, judge.similarity_of_features(dances[40:], music[40:] + 5))


def test_a_change_common_to_all_music_does_not_matter(judge, data, new):
    poses, audio, groups = data.poses[new], np.asarray(data.audio[new]), data.groups[new]
    plain = retrieval(judge, poses, audio, groups, random_state=0)
    quiet = retrieval(judge, poses, 0.2 * audio, groups, random_state=0)
    assert quiet["mrr"] == pytest.approx(plain["mrr"], abs=0.06)


def test_music_permuted_between_performances_is_not_found(judge, data, new):
    poses, audio = data.poses[new], data.audio[new]
    permuted = np.asarray(audio)[(np.arange(len(audio)) + 2) % len(audio)]
    scores = retrieval(judge, poses, permuted, data.groups[new], random_state=0)
    assert scores["p"] > 0.05
    assert scores["r1"] < 2.5 * scores["chance_r1"]


def test_the_same_music_for_all_scores_exactly_at_chance(judge, data, new):
    same = np.repeat(np.asarray(data.audio[:1]), new.sum(), axis=0)
    scores = retrieval(judge, data.poses[new], same, data.groups[new], random_state=0)
    assert scores["r1"] == pytest.approx(scores["chance_r1"])
    assert scores["mrr"] == pytest.approx(scores["chance_mrr"])
    assert scores["p"] == 1
    # An inaudible trace of the own music does not count.
    traced = same + 1e-4 * np.asarray(data.audio[new])
    nearly = retrieval(judge, data.poses[new], traced, data.groups[new], random_state=0)
    assert nearly["r1"] == pytest.approx(scores["chance_r1"], abs=0.02)


def test_without_groups_each_clip_is_a_performance(judge, data, new):
    poses, audio = data.poses[new][::2], data.audio[new][::2]
    assert judge.score(poses, audio) == judge.score(poses, audio, np.arange(len(poses)))


def test_similarity_is_the_same_after_pickling_and_refitting(judge, data, new):
    poses, audio = data.poses[new], data.audio[new]
    expected = judge.similarity(poses, audio)
    assert_array_equal(run_in_new_process(judge, "similarity", poses, audio), expected)
    again = clone(judge).fit(data.poses[~new], data.audio[~new])
    assert_array_equal(again.similarity(poses, audio), expected)


def test_features_are_invariant_to_scale_and_position(data):
    poses = data.poses[:4]
    moved = Motion(0.01 * poses.position + 3, fps=poses.fps, skeleton=poses.skeleton)
    assert_allclose(dance_features(moved), dance_features(poses), atol=1e-6)


def test_features_follow_speed_and_tempo():
    slow, fast = (
        make_dance_music(1, factors={"tempo": bpm, "vigour": v}, random_state=0)
        for bpm, v in ((80, 0.0), (120, 1.0))
    )
    a, b = (dance_features(d.poses)[0] for d in (slow, fast))
    # Wrists: mean speeds .1 and .5 body heights per second.
    assert b[9:11].mean() > a[9:11].mean() + 1
    pulse = [music_features(d.audio)[0, -31:] for d in (slow, fast)]
    tempi = np.geomspace(40, 240, 31)
    near = [np.abs(np.log2(tempi / bpm)) < 0.04 for bpm in (80, 120)]
    assert pulse[0][near[0]].max() > pulse[1][near[0]].max()
    assert pulse[1][near[1]].max() > pulse[0][near[1]].max()


def test_missing_joints_are_accepted(data, new):
    position = data.poses.position.copy()
    position[::3, :, 5] = np.nan
    position[1, 100:120] = np.nan
    poses = Motion(position, fps=30, skeleton=data.poses.skeleton)
    judge = DanceMusicJudge().fit(poses[~new], data.audio[~new])
    assert np.isfinite(judge.similarity(poses[new], data.audio[new])).all()


def test_padding_does_not_change_features(data):
    whole = data.poses[:2].frames(0, 180)
    padded = np.concatenate([whole.position, np.full((2, 60, 17, 2), np.nan)], axis=1)
    padded = Motion(padded, fps=30, skeleton="coco17")
    assert_allclose(dance_features(padded), dance_features(whole), atol=0.02)


def test_mantel_finds_music_that_follows_and_no_other(data, new):
    poses, audio, groups = data.poses[new], np.asarray(data.audio[new]), data.groups[new]
    r, p = mantel_test(poses, audio, groups, random_state=0)
    assert r > 0.2
    assert p < 0.05
    same = np.repeat(audio[:1], len(audio), axis=0)
    assert mantel_test(poses, same, groups, random_state=0) == (0, 1)
    # Relative to real music, an inaudible trace does not count.
    embedding = MusicStatistics().fit(data.audio[~new])
    traced = same + 1e-5 * audio
    near = mantel_test(poses, traced, groups, embedding=embedding, random_state=0)
    assert near == (0, 1)
    assert mantel_test(poses, audio, groups, embedding=embedding, random_state=0)[0] > 0.2


def test_bad_input_is_refused_in_a_sentence(judge, data):
    with pytest.raises(NotFittedError):
        DanceMusicJudge().similarity(data.poses[:2], data.audio[:2])
    with pytest.raises(ValueError, match="got 3 of dance and 2 of music"):
        DanceMusicJudge().fit(data.poses[:3], data.audio[:2])
    with pytest.raises(ValueError, match="'n_components' parameter"):
        DanceMusicJudge(0).fit(data.poses[:4], data.audio[:4])
    with pytest.raises(ValueError, match="fitted on poses of 17 joints and 2 axes, got 5 joints"):
        judge.similarity(np.random.default_rng(0).normal(size=(2, 60, 5, 2)), data.audio[:2])
    with pytest.raises(ValueError, match="expected groups, the performance of each clip, got None"):
        retrieval(judge, data.poses[:2], data.audio[:2], None)
    with pytest.raises(ValueError, match="at least 2 performances, got 1"):
        retrieval(judge, data.poses[:2], data.audio[:2], [0, 0])
    with pytest.raises(ValueError, match=r"groups of shape \(2,\)"):
        retrieval(judge, data.poses[:2], data.audio[:2], [0, 0, 1])
