"""Training through scikeras: same seed same bits, nothing leaks, what is kept can be pickled."""

from __future__ import annotations

import copy
import os
import pickle
import random
import subprocess
import sys
import threading

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

pytest.importorskip("keras", reason="the networks need the extra 'music'")

from sklearn_asdf.nets.backend import import_keras, layer_seeds
from sklearn_asdf.nets.network import Network
from sklearn_asdf.nets.training import train

keras = import_keras()


def build_line(n_inputs, n_hidden=0, dropout=0.0, seed=0):
    """Return a small network: the function that pickles name."""
    seeds = layer_seeds(seed)

    def dense(size, activation=None):
        kernel = keras.initializers.GlorotUniform(seed=next(seeds))
        return keras.layers.Dense(size, activation=activation, kernel_initializer=kernel)

    layers = [keras.Input((n_inputs,))]
    if n_hidden:
        layers.append(dense(n_hidden, "tanh"))
    if dropout:
        layers.append(keras.layers.Dropout(dropout, seed=next(seeds)))
    return keras.Sequential([*layers, dense(1)])


@pytest.fixture(scope="module")
def line():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3)).astype(np.float32)
    return X, (X @ [[1.0], [-2.0], [0.5]] + 0.3).astype(np.float32)


def fit_line(line, **kwargs):
    options = {"epochs": 60, "batch_size": 20, "optimizer_params": {"learning_rate": 0.05}}
    return train(build_line, {"n_inputs": 3}, *line, loss="mse", **(options | kwargs))


@pytest.fixture(scope="module")
def trained(line):
    return fit_line(line, seed=1)


def test_a_line_is_learnt(line, trained):
    network, history = trained
    np.testing.assert_allclose(network.predict(line[0]), line[1], atol=0.05)
    assert len(history["loss"]) == 60
    assert history["loss"][-1] < 1e-3 < history["loss"][0]
    assert network.n_parameters == 4


def test_same_seed_same_bits_and_another_seed_others(line):
    config = {"n_inputs": 3, "n_hidden": 4, "dropout": 0.5}
    runs = [
        train(build_line, config, *line, loss="mse", epochs=3, seed=seed)[0].weights
        for seed in (5, 5, 6)
    ]
    for a, b in zip(runs[0], runs[1]):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(runs[0][0], runs[2][0])


def test_other_threads_may_draw_random_numbers_meanwhile(line):
    config = {"n_inputs": 3, "n_hidden": 4, "dropout": 0.5}
    expected = train(build_line, config, *line, loss="mse", epochs=1, seed=5)[0].weights
    done = threading.Event()

    def draw():
        while not done.is_set():
            random.random()

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        for _ in range(3):
            weights = train(build_line, config, *line, loss="mse", epochs=1, seed=5)[0].weights
            for a, b in zip(weights, expected):
                np.testing.assert_array_equal(a, b)
    finally:
        done.set()
        thread.join()


def test_no_global_random_state_changes(line):
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    environment = dict(os.environ)
    network, _ = fit_line(line, epochs=1)
    Network(network.build, network.config, network.weights).predict(line[0])
    after = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert before == after
    assert environment == dict(os.environ)


def test_tensorflow_keeps_its_seed_and_its_determinism_setting(line):
    tf = pytest.importorskip("tensorflow")
    from tensorflow.python.framework import config

    was = config.is_op_determinism_enabled()
    tf.random.set_seed(11)
    first = float(tf.random.uniform(()))
    tf.random.set_seed(11)
    fit_line(line, epochs=1)
    assert config.is_op_determinism_enabled() == was
    assert float(tf.random.uniform(())) == first


@pytest.mark.parametrize(
    "copied", [lambda n: pickle.loads(pickle.dumps(n)), copy.deepcopy], ids=["pickle", "copy"]
)
def test_a_copy_predicts_the_same_bits(line, trained, copied):
    network = trained[0]
    expected = network.predict(line[0])
    np.testing.assert_array_equal(copied(network).predict(line[0]), expected)


def test_a_row_does_not_depend_on_its_batch(line):
    config = {"n_inputs": 3, "n_hidden": 7}
    network, _ = train(build_line, config, *line, loss="mse", epochs=1)
    whole = network.predict(line[0])
    single = np.concatenate([network.predict(row[None]) for row in line[0]])
    np.testing.assert_array_equal(single, whole)
    np.testing.assert_allclose(network.predict(line[0], batch_size=7), whole, rtol=1e-6)
    assert network.predict(line[0][:0]).shape == (0, 1)


def test_threads_share_a_network(line, trained):
    network = copy.deepcopy(trained[0])
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(network.predict(line[0]))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for values in found:
        np.testing.assert_array_equal(values, found[0])


def test_the_best_epoch_is_kept_and_patience_ends_training(line):
    X, y = line
    network, history = train(
        build_line,
        {"n_inputs": 3},
        X[:20],
        y[:20],
        loss="mse",
        # Steps this long pass the optimum and turn back: the last epoch is not the best.
        optimizer="sgd",
        optimizer_params={"learning_rate": 0.3, "momentum": 0.95},
        epochs=200,
        batch_size=20,
        n_iter_no_change=4,
        validation_data=(X[20:], y[20:]),
    )
    losses = np.array(history["val_loss"])
    assert len(losses) == losses.argmin() + 1 + 4 < 200
    kept = np.mean((network.predict(X[20:]) - y[20:]) ** 2)
    np.testing.assert_allclose(kept, losses.min(), rtol=1e-4)


