"""Densities of sequences: the chain rule, memory, samples that go on, masks and lengths."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_score

pytest.importorskip("keras", reason="the density needs the extra 'music'")

from sklearn_asdf import MDNRegressor, load, save
from sklearn_asdf.density.mdn.sequences import read_features

QUICK = {
    "n_mixtures": 2, "hidden_layer_sizes": (8,), "recurrent_layer_sizes": (6,), "epochs": 2,
    "random_state": 0,
}  # fmt: skip
STEPS = QUICK | {"step_size": 2, "target_step_size": 1}
# Each step depends on the one before only; faster to train.
SHORT = STEPS | {"recurrent_layer_sizes": ()}


def moving(n, n_steps, seed):
    """An autoregressive process that is pushed by the second of two features."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, n_steps, 2)), np.zeros((n, n_steps))
    last = np.zeros(n)
    for t in range(n_steps):
        last = 0.9 * last + 0.3 * X[:, t, 1] + 0.3 * rng.normal(size=n)
        y[:, t] = last
    return X.reshape(n, -1), y


@pytest.fixture(scope="module")
def model():
    model = MDNRegressor(**(STEPS | {"epochs": 25}), learning_rate=0.03, dropout=0.0)
    return model.fit(*moving(40, 24, 0))


@pytest.fixture(scope="module")
def quick():
    return MDNRegressor(**STEPS).fit(*moving(12, 5, 0))


def test_memory_raises_the_likelihood(model):
    X, y = moving(40, 24, 1)
    step = {"X": X.reshape(-1, 2), "y": y.ravel()}
    options = {"hidden_layer_sizes": (8,), "epochs": 30, "random_state": 0}
    train = moving(40, 24, 0)
    alone = MDNRegressor(2, **options, dropout=0.0, learning_rate=0.02)
    alone.fit(train[0].reshape(-1, 2), train[1].ravel())
    truth = -0.5 * np.log(2 * np.pi * 0.3**2) - 0.5
    assert model.log_likelihood(X, y) > alone.log_likelihood(**step) + 0.4
    assert model.log_likelihood(X, y) > truth - 0.15
    assert model.information_gain(X, y) > 0.5
    assert model.validation_score_ > model.unconditional_score_ + 0.5


def test_steps_are_calibrated(model):
    X, y = moving(40, 24, 2)
    pit = model.predict_dist(X, y).cdf(y.reshape(-1, 1))[:, 0]
    assert kstest(pit, "uniform").statistic < 0.08


def test_scores_are_the_chain_rule(quick):
    X, y = moving(3, 5, 1)
    steps = X.reshape(3, 5, 2)
    for i in range(3):
        # Each step alone, from a sequence that ends with it.
        alone = [
            quick.predict_dist([steps[i, : t + 1]], [y[i, : t + 1, None]])[-1].log_prob(
                y[i, t : t + 1]
            )
            for t in range(5)
        ]
        assert quick.score_samples(X, y)[i] == pytest.approx(np.sum(alone), rel=1e-12)
    assert quick.log_likelihood(X, y) == pytest.approx(quick.score_samples(X, y).mean() / 5)
    weight = np.arange(3.0)
    expected = np.average(quick.score_samples(X, y), weights=weight) / 5
    assert quick.log_likelihood(X, y, weight) == pytest.approx(expected)


def test_joint_densities_integrate_to_one(quick):
    grid = np.linspace(-8, 8, 81)
    pairs = np.array(list(itertools.product(grid, grid)))
    X = np.tile([[0.3, -1.0, 0.5, 1.0]], (len(pairs), 1)).reshape(-1, 2, 2)
    density = np.exp(quick.score_samples(list(X), list(pairs[..., None])))
    assert density.sum() * (grid[1] - grid[0]) ** 2 == pytest.approx(1, abs=1e-3)


def test_the_numpy_pass_is_keras(quick):
    X, y = moving(3, 5, 1)
    data = quick._read_sequence_data(X, y)
    rows = data.network_rows(quick._scaling, dtype="float32")
    output = np.asarray(quick.network_.model(rows.inputs))
    np.testing.assert_allclose(quick.network_.predict(rows.inputs), output, rtol=1e-4, atol=1e-5)
    output = output.reshape(15, -1)
    density = quick._scaling.densities(
        output.astype(float), n_mixtures=2, relative=None, baseline=0.0
    )
    found = quick.predict_dist(X, y)
    np.testing.assert_allclose(found.means, density.means, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.scales, density.scales, rtol=1e-4)


