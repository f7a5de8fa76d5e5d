"""Training of Keras models through scikeras, and a holder of the result that can be pickled.

`train` is what an estimator calls in `fit`; the `Network` that it returns is what the estimator
keeps. A network is a module-level function, the parameters it was called with, and arrays.
"""

from __future__ import annotations

import functools
import logging
import os
import random
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._quiet import standard_error_muted
from .._validation import require

__all__ = ["Network", "import_keras", "quiet", "seeded", "train"]

# Keras, NumPy and Python each have one global random state, and training borrows all of them.
_LOCK = threading.RLock()

_SMALLEST_BATCH = 32


def import_keras(purpose: str = "this estimator") -> Any:
    """Import Keras on the backend that ``KERAS_BACKEND`` names, without its start-up log.

    Parameters
    ----------
    purpose : str, default="this estimator"
        What needs Keras: the subject of the error's sentence where Keras is missing.

    Returns
    -------
    module
        The module ``keras``.

    Notes
    -----
    TensorFlow's log level is set only where the user did not set ``TF_CPP_MIN_LOG_LEVEL``. Where
    ``OMP_NUM_THREADS`` is set, as in joblib's and Dask's workers, TensorFlow takes no more threads
    than that, unless ``TF_NUM_INTRAOP_THREADS`` and ``TF_NUM_INTEROP_THREADS``, or the program
    itself, said otherwise.
    """
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    modules = ["keras", "scikeras", {"openvino": "openvino"}.get(backend, backend)]
    require(*modules, extra="music", purpose=purpose)
    with _LOCK:
        if "keras" in sys.modules or "TF_CPP_MIN_LOG_LEVEL" in os.environ:
            import keras
        else:
            # TensorFlow writes harmless lines at the level of errors, and at its very start
            # lines that no level stops.
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
            try:
                with quiet(), standard_error_muted():
                    import keras
            finally:
                # A worker process that inherited it would take it for the user's wish.
                del os.environ["TF_CPP_MIN_LOG_LEVEL"]
        _limit_threads(backend)
    return keras


@functools.cache
def _limit_threads(backend: str) -> None:
    """Keep TensorFlow to the threads that whoever started this process gave it.

    joblib's workers, Dask's and batch systems say so in ``OMP_NUM_THREADS``, which TensorFlow's own
    pools do not read: each of them would take all cores.
    """
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    if backend != "tensorflow" or not allowed.isdigit() or int(allowed) < 1:
        return
    import tensorflow as tf

    threading_options = tf.config.threading
    for kind in ("intra", "inter"):
        # 0 where nobody has said how many.
        said = getattr(threading_options, f"get_{kind}_op_parallelism_threads")()
        if said or f"TF_NUM_{kind.upper()}OP_THREADS" in os.environ:
            continue
        # Once TensorFlow has run anything, it takes no more orders.
        with suppress(RuntimeError):
            getattr(threading_options, f"set_{kind}_op_parallelism_threads")(int(allowed))


@contextmanager
def quiet() -> Iterator[None]:
    """Let no warning of Keras, scikeras or a backend reach the user, nor TensorFlow's log.

    Yields
    ------
    None
    """
    logger = logging.getLogger("tensorflow")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # A search over small networks is told again and again that it traces anew.
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)


class _SeedsOfThread(threading.local):
    """Where Keras gets the seeds of layers that are given none: a thread's own generator, if set.

    Python's global generator would do, were it not for other threads that draw from it meanwhile,
    as Dask's workers do.
    """

    own: random.Random | None = None

    def randint(self, low: int, high: int) -> int:
        return (self.own or random).randint(low, high)


_SEEDS = _SeedsOfThread()


@contextmanager
def _seeds_from(seed: int) -> Iterator[None]:
    """Let layers that are built in this thread take their seeds from `seed`."""
    from keras.src.random import seed_generator

    # Not public; where it is gone, Keras asks the global generator, which is seeded as well.
    if hasattr(seed_generator, "python_random"):
        seed_generator.python_random = _SEEDS
    before, _SEEDS.own = _SEEDS.own, random.Random(seed)
    try:
        yield
    finally:
        _SEEDS.own = before


