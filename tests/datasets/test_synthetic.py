"""Synthetic dances and music: the claims of the documentation hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from sklearn_asdf import AudioClips, Motion
from sklearn_asdf.datasets import _camera, _dance, _music, _score, make_dance_music
from sklearn_asdf.datasets._choreography import accents, draw_choreography
from sklearn_asdf.datasets._clock import Clock

FACTORS = ("tempo", "metre", "vigour", "sharpness", "extent", "mode")
N = 20


@pytest.fixture(scope="module")
def many():
    """Twenty performances of one clip each, in metres."""
    return make_dance_music(N, n_performances=N, coordinates="metre", random_state=7)


@pytest.fixture(scope="module")
def song():
    """What measures a performance's music."""
    librosa = pytest.importorskip("librosa")
    return librosa


def vary(name, values, **others):
    """One performance again and again, but for one factor."""
    return [
        make_dance_music(
            1,
            coordinates="metre",
            factors={"tempo": 110, "metre": 4, **others, name: value},
            random_state=3,
        )
        for value in values
    ]


def hands(data):
    """Hands from the shoulders, in body heights: (n_clips, n_frames, 2, 3)."""
    x = data.poses.position
    upper_arm = np.linalg.norm(x[:, :1, [5]] - x[:, :1, [7]], axis=-1, keepdims=True)
    return (x[:, :, [9, 10]] - x[:, :, [5, 6]]) / (upper_arm / 0.186)


def speeds(data):
    """Mean speed of the hands, in body heights a second: (n_clips, n_frames - 1)."""
    step = np.linalg.norm(np.diff(hands(data), axis=1), axis=-1)
    return step.mean(axis=-1) * data.poses.fps


def spectrum(y, sr=22050):
    power = np.abs(np.fft.rfft(y)) ** 2
    return np.fft.rfftfreq(len(y), 1 / sr), power


def rms_db(y):
    return 10 * np.log10(np.mean(np.square(y, dtype=float)))


class TestContract:
    def test_what_comes_back(self):
        data = make_dance_music(6, n_performances=2, clip_duration=2, hop_duration=0.5)
        assert isinstance(data.poses, Motion)
        assert isinstance(data.audio, AudioClips)
        assert isinstance(data.factors, pd.DataFrame)
        assert data.poses.shape == (6, 60, 17, 2)
        assert data.poses.skeleton.name == "coco17"
        assert data.audio.shape == (6, 44100)
        assert len(data.audio.recordings) == 2
        assert len(data.factors) == len(data.beats) == len(data.downbeats) == 6
        assert data.groups.tolist() == [0, 0, 0, 1, 1, 1]
        assert data.names.tolist() == ["performance0", "performance1"]
        assert data.starts.tolist() == [0, 0.5, 1] * 2
        assert "tempo" in data.DESCR

    def test_groups_by_default_and_given(self):
        small = {"clip_duration": 1.0, "hop_duration": 0.5, "random_state": 0}
        assert np.bincount(make_dance_music(9, **small).groups).tolist() == [4, 4, 1]
        data = make_dance_music(9, n_performances=4, **small)
        assert np.bincount(data.groups).tolist() == [3, 2, 2, 2]
        assert (data.audio.groups == data.groups).all()
        constant = data.factors.drop(columns="tempo").groupby(data.groups).nunique()
        assert (constant == 1).all(axis=None)

    @pytest.mark.parametrize(("fps", "sr"), [(29.97, 22050), (25, 16000)])
    def test_other_rates(self, fps, sr):
        data = make_dance_music(2, clip_duration=1.5, fps=fps, sr=sr, random_state=0)
        assert data.poses.shape[1] == round(1.5 * fps)
        assert data.poses.fps == fps
        assert data.audio.shape == (2, round(1.5 * sr))
        assert data.starts[1] == pytest.approx(round(fps) / fps, abs=1 / sr)

    def test_overlapping_clips_agree(self):
        data = make_dance_music(2, clip_duration=2, random_state=0)
        x = data.poses.position
        np.testing.assert_array_equal(x[0, 30:], x[1, :30])
        np.testing.assert_array_equal(data.audio[0][22050:], data.audio[1][:22050])
        late = data.beats[0][data.beats[0] >= 1] - 1
        np.testing.assert_allclose(late, data.beats[1][: len(late)], atol=1e-9)

    def test_finite_and_in_range(self, many):
        assert np.isfinite(many.poses.position).all()
        for y in many.audio.recordings:
            assert y.dtype == np.float32
            assert 0 < np.abs(y).max() < 1
        heard = np.array([rms_db(y) for y in many.audio])
        np.testing.assert_allclose(heard, many.factors["loudness"], atol=0.5)

    def test_loudest_staccato_does_not_clip(self):
        loud = {"vigour": 1, "sharpness": 1, "extent": 1}
        data = make_dance_music(2, n_performances=2, factors=loud, random_state=0)
        assert np.abs(np.asarray(data.audio)).max() < 1

    def test_recordings_begin_and_end_quietly(self, many):
        for y in many.audio.recordings:
            assert max(abs(y[0]), abs(y[-1])) < 0.01 * np.abs(y).max()


