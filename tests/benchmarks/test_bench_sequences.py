"""The density of sequences beside a mixture density recurrent network with keras-mdn-layer.

The peer is its recurrent example: windows of 30 steps to train on, and a stateful copy of the
network that is called step by step to sample. Without keras-mdn-layer the benchmark is skipped.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

pytest.importorskip("keras", reason="the density needs the extra 'music'")

from sklearn_asdf import MDNRegressor

pytestmark = pytest.mark.benchmark

N_UNITS, N_MIXTURES, WINDOW = 64, 5, 30


def series(n_steps, seed):
    """A noisy rotation whose direction changes at random, (n_steps, 2)."""
    rng = np.random.default_rng(seed)
    direction = np.cumprod(np.where(rng.random(n_steps) < 0.02, -1, 1))
    angle = np.cumsum(0.3 * direction)
    return np.c_[np.cos(angle), np.sin(angle)] + 0.05 * rng.normal(size=(n_steps, 2))


def peer_networks(mdn):
    """Return the network to train and its stateful copy."""
    import keras

    def build(n_steps, stateful):
        return keras.Sequential(
            [
                keras.Input(batch_shape=(1 if stateful else None, n_steps, 2)),
                keras.layers.LSTM(N_UNITS, return_sequences=True, stateful=stateful),
                mdn.MDN(2, N_MIXTURES),
            ]
        )

    return build(WINDOW, False), build(1, True)


def test_beside_keras_mdn_layer():
    mdn = pytest.importorskip("keras_mdn_layer", reason="the peer is not installed")
    import keras

    keras.utils.set_random_seed(0)
    y, y_test, n_epochs, n_drawn = series(3000, 0), series(1500, 1), 30, 300
    windows = np.lib.stride_tricks.sliding_window_view(y, WINDOW + 1, axis=0)
    windows = np.swapaxes(windows[::WINDOW], 1, 2)
    network, stepwise = peer_networks(mdn)
    loss = mdn.get_mixture_loss_func(2, N_MIXTURES)
    network.compile(optimizer=keras.optimizers.Adam(3e-3), loss=loss)
    start = time.process_time()
    network.fit(windows[:, :-1], windows[:, 1:], epochs=n_epochs, batch_size=16, verbose=0)
    trained = time.process_time() - start
    stepwise.set_weights(network.get_weights())
    start, point = time.process_time(), y[:1]
    for _ in range(n_drawn):
        output = keras.ops.convert_to_numpy(stepwise(point.reshape(1, 1, 2)))[0, 0]
        point = mdn.sample_from_output(output, 2, N_MIXTURES)
    drawn = time.process_time() - start
    whole = keras.Sequential(
        [keras.Input((None, 2)), keras.layers.LSTM(N_UNITS, return_sequences=True),
         mdn.MDN(2, N_MIXTURES)]
    )  # fmt: skip
    whole.set_weights(network.get_weights())
    output = whole(y_test[None, :-1])
    theirs = -float(np.mean(loss(y_test[None, 1:].astype("float32"), output))) / 2

    model = MDNRegressor(
        N_MIXTURES, target_step_size=2, recurrent_layer_sizes=(N_UNITS,), hidden_layer_sizes=(),
        excerpt_steps=WINDOW, learning_rate=3e-3, epochs=n_epochs, early_stopping=False,
        random_state=0,
    )  # fmt: skip
    start = time.process_time()
    model.fit([np.zeros((len(y), 1))], [y])
    own_trained = time.process_time() - start
    own = model.log_likelihood([np.zeros((len(y_test), 1))], [y_test])
    start = time.process_time()
    model.sample_y([np.zeros((n_drawn, 1))], random_state=0)
    own_drawn = time.process_time() - start
    sys.stdout.write(
        f"\nkeras-mdn-layer: {theirs:.3f} nats per dimension, {n_epochs} epochs {trained:.1f} s, "
        f"{1e3 * drawn / n_drawn:.3f} ms per sampled step"
        f"\nMDNRegressor:    {own:.3f} nats per dimension, {n_epochs} epochs {own_trained:.1f} s, "
        f"{1e3 * own_drawn / n_drawn:.3f} ms per sampled step"
    )
    assert own > theirs - 0.05
    assert own_drawn < drawn / 3
