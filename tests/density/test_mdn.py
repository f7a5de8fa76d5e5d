"""The mixture density network as a regressor."""

from __future__ import annotations

import importlib.util
import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kstest, norm
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

pytest.importorskip("keras", reason="the density needs the extra 'music'")

from sklearn_asdf import MDNRegressor
from sklearn_asdf.nets import training
from sklearn_asdf.nets.training import train

from ..test_common import INSTANCES

RECURRENT = clone(INSTANCES["MDNRegressor"][0]).set_params(step_size=1, recurrent_layer_sizes=(32,))
# Each target is a step of a sequence, whose steps share the features.
SEQUENCES = clone(INSTANCES["MDNRegressor"][0]).set_params(
    target_step_size=1,
    recurrent_layer_sizes=(8,),
    hidden_layer_sizes=(32,),
    epochs=40,
    learning_rate=0.03,
)


@pytest.mark.slow
@parametrize_with_checks([RECURRENT, SEQUENCES])
def test_scikit_learn_battery_of_a_recurrent_network(estimator, check):
    check(estimator)


SMALL = {"n_mixtures": 3, "hidden_layer_sizes": (32,), "random_state": 0}
QUICK = {"n_mixtures": 2, "hidden_layer_sizes": (8,), "epochs": 2, "random_state": 0}


def two_branches(n, seed):
    """Half of the targets lie on a line above, half on its mirror image below."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 1))
    y = rng.choice([-1, 1], n) * (2 + X[:, 0]) + 0.2 * rng.normal(size=n)
    return X, y


def widening(n, seed):
    """A line whose noise grows with the input."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 1, (n, 1))
    return X, X[:, 0] + (0.1 + X[:, 0]) * rng.normal(size=n)


def inverse_problem(n, seed):
    """Bishop's: one input has up to three answers."""
    rng = np.random.default_rng(seed)
    y = rng.uniform(0, 1, n)
    return (y + 0.3 * np.sin(2 * np.pi * y) + rng.uniform(-0.1, 0.1, n))[:, None], y


@pytest.fixture(scope="module")
def branches():
    model = MDNRegressor(random_state=0).fit(*two_branches(1000, 0))
    return model, *two_branches(1000, 1)


def test_both_answers_are_predicted(branches):
    model, X, y = branches
    density = model.predict_dist(X)
    # The density of the truth, by Bayes: half of a Gaussian on each branch.
    center = 2 + X[:, 0]
    truth = np.log(0.5 * norm.pdf(y, center, 0.2) + 0.5 * norm.pdf(y, -center, 0.2)).mean()
    assert model.log_likelihood(X, y) > truth - 0.1
    draws = model.sample_y(X[:50], 200, random_state=0)
    near = np.abs(np.abs(draws) - center[:50, None]) < 0.8
    assert near.mean() > 0.97
    assert 0.3 < (draws > 0).mean() < 0.7
    assert np.abs(model.predict(X)).mean() < 0.5
    assert density.std.mean() == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("task", [two_branches, widening, inverse_problem])
def test_densities_are_calibrated(task, branches):
    if task is two_branches:
        model, X, y = branches
    else:
        model = MDNRegressor(random_state=0).fit(*task(1000, 0))
        X, y = task(1000, 1)
    pit = model.predict_dist(X).cdf(y)[:, 0]
    # A calibrated density's PIT is uniform: its distance from that stays small.
    assert kstest(pit, "uniform").statistic < 0.08
    for coverage in (0.5, 0.9):
        low, high = model.predict_dist(X).interval(coverage)
        inside = (low[:, 0] < y) & (y < high[:, 0])
        assert inside.mean() == pytest.approx(coverage, abs=0.06)
    assert model.information_gain(X, y) > 0.1


def test_noise_that_grows_is_seen():
    X, y = widening(800, 0)
    model = MDNRegressor(**SMALL, learning_rate=0.01).fit(X, y)
    grid = np.linspace(0.1, 0.9, 5)[:, None]
    mean, std = model.predict(grid, return_std=True)
    np.testing.assert_allclose(mean, grid[:, 0], atol=0.2)
    np.testing.assert_allclose(std, 0.1 + grid[:, 0], rtol=0.25)
    low, median, high = model.predict_quantiles(grid, [0.1, 0.5, 0.9]).T
    assert (low < median).all()
    assert (median < high).all()
    assert np.diff(high - low).min() > 0


