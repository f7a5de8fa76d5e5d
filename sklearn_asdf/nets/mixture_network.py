"""Layers and construction of mixture density networks in Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .backend import import_keras, layer_seeds
from .mixture_output import PADDING

import_keras("a mixture density network")
import keras  # noqa: E402
from keras import ops  # noqa: E402

__all__ = ["Factors", "SquaredWeights", "build_network", "output_bias"]


@keras.saving.register_keras_serializable("sklearn_asdf")
class SquaredWeights(keras.regularizers.L2):
    """Keras's L2 penalty, in the precision in which Keras adds losses up."""

    def __call__(self, x: Any) -> Any:
        """Return the penalty of one array of weights.

        Parameters
        ----------
        x : tensor
            The weights.

        Returns
        -------
        tensor
            A number.
        """
        return ops.cast(super().__call__(x), keras.config.floatx())


@keras.saving.register_keras_serializable("sklearn_asdf")
class Factors(keras.layers.Layer):
    """Weights that do not depend on the input, put at the end of each row.

    Parameters
    ----------
    size : int
        How many: K x D x R.
    **options
        As in :class:`keras.layers.Layer`.
    """

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = size

    def build(self, input_shape: Any) -> None:
        """Make the weights, all 0.

        Parameters
        ----------
        input_shape : tuple
            Not used.
        """
        self.values = self.add_weight(shape=(self.size,), initializer="zeros", name="values")

    def call(self, inputs: Any) -> Any:
        """Return the rows with the weights behind them.

        Parameters
        ----------
        inputs : tensor of shape (n, m)
            Rows.

        Returns
        -------
        tensor of shape (n, m + size)
            Longer rows.
        """
        repeated = ops.zeros_like(inputs[:, :1]) + ops.expand_dims(self.values, 0)
        return ops.concatenate([inputs, repeated], axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return the parameters, for saving."""
        return super().get_config() | {"size": self.size}


def output_bias(weights: Any, means: Any, scales: Any, *, min_scale: float) -> np.ndarray:
    """Return the output layer's bias that makes the network start at one mixture for all rows.

    Parameters
    ----------
    weights : ndarray of shape (K,)
        Probabilities.
    means, scales : ndarray of shape (K, D)
        Of the components.
    min_scale : float
        Floor under the scales; "softplus" is what makes them positive.

    Returns
    -------
    ndarray of shape (K + 2 K D,)
        Logits, means, raw scales.
    """
    above = np.maximum(np.asarray(scales, dtype=float) - min_scale, 1e-3)
    raw = above + np.log(-np.expm1(-above))
    logits = np.log(np.maximum(weights, 1e-6))
    return np.concatenate([logits, np.ravel(means), np.ravel(raw)])


class LayerStack:
    """Layers of mixture density networks, each with seeds of its own.

    Parameters
    ----------
    dtype : str
        Precision of weights and computation.
    seed : int
        Of the first weights, of dropout and of noise.
    alpha : float
        Weight of the squared weights of the dense layers in the loss.
    blank : bool
        Whether all weights are 0.
    """

    def __init__(self, dtype: str, seed: int, *, alpha: float, blank: bool) -> None:
        self._dtype, self._blank = dtype, blank
        self._seeds = layer_seeds(seed)
        self._penalty = {"kernel_regularizer": SquaredWeights(alpha)} if alpha else {}

    def _kernel(self, kind: Any = keras.initializers.GlorotUniform) -> Any:
        return "zeros" if self._blank else kind(seed=next(self._seeds))

    def noise(self, x: Any, scale: float) -> Any:
        """Return a tensor with Gaussian noise of a standard deviation, in training.

        Parameters
        ----------
        x : tensor
            What is passed through.
        scale : float
            Standard deviation.

        Returns
        -------
        tensor
            The output.
        """
        layer = keras.layers.GaussianNoise(scale, seed=next(self._seeds), dtype=self._dtype)
        return layer(x)

    def recurrent(self, x: Any, sizes: Sequence[int], activation: str, *, whole: bool) -> Any:
        """Return the output of LSTM layers.

        Parameters
        ----------
        x : tensor of shape (n, n_steps, n_features)
            Sequences.
        sizes : sequence of int
            Units of the layers.
        activation : str
            Of the cells.
        whole : bool
            Whether the last layer returns its sequence, and not its last step alone.

        Returns
        -------
        tensor of shape (n, n_steps, size) or (n, size)
            The output of the last layer.
        """
        for i, size in enumerate(sizes, 1):
            x = keras.layers.LSTM(
                size,
                activation=activation,
                return_sequences=whole or i < len(sizes),
                kernel_initializer=self._kernel(),
                recurrent_initializer=self._kernel(keras.initializers.Orthogonal),
                seed=next(self._seeds),
                dtype=self._dtype,
            )(x)
        return x

    def dense(
        self, x: Any, sizes: Sequence[int], activations: Sequence[str], dropout: float
    ) -> Any:
        """Return the output of dense layers with dropout after each.

        Parameters
        ----------
        x : tensor of shape (..., n_features)
            Rows, or steps of sequences.
        sizes : sequence of int
            Units of the layers.
        activations : sequence of str
            Of the layers; the last one stands for all further layers.
        dropout : float
            Share of the units.

        Returns
        -------
        tensor of shape (..., size)
            The output of the last layer.
        """
        for i, size in enumerate(sizes):
            x = keras.layers.Dense(
                size,
                activation=activations[min(i, len(activations) - 1)],
                kernel_initializer=self._kernel(),
                dtype=self._dtype,
                **self._penalty,
            )(x)
            if dropout:
                x = keras.layers.Dropout(dropout, seed=next(self._seeds), dtype=self._dtype)(x)
        return x

    def head(self, n_mixtures: int, n_targets: int) -> Any:
        """Return the layer of logits, means and raw scales.

        Parameters
        ----------
        n_mixtures, n_targets : int
            Components and their dimensions.

        Returns
        -------
        keras.layers.Dense
            Not yet called.
        """
        return keras.layers.Dense(
            n_mixtures * (1 + 2 * n_targets),
            name="mixture",
            kernel_initializer=self._kernel(),
            dtype=self._dtype,
            **self._penalty,
        )

    def with_factors(self, x: Any, factors: np.ndarray | None) -> Any:
        """Return rows with the factors of the covariances behind them, which all rows share.

        Parameters
        ----------
        x : tensor of shape (n, m)
            Rows.
        factors : ndarray of shape (K, D, R) or None
            Where the factors start; None leaves the rows as they are.

        Returns
        -------
        tensor of shape (n, m) or (n, m + K D R)
            The rows.
        """
        if factors is None:
            return x
        shared = Factors(factors.size, dtype=self._dtype, name="factors")
        x = shared(x)
        shared.values.assign(np.ravel(factors))
        return x

    def start(self, head: Any, bias: np.ndarray | None, kernel_scale: float) -> None:
        """Set the first weights of the output layer, unless all weights are to be loaded.

        Parameters
        ----------
        head : keras.layers.Dense
            The output layer, called.
        bias : ndarray of shape (K + 2 K D,) or None
            Its first bias; None leaves the layer as it is.
        kernel_scale : float
            Factor of its first weights.
        """
        if bias is not None and not self._blank:
            head.kernel.assign(head.kernel * kernel_scale)
            head.bias.assign(bias)


def build_network(
    *,
    n_inputs: int,
    n_targets: int,
    n_mixtures: int,
    step_size: int | None = None,
    recurrent_layer_sizes: Sequence[int] = (),
    hidden_layer_sizes: Sequence[int] = (64,),
    recurrent_activation: str = "tanh",
    activations: Sequence[str] = ("relu",),
    dropout: float = 0.0,
    noise: float = 0.0,
    alpha: float = 0.0,
    bias: np.ndarray | None = None,
    kernel_scale: float = 1.0,
    factors: np.ndarray | None = None,
    dtype: str = "float32",
    blank: bool = False,
    seed: int = 0,
) -> Any:
    """Return a mixture density network, not compiled.

    Parameters
    ----------
    n_inputs, n_targets, n_mixtures : int
        Columns in, columns out, components.
    step_size : int, default=None
        Columns of one time step; None makes a dense network.
    recurrent_layer_sizes : sequence of int, default=()
        LSTM layers; all but the last return their sequences.
    hidden_layer_sizes : sequence of int, default=(64,)
        Dense layers after them.
    recurrent_activation : str, default="tanh"
        Of the LSTM layers' cells.
    activations : sequence of str, default=("relu",)
        Of the dense layers; the last one stands for all further layers.
    dropout : float, default=0.0
        After each dense layer.
    noise : float, default=0.0
        Standard deviation of the noise added to the inputs in training.
    alpha : float, default=0.0
        Weight of the squared weights in the loss.
    bias : ndarray of shape (K + 2 K D,), default=None
        The output layer's first bias.
    kernel_scale : float, default=1.0
        Factor of the output layer's first weights.
    factors : ndarray of shape (K, D, R), default=None
        Where the covariances' factors start, in units of the scales; None means diagonal ones.
    dtype : str, default="float32"
        Precision of weights and computation.
    blank : bool, default=False
        Whether all weights are 0, for a network whose weights are loaded: drawing them takes
        seconds for large ones.
    seed : int, default=0
        Of the first weights, of dropout and of noise.

    Returns
    -------
    keras.Model
        From (n, n_inputs) to (n, K + 2 K D), or to (n, K + 2 K D + K D R) with `factors`.
    """
    stack = LayerStack(dtype, seed, alpha=alpha, blank=blank)
    x = inputs = keras.Input((n_inputs,), dtype=dtype)
    if step_size is not None:
        x = keras.layers.Reshape((n_inputs // step_size, step_size), dtype=dtype)(x)
        x = keras.layers.Masking(PADDING, dtype=dtype)(x)
    if noise:
        x = stack.noise(x, noise)
    x = stack.recurrent(x, recurrent_layer_sizes, recurrent_activation, whole=False)
    x = stack.dense(x, hidden_layer_sizes, activations, dropout)
    head = stack.head(n_mixtures, n_targets)
    model = keras.Model(inputs, stack.with_factors(head(x), factors))
    stack.start(head, bias, kernel_scale)
    return model