def test_samples_have_the_moments_of_the_process(model):
    X, y = moving(200, 24, 3)
    draws = model.sample_y(X, 2, random_state=0)
    assert draws.shape == (200, 24, 2)
    assert draws[:, 12:].std() == pytest.approx(y[:, 12:].std(), rel=0.15)
    jump = np.diff(draws[..., 0], axis=1).std()
    assert jump == pytest.approx(np.diff(y, axis=1).std(), rel=0.15)
    # The mean path follows the features as samples do, without their noise.
    mean = model.predict(X)
    assert np.corrcoef(mean[:, -1], draws[:, -1].mean(axis=1))[0, 1] > 0.7
    assert model.score(X, y) == pytest.approx(r2_score(y.ravel(), mean.ravel()))


def test_samples_go_on_from_a_state(quick):
    X, y = moving(3, 8, 1)
    steps = X.reshape(3, 8, 2)
    whole = np.stack(quick.sample_y(list(steps), 2, random_state=7))
    first, state = quick.sample_y(list(steps[:, :5]), 2, random_state=7, return_state=True)
    rest = quick.sample_y(list(steps[:, 5:]), 2, state=state)
    np.testing.assert_array_equal(np.concatenate([first, rest], axis=1), whole)
    np.testing.assert_array_equal(rest, quick.sample_y(list(steps[:, 5:]), 2, state=state))
    # The state after known targets is that of the scores.
    state = quick.state_after(list(steps[:, :7]), list(y[:, :7, None]))
    cold = quick.sample_y(list(steps[:, 7:]), state=state, temperature=0)
    density = quick.predict_dist(list(steps), list(y[..., None]))[np.arange(7, 24, 8)]
    np.testing.assert_allclose(np.ravel(cold), density.sample(temperature=0).ravel(), rtol=1e-9)
    halves = quick.state_after(
        list(steps[:, 4:7]), list(y[:, 4:7, None]),
        quick.state_after(list(steps[:, :4]), list(y[:, :4, None])),
    )  # fmt: skip
    np.testing.assert_allclose(halves.memory[0][1], state.memory[0][1], rtol=1e-12)
    with pytest.raises(ValueError, match=r"state of 4 sequences .* got one of 3"):
        quick.sample_y(list(steps[[0, 0, 1, 2]]), state=state)


def test_unknown_targets_are_integrated_out():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 4)), rng.normal(size=(12, 8))
    y[:3, 2] = np.nan
    y[5, 4:6] = np.nan
    for rank in (0, 1):
        model = MDNRegressor(**QUICK, step_size=1, target_step_size=2, covariance_rank=rank)
        model.fit(X, y)
        assert np.isfinite(model.history_["loss"]).all()
        density = model.predict_dist(X, y)[np.arange(4)]
        part = np.isfinite(y[0].reshape(4, 2))
        expected = density.marginal_log_prob(np.nan_to_num(y[0].reshape(4, 2)))[1, 1]
        scores = density.known_log_prob(y[0].reshape(4, 2))
        assert not part[1, 0]
        assert scores[1] == pytest.approx(expected)
        assert model.score_samples(X, y)[0] == pytest.approx(scores.sum())
        assert model.score_samples(X, np.full_like(y, np.nan))[0] == 0
    known = np.isfinite(y).sum()
    assert model.log_likelihood(X, y) == pytest.approx(model.score_samples(X, y).sum() / known)


