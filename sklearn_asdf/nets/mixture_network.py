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
    layers, initializers = keras.layers, keras.initializers
    seeds = layer_seeds(seed)

    def kernel() -> Any:
        return "zeros" if blank else initializers.GlorotUniform(seed=next(seeds))

    def recurrent_kernel() -> Any:
        return "zeros" if blank else initializers.Orthogonal(seed=next(seeds))

    penalty = {"kernel_regularizer": SquaredWeights(alpha)} if alpha else {}
    x = inputs = keras.Input((n_inputs,), dtype=dtype)
    if step_size is not None:
        x = layers.Reshape((n_inputs // step_size, step_size), dtype=dtype)(x)
        x = layers.Masking(PADDING, dtype=dtype)(x)
    if noise:
        x = layers.GaussianNoise(noise, seed=next(seeds), dtype=dtype)(x)
    for i, size in enumerate(recurrent_layer_sizes, 1):
        x = layers.LSTM(
            size,
            activation=recurrent_activation,
            return_sequences=i < len(recurrent_layer_sizes),
            kernel_initializer=kernel(),
            recurrent_initializer=recurrent_kernel(),
            seed=next(seeds),
            dtype=dtype,
        )(x)
    for i, size in enumerate(hidden_layer_sizes):
        activation = activations[min(i, len(activations) - 1)]
        x = layers.Dense(
            size, activation=activation, kernel_initializer=kernel(), dtype=dtype, **penalty
        )(x)
        if dropout:
            x = layers.Dropout(dropout, seed=next(seeds), dtype=dtype)(x)
    n_outputs = n_mixtures * (1 + 2 * n_targets)
    head = layers.Dense(
        n_outputs, name="mixture", kernel_initializer=kernel(), dtype=dtype, **penalty
    )
    x = head(x)
    if factors is not None:
        shared = Factors(factors.size, dtype=dtype, name="factors")
        x = shared(x)
        shared.values.assign(np.ravel(factors))
    model = keras.Model(inputs, x)
    if bias is not None and not blank:
        head.kernel.assign(head.kernel * kernel_scale)
        head.bias.assign(bias)
    return model
