"""How good the density is and what it costs, on one multimodal table.

``pytest -m benchmark -s tests/benchmarks`` prints the figures. The likelihoods are asserted, times
are not, as they depend on the machine.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from scipy.special import softmax

pytest.importorskip("keras", reason="the density needs the extra 'music'")

from sklearn_asdf import MDNRegressor
from sklearn_asdf.density.mixtures import GaussianMixtures

pytestmark = pytest.mark.benchmark


def report(line):
    sys.stdout.write(f"\n{line}")


def draw_task(n_rows, n_targets, *, n_test=500, seed=0):
    """Return a table of 45 inputs and targets with three modes, and one to test on.

    Six inputs decide, by a softmax, how likely each mode is, and within a mode where the targets
    lie (0.6 tanh(z) W, moved by 1.5, -1.5 or 0). The noise has a standard deviation of 0.25.
    """
    rng = np.random.default_rng(seed)
    n = n_rows + n_test
    X = rng.normal(size=(n, 45))
    slopes, gates = rng.normal(size=(3, 6, n_targets)), rng.normal(size=(6, 3))
    edges = softmax(X[:, :6] @ gates, axis=1).cumsum(axis=1)
    mode = (rng.random(n)[:, None] >= edges[:, :2]).sum(axis=1)
    y = np.array([1.5, -1.5, 0.0])[mode][:, None] + 0.25 * rng.normal(size=(n, n_targets))
    for k in range(3):
        y[mode == k] += 0.6 * np.tanh(X[mode == k, :6]) @ slopes[k]
    return X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:]


@pytest.mark.parametrize(
    ("n_rows", "n_targets", "rank", "worst"),
    # The best peers reach 4.87 nats a row and 1.131 nats a dimension. Six inputs decide all 1024
    # targets, which therefore err together.
    [(2000, 8, 0, 5.0 / 8), (2000, 8, 1, 5.0 / 8), (256, 1024, 0, 1.15), (256, 1024, 2, 1.0)],
)
def test_held_out_likelihood(n_rows, n_targets, rank, worst):
    X, y, X_test, y_test = draw_task(n_rows, n_targets)
    MDNRegressor(epochs=1, covariance_rank=rank, random_state=0).fit(X, y)
    start = time.perf_counter()
    model = MDNRegressor(covariance_rank=rank, random_state=0).fit(X, y)
    elapsed = time.perf_counter() - start
    loss = -model.log_likelihood(X_test, y_test)
    report(
        f"{n_rows} x 45 -> {n_targets}, rank {rank}: {loss:.3f} nats a dimension, "
        f"{loss * n_targets:.2f} a row, gain {model.information_gain(X_test, y_test):.3f}; "
        f"{model.n_iter_} epochs in {elapsed:.1f} s"
    )
    assert loss <= worst


@pytest.mark.parametrize(("n_rows", "n_targets", "n_mixtures"), [(2000, 8, 5), (256, 1024, 10)])
def test_time_beside_keras_mdn_layer(n_rows, n_targets, n_mixtures):
    peer = pytest.importorskip("keras_mdn_layer", reason="the peer is not installed")
    import keras

    X, y, X_test, y_test = draw_task(n_rows, n_targets)
    model = keras.Sequential(
        [
            keras.Input((45,)),
            keras.layers.Dense(64, activation="relu"),
            peer.MDN(n_targets, n_mixtures),
        ]
    )
    loss = peer.get_mixture_loss_func(n_targets, n_mixtures)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    start = time.perf_counter()
    history = model.fit(
        X, y, epochs=60, batch_size=64, verbose=0, validation_data=(X_test, y_test)
    ).history
    elapsed = time.perf_counter() - start
    best = int(np.argmin(history["val_loss"]))
    report(
        f"keras-mdn-layer {n_rows} x 45 -> {n_targets}: {min(history['val_loss']):.2f} a row after "
        f"{best + 1} epochs chosen on the test rows; 60 epochs in {elapsed:.1f} s"
    )
    ours = MDNRegressor(random_state=0).fit(X, y)
    assert -ours.log_likelihood(X_test, y_test) * n_targets < min(history["val_loss"])


@pytest.mark.parametrize("n_targets", [8, 1024])
def test_draws_beside_a_plain_gather(n_targets):
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(10), 1)
    means, scales = rng.normal(size=(1, 10, n_targets)), rng.uniform(0.1, 1, (1, 10, n_targets))
    density = GaussianMixtures(weights, means, scales)

    def gather():
        chosen = rng.choice(10, 1000, p=weights[0])
        return means[0, chosen] + scales[0, chosen] * rng.standard_normal((1000, n_targets))

    times = {}
    for name, draw in (("ours", lambda: density.sample(1000, 0, 0.5)), ("gather", gather)):
        runs = []
        for _ in range(20):
            start = time.perf_counter()
            draw()
            runs.append(time.perf_counter() - start)
        times[name] = min(runs)
    report(
        f"1000 draws of {n_targets}: {1000 * times['ours']:.2f} ms, "
        f"{times['ours'] / times['gather']:.2f} times a plain gather"
    )
    assert density.sample(1000, 0, 0.5).shape == (1, n_targets, 1000)