def test_lists_and_padded_tables_are_the_same():
    X, y = moving(12, 6, 0)
    lengths = np.random.default_rng(0).integers(1, 7, 12)
    lengths[0] = 6
    steps = X.reshape(12, 6, 2)
    lists = [s[:n] for s, n in zip(steps, lengths)], [t[:n, None] for t, n in zip(y, lengths)]
    gone = np.arange(6) >= lengths[:, None]
    steps = np.where(gone[..., None], np.nan, steps).reshape(12, 12)
    tables = steps, np.where(gone, np.nan, y)
    listed, padded = (MDNRegressor(**STEPS).fit(*data) for data in (lists, tables))
    assert (listed.n_features_in_, padded.n_features_in_) == (2, 12)
    np.testing.assert_array_equal(listed.score_samples(*lists), padded.score_samples(*tables))
    np.testing.assert_array_equal(padded.score_samples(*lists), padded.score_samples(*tables))
    mean = padded.predict(tables[0])
    np.testing.assert_array_equal(np.isnan(mean), gone)
    for row, part, n in zip(mean, listed.predict(lists[0]), lengths):
        np.testing.assert_array_equal(part[:, 0], row[:n])
    draws = listed.sample_y(lists[0], 3, random_state=0)
    assert [d.shape for d in draws] == [(n, 1, 3) for n in lengths]
    table = padded.sample_y(tables[0], 3, random_state=0)
    np.testing.assert_array_equal(table[3, : lengths[3]], draws[3][:, 0])
    # The state of a short sequence is that after its own last step.
    alone = listed.state_after(lists[0][3:4], lists[1][3:4])
    together = listed.state_after(*lists)
    np.testing.assert_allclose(together.memory[0][0][3], alone.memory[0][0][0], rtol=1e-12)


def test_features_that_all_steps_share():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    y = [X[i, :1] + 0.1 * rng.normal(size=(rng.integers(2, 9), 1)) for i in range(20)]
    model = MDNRegressor(**QUICK, target_step_size=1).fit(X, y)
    assert model.n_steps_ == max(map(len, y))
    assert model.predict(X).shape == (20, model.n_steps_)
    assert model.sample_y(X, 4, n_steps=30).shape == (20, 30, 4)
    assert model.score_samples(X, y).shape == (20,)


def test_one_long_series():
    rng = np.random.default_rng(0)
    y = np.sin(np.arange(10_000) / 7)[:, None] + 0.05 * rng.normal(size=(10_000, 1))
    X = np.zeros((10_000, 1))
    model = MDNRegressor(**(QUICK | {"epochs": 3}), target_step_size=1, learning_rate=0.03)
    model.fit([X], [y])
    # 79 excerpts, some of which are held out.
    assert model.validation_score_ is not None
    assert model.information_gain([X], [y]) > 0.2
    drawn = model.sample_y([X], random_state=0)[0]
    assert drawn.shape == (10_000, 1, 1)
    assert np.isfinite(drawn).all()
    assert model.score_samples([X], [y]).shape == (1,)


def test_weights_groups_and_validation_data():
    X, y = moving(10, 5, 0)
    full = {"dropout": 0.0, "batch_size": 100, "early_stopping": False, "dtype": "float64"}
    options = SHORT | full | {"n_mixtures": 1}
    twice = MDNRegressor(**options).fit(np.r_[X, X[:4]], np.r_[y, y[:4]])
    weighted = MDNRegressor(**options).fit(X, y, np.r_[np.full(4, 2.0), np.ones(6)])
    np.testing.assert_allclose(weighted.predict(X), twice.predict(X), rtol=1e-6, atol=1e-8)
    left_out = MDNRegressor(**options).fit(X, y, np.r_[np.zeros(4), np.ones(6)])
    fewer = MDNRegressor(**options).fit(X[4:], y[4:])
    np.testing.assert_allclose(left_out.predict(X), fewer.predict(X), rtol=1e-6, atol=1e-8)
    model = MDNRegressor(**SHORT).fit(X, y, validation_data=moving(3, 5, 1))
    score = model.log_likelihood(*moving(3, 5, 1))
    assert model.validation_score_ == pytest.approx(score)
    groups = np.repeat(np.arange(5), 2)
    scores = cross_val_score(MDNRegressor(**SHORT), X, y, groups=groups, cv=GroupKFold(2))
    assert np.isfinite(scores).all()


def test_noise_on_what_is_fed_back_changes_the_training():
    X, y = moving(12, 5, 0)
    first, same, noisy = (MDNRegressor(**SHORT, feedback_noise=s).fit(X, y) for s in (0, 0, 0.5))
    np.testing.assert_array_equal(first.predict(X), same.predict(X))
    assert not np.array_equal(first.predict(X), noisy.predict(X))