@contextmanager
def _global_random_states_kept() -> Iterator[None]:
    # Keras initialisers without a seed draw one from Python's global generator.
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let models built here start from weights that `seed` determines, and nothing else change.

    Parameters
    ----------
    seed : int
        The seed.

    Yields
    ------
    None
    """
    with _LOCK, _global_random_states_kept(), quiet(), _seeds_from(seed):
        random.seed(seed)
        yield


@contextmanager
def _torch_seeded(seed: int) -> Iterator[None]:
    # On PyTorch, Keras's dropout draws from the global generator unless told otherwise.
    if import_keras().backend.backend() != "torch":
        yield
        return
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


class Network:
    """A trained Keras model as plain data: how to build it, and its weights.

    Parameters
    ----------
    build : callable
        Module-level function that returns a Keras model. It is pickled by name.
    config : mapping
        Keyword arguments of `build`: numbers, strings, tuples, arrays.
    weights : sequence of ndarray
        The model's weights, in the order of ``model.get_weights()``.

    Attributes
    ----------
    interrupted : bool
        Whether the user ended the training by Ctrl-C.

    Notes
    -----
    The Keras model is built when it is first needed, also after unpickling and copying, and is
    never part of the pickle. Pickles hold arrays only, so they load on any Keras backend. A
    batch is padded to a power of two, at least 32 rows: a row's output then does not depend on how
    many rows came with it, and no backend compiles for each number of rows anew.
    """

    interrupted = False

    def __init__(
        self,
        build: Callable[..., Any],
        config: Mapping[str, Any],
        weights: Sequence[np.ndarray],
    ) -> None:
        self.build = build
        self.config = dict(config)
        self.weights = [np.asarray(w) for w in weights]
        self._model: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"build": self.build, "config": self.config, "weights": self.weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._model = None

    def __repr__(self) -> str:
        return f"Network({self.build.__name__}, {self.n_parameters:,} parameters)"

    @property
    def n_parameters(self) -> int:
        """Number of weights, trained or not."""
        return sum(w.size for w in self.weights)

    @property
    def model(self) -> Any:
        """The Keras model, built on first use."""
        if self._model is None:
            import_keras()
            with _LOCK, _global_random_states_kept(), quiet():
                if self._model is None:
                    model = self.build(**self.config)
                    model.set_weights(self.weights)
                    self._model = model
        return self._model

    def predict(self, X: Any, *, batch_size: int = 1024) -> Any:
        """Return the model's output for each row of `X`.

        Parameters
        ----------
        X : array-like of shape (n_rows, ...)
            Inputs; anything that can be sliced by row and turned into an array.
        batch_size : int, default=1024
            Rows that pass the network at once.

        Returns
        -------
        ndarray of shape (n_rows, ...), or a structure of them
            As the model's output is one tensor or several.
        """
        return _predict(self.model, X, batch_size)


def _predict(model: Any, X: Any, batch_size: int) -> Any:
    keras = import_keras()
    parts = []
    # Filters of warnings belong to the process: two threads would restore each other's.
    with _LOCK, quiet():
        for start in range(0, max(len(X), 1), batch_size):
            batch = np.asarray(X[start : start + batch_size])
            n = len(batch)
            size = min(batch_size, max(_SMALLEST_BATCH, 1 << max(n - 1, 0).bit_length()))
            padded = np.zeros((max(size, n), *batch.shape[1:]), batch.dtype)
            padded[:n] = batch
            # Called, not `predict`: that traces a graph and costs tenths of a second.
            out = model(padded, training=False)
            parts.append(
                keras.tree.map_structure(lambda t, n=n: keras.ops.convert_to_numpy(t)[:n], out)
            )
    return keras.tree.map_structure(lambda *p: np.concatenate(p), *parts)


def _build_compiled(
    build: Callable[..., Any],
    config: dict[str, Any],
    loss: Any,
    optimizer: dict[str, Any],
    compile_options: dict[str, Any],
    seed: int,
) -> Any:
    keras = import_keras()
    with _seeds_from(seed):
        model = build(**config)
    model.compile(
        loss=loss,
        optimizer=keras.optimizers.deserialize(dict(optimizer)),
        **compile_options,
    )
    model.fit = functools.partial(_fit_from_stream, model, type(model).fit, seed)
    return model


def _cosine(learning_rate: float, n_steps: int) -> Any:
    """Describe a learning rate that falls to a hundredth in so many steps."""
    keras = import_keras()
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, max(n_steps, 1), alpha=0.01)
    return keras.saving.serialize_keras_object(schedule)


def _fit_from_stream(
    model: Any,
    fit: Callable[..., Any],
    seed: int,
    *,
    x: np.ndarray,
    y: np.ndarray,
    sample_weight: np.ndarray | None,
    batch_size: int,
    shuffle: bool,
    initial_epoch: int,
    **options: Any,
) -> Any:
    # Given arrays, Keras builds a pipeline anew in each epoch, which costs more than a small
    # network's epoch; and the order of rows could not be resumed.
    arrays = (x, y) if sample_weight is None else (x, y, sample_weight)
    steps = -(-len(x) // batch_size)
    model.steps_per_execution = max(
        n for n in range(1, min(model.steps_per_execution, steps) + 1) if steps % n == 0
    )
    stream = _tensorflow_batches if import_keras().backend.backend() == "tensorflow" else _batches
    return fit(
        model,
        x=stream(arrays, batch_size, shuffle, seed, initial_epoch),
        steps_per_epoch=steps,
        initial_epoch=initial_epoch,
        **options,
    )


def _batches(
    arrays: tuple[np.ndarray, ...], batch_size: int, shuffle: bool, seed: int, epoch: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield batches for ever; the order of an epoch is known by its number."""
    n = len(arrays[0])
    while True:
        order = np.random.default_rng((seed, epoch)).permutation(n) if shuffle else np.arange(n)
        for start in range(0, n, batch_size):
            rows = order[start : start + batch_size]
            yield tuple(a[rows] for a in arrays)
        epoch += 1