class TestRandomState:
    def test_same_bits(self):
        a, b = (
            make_dance_music(3, clip_duration=2, noise=0.01, dropout=0.1, random_state=5)
            for _ in range(2)
        )
        np.testing.assert_array_equal(a.poses.position, b.poses.position)
        np.testing.assert_array_equal(np.asarray(a.audio), np.asarray(b.audio))
        pd.testing.assert_frame_equal(a.factors, b.factors)

    def test_other_seeds_and_performances_differ(self):
        a = make_dance_music(8, clip_duration=2, random_state=5)
        b = make_dance_music(8, clip_duration=2, random_state=6)
        assert not np.allclose(a.poses.position, b.poses.position)
        assert a.factors["vigour"].nunique() == 2

    def test_more_clips_add_to_what_was_there(self):
        kind = {"clip_duration": 2, "noise": 0.01, "dropout": 0.1, "random_state": 5}
        few, more = make_dance_music(4, **kind), make_dance_music(10, **kind)
        np.testing.assert_array_equal(few.poses.position, more.poses.position[:4])
        np.testing.assert_array_equal(few.audio.recordings[0], more.audio.recordings[0])

    def test_longer_performances_begin_the_same(self):
        kind = {"clip_duration": 2, "noise": 0.01, "dropout": 0.1, "random_state": 5}
        short, long = make_dance_music(2, **kind), make_dance_music(4, **kind)
        np.testing.assert_allclose(short.poses.position, long.poses.position[:2], atol=1e-9)
        y = short.audio.recordings[0][:-300]  # its last samples fade out
        np.testing.assert_allclose(y, long.audio.recordings[0][: len(y)], atol=1e-5)

    def test_global_state_is_left_alone(self):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        make_dance_music(1, clip_duration=1, random_state=0)
        np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002

    def test_factors_are_independent(self):
        rngs = (np.random.default_rng(i) for i in range(300))
        from sklearn_asdf.datasets._performance import _draw_factors

        table = pd.DataFrame([_draw_factors(rng) for rng in rngs])
        table["mode"] = table["mode"] == "minor"
        rho = spearmanr(table.to_numpy(dtype=float)).statistic
        assert np.abs(rho - np.eye(6)).max() < 0.2
        assert table["tempo"].between(80, 140).all()
        assert table["mode"].mean() == pytest.approx(0.5, abs=0.1)
        assert (table["metre"] == 4).mean() == pytest.approx(0.6, abs=0.1)


