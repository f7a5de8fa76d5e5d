"""Callbacks of training: validation, early stopping, checkpoints, progress."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._files import (
    atomic_path,
    check_writable_folder,
    describe,
    open_regular,
    remove_leftovers,
)
from .._progress import Progress
from ..functional.ties import TOLERANCE
from ..io._limits import Zip, read_npy
from .backend import import_keras

import_keras()
import keras  # noqa: E402

__all__ = ["Checkpoint", "Guard", "ProgressBar", "make_callbacks"]


class Checkpoint:
    """The state of a training run in one file, replaced as a whole after each epoch.

    Parameters
    ----------
    folder : path-like
        Where the file ``training.npz`` stands. For one run at a time.
    key : str
        Digest of the parameters and data of the run. A file of another run raises an error.

    Attributes
    ----------
    state : dict or None
        The state found: ``epoch``, ``seed``, ``history``, ``best``, ``wait``, ``finished`` and
        the arrays ``variables``, ``optimizer`` and ``best_weights``.

    Raises
    ------
    ValueError
        If the folder cannot be written, or the file is damaged or of another run.
    """

    def __init__(self, folder: str | os.PathLike[str], key: str) -> None:
        # Fails before the training rather than after the first epoch.
        self.path = check_writable_folder(folder) / "training.npz"
        remove_leftovers(self.path.parent)
        self.key = key
        self.state = self._read()

    def _read(self) -> dict[str, Any] | None:
        if not self.path.exists():
            return None
        try:
            with open_regular(self.path) as raw, Zip(raw, os.fstat(raw.fileno()).st_size) as file:
                state = json.loads(str(read_npy(file.whole("about.npy"))))
                for name in ("variables", "optimizer", "best_weights"):
                    state[name] = [
                        read_npy(file.whole(f"{name}_{i}.npy")) for i in range(state[f"n_{name}"])
                    ]
                found = state["key"]
        # Half a file, or one of flipped bits, can fail anywhere.
        except Exception as error:
            raise ValueError(
                f"expected {self.path} to be the state of a training, but it is damaged "
                f"({describe(error)}): delete the file to start afresh"
            ) from None
        if found != self.key:
            raise ValueError(
                f"expected {self.path} to be of a run with these parameters and data, got "
                "another run's: choose an empty folder, or delete the file to start afresh"
            )
        return state

    def write(self, about: dict[str, Any], **arrays: Sequence[np.ndarray]) -> None:
        """Write the state; a reader sees the old file or the new one, never half of one.

        Parameters
        ----------
        about : dict
            Plain values.
        **arrays : sequence of ndarray
            Lists of arrays, by name.
        """
        counts = {f"n_{name}": len(values) for name, values in arrays.items()}
        flat: dict[str, Any] = {
            f"{name}_{i}": a for name, values in arrays.items() for i, a in enumerate(values)
        }
        flat["about"] = json.dumps({**about, **counts, "key": self.key})
        with atomic_path(self.path) as temporary:
            np.savez(temporary, **flat)


class Guard(keras.callbacks.Callback):
    """Validate the start and each epoch, keep the best finite weights, stop, write checkpoints.

    Parameters
    ----------
    loss : callable
        Function of targets and outputs that returns one value per row.
    validation_data : tuple or None
        ``(X, y)`` or ``(X, y, sample_weight)``.
    batch_size : int
        Rows validated at once.
    n_iter_no_change : int or None
        Epochs without improvement before training stops.
    initial_weights : sequence of ndarray or None
        Where training starts.
    checkpoint : Checkpoint or None
        Where the state is kept.
    epochs : int
        Where training ends.
    seed : int
        Kept in the checkpoint, for what else the caller drew from it.
    """

    def __init__(
        self,
        *,
        loss: Any,
        validation_data: tuple[Any, ...] | None,
        batch_size: int,
        n_iter_no_change: int | None,
        initial_weights: Sequence[np.ndarray] | None,
        checkpoint: Checkpoint | None,
        epochs: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.seed = seed
        self.loss = loss
        self.validation_data = validation_data
        self.batch_size = batch_size
        self.n_iter_no_change = n_iter_no_change
        self.initial_weights = initial_weights
        self.checkpoint = checkpoint
        self.best = np.inf
        self.best_weights: list[np.ndarray] | None = None
        self.wait = 0
        self.first_epoch = 0
        self.broken_epoch: int | None = None
        self.broken_value = 0.0
        self.history_so_far: dict[str, list[float]] = {"loss": []}
        if validation_data is not None:
            self.history_so_far["val_loss"] = []
        self._resumed = None if checkpoint is None else checkpoint.state
        if self._resumed is not None:
            state = self._resumed
            self.first_epoch = epochs if state["finished"] else state["epoch"]
            self.best = np.inf if state["best"] is None else state["best"]
            self.wait = state["wait"]
            self.history_so_far = {k: list(v) for k, v in state["history"].items()}
            self.best_weights = state["best_weights"] or None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Put the starting weights in place."""
        model = self.model
        model.optimizer.build(model.trainable_variables)
        if self._resumed is not None:
            _assign(model.variables, self._resumed["variables"])
            _assign(model.optimizer.variables, self._resumed["optimizer"])
        elif self.initial_weights is not None:
            model.set_weights(self.initial_weights)
        self._finite = model.get_weights()
        if self._resumed is None and self.validation_data is not None:
            # The initial weights may be better than those of every epoch.
            start = self._validate()
            if np.isfinite(start):
                self.best, self.best_weights = start, self._finite

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Validate the epoch, and stop or write the checkpoint."""
        model = self.model
        logs = logs if logs is not None else {}
        watched = float(logs["loss"])
        weights = model.get_weights()
        finite = np.isfinite(watched) and all(np.isfinite(w).all() for w in weights)
        if finite and self.validation_data is not None:
            watched = logs["val_loss"] = self._validate()
            finite = np.isfinite(watched)
        if not finite:
            self.broken_epoch, self.broken_value = epoch, watched
            model.stop_training = True
            return
        self._finite = weights
        for name, values in self.history_so_far.items():
            values.append(float(logs[name]))
        if self.validation_data is not None:
            if self._improves(watched):
                self.best, self.best_weights, self.wait = watched, weights, 0
            else:
                self.wait += 1
                if self.n_iter_no_change is not None and self.wait >= self.n_iter_no_change:
                    model.stop_training = True
        if self.checkpoint is not None:
            self._write(epoch + 1)

    def _improves(self, watched: float) -> bool:
        # Of epochs with equal losses, up to rounding, the first one is kept.
        return watched < self.best - (TOLERANCE * abs(self.best) if self.best < np.inf else 0.0)

    def _write(self, epoch: int) -> None:
        model = self.model
        assert self.checkpoint is not None
        self.checkpoint.write(
            {
                "epoch": epoch,
                "seed": self.seed,
                "best": self.best if np.isfinite(self.best) else None,
                "wait": self.wait,
                "history": self.history_so_far,
                "finished": bool(model.stop_training),
            },
            variables=[v.numpy() for v in model.variables],
            optimizer=[v.numpy() for v in model.optimizer.variables],
            best_weights=self.best_weights or [],
        )

    def _validate(self) -> float:
        assert self.validation_data is not None
        X, y, *weight = self.validation_data
        model = self.model
        size = max(self.batch_size, 64)
        values = [
            keras.ops.convert_to_numpy(
                self.loss(
                    keras.ops.convert_to_tensor(np.asarray(y[i : i + size])),
                    model(np.asarray(X[i : i + size]), training=False),
                )
            )
            for i in range(0, len(X), size)
        ]
        return float(
            np.average(np.concatenate(values).astype(float), weights=weight[0] if weight else None)
        )

    def final_weights(self) -> list[np.ndarray]:
        """Return the weights of the best epoch, or of the last finite one."""
        return self._finite if self.best_weights is None else self.best_weights


class ProgressBar(keras.callbacks.Callback):
    """One bar over the epochs, with the losses.

    Parameters
    ----------
    epochs : int
        Where training ends.
    first_epoch : int
        Where it begins.
    description : str
        The bar's label.
    """

    def __init__(self, epochs: int, first_epoch: int, description: str) -> None:
        super().__init__()
        self.epochs, self.first_epoch, self.description = epochs, first_epoch, description

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Show the bar."""
        self._bar = Progress(
            self.description,
            total=self.epochs,
            initial=self.first_epoch,
            unit="epochs",
            verbose=1,
        )
        self._n_done = self.first_epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Advance the bar."""
        self._n_done = epoch + 1
        self._bar.now(", ".join(f"{k} {float(v):.4g}" for k, v in (logs or {}).items()))
        self._bar.update()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Leave the bar where training ended, and say so where that was early."""
        if self._n_done < self.epochs:
            self._bar.stop_early(f"stopped early, after {self._n_done} of {self.epochs} epochs")
        self._bar.close()


def _assign(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def make_callbacks(
    *, epochs: int, verbose: int, description: str, loss: Any, **options: Any
) -> tuple[Guard, list[Any]]:
    """Return the guard of a run and, if `verbose` asks, its progress bar.

    Parameters
    ----------
    epochs : int
        Where training ends.
    verbose : int
        Above 0, a bar.
    description : str
        The bar's label.
    loss : str or keras.losses.Loss
        The loss.
    **options : dict
        The other parameters of `Guard`.

    Returns
    -------
    guard : Guard
        Validates, stops, restores, writes.
    others : list of keras.callbacks.Callback
        The progress bar or nothing.
    """
    guard = Guard(loss=_per_row(loss), epochs=epochs, **options)
    bar = ProgressBar(epochs, guard.first_epoch, description)
    return guard, [bar] if verbose > 0 else []


def _per_row(loss: Any) -> Any:
    # Called on a batch, a keras.losses.Loss reduces to one number; its `call` does not.
    found = keras.losses.get(loss)
    return found.call if isinstance(found, keras.losses.Loss) else found
