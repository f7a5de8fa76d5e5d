"""The pipeline fed frame by frame says what it says of the recording, in flat time and memory."""

from __future__ import annotations

import gc
import os
import time
import tracemalloc

import numpy as np
import pytest

from sklearn_asdf import make_dance_pipeline, make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.live import StreamingDancer
from sklearn_asdf.live._buffer import PoseBuffer
from sklearn_asdf.motion.container import Motion

CLIP = 2.0
SR = 22050


@pytest.fixture(scope="module")
def dance():
    """One dance of 12 s."""
    data = make_dance_music(1, clip_duration=12.0, random_state=0)
    return Motion(np.asarray(data.poses), fps=30, skeleton="coco17")


@pytest.fixture(scope="module")
def lma(dance):
    return make_lma_pipeline(n_keyframes=4).fit(dance)


@pytest.fixture(scope="module")
def music():
    data = make_dance_music(24, clip_duration=CLIP, random_state=0)
    return make_dance_pipeline("tiny", n_keyframes=4, random_state=0).fit(data.poses, data.audio)


def play(live, poses, times=None):
    times = [None] * len(poses) if times is None else times
    return [m for pose, t in zip(poses, times) for m in live.feed(pose, t)]


@pytest.mark.parametrize("hop", [0.1, 0.3, 0.5, 1.0])
def test_live_features_are_those_of_the_recording(hop, lma, dance):
    moments = play(StreamingDancer(lma, clip_duration=CLIP, hop_duration=hop), dance.position[0])
    offline = lma.transform(dance.windows(CLIP, hop))
    assert len(moments) == len(offline)
    np.testing.assert_allclose([m.time for m in moments], CLIP + hop * np.arange(len(moments)))
    np.testing.assert_allclose([m.features for m in moments], offline, rtol=1e-9, atol=1e-12)


def test_features_know_nothing_of_the_future(lma, dance):
    poses = dance.position[0]
    changed = np.array(poses)
    changed[200:] += 5.0
    first, second = (play(StreamingDancer(lma, clip_duration=CLIP), p) for p in (poses, changed))
    for a, b in zip(first, second):
        same = np.array_equal(a.features, b.features)
        assert same == (a.time * 30 <= 200)


def test_poses_at_other_times_are_brought_onto_the_clock(lma, dance):
    # A recording at 50 fps whose joints move evenly is the same dance at any rate.
    slope = np.random.default_rng(0).normal(size=(17, 2))
    start = dance.position[0, 0]
    times = np.sort(np.random.default_rng(1).uniform(0, 6, 300))
    times[0] = 0
    live = StreamingDancer(lma, clip_duration=CLIP)
    for t in times:
        live.push(start + slope * t, 1000 + t)
    kept = live._buffer.last()
    at = (live._buffer.count - len(kept) + np.arange(len(kept))) / 30
    np.testing.assert_allclose(kept, start + slope * at[:, None, None], atol=1e-9)


@pytest.mark.parametrize("fps", [60, 120])
def test_faster_poses_are_filtered_as_those_of_a_recording(fps, lma):
    data = make_dance_music(1, clip_duration=6.0, fps=fps, random_state=0)
    dance = Motion(np.asarray(data.poses), fps=fps, skeleton="coco17")
    jitter = 1.4 * np.cos(2 * np.pi * 29 * np.arange(dance.n_frames) / fps)
    shaken = Motion(dance.position + jitter[:, None, None], fps=fps, skeleton="coco17")
    times = 5 + np.arange(dance.n_frames) / fps
    live = play(StreamingDancer(lma, clip_duration=CLIP), shaken.position[0], times)
    offline = lma.transform(dance.windows(CLIP, 0.5))
    error = np.abs([m.features for m in live] - offline) / (np.abs(offline) + 1e-6)
    assert np.median(error) < 0.005


def test_what_comes_late_or_twice_is_ignored():
    buffer = PoseBuffer(10, 30.0)
    for t, value in ((0.0, 0.0), (1 / 30, 1.0), (1 / 30, 5.0), (0.0, 7.0), (2 / 30, 2.0)):
        buffer.push(np.full((1, 2), value), t)
    assert buffer.last()[-3:, 0, 0].tolist() == [0, 1, 2]


def test_a_clock_that_is_started_anew_goes_on():
    buffer = PoseBuffer(10, 30.0)
    times = [100, 100 + 1 / 30, 1e9, 0, 1 / 30, 2 / 30, 3 / 30]
    for value, t in enumerate(times):
        buffer.push(np.full((1, 2), float(value)), t)
    # One wrong time ahead, and the first pose that runs behind it, are all that is lost.
    assert buffer.last()[-4:, 0, 0].tolist() == [2, 4, 5, 6]


