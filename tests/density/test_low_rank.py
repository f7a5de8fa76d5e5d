"""Covariances of a diagonal and a few factors, against the whole matrices."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sklearn_asdf.density.em import fit_mixture
from sklearn_asdf.density.low_rank import fit_factors, whitened_square
from sklearn_asdf.density.mixtures import GaussianMixtures


def make_density(n=3, k=2, d=4, r=2, seed=0):
    rng = np.random.default_rng(seed)
    return GaussianMixtures(
        rng.dirichlet(np.ones(k), n),
        rng.normal(size=(n, k, d)),
        rng.uniform(0.3, 1, (n, k, d)),
        rng.normal(size=(n, k, d, r)),
    )


@pytest.fixture(scope="module")
def density():
    return make_density()


def covariance(density, i, k):
    f = density.factors[i, k]
    return np.diag(density.scales[i, k] ** 2) + f @ f.T


def test_square_and_determinant_are_those_of_the_whole_matrix():
    rng = np.random.default_rng(0)
    z, g = rng.normal(size=(6, 5)), rng.normal(size=(5, 2))
    whole = np.eye(5) + g @ g.T
    square, log_det = whitened_square(z, g)
    np.testing.assert_allclose(square, np.einsum("nd,nd->n", z, np.linalg.solve(whole, z.T).T))
    assert log_det == pytest.approx(np.linalg.slogdet(whole)[1])


def test_log_prob_is_scipys(density):
    y = np.random.default_rng(1).normal(size=(3, 4))
    expected = [
        np.log(
            sum(
                density.weights[i, k]
                * stats.multivariate_normal.pdf(
                    y[i], density.means[i, k], covariance(density, i, k)
                )
                for k in range(2)
            )
        )
        for i in range(3)
    ]
    np.testing.assert_allclose(density.log_prob(y), expected)
    np.testing.assert_allclose(density[1].log_prob(y)[1], expected[1])


def test_marginals_are_those_of_the_whole_matrix(density):
    scales = np.sqrt([[np.diag(covariance(density, i, k)) for k in range(2)] for i in range(3)])
    plain = GaussianMixtures(density.weights, density.means, scales)
    y = np.random.default_rng(1).normal(size=(3, 4))
    for name in ("var", "mean", "marginal_scales"):
        np.testing.assert_allclose(getattr(density, name), getattr(plain, name))
    for name in ("cdf", "crps", "marginal_log_prob"):
        np.testing.assert_allclose(getattr(density, name)(y), getattr(plain, name)(y))
    np.testing.assert_allclose(density.quantile([0.1, 0.6]), plain.quantile([0.1, 0.6]))
    np.testing.assert_allclose(density.interval(0.8), plain.interval(0.8))


def test_draws_have_the_whole_covariance():
    one = make_density(1, 1)
    draws = one.sample(100_000, 0)[0]
    np.testing.assert_allclose(np.cov(draws), covariance(one, 0, 0), atol=0.08)
    np.testing.assert_allclose(draws.mean(axis=1), one.means[0, 0], atol=0.03)
    wide = one.sample(100_000, 0, temperature=4.0)[0]
    np.testing.assert_allclose(np.cov(wide), 4 * covariance(one, 0, 0), atol=0.32)
    np.testing.assert_array_equal(one.sample(2, 0, temperature=0)[0].T, [one.means[0, 0]] * 2)
    np.testing.assert_array_equal(one.sample(5, 7), one.sample(5, 7))


def test_the_energy_score_knows_correlation():
    # Nearly a line: a target off it is further away than one of the same margins on it.
    line = GaussianMixtures(
        [[1.0]], np.zeros((1, 1, 2)), np.full((1, 1, 2), 0.1), np.ones((1, 1, 2, 1))
    )
    off, on = (line.energy_score([[1.0, s]], n_samples=4000, random_state=0)[0] for s in (-1, 1))
    assert off > on + 0.1


def test_factors_of_zero_change_nothing():
    plain = make_density()
    plain = GaussianMixtures(plain.weights, plain.means, plain.scales)
    zero = GaussianMixtures(plain.weights, plain.means, plain.scales, np.zeros((3, 2, 4, 1)))
    y = np.zeros((3, 4))
    np.testing.assert_allclose(zero.log_prob(y), plain.log_prob(y))
    assert (plain.rank, zero.rank) == (0, 1)
    assert plain.marginal_scales is plain.scales


def test_rows_slice_join_and_pickle(density):
    assert repr(density) == "GaussianMixtures(3 rows, 2 components, 4 dimensions, rank 2)"
    joined = GaussianMixtures.concatenate([density[0], density[[1, 2]]])
    np.testing.assert_array_equal(joined.factors, density.factors)
    np.testing.assert_array_equal(density[-1].factors, density.factors[[2]])
    plain = GaussianMixtures(density.weights, density.means, density.scales)
    mixed = GaussianMixtures.concatenate([plain, density])
    y = np.zeros((3, 4))
    np.testing.assert_allclose(
        mixed.log_prob(np.r_[y, y]), np.r_[plain.log_prob(y), density.log_prob(y)]
    )
    again = pickle.loads(pickle.dumps(density))
    np.testing.assert_array_equal(again.log_prob(y), density.log_prob(y))


def test_bad_factors_are_refused(density):
    with pytest.raises(ValueError, match=r"factors \(n, K, D, R\) beside .*\(3, 2, 4\), got"):
        GaussianMixtures(density.weights, density.means, density.scales, density.scales)


@settings(max_examples=30)
@given(size=st.floats(1e-9, 1e9), y=st.floats(-1e6, 1e6))
def test_equal_factors_of_any_size_give_finite_results(size, y):
    # The two factors are the same: their Gram matrix is singular.
    one = GaussianMixtures(
        [[1.0]], np.zeros((1, 1, 3)), np.full((1, 1, 3), 1e-3), np.full((1, 1, 3, 2), size)
    )
    target = np.full((1, 3), y)
    for values in (one.log_prob(target), one.crps(target), one.sample(2, 0)):
        assert np.isfinite(values).all()
    if size > 10:
        # Beyond, their Gram matrix has no digits left beside the identity.
        return
    same = GaussianMixtures(one.weights, one.means, one.scales, one.factors[..., :1] * np.sqrt(2))
    np.testing.assert_allclose(one.log_prob(target), same.log_prob(target), rtol=1e-4, atol=1e-3)


def correlated(n, seed):
    """Two clusters, within which all dimensions move together, each cluster in its way."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 2, n)
    axes = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0]])
    y = np.where(which, 6.0, -6.0)[:, None] + rng.normal(size=(n, 1)) * axes[which]
    return y + 0.2 * rng.normal(size=(n, 4))


