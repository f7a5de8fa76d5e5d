"""Scores of densities that are known: Gaussians about what the dance tells."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from sklearn_asdf.density.mixtures import GaussianMixtures
from sklearn_asdf.metrics import density_scores

N_GROUPS, N_EACH, SIGMA = 10, 30, 0.5


class Codes:
    """An encoder whose code is the clip itself."""

    def transform(self, audio):
        return np.asarray(audio)


class Density:
    """p(y | x) = N(heed * x, sigma^2 + (1 - heed)^2), and the same density without x."""

    def __init__(self, heed):
        self.heed = heed
        n = 4
        total = np.sqrt(1 + SIGMA**2)
        self.unconditional_ = GaussianMixtures(
            [[1.0]], np.zeros((1, 1, n)), np.full((1, 1, n), total)
        )

    def predict_dist(self, X):
        means = self.heed * np.asarray(X)[:, 0, :4, 0][:, None]
        scale = np.sqrt(SIGMA**2 + (1 - self.heed) ** 2)
        return GaussianMixtures(np.ones((len(means), 1)), means, np.full(means.shape, scale))


def model(heed):
    return SimpleNamespace(predict=None, regressor_=Density(heed), transformer_=Codes())


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(0)
    explained = rng.normal(size=(N_GROUPS, 1, 4)).repeat(N_EACH, axis=1).reshape(-1, 4)
    explained = 0.7 * explained + np.sqrt(1 - 0.49) * rng.normal(size=explained.shape)
    codes = explained + SIGMA * rng.normal(size=explained.shape)
    poses = np.zeros((len(explained), 2, 4, 2))
    poses[:, :, :, 0] = explained[:, None]
    return poses, codes, np.repeat(np.arange(N_GROUPS), N_EACH)


def test_true_density_gains_the_mutual_information(pairs):
    table = density_scores(model(1.0), *pairs, random_state=0)
    poses, codes, _ = pairs
    expected = norm.logpdf(codes, poses[:, 0, :, 0], SIGMA).mean()
    assert table.loc["model", "log_score"] == pytest.approx(expected)
    gain = expected - norm.logpdf(codes, 0, np.sqrt(1 + SIGMA**2)).mean()
    assert table.loc["model", "log_gain"] == pytest.approx(gain)
    assert gain == pytest.approx(0.5 * np.log(1 + 1 / SIGMA**2), abs=0.15)
    assert table.loc["model", "log_p"] == 0.001
    assert table.loc["model", "energy_gain"] > 0.1
    assert table.loc["model", "crps"] == pytest.approx(SIGMA / np.sqrt(np.pi), rel=0.05)
    assert table.loc["model", "coverage_90"] == pytest.approx(0.9, abs=0.02)
    # With the dances of others, the same density is worse than one without input.
    assert table.loc["shuffled pairs", "log_gain"] < 0
    assert table.loc["shuffled pairs", "energy_gain"] < 0
    assert table.loc["unconditional", "log_gain"] == 0
    assert table.loc["unconditional", "energy_gain"] == 0
    assert table.loc["unconditional", "coverage_90"] == pytest.approx(0.9, abs=0.05)
    assert table["log_p"].isna().tolist() == [False, True, True]


def test_density_that_heeds_nothing_gains_nothing(pairs):
    table = density_scores(model(0.0), *pairs, random_state=0)
    # All its rows are one density, so that dealing them changes nothing.
    assert table.loc["model", "log_p"] == 1
    assert table["log_gain"].abs().max() == pytest.approx(0, abs=1e-12)
    assert table["crps"].max() == pytest.approx(table["crps"].min())


def test_same_seed_same_table(pairs):
    a, b = (density_scores(model(0.5), *pairs, random_state=3) for _ in range(2))
    pd.testing.assert_frame_equal(a, b)


def test_bad_input_is_refused_in_a_sentence(pairs):
    poses, codes, groups = pairs
    with pytest.raises(ValueError, match="one music clip for each dance, got 299 for 300"):
        density_scores(model(1.0), poses, codes[:-1], groups)
    with pytest.raises(ValueError, match="at least 2 performances, got 1"):
        density_scores(model(1.0), poses, codes, np.zeros(300))
    with pytest.raises(TypeError, match="with `predict`"):
        density_scores(object(), *pairs)
    without = SimpleNamespace(predict=lambda X: None)
    with pytest.raises(TypeError, match="SimpleNamespace, which has no density"):
        density_scores(without, *pairs)
