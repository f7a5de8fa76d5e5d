"""Construction of the networks of an autoencoder in Keras: the paper's, and the local one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .backend import import_keras, layer_seeds

import_keras("an autoencoder")
import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

__all__ = ["build_decoder", "build_encoder"]


def build_encoder(**config: Any) -> Any:
    """Return the network from spectrograms to codes.

    Parameters
    ----------
    **config : dict
        ``architecture``, ``n_frames``, ``n_mels``, ``code_size``, ``steps``, ``variational``,
        ``dtype_policy``, ``tune_components``, ``filters``, ``seed``.

    Returns
    -------
    keras.Model
        From (n, n_frames, n_mels) to (n, code_size), or to twice as many (means and
        log-variances) if variational.
    """
    build = _paper_encoder if config["architecture"] == "paper" else _local_encoder
    return build(kernels=_kernels(config.get("seed", 0), stream=0), **config)


def build_decoder(**config: Any) -> Any:
    """Return the network from codes to spectrograms.

    Parameters
    ----------
    **config : dict
        As for :func:`build_encoder`.

    Returns
    -------
    keras.Model
        From (n, code_size) to (n, n_frames, n_mels) in [0, 1].
    """
    build = _paper_decoder if config["architecture"] == "paper" else _local_decoder
    return build(kernels=_kernels(config.get("seed", 0), stream=1), **config)


def _kernels(seed: int, *, stream: int) -> Iterator[Any]:
    """First weights of one layer after the other."""
    return (keras.initializers.GlorotUniform(seed=s) for s in layer_seeds(seed, stream=stream))


def _paper_encoder(
    *,
    kernels: Any,
    n_frames: int,
    n_mels: int,
    code_size: int,
    variational: bool,
    dtype_policy: str,
    **_: Any,
) -> Any:
    options = {"dtype": dtype_policy}
    image = keras.Input((n_frames, n_mels))
    x = layers.Permute((2, 1))(image)
    x = layers.Reshape((n_mels, n_frames, 1))(x)
    if n_mels % 16 or n_frames % 16:
        x = layers.ZeroPadding2D(((0, -n_mels % 16), (0, -n_frames % 16)))(x)
    for filters in (32, 64, 128, 256):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            activation="relu",
            kernel_initializer=next(kernels),
            **options,
        )(x)
        x = layers.MaxPooling2D(2, **options)(x)
    x = layers.Flatten()(x)
    options["kernel_initializer"] = next(kernels)
    if variational:
        code = layers.Dense(2 * code_size, **options)(x)
    else:
        code = layers.Dense(code_size, activation="relu", **options)(x)
    code = layers.Activation("linear", dtype="float32")(code)
    return keras.Model(image, code, name="encoder")


def _paper_decoder(
    *, kernels: Any, n_frames: int, n_mels: int, code_size: int, dtype_policy: str, **_: Any
) -> Any:
    code = keras.Input((code_size,))
    x = layers.Dense(
        n_mels * n_frames,
        activation="sigmoid",
        kernel_initializer=next(kernels),
        dtype=dtype_policy,
    )(code)
    x = layers.Activation("linear", dtype="float32")(x)
    x = layers.Permute((2, 1))(layers.Reshape((n_mels, n_frames))(x))
    return keras.Model(code, x, name="decoder")


def _local_encoder(
    *,
    kernels: Any,
    n_frames: int,
    n_mels: int,
    code_size: int,
    steps: int,
    variational: bool,
    dtype_policy: str,
    tune_components: bool,
    **_: Any,
) -> Any:
    clip = keras.Input((n_frames, n_mels))
    patch = -(-n_frames // steps)
    index = np.minimum(np.arange(steps * patch), n_frames - 1)
    # The last frame is repeated where the steps extend beyond the clip, as in `PatchCodec`.
    x = clip if len(index) == n_frames else _TakeFrames(index.tolist())(clip)
    x = layers.Reshape((steps, patch * n_mels))(x)
    channels = code_size // steps * (2 if variational else 1)
    x = layers.Dense(
        channels,
        kernel_initializer=next(kernels),
        dtype=dtype_policy,
        name="components",
        trainable=tune_components or variational,
    )(x)
    x = layers.Activation("linear", dtype="float32")(layers.Flatten()(x))
    return keras.Model(clip, x, name="encoder")


def _local_decoder(
    *,
    kernels: Any,
    n_frames: int,
    n_mels: int,
    code_size: int,
    steps: int,
    dtype_policy: str,
    tune_components: bool,
    filters: Any,
    **_: Any,
) -> Any:
    code = keras.Input((code_size,))
    patch = -(-n_frames // steps)
    x = layers.Reshape((steps, code_size // steps))(code)
    x = layers.Conv1D(
        patch * n_mels,
        3,
        padding="same",
        kernel_initializer=next(kernels),
        dtype=dtype_policy,
        name="patches",
        trainable=tune_components,
    )(x)
    x = layers.Reshape((steps * patch, n_mels, 1))(x)
    if steps * patch > n_frames:
        x = layers.Cropping2D(((0, steps * patch - n_frames), (0, 0)))(x)
    # Values are limited to [0, 1], as in decoded spectrograms.
    x = layers.ReLU(max_value=1.0)(x)
    # At half the resolution: a quarter of the work, twice the receptive field.
    y = layers.ZeroPadding2D(((0, n_frames % 2), (0, n_mels % 2)))(x)
    for size, stride in ((4, 2), (3, 1), (3, 1)):
        y = layers.Conv2D(
            filters,
            size,
            stride,
            padding="same",
            activation="relu",
            kernel_initializer=next(kernels),
            dtype=dtype_policy,
        )(y)
    y = layers.Conv2DTranspose(
        1, 4, 2, padding="same", kernel_initializer="zeros", dtype=dtype_policy, name="detail"
    )(y)
    y = layers.Cropping2D(((0, n_frames % 2), (0, n_mels % 2)))(y)
    x = layers.Activation("linear", dtype="float32")(layers.Add()([x, y]))
    x = layers.Reshape((n_frames, n_mels))(x)
    return keras.Model(code, x, name="decoder")


@keras.saving.register_keras_serializable("sklearn_asdf")
class _TakeFrames(layers.Layer):
    """Frames by number."""

    def __init__(self, index: list[int]) -> None:
        super().__init__()
        self._index = index

    def call(self, clips: Any) -> Any:
        return ops.take(clips, ops.convert_to_tensor(self._index), axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0], len(self._index), input_shape[2]
