"""StepRegressor: the course of a code within performances, offsets, and their density."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression, Ridge

from sklearn_asdf import MDNRegressor, StepRegressor
from sklearn_asdf.density.step_columns import columns_of_clips, find_step_columns, fold_steps
from sklearn_asdf.density.step_courses import means_of_groups
from sklearn_asdf.density.step_density import fit_residual

N_STEPS, N_CHANNELS = 6, 2


def dances(n_groups=12, n_each=10, noise=0.1, seed=0):
    """Steps that follow a feature of the step before, in performances of their own level."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), n_each)
    n = len(groups)
    x = rng.normal(size=(n, N_STEPS, 2))
    level = 5 * rng.normal(size=(n_groups, N_CHANNELS))[groups]
    before = np.concatenate([x[:, :1], x[:, :-1]], axis=1)
    steps = 2 * before[..., ::-1] + level[:, None] + noise * rng.normal(size=x.shape)
    clip = rng.normal(size=(n, 3))
    other = clip[:, :1] + noise * rng.normal(size=(n, 1))
    names = [f"step{t}_{what}" for t in range(N_STEPS) for what in ("a", "b")]
    X = pd.DataFrame(np.c_[clip, x.reshape(n, -1)], columns=["clip_u", "clip_v", "clip_w", *names])
    return X, np.c_[steps.reshape(n, -1), other], groups


def model(**params):
    return StepRegressor(
        MDNRegressor(1, epochs=5, random_state=0),
        step_regressor=LinearRegression(),
        n_channels=N_CHANNELS,
        n_context=1,
        **params,
    )


@pytest.fixture(scope="module")
def fitted():
    X, y, groups = dances()
    return model().fit(X, y, groups=groups), X, y, groups


class TestColumns:
    def test_places_by_step_and_name_whatever_their_order(self):
        names = ["x", "lma__step1_b", "lma__step0_a", "lma__step1_a", "lma__step0_b", "step_c"]
        assert find_step_columns(names).tolist() == [[2, 4], [3, 1]]
        assert find_step_columns(["a", "b"]).shape == (0, 0)

    @pytest.mark.parametrize("names", [["step1_a"], ["step0_a", "step1_b"], ["step0_a", "step2_a"]])
    def test_steps_that_differ_are_refused(self, names):
        with pytest.raises(ValueError, match="the same columns for each step"):
            find_step_columns(names)

    def test_features_of_windows_that_steps_repeat_are_left_out(self):
        names = ["window1_weight", "window2_weight", "window1_travel", "clip_tempo", "step0_weight"]
        steps = find_step_columns(names)
        assert columns_of_clips(names, 5, steps).tolist() == [2, 3]
        assert columns_of_clips(None, 5, steps).tolist() == [0, 1, 2, 3]

    def test_rows_have_their_neighbors(self):
        rows = fold_steps(np.arange(8.0).reshape(2, 4, 1), 2)
        assert rows.shape == (8, 7)
        assert rows[1].tolist() == [0, 0, 1, 2, 3, 1, 2]
        assert rows[4].tolist() == [4, 4, 4, 5, 6, 0, 2]