def correlated(n, seed):
    """Targets that follow the input and err together, more so where the second input is high."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 2))
    together = rng.normal(size=(n, 1)) * [1.0, -0.7, 0.5, 1.2]
    noise = together + 0.3 * rng.normal(size=(n, 4))
    return X, X[:, :1] * [0.25, 0.5, 0.75, 1.0] + (0.3 + 0.5 * (X[:, 1:] > 0)) * noise


def test_factors_help_where_targets_err_together():
    X, y = correlated(500, 0)
    X_test, y_test = correlated(1000, 1)
    options = SMALL | {"learning_rate": 0.01}
    plain, joint = (MDNRegressor(**options, covariance_rank=r).fit(X, y) for r in (0, 1))
    assert joint.log_likelihood(X_test, y_test) > plain.log_likelihood(X_test, y_test) + 0.1
    assert joint.information_gain(X_test, y_test) > 0.1
    assert joint.unconditional_.rank == 1
    found = np.corrcoef(joint.sample_y(np.zeros((1, 2)), 4000, random_state=0)[0])
    loads = np.array([1.0, -0.7, 0.5, 1.2])
    assert (np.sign(found) == np.sign(np.outer(loads, loads))).all()
    again = pickle.loads(pickle.dumps(joint))
    np.testing.assert_array_equal(again.score_samples(X, y), joint.score_samples(X, y))
    shuffled = clone(joint).fit(np.random.default_rng(0).permutation(X), y)
    assert shuffled.information_gain(X_test, y_test) < 0.01


def test_factors_are_of_the_targets_that_vary(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2))
    y = np.c_[np.ones(50), rng.normal(size=(50, 2))]
    options = QUICK | {"covariance_rank": 5, "checkpoint_dir": tmp_path / "run"}
    model = MDNRegressor(**options).fit(X, y)
    density = model.predict_dist(X)
    assert density.rank == 1
    np.testing.assert_array_equal(density.factors[:, :, 0], 0)
    np.testing.assert_array_equal(model.predict(X)[:, 0], 1)
    larger = MDNRegressor(**QUICK, covariance_rank=5).fit(X, y * 1000)
    shift = model.log_likelihood(X, y) - larger.log_likelihood(X, y * 1000)
    assert shift == pytest.approx(np.log(1000), rel=1e-5)
    longer = MDNRegressor(**(options | {"epochs": 4})).fit(X, y)
    whole = MDNRegressor(**(QUICK | {"epochs": 4, "covariance_rank": 5})).fit(X, y)
    np.testing.assert_array_equal(longer.score_samples(X, y), whole.score_samples(X, y))
    # One target alone has nothing to correlate with.
    alone = [MDNRegressor(**QUICK, covariance_rank=r).fit(X, y[:, 1]).predict(X) for r in (0, 3)]
    np.testing.assert_array_equal(*alone)


def test_shuffled_inputs_gain_nothing():
    rng = np.random.default_rng(0)
    X, y = two_branches(600, 0)
    model = MDNRegressor(**SMALL).fit(rng.permutation(X), y)
    assert model.information_gain(*two_branches(600, 1)) < 0.01


def test_a_new_unit_shifts_the_score_and_nothing_else(branches):
    X, y = two_branches(200, 2)
    Y = np.c_[y, y**2]
    models = [MDNRegressor(**QUICK).fit(X, Y * unit) for unit in (1.0, 1000.0)]
    shift = models[0].log_likelihood(X, Y) - models[1].log_likelihood(X, Y * 1000)
    assert shift == pytest.approx(np.log(1000), rel=1e-6)
    np.testing.assert_allclose(models[1].predict(X), models[0].predict(X) * 1000, rtol=1e-5)
    gains = [m.information_gain(X, t) for m, t in zip(models, (Y, Y * 1000))]
    assert gains[1] == pytest.approx(gains[0], abs=1e-5)


def test_scores_are_of_the_density_in_the_targets_unit(branches):
    model, X, y = branches
    density = model.predict_dist(X)
    np.testing.assert_array_equal(model.score_samples(X, y), density.log_prob(y))
    assert model.log_likelihood(X, y) == pytest.approx(density.log_prob(y).mean())
    assert model.score(X, y) == pytest.approx(r2_score(y, model.predict(X)))
    weight = np.arange(len(y))
    weighted = np.average(density.log_prob(y), weights=weight)
    assert model.log_likelihood(X, y, weight) == pytest.approx(weighted)
    np.testing.assert_array_equal(model.score_samples(X), density.log_prob(density.mean))
    expected = model.log_likelihood(X, y) - model.unconditional_.log_prob(y).mean()
    assert model.information_gain(X, y) == pytest.approx(expected)


@pytest.mark.parametrize("n_targets", [None, 1, 3])
def test_shapes_are_those_of_gaussian_processes(n_targets):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    y = rng.normal(size=30 if n_targets is None else (30, n_targets))
    model = MDNRegressor(**QUICK).fit(X, y)
    process = GaussianProcessRegressor(optimizer=None).fit(X, y)
    if n_targets != 1:
        # A single column: GaussianProcessRegressor drops it, `y` here keeps its axes.
        assert model.predict(X).shape == process.predict(X).shape
        assert model.sample_y(X, 4).shape == process.sample_y(X, 4).shape
    assert model.predict(X).shape == y.shape
    assert model.predict(X, return_std=True)[1].shape == y.shape
    assert model.sample_y(X, 4).shape == (*y.shape, 4)
    assert model.predict_quantiles(X, 0.5).shape == y.shape
    assert model.predict_quantiles(X).shape == (*y.shape, 3)
    draws = [model.sample_y(X, 4, random_state=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_temperature_reaches_the_density(branches):
    model, X, _ = branches
    cold = model.sample_y(X[:5], 3, random_state=0, temperature=0)
    assert (cold == cold[:, :1]).all()
    density = model.predict_dist(X[:5])
    found = model.sample_y(X[:5], 3, 0, weight_temperature=2.0, scale_temperature=0.1)
    expected = density.sample(3, 0, weight_temperature=2.0, scale_temperature=0.1)
    np.testing.assert_array_equal(found, expected[:, 0])


def test_constant_targets_are_predicted_exactly():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = np.c_[np.full(60, 0.1), X[:, 0], np.zeros(60), 1e9 + 1e-9 * rng.normal(size=60)]
    model = MDNRegressor(**QUICK).fit(X, y)
    mean, std = model.predict(X, return_std=True)
    np.testing.assert_array_equal(mean[:, [0, 2]], y[:, [0, 2]])
    np.testing.assert_allclose(mean[:, 3], 1e9)
    assert np.isfinite(std).all()
    assert std[:, 0].max() < 0.1 * std[:, 1].min()
    assert np.isfinite(model.log_likelihood(X, y))
    alone = MDNRegressor(**QUICK).fit(X, np.full(60, 7.0))
    np.testing.assert_array_equal(alone.predict(X), 7.0)
    assert np.isfinite(alone.log_likelihood(X, np.full(60, 7.0)))


def awkward_tables():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    far = y.copy()
    far[7] = 1e6
    far_x = X.copy()
    far_x[3] = -1e6
    return {
        "one row": (X[:1], y[:1]),
        "two rows": (X[:2], y[:2]),
        "outlying targets": (X, far),
        "outlying inputs": (far_x, y),
        "collinear inputs": (np.c_[X, X @ [1, 2, 3], X], y),
        "constant inputs": (np.c_[X, np.ones(50)], y),
        "only constant inputs": (np.ones((50, 2)), y),
        "1024 targets": (X, rng.normal(size=(50, 1024))),
        "large and small": (X * 1e150, y * 1e-150),
        "whole numbers": (X, rng.integers(0, 3, 50)),
        "20 rows": (X[:20], y[:20]),
    }


@pytest.mark.parametrize(
    ("name", "rank"),
    [(name, 0) for name in awkward_tables()]
    + [(name, 2) for name in ("one row", "two rows", "outlying targets", "1024 targets")],
)
def test_awkward_tables_give_finite_results(name, rank):
    X, y = awkward_tables()[name]
    model = MDNRegressor(**QUICK, covariance_rank=rank).fit(X, y)
    mean, std = model.predict(X, return_std=True)
    for values in (mean, std, model.score_samples(X, y), model.sample_y(X, 2, random_state=0)):
        assert np.isfinite(values).all()
    assert np.isfinite(model.unconditional_score_)
    assert np.isfinite(model.information_gain(X, y))


@settings(max_examples=6)
@given(
    arrays(float, (12, 3), elements=st.floats(-1e6, 1e6, width=32)),
    arrays(float, 12, elements=st.floats(0, 10)),
)
def test_no_nan_anywhere(table, weight):
    weight[0] = 1.0
    model = MDNRegressor(**QUICK).fit(table[:, :2], table[:, 2], weight)
    for values in (
        model.predict(table[:, :2]),
        model.score_samples(table[:, :2], table[:, 2]),
        model.predict_quantiles(table[:, :2]),
    ):
        assert np.isfinite(values).all()


def test_few_rows_stay_near_the_unconditional_mixture():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 5)), rng.normal(size=20)
    model = MDNRegressor(random_state=0).fit(X, y)
    assert model.n_iter_ == 30
    assert model.validation_score_ is None
    # Noise learnt by heart would cost many nats on other rows.
    assert model.log_likelihood(rng.normal(size=(200, 5)), rng.normal(size=200)) > -4


def test_weights_move_the_density():
    X = np.zeros((100, 1))
    y = np.r_[np.zeros(50), np.ones(50)] + 0.01 * np.random.default_rng(0).normal(size=100)
    model = MDNRegressor(**QUICK).fit(X, y, np.r_[np.full(50, 3.0), np.ones(50)])
    assert model.predict(X[:1])[0] == pytest.approx(0.25, abs=0.05)


def test_early_stopping_holds_back_whole_groups(monkeypatch):
    seen = {}

    def watch(build, config, X, y, *, validation_data, **options):
        seen["train"], seen["held"] = X[:, 0], validation_data[0][:, 0]
        return train(build, config, X, y, validation_data=validation_data, **options)

    monkeypatch.setattr(training, "train", watch)
    groups = np.repeat(np.arange(10), 10)
    X = groups[:, None].astype(float)
    model = MDNRegressor(**QUICK).fit(X, np.arange(100.0), groups=groups)
    assert not set(seen["train"]) & set(seen["held"])
    assert len(set(seen["held"])) == 2
    assert model.validation_score_ is not None
    # Rows that the user passes are validated with, and all others are trained on.
    MDNRegressor(**QUICK).fit(X, np.arange(100.0), validation_data=(X[:7], np.arange(7.0)))
    assert (len(seen["train"]), len(seen["held"])) == (100, 7)


def test_same_seed_same_bits(branches):
    X, y = two_branches(100, 0)
    first, second = (MDNRegressor(**QUICK).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    other = MDNRegressor(**(QUICK | {"random_state": 1})).fit(X, y)
    assert not np.array_equal(first.predict(X), other.predict(X))


def test_a_pickle_in_a_new_process_predicts_the_same_bits(branches, tmp_path):
    model, X, _ = branches
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    np.save(tmp_path / "X.npy", X)
    code = (
        "import pickle, sys, numpy as np, pathlib\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "model = pickle.loads((folder / 'model.pickle').read_bytes())\n"
        "np.save(folder / 'mean.npy', model.predict(np.load(folder / 'X.npy')))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "mean.npy"), model.predict(X))


def test_searches_pipelines_and_frames():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(45, 2)), columns=["a", "b"])
    y = pd.DataFrame({"u": X["a"] * 2, "v": X["b"]})
    pipe = make_pipeline(StandardScaler(), MDNRegressor(**QUICK))
    search = GridSearchCV(pipe, {"mdnregressor__n_mixtures": [1, 2]}, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert cross_val_predict(clone(pipe), X, y, cv=2).shape == (45, 2)
    model = MDNRegressor(**QUICK).fit(X, y)
    assert list(model.feature_names_in_) == ["a", "b"]
    single = MDNRegressor(**QUICK).fit(X.to_numpy(np.float32), y["u"])
    assert single.predict(X.to_numpy(np.float32)).shape == (45,)


def test_warm_start_goes_on():
    X, y = two_branches(200, 0)
    model = MDNRegressor(**(QUICK | {"epochs": 20}), learning_rate=0.01, warm_start=True)
    first = model.fit(X, y).history_["loss"]
    again = model.fit(X, y).history_["loss"]
    assert again[0] < first[0]
    assert again[0] < first[5]
    # Other columns: from the start.
    assert model.fit(np.c_[X, X], y).n_features_in_ == 2


def test_training_resumes_from_its_checkpoint(tmp_path):
    X, y = two_branches(100, 0)
    options = QUICK | {"checkpoint_dir": tmp_path / "run"}
    first = MDNRegressor(**options).fit(X, y)
    longer = MDNRegressor(**(options | {"epochs": 4})).fit(X, y)
    assert longer.n_iter_ == 4
    assert longer.history_["loss"][:2] == first.history_["loss"]
    whole = MDNRegressor(**(QUICK | {"epochs": 4})).fit(X, y)
    np.testing.assert_array_equal(longer.predict(X), whole.predict(X))
    with pytest.raises(ValueError, match="another run's: choose an empty folder"):
        MDNRegressor(**options).fit(X, y + 1)


def test_a_recurrent_network_reads_any_number_of_steps():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4, 3))
    lengths = rng.integers(1, 5, 50)
    X[np.arange(4) >= lengths[:, None]] = np.nan
    X = X.reshape(50, 12)
    model = MDNRegressor(**QUICK, step_size=3, recurrent_layer_sizes=(4,)).fit(X, lengths)
    assert model.n_steps_ == 4
    assert np.isfinite(model.predict(X)).all()
    assert get_tags(model).input_tags.allow_nan
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="got 1 of 3 in step 0 of row 0: fill the gaps"):
        model.predict(X)


def test_the_papers_preset_is_the_papers_network(monkeypatch):
    seen = {}

    def watch(build, config, X, y, **options):
        seen.update(options, config=config, X=X, y=y)
        raise RuntimeError("seen")

    monkeypatch.setattr(training, "train", watch)
    X, y = np.arange(90.0).reshape(2, 45), np.arange(2048.0).reshape(2, 1024)
    with pytest.raises(RuntimeError, match="seen"):
        MDNRegressor(architecture="paper", step_size=5).fit(X, y)
    config = seen["config"]
    assert config["recurrent_layer_sizes"] == (512, 1024)
    assert config["hidden_layer_sizes"] == (2048, 4096, 2048)
    assert config["activations"] == ("sigmoid", "relu", "relu")
    assert config["recurrent_activation"] == "sigmoid"
    assert (config["dropout"], config["n_mixtures"], config["n_targets"]) == (0.5, 10, 1024)
    assert (seen["optimizer"], seen["epochs"], seen["batch_size"]) == ("rmsprop", 3750, 8)
    assert seen["optimizer_params"] == {"rho": 0.9, "learning_rate": 1e-4}
    assert seen["validation_data"] is None
    np.testing.assert_array_equal(seen["X"], X)
    np.testing.assert_array_equal(seen["y"], y)


@pytest.mark.slow
def test_the_papers_network_trains():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(16, 45)), rng.uniform(size=(16, 1024))
    model = MDNRegressor(architecture="paper", step_size=5, epochs=1, random_state=0).fit(X, y)
    assert model.network_.n_parameters > 41_984_010
    assert np.isfinite(model.log_likelihood(X, y))


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_learns_the_same_table(backend, tmp_path):
    """Keras takes its backend from KERAS_BACKEND when it is first imported, so: a new process."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: TensorFlow is the default backend")
    X, y = two_branches(200, 0)
    np.savez(tmp_path / "data.npz", X=X, y=y)
    code = (
        "import sys, numpy as np, keras\n"
        "from sklearn_asdf import MDNRegressor\n"
        "assert keras.backend.backend() == sys.argv[2]\n"
        "data = np.load(sys.argv[1])\n"
        "model = MDNRegressor(2, hidden_layer_sizes=(16,), epochs=10, random_state=0)\n"
        "first = model.fit(data['X'], data['y']).predict(data['X'])\n"
        "assert model.information_gain(data['X'], data['y']) > 0\n"
        "again = model.fit(data['X'], data['y']).predict(data['X'])\n"
        "np.testing.assert_array_equal(first, again)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "data.npz"), backend],
        check=True,
        env=os.environ | {"KERAS_BACKEND": backend},
    )


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"architecture": "papr"}, "Did you mean 'paper'?"),
        ({"n_mixtures": 0}, "n_mixtures"),
        ({"step_size": 3}, "step_size=3 divides, got 4: give as many columns"),
        ({"hidden_layer_sizes": (8, 0)}, r"whole numbers above 0, got \(8, 0\)"),
    ],
)
def test_bad_parameters_are_refused_before_training(parameters, words):
    with pytest.raises(ValueError, match=words):
        MDNRegressor(**(QUICK | parameters)).fit(np.zeros((5, 4)), np.arange(5.0))


