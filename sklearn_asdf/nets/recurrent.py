"""Forward pass of a recurrent mixture density network in NumPy, a step or a sequence at a time.

Keras returns to Python between the steps of a sequence that depends on its own samples, and costs
milliseconds per step. This module needs no Keras.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from scipy.special import expit
from threadpoolctl import ThreadpoolController

__all__ = ["ACTIVATIONS", "RecurrentNetwork", "one_thread"]

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": expit,
    "softplus": lambda x: np.logaddexp(x, 0),
    "swish": lambda x: x * expit(x),
    "tanh": np.tanh,
}

_State = list[tuple[np.ndarray, np.ndarray]]


@functools.cache
def _controller() -> ThreadpoolController:
    # Looking for the libraries takes longer than a step of a small network.
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Return a context in which matrix products run on one thread.

    The order of their sums, and so their last bits, may depend on the number of threads. A sequence
    that is sampled from its own past amplifies such differences.

    Returns
    -------
    context manager
        It restores the number of threads.
    """
    return _controller().limit(limits=1, user_api="blas")


class RecurrentNetwork:
    """LSTM layers and dense layers after them, in double precision.

    Parameters
    ----------
    config : mapping
        Arguments of :func:`sklearn_asdf.nets.sequence_network.build_sequence_network`.
    weights : sequence of ndarray
        Weights of that network in the order of Keras.

    Notes
    -----
    An LSTM layer with input x, output h and cell c computes [1]_

    .. math:: c_t = f c_{t-1} + i\\, \\phi(g), \\quad h_t = o\\, \\phi(c_t)

    where the gates i, f, o are sigmoids, and g linear, of an affine map of :math:`x_t` and
    :math:`h_{t-1}`.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9, 1997;
       with the forget gate of F. A. Gers et al., "Learning to forget", Neural Computation 12, 2000.
    """

    def __init__(self, config: Mapping[str, Any], weights: Sequence[np.ndarray]) -> None:
        arrays = iter([np.asarray(w, dtype=float) for w in weights])
        self._cell_activation = ACTIVATIONS[config["recurrent_activation"]]
        self._recurrent = [
            (next(arrays), next(arrays), next(arrays)) for _ in config["recurrent_layer_sizes"]
        ]
        names = config["activations"]
        n_dense = len(config["hidden_layer_sizes"])
        self._dense = [
            (next(arrays), next(arrays), ACTIVATIONS[names[min(i, len(names) - 1)]])
            for i in range(n_dense)
        ]
        self._head = next(arrays), next(arrays)
        self.factors = next(arrays, None)

    def start(self, n: int) -> _State:
        """Return the state before the first step of `n` sequences.

        Parameters
        ----------
        n : int
            Number of sequences.

        Returns
        -------
        list of tuple of ndarray
            Output and cell of each LSTM layer, zeros.
        """
        sizes = [len(recurrent) for _, recurrent, _ in self._recurrent]
        return [(np.zeros((n, size)), np.zeros((n, size))) for size in sizes]

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
        for (kernel, recurrent, bias), (h, c) in zip(self._recurrent, state, strict=True):
            x, c = self._cell(x @ kernel + bias, h @ recurrent, c)
            after.append((x, c))
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
            x = np.empty((*own.shape[:2], len(recurrent)))
            for t in range(own.shape[1]):
                h, c = self._cell(own[:, t], h @ recurrent, c)
                x[:, t] = h
            after.append((h, c))
        return self._after_memory(x), after

    def _cell(
        self, own: np.ndarray, remembered: np.ndarray, c: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        z = own + remembered
        size = c.shape[1]
        open_in, open_forget = np.split(expit(z[:, : 2 * size]), 2, axis=1)
        c = open_forget * c + open_in * self._cell_activation(z[:, 2 * size : 3 * size])
        return expit(z[:, 3 * size :]) * self._cell_activation(c), c

    def _after_memory(self, x: np.ndarray) -> np.ndarray:
        for kernel, bias, activation in self._dense:
            x = activation(x @ kernel + bias)
        kernel, bias = self._head
        return x @ kernel + bias
