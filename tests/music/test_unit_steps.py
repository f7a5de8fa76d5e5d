"""Units by the beat: the level follows the steps of the code, and rests are silent."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_asdf import AudioClips, UnitEncoder
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.step_course import merge_steps
from sklearn_asdf.music.stream import UnitStream
from sklearn_asdf.music.unit_steps import rest_level_of, set_course, set_gain

SR = 22050
STEPS = 16


@pytest.fixture(scope="module")
def music():
    return make_dance_music(8, n_performances=4, clip_duration=4.0, random_state=0).audio


@pytest.fixture(scope="module")
def encoder(music):
    return UnitEncoder(step_duration=0.25).fit(music)


def level(y, begin, end):
    part = np.asarray(y, float)[round(begin * SR) : round(end * SR)]
    return 10 * np.log10(np.mean(part**2) + 1e-10)


class TestCourse:
    def test_clips_are_averaged_where_they_overlap(self):
        steps = np.array([[[0.0]] * 4, [[8.0]] * 4])
        course = merge_steps(steps, np.array([2.0, 4.0]), 4.0)
        np.testing.assert_allclose(course.time, np.arange(0.5, 6))
        # Weights fall from the middles of the clips, at 2 and 4 s, to their borders.
        np.testing.assert_allclose(course.values[:, 0], [0, 0, 2, 6, 8, 8], atol=0.01)

    def test_hops_that_are_no_whole_steps(self):
        time = np.linspace(0, 20, 400)
        middles = np.array([2.0, 3.3, 4.6])
        offsets = (np.arange(8) + 0.5) * 0.5 - 2
        steps = np.sin(middles[:, None] + offsets)[..., None]
        course = merge_steps(steps, middles, 4.0)
        inner = (time > 0.5) & (time < 6)
        np.testing.assert_allclose(course.at(time[inner], 0), np.sin(time[inner]), atol=0.08)

    def test_level_is_that_of_the_course(self):
        y = np.random.default_rng(0).normal(0, 0.05, 8 * SR)
        out = set_course(
            y, np.array([0, 3.9, 4.1, 8]), np.array([-30, -30, -12, -12.0]), rest_level=-50, sr=SR
        )
        assert level(out, 0.5, 3.5) == pytest.approx(-30, abs=0.5)
        assert level(out, 4.5, 7.5) == pytest.approx(-12, abs=0.5)

    def test_rests_are_silent_and_end_without_clicks(self):
        tone = 0.1 * np.sin(2 * np.pi * 220 * np.arange(6 * SR) / SR)
        time = np.arange(0.125, 6, 0.25)
        levels = np.where((time > 2) & (time < 4), -70.0, -23.0)
        out = set_course(tone, time, levels, rest_level=-50, sr=SR)
        assert not out[round(2.2 * SR) : round(3.8 * SR)].any()
        # A click would change from sample to sample by more than the tone does.
        assert np.abs(np.diff(out)).max() < 1.3 * np.abs(np.diff(tone)).max()
        assert level(out, 4.3, 5.5) == pytest.approx(-23, abs=1)

    def test_silence_is_not_raised(self):
        out = set_course(np.zeros(SR), np.array([0.5]), np.array([-20.0]), rest_level=-50, sr=SR)
        assert not out.any()

    def test_gain_of_known_levels(self):
        factors = set_gain(
            np.full(SR, -30.0),
            np.array([0.0, 1.0]),
            np.array([-24.0, -36.0]),
            rest_level=-50,
            sr=SR,
        )
        db = 20 * np.log10(factors)
        np.testing.assert_allclose(db[[0, SR // 2, SR - 1]], [6, 0, -6], atol=0.05)

    def test_rests_are_far_below_the_music(self):
        assert rest_level_of(np.full(5, -15.0)) == -50
        assert rest_level_of(np.full(5, -35.0)) == -65


class TestCode:
    def test_steps_come_first_by_time(self, encoder, music):
        names = encoder.get_feature_names_out()
        assert encoder.code_shape_ == (STEPS, 3)
        assert list(names[:4]) == [
            "step0_level",
            "step0_brightness",
            "step0_onset_strength",
            "step1_level",
        ]
        assert list(names[STEPS * 3 :]) == list(UnitEncoder().fit(music).get_feature_names_out())
        assert encoder.transform(music).shape == (8, STEPS * 3 + 26)

    def test_levels_are_those_of_the_steps(self, encoder, music):
        code = encoder.transform(music[:1])[0, : STEPS * 3].reshape(STEPS, 3)
        expected = [level(music[0], t * 0.25, t * 0.25 + 0.25) for t in range(STEPS)]
        np.testing.assert_allclose(code[:, 0], expected, atol=0.1)

    def test_the_rest_of_the_code_is_that_without_steps(self, encoder, music):
        plain = UnitEncoder().fit(music).transform(music)
        np.testing.assert_array_equal(encoder.transform(music)[:, STEPS * 3 :], plain)

    def test_clips_of_another_length(self, encoder):
        with pytest.raises(ValueError, match="expected codes of 74 numbers, got 26"):
            encoder.inverse_transform(np.zeros((1, 26)))


class TestMusic:
    @pytest.fixture
    def code(self, encoder, music):
        code = encoder.transform(music[:2])
        steps = code[:, : STEPS * 3].reshape(2, STEPS, 3)
        steps[..., 0] = -24
        steps[0, 6:11, 0] = -70
        steps[1, :8, 0], steps[1, 8:, 0] = -34, -16
        return code

    def test_a_rest_is_silence_and_levels_follow_at_once(self, encoder, code):
        rested, jump = encoder.inverse_transform(code)
        assert not rested[round(1.75 * SR) : round(2.5 * SR)].any()
        assert level(rested, 0.2, 1.2) == pytest.approx(-24, abs=2)
        assert level(rested, 3.0, 3.9) == pytest.approx(-24, abs=2)
        assert level(jump, 0.2, 1.7) == pytest.approx(-34, abs=2)
        assert level(jump, 2.4, 3.8) == pytest.approx(-16, abs=2)

    def test_a_piece_follows_too(self, encoder, code):
        piece = encoder.compose(code[[0, 0]], hop_duration=4.0)
        assert len(piece) == 8 * SR
        for begin in (0.0, 4.0):
            assert not piece[round((begin + 1.75) * SR) : round((begin + 2.5) * SR)].any()
            assert level(piece, begin + 0.3, begin + 1.2) == pytest.approx(-24, abs=2)

    def test_what_surrounds_a_rest_is_chosen_as_without_it(self, encoder, code, music):
        moving, other = code[0].copy(), encoder.transform(music[4:5])[0]
        moving[: STEPS * 3].reshape(STEPS, 3)[:, 0] = -24
        rested = moving.copy()
        rested[: STEPS * 3].reshape(STEPS, 3)[4:12, 0] = -70
        # What a rest changes, all but tempo and beat.
        changed = rested.copy()
        changed[STEPS * 3 : -3] = other[STEPS * 3 : -3]
        pieces = [encoder.compose([moving, c, moving], hop_duration=4.0) for c in (rested, changed)]
        np.testing.assert_array_equal(*pieces)
        changed[: STEPS * 3] = moving[: STEPS * 3]
        unlike = encoder.compose([moving, changed, moving], hop_duration=4.0)
        plain = encoder.compose([moving] * 3, hop_duration=4.0)
        assert not np.array_equal(unlike, plain)

    def test_units_are_like_their_beat(self, encoder, code):
        units = encoder.corpus_
        wanted = units.steps[10] / encoder.step_scale_
        runs = units.choose(
            np.zeros((1, 26)),
            np.full(1, float(units.stop[10] - units.start[10])),
            np.zeros((len(encoder.code_), 26)),
            stretch=1e6,
            join_cost=1.0,
            steps=wanted[None],
            step_scale=encoder.step_scale_,
        )
        assert runs[0].unit == 10

    def test_a_stream_falls_silent_and_comes_back(self, encoder, code):
        rest = code[0].copy()
        rest[: STEPS * 3].reshape(STEPS, 3)[:, 0] = -70
        loud = code[0].copy()
        loud[: STEPS * 3].reshape(STEPS, 3)[:, 0] = -24
        stream = encoder.stream()
        n = round(0.25 * SR)
        parts = [stream.play(c, n, 0) for c in [loud] * 8 + [rest] * 4 + [loud] * 8]
        levels = [level(p, 0, 0.25) for p in parts]
        assert np.median(levels[1:8]) == pytest.approx(-24, abs=2)
        assert max(levels[9:12]) < -60
        assert np.median(levels[13:]) == pytest.approx(-24, abs=2)
        whole = np.concatenate(parts)
        assert np.abs(np.diff(whole)).max() < 0.35

    def test_music_for_a_dance_that_goes_on_is_no_rest_of_its_recording(self):
        rng, t = np.random.default_rng(0), np.arange(24 * SR) / SR
        y = rng.normal(0, 0.1, len(t)) * np.exp(-(t % 0.5) / 0.2)
        y[(t > 9) & (t < 12)] = 0
        clips = AudioClips.from_recordings([y], sr=SR, clip_duration=4.0, hop_duration=1.0)
        encoder = UnitEncoder(step_duration=0.25).fit(clips)
        # The unit that goes on best at each moment, up to the rest and beyond it.
        code = encoder.transform(clips)[0]
        code[: STEPS * 3].reshape(STEPS, 3)[:, 0] = -24
        stream = encoder.stream()
        played = np.concatenate([stream.play(code, SR // 2, 0) for _ in range(40)])
        levels = [level(played, 0.5 * i, 0.5 * i + 0.5) for i in range(40)]
        assert min(levels) > -30
        codes = np.tile(code, (5, 1))
        piece = encoder.compose(codes, hop_duration=4.0)
        assert min(level(piece, 0.5 * i, 0.5 * i + 0.5) for i in range(40)) > -30


def test_weights_of_zero_and_short_clips():
    rng = np.random.default_rng(0)
    clips = AudioClips([rng.normal(0, 0.1, 3 * SR)], [0, 0], [0, SR], 2 * SR)
    encoder = UnitEncoder(step_duration=0.5).fit(clips, sample_weight=[1, 0])
    assert encoder.code_shape_ == (4, 3)
    assert len(encoder.code_) == 1
    assert encoder.inverse_transform(encoder.transform(clips)).shape == (2, 2 * SR)


def test_after_a_rest_the_music_is_described_as_before():
    encoder = SimpleNamespace(sr=SR, fade_duration=0.03, rest_level_=-50.0, n_samples_=4 * SR)
    stream = UnitStream(encoder)
    first, second = np.random.default_rng(0).normal(size=(2, 26))
    moving = np.full((STEPS, 3), -20.0)
    assert stream._over_rests(first, moving, SR) is first
    half = moving.copy()
    half[: STEPS // 4, 0] = -70
    mixed = stream._over_rests(second, half, 0)
    # Twice a quarter is kept, but nothing of tempo and beat, which the dance has at any time.
    np.testing.assert_allclose(mixed[:-3], (first + second)[:-3] / 2)
    np.testing.assert_allclose(mixed[-3:], second[-3:])
    # A dance that rests in every clip is described by what it is, sooner or later.
    half[:, 0] = -70
    for _ in range(40):
        late = stream._over_rests(second, half, encoder.n_samples_ // 4)
    np.testing.assert_allclose(late, second, atol=0.02 * np.abs(first - second).max())
    # The next clip without a rest is played as it is.
    assert stream._over_rests(second, moving, SR) is second
