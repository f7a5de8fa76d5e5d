"""Beats of movement: published definitions written out, and dances whose beats are known."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.ndimage import gaussian_filter
from scipy.signal import argrelextrema

from sklearn_asdf import Motion
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import bas_aist, bas_bailando, bas_corrected, dance_beats, music_beats
from sklearn_asdf.metrics._alignment import alignment_of, corrected_alignment

SR = 22050


def steps(times, duration=8.0, fps=60):
    """Return a dance at constant speed that briefly stops at each of `times`."""
    t = np.arange(round(duration * fps)) / fps
    speed = 1 - sum(np.exp(-0.5 * ((t - b) / 0.05) ** 2) for b in times)
    place = np.cumsum(speed) / fps
    return Motion(np.stack([place, place], axis=-1)[None, :, :, None], fps=fps, skeleton=None)


def clicks(times, duration=8.0):
    return librosa.clicks(times=np.array(times), sr=SR, length=round(duration * SR))[None]


@pytest.mark.parametrize("variant", ["aist", "bailando"])
def test_beats_are_at_stops(variant):
    halts = np.arange(0.6, 7.5, 0.5)
    found = dance_beats(steps(halts), variant=variant)[0]
    assert len(found) == len(halts)
    assert_allclose(found, halts, atol=1.5 / 60)


@pytest.mark.parametrize("fps", [30, 60, 120])
def test_beats_do_not_depend_on_the_frame_rate(fps):
    # Not on a frame: a minimum of two equal speeds is none, by definition.
    halts = np.arange(0.61, 7.5, 0.5)
    beats = dance_beats(steps(halts, fps=fps))[0]
    # Without the last half second, where the anti-aliasing filter of 120 Hz has an edge effect.
    assert_allclose(beats[beats < 7.5], halts, atol=2 / 60)


def test_definitions_are_the_published_ones():
    rng = np.random.default_rng(0)
    position = rng.normal(size=(2, 480, 5, 3)).cumsum(axis=1)
    motion = Motion(position, fps=60, skeleton=None)
    for clip, aist, bailando in zip(
        position, dance_beats(motion), dance_beats(motion, variant="bailando")
    ):
        speed = np.zeros((480, 5))
        speed[1:] = np.linalg.norm(clip[1:] - clip[:-1], axis=2)
        frames = argrelextrema(speed.sum(axis=1), np.less, axis=0, order=10)[0]
        assert_allclose(aist, frames / 60)
        frames = argrelextrema(gaussian_filter(speed[1:].mean(axis=1), 5), np.less)[0]
        assert_allclose(bailando, frames / 60)


def test_scores_are_the_means_of_their_definitions():
    data = make_dance_music(3, n_performances=3, random_state=1)
    music, _ = music_beats(data.audio)
    closeness = lambda a, b: np.mean([np.exp(-((60 * np.abs(b - x).min()) ** 2) / 18) for x in a])  # noqa: E731
    aist = [closeness(d, m) for d, m in zip(dance_beats(data.poses), music)]
    assert bas_aist(data.poses, data.audio) == pytest.approx(np.mean(aist))
    bailando = [closeness(m, d) for d, m in zip(dance_beats(data.poses, variant="bailando"), music)]
    assert bas_bailando(data.poses, data.audio) == pytest.approx(np.mean(bailando))


def test_beats_on_the_music_score_high_and_between_its_beats_below_chance():
    times = np.arange(0.6, 7.5, 0.5)
    music = clicks(times)
    on, off = steps(times), steps(times + 0.25)
    assert bas_aist(on, music) > 0.8
    assert bas_corrected(on, music) > 0.8
    assert bas_bailando(on, music) > 0.6
    assert bas_aist(off, music) < 0.1
    assert bas_corrected(off, music) < -0.2


def test_correction_takes_away_what_fast_music_earns():
    # Beats at random times: the raw score grows with the music's tempo, the corrected one does not.
    rng = np.random.default_rng(0)
    dances = [np.cumsum(rng.uniform(0.4, 0.8, 10)) for _ in range(60)]
    raw, corrected = [], []
    for bpm in (80, 160):
        music = [np.arange(0.1, 8, 60 / bpm)] * len(dances)
        raw.append(alignment_of(dances, music, of_motion=True))
        corrected.append(corrected_alignment(dances, music, duration=8.0))
    assert raw[1] - raw[0] > 0.1
    assert_allclose(corrected, 0, atol=0.07)


def test_unseen_joints_padding_and_stillness_are_no_beats():
    halts = np.arange(0.6, 7.5, 0.5)
    whole = steps(halts).position
    padded = whole.copy()
    padded[:, 240:] = np.nan
    found = dance_beats(Motion(padded, fps=60, skeleton=None))[0]
    assert found.max() < 4
    lost = whole.copy()
    lost[:, :, 1] = np.nan
    assert_allclose(dance_beats(Motion(lost, fps=60, skeleton=None))[0], halts, atol=1.5 / 60)
    still = Motion(np.ones((1, 480, 2, 1)), fps=60, skeleton=None)
    assert not len(dance_beats(still)[0])
    assert bas_corrected(still, clicks(halts)) == 0
    assert bas_bailando(still, clicks(halts)) == 0


def test_bad_input_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="Did you mean 'aist'"):
        dance_beats(np.zeros((1, 60)), variant="aits")
    with pytest.raises(ValueError, match="one clip of music for each dance, got 1 for 2"):
        bas_aist(np.zeros((2, 60)), clicks([1.0], 2.0))