class TestBody:
    def test_bones_keep_their_length(self, many):
        skeleton = many.poses.skeleton
        rigid = [*skeleton.limb_bones, ("left_hip", "right_hip")]
        rigid += [("left_shoulder", "right_shoulder"), ("nose", "left_eye"), ("nose", "right_ear")]
        first, second = skeleton.indices(rigid).T
        x = many.poses.position
        length = np.linalg.norm(x[:, :, first] - x[:, :, second], axis=-1)
        np.testing.assert_allclose(length, length[:, :1].repeat(240, axis=1), rtol=1e-9)
        spine = x[:, :, [5, 6]].mean(axis=2) - x[:, :, [11, 12]].mean(axis=2)
        spine = np.linalg.norm(spine, axis=-1)
        np.testing.assert_allclose(spine, spine[:, :1].repeat(240, axis=1), rtol=1e-9)
        np.testing.assert_allclose(length[:, 0, 4] / length[:, 0, 0], 0.245 / 0.186, rtol=1e-9)

    def test_it_stands_on_the_floor_with_its_head_up(self, many):
        y = many.poses.position[..., 1]
        ankles = y[..., [15, 16]]
        assert (ankles > 0).all()
        assert (ankles.min(axis=-1) < 0.12).all()
        knees, hips = y[..., [13, 14]].mean(axis=-1), y[..., [11, 12]].mean(axis=-1)
        assert (knees > ankles.mean(axis=-1)).all()
        assert (hips > knees).all()
        assert (y[..., 0] > hips).all()

    def test_the_standing_foot_does_not_slide(self, many):
        ankles = many.poses.position[:, :, [15, 16]]
        speed = np.linalg.norm(np.diff(ankles, axis=1), axis=-1).min(axis=-1) * 30
        assert np.quantile(speed, 0.95) < 0.02

    def test_knees_and_elbows_bend_the_way_they_do(self, many):
        x = many.poses.position
        hip, knee, ankle = x[:, :, 11], x[:, :, 13], x[:, :, 15]
        forward = np.cross(x[:, :, 5] - x[:, :, 6], [0, 1.0, 0])
        assert (np.sum((knee - (hip + ankle) / 2) * forward, axis=-1) > 0).mean() > 0.99

    def test_pixels_lie_within_the_picture(self):
        data = make_dance_music(12, n_performances=12, factors={"extent": 1}, random_state=1)
        x = data.poses.position
        assert (x > 20).all()
        assert (x < np.array(_camera.FRAME_SIZE) - 20).all()
        head, feet = x[..., 0, 1], x[..., [15, 16], 1].max(axis=-1)
        assert (head < feet).all()
        assert 150 < np.median(feet - head) < 500

    def test_projection_of_a_known_point(self):
        point = np.array([[[0.5, 1.0, 0.0], [0.0, 1.8, 2.0]]])
        seen = _camera.project(point, body_height=1.6, height_px=320, distance=4, aside=0.1)
        np.testing.assert_allclose(seen[0], [[640 + 80, 360], [640 - 40, 360 - 320]])


class TestTracker:
    def test_dropout_is_in_runs_of_whole_joints(self):
        data = make_dance_music(8, n_performances=8, dropout=0.2, random_state=0)
        lost = np.isnan(data.poses.position)
        assert (lost.any(axis=-1) == lost.all(axis=-1)).all()
        lost = lost[..., 0]
        assert lost.mean() == pytest.approx(0.2, abs=0.03)
        begun = (lost[:, 1:] & ~lost[:, :-1]).sum() + lost[:, 0].sum()
        assert lost.sum() / begun == pytest.approx(7.5, rel=0.15)

    def test_noise_is_a_share_of_the_body_and_changes_nothing_else(self):
        kind = {"coordinates": "metre", "random_state": 0}
        clean, noisy = make_dance_music(4, **kind), make_dance_music(4, noise=0.01, **kind)
        error = noisy.poses.position - clean.poses.position
        assert 1.4826 * np.median(np.abs(error[:, :, 5:9])) == pytest.approx(0.0172, rel=0.12)
        ratio = np.median(np.abs(error[:, :, 9:11])) / np.median(np.abs(error[:, :, 5:9]))
        assert ratio == pytest.approx(1.5, rel=0.1)
        assert np.abs(error).max() > 0.08
        np.testing.assert_array_equal(np.asarray(clean.audio), np.asarray(noisy.audio))

    @pytest.mark.parametrize("dropout", [0.05, 0.95])
    def test_extreme_shares(self, dropout):
        data = make_dance_music(4, n_performances=4, dropout=dropout, random_state=0)
        assert np.isnan(data.poses.position).mean() == pytest.approx(dropout, abs=0.03)


class TestClock:
    def test_time_inverts_position(self):
        clock = Clock(120, 4, 7.3, drift=0.02, drift_period=18, drift_phase=1)
        time = np.linspace(-3, 40, 50)
        np.testing.assert_allclose(clock.time(clock.position(time)), time, atol=1e-9)

    def test_beats_of_a_steady_pulse(self):
        clock = Clock(120, 4, 8.5)
        np.testing.assert_array_equal(clock.beats(0, 2), [9, 10, 11, 12])
        np.testing.assert_allclose(clock.time(clock.beats(0, 2)), [0.25, 0.75, 1.25, 1.75])

    def test_beats_of_the_clips(self, many):
        for beats, downbeats, row in zip(many.beats, many.downbeats, many.factors.itertuples()):
            assert beats[0] >= 0
            assert beats[-1] < 8
            np.testing.assert_allclose(60 / np.diff(beats), row.tempo, rtol=0.03)
            bar = row.metre * 60 / row.tempo
            np.testing.assert_allclose(np.diff(downbeats), bar, rtol=0.03)
            assert np.isin(downbeats, beats).all()

    def test_clips_begin_anywhere_in_the_beat(self, many):
        phase = [b[0] * t / 60 for b, t in zip(many.beats, many.factors["tempo"])]
        assert np.histogram(phase, 4, (0, 1))[0].min() >= 1


