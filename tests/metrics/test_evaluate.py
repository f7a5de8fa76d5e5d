"""The table of `evaluate` for models whose scores are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_asdf import AudioClips, AudioTargetRegressor
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.functional.kinematics import magnitude, velocity
from sklearn_asdf.metrics import evaluate, paired_differences

SR = 22050
ROWS = ["model", "shuffled pairs", "metronome", "unconditional", "real"]


@pytest.fixture(scope="module")
def data():
    return make_dance_music(48, n_performances=24, clip_duration=4.0, random_state=0)


@pytest.fixture(scope="module")
def held_out(data, tmp_path_factory):
    new = data.groups >= 18
    return {
        "poses": data.poses[new],
        "audio": data.audio[new],
        "groups": data.groups[new],
        "reference": (data.poses[~new], data.audio[~new]),
        "n_permutations": 199,
        # The real music is analyzed once for all tests.
        "memory": str(tmp_path_factory.mktemp("cache")),
        "random_state": 0,
    }


class Oracle:
    """Returns the real music of each known dance, and silence for any other."""

    def __init__(self, poses, audio):
        self.known = {p.tobytes(): y for p, y in zip(poses.position, np.asarray(audio))}
        self.silence = np.zeros(audio.shape[1])

    def predict(self, poses):
        return np.stack([self.known.get(p.tobytes(), self.silence) for p in poses.position])


class Same:
    """Returns the same music for all dances."""

    def __init__(self, audio):
        self.music = np.asarray(audio)[0]

    def predict(self, poses):
        return np.repeat(self.music[None], len(poses), axis=0)


class Hiss(RegressorMixin, BaseEstimator):
    """Samples noise, whose level is proportional to the speed of the dance or constant."""

    def __init__(self, responds=True, n_samples=4 * SR):
        self.responds = responds
        self.n_samples = n_samples

    def predict(self, poses):
        return self.sample_y(poses, random_state=0)[..., 0]

    def sample_y(self, poses, n_samples=1, random_state=None, temperature=1.0):
        rng = np.random.default_rng(random_state)
        speed = magnitude(velocity(poses.position, fps=poses.fps)).mean(axis=(1, 2)) / 1e4
        level = speed if self.responds else np.full(len(poses), 0.02)
        noise = rng.normal(size=(len(poses), self.n_samples, n_samples))
        return temperature * level[:, None, None] * noise


@pytest.fixture(scope="module")
def of_oracle(held_out):
    return evaluate(Oracle(held_out["poses"], held_out["audio"]), **held_out)


def test_a_model_that_returns_the_real_music_has_its_scores(of_oracle):
    assert list(of_oracle.index) == ROWS
    shared = of_oracle.columns[of_oracle.loc["real"].notna()]
    assert len(shared) > 25
    pd.testing.assert_series_equal(
        of_oracle.loc["model", shared], of_oracle.loc["real", shared], check_names=False
    )


def test_baselines_score_below_real_music(of_oracle):
    real = of_oracle.loc["real"]
    for name in (
        "f70_music",
        "f1_5hz",
        "loris_f1",
        "d2m_f1",
        "distance_ratio",
        "retrieval_of_real",
    ):
        assert real[name] == pytest.approx(1), name
    assert real["tempo_difference"] == 0
    assert real["key_clarity_share"] >= 0.75
    for baseline in ("shuffled pairs", "metronome", "unconditional"):
        row = of_oracle.loc[baseline]
        for name in ("retrieval_r1", "retrieval_mrr", "f70_music", "f70_dance", "f1_5hz"):
            assert row[name] < real[name], (baseline, name)
        assert row["bas_corrected"] < real["bas_corrected"]
    assert real["retrieval_p"] < 0.05 < of_oracle.loc["shuffled pairs", "retrieval_p"]


def test_the_metronome_does_not_follow(of_oracle):
    row = of_oracle.loc["metronome"]
    assert row["retrieval_r1"] == pytest.approx(1 / 6)
    assert row["retrieval_p"] == 1
    assert row["distance_ratio"] == pytest.approx(0, abs=1e-3)
    assert (row["mantel_r"], row["mantel_p"]) == (0, 1)
    # Bins of a second do not distinguish it from music; bins of 0.2 s do.
    assert row["d2m_f1"] > 0.9
    assert row["f1_5hz"] < 0.7


def test_scores_that_a_row_cannot_have_are_nan(of_oracle):
    responses = [f"{name}_response" for name in ("amplified", "reversed", "half_tempo")]
    assert of_oracle.loc[ROWS[1:], responses].isna().all(axis=None)
    # Silence for a changed dance and no samples: the response is infinite.
    assert np.isinf(of_oracle.loc["model", responses]).all()
    assert of_oracle["log_gain"].isna().all()
    rest = of_oracle.columns.difference(
        [c for c in of_oracle if c.endswith("_response") or c.startswith("stop_") or c in _NAN]
    )
    assert np.isfinite(of_oracle[rest]).all(axis=None)


_NAN = ("log_gain", "log_gain_p", "energy_gain", "amplified_p", "reversed_p", "half_tempo_p")


def test_the_same_music_for_all_scores_at_chance(held_out):
    table = evaluate(Same(held_out["audio"]), **held_out)
    row = table.loc["model"]
    assert row["distance_ratio"] == pytest.approx(0, abs=1e-3)
    assert row["retrieval_r1"] == pytest.approx(1 / 6)
    assert row["retrieval_p"] == 1
    assert row["mantel_r"] == 0
    assert (row[["amplified_response", "reversed_response", "half_tempo_response"]] == 1).all()
    assert (row[["amplified_p", "reversed_p", "half_tempo_p"]] == 1).all()


def test_only_music_that_depends_on_the_dance_responds(held_out):
    responds = evaluate(make_pipeline(FunctionTransformer(), Hiss()), **held_out, temperature=1.0)
    row = responds.loc["model"]
    assert row["amplified_response"] > 1.5
    assert row["amplified_p"] < 0.05
    assert row["half_tempo_response"] > 1.05
    # As fast backwards as forwards.
    assert row["reversed_response"] == pytest.approx(1, abs=0.02)
    # Dances of similar speed have noise of similar level.
    assert row["mantel_r"] > 0

    constant = evaluate(make_pipeline(FunctionTransformer(), Hiss(responds=False)), **held_out)
    row = constant.loc["model"]
    for name in ("amplified", "reversed", "half_tempo"):
        assert row[f"{name}_response"] == pytest.approx(1, abs=0.02)
    assert responds.loc["model", "mantel_r"] > row["mantel_r"]
    # Noise is not music.
    assert row["frechet_distance"] > 2 * constant.loc["real", "frechet_distance"]
    assert row["key_clarity_share"] < 0.5
    assert row["pulse_clarity_share"] < 0.5


def test_same_seed_same_table_with_arrays_and_without_memory(held_out, of_oracle):
    arrays = held_out | {"memory": None}
    arrays["audio"] = np.asarray(held_out["audio"])
    arrays["groups"] = np.char.add("piece ", held_out["groups"].astype(str))
    table = evaluate(Oracle(held_out["poses"], held_out["audio"]), **arrays)
    pd.testing.assert_frame_equal(table, of_oracle)


def test_trajectories_and_any_regressor_are_accepted():
    # A joint that oscillates, and a tone whose level is the amplitude.
    rng = np.random.default_rng(0)
    width = np.repeat(rng.uniform(0.2, 1, size=8), 2)
    X = width[:, None] * np.sin(np.arange(90) / 5 + rng.uniform(0, 6, size=(16, 1)))
    tone = np.sin(2 * np.pi * 440 * np.arange(SR) / SR)
    y = 0.1 * width[:, None] * tone * rng.normal(1, 0.1, size=(16, SR))
    loudness = FunctionTransformer(lambda X: np.abs(X).mean(axis=1, keepdims=True))
    pipe = make_pipeline(loudness, AudioTargetRegressor(LinearRegression(), PCA(2)))
    pipe.fit(X[:8], y[:8])
    table = evaluate(pipe, X[8:], y[8:], np.arange(8) // 2, n_permutations=19, random_state=0)
    # The model has no samples, so any change is infinite.
    assert np.isinf(table.loc["model", "amplified_response"])
    assert table.loc["model", "distance_ratio"] > 0.3
    assert table["log_gain"].isna().all()


def test_lists_of_clips_reach_the_pipeline_as_lists():
    rng = np.random.default_rng(0)
    clips = [rng.normal(size=(n, 17, 2)).cumsum(axis=0) for n in (60, 50, 60, 40)]
    audio = 0.1 * rng.normal(size=(4, 2 * SR)) * np.arange(1, 5)[:, None]
    seen = []

    class Listed:
        def predict(self, poses):
            seen.append([len(p) for p in poses])
            return audio[: len(poses)]

    evaluate(Listed(), clips, audio, np.arange(4), n_permutations=9, random_state=0)
    assert all(lengths == [60, 50, 60, 40] for lengths in seen[:2])


def test_without_a_reference_judges_are_cross_fitted(data):
    clips = slice(0, 24)
    table = evaluate(
        Oracle(data.poses[clips], data.audio[clips]),
        data.poses[clips],
        data.audio[clips],
        data.groups[clips],
        random_state=0,
        n_permutations=99,
    )
    assert table.attrs == {"n_clips": 24, "n_performances": 12, "n_candidates": [6, 6]}
    assert table.loc["metronome", "retrieval_r1"] == pytest.approx(1 / 6)
    assert table.loc["real", "retrieval_r1"] > 1.5 / 6
    assert table.loc["real", "frechet_distance"] == pytest.approx(0, abs=1e-6)


def test_means_over_performances_are_the_scores(data, held_out, of_oracle):
    oracle = Oracle(held_out["poses"], held_out["audio"])
    table, performances = evaluate(oracle, **held_out, return_performances=True)
    pd.testing.assert_frame_equal(table, of_oracle)
    assert list(performances.loc["real"].index) == sorted(set(held_out["groups"]))
    # Each performance has two clips, so means over performances are means over clips.
    means = performances.groupby(level="row").mean()
    columns = list(performances.columns)
    pd.testing.assert_frame_equal(means.loc[ROWS], table.loc[ROWS, columns], check_names=False)
    differences = paired_differences(performances, random_state=0)
    beat = differences.loc["metronome", "f70_music"]
    assert beat["difference"] == pytest.approx(1 - table.loc["metronome", "f70_music"])
    assert beat["low"] < beat["difference"] < beat["high"] < 1
    # All changes of sign of six performances are tried: 2 of 64.
    assert beat["p"] == pytest.approx(2 / 64)
    assert (differences.loc["real", "p"] == 1).all()


def test_performances_of_cross_fitted_judges(data):
    chosen = data.groups < 6
    same = Same(data.audio[chosen])
    table, performances = evaluate(
        same, data.poses[chosen], data.audio[chosen], data.groups[chosen], n_permutations=9,
        max_responses=1, random_state=0, return_performances=True,
    )  # fmt: skip
    found = performances.loc["real", "retrieval_r1"]
    assert found.mean() == pytest.approx(table.loc["real", "retrieval_r1"])
    # Equal music is found by chance, one of three of each half.
    assert performances.loc["model", "retrieval_r1"].tolist() == pytest.approx([1 / 3] * 6)


def test_bad_input_is_refused_in_a_sentence(held_out):
    oracle = Oracle(held_out["poses"], held_out["audio"])
    other = AudioClips([np.ones(100, np.float32)], [0], [0], 100)
    cases = [
        (TypeError, "expected a fitted pipeline with `predict`", {"pipeline": object()}),
        (ValueError, "got 10 for 12", {"audio": held_out["audio"][:10]}),
        (ValueError, "expected groups, the performance of each clip, got None", {"groups": None}),
        (ValueError, "at least 2 performances, got 1", {"groups": np.zeros(12)}),
        (ValueError, "at least 4 performances, got 3", {
            "groups": np.arange(12) % 3, "reference": None,
        }),
        (ValueError, "`sample_y` to sample from, .* Oracle", {"temperature": 1.0}),
        (ValueError, "n_permutations and max_responses of at least 1", {"n_permutations": 0}),
        (ValueError, "reference as a pair", {"reference": held_out["audio"]}),
        (ValueError, "reference of clips of 88200 samples at 22050 Hz, got 100", {
            "reference": (held_out["poses"][:1], other),
        }),
        (ValueError, r"make audio of shape \(12, 88200\).*got \(12, 1000\)", {
            "pipeline": Hiss(n_samples=1000),
        }),
    ]  # fmt: skip
    for error, message, change in cases:
        with pytest.raises(error, match=message):
            evaluate(**({"pipeline": oracle} | held_out | change))
