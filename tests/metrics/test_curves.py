"""Curves of music, their agreement, and responses to stops and accents: what is known comes out."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_asdf import Motion
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.metrics import (
    accent_response,
    curve_correlations,
    hold_still,
    music_curves,
    stop_response,
)

SR = 22050


def noise(levels, seed=0, step=0.5):
    """White noise with these levels in dB, one per step."""
    gain = np.repeat(10 ** (np.asarray(levels) / 20), round(step * SR))
    return gain * np.random.default_rng(seed).normal(size=len(gain))


class TestCurves:
    def test_level_is_the_root_mean_square(self):
        levels = [-20.0, -30.0, -12.0, -100.0]
        curves = music_curves(noise(levels))
        np.testing.assert_allclose(curves[:, 0], [-20, -30, -12, -70], atol=0.3)

    def test_brightness_is_that_of_a_tone_and_held_in_silence(self):
        time = np.arange(2 * SR) / SR
        y = 0.1 * np.sin(2 * np.pi * 1280 * time) * (time < 1)
        curves = music_curves(y)
        np.testing.assert_allclose(curves[:, 1], np.log2(1280 / 20), atol=0.1)

    def test_onset_density_counts_attacks(self):
        y = np.zeros(8 * SR)
        for begin in [*np.arange(0.1, 4, 1.0), *np.arange(4.05, 8, 0.25)]:
            i = round(begin * SR)
            y[i : i + 2000] += noise([-12], seed=i)[:2000] * np.exp(-np.arange(2000) / 500)
        density = music_curves(y)[:, 2]
        assert 2.5 < density[8:].mean() / density[:8].mean() < 5

    def test_clips_are_curves_of_their_own(self):
        y = noise(np.linspace(-30, -10, 16))
        whole, parts = music_curves(y), music_curves(y.reshape(2, -1))
        assert parts.shape == (2, 8, 3)
        np.testing.assert_allclose(parts.reshape(-1, 3)[:, 0], whole[:, 0], atol=1e-6)


class TestCorrelations:
    @pytest.fixture
    def pieces(self):
        rng = np.random.default_rng(0)
        return [rng.normal(-20, 5, (80, 3)).cumsum(axis=0) for _ in range(4)]

    def test_known_values(self, pieces):
        same = curve_correlations(pieces, pieces, random_state=0)
        assert list(same.index) == ["level", "brightness", "onset_density"]
        np.testing.assert_allclose(same["r"], 1.0)
        assert (same["p"] < 0.01).all()
        np.testing.assert_allclose(same["lag"], 0.0, atol=1e-9)
        opposite = curve_correlations(pieces, [-p for p in pieces], random_state=0)
        np.testing.assert_allclose(opposite["r"], -1.0)
        constant = curve_correlations(pieces, [0 * p for p in pieces], random_state=0)
        assert (constant["r"] == 0).all()
        assert (constant["p"] == 1).all()

    def test_lag_has_the_sign_of_being_late(self, pieces):
        late = [np.roll(p, 3, axis=0) for p in pieces]
        scores = curve_correlations(pieces, late, random_state=0)
        np.testing.assert_allclose(scores["lag"], 1.5, atol=0.1)
        assert (scores["r"] < 0.98).all()

    def test_other_pieces(self, pieces):
        swapped = [pieces[1], pieces[0]]
        scores = curve_correlations(pieces[:2], swapped, random_state=0)
        np.testing.assert_allclose(scores["other"], 1.0)

    def test_place_tells_what_all_pieces_have_in_common(self):
        rng = np.random.default_rng(0)
        softly = [
            np.minimum(1.0, np.minimum(t, t[::-1]) / 10)[:, None]
            + 0.1 * rng.normal(size=(len(t), 3))
            for t in (np.arange(n) for n in (60, 100, 81))
        ]
        # Whatever was generated, and pieces that have nothing in common.
        scores = curve_correlations(softly, softly[::-1], random_state=0)
        assert (scores["place"] > 0.7).all()
        apart = [rng.normal(size=(200, 3)) for _ in range(12)]
        scores = curve_correlations(apart, apart, random_state=0)
        assert (scores["place"].abs() < 0.2).all()
        assert curve_correlations(apart[:1], apart[:1], random_state=0)["place"].isna().all()

    def test_wrong_lengths(self, pieces):
        with pytest.raises(ValueError, match="one generated piece for each performance, got 3"):
            curve_correlations(pieces, pieces[:3])

    def test_real_music_of_synthetic_dances_follows_their_courses(self):
        data = make_dance_music(
            18, n_performances=2, hop_duration=4.0, courses=True, random_state=0
        )
        courses = [c[["loudness", "tilt", "loudness"]].to_numpy()[7::15] for c in data.courses]
        scores = curve_correlations(courses, data.audio.recordings, random_state=0)
        assert scores.loc["level", "r"] > 0.85
        assert scores.loc["level", "p"] < 0.05
        assert abs(scores.loc["level", "lag"]) < 0.3


class TestStops:
    def test_a_late_fall_and_an_early_return(self):
        levels = np.full(100, -20.0)
        stopped = levels.copy()
        stopped[44:66] = -50  # 0.4 s late, and back 0.4 s early, of 4 s to 7 s
        a, b = noise(stopped, step=0.1), noise(levels, step=0.1)
        response = stop_response(a, b, start=4.0, duration=3.0)
        assert response["fall"] == pytest.approx(30, abs=0.5)
        assert response["delay"] == pytest.approx(0.4, abs=0.1)
        assert response["return_delay"] == pytest.approx(-0.4, abs=0.1)
        assert response["elsewhere"] == pytest.approx(0, abs=1e-9)

    def test_no_response(self):
        y = noise(np.full(20, -20.0))
        response = stop_response(y, 0.5 * y, start=4.0, duration=3.0)
        assert abs(response["fall"]) < 1
        assert response["delay"] == np.inf
        assert response["elsewhere"] == pytest.approx(6.02, abs=0.01)

    def test_accent(self):
        levels = np.full(20, -20.0)
        louder = levels.copy()
        louder[9] += 9
        response = accent_response(noise(louder), noise(levels), at=4.5)
        assert response["rise"] == pytest.approx(9, abs=0.5)
        assert response["delay"] == pytest.approx(0.25, abs=0.1)

    def test_lengths_differ(self):
        with pytest.raises(ValueError, match="two pieces of the same length"):
            stop_response(np.zeros(10), np.zeros(11), start=0.0, duration=1.0)


class TestHoldStill:
    def test_still_and_back(self):
        x = np.random.default_rng(0).normal(size=(2, 240, 17, 2)).cumsum(axis=1)
        held = hold_still(Motion(x), 2.0, 3.0).position
        np.testing.assert_array_equal(held[:, :60], x[:, :60])
        np.testing.assert_array_equal(held[:, 150:], x[:, 150:])
        assert (held[:, 60:144] == x[:, 60, None]).all()
        assert (
            abs(np.diff(held[:, 143:151], axis=1)).max() < 2.5 * abs(x[:, 150] - x[:, 60]).max() / 6
        )

    def test_outside(self):
        with pytest.raises(ValueError, match="a stop within the 8 s of the dances, got one from 6"):
            hold_still(np.zeros((1, 240, 17, 2)), 6.0, 3.0)