class TestDance:
    def test_speed_pulses_with_the_tempo(self, many):
        right = 0
        for speed, tempo in zip(speeds(many), many.factors["tempo"]):
            padded = np.abs(np.fft.rfft(speed - speed.mean(), 16 * len(speed)))
            rate = np.fft.rfftfreq(16 * len(speed), 1 / 30) * 60
            inside = (rate > 70) & (rate < 160)
            right += abs(rate[inside][padded[inside].argmax()] / tempo - 1) < 0.04
        assert right >= 0.9 * N

    def test_gestures_arrive_on_the_beat(self, many):
        on, anywhere = [], []
        for speed, beats in zip(speeds(many), many.beats):
            at = np.clip(np.round(beats * 30).astype(int), 0, len(speed) - 1)
            on.append(speed[at].mean())
            anywhere.append(speed.mean())
        assert (np.array(on) < 0.5 * np.array(anywhere)).mean() > 0.9

    def test_vigour_is_the_speed_of_the_hands_whatever_the_rest(self, many):
        expected = 0.1 + 0.4 * many.factors["vigour"]
        speed = speeds(many).mean(axis=1)
        assert spearmanr(speed, expected).statistic > 0.9
        np.testing.assert_allclose(speed, expected, rtol=0.5)

    def test_vigour_leaves_reach_alone(self):
        reach = [np.linalg.norm(hands(d), axis=-1).mean() for d in vary("vigour", [0.1, 0.9])]
        wide = [np.linalg.norm(hands(d), axis=-1).mean() for d in vary("extent", [0.1, 0.9])]
        assert abs(reach[1] - reach[0]) < 0.3 * (wide[1] - wide[0])

    def test_extent_raises_and_stretches_the_arms(self, many):
        height = hands(many)[..., 1].mean(axis=(1, 2))
        assert spearmanr(height, many.factors["extent"]).statistic > 0.85
        low, high = vary("extent", [0.1, 0.9])
        feet = [np.ptp(d.poses.position[0, :, [15, 16], 0]) for d in (low, high)]
        assert feet[1] > 1.3 * feet[0]
        ratio = speeds(high).mean() / speeds(low).mean()
        assert ratio == pytest.approx(1, abs=0.25)

    def test_sharpness_gathers_motion_in_time(self, many):
        speed = speeds(many)
        crest = np.quantile(speed, 0.95, axis=1) / speed.mean(axis=1)
        assert spearmanr(crest, many.factors["sharpness"]).statistic > 0.7
        d = [speeds(data) for data in vary("sharpness", [0.0, 0.5, 1.0])]
        assert np.all(np.diff([s.std() / s.mean() for s in d]) > 0)

    @pytest.mark.parametrize("sharpness", [0.0, 0.4, 1.0])
    def test_progress_is_a_minimum_jerk_move_that_ends_on_the_beat(self, sharpness):
        part = np.linspace(0, 1, 1001)
        done = _dance.progress(part, sharpness)
        assert done[0] == 0
        assert done[-1] == 1
        assert (np.diff(done) >= 0).all()
        begin = 0.7 * sharpness
        assert np.interp(begin + (1 - begin) / 2, part, done) == pytest.approx(0.5, abs=1e-3)
        assert np.diff(done).max() * 1000 == pytest.approx(1.875 / (1 - begin), rel=1e-3)

    def test_minor_bows_and_makes_detours(self):
        major, minor = (
            make_dance_music(
                4, n_performances=4, coordinates="metre", factors={"mode": m}, random_state=2
            )
            for m in ("major", "minor")
        )

        def bow(data):
            x = data.poses.position
            trunk = x[:, :, [5, 6]].mean(axis=2) - x[:, :, [11, 12]].mean(axis=2)
            return np.degrees(np.arccos(trunk[..., 1] / np.linalg.norm(trunk, axis=-1))).mean()

        def directness(data):
            way, chord = 0, 0
            for hand, beats in zip(hands(data), data.beats):
                at = np.round(beats[(beats < 7.9)] * 30).astype(int)
                chord += np.linalg.norm(np.diff(hand[at], axis=0), axis=-1).sum()
                step = np.linalg.norm(np.diff(hand, axis=0), axis=-1)
                way += step[at[0] : at[-1]].sum()
            return chord / way

        assert bow(minor) > bow(major) + 8
        assert directness(minor) < 0.9 * directness(major)

    @pytest.mark.parametrize("metre", [3, 4])
    def test_knees_bend_deepest_on_the_first_beat(self, metre):
        data = make_dance_music(
            3,
            n_performances=3,
            coordinates="metre",
            factors={"metre": metre, "vigour": 1, "extent": 0},
            random_state=0,
        )
        hips = data.poses.position[:, :, [11, 12], 1].mean(axis=2)
        for y, beats, downbeats in zip(hips, data.beats, data.downbeats):
            others = np.setdiff1d(beats, downbeats)
            first = y[np.round(downbeats * 30).astype(int).clip(max=239)].mean()
            assert first < y[np.round(others * 30).astype(int).clip(max=239)].mean() - 0.01

    def test_bars_come_again(self):
        rng = np.random.default_rng(0)
        factors = {"metre": 4, "mode": "major", "extent": 0.5, "vigour": 0.5, "tempo": 110}
        steps = draw_choreography(rng, factors)
        bars = np.unique(steps.arms.reshape(8, 4 * 2 * 4).round(9), axis=0)
        assert 2 <= len(bars) <= 6
        still = np.abs(np.diff(steps.arms, axis=0)).max(axis=(1, 2))
        assert still.min() > 0.02


