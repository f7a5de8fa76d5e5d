"""Autoencoders of spectrograms: the paper's network, and the local one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .backend import LOCK, claim_backend, import_keras, layer_seeds
from .network import Network
from .training import train

import_keras("an autoencoder")
import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

__all__ = ["MeanOutput", "SpectrumSlices", "build_decoder", "build_encoder", "train_autoencoder"]


@keras.saving.register_keras_serializable("sklearn_asdf")
class MeanOutput(keras.losses.Loss):
    """A loss for models that compute their own: the mean of what they return."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the output of each row.

        Parameters
        ----------
        y_true : tensor
            Not used.
        y_pred : tensor of shape (n_rows, 1)
            Losses.

        Returns
        -------
        tensor of shape (n_rows,)
            The losses.
        """
        return y_pred[:, 0]


@keras.saving.register_keras_serializable("sklearn_asdf")
class SpectrumSlices(layers.Layer):
    """Cut clips out of the spectra of whole recordings, inside the model.

    A training row is three numbers instead of a spectrogram. Clips are not stored, and each epoch
    can shift them.

    Parameters
    ----------
    frames : ndarray of shape (n, n_mels)
        Levels in dB of all recordings.
    n_frames : int
        Frames of a clip.
    top_db : float
        Range in dB below the maximum of each clip that becomes [0, 1].
    seed : int
        Of the shifts.
    """

    def __init__(self, frames: np.ndarray, n_frames: int, top_db: float, seed: int) -> None:
        super().__init__(name="spectra", trainable=False, dtype="float32")
        # Not a weight: it must enter neither checkpoints nor the fitted network.
        self._frames = ops.convert_to_tensor(frames)
        self.n_frames, self.top_db = n_frames, top_db
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, rows: Any, training: bool = False) -> Any:
        """Return clips.

        Parameters
        ----------
        rows : tensor of shape (n_rows, 3)
            First frame, and the lowest and highest first frame that a shift may choose.
        training : bool, default=False
            Whether to shift.

        Returns
        -------
        tensor of shape (n_rows, n_frames, n_mels)
            Spectrograms in [0, 1].
        """
        start = rows[:, 0]
        if training:
            part = keras.random.uniform(ops.shape(start), seed=self._draws)
            start = ops.floor(rows[:, 1] + part * (rows[:, 2] - rows[:, 1] + 1))
            start = ops.minimum(start, rows[:, 2])
        index = ops.cast(start, "int32")[:, None] + ops.arange(self.n_frames)
        db = ops.cast(ops.take(self._frames, index, axis=0), "float32")
        level = ops.max(db, axis=(1, 2), keepdims=True)
        unit = ops.clip(1 + (db - level) / self.top_db, 0, 1)
        return ops.where(level <= -99.9, ops.zeros_like(unit), unit)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the clips.

        Parameters
        ----------
        input_shape : tuple
            Shape of the rows.

        Returns
        -------
        tuple
            Shape of the clips.
        """
        return input_shape[0], self.n_frames, self._frames.shape[1]


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


@keras.saving.register_keras_serializable("sklearn_asdf")
class _Draw(layers.Layer):
    """Sample codes, and return the divergence of their densities from the standard normal one."""

    def __init__(self, seed: int) -> None:
        super().__init__(name="draw", dtype="float32")
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, moments: Any, training: bool = False) -> Any:
        mean, log_variance = ops.split(moments, 2, axis=-1)
        divergence = 0.5 * ops.sum(
            ops.square(mean) + ops.exp(log_variance) - 1 - log_variance, axis=-1, keepdims=True
        )
        if training:
            noise = keras.random.normal(ops.shape(mean), seed=self._draws)
            mean = mean + ops.exp(0.5 * log_variance) * noise
        return mean, divergence


@keras.saving.register_keras_serializable("sklearn_asdf")
class _RowError(layers.Layer):
    """Mean error of each spectrogram."""

    def __init__(self, loss: str) -> None:
        super().__init__(name="error", dtype="float32")
        self._loss = keras.losses.get(loss)

    def call(self, inputs: Any) -> Any:
        true, decoded = inputs
        return ops.mean(self._loss(true, decoded), axis=1, keepdims=True)


def _build_training(
    frames: Any, top_db: float, seed: int, loss: str, kl_weight: float, **config: Any
) -> Any:
    """Model from rows (first frame, range of shifts) to the error of each."""
    config["seed"] = seed
    rows = keras.Input((3,))
    clips = SpectrumSlices(frames, config["n_frames"], top_db, seed)(rows)
    code = build_encoder(**config)(clips)
    divergence = None
    if config["variational"]:
        code, divergence = _Draw(seed)(code)
    error = _RowError(loss)([clips, build_decoder(**config)(code)])
    if divergence is not None:
        error = error + kl_weight * divergence / (config["n_frames"] * config["n_mels"])
    return keras.Model(rows, error)


def train_autoencoder(
    config: dict[str, Any],
    frames: np.ndarray,
    rows: np.ndarray,
    *,
    top_db: float,
    loss: str,
    kl_weight: float,
    seed: int,
    validation_rows: np.ndarray | None = None,
    start: dict[str, list[np.ndarray]] | None = None,
    **options: Any,
) -> tuple[Network, Network, dict[str, list[float]]]:
    """Train an autoencoder on clips that are cut out of spectra on the fly.

    Parameters
    ----------
    config : dict
        Keyword arguments of :func:`build_encoder`.
    frames : ndarray of float16 of shape (n, n_mels)
        Levels in dB of all recordings.
    rows : ndarray of float32 of shape (n_clips, 3)
        First frame of each clip, and the lowest and highest that a shift may choose.
    top_db : float
        Range in dB.
    loss : str
        Keras's name of a loss.
    kl_weight : float
        Weight of the divergence, in nats per spectrogram value, if variational.
    seed : int
        Of weights, order and shifts.
    validation_rows : ndarray of shape (n, 3), default=None
        Clips that choose the epoch to keep.
    start : dict of list of ndarray, default=None
        Weights of named layers to start from.
    **options : dict
        Other arguments of :func:`train`.

    Returns
    -------
    encoder, decoder : Network
        The trained halves.
    history : dict of list of float
        Losses, one value per epoch.
    """
    claim_backend()
    full = {**config, "frames": frames, "top_db": top_db, "loss": loss, "kl_weight": kl_weight}
    config = {**config, "seed": seed}
    initial = None
    if start is not None:
        with LOCK:
            some = {"frames": frames[: config["n_frames"]], "seed": seed}
            keras_model = _build_training(**full | some)
            for part in ("encoder", "decoder"):
                for layer in keras_model.get_layer(part).layers:
                    if layer.name in start:
                        layer.set_weights(start[layer.name])
        initial = keras_model.get_weights()
    validation = None
    if validation_rows is not None and len(validation_rows):
        validation = (validation_rows, np.zeros((len(validation_rows), 1), np.float32))
    network, history = train(
        _build_training,
        full,
        rows,
        np.zeros(len(rows), np.float32),
        loss=MeanOutput(),
        seed=seed,
        validation_data=validation,
        initial_weights=initial,
        **options,
    )
    with LOCK:
        n_encoder = len(build_encoder(**config).get_weights())
        n_decoder = len(build_decoder(**config).get_weights())
    weights = network.weights
    encoder = Network(build_encoder, config, weights[:n_encoder])
    encoder.interrupted = network.interrupted
    decoder = Network(build_decoder, config, weights[n_encoder : n_encoder + n_decoder])
    return encoder, decoder, history
