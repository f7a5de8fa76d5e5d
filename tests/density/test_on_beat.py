"""OnBeatRegressor: the beat taken over from the dance, the rest left to a density."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import trapezoid
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from sklearn_asdf import MDNRegressor, OnBeatRegressor
from sklearn_asdf.density.mixtures import GaussianMixtures

COLUMNS = {"beat_columns": (1, 2, 3)}


class Plain:
    """A density that is cheap: a Gaussian about the mean."""

    def __init__(self):
        pass

    def get_params(self, deep=True):
        return {}

    def set_params(self):
        return self

    def __sklearn_tags__(self):
        return MDNRegressor().__sklearn_tags__()

    def fit(self, X, y):
        self.mean_, self.std_ = y.mean(axis=0), y.std(axis=0)
        return self

    def predict(self, X):
        return np.tile(self.mean_, (len(X), 1))

    def predict_dist(self, X):
        n = len(X)
        tile = [np.tile(a, (n, 1, 1)) for a in (self.mean_, self.std_)]
        return GaussianMixtures(np.ones((n, 1)), *tile)


def beats(n=400, wrong=0.2, seed=0):
    """Codes (1 number, log tempo, cosine, sine) and features; some tempi an octave off."""
    rng = np.random.default_rng(seed)
    tempo, phase = rng.uniform(80, 140, n), rng.uniform(-np.pi, np.pi, n)
    X = np.c_[rng.normal(size=n), tempo, 0.9 * np.cos(phase), 0.9 * np.sin(phase)]
    log_tempo = np.log2(tempo) + 0.01 * rng.normal(size=n) - (rng.random(n) < wrong)
    y = np.c_[X[:, 0], log_tempo, np.cos(phase), np.sin(phase)]
    return X, y + [0.5, 0, 0.1, 0.1] * rng.normal(size=y.shape)


def test_tempo_and_phase_are_the_dances_and_no_mean_of_octaves():
    X, y = beats()
    code = OnBeatRegressor(Plain(), **COLUMNS).fit(X, y).predict(X)
    assert_allclose(code[:, 1], np.log2(X[:, 1]))
    assert_allclose(code[:, 2:], X[:, 2:])
    assert np.median(np.abs(code[:, 1] - y[:, 1])) < 0.02


def test_the_density_knows_how_often_the_beat_is_wrong():
    X, y = beats()
    model = OnBeatRegressor(Plain(), **COLUMNS).fit(X, y)
    weights, means, scales = model.beat_error_
    octave = np.abs(means[:3, 0] + 1) < 0.1
    assert weights[:3][octave].sum() == pytest.approx(0.2, abs=0.05)
    assert scales[:3][~octave, 0].max() < 0.05
    # One dance that is off by a third of an octave costs some nats, not thousands.
    odd = y[:1] + np.array([0, 0.33, 0, 0])
    assert model.score_samples(X[:1], odd) > model.score_samples(X[:1], y[:1]) - 15
    assert model.information_gain(X, y) > 0.5
    new = beats(seed=1)
    assert model.information_gain(*new) == pytest.approx(model.information_gain(X, y), abs=0.2)
    draws = model.sample_y(X, 5, random_state=0)
    assert draws.shape == (400, 4, 5)
    off = np.abs(draws[:, 1] - np.log2(X[:, 1])[:, None] + 1) < 0.2
    assert off.mean() == pytest.approx(0.2, abs=0.05)
    assert_array_equal(model.sample_y(X, 5, random_state=0), draws)


def test_the_density_is_the_product_of_its_parts():
    X, y = beats(60)
    model = OnBeatRegressor(Plain(), code_columns=(1, 2, 3), **COLUMNS).fit(X, y)
    rest = model.regressor_.predict_dist(X).log_prob(y[:, :1])
    weights, means, scales = model.beat_error_
    b = np.c_[np.log2(X[:, 1]), X[:, 2:]]
    error = GaussianMixtures(weights[None], means[None], scales[None]).log_prob(y[:, 1:] - b)
    assert_allclose(model.score_samples(X, y), rest + error)
    assert model.log_likelihood(X, y) == pytest.approx((rest + error).mean() / 4)
    # And so it integrates to 1 over a number.
    grid = np.linspace(-10, 10, 4001)
    assert trapezoid(np.exp(model.predict_dist(X[:1]).marginal_log_prob(
        np.c_[grid, np.zeros((4001, 3))])[:, 0]), grid) == pytest.approx(1)  # fmt: skip


def test_factors_of_the_density_are_kept():
    X, y = beats(60)
    y = np.c_[y[:, :1], y[:, :1] + 0.1, y]
    model = OnBeatRegressor(MDNRegressor(1, covariance_rank=1, epochs=1, random_state=0), **COLUMNS)
    density = model.fit(X, y).predict_dist(X[:5])
    assert density.rank == 1
    assert np.isfinite(density.log_prob(y[:5])).all()
    assert not density.factors[:, :, -3:].any()


def test_dances_without_a_beat_get_the_median_tempo():
    X, y = beats(60)
    model = OnBeatRegressor(Plain(), **COLUMNS).fit(X, y)
    X[0, 1:] = 0
    assert model.predict(X)[0, 1] == pytest.approx(np.log2(model._default_tempo))


class Told(Plain):
    """Knows half of the variance."""

    def fit(self, X, y):
        super().fit(X, y)
        # As of unit variance, told by the first column.
        self.std_ = self.std_ * np.sqrt(0.5)
        return self

    def predict(self, X):
        return self.mean_ + self.std_ * X[:, :1]

    def predict_dist(self, X):
        return GaussianMixtures(
            np.ones((len(X), 1)), self.predict(X)[:, None], np.tile(self.std_, (len(X), 1, 1))
        )


@pytest.mark.parametrize("temperature", [None, 0.0, 0.1, 0.5, 1.0])
def test_music_varies_as_in_training_at_every_temperature(temperature):
    X, _ = beats(4000)
    X[:, 0] = (X[:, 0] - X[:, 0].mean()) / X[:, 0].std()
    rng = np.random.default_rng(1)
    y = np.c_[
        7 + np.sqrt(0.5) * (X[:, :1] + rng.normal(size=(4000, 1))), np.log2(X[:, 1]), X[:, 2:]
    ]

    def varies(**params):
        model = OnBeatRegressor(Told(), **COLUMNS, **params).fit(X, y)
        if temperature is None:
            code = model.predict(X)
        else:
            code = model.sample_y(X, random_state=0, temperature=temperature)[..., 0]
        return np.array([code[:, 0].mean(), code[:, 0].std()]), code[:, 1]

    restored, tempo = varies(restore_variance=True)
    assert_allclose(restored, [7, y[:, 0].std()], rtol=0.05)
    assert np.median(np.abs(tempo - y[:, 1])) < 0.05
    tame, _ = varies()
    assert_allclose(tame[1], y[:, 0].std() * np.sqrt(0.5 + 0.5 * (temperature or 0)), rtol=0.05)


def test_what_is_hardly_told_is_not_stretched_into_noise():
    X, y = beats(400)
    rng = np.random.default_rng(0)
    y[:, 0] = rng.normal(size=400)
    model = OnBeatRegressor(Ridge(), restore_variance=True, **COLUMNS).fit(X, y)
    plain = OnBeatRegressor(Ridge(), **COLUMNS).fit(X, y)
    assert model.explained_variance_[0] < 0.05 * model.code_variance_[0]
    assert model.predict(X)[:, 0].std() == pytest.approx(2 * plain.predict(X)[:, 0].std())
    assert model.score(X, y) == pytest.approx(r2_score(y, model.predict(X)))


def test_draws_are_reproducible_and_lead_to_the_prediction():
    X, y = beats(60)
    model = OnBeatRegressor(Told(), restore_variance=True, **COLUMNS).fit(X, y)
    cold = model.sample_y(X, 3, random_state=0, temperature=0.0)
    assert cold.shape == (60, 4, 3)
    assert_allclose(cold[:, 0], np.repeat(model.predict(X)[:, :1], 3, axis=1))
    assert_array_equal(cold, model.sample_y(X, 3, random_state=1, temperature=0.0))
    with pytest.raises(ValueError, match="temperature"):
        model.sample_y(X, temperature=-1.0)


def test_above_one_draws_are_wilder():
    X, y = beats(2000)
    model = OnBeatRegressor(Told(), restore_variance=True, **COLUMNS).fit(X, y)
    one, two = (model.sample_y(X, random_state=0, temperature=t)[:, 0].std() for t in (1.0, 2.0))
    assert two > 1.1 * one


def test_any_regressor_does_and_draws_only_if_it_is_a_density():
    X, y = beats(60)
    model = OnBeatRegressor(Ridge(), **COLUMNS).fit(X, y)
    assert_allclose(model.predict(X)[:, 1], np.log2(X[:, 1]))
    assert model.score(X, y) <= 1
    assert not hasattr(model, "sample_y")
    assert hasattr(OnBeatRegressor(), "sample_y")


def test_groups_reach_the_density():
    class Asks(Plain):
        def fit(self, X, y, groups=None):
            self.groups_ = groups
            return super().fit(X, y)

    X, y = beats(60)
    groups = np.arange(60) // 2
    assert_array_equal(OnBeatRegressor(Asks()).fit(X, y, groups=groups).regressor_.groups_, groups)
    OnBeatRegressor(Plain()).fit(X, y, groups=groups)


@pytest.mark.parametrize(
    ("params", "change", "message"),
    [
        ({"beat_columns": (0, 1)}, None, "beat_columns as three column numbers"),
        ({"beat_columns": (1, 2, 9)}, None, "three columns of X, which has 4"),
        ({"beat_columns": (1, 2, 2)}, None, "three columns of X"),
        (COLUMNS, lambda X, y: (X, y[:, :2]), "three columns of y, which has 2"),
        (COLUMNS, lambda X, y: (X, y[:, 1:]), "more than the three numbers"),
        (COLUMNS, lambda X, y: ((X - X.mean(0)) / X.std(0), y), "without scaling them"),
    ],
    ids=["two", "beyond", "twice", "short code", "no rest", "scaled"],
)
def test_wrong_columns_end_in_a_sentence(params, change, message):
    X, y = beats(60)
    X, y = (X, y) if change is None else change(X, y)
    with pytest.raises(ValueError, match=message):
        OnBeatRegressor(Plain(), **params).fit(X, y)


NAMES = ("clip_beat_tempo", "clip_mid_beat_cos", "clip_mid_beat_sin")


def _frame(X, kind="pandas", prefix="", order=(0, 1, 2, 3)):
    names = ["clip_form", *(prefix + name for name in NAMES)]
    module = pytest.importorskip(kind)
    return module.DataFrame({names[i]: X[:, i] for i in order})


@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.parametrize("prefix", ["", "union__", "a__b__"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 0, 2, 1)])
def test_named_columns_are_found_wherever_they_stand(kind, prefix, order):
    X, y = beats(60)
    expected = OnBeatRegressor(Plain(), **COLUMNS).fit(X, y)
    model = OnBeatRegressor(Plain(), beat_columns=NAMES)
    table = _frame(X, kind, prefix, order)
    model.fit(table, y)
    assert_allclose(model.predict(table), expected.predict(X))
    assert_allclose(model.score(table, y), expected.score(X, y))
    assert [table.columns[i] for i in model.beat_columns_] == [prefix + name for name in NAMES]


def test_a_model_that_was_given_places_before_they_were_found_still_plays():
    X, y = beats(60)
    model = OnBeatRegressor(Plain(), **COLUMNS).fit(X, y)
    expected = model.predict(X)
    del model.beat_columns_
    assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize(
    ("change", "columns", "message"),
    [
        (
            lambda X: X,
            NAMES,
            r"expected a table with named columns.*set_output\(transform='pandas'",
        ),
        (
            lambda X: _frame(X).rename(columns={NAMES[0]: "clip_beat_temp"}),
            NAMES,
            "expected a column 'clip_beat_tempo'.*Did you mean 'clip_beat_temp'",
        ),
        (
            lambda X: _frame(X, prefix="a__").assign(b__clip_beat_tempo=100.0),
            NAMES,
            "got 'a__clip_beat_tempo', 'b__clip_beat_tempo': give the whole name",
        ),
        (_frame, (*NAMES[:2], 3), "three column names or three numbers"),
        (lambda X: _frame(X / 140), NAMES, "got tempi from 0.* without scaling them"),
    ],
    ids=["no names", "another name", "twice", "mixed", "scaled"],
)
def test_what_names_do_not_find_ends_in_a_sentence(change, columns, message):
    X, y = beats(60)
    with pytest.raises(ValueError, match=message):
        OnBeatRegressor(Plain(), beat_columns=columns).fit(change(X), y)


@pytest.fixture(scope="module")
def with_weight():
    X, y = beats()
    weights = (0, 0.25)
    return (
        [OnBeatRegressor(Plain(), unconditional_weight=w, **COLUMNS).fit(X, y) for w in weights],
        X,
        y,
    )


class TestUnconditionalWeight:
    """A dance that is unlike all others must not cost more than knowing nothing."""

    def test_density_is_the_mixture(self, with_weight):
        (plain, mixed), X, y = with_weight
        p, p0 = plain.score_samples(X, y), plain.unconditional_.log_prob(y)
        expected = np.logaddexp(np.log(0.75) + p, np.log(0.25) + p0)
        assert_allclose(mixed.score_samples(X, y), expected, rtol=1e-6)

    def test_a_wrong_beat_costs_at_most_the_log_of_the_weight(self, with_weight):
        (plain, mixed), X, y = with_weight
        far = X.copy()
        far[:, 1] *= 3
        left = mixed.score_samples(far, y) - mixed.unconditional_.log_prob(y)
        assert left.min() > np.log(0.25) - 1e-6
        assert mixed.information_gain(far, y) > plain.information_gain(far, y)

    def test_predictions_and_cold_samples_do_not_change(self, with_weight):
        (plain, mixed), X, _ = with_weight
        assert_array_equal(plain.predict(X), mixed.predict(X))
        codes = [m.sample_y(X, 2, random_state=0, temperature=0.1) for m in (plain, mixed)]
        assert_array_equal(*codes)

    def test_samples_are_of_the_density(self, with_weight):
        (_, mixed), X, _ = with_weight
        row = X[:1].copy()
        row[:, 1] = 400.0
        tempo = mixed.sample_y(row, 4000, random_state=0)[0, 1]
        # Training tempi are below 141 BPM, even where they are an octave off.
        share = (tempo < np.log2(145)).mean()
        assert share == pytest.approx(0.25, abs=0.05)