def test_saved_models_go_on(quick, tmp_path):
    X, y = moving(3, 5, 1)
    save(quick, tmp_path / "model.zip")
    for copy in (load(tmp_path / "model.zip"), pickle.loads(pickle.dumps(quick))):
        np.testing.assert_array_equal(copy.score_samples(X, y), quick.score_samples(X, y))
        np.testing.assert_array_equal(copy.sample_y(X, 2, 0), quick.sample_y(X, 2, 0))


def test_warm_start_and_checkpoints(quick, tmp_path):
    X, y = moving(12, 5, 0)
    warm = pickle.loads(pickle.dumps(quick)).set_params(warm_start=True).fit(X, y)
    assert warm.history_["loss"][-1] < quick.history_["loss"][0]
    options = STEPS | {"checkpoint_dir": tmp_path / "run"}
    MDNRegressor(**options).fit(X, y)
    longer = MDNRegressor(**(options | {"epochs": 4})).fit(X, y)
    assert longer.history_["loss"][:2] == quick.history_["loss"]
    assert longer.n_iter_ == 4


def test_constant_targets_and_other_units(quick):
    X, y = moving(12, 5, 0)
    both = np.stack([y, np.full_like(y, 3.0)], axis=2).reshape(12, 10)
    model = MDNRegressor(**(SHORT | {"target_step_size": 2})).fit(X, both)
    np.testing.assert_array_equal(model.predict(X)[:, 1::2], 3)
    np.testing.assert_array_equal(model.sample_y(X, 2)[:, 1::2], 3)
    alone = MDNRegressor(**SHORT).fit(X, np.full_like(y, 3.0))
    np.testing.assert_array_equal(alone.predict(X), 3)
    assert np.isfinite(alone.score_samples(X, np.full_like(y, 3.0))).all()
    times = MDNRegressor(**STEPS).fit(X, y * 1000).log_likelihood(X, y * 1000)
    assert quick.log_likelihood(X, y) - times == pytest.approx(np.log(1000), rel=1e-6)


@pytest.mark.parametrize(
    ("X", "y", "parameters", "words"),
    [
        (np.zeros((4, 5)), np.zeros((4, 2)), {}, "step_size=2 divides, got 5"),
        (np.zeros((4, 6)), np.zeros((4, 2)), {}, "targets of 3 time steps as in X, got 2"),
        (np.zeros((4, 6)), np.zeros((4, 3)), {"target_step_size": 2}, "target_step_size=2 divides"),
        (np.zeros((4, 6)), np.zeros((3, 3)), {}, "targets of 4 sequences, got 3"),
        (np.zeros((4, 6)), np.full((4, 3), np.nan), {}, "at least one step with all its targets"),
        ([np.zeros((3, 1))], [np.zeros((3, 1))], {}, r"\(n_steps, 2\), got \(3, 1\) at place 0"),
        ([np.zeros((3, 2))], [np.zeros((2, 1))], {}, "targets of 3 time steps"),
        (np.zeros((4, 6)), np.zeros((4, 3)), {"linear_baseline": True}, "linear_baseline=False"),
        (np.zeros((4, 6)), np.zeros((4, 3)), {"activation": "tanj"}, "Did you mean 'tanh'"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(X, y, parameters, words):
    with pytest.raises(ValueError, match=words):
        MDNRegressor(**(STEPS | parameters)).fit(X, y)


def test_gaps_in_features_are_refused(quick):
    X, _ = moving(3, 5, 0)
    X[1, 4:6] = np.nan
    with pytest.raises(ValueError, match="got 2 of 2 in step 2 of row 1"):
        quick.predict(X)
    message = "no state, n_steps or n_averaged without target_step_size"
    with pytest.raises(ValueError, match=message):
        MDNRegressor(**QUICK).fit(X[:1], [1.0]).sample_y(X[:1], return_state=True)
    with pytest.raises(ValueError, match="does not depend on them"):
        MDNRegressor(**QUICK).fit(X[:1], [1.0]).predict_dist(X[:1], [1.0])


def test_padding_is_no_step():
    X = np.arange(12.0).reshape(2, 6)
    X[1, 4:] = np.nan
    found = read_features(X, step_size=2, n_steps=0)
    np.testing.assert_array_equal(found.lengths, [3, 2])
    assert found.X.shape == (2, 3, 2)
