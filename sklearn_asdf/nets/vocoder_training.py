"""Training of the network of the neural vocoder."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functional.mel_bins import TOP_DB
from .autoencoder import MeanOutput
from .backend import claim_backend, import_keras
from .network import Network
from .training import train

import_keras("a neural vocoder")
import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

from .vocoder_network import build_vocoder  # noqa: E402

__all__ = ["train_vocoder"]

# Bins count by this power of their magnitude, and with their phases by twice this power: loud ones
# are heard, and the phases of quiet ones are not determined.
_WEIGHT = 0.3


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
        Keyword arguments of :func:`build_vocoder`, without the seed.
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
