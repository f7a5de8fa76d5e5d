"""DanceBeatTracker: the beat of dances, learned from their music or told from moments of rest."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import AudioClips, DanceBeatTracker, LMAFeaturizer, Motion
from sklearn_asdf._renamed import present_state
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.periodicity import beat_tempo
from sklearn_asdf.functional.view import project
from sklearn_asdf.motion.beat_curves import beat_curves
from sklearn_asdf.motion.skeletons import get_skeleton
from sklearn_asdf.testing import run_in_new_process

SR, FPS = 22050, 30.0
COCO = get_skeleton("coco17")


def ticks(tempo, first, duration):
    """A recording of short tones on each beat."""
    y = 1e-4 * np.random.default_rng(0).normal(size=round(duration * SR))
    tone = np.exp(-np.arange(1500) / 300) * np.sin(0.3 * np.arange(1500))
    for beat in np.arange(first, duration - 0.1, 60 / tempo):
        i = round(beat * SR)
        y[i : i + 1500] += tone[: len(y) - i]
    return (0.5 * y).astype(np.float32)


def pairs(n_performances=7, duration=16.0, seed=0):
    """Dances whose ankles strike down a quarter of a beat after each tick, hands at any time."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(duration * FPS)) / FPS
    place = rng.normal(size=(17, 2))
    clips, recordings, phases = [], [], []
    for _ in range(n_performances):
        tempo, first = rng.uniform(80, 125), rng.uniform(0.1, 0.5)
        beat = (time - first) * tempo / 60
        take = place + 0.02 * rng.normal(size=(len(time), 1, 2)).cumsum(axis=0) / 10
        strike = np.exp(8 * (np.cos(2 * np.pi * (beat - 0.25)) - 1))
        take[:, COCO.indices(["left_ankle", "right_ankle"]), 1] -= 0.3 * strike[:, None]
        wave = np.sin(2 * np.pi * rng.uniform(0.3, 2.5) * time + rng.uniform(0, 6))
        take[:, COCO.indices(["left_wrist", "right_wrist"]), 0] += 0.3 * wave[:, None]
        clips.append(take)
        recordings.append(ticks(tempo, first, duration))
        phases.append(2 * np.pi * beat)
    starts = [0.0, 4.0, 8.0]
    size = round(8 * FPS)
    cut = [(i, round(s * FPS)) for i in range(n_performances) for s in starts]
    motion = Motion(np.stack([clips[i][s : s + size] for i, s in cut]), fps=FPS, skeleton=COCO)
    audio = AudioClips.from_recordings(recordings, clip_duration=8.0, hop_duration=4.0)
    return motion, audio, np.stack([phases[i][s : s + size] for i, s in cut])


@pytest.fixture(scope="module")
def data():
    return pairs()


@pytest.fixture(scope="module")
def tracker(data):
    motion, audio, _ = data
    return DanceBeatTracker(max_iter=20, random_state=0).fit(motion, audio)


def agreement(beat, phase):
    return np.mean([np.corrcoef(b, np.cos(p))[0, 1] for b, p in zip(beat, phase)])


def test_learns_which_movement_goes_with_the_beat(tracker):
    motion, _, phase = pairs(3, seed=1)
    told = tracker.transform(motion)
    assert told.beat.shape == motion.shape[:2]
    assert np.abs(told.beat).max() <= 1
    assert agreement(told.beat, phase) > 0.85
    # Moments of rest, all that is known without music, lie elsewhere in these dances.
    rest = DanceBeatTracker().fit_transform(motion)
    assert agreement(rest.beat, phase) < 0.5
    tempo = beat_tempo(told.beat, fps=FPS)
    true = 60 * FPS * (phase[:, -1] - phase[:, 0]) / (2 * np.pi) / (phase.shape[1] - 1)
    assert_allclose(tempo[:, 0], true, rtol=0.02)
    middle = (phase[:, 119] + phase[:, 120]) / 2
    away = np.angle(np.exp(1j * (np.arctan2(tempo[:, 3], tempo[:, 2]) - middle)))
    assert np.abs(away).max() < 0.5


def test_training_clips_are_told_by_models_that_did_not_learn_from_them(data, tracker):
    motion, audio, phase = data
    held_out = DanceBeatTracker(max_iter=20, random_state=0).fit_transform(motion, audio)
    assert agreement(held_out.beat, phase) < agreement(tracker.transform(motion).beat, phase)


def test_models_learned_at_once_are_the_same(data):
    motion, audio, _ = data
    one, two = (
        DanceBeatTracker(max_iter=5, n_jobs=n, random_state=0).fit(motion, audio) for n in (None, 2)
    )
    assert_array_equal(one.transform(motion).beat, two.transform(motion).beat)
    one, two = (
        DanceBeatTracker(max_iter=5, n_jobs=n, random_state=0).fit_transform(motion, audio).beat
        for n in (None, 2)
    )
    assert_array_equal(one, two)


def test_a_mirrored_dance_has_the_same_beat(tracker):
    # A new dance: trees split at values that they have seen, where rounding decides.
    motion = pairs(1, seed=2)[0]
    swapped = motion.position.copy()
    swap = COCO.indices(COCO.left_right)
    swapped[:, :, swap[:, 0]] = motion.position[:, :, swap[:, 1]]
    swapped[:, :, swap[:, 1]] = motion.position[:, :, swap[:, 0]]
    mirrored = Motion(swapped, fps=FPS, skeleton=COCO)
    assert_allclose(tracker.transform(mirrored).beat, tracker.transform(motion).beat, atol=1e-6)