class TestMusic:
    def test_tempo(self, many, song):
        found = np.array([np.ravel(song.beat.beat_track(y=y, sr=22050)[0])[0] for y in many.audio])
        ratio = found / many.factors["tempo"].to_numpy()
        octave = np.abs(ratio[:, None] / [0.5, 1, 2, 2 / 3, 1.5] - 1).min(axis=1)
        assert (np.abs(ratio - 1) < 0.05).mean() >= 0.7
        assert (octave < 0.05).mean() >= 0.9

    def test_onsets_lie_on_the_beats(self, many, song):
        found, chance = [], []
        for y, beats in zip(many.audio, many.beats):
            strength = song.onset.onset_strength(y=y, sr=22050)
            at = np.round(beats * 22050 / 512).astype(int)
            near = np.stack(
                [strength[np.clip(at + i, 0, len(strength) - 1)] for i in (-1, 0, 1, 2)]
            )
            found.append(near.max(axis=0).mean())
            chance.append(strength.mean())
        assert np.median(np.array(found) / chance) > 2

    def test_key_and_mode_can_be_heard(self, many, song):
        major = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
        minor = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]
        profiles = np.array([np.roll(p, k) for p in (major, minor) for k in range(12)])
        names = [(k, m) for m in ("major", "minor") for k in _score.KEYS]
        right, clarity = 0, []
        for y, key, mode in zip(many.audio, many.factors["key"], many.factors["mode"]):
            chroma = song.feature.chroma_cqt(y=y, sr=22050, tuning=0.0).mean(axis=1)
            fit = np.corrcoef(np.vstack([chroma, profiles]))[0, 1:]
            right += names[fit.argmax()] == (key, mode)
            clarity.append(fit.max())
        assert np.mean(clarity) > 0.8
        assert right >= 0.75 * N

    def test_loudness_orders_performances(self, many):
        heard = [rms_db(y) for y in many.audio]
        assert spearmanr(heard, many.factors["vigour"]).statistic > 0.98

    def test_register_and_brightness_rise_with_extent(self, many):
        center = []
        for y in many.audio:
            frequency, power = spectrum(y)
            center.append(np.average(np.log2(frequency[1:]), weights=np.sqrt(power[1:])))
        assert spearmanr(center, many.factors["extent"]).statistic > 0.7
        part = []
        for data in vary("extent", [0.0, 0.5, 1.0], vigour=0.3):
            frequency, power = spectrum(data.audio[0])
            part.append(np.average(frequency, weights=np.sqrt(power)))
        assert np.all(np.diff(part) > 0)

    def test_articulation_leaves_gaps(self):
        held = []
        for data in vary("sharpness", [0.0, 0.5, 1.0]):
            envelope = np.sqrt(np.mean(np.square(data.audio[0][:176128].reshape(-1, 512)), axis=1))
            held.append(np.mean(envelope > 0.5 * envelope.mean()))
        assert np.all(np.diff(held) < 0)

    def test_the_first_beat_is_the_strongest(self):
        for metre in (3, 4):
            accent = np.tile(accents(metre), 8)
            factors = {"metre": metre, "mode": "major", "extent": 0.5}
            score = _score.draw_score(
                np.random.default_rng(0), factors, accent=accent, height=np.zeros(8 * metre)
            )
            melody = [n for n in score.notes if n.voice == "melody"]
            first = np.mean([n.gain for n in melody if n.start % metre == 0])
            assert first > max(n.gain for n in melody if n.start % metre != 0)
            assert len({n.start for n in score.notes if n.voice == "pad"}) == 8

    def test_the_melody_follows_the_hands(self):
        height = np.random.default_rng(1).standard_normal(32)
        factors = {"metre": 4, "mode": "minor", "extent": 0.5}
        score = _score.draw_score(
            np.random.default_rng(0),
            factors,
            accent=np.tile(accents(4), 8),
            height=height,
        )
        pitch = {n.start: n.pitch for n in score.notes if n.voice == "melody"}
        assert np.corrcoef([pitch[b] for b in range(32)], height)[0, 1] > 0.85

    @pytest.mark.parametrize("mode", ["major", "minor"])
    def test_notes_belong_to_the_key(self, mode):
        for seed in range(10):
            factors = {"metre": 4, "mode": mode, "extent": seed / 10}
            accent = np.tile(accents(4), 8)
            rng = np.random.default_rng(seed)
            score = _score.draw_score(rng, factors, accent=accent, height=rng.normal(size=32))
            steps = {(n.pitch - score.key) % 12 for n in score.notes}
            allowed = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 10, 11}}
            assert steps <= allowed[mode]
            home = {
                (n.pitch - score.key) % 12
                for n in score.notes
                if n.voice == "pad" and n.start in (0, 28)
            }
            assert home == {0, 4 if mode == "major" else 3, 7}

    def test_chords_move_little(self):
        for seed in range(10):
            factors = {"metre": 4, "mode": "minor", "extent": 0.5}
            score = _score.draw_score(
                np.random.default_rng(seed),
                factors,
                accent=np.tile(accents(4), 8),
                height=np.zeros(32),
            )
            pads = np.array([n.pitch for n in score.notes if n.voice == "pad"]).reshape(8, 3)
            assert np.abs(np.diff(pads, axis=0)).mean() < 3

    def test_a_tone_has_its_pitch_and_no_aliases(self):
        tone = _music._tone(81, "chord", -1.0, 22050, 22050)
        frequency, power = spectrum(tone * np.hanning(len(tone)))
        assert frequency[power.argmax()] == pytest.approx(880, abs=1)
        between = np.abs(frequency / 880 - np.round(frequency / 880)) > 0.1
        assert power[between].sum() < 1e-4 * power.sum()