def _tensorflow_batches(
    arrays: tuple[np.ndarray, ...], batch_size: int, shuffle: bool, seed: int, epoch: int
) -> Any:
    """Do as `_batches`, natively.

    TensorFlow's datasets from Python generators are slow and change how the whole process frees
    its memory.
    """
    import tensorflow as tf

    n = len(arrays[0])
    with tf.device("CPU:0"):
        tensors = tuple(tf.convert_to_tensor(a) for a in arrays)

    def batches_of(epoch: Any) -> Any:
        order = tf.range(n)
        if shuffle:
            order = tf.random.experimental.stateless_shuffle(order, seed=[seed, epoch])
        return tf.data.Dataset.range(0, n, batch_size).map(lambda i: order[i : i + batch_size])

    epochs = tf.data.Dataset.range(epoch, 2**31 - 1)
    rows = epochs.flat_map(batches_of)
    return rows.map(lambda i: tuple(tf.gather(t, i) for t in tensors)).prefetch(2)


def train(
    build: Callable[..., Any],
    config: Mapping[str, Any],
    X: np.ndarray,
    y: np.ndarray,
    *,
    loss: Any,
    optimizer: str = "adam",
    optimizer_params: Mapping[str, Any] | None = None,
    schedule: str = "constant",
    epochs: int = 100,
    batch_size: int = 32,
    seed: int = 0,
    sample_weight: np.ndarray | None = None,
    validation_data: tuple[Any, ...] | None = None,
    validation_loss: Any = None,
    patience: int | None = None,
    initial_weights: Sequence[np.ndarray] | None = None,
    checkpoint: Any = None,
    shuffle: bool = True,
    steps_per_execution: int | None = None,
    callbacks: Sequence[Any] = (),
    verbose: int = 0,
    description: str = "training",
) -> tuple[Network, dict[str, list[float]]]:
    """Train a Keras model through scikeras's `KerasRegressor`.

    Parameters
    ----------
    build : callable
        Module-level function of `config` that returns a Keras model, not compiled.
    config : mapping
        Keyword arguments of `build`.
    X : ndarray of shape (n_rows, ...)
        Inputs.
    y : ndarray of shape (n_rows, n_targets)
        Targets; scikeras takes no more than two axes, so flatten what has more.
    loss : str or keras.losses.Loss
        The loss. It is called as ``loss.call(y, output)`` on the validation rows and must give
        one value a row.
    optimizer : str, default="adam"
        Keras's name of an optimizer.
    optimizer_params : mapping, default=None
        Its parameters, such as ``learning_rate`` and ``clipnorm``.
    schedule : {"constant", "cosine"}, default="constant"
        How the learning rate goes on from there: `"cosine"` falls along half a cosine to a
        hundredth at the end of all epochs [1]_.
    epochs : int, default=100
        Passes over the rows.
    batch_size : int, default=32
        Rows a step.
    seed : int, default=0
        The same seed gives the same bits on the same machine. No global generator is changed.
    sample_weight : ndarray of shape (n_rows,), default=None
        Weight of each row.
    validation_data : tuple of (X, y) or (X, y, sample_weight), default=None
        Rows that choose the epoch whose weights are kept.
    validation_loss : str or keras.losses.Loss, default=None
        What is measured on them; None means `loss`.
    patience : int, default=None
        Epochs without improvement of the validation loss before training stops; None never stops.
    initial_weights : sequence of ndarray, default=None
        Where training starts, for a warm start.
    checkpoint : Checkpoint, default=None
        Where to keep the state of training after each epoch, and to resume from.
    shuffle : bool, default=True
        Whether each epoch has its own order of rows.
    steps_per_execution : int, default=None
        Most steps between two returns to Python; None means 64, or 1 on PyTorch. The greatest
        number up to it that divides the steps of an epoch is used.
    callbacks : sequence of keras.callbacks.Callback, default=()
        More callbacks.
    verbose : int, default=0
        Above 0, a progress bar on standard error.
    description : str, default="training"
        The label of the progress bar.

    Returns
    -------
    network : Network
        The trained network: with `validation_data` of the best epoch, or as it started where no
        epoch was better; else of the last.
    history : dict of list of float
        ``loss`` and, with `validation_data`, ``val_loss``, a value an epoch.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        Where the loss stopped being finite: training ends there and the last finite weights stay.
        And where the user pressed Ctrl-C after an epoch at least: the best weights so far stay.
        Before that there is nothing to keep, and the KeyboardInterrupt goes on.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
       ICLR 2017.
    """
    if verbose > 0:
        require("tqdm", extra="music", purpose="a progress bar")
    import_keras()
    with _LOCK, quiet():
        from scikeras.utils import random_state as scikeras_state
        from scikeras.wrappers import KerasRegressor

    if hasattr(scikeras_state, "config"):
        # TensorFlow reads TF_DETERMINISTIC_OPS when first asked; scikeras asks only after setting
        # it, and would then believe that the user wanted determinism for ever.
        scikeras_state.config.is_op_determinism_enabled()

    from ._callbacks import make_callbacks

    if steps_per_execution is None:
        # Keras on PyTorch takes no other number.
        steps_per_execution = 1 if import_keras().backend.backend() == "torch" else 64
    with _LOCK, _global_random_states_kept(), quiet():
        guard, extra = make_callbacks(
            loss=loss if validation_loss is None else validation_loss,
            validation_data=validation_data,
            batch_size=batch_size,
            patience=patience,
            initial_weights=initial_weights,
            checkpoint=checkpoint,
            epochs=epochs,
            seed=seed,
            verbose=verbose,
            description=description,
        )
        first = guard.first_epoch
        batch_size = min(batch_size, len(X))
        optimizer_params = dict(optimizer_params or {})
        if schedule == "cosine":
            optimizer_params["learning_rate"] = _cosine(
                optimizer_params["learning_rate"], epochs * -(-len(X) // batch_size)
            )
        wrapper = KerasRegressor(
            model=_build_compiled,
            model__build=build,
            model__config=dict(config),
            model__loss=loss,
            model__optimizer={"class_name": optimizer, "config": optimizer_params},
            model__compile_options={
                "steps_per_execution": steps_per_execution,
                "jit_compile": False,
            },
            model__seed=seed,
            loss=None,
            epochs=max(epochs - first, 0),
            batch_size=batch_size,
            verbose=0,
            random_state=seed,
            fit__shuffle=shuffle,
            callbacks=[guard, *extra, *callbacks],
        )
        interrupted = False
        with _torch_seeded(seed):
            try:
                wrapper.fit(X, y, sample_weight=sample_weight, initial_epoch=first)
            except KeyboardInterrupt:
                if not guard.history_so_far["loss"]:
                    raise
                interrupted = True
        weights = guard.final_weights()
    if guard.broken_epoch is not None:
        warnings.warn(
            f"expected a finite loss, got {guard.broken_value} in epoch {guard.broken_epoch + 1}: "
            "training stopped and the last finite weights are kept; lower the learning rate or "
            "scale the inputs",
            ConvergenceWarning,
            stacklevel=3,
        )
    if interrupted:
        warnings.warn(
            f"{description} was interrupted after {len(guard.history_so_far['loss'])} of {epochs} "
            "epochs: the best weights so far are kept",
            ConvergenceWarning,
            stacklevel=3,
        )
    network = Network(build, config, weights)
    network.interrupted = interrupted
    return network, guard.history_so_far
