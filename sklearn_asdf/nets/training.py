"""Training of Keras models through scikeras.

`train` is what an estimator calls in `fit`; the `Network` that it returns is what the estimator
keeps. A network is kept as the function that builds it, its parameters, and the arrays of weights.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._validation import require
from .backend import LOCK, claim_backend, import_keras, quiet_log
from .network import Network

__all__ = ["Network", "train"]


@contextmanager
def _deterministic(seed: int) -> Iterator[None]:
    """Make the backend deterministic, and restore its settings afterwards."""
    backend = import_keras().backend.backend()
    if backend == "torch":
        # On PyTorch, Keras's dropout uses the global generator by default.
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
        return
    if backend == "tensorflow":
        import tensorflow as tf
        from tensorflow.python.framework import config

        # On CPUs the same operations give the same results anyway.
        if tf.config.list_physical_devices("GPU") and not config.is_op_determinism_enabled():
            config.enable_op_determinism()
            try:
                yield
            finally:
                config.disable_op_determinism()
            return
    yield


def _build_compiled(
    build: Callable[..., Any],
    config: dict[str, Any],
    loss: Any,
    optimizer: dict[str, Any],
    compile_options: dict[str, Any],
    seed: int,
) -> Any:
    keras = import_keras()
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
        # Keras cannot shuffle streams, and would warn.
        shuffle=False,
        **options,
    )


def _batches(
    arrays: tuple[np.ndarray, ...], batch_size: int, shuffle: bool, seed: int, epoch: int
) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield batches without end; the order of an epoch depends on its number only."""
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
    """Return the dataset of `_batches` in TensorFlow.

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
    n_iter_no_change: int | None = None,
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
        Module-level function of `config` and `seed` that returns a Keras model, not compiled. It
        must give a seed to each layer and initializer that samples (`layer_seeds`).
    config : mapping
        Keyword arguments of `build`, without `seed`.
    X : ndarray of shape (n_rows, ...)
        Inputs.
    y : ndarray of shape (n_rows, n_targets)
        Targets; scikeras takes no more than two axes, so flatten what has more.
    loss : str or keras.losses.Loss
        The loss. It is called as ``loss.call(y, output)`` on the validation rows and must give
        one value per row.
    optimizer : str, default="adam"
        Keras's name of an optimizer.
    optimizer_params : mapping, default=None
        Its parameters, such as ``learning_rate`` and ``clipnorm``.
    schedule : {"constant", "cosine"}, default="constant"
        Schedule of the learning rate: `"cosine"` decays along half a cosine to a hundredth at the
        end of the last epoch [1]_.
    epochs : int, default=100
        Passes over the rows.
    batch_size : int, default=32
        Rows per training step.
    seed : int, default=0
        The same seed gives the same bits on the same machine. No global generator is used.
    sample_weight : ndarray of shape (n_rows,), default=None
        Weight of each row.
    validation_data : tuple of (X, y) or (X, y, sample_weight), default=None
        Rows that choose the epoch whose weights are kept.
    validation_loss : str or keras.losses.Loss, default=None
        What is measured on them; None means `loss`.
    n_iter_no_change : int, default=None
        Epochs without improvement of the validation loss before training stops; None never stops.
    initial_weights : sequence of ndarray, default=None
        Where training starts, for a warm start.
    checkpoint : Checkpoint, default=None
        Keeps the state of training after each epoch, from which an interrupted one resumes.
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
        ``loss`` and, with `validation_data`, ``val_loss``, one value per epoch.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If the loss is not finite: training stops and the last finite weights are kept. Also if
        training is interrupted (Ctrl-C) after at least one epoch: the best weights until then are
        kept. An earlier KeyboardInterrupt is raised.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts",
       ICLR 2017.
    """
    if verbose > 0:
        require("tqdm", extra="music", purpose="a progress bar")
    import_keras()
    claim_backend()
    from scikeras.wrappers import KerasRegressor

    from ._callbacks import make_callbacks

    config = {**config, "seed": seed}
    with LOCK, quiet_log():
        guard, extra = make_callbacks(
            loss=loss if validation_loss is None else validation_loss,
            validation_data=validation_data,
            batch_size=batch_size,
            n_iter_no_change=n_iter_no_change,
            initial_weights=initial_weights,
            checkpoint=checkpoint,
            epochs=epochs,
            seed=seed,
            verbose=verbose,
            description=description,
        )
        batch_size = min(batch_size, len(X))
        options = dict(optimizer_params or {})
        if schedule == "cosine":
            n_steps = epochs * -(-len(X) // batch_size)
            options["learning_rate"] = _cosine(options["learning_rate"], n_steps)
        wrapper = KerasRegressor(
            model=_build_compiled,
            model__build=build,
            model__config=config,
            model__loss=loss,
            model__optimizer={"class_name": optimizer, "config": options},
            model__compile_options=_compile_options(steps_per_execution),
            model__seed=seed,
            loss=None,
            epochs=max(epochs - guard.first_epoch, 0),
            batch_size=batch_size,
            verbose=0,
            # It would seed the generators of NumPy, Python and TensorFlow.
            random_state=None,
            fit__shuffle=shuffle,
            callbacks=[guard, *extra, *callbacks],
        )
        with _deterministic(seed):
            interrupted = _fit_until_interrupted(wrapper, guard, X, y, sample_weight)
        network = Network(build, config, guard.final_weights())
    network.interrupted = interrupted
    _warn_of_early_end(guard, interrupted, epochs, description)
    return network, guard.history_so_far


def _fit_until_interrupted(
    wrapper: Any, guard: Any, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None
) -> bool:
    """Fit, and return whether Ctrl-C ended it, which is raised before the first epoch."""
    try:
        wrapper.fit(X, y, sample_weight=sample_weight, initial_epoch=guard.first_epoch)
    except KeyboardInterrupt:
        if not guard.history_so_far["loss"]:
            raise
        return True
    return False


def _compile_options(steps_per_execution: int | None) -> dict[str, Any]:
    if steps_per_execution is None:
        # Keras on PyTorch supports 1 only.
        steps_per_execution = 1 if import_keras().backend.backend() == "torch" else 64
    return {"steps_per_execution": steps_per_execution, "jit_compile": False}


def _warn_of_early_end(guard: Any, interrupted: bool, epochs: int, description: str) -> None:
    """Warn if training stopped because of a loss that is not finite, or of Ctrl-C."""
    if guard.broken_epoch is not None:
        warnings.warn(
            f"expected a finite loss, got {guard.broken_value} in epoch {guard.broken_epoch + 1}: "
            "training stopped and the last finite weights are kept; lower the learning rate or "
            "scale the inputs",
            ConvergenceWarning,
            stacklevel=4,
        )
    if interrupted:
        warnings.warn(
            f"{description} was interrupted after {len(guard.history_so_far['loss'])} of {epochs} "
            "epochs: the best weights so far are kept",
            ConvergenceWarning,
            stacklevel=4,
        )