class TestCourses:
    def test_the_course_within_performances_is_found(self, fitted):
        regressor = fitted[0]
        assert (regressor.n_steps_, regressor.n_channels_) == (N_STEPS, N_CHANNELS)
        n_values = N_STEPS * N_CHANNELS
        new, truth, of = dances(seed=1)
        predicted = regressor.predict(new)
        for channel in range(N_CHANNELS):
            a, b = (
                c[:, channel:n_values:N_CHANNELS]
                - means_of_groups(
                    c[:, channel:n_values:N_CHANNELS].mean(axis=1), of, np.ones(len(of))
                )[:, None]
                for c in (predicted, truth)
            )
            assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.97
        assert np.corrcoef(predicted[:, -1], truth[:, -1])[0, 1] > 0.9

    def test_without_groups_levels_of_performances_are_noise(self):
        X, y, _ = dances(n_each=1, n_groups=60)
        # Each clip is its own group, so its level does not hide the course either.
        predicted = model().fit(X, y).predict(X)
        n_values = N_STEPS * N_CHANNELS
        a, b = (c[:, :n_values].reshape(60, N_STEPS, N_CHANNELS) for c in (predicted, y))
        deviations = [(c - c.mean(axis=1, keepdims=True)).ravel() for c in (a, b)]
        assert np.corrcoef(*deviations)[0, 1] > 0.97
        # The level itself, which no feature explains, is not found.
        assert a.mean(axis=1).std() < 0.5 * b.mean(axis=1).std()

    def test_tables_of_polars_are_those_of_pandas(self, fitted):
        polars = pytest.importorskip("polars")
        regressor, X, _, _ = fitted
        table = polars.DataFrame({name: X[name].to_numpy() for name in X.columns})
        assert_allclose(regressor.predict(table), regressor.predict(X))

    def test_offsets_do_not_follow_a_short_rest(self, fitted):
        regressor, X, _, _ = fitted
        rested = X.copy()
        rested[["step2_a", "step2_b"]] = -40.0
        a, b = (regressor.predict(table)[:, : N_STEPS * N_CHANNELS] for table in (X, rested))
        change = abs(a - b).reshape(len(X), N_STEPS, N_CHANNELS).mean(axis=(0, 2))
        assert change[3] > 30
        assert change[[0, 5]].max() < 1

    def test_restored_variance_is_that_within_performances(self):
        X, y, groups = dances(noise=3.0)
        plain, restored = (
            model(restore_variance=r).fit(X, y, groups=groups).predict(X) for r in (False, True)
        )

        def parts(code):
            steps = code[:, : N_STEPS * N_CHANNELS].reshape(-1, N_STEPS, N_CHANNELS)
            middle = np.median(steps, axis=1, keepdims=True)
            return middle, (steps - middle).std()

        (middle, spread), (kept, wider) = parts(plain), parts(restored)
        assert 1.2 * spread < wider < 2.01 * spread
        # Offsets of clips are not scaled.
        assert_allclose(kept, middle, atol=1e-9)

    def test_arrays_are_folded_by_number(self):
        X = np.random.default_rng(0).normal(size=(40, 8))
        y = 3 * X
        folded = StepRegressor(step_regressor=Ridge(1e-6), n_steps=4, n_context=0).fit(X, y)
        assert_allclose(folded.predict(X), y, atol=1e-4)
        assert folded.step_columns_.shape == (4, 2)


@pytest.fixture(scope="module")
def rested():
    X, y, groups = dances()
    speeds = [name for name in X.columns if name.endswith("_a")]
    X[speeds] = X[speeds].abs() + 1
    still = X.iloc[:5].copy()
    still.loc[:, ["step3_a", "step4_a"]] = 0.0
    rests = model(rest_feature="a", rest_value=-70.0).fit(X, y, groups=groups)
    return rests, model().fit(X, y, groups=groups), X, still


class TestRests:
    """Music that never rests, and dancers who do."""

    def test_a_rest_of_the_dancer_is_one_of_the_music(self, rested):
        rests, _, _, still = rested
        n_values = N_STEPS * N_CHANNELS
        drawn = rests.sample_y(still, 2, random_state=0, temperature=0.5)
        for code in (rests.predict(still), drawn[..., 0], drawn[..., 1]):
            steps = code[:, :n_values].reshape(-1, N_STEPS, N_CHANNELS)
            assert (steps[:, 3:5, 0] == -70).all()
            assert (steps[:, [0, 1, 2, 5], 0] > -30).all()
            assert (steps[..., 1] > -30).all()

    def test_dances_without_rests_are_as_before(self, rested):
        rests, plain, X, _ = rested
        assert (rests.predict(X) == plain.predict(X)).all()
        codes = [r.sample_y(X, random_state=0, temperature=0.1) for r in (rests, plain)]
        assert (codes[0] == codes[1]).all()

    def test_what_surrounds_a_rest_is_as_loud_as_without_it(self, rested):
        rests, _, X, still = rested
        moving = X.iloc[:5]
        expected = np.median(
            [moving[f"step{t}_b"] for t in (0, 1, 2, 5)],
            axis=0,
        )
        still = np.asarray(still)
        medians = rests._medians(still, rests._rests(still))
        assert_allclose(medians[:, list(X.columns[3:5]).index("step0_b")], expected)

    def test_the_last_step_rests_by_another_feature(self, rested):
        X, y, groups = dances()
        for name in "ab":
            columns = [n for n in X.columns if n.endswith(f"_{name}")]
            X[columns] = X[columns].abs() + 1
        both = model(rest_feature="a", latest_rest_feature="b").fit(X, y, groups=groups)
        medians = [np.median(X[[n for n in X.columns if n.endswith(f"_{name}")]]) for name in "ab"]
        thresholds = [both.rest_threshold_, both.latest_rest_threshold_]
        assert_allclose(thresholds, [0.22 * medians[0], 0.18 * medians[1]])
        still = X.iloc[:1].copy()
        still[["step0_a", "step1_a", "step3_b", "step4_b", "step5_b"]] = 0.0
        assert both._rests(np.asarray(still))[0].tolist() == [True] * 2 + [False] * 3 + [True]
        assert not both._rests(np.asarray(X)).any()

    def test_the_density_does_not_rest(self, rested):
        rests, _, _, still = rested
        assert rests.predict_dist(still).mean[:, : N_STEPS * N_CHANNELS].min() > -60

    def test_a_feature_that_no_step_has_is_refused(self, rested):
        X = rested[2]
        with pytest.raises(ValueError, match=r"expected a column step0_speed .* got \['a', 'b'\]"):
            model(rest_feature="speed").fit(X, np.zeros((len(X), 13)))
        with pytest.raises(ValueError, match="columns without names"):
            StepRegressor(step_regressor=Ridge(), n_steps=2, rest_feature="a").fit(
                np.zeros((9, 4)), np.zeros((9, 2))
            )


