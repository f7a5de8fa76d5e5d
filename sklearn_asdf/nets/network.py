"""A trained network as plain data, which can be pickled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .backend import LOCK, claim_backend, import_keras, keras_is_installed
from .builders import BUILDERS
from .forward import convolves_images, forward_of

__all__ = ["Network"]

_SMALLEST_BATCH = 32


class Network:
    """A trained Keras model as plain data: how to build it, and its weights.

    Parameters
    ----------
    build : callable
        Module-level function that returns a Keras model, all of whose layers have seeds. It is
        pickled by name. For functions of this package, :mod:`.builders` has one that is imported
        without Keras.
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
    The output of this package's networks is computed in NumPy (:mod:`.forward`), wherever they were
    trained: predicting needs no Keras. Keras computes that of convolutions on images if it is
    installed, since it takes half of the time, and that of other functions and of its rarer
    activations. The Keras model is built when it is first needed, also after unpickling and
    copying, and is never part of the pickle. Pickles hold arrays only, so they load on any backend.

    Rows pass in batches of a power of two, at least 32, with zeros behind the last: a row's output
    then does not depend on how many rows came with it, and no backend compiles for each number of
    rows anew.
    """

    interrupted = False

    def __init__(
        self,
        build: Callable[..., Any],
        config: Mapping[str, Any],
        weights: Sequence[np.ndarray],
    ) -> None:
        # The same function where the module that it is from needs no Keras.
        own = BUILDERS.get(getattr(build, "__name__", ""))
        self.build = own if own and build.__module__.startswith(f"{__package__}.") else build
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
            claim_backend()
            with LOCK:
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
        forward = self._forward()
        if forward is not None:
            return np.concatenate([forward(rows)[:n] for rows, n in _batches(X, batch_size)])
        return _predict_in_keras(self.model, X, batch_size)

    def _forward(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """Return the output as a function of inputs in NumPy, or None where Keras computes it."""
        name = self.build.__name__
        if BUILDERS.get(name) is not self.build:
            return None
        if convolves_images(name, self.config) and keras_is_installed():
            return None
        return forward_of(name, self.config, self.weights)


def _predict_in_keras(model: Any, X: Any, batch_size: int) -> Any:
    keras = import_keras()
    claim_backend()
    parts = []
    with LOCK:
        for padded, n in _batches(X, batch_size):
            # Called, not `predict`: that traces a graph and costs tenths of a second.
            out = model(padded, training=False)
            parts.append(
                keras.tree.map_structure(lambda t, n=n: keras.ops.convert_to_numpy(t)[:n], out)
            )
    return keras.tree.map_structure(lambda *p: np.concatenate(p), *parts)


def _batches(X: Any, batch_size: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yield batches of rows, padded with zeros, and how many rows of each are no padding."""
    for start in range(0, max(len(X), 1), batch_size):
        batch = np.asarray(X[start : start + batch_size])
        n = len(batch)
        size = min(batch_size, max(_SMALLEST_BATCH, 1 << max(n - 1, 0).bit_length()))
        padded = np.zeros((max(size, n), *batch.shape[1:]), batch.dtype)
        padded[:n] = batch
        yield padded, n
