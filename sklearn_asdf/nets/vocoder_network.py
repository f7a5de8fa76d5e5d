"""The network of the neural vocoder in Keras, and its training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..functional.mel_bins import TOP_DB
from .autoencoder import MeanOutput
from .backend import claim_backend, import_keras, layer_seeds
from .network import Network
from .training import train

import_keras("a neural vocoder")
import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

__all__ = ["build_vocoder", "train_vocoder"]

# Bins count by this power of their magnitude, and with their phases by twice this power: loud ones
# are heard, and the phases of quiet ones are not determined.
_WEIGHT = 0.3


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


def train_vocoder(
    config: dict[str, Any],
    bins: Any,
    spectra: np.ndarray,
    levels: np.ndarray,
    targets: np.ndarray,
    *,
    seed: int,
    **options: Any,
) -> Network:
    """Train the network of a vocoder.

    Parameters
    ----------
    config : dict
        Keyword arguments of :func:`build_vocoder`.
    bins : MelBins
        Places of the bins among the bands.
    spectra : ndarray of float16 of shape (n, 1 + 2 * n_context, n_mels)
        Scaled mel spectra.
    levels : ndarray of float16 of shape (n, n_mels)
        Levels of the bands of the middle frame in dB below the loudest bin.
    targets : ndarray of int8 of shape (n, n_bins, 3)
        Level and phases, as :func:`~sklearn_asdf.functional.mel_bins.quantize` returns them.
    seed : int
        Of weights and order.
    **options : dict
        Other arguments of :func:`train`.

    Returns
    -------
    Network
        The trained network.
    """
    claim_backend()
    network, _ = train(
        _build_training,
        {"bins": bins, "spectra": spectra, "levels": levels, "targets": targets, **config},
        np.arange(len(spectra), dtype=np.float32)[:, None],
        np.zeros(len(spectra), np.float32),
        loss=MeanOutput(),
        seed=seed,
        description="vocoder",
        **options,
    )
    return Network(build_vocoder, {**config, "seed": seed}, network.weights)


def _build_training(
    bins: Any,
    spectra: np.ndarray,
    levels: np.ndarray,
    targets: np.ndarray,
    **config: Any,
) -> Any:
    """Model from the number of an example to its loss."""
    rows = keras.Input((1,))
    found = build_vocoder(**config)(_Rows(spectra)(rows))
    loss = _SpectrumLoss(bins)([found, _Rows(levels)(rows), _Rows(targets)(rows)])
    return keras.Model(rows, loss)


@keras.saving.register_keras_serializable("sklearn_asdf")
class _Bias(layers.Layer):
    """Add a trained number to each value."""

    def build(self, input_shape: Any) -> None:
        self.bias = self.add_weight(shape=input_shape[1:], initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        return x + self.bias


@keras.saving.register_keras_serializable("sklearn_asdf")
class _Rows(layers.Layer):
    """Rows of an array by number, so that examples stay in their small types."""

    def __init__(self, array: np.ndarray) -> None:
        super().__init__(trainable=False, dtype="float32")
        # Not a weight: it must enter neither checkpoints nor the fitted network.
        self._array = ops.convert_to_tensor(array)

    def call(self, rows: Any) -> Any:
        found = ops.take(self._array, ops.cast(rows[:, 0], "int32"), axis=0)
        return ops.cast(found, "float32")

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0], *self._array.shape[1:]


@keras.saving.register_keras_serializable("sklearn_asdf")
class _SpectrumLoss(layers.Layer):
    """Error of the levels in 20 dB plus that of the phases, one per example."""

    def __init__(self, bins: Any) -> None:
        super().__init__(trainable=False, dtype="float32")
        self._bins = bins

    def call(self, inputs: Any) -> Any:
        found, levels, targets = inputs
        n_knots = found.shape[-1] // 3
        found = ops.reshape(found, (-1, found.shape[1] * n_knots, 3))
        found = self._between(found, self._bins.knots, self._bins.knot_share[:, None])
        base = self._between(levels, self._bins.bands, self._bins.band_share)
        level = (targets[..., 0] - 127) * (TOP_DB / 254)
        phases = targets[..., 1:] * (np.pi / 127)
        weight = ops.exp(level * (_WEIGHT * np.log(10) / 20))
        error = ops.abs(found[..., 0] - (level - base) / 20)
        error = ops.sum(weight * error, axis=1) / ops.sum(weight, axis=1)
        square = weight * weight
        turned = ops.sum(1 - ops.cos(found[..., 1:] - phases), axis=2)
        turned = ops.sum(square * turned, axis=1) / ops.sum(square, axis=1)
        return ops.expand_dims(error + turned, 1)

    def _between(self, values: Any, places: np.ndarray, share: np.ndarray) -> Any:
        first, second = (ops.take(values, index, axis=1) for index in places)
        return first + share * (second - first)