def test_bad_tables_are_refused_before_training(branches):
    X, y = np.zeros((5, 4)), np.arange(5.0)
    model = MDNRegressor(**QUICK)
    with pytest.raises(ValueError, match=r"weights of zero or more.*from -1 to"):
        model.fit(X, y, [-1, 1, 1, 1, 1])
    with pytest.raises(ValueError, match=r"\(1\) .*\(2\) expected a group for each of 5 rows"):
        model.fit(X, y, [-1, 1, 1, 1, 1], groups=[1, 2])
    with pytest.raises(ValueError, match=r"validation_data as a pair \(X, y\), got int"):
        model.fit(X, y, validation_data=3)
    with pytest.raises(NotFittedError):
        model.predict(X)
    with pytest.raises(ValueError, match="targets with 1 columns as in fit"):
        branches[0].log_likelihood(branches[1], np.zeros((1000, 2)))


@pytest.fixture(scope="module")
def mostly_untold():
    """Sixty targets, three of which depend on the features, in thirty groups."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 8))
    y = rng.normal(size=(150, 60))
    y[:, :3] = 5 + X[:, :3] + 0.3 * y[:, :3]
    return X, y, np.repeat(np.arange(30), 5)


@pytest.mark.parametrize("n_mixtures", [1, 3])
def test_a_linear_map_finds_the_few_targets_that_are_told(mostly_untold, n_mixtures):
    X, y, groups = mostly_untold
    train, test = groups < 22, groups >= 22
    gain = {}
    for linear in (False, True):
        model = MDNRegressor(n_mixtures, linear_baseline=linear, epochs=30, random_state=0)
        model.fit(X[train], y[train], groups=groups[train])
        gain[linear] = model.information_gain(X[test], y[test])
    # A target of noise .3 beside a spread of 1.04 tells log(1.04 / .3) nats, three of sixty.
    assert gain[True] > 0.6 * 3 * np.log(1.04 / 0.3) / 60
    assert gain[True] > gain[False]
    told = model.predict(X[test])[:, :3]
    assert np.corrcoef(told.ravel(), y[test, :3].ravel())[0, 1] > 0.9


def test_the_density_over_a_linear_map_is_in_the_targets_unit(mostly_untold):
    X, y, groups = mostly_untold
    model = MDNRegressor(1, linear_baseline=True, epochs=2, random_state=0).fit(X, y, groups=groups)
    times_8 = clone(model).fit(X, 8 * y, groups=groups)
    shift = model.log_likelihood(X, y) - times_8.log_likelihood(X, 8 * y)
    assert shift == pytest.approx(np.log(8), abs=1e-5)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    draws = model.sample_y(X[:1], 4000, random_state=0)
    np.testing.assert_allclose(draws.mean(-1)[0, :3], model.predict(X[:1])[0, :3], atol=0.05)


def test_warm_start_of_another_network_starts_cold(mostly_untold):
    X, y, _ = mostly_untold
    model = MDNRegressor(1, warm_start=True, epochs=2, random_state=0).fit(X, y)
    model.set_params(n_mixtures=2, linear_baseline=True).fit(X, y)
    cold = MDNRegressor(2, linear_baseline=True, epochs=2, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), cold.predict(X))


def test_a_start_that_training_makes_worse_is_kept():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 30)), rng.normal(size=(80, 16))
    model = MDNRegressor(2, learning_rate=1.0, epochs=3, random_state=0).fit(X, y)
    assert min(model.history_["val_loss"]) > -model.validation_score_ + 0.1
    assert model.validation_score_ > model.unconditional_score_ - 1e-3