class TestDensity:
    def test_likelihood_is_that_of_the_true_density(self, fitted):
        regressor, *_ = fitted
        new, truth, _ = dances(seed=2, n_groups=40)
        density = regressor.predict_dist(new)
        assert density.n_dimensions == truth.shape[1]
        # Standardized residuals of a calibrated density: offsets are Gaussian of deviation 5.
        inside = [
            np.mean(
                (truth > density.quantile(0.5 - q / 2)) & (truth < density.quantile(0.5 + q / 2))
            )
            for q in (0.5, 0.9)
        ]
        assert_allclose(inside, [0.5, 0.9], atol=0.12)
        assert regressor.information_gain(new, truth) > 0.8

    def test_scores_are_those_of_the_joint_gaussian(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(200, 6))
        mixing = rng.normal(size=(6, 6))
        y = X + rng.normal(size=(200, 6)) @ mixing
        regressor = StepRegressor(step_regressor=LinearRegression(), n_steps=3).fit(X, y)
        residual = y - regressor.predict(X)
        covariance = np.cov(residual.T, bias=True)
        density = regressor.predict_dist(X[:1])
        factors = density.factors[0, 0]
        found = np.diag(density.scales[0, 0] ** 2) + factors @ factors.T
        assert np.linalg.norm(found - covariance) < 0.35 * np.linalg.norm(covariance)

    def test_samples_vary_as_the_density_says(self, fitted):
        regressor, X, *_ = fitted
        density = regressor.predict_dist(X[:2])
        drawn = regressor.sample_y(X[:2], 4000, random_state=0)
        assert drawn.shape == (2, N_STEPS * N_CHANNELS + 1, 4000)
        assert_allclose(drawn.mean(axis=2), density.mean, atol=0.4)
        assert_allclose(drawn.std(axis=2), np.sqrt(density.var), rtol=0.1)
        still = regressor.sample_y(X[:2], 1, random_state=0, temperature=0)[..., 0]
        assert_allclose(still[:, :-1], regressor.predict(X[:2])[:, :-1])

    def test_low_rank_residuals(self):
        rng = np.random.default_rng(0)
        common = rng.normal(size=(5000, 1))
        residual = 2 * common * np.ones(8) + rng.normal(size=(5000, 8))
        scale, factors = fit_residual(residual, np.ones(5000), residual.std(axis=0))
        found = np.diag(scale**2) + factors @ factors.T
        assert_allclose(found, np.cov(residual.T, bias=True), atol=0.15)


class TestErrors:
    def test_no_columns_of_steps(self):
        X, y, _ = dances()
        with pytest.raises(ValueError, match="columns named step0_"):
            model().fit(X.to_numpy(), y)

    def test_codes_of_other_steps(self):
        X, y, _ = dances()
        with pytest.raises(ValueError, match="6 steps with 2 channels each, got y with 10 columns"):
            model().fit(X, y[:, :10])

    def test_columns_that_are_no_multiple(self):
        with pytest.raises(ValueError, match="multiple of n_steps=4 columns, got X with 6"):
            StepRegressor(n_steps=4).fit(np.zeros((9, 6)), np.zeros((9, 4)))


def test_number_of_mixtures_by_its_short_name():
    regressor = model().set_params(n_mixtures=4)
    assert regressor.regressor.n_mixtures == regressor.get_params()["n_mixtures"] == 4
    with pytest.raises(ValueError, match="one value of n_mixtures"):
        regressor.set_params(n_mixtures=1, regressor__n_mixtures=2)