class TestFactors:
    def test_setting_one_changes_that_one_alone(self):
        drawn, louder = (
            make_dance_music(2, clip_duration=2, factors=f, random_state=0)
            for f in (None, {"vigour": 1.0})
        )
        assert (louder.factors["vigour"] == 1).all()
        rest = ["tempo", "metre", "sharpness", "extent", "mode", "key"]
        pd.testing.assert_frame_equal(drawn.factors[rest], louder.factors[rest])
        for a, b in zip(drawn.beats, louder.beats):
            np.testing.assert_array_equal(a, b)

    def test_one_value_for_each_performance(self):
        data = make_dance_music(
            3,
            n_performances=3,
            clip_duration=1,
            factors={"metre": [3, 4, 3], "mode": np.array(["minor", "major", "minor"])},
            random_state=0,
        )
        assert data.factors["metre"].tolist() == [3, 4, 3]
        assert data.factors["mode"].tolist() == ["minor", "major", "minor"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"n_clips": 0}, "n_clips to be an integer of at least 1, got 0"),
        ({"n_clips": 2.5}, "n_clips to be an integer"),
        ({"n_clips": 2, "n_performances": 3}, "from 1 to the number of clips"),
        ({"n_performances": "many"}, "n_performances to be an integer"),
        ({"clip_duration": -1}, "clip_duration to be a number of seconds above 0"),
        ({"clip_duration": float("nan")}, "clip_duration"),
        ({"clip_duration": 0.001}, "at least one frame"),
        ({"hop_duration": 0}, "hop_duration to be a number of seconds above 0"),
        ({"hop_duration": 0.001}, "at least one frame apart"),
        ({"fps": 0}, "fps to be a number of frames a second"),
        ({"sr": 100}, "sr to be an integer of at least 8000 Hz"),
        ({"noise": -0.1}, "noise to be a share of the body height"),
        ({"dropout": 1.0}, "dropout to be a share from 0 to below 1, got 1.0"),
        ({"coordinates": "pixels"}, "Did you mean 'pixel'"),
        ({"factors": {"vigor": 0.5}}, "Did you mean 'vigour'"),
        ({"factors": {"tempo": 1000}}, "factor 'tempo' to be a number from 40 to 240, got 1000"),
        ({"factors": {"metre": 5}}, "factor 'metre' to be one of 2, 3, 4, got 5"),
        ({"factors": {"mode": "minr"}}, "Did you mean 'minor'"),
        ({"factors": {"extent": [0.1, 0.2, 0.3]}}, "one for each of the 1 performances"),
        ({"n_clips": 0, "fps": -1}, r"\(1\) expected n_clips.*\(2\) expected fps"),
    ],
)
def test_wrong_parameters_end_in_a_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        make_dance_music(**{"n_clips": 2, "random_state": 0, **wrong})


