"""Forward pass of a recurrent mixture density network in NumPy, a step or a sequence at a time.

Keras returns to Python between the steps of a sequence that depends on its own samples, and costs
milliseconds per step. This module needs no Keras.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .layers import dense, lstm_cell, lstm_step

__all__ = ["RecurrentNetwork"]

_State = list[tuple[np.ndarray, np.ndarray]]


class RecurrentNetwork:
    """LSTM layers and dense layers after them.

    Parameters
    ----------
    config : mapping
        Arguments of :func:`sklearn_asdf.nets.sequence_network.build_sequence_network`.
    weights : sequence of ndarray
        Weights of that network in the order of Keras; their precision is that of the results.
    """

    def __init__(self, config: Mapping[str, Any], weights: Sequence[np.ndarray]) -> None:
        arrays = iter(weights)
        self._activation = config["recurrent_activation"]
        self._recurrent = [
            (next(arrays), next(arrays), next(arrays)) for _ in config["recurrent_layer_sizes"]
        ]
        names = config["activations"]
        n_dense = len(config["hidden_layer_sizes"])
        self._dense = [
            ((next(arrays), next(arrays)), names[min(i, len(names) - 1)]) for i in range(n_dense)
        ]
        self._dense.append(((next(arrays), next(arrays)), "linear"))
        self.factors = next(arrays, None)

    def start(self, n: int, dtype: Any = float) -> _State:
        """Return the state before the first step of `n` sequences.

        Parameters
        ----------
        n : int
            Number of sequences.
        dtype : dtype, default=float
            Precision.

        Returns
        -------
        list of tuple of ndarray
            Output and cell of each LSTM layer, zeros.
        """
        sizes = [len(recurrent) for _, recurrent, _ in self._recurrent]
        return [(np.zeros((n, size), dtype), np.zeros((n, size), dtype)) for size in sizes]

    def step(self, x: np.ndarray, state: _State) -> tuple[np.ndarray, _State]:
        """Advance by one step.

        Parameters
        ----------
        x : ndarray of shape (n, n_inputs)
            Inputs of the step.
        state : list of tuple of ndarray
            State before it.

        Returns
        -------
        output : ndarray of shape (n, n_outputs)
            Output of the step, without the factors.
        state : list of tuple of ndarray
            State after it.
        """
        after = []
        for weights, before in zip(self._recurrent, state, strict=True):
            x, cell = lstm_step(x, before, weights, self._activation)
            after.append((x, cell))
        return self._after_memory(x), after

    def run(self, x: np.ndarray, state: _State) -> tuple[np.ndarray, _State]:
        """Advance through whole sequences.

        Parameters
        ----------
        x : ndarray of shape (n, n_steps, n_inputs)
            Inputs.
        state : list of tuple of ndarray
            State before the first step.

        Returns
        -------
        output : ndarray of shape (n, n_steps, n_outputs)
            Output of each step, as `step` returns it.
        state : list of tuple of ndarray
            State after the last step.
        """
        after = []
        for (kernel, recurrent, bias), (h, c) in zip(self._recurrent, state, strict=True):
            # What does not depend on the step before is one product.
            own = x @ kernel + bias
            x = np.empty((*own.shape[:2], len(recurrent)), own.dtype)
            for t in range(own.shape[1]):
                h, c = lstm_cell(own[:, t] + h @ recurrent, c, self._activation)
                x[:, t] = h
            after.append((h, c))
        return self._after_memory(x), after

    def _after_memory(self, x: np.ndarray) -> np.ndarray:
        for weights, activation in self._dense:
            x = dense(x, weights, activation)
        return x