def test_a_turn_of_the_camera_does_not_matter(data):
    rng = np.random.default_rng(0)
    dance = 0.1 * rng.normal(size=(1, 60, 17, 3)).cumsum(axis=1)
    views = [Motion(project(dance, azimuth=a), fps=FPS, skeleton=COCO) for a in (0, 70)]
    front, aside = (beat_curves(view)[0] for view in views)
    assert front.shape == (1, 60, 3 * 14)
    assert_allclose(aside, front, atol=1e-9)
    # Speeds in the picture depend on the side from which it is taken.
    front, aside = (beat_curves(view, horizontal=True)[0] for view in views)
    assert front.shape == (1, 60, 5 * 14)
    assert np.abs(aside - front).max() > 0.1
    motion, audio, _ = data
    short = DanceBeatTracker(max_iter=1, random_state=0, horizontal=True).fit(motion, audio)
    assert short.transform(motion[:1]).beat.shape == (1, 240)
    # Models that were saved before this choice learned from both.
    assert present_state("DanceBeatTracker", {"reach": 0.5})["horizontal"]


def test_the_size_of_the_dancer_does_not_matter(tracker):
    motion = pairs(1, seed=2)[0]
    larger = Motion(32 * motion.position, fps=FPS, skeleton=COCO)
    told = [tracker.transform(m).beat.ravel() for m in (motion, larger)]
    assert np.corrcoef(told)[0, 1] > 0.999


def test_padding_and_joints_not_seen_are_no_trouble(tracker, data):
    position = data[0].position[:3].copy()
    position[0, 200:] = np.nan
    position[1, 50:60] = np.nan
    position[2, :, 9] = np.nan
    beat = tracker.transform(Motion(position, fps=FPS, skeleton=COCO)).beat
    assert np.isfinite(beat).all()
    assert not beat[0, 200:].any()


def test_joints_without_names_are_one_part(data):
    motion, audio, phase = data
    # Hips, knees and ankles: nothing tells which of them strike on the beat.
    unnamed = Motion(motion.position[:, :, 11:], fps=FPS, skeleton=None)
    tracker = DanceBeatTracker(max_iter=10, random_state=0).fit(unnamed, audio)
    found = tracker.transform(unnamed).beat
    assert found.shape == motion.shape[:2]
    aligned = abs(np.exp(1j * (found - phase)).mean())
    assert aligned > 0.25
    assert abs(np.exp(1j * (found - np.roll(phase, 5, axis=0))).mean()) < 0.5 * aligned
    named = DanceBeatTracker(max_iter=1, random_state=0).fit(motion, audio)
    assert tracker.model_.n_features_in_ < named.model_.n_features_in_ / 2


def test_arrays_of_music_do_as_well(data):
    motion, audio, _ = data
    tracker = DanceBeatTracker(max_iter=3, random_state=0).fit(motion, np.asarray(audio))
    assert tracker.model_ is not None
    for none in (None, np.arange(len(motion)), np.zeros((len(motion), 2))):
        assert DanceBeatTracker().fit(motion, none).model_ is None


def test_same_bits_again_and_in_a_new_process(tracker, data):
    motion, audio, _ = data
    here = tracker.transform(motion[:2]).beat
    again = DanceBeatTracker(max_iter=20, random_state=0).fit(motion, audio)
    assert_array_equal(again.transform(motion[:2]).beat, here)
    assert_array_equal(run_in_new_process(tracker, "transform", motion[:2]).beat, here)


def test_the_beat_is_a_group_of_features(tracker, data):
    motion, _, phase = data
    lma = LMAFeaturizer(groups="beat").set_output(transform="pandas")
    table = lma.fit_transform(tracker.transform(motion))
    assert list(table.columns) == [
        "clip_beat_tempo", "clip_beat_strength", "clip_mid_beat_cos", "clip_mid_beat_sin",
    ]  # fmt: skip
    true = 60 * FPS * (phase[:, -1] - phase[:, 0]) / (2 * np.pi) / (phase.shape[1] - 1)
    assert_allclose(table["clip_beat_tempo"], true, rtol=0.02)
    # Without a tracker before it, moments of rest are beats.
    assert np.isfinite(lma.fit_transform(motion).to_numpy()).all()


def test_what_the_beat_may_be_wrong_about_is_a_group_of_features():
    data = make_dance_music(
        2,
        n_performances=2,
        noise=0.005,
        sr=8000,
        factors={"tempo": 100, "metre": 4},
        random_state=3,
    )
    time = np.arange(data.poses.n_frames) / FPS
    # One dance's beat is right, the other's twice as fast.
    beat = np.cos(2 * np.pi * np.array([[100.0], [200.0]]) / 60 * time)
    lma = LMAFeaturizer(groups=["beat_alternatives"]).set_output(transform="pandas")
    table = lma.fit_transform(data.poses.with_fields(beat=beat))
    tempi = table.filter(like="tempo_weight")
    assert_allclose(tempi.sum(axis=1), 1)
    assert list(tempi.idxmax(axis=1)) == ["clip_own_tempo_weight", "clip_half_tempo_weight"]
    assert table["clip_three_beat_weight"].between(0, 1).all()
    still = Motion(np.ones((1, 240, 17, 2)), fps=FPS, skeleton=COCO)
    assert not lma.transform(still).to_numpy().any()


def test_bad_music_ends_in_a_sentence(data):
    motion, audio, _ = data
    with pytest.raises(ValueError, match="expected one audio clip for each dance clip"):
        DanceBeatTracker().fit(motion, audio[:-1])
    with pytest.raises(ValueError, match="expected music as long as the dance"):
        DanceBeatTracker().fit(motion, np.asarray(audio)[:, : SR // 2])
    with pytest.raises(ValueError, match="NaN"):
        DanceBeatTracker().fit(motion, np.full((len(motion), 8 * SR), np.nan))
    with pytest.raises(ValueError, match="'cv'"):
        DanceBeatTracker(cv=1).fit(motion, audio)