def test_a_long_gap_is_not_seen_and_a_very_long_one_costs_nothing():
    buffer = PoseBuffer(60, 30.0)
    buffer.push(np.zeros((1, 2)), 0.0)
    buffer.push(np.ones((1, 2)), 1.0)
    assert np.isnan(buffer.last()[-30:-1]).all()
    assert (buffer.last()[-1] == 1).all()
    began = time.perf_counter()
    buffer.push(np.ones((1, 2)), 1e6)
    assert time.perf_counter() - began < 1
    assert buffer.count == 30_000_001


def test_where_the_dancer_is_not_seen_there_are_no_features_and_silence(music, dance):
    poses = np.array(dance.position[0])
    poses[90:240] = np.nan
    live = StreamingDancer(music)
    moments = play(live, poses)
    unseen = [m for m in moments if m.features is None]
    assert unseen
    assert all(4 <= m.time <= 9 for m in unseen)
    assert np.abs(unseen[-1].audio).max() == 0
    # What sounded before dies away in the first of them, without a step.
    assert np.abs(np.diff(np.concatenate([m.audio for m in moments]))).max() < 0.6
    assert all(np.isfinite(m.features).all() for m in moments if m.features is not None)


class _Loud:
    """Draws a loud sine whose phase goes on, whatever the dance."""

    def __init__(self, music, amplitude):
        self.music, self.amplitude = music, amplitude

    def __getattr__(self, name):
        return getattr(self.music, name)

    def decode(self, codes):
        n_samples = len(self.music.decode(codes)[0])
        wave = np.sin(2 * np.pi * 440 * np.arange(n_samples) / SR)
        return (self.amplitude * wave)[None].astype(np.float32)


@pytest.mark.parametrize("fade", [0.0, 0.1])
def test_loud_live_music_is_turned_down_and_not_flattened(music, dance, fade):
    live = StreamingDancer(music, hop_duration=0.5, fade=fade)
    live._music = _Loud(live._music, 1.8)
    # As of an encoder that does not continue its sound.
    live._stream = None
    moments = play(live, dance.position[0])
    y = np.concatenate([m.audio for m in moments])
    assert np.abs(y).max() <= 0.8914
    # 440 Hz has a whole number of periods in half a second: the draws are one sine.
    second = y[SR : 2 * SR] * np.hanning(SR)
    spectrum = np.abs(np.fft.rfft(second))
    assert 2 * spectrum[440] / np.hanning(SR).sum() == pytest.approx(0.89, rel=0.05)
    assert spectrum[1310:1330].max() / spectrum[440] < 1e-3


@pytest.mark.parametrize("hop", [0.25, 0.31])
def test_the_sound_has_no_gap(hop, music, dance):
    live = StreamingDancer(music, hop_duration=hop)
    moments = play(live, dance.position[0])
    n_samples = sum(len(m.audio) for m in moments)
    assert n_samples == pytest.approx((moments[-1].time - CLIP + hop) * SR, abs=1)
    assert live.latency == pytest.approx(hop + 0.1)
    piece = np.concatenate([m.audio for m in moments])
    assert np.abs(piece).max() > 1e-3
    assert np.abs(piece).max() <= 1


def test_the_end_of_the_clips_draw_is_what_is_heard(music, dance):
    live = StreamingDancer(music, fade=0.1, hop_duration=0.5, random_state=3)
    # As of an encoder that does not continue its sound.
    live._stream = None
    first = play(live, dance.position[0, : round(CLIP * 30)])[0]
    X = music[:-1].transform(dance.windows(CLIP, 0.5)[:1])
    clip = music[-1].sample_y(X, 1, random_state=3, temperature=0.1)[0, :, 0]
    n_new, n_fade = round(0.5 * SR), round(0.1 * SR)
    expected = clip[-(n_new + n_fade) : len(clip) - n_fade]
    np.testing.assert_allclose(first.audio[n_fade:], expected[n_fade:], atol=1e-6)


