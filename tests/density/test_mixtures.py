"""Mixtures as values, against scipy, closed forms and the laws of probability."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from sklearn_asdf.density.mixtures import GaussianMixtures
from sklearn_asdf.density.sampling import Temperature, new_generator, sample_mixtures


def make_density(n=3, k=4, d=2, seed=0):
    rng = np.random.default_rng(seed)
    return GaussianMixtures(
        rng.dirichlet(np.ones(k), n), rng.normal(size=(n, k, d)), rng.uniform(0.2, 1, (n, k, d))
    )


@pytest.fixture(scope="module")
def density():
    return make_density()


def marginal_pdf(density, row, axis):
    w, m, s = density.weights[row], density.means[row, :, axis], density.scales[row, :, axis]
    return lambda x: float(w @ stats.norm.pdf(x, m, s))


def test_log_prob_is_scipys(density):
    y = np.random.default_rng(1).normal(size=(3, 2))
    expected = [
        np.log(
            sum(
                density.weights[i, k]
                * stats.multivariate_normal.pdf(
                    y[i], density.means[i, k], np.diag(density.scales[i, k] ** 2)
                )
                for k in range(4)
            )
        )
        for i in range(3)
    ]
    np.testing.assert_allclose(density.log_prob(y), expected)


def test_density_integrates_to_one():
    one = make_density(1, 3, 1)
    total, _ = integrate.quad(lambda x: np.exp(one.log_prob([[x]])[0]), -8, 8)
    assert total == pytest.approx(1)


@pytest.mark.parametrize("axis", [0, 1])
def test_moments_and_cdf_are_integrals(density, axis):
    pdf = marginal_pdf(density, 1, axis)
    mean = integrate.quad(lambda x: x * pdf(x), -9, 9)[0]
    var = integrate.quad(lambda x: (x - mean) ** 2 * pdf(x), -9, 9)[0]
    below = integrate.quad(pdf, -9, 0.3)[0]
    assert density.mean[1, axis] == pytest.approx(mean)
    assert density.var[1, axis] == pytest.approx(var)
    assert density.std[1, axis] == pytest.approx(np.sqrt(var))
    assert density.cdf(np.full((3, 2), 0.3))[1, axis] == pytest.approx(below)


@pytest.mark.parametrize("p", [1e-6, 0.05, 0.5, 0.999])
def test_quantile_inverts_cdf(density, p):
    np.testing.assert_allclose(density.cdf(density.quantile(p)), p, rtol=1e-9)


def test_quantiles_of_several_probabilities_stack_last(density):
    found = density.quantile([0.1, 0.9])
    assert found.shape == (3, 2, 2)
    np.testing.assert_array_equal(found[..., 1], density.quantile(0.9))
    low, high = density.interval(0.8)
    np.testing.assert_allclose(low, found[..., 0])
    np.testing.assert_allclose(high, found[..., 1])


def test_a_component_without_weight_does_not_count():
    density = GaussianMixtures([[1.0, 0.0]], [[[0.0], [1e6]]], [[[1.0], [1.0]]])
    assert density.quantile(0.5)[0, 0] == pytest.approx(0, abs=1e-6)
    assert density.log_prob([0.0])[0] == pytest.approx(stats.norm.logpdf(0))
    assert np.abs(density.sample(100, 0)).max() < 10


def test_crps_is_the_integral_of_the_squared_difference(density):
    y = np.array([[0.2, -1.0], [2.5, 0.0], [0.0, 0.3]])
    found = density.crps(y)
    for axis in range(2):
        one = GaussianMixtures(
            density.weights, density.means[..., [axis]], density.scales[..., [axis]]
        )[1]

        def gap(x, one=one, target=y[1, axis]):
            return (one.cdf([[x]])[0, 0] - (x >= target)) ** 2

        expected = integrate.quad(gap, -9, y[1, axis])[0] + integrate.quad(gap, y[1, axis], 9)[0]
        assert found[1, axis] == pytest.approx(expected, rel=1e-6)


def test_crps_of_one_gaussian_is_the_known_form():
    density = GaussianMixtures([[1.0]], [[[1.0]]], [[[2.0]]])
    z = (3.0 - 1.0) / 2.0
    expected = 2 * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert density.crps([3.0])[0, 0] == pytest.approx(expected)


def test_energy_score_is_the_crps_in_one_dimension():
    one = make_density(4, 3, 1)
    y = np.array([-1.0, 0.0, 0.5, 3.0])
    found = one.energy_score(y, n_samples=40_000, random_state=0)
    np.testing.assert_allclose(found, one.crps(y)[:, 0], atol=0.02)


def test_draws_have_the_moments_of_the_density(density):
    draws = density.sample(40_000, 0)
    assert draws.shape == (3, 2, 40_000)
    np.testing.assert_allclose(draws.mean(axis=2), density.mean, atol=0.03)
    np.testing.assert_allclose(draws.var(axis=2), density.var, rtol=0.04)
    # Dimensions move together where components differ in both.
    joint = np.einsum(
        "k,k,k->",
        density.weights[0],
        density.means[0, :, 0] - density.mean[0, 0],
        density.means[0, :, 1] - density.mean[0, 1],
    )
    assert np.cov(draws[0])[0, 1] == pytest.approx(joint, abs=0.03)


def test_draws_follow_the_distribution():
    one = make_density(1, 3, 1)
    uniform = one.cdf(one.sample(2000, 3)[0].T)[:, 0]
    assert stats.kstest(uniform, "uniform").pvalue > 0.01


def test_the_same_seed_draws_the_same_and_no_global_state_moves(density):
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    np.testing.assert_array_equal(density.sample(5, 7), density.sample(5, 7))
    assert not np.array_equal(density.sample(5, 7), density.sample(5, 8))
    assert before == np.random.get_state()[1].tolist()  # noqa: NPY002


def test_temperature_raises_each_factor_to_its_power():
    density = GaussianMixtures([[0.8, 0.2]], [[[-9.0], [9.0]]], [[[1.0], [1.0]]])
    draws = density.sample(50_000, 0, temperature=2.0)[0, 0]
    weights = np.sqrt([0.8, 0.2]) / np.sqrt([0.8, 0.2]).sum()
    assert np.mean(draws < 0) == pytest.approx(weights[0], abs=0.01)
    assert draws[draws < 0].std() == pytest.approx(np.sqrt(2), abs=0.02)
    narrow = density.sample(50_000, 0, scale_temperature=0.25)[0, 0]
    assert np.mean(narrow < 0) == pytest.approx(0.8, abs=0.01)
    assert narrow[narrow < 0].std() == pytest.approx(0.5, abs=0.01)
    cold = density.sample(1000, 0, weight_temperature=0.01)[0, 0]
    assert (cold < 0).all()
    assert cold.std() == pytest.approx(1, abs=0.1)


def test_averaged_dimensions_deviate_from_the_mean_of_the_mixture():
    n = 4000
    mixture = (np.full((n, 2), 0.5), np.tile([[-1.0, -1.0], [1.0, 1.0]], (n, 1, 1)))
    scales = np.full((n, 2, 2), 0.1)

    def sample(scale, n_averaged):
        return sample_mixtures(
            *mixture,
            scales,
            None,
            n_samples=1,
            generator=new_generator(0),
            temperature=Temperature(1.0, scale),
            n_averaged=n_averaged,
        )[:, 0]

    np.testing.assert_array_equal(sample(1.0, 1), sample(1.0, 0))
    averaged, component = sample(0.25, 1).T
    # Of the mixture the standard deviation is nearly 1, of a component it is 0.1.
    assert averaged.std() == pytest.approx(0.25 * np.sqrt(1.01), rel=0.02)
    assert np.abs(component).std() == pytest.approx(0.05, rel=0.05)
    np.testing.assert_array_equal(sample(0.0, 1)[:, 0], 0.0)


def test_temperature_zero_is_the_heaviest_mean(density):
    draws = density.sample(3, 0, temperature=0)
    heaviest = density.weights.argmax(axis=1)
    for i in range(3):
        np.testing.assert_array_equal(draws[0 + i].T, [density.means[i, heaviest[i]]] * 3)


def test_rows_slice_and_join(density):
    assert len(density) == 3
    assert (density.n_components, density.n_dimensions) == (4, 2)
    parts = [density[0], density[-2:]]
    joined = GaussianMixtures.concatenate(parts)
    np.testing.assert_array_equal(joined.means, density.means)
    np.testing.assert_array_equal(density[[True, False, True]].weights, density.weights[[0, 2]])
    np.testing.assert_array_equal(density[-1].scales, density.scales[[2]])
    with pytest.raises(IndexError, match="expected a row below 3, got 3"):
        density[3]
    assert [len(row) for row in density] == [1, 1, 1]


def test_one_row_takes_targets_of_many(density):
    y = np.random.default_rng(0).normal(size=(5, 2))
    repeated = density[[1] * 5]
    np.testing.assert_allclose(density[1].log_prob(y), repeated.log_prob(y))
    np.testing.assert_allclose(density[1].crps(y), repeated.crps(y))
    np.testing.assert_allclose(density[1].cdf(y), repeated.cdf(y))


def test_equal_means_give_exactly_that_mean():
    density = GaussianMixtures(
        [np.random.default_rng(0).dirichlet(np.ones(7))],
        np.full((1, 7, 1), 0.1),
        np.ones((1, 7, 1)),
    )
    assert density.mean[0, 0] == 0.1


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (([[1.0]], [[1.0]], [[1.0]]), "expected weights \\(n, K\\), means \\(n, K, D\\)"),
        (([[0.7, 0.7]], np.zeros((1, 2, 1)), np.ones((1, 2, 1))), "sum to 1, got sums from 1.4"),
        (([[1.0]], [[[0.0]]], [[[0.0]]]), "expected scales above 0, got 0: put a floor"),
    ],
)
def test_bad_arrays_are_refused(arrays, words):
    with pytest.raises(ValueError, match=words):
        GaussianMixtures(*arrays)


def test_bad_arguments_are_refused(density):
    with pytest.raises(ValueError, match=r"expected targets of shape \(3, 2\), got \(3, 3\)"):
        density.log_prob(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"in \(0, 1\), got 1.5"):
        density.quantile(1.5)
    with pytest.raises(ValueError, match=r"weight temperature to be 0 or more.*scale temperature"):
        density.sample(temperature=-1)


finite = st.floats(-1e6, 1e6)


@settings(max_examples=30)
@given(
    logits=st.lists(st.floats(-300, 300), min_size=1, max_size=4),
    mean=finite,
    scale=st.floats(1e-6, 1e6),
    y=finite,
)
def test_nothing_is_ever_nan(logits, mean, scale, y):
    k = len(logits)
    weights = np.exp(logits - np.max(logits))
    density = GaussianMixtures(
        [weights / weights.sum()], np.full((1, k, 1), mean), np.full((1, k, 1), scale)
    )
    for values in (
        density.log_prob([y]),
        density.crps([y]),
        density.quantile(0.3),
        density.std,
        density.sample(2, 0, 0.5),
    ):
        assert np.isfinite(values).all()


@given(shift=st.floats(-100, 100), factor=st.floats(1e-3, 1e3))
def test_units_and_origin_change_nothing_but_units(shift, factor):
    density, y = make_density(), np.random.default_rng(2).normal(size=(3, 2))
    moved = GaussianMixtures(
        density.weights, density.means * factor + shift, density.scales * factor
    )
    np.testing.assert_allclose(
        moved.log_prob(y * factor + shift),
        density.log_prob(y) - 2 * np.log(factor),
        rtol=1e-6,
        atol=1e-6,
    )
    np.testing.assert_allclose(
        moved.crps(y * factor + shift), density.crps(y) * factor, rtol=1e-6, atol=1e-9 * factor
    )


def test_the_inverse_of_the_cdf_has_a_probability_for_each_entry(density):
    p = np.random.default_rng(2).uniform(0.01, 0.99, density.mean.shape)
    np.testing.assert_allclose(density.cdf(density.ppf(p)), p, atol=1e-9)
    np.testing.assert_array_equal(density.ppf(0.3), density.quantile(0.3))


def test_the_expected_distance_of_a_standard_normal():
    normal = GaussianMixtures(np.ones((1, 1)), np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
    # Mean of the half-normal distribution; far away it is the distance itself.
    assert normal.expected_distance([[0.0]]) == pytest.approx(np.sqrt(2 / np.pi))
    assert normal.expected_distance([[50.0]]) == pytest.approx(50.0)