def test_factors_must_be_a_dict():
    with pytest.raises(TypeError, match="factors to be a dict"):
        make_dance_music(2, factors=["tempo"])


class TestStyles:
    def test_gestures_lie_where_the_style_says(self):
        """Where in the beat the hands are slowest: half a gesture or half a beat later."""
        lowest = {"rest": 0.2, "hit": 0.52, "offbeat": 0.7}
        for style, part in lowest.items():
            data = make_dance_music(
                6, n_performances=6, coordinates="metre", styles=style, random_state=1, sr=8000
            )
            total = 0
            for speed, beats in zip(speeds(data), data.beats):
                time = (np.arange(len(speed)) + 0.5) / 30
                at = np.interp(time, beats, np.arange(len(beats)))
                inside = (time > beats[0]) & (time < beats[-1])
                total += np.mean((speed * np.exp(-2j * np.pi * at))[inside])
            away = (-np.angle(-total) / (2 * np.pi) - part + 0.5) % 1 - 0.5
            assert abs(away) < 0.12, style

    def test_a_bounce_has_gestures_at_half_the_pace_and_deeper_bends(self):
        options = {"coordinates": "metre", "random_state": 1, "sr": 8000}
        rest, bounce = (make_dance_music(2, styles=s, **options) for s in ("rest", "bounce"))
        assert speeds(bounce).mean() < 0.7 * speeds(rest).mean()
        hips = [d.poses.position[:, :, 11:13, 1].mean(axis=2) for d in (rest, bounce)]
        assert hips[1].std() > 1.2 * hips[0].std()

    def test_styles_change_the_dance_alone(self):
        plain, mixed = (
            make_dance_music(12, n_performances=12, clip_duration=1, styles=s, random_state=0)
            for s in ("rest", ("rest", "hit", "offbeat", "bounce"))
        )
        assert set(plain.styles) == {"rest"}
        assert len(set(mixed.styles)) > 2
        assert_same = np.testing.assert_array_equal
        assert_same(np.asarray(plain.audio), np.asarray(mixed.audio))
        same = mixed.styles == "rest"
        assert_same(plain.poses.position[same], mixed.poses.position[same])
        assert not np.allclose(plain.poses.position[~same], mixed.poses.position[~same])

    def test_a_bar_of_two(self):
        data = make_dance_music(1, factors={"metre": 2}, random_state=0)
        assert len(data.downbeats[0]) in (len(data.beats[0]) // 2, len(data.beats[0]) // 2 + 1)

    @pytest.mark.parametrize(
        ("styles", "sentence"),
        [("waltz", "'rest'"), ((), "expected styles"), (3, "expected styles")],
    )
    def test_unknown_styles_end_in_a_sentence(self, styles, sentence):
        with pytest.raises(ValueError, match=sentence):
            make_dance_music(1, styles=styles)


@pytest.fixture(scope="module")
def lively():
    """Three performances of 40 s whose factors change, and the same two without."""
    kind = {"n_performances": 3, "hop_duration": 4.0, "coordinates": "metre", "random_state": 2}
    return make_dance_music(27, courses=True, **kind), make_dance_music(27, **kind)


def whole(data, k):
    """Speed of a performance's joints in each frame, in m/s."""
    clips = data.poses.position[data.groups == k]
    x = np.concatenate([clips[0], *(clip[-120:] for clip in clips[1:])])
    return np.linalg.norm(np.diff(x, axis=0), axis=-1).mean(axis=1) * data.poses.fps


def levels(y, sr, times, duration=0.5):
    """RMS level in dB about times in s."""
    first = np.round((times - duration / 2) * sr).astype(int)
    return np.array([rms_db(y[max(i, 0) : i + round(duration * sr)] + 1e-9) for i in first])


class TestCourses:
    def test_one_row_per_frame_constant_by_default(self, lively):
        for data in lively:
            assert len(data.courses) == 3
            for k, course in enumerate(data.courses):
                assert len(course) == len(whole(data, k)) + 1
                np.testing.assert_allclose(np.diff(course["time"]), 1 / 30)
        constant = [c.drop(columns=["time", "tempo"]).nunique() for c in lively[1].courses]
        assert all((n == 1).all() for n in constant)
        assert all(c["vigour"].std() > 0.05 for c in lively[0].courses)

    def test_dancer_rests_and_music_is_silent(self, lively):
        data = lively[0]
        rests = 0
        for k, (course, y) in enumerate(zip(data.courses, data.audio.recordings)):
            resting = course["moving"].to_numpy() < 0.5
            edges = np.flatnonzero(np.diff(np.r_[0, resting, 0]))
            speed = whole(data, k)
            for first, stop in edges.reshape(-1, 2):
                rests += 1
                assert 1.5 <= (stop - first) / 30 < 6 or stop == len(course)
                assert speed[first + 1 : stop - 1].max() < 0.06
                after = levels(y, 22050, np.array([first / 30 + 0.75]))
                assert after < levels(y, 22050, np.array([first / 30 - 0.3])) - 20
                if stop + 15 < len(course):
                    assert speed[stop : stop + 15].mean() > 4 * speed[first + 1 : stop - 1].mean()
                    assert levels(y, 22050, np.array([stop / 30 + 0.25])) > -40
        assert rests >= 2

    def test_level_and_speed_follow_vigour(self, lively):
        data, parts = lively[0], []
        for k, (course, y) in enumerate(zip(data.courses, data.audio.recordings)):
            at = np.arange(0.5, len(y) / 22050 - 0.5, 0.5)
            moving = np.interp(at, course["time"], course["moving"]) == 1
            wanted = np.interp(at, course["time"], course["loudness"])[moving]
            heard = levels(y, 22050, at, 0.8)[moving]
            assert abs(heard - wanted).mean() < 2.5
            speed = np.convolve(whole(data, k), np.ones(24) / 24, mode="same")
            speed = np.interp(at, course["time"][:-1], speed)[moving]
            vigour = np.interp(at, course["time"], course["vigour"])[moving]
            parts.append([a - a.mean() for a in (wanted, heard, vigour, speed)])
        within = np.corrcoef(np.concatenate(parts, axis=1))
        assert within[0, 1] > 0.8
        assert within[2, 3] > 0.5

    def test_factors_are_means_of_the_clips(self, lively):
        data = lively[0]
        course = data.courses[1]
        clip = np.flatnonzero(data.groups == 1)[2]
        inside = course["time"].between(data.starts[clip], data.starts[clip] + 8 - 1e-6)
        moving = course[inside & (course["moving"] > 0.5)]
        assert data.factors.loc[clip, "vigour"] == pytest.approx(moving["vigour"].mean(), abs=0.01)

    def test_beats_rest_too(self, lively):
        data = lively[0]
        for beats, start, k in zip(data.beats, data.starts, data.groups):
            course = data.courses[k]
            moving = np.interp(beats + start + 0.05, course["time"], course["moving"])
            assert (moving > 0.5).all()

    def test_longer_performances_begin_the_same(self):
        kind = {"courses": True, "n_performances": 1, "hop_duration": 4.0, "random_state": 5}
        short, long = make_dance_music(2, **kind), make_dance_music(4, **kind)
        np.testing.assert_allclose(short.poses.position, long.poses.position[:2], atol=1e-9)

    def test_wrong_type(self):
        with pytest.raises(TypeError, match="courses to be True or False, got 'yes'"):
            make_dance_music(1, courses="yes")
