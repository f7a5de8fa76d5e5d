"""A fit leaves the process as it was, hides nobody's messages, and does not hang in a fork."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

pytest.importorskip("keras", reason="the networks need the extra 'music'")

from sklearn_asdf import MDNRegressor, MelEncoder, OnBeatRegressor, make_lma_pipeline
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.nets import backend
from sklearn_asdf.nets.backend import import_keras, layer_seeds

keras = import_keras()
from keras.src.random import seed_generator  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 4))
Y = X @ RNG.normal(size=(4, 3)) + RNG.normal(size=(48, 3))
SOUND = make_dance_music(4, n_performances=2, random_state=0).audio
ESTIMATORS = {
    "MDNRegressor": (MDNRegressor(2, epochs=2, hidden_layer_sizes=(4,), random_state=0), X, Y),
    "recurrent": (
        MDNRegressor(
            2, epochs=1, step_size=2, recurrent_layer_sizes=(3,), noise=0.1, random_state=0
        ),
        X,
        Y,
    ),
    "OnBeatRegressor": (
        OnBeatRegressor(MDNRegressor(2, epochs=1, hidden_layer_sizes=(4,), random_state=0)),
        X,
        Y,
    ),
    "MelEncoder": (
        MelEncoder(
            code_size=16, steps=2, n_mels=16, n_fft=1024, epochs=1, pitch_shifts=(), random_state=0
        ),
        SOUND,
        None,
    ),
}


def global_state():
    """Return what belongs to the process and not to a fit."""
    state = {
        "environment": dict(os.environ),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "random": random.getstate(),
        "numpy": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "numpy errors": np.geterr(),
        "keras": (
            seed_generator.python_random,
            keras.config.floatx(),
            keras.config.dtype_policy().name,
            keras.config.image_data_format(),
        ),
        "log": (
            logging.getLogger("tensorflow").level,
            list(logging.getLogger("tensorflow").filters),
            logging.getLogger().level,
        ),
        "threads": os.environ.get("OMP_NUM_THREADS"),
    }
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf
        from tensorflow.python.framework import config

        state["tensorflow"] = (
            config.is_op_determinism_enabled(),
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.threading.get_inter_op_parallelism_threads(),
        )
    return state


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_fit_leaves_the_process_as_it_was(name):
    estimator, X, y = ESTIMATORS[name]
    before = global_state()
    assert before["keras"][0] is random
    estimator.fit(X, y)
    getattr(estimator, "predict", estimator.transform if y is None else None)(X)
    assert global_state() == before


def test_other_threads_keep_their_generators_and_their_warnings():
    done = threading.Event()
    wrong = []

    def watch():
        expected, found = random.Random(3), random.Random()
        random.seed(3)
        np.random.seed(3)  # noqa: NPY002
        reference = np.random.RandomState(3)
        while not done.is_set():
            found = random.random(), np.random.rand()  # noqa: NPY002
            if found != (expected.random(), reference.rand()):
                wrong.append("generators")
            if warnings.filters[0] is not own:
                wrong.append("warnings")
            if os.environ.get("TF_DETERMINISTIC_OPS") != before:
                wrong.append("environment")
            time.sleep(1e-3)

    before = os.environ.get("TF_DETERMINISTIC_OPS")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="of the user")
        own = warnings.filters[0]
        thread = threading.Thread(target=watch)
        thread.start()
        try:
            MDNRegressor(2, epochs=3, hidden_layer_sizes=(4,), random_state=0).fit(X, Y).predict(X)
        finally:
            done.set()
            thread.join()
    assert wrong == []


def test_the_log_is_quiet_for_one_thread_alone():
    logger = logging.getLogger("tensorflow")
    heard = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())
    logger.addHandler(handler)
    try:
        with backend.quiet_log():
            logger.warning("own")
            logger.error("own error")
            thread = threading.Thread(target=logger.warning, args=("another's",))
            thread.start()
            thread.join()
    finally:
        logger.removeHandler(handler)
    assert heard == ["own error", "another's"]


def test_importing_the_package_changes_nothing():
    code = (
        "import os, random, sys, warnings, logging\n"
        "import numpy as np, scipy.special, sklearn\n"
        "def state():\n"
        "    return (dict(os.environ), list(warnings.filters), random.getstate(), np.geterr(),\n"
        "            np.random.get_state()[1].tolist(), list(logging.getLogger().handlers))\n"
        "before = state()\n"
        "import sklearn_asdf\n"
        "assert state() == before\n"
        "assert 'keras' not in sys.modules\n"
        "random_state = random.getstate()\n"
        "from sklearn_asdf.nets.backend import import_keras\n"
        "import_keras()\n"
        "assert random.getstate() == random_state\n"
        "assert 'TF_CPP_MIN_LOG_LEVEL' not in os.environ\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr


def test_only_a_backend_s_log_is_dropped(capfd):
    with backend._log_lines_dropped():
        os.write(2, b"I0000 00:00:1.2  3 port.cc:153] oneDNN\nof the user\n")
        os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are\n")
    assert capfd.readouterr().err == "of the user\n"


def test_layers_have_seeds_of_their_own():
    seeds = layer_seeds(3)
    first = [next(seeds) for _ in range(50)]
    again, other = layer_seeds(3), layer_seeds(3, stream=1)
    assert first == [next(again) for _ in range(50)]
    assert len({*first, *(next(other) for _ in range(50))}) == 100


def _in_child(work, queue):
    try:
        queue.put(work())
    except Exception as error:
        queue.put(f"{type(error).__name__}: {error}")


def _run_forked(work):
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    with warnings.catch_warnings():
        # Newer versions of Python warn of any fork beside threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = context.Process(target=_in_child, args=(work, queue))
        process.start()
    process.join(timeout=120)
    alive = process.is_alive()
    if alive:
        process.kill()
    assert not alive, "the child hangs"
    return queue.get()


needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork here"
)


@needs_fork
def test_training_in_a_fork_is_refused_in_a_sentence():
    model = MDNRegressor(2, epochs=1, hidden_layer_sizes=(4,), random_state=0).fit(X, Y)
    error = _run_forked(lambda: model.fit(X, Y) is None)
    assert error.startswith("RuntimeError: expected a neural network to run in the process")
    assert "'loky'" in error


@needs_fork
def test_a_fork_predicts():
    """NumPy computes the network, and Keras's backend is not touched."""
    model = MDNRegressor(2, epochs=1, hidden_layer_sizes=(4,), random_state=0).fit(X, Y)
    np.testing.assert_array_equal(_run_forked(lambda: model.predict(X)), model.predict(X))


@needs_fork
def test_joblib_s_forks_pass_the_sentence_on():
    import joblib

    model = MDNRegressor(2, epochs=1, hidden_layer_sizes=(4,), random_state=0).fit(X, Y)
    jobs = [joblib.delayed(model.fit)(X, Y)] * 2
    parallel = joblib.Parallel(n_jobs=2, backend="multiprocessing")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with pytest.raises(RuntimeError, match="fork of it, where Keras's backend would hang"):
            parallel(jobs)


@needs_fork
def test_motion_stages_work_in_a_fork():
    MDNRegressor(2, epochs=1, hidden_layer_sizes=(4,), random_state=0).fit(X, Y)
    poses = make_dance_music(4, n_performances=2, random_state=0).poses
    pipeline = make_lma_pipeline(n_keyframes=4)
    expected = pipeline.fit_transform(poses)
    np.testing.assert_array_equal(_run_forked(lambda: pipeline.fit_transform(poses)), expected)