def fitted(y, k, rank, **options):
    plain = fit_mixture(y, k, **options)
    arrays = fit_factors(y, plain, rank, **options)
    return GaussianMixtures(*(a[None] for a in plain)), GaussianMixtures(*(a[None] for a in arrays))


def test_known_factors_are_found():
    plain, found = fitted(correlated(1000, 0), 2, 1)
    y = correlated(2000, 1)
    train = correlated(1000, 0)
    for k in range(2):
        own = train[(train[:, 0] > 0) == (found.means[0, k, 0] > 0)]
        np.testing.assert_allclose(covariance(found, 0, k), np.cov(own.T), atol=0.05)
    assert found.log_prob(y).mean() > plain.log_prob(y).mean() + 2


def test_fitting_counts_rows_by_their_weight():
    y = correlated(60, 0)
    weight = np.tile([1.0, 2.0, 0.0], 20)
    _, weighted = fitted(y, 2, 1, sample_weight=weight)
    _, repeated = fitted(np.repeat(y, weight.astype(int), axis=0)[::-1], 2, 1)
    probe = correlated(20, 1)
    np.testing.assert_allclose(weighted.log_prob(probe), repeated.log_prob(probe), rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_rows_and_constant_columns_give_finite_factors(n):
    y = np.c_[correlated(n, 0)[:, :2], np.zeros(n)]
    _, found = fitted(y, min(n, 2), 2)
    assert np.isfinite(found.factors).all()
    assert np.isfinite(found.log_prob(y)).all()
    np.testing.assert_array_equal(found.factors[..., 2, :], 0)
