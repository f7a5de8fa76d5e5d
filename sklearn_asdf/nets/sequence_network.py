"""A recurrent mixture density network over sequences in Keras, and its loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .backend import import_keras
from .mixture import MixtureNLL, mixture_log_prob, scale_of
from .mixture_network import LayerStack
from .mixture_output import UNKNOWN, split_output

import_keras("a mixture density network")
import keras  # noqa: E402
from keras import ops  # noqa: E402

__all__ = ["SequenceNLL", "build_sequence_network"]


@keras.saving.register_keras_serializable("sklearn_asdf")
class SequenceNLL(MixtureNLL):
    """Negative log-likelihood of sequences of targets, by the chain rule.

    Parameters
    ----------
    n_mixtures : int
        K.
    n_targets : int
        D, the number of targets of a step.
    **options
        As in :class:`MixtureNLL`.

    Notes
    -----
    Targets of the value `UNKNOWN` are not scored: they are integrated out of the density of their
    step.
    """

    def __init__(self, n_mixtures: int, n_targets: int, **options: Any) -> None:
        super().__init__(n_mixtures, **options)
        self.n_targets = n_targets

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per sequence.

        Parameters
        ----------
        y_true : tensor of shape (n, T D)
            Targets.
        y_pred : tensor of shape (n, T (K + 2 K D) + K D R)
            Output of the network.

        Returns
        -------
        tensor of shape (n,)
            In nats; the sum over the steps divided by D.
        """
        k, d = self.n_mixtures, self.n_targets
        factors = None
        if self.rank:
            size = k * d * self.rank
            factors = ops.reshape(y_pred[0, -size:], (k, d, self.rank))
            y_pred = y_pred[:, :-size]
        rows = ops.reshape(y_pred, (-1, k * (1 + 2 * d)))
        logits, means, raw = split_output(rows, k, reshape=ops.reshape)
        scales = scale_of(raw, self.activation, self.min_scale)
        y = ops.cast(ops.reshape(y_true, (-1, d)), means.dtype)
        known = y < UNKNOWN / 2
        # An unknown dimension has the density 1 in each component: it is integrated out.
        y = ops.where(known, y, ops.zeros_like(y))
        each = ops.expand_dims(known, 1)
        means = ops.where(each, means, ops.zeros_like(means))
        scales = ops.where(each, scales, ops.ones_like(scales) / float(np.sqrt(2 * np.pi)))
        log_prob = mixture_log_prob(logits, means, scales, y, factors)
        log_prob = ops.where(ops.any(known, axis=1), log_prob, ops.zeros_like(log_prob))
        n_steps = ops.shape(y_true)[1] // d
        total = ops.sum(ops.reshape(log_prob, (-1, n_steps)), axis=1)
        return total * (-self.factor / d)

    def get_config(self) -> dict[str, Any]:
        """Return the parameters, for saving."""
        return super().get_config() | {"n_targets": self.n_targets}


def build_sequence_network(
    *,
    n_inputs: int,
    n_targets: int,
    n_mixtures: int,
    recurrent_layer_sizes: Sequence[int] = (64,),
    hidden_layer_sizes: Sequence[int] = (64,),
    recurrent_activation: str = "tanh",
    activations: Sequence[str] = ("relu",),
    dropout: float = 0.0,
    noise: float = 0.0,
    feedback_noise: float = 0.0,
    alpha: float = 0.0,
    bias: np.ndarray | None = None,
    kernel_scale: float = 1.0,
    factors: np.ndarray | None = None,
    dtype: str = "float32",
    blank: bool = False,
    seed: int = 0,
) -> Any:
    """Return a recurrent mixture density network over sequences, not compiled.

    Parameters
    ----------
    n_inputs, n_targets, n_mixtures : int
        Features of a step, targets of a step, components.
    recurrent_layer_sizes : sequence of int, default=(64,)
        LSTM layers.
    hidden_layer_sizes : sequence of int, default=(64,)
        Dense layers after them, applied to each step.
    recurrent_activation : str, default="tanh"
        Of the LSTM layers' cells.
    activations : sequence of str, default=("relu",)
        Of the dense layers; the last one stands for all further layers.
    dropout : float, default=0.0
        After each dense layer.
    noise, feedback_noise : float, default=0.0
        Standard deviation of the noise added, in training, to the features and to the targets of
        the step before.
    alpha : float, default=0.0
        Weight of the squared weights of the dense layers in the loss.
    bias : ndarray of shape (K + 2 K D,), default=None
        The output layer's first bias.
    kernel_scale : float, default=1.0
        Factor of the output layer's first weights.
    factors : ndarray of shape (K, D, R), default=None
        Where the covariances' factors start, in units of the scales; None means diagonal ones.
    dtype : str, default="float32"
        Precision of weights and computation.
    blank : bool, default=False
        Whether all weights are 0, for a network whose weights are loaded.
    seed : int, default=0
        Of the first weights, of dropout and of noise.

    Returns
    -------
    keras.Model
        From (n, T, n_inputs + n_targets + 1) to (n, T (K + 2 K D)), with K D R more columns with
        `factors`. The inputs of a step are its features, the targets of the step before, and
        whether these are known.
    """
    layers = keras.layers
    stack = LayerStack(dtype, seed, alpha=alpha, blank=blank)
    x = inputs = keras.Input((None, n_inputs + n_targets + 1), dtype=dtype)
    if noise or feedback_noise:
        features = stack.noise(x[..., :n_inputs], noise)
        fed_back = stack.noise(x[..., n_inputs:-1], feedback_noise)
        x = layers.Concatenate(dtype=dtype)([features, fed_back, x[..., -1:]])
    x = stack.recurrent(x, recurrent_layer_sizes, recurrent_activation, whole=True)
    x = stack.dense(x, hidden_layer_sizes, activations, dropout)
    head = stack.head(n_mixtures, n_targets)
    x = layers.Reshape((-1,), dtype=dtype)(head(x))
    model = keras.Model(inputs, stack.with_factors(x, factors))
    stack.start(head, bias, kernel_scale)
    return model
