"""Training of autoencoders of spectrograms."""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import LOCK, claim_backend, import_keras
from .network import Network
from .training import train

import_keras("an autoencoder")
import keras  # noqa: E402
from keras import layers, ops  # noqa: E402

from .codec_networks import build_decoder, build_encoder  # noqa: E402

__all__ = ["MeanOutput", "SpectrumSlices", "train_autoencoder"]


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
