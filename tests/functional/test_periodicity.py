"""Tempo and phase of movements that were made with a known beat."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.functional.periodicity import beat_tempo, detrend, motion_tempo, tempogram

FPS = 30
T = np.arange(240) / FPS


def made(n, seed=0):
    rng = np.random.default_rng(seed)
    tempo, phase = rng.uniform(60, 190, n), rng.uniform(0, 2 * np.pi, n)
    speed = 1 - np.cos(2 * np.pi * tempo[:, None] / 60 * T + phase[:, None])
    return tempo, phase, speed**1.5 + 0.3 * rng.random((n, len(T))) + 0.3 * T


def test_tempo_and_phase_are_found():
    tempo, phase, activity = made(60)
    found = motion_tempo(activity, fps=FPS)
    np.testing.assert_allclose(found[:, 0], tempo, rtol=0.005)
    off = np.angle(np.exp(1j * (np.arctan2(found[:, 5], found[:, 4]) - phase)))
    assert np.abs(off).max() < 0.15
    assert (found[:, 1] > 0.6).all()


def test_beats_are_where_the_body_rests():
    tempo, _, activity = made(20, seed=1)
    found = motion_tempo(activity, fps=FPS)
    psi = np.arctan2(found[:, 5], found[:, 4])
    first = (-psi % (2 * np.pi)) / (2 * np.pi * found[:, 0] / 60)
    for row, start in enumerate(first):
        beats = np.round(np.arange(start, 7.9, 60 / tempo[row]) * FPS).astype(int)
        assert activity[row, beats].mean() < 0.6 * activity[row].mean()


def test_half_strength_tells_there_from_back():
    even = 1 - np.cos(2 * np.pi * 2 * T)
    uneven = even * (1 + 0.3 * np.cos(2 * np.pi * T + 0.3))
    alike, differ = motion_tempo(np.stack([even, uneven]), fps=FPS)
    assert alike[0] == pytest.approx(differ[0], rel=0.01) == pytest.approx(120, rel=0.01)
    assert alike[2] - alike[1] < 0.02 < 0.08 < differ[2] - differ[1]


def test_noise_has_a_weak_beat():
    noise = np.random.default_rng(0).random((30, 240))
    assert motion_tempo(noise, fps=FPS)[:, 1].mean() < 0.4


def test_scale_does_not_matter():
    _, _, activity = made(5)
    expected = motion_tempo(activity, fps=FPS)
    for scale in (1e-12, 1e12):
        np.testing.assert_allclose(motion_tempo(scale * activity, fps=FPS), expected, atol=1e-6)


def test_frame_rate_does_not_matter():
    t = np.arange(960) / 120
    fast = 1 - np.cos(2 * np.pi * 1.7 * t + 1)
    np.testing.assert_allclose(
        motion_tempo(fast[None], fps=120), motion_tempo(fast[None, ::4], fps=30), atol=0.05
    )


@pytest.mark.parametrize("n_frames", [1, 2, 3, 20])
def test_nothing_repeats_in_stillness(n_frames):
    still = np.full((2, n_frames), 0.1)
    assert not motion_tempo(still, fps=FPS).any()
    assert not tempogram(still, fps=FPS, tempi=[60, 120]).any()
    assert not detrend(still, fps=FPS).any()


def test_padding_takes_no_part():
    _, _, activity = made(3)
    padded = np.pad(activity, ((0, 0), (0, 100)), constant_values=9.0)
    lengths = np.full(3, 240)
    for function in (motion_tempo, lambda a, **k: tempogram(a, tempi=[60, 97, 120], **k)):
        whole = function(activity, fps=FPS)
        np.testing.assert_allclose(function(padded, fps=FPS, lengths=lengths), whole, atol=1e-6)


def test_tempogram_peaks_at_the_tempo():
    activity = 1 + np.cos(2 * np.pi * 1.5 * T)  # 90 beats a minute
    strength = tempogram(activity[None], fps=FPS, tempi=[70, 90, 110])[0]
    assert strength.argmax() == 1
    assert strength[1] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("tempo", [62.0, 93.0, 127.0, 180.0])
@pytest.mark.parametrize("phase", [0.0, 2.5, -1.2])
def test_beat_tempo_finds_tempo_and_phase_in_the_middle(tempo, phase):
    time = np.arange(240) / 30
    rng = np.random.default_rng(0)
    beat = 0.3 * np.cos(2 * np.pi * tempo / 60 * (time - time.mean()) + phase)
    beat = beat + 0.05 * rng.normal(size=(2, 240)) + 0.2
    padded = np.concatenate([beat, np.full((2, 60), 9.0)], axis=1)
    for curve, lengths in ((beat, None), (padded, [240, 240])):
        found = beat_tempo(curve, fps=30, lengths=lengths)
        np.testing.assert_allclose(found[:, 0], tempo, rtol=0.01)
        np.testing.assert_allclose(np.arctan2(found[:, 3], found[:, 2]), phase, atol=0.15)
        assert (found[:, 1] > 0.8).all()


def test_beat_tempo_of_nothing_is_nothing():
    assert not beat_tempo(np.full((2, 60), 0.3), fps=30).any()
    assert np.isfinite(beat_tempo(np.ones((1, 1)), fps=30)).all()


def test_tempogram_takes_tempi_of_each_clip():
    activity = np.cos(2 * np.pi * np.array([[1.0], [2.0]]) * np.arange(240) / 30)
    own = tempogram(activity, fps=30, tempi=[[60.0, 90.0], [120.0, 90.0]])
    np.testing.assert_allclose(own[:, 0], 1.0, atol=0.05)
    np.testing.assert_allclose(own[:, 1], tempogram(activity, fps=30, tempi=[90.0])[:, 0])
