"""Mixtures as distributions of skpro, against those of this package."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf.density import GaussianMixtures, to_skpro


@pytest.fixture(params=[0, 1], ids=["diagonal", "one factor"])
def density(request):
    rng = np.random.default_rng(0)
    arrays = (
        rng.dirichlet(np.ones(3), 4),
        rng.normal(size=(4, 3, 2)),
        rng.uniform(0.5, 1, (4, 3, 2)),
    )
    return GaussianMixtures(*arrays, rng.normal(size=(4, 3, 2, 1)) if request.param else None)


@pytest.fixture
def adapted(density):
    pytest.importorskip("skpro", reason="skpro is not installed")
    return to_skpro(density, index=list("pqrs"), columns=["u", "v"])


def test_without_skpro_the_error_names_it(density, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: None)
    with pytest.raises(ImportError, match="distributions of skpro needs skpro"):
        to_skpro(density)


def test_entries_are_the_marginals(density, adapted):
    y = np.random.default_rng(1).normal(size=(4, 2))
    assert adapted.shape == (4, 2)
    np.testing.assert_allclose(adapted.mean(), density.mean)
    np.testing.assert_allclose(adapted.var(), density.var)
    np.testing.assert_allclose(adapted.cdf(y), density.cdf(y))
    np.testing.assert_allclose(adapted.log_pdf(y), density.marginal_log_prob(y))
    p = np.linspace(0.1, 0.9, 8).reshape(4, 2)
    np.testing.assert_allclose(adapted.cdf(adapted.ppf(p)), p)
    np.testing.assert_allclose(
        adapted.quantile([0.1, 0.9]).to_numpy().reshape(4, 2, 2), density.quantile([0.1, 0.9])
    )
    # skpro adds the CRPS of a row's entries up.
    crps = adapted.energy(y) - 0.5 * adapted.energy()
    np.testing.assert_allclose(crps["energy"], density.crps(y).sum(axis=1))


def test_parts_keep_their_names(density, adapted):
    part = adapted.iloc[[2, 0], [1]]
    assert list(part.index) == ["r", "p"]
    assert list(part.columns) == ["v"]
    np.testing.assert_allclose(part.var(), density.var[[2, 0], 1:])
    entry = adapted.iat[3, 1]
    assert entry.ndim == 0
    assert entry.mean() == pytest.approx(density.mean[3, 1])
    assert entry.cdf(0.3) == pytest.approx(density.cdf(np.full((4, 2), 0.3))[3, 1])
    assert entry.cdf(entry.ppf(0.2)) == pytest.approx(0.2)
    assert np.isscalar(entry.sample())
    assert entry.sample(7).shape == (7, 1)
    assert adapted.loc["q", "u"].var() == pytest.approx(density.var[1, 0])


def test_draws_are_whole_rows(density, adapted):
    draws = adapted.sample(5000)
    assert draws.index.equals(pd.MultiIndex.from_product([range(5000), list("pqrs")]))
    found = draws.xs("q", level=1).corr().to_numpy()[0, 1]
    expected = np.corrcoef(density[1].sample(50_000, 0)[0])[0, 1]
    assert found == pytest.approx(expected, abs=0.06)
    assert list(adapted.sample().index) == list("pqrs")


def test_metrics_of_skpro_take_it(density, adapted):
    from skpro.metrics import CRPS, LogLoss

    y = pd.DataFrame(np.zeros((4, 2)), index=adapted.index, columns=adapted.columns)
    crps = density.crps(y.to_numpy()).mean()
    assert CRPS()(y, adapted) == pytest.approx(crps)
    loss = -density.marginal_log_prob(y.to_numpy()).mean()
    assert LogLoss()(y, adapted) == pytest.approx(loss)


def test_skpros_own_checks_pass():
    pytest.importorskip("skpro", reason="skpro is not installed")
    from skpro.utils import check_estimator

    from sklearn_asdf.density.skpro import GaussianMixturesDistribution

    with warnings.catch_warnings():
        # It tells that the norm of the density is approximated, as it is for Normal.
        warnings.simplefilter("ignore")
        results = check_estimator(
            GaussianMixturesDistribution, raise_exceptions=False, verbose=False
        )
    assert len(results) > 10
    assert {name: str(r) for name, r in results.items() if r != "PASSED"} == {}
