"""Time bent: pitch, attacks and unbent music stay."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf.functional.stretch import warp_time

SR = 22050


def clicks(at, n_samples):
    """Short decaying tones at times in s."""
    y = np.zeros(n_samples, np.float32)
    shape = np.exp(-np.arange(400) / 80) * np.sin(0.4 * np.arange(400))
    for t in at:
        first = round(t * SR)
        y[first : first + 400] += shape[: n_samples - first]
    return y


def test_unbent_time_gives_the_signal_itself():
    y = np.random.default_rng(0).normal(size=3 * SR).astype(np.float32)
    np.testing.assert_allclose(warp_time(y, [1000, 50000], [0, 49000]), y[1000:50000], atol=1e-5)


@pytest.mark.parametrize("pace", [0.8, 1.0, 1.25])
def test_moments_come_when_they_are_wanted(pace):
    beats = np.arange(0.5, 5.5, 0.5)
    y = clicks(beats, 6 * SR)
    # Another pace in each half.
    target = np.concatenate([beats[:5] * pace, beats[4] * pace + (beats[5:] - beats[4])])
    source, wanted = np.r_[0.0, beats], np.r_[0.0, target]
    out = warp_time(y, source * SR, wanted * SR)
    for t in target[:-1]:
        near = slice(round((t - 0.1) * SR), round((t + 0.1) * SR))
        power = out[near] ** 2
        center = (np.arange(len(power)) * power).sum() / power.sum() / SR - 0.1
        assert abs(center - 60 / SR) < 0.005


def test_pitch_and_level_stay():
    y = np.sin(2 * np.pi * 440 * np.arange(2 * SR) / SR)
    out = warp_time(y, [0, 2 * SR], [0, 2.4 * SR])[SR // 2 : SR // 2 + SR]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(SR)))
    assert spectrum.argmax() == 440
    assert np.sqrt(np.mean(out**2)) == pytest.approx(np.sqrt(0.5), rel=0.02)


@pytest.mark.parametrize("pace", [0.9, 1.1])
def test_attacks_stay_sharp(pace):
    beats = np.arange(0.5, 5.5, 0.5)
    rng = np.random.default_rng(0)
    y = np.zeros(6 * SR, np.float32)
    for t in beats:
        y[round(t * SR) :][:2000] += np.exp(-np.arange(2000) / 150) * rng.normal(size=2000)
    out = warp_time(y, [0, len(y)], [0, pace * len(y)])
    early = late = 0.0
    for at in np.rint(pace * beats * SR).astype(int):
        early += np.sum(out[at - 660 : at - 32] ** 2)
        late += np.sum(out[at : at + 660] ** 2)
    # Of librosa's phase vocoder as much comes in the 30 ms before an attack as after it.
    assert early < 0.15 * late


def test_sound_after_silence_is_not_turned():
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.normal(size=SR), np.zeros(SR), rng.normal(size=SR)]).astype(np.float32)
    out = warp_time(y, [0, 1.5 * SR, 3 * SR], [0, 1.8 * SR, 3.3 * SR])
    after = slice(round(2.0 * SR), 3 * SR - 2048)
    np.testing.assert_allclose(out[round(2.3 * SR) :][: SR - 2048], y[after], atol=1e-4)


def test_long_signals_are_worked_on_in_blocks_without_a_seam():
    y = np.sin(2 * np.pi * 220 * np.arange(10 * SR) / SR)
    out = warp_time(y, [0, 10 * SR], [0, 11 * SR])[SR : 10 * SR]
    assert np.abs(np.diff(out)).max() < 1.05 * 2 * np.pi * 220 / SR


def test_what_lies_outside_is_silent_and_nothing_is_nothing():
    out = warp_time(np.ones(3, np.float32), [0, 3], [0, 5000])
    assert out.shape == (5000,)
    assert np.isfinite(out).all()
    assert not warp_time(np.ones(1000), [9000, 10000], [0, 1000]).any()
    assert warp_time(np.ones(1000), [0, 1], [0, 0.2]).shape == (0,)


@pytest.mark.parametrize(
    ("source", "target"), [([0, 1], [0, 1, 2]), ([1, 0], [0, 1]), ([0, 1], [1, 1]), ([0], [0])]
)
def test_time_that_runs_backwards_is_refused(source, target):
    with pytest.raises(ValueError, match="expected"):
        warp_time(np.zeros(100), source, target)