def test_validation_weights_count(line):
    X, y = line
    wrong = y.copy()
    wrong[10:] += 100
    weight = np.r_[np.ones(10), np.zeros(50)]
    history = fit_line(line, epochs=1, validation_data=(X, wrong, weight))[1]
    expected = fit_line(line, epochs=1, validation_data=(X[:10], y[:10]))[1]
    np.testing.assert_allclose(history["val_loss"], expected["val_loss"], rtol=1e-5)


def test_a_loss_that_explodes_leaves_finite_weights_and_a_warning(line):
    with pytest.warns(ConvergenceWarning, match="expected a finite loss, got"):
        network, history = train(
            build_line,
            {"n_inputs": 3},
            line[0] * 1e8,
            line[1],
            loss="mse",
            optimizer="sgd",
            optimizer_params={"learning_rate": 1e3},
            epochs=20,
        )
    assert all(np.isfinite(w).all() for w in network.weights)
    assert np.isfinite(history["loss"]).all()


def test_warm_start_begins_where_the_weights_are(line, trained):
    _, history = fit_line(line, epochs=1, initial_weights=trained[0].weights)
    assert history["loss"][0] < 1e-2


def test_an_interrupted_run_resumes_from_its_last_epoch(line, tmp_path):
    from sklearn_asdf.nets._callbacks import Checkpoint

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 4:
                raise KeyboardInterrupt

    data = {"validation_data": line, "epochs": 9}
    with pytest.warns(ConvergenceWarning, match="interrupted after 5 of 9 epochs"):
        fit_line(line, checkpoint=Checkpoint(tmp_path, "a"), callbacks=[Stop()], **data)
    found = Checkpoint(tmp_path, "a")
    assert found.state["epoch"] == 5
    network, history = fit_line(line, checkpoint=found, **data)
    whole, _ = fit_line(line, **data)
    for resumed, expected in zip(network.weights, whole.weights):
        np.testing.assert_array_equal(resumed, expected)
    assert len(history["loss"]) == len(history["val_loss"]) == 9
    assert history["loss"][:5] == found.state["history"]["loss"]
    assert history["loss"][5] < history["loss"][0]
    assert [p.name for p in tmp_path.iterdir()] == ["training.npz"]

    again, _ = fit_line(line, checkpoint=Checkpoint(tmp_path, "a"), **data)
    np.testing.assert_array_equal(again.predict(line[0]), network.predict(line[0]))
    with pytest.raises(ValueError, match="another run's: choose an empty folder"):
        Checkpoint(tmp_path, "b")


def test_progress_shows_only_when_asked(line, capfd):
    fit_line(line, epochs=2)
    out, err = capfd.readouterr()
    assert out == err == ""
    fit_line(line, epochs=2, verbose=1, description="line")
    out, err = capfd.readouterr()
    assert out == ""
    assert "line: 100%" in err


def test_a_new_process_trains_without_a_line_of_log_and_leaves_tensorflow_as_it_was():
    code = (
        "import sys, numpy as np\n"
        "from sklearn_asdf.nets.backend import import_keras\n"
        "assert 'keras' not in sys.modules\n"
        "keras = import_keras()\n"
        "from sklearn_asdf.nets.training import train\n"
        "def build(seed):\n"
        "    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "train(build, {}, np.ones((4, 2)), np.ones((4, 1)), loss='mse', epochs=2)\n"
        "if keras.backend.backend() == 'tensorflow':\n"
        "    from tensorflow.python.framework import config\n"
        "    assert not config.is_op_determinism_enabled()\n"
    )
    unset = ("TF_CPP_MIN_LOG_LEVEL", "TF_DETERMINISTIC_OPS")
    done = subprocess.run(
        [sys.executable, "-Werror::UserWarning", "-Wignore::DeprecationWarning", "-c", code],
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k not in unset},
    )
    assert done.stderr == done.stdout == ""
    assert done.returncode == 0


class RateRecorder(keras.callbacks.Callback):
    """Note the learning rate after each epoch."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_epoch_end(self, epoch, logs=None):
        """Note it."""
        self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))


def test_learning_rate_falls_along_half_a_cosine(line):
    recorder = RateRecorder()
    fit_line(line, schedule="cosine", epochs=4, callbacks=[recorder])
    share = (1 + np.cos(np.pi * np.array([0.25, 0.5, 0.75, 1.0]))) / 2
    np.testing.assert_allclose(recorder.rates, 0.05 * (0.01 + 0.99 * share), rtol=1e-5)
    recorder = RateRecorder()
    fit_line(line, epochs=2, callbacks=[recorder])
    np.testing.assert_allclose(recorder.rates, 0.05, rtol=1e-6)


def test_a_process_takes_no_more_threads_than_it_is_given():
    pytest.importorskip("tensorflow")
    code = (
        "from sklearn_asdf.nets.backend import import_keras; import_keras()\n"
        "import tensorflow as tf; t = tf.config.threading\n"
        "print(t.get_intra_op_parallelism_threads(), t.get_inter_op_parallelism_threads())"
    )
    given = {
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "2",
        "KERAS_BACKEND": "tensorflow",
        # As where a user wants it quiet before we do.
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | given
    )
    # 0: that is left to TensorFlow, which reads the variable itself.
    assert done.stdout.split() == ["1", "0"], done.stderr
