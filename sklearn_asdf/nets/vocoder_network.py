"""The network of the neural vocoder in Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .backend import import_keras, layer_seeds

import_keras("a neural vocoder")
import keras  # noqa: E402
from keras import layers  # noqa: E402

__all__ = ["build_vocoder"]


def build_vocoder(
    *,
    n_mels: int,
    n_context: int,
    channels: int,
    kernel_sizes: Sequence[int],
    n_knots: int,
    seed: int,
) -> Any:
    """Return the network from a few mel spectra to the spectrum of the middle one.

    Parameters
    ----------
    n_mels : int
        Number of mel bands.
    n_context : int
        Frames of context on each side.
    channels : int
        Channels of the convolutions over the bands.
    kernel_sizes : sequence of int
        Their widths in bands.
    n_knots : int
        Knots per band.
    seed : int
        Of the first weights.

    Returns
    -------
    keras.Model
        From (n, 1 + 2 * n_context, n_mels) to (n, n_mels, 3 * n_knots): at each knot the level
        beyond the interpolated one, in 20 dB, the phase advance and the slope of the phase.
    """
    seeds = layer_seeds(seed)
    spectra = keras.Input((1 + 2 * n_context, n_mels))
    x = layers.Permute((2, 1))(spectra)
    for i, size in enumerate(kernel_sizes):
        kernel = keras.initializers.GlorotUniform(seed=next(seeds))
        x = layers.Conv1D(channels, size, padding="same", kernel_initializer=kernel)(x)
        if i == 0:
            # What is particular to a band, such as the number of its bins.
            x = _Bias()(x)
        x = layers.ReLU()(x)
    kernel = keras.initializers.RandomNormal(stddev=0.02, seed=next(seeds))
    x = layers.Dense(3 * n_knots, kernel_initializer=kernel)(x)
    return keras.Model(spectra, x, name="vocoder")


@keras.saving.register_keras_serializable("sklearn_asdf")
class _Bias(layers.Layer):
    """Add a trained number to each value."""

    def build(self, input_shape: Any) -> None:
        self.bias = self.add_weight(shape=input_shape[1:], initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        return x + self.bias