def test_units_go_on_from_moment_to_moment(dance):
    data = make_dance_music(24, clip_duration=4.0, random_state=0)
    pipe = make_dance_pipeline("units", n_keyframes=4, random_state=0)
    pipe.set_params(beats__max_iter=10, music__regressor__regressor__regressor__epochs=2)
    live = StreamingDancer(pipe.fit(data.poses, data.audio), hop_duration=0.5)
    units, piece = [], []
    for pose in dance.position[0]:
        for moment in live.feed(pose):
            units.append(live._stream._unit)
            piece.append(moment.audio)
    # Mostly the next beat or the same one, and hardly ever another place.
    steps = np.diff(units)
    assert len(units) == 17
    assert np.isin(steps, [0, 1, 2]).sum() >= len(steps) - 2
    assert steps.any()
    loudness = np.sqrt(np.mean(np.square(piece), axis=1))
    assert loudness[1:].min() > 0.05 * loudness.max()
    live.reset()
    again = [m.audio for pose in dance.position[0] for m in live.feed(pose)]
    np.testing.assert_array_equal(again, piece)


def test_a_step_that_comes_late_covers_all_that_passed(music, dance):
    live = StreamingDancer(music, hop_duration=0.25)
    for pose in dance.position[0, :100]:
        live.push(pose)
    first = live.step()
    assert first.time == 3.25
    for pose in dance.position[0, 100:130]:
        live.push(pose)
    second = live.step()
    assert second.time == 4.25
    assert len(second.audio) == SR
    assert live.step() is None


def test_reset_forgets(lma, dance):
    live = StreamingDancer(lma, clip_duration=CLIP)
    first = play(live, dance.position[0, :90])
    again = play(live.reset(), dance.position[0, :90])
    assert [m.time for m in again] == [m.time for m in first]
    np.testing.assert_array_equal(again[-1].features, first[-1].features)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hop_duration": 0.0}, "expected hop_duration from a frame to half a clip"),
        ({"hop_duration": 1.5}, "expected hop_duration"),
        ({"fade": 1.0}, "expected fade from 0 to hop_duration"),
        ({"fps": 0}, "expected fps from 1"),
        ({"temperature": -1.0}, "expected temperature"),
        ({"random_state": None}, "expected random_state as a whole number"),
        ({"min_seen": 2}, "expected min_seen as a share"),
        ({"clip_duration": 0}, "expected clip_duration of at least two frames"),
    ],
)
def test_parameters_are_checked(change, message, lma):
    with pytest.raises(ValueError, match=message):
        StreamingDancer(lma, **({"clip_duration": CLIP} | change))


def test_poses_are_checked(lma, dance):
    live = StreamingDancer(lma, clip_duration=CLIP)
    live.push(dance.position[0, 0])
    with pytest.raises(ValueError, match=r"expected a pose of shape \(17, 2\), as before"):
        live.push(np.zeros((18, 2)))
    with pytest.raises(ValueError, match="got infinity"):
        live.push(np.full((17, 2), np.inf))
    with pytest.raises(TypeError, match="expected a fitted pipeline"):
        StreamingDancer(lma[-1])


def run_for(live, dance, seconds):
    """Dance for so long; give the time that each moment took to compute, as they come."""
    poses = dance.position[0]
    # There and back, so that the dance goes on without a jump.
    loop = np.concatenate([poses, poses[-2:0:-1]])
    for i in range(round(seconds * 30)):
        if live.push(loop[i % len(loop)]):
            began = time.perf_counter()
            assert live.step() is not None
            yield time.perf_counter() - began


def test_memory_does_not_grow_with_the_dance(lma, dance):
    live = StreamingDancer(lma, clip_duration=CLIP, hop_duration=0.5)
    # What libraries keep of their first calls is not ours.
    sum(run_for(live, dance, 10))
    tracemalloc.start()
    try:
        sum(run_for(live, dance, 10))
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        sum(run_for(live, dance, 30))
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # Libraries' caches settle; were the poses kept, this would be more than twice as much.
    assert grown < 0.4 * 30 * 30 * dance.position[0, 0].nbytes


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_an_hour_keeps_memory_and_latency_flat(music, dance):
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    live = StreamingDancer(music, hop_duration=0.5)
    warm_up = 120
    sum(run_for(live, dance, warm_up))
    before = resident()
    took = np.array(list(run_for(live, dance, 3600)))
    grown = resident() - before
    assert live.time == pytest.approx(warm_up + 3600)
    assert len(took) == 7200
    print(  # noqa: T201
        f"\nmemory {before / 1e6:.0f} MB, grown by {grown / 1e6:.1f} MB; a moment takes "
        f"{np.median(took) * 1e3:.0f} ms, 99th percentile {np.percentile(took, 99) * 1e3:.0f} ms"
    )
    assert grown < 50e6
    assert np.median(took[5400:]) < 1.5 * np.median(took[:1800])
    # Real time, with room: half a second of dance takes far less to compute.
    assert np.percentile(took, 99) < 0.5
