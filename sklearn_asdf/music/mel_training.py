"""Training of the networks of `MelEncoder`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .clips import AudioClips
from .codecs import NetworkCodec, PatchCodec
from .spectra import SpectrumBank

if TYPE_CHECKING:
    from .mel import MelEncoder

__all__ = ["ARCHITECTURES", "clip_rows", "hold_out", "train_codec"]

# Values of parameters that are None. For "local", few clips are passed over more often.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "local": {
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "batch_size": 16,
        "epochs": lambda n_clips: max(4, -(-3000 // n_clips)),
        "schedule": "cosine",
    },
    "paper": {
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "batch_size": 128,
        "epochs": lambda n_clips: 400,
        "schedule": "constant",
    },
}


def train_codec(
    encoder: MelEncoder,
    bank: SpectrumBank,
    rows: np.ndarray,
    held_out: np.ndarray,
    *,
    start: PatchCodec | None,
    code_shape: tuple[int, int],
    seed: int,
    **options: Any,
) -> tuple[NetworkCodec, dict[str, list[float]]]:
    """Train the networks of an encoder.

    Parameters
    ----------
    encoder : MelEncoder
        Its parameters choose the networks and the loss.
    bank : SpectrumBank
        Spectra of the clips.
    rows : ndarray of shape (n_clips, 3)
        Clips, as `clip_rows` returns them.
    held_out : ndarray of bool of shape (n_clips,)
        Clips that choose the best epoch.
    start : PatchCodec or None
        Codec from which the local network starts.
    code_shape : tuple of int
        Steps of the code and numbers per step, with the level.
    seed : int
        Seed of weights, order and shifts.
    **options : dict
        Further arguments of :func:`sklearn_asdf.nets.training.train`.

    Returns
    -------
    codec : NetworkCodec
        The trained networks.
    history : dict of list of float
        Losses of each epoch.
    """
    from ..nets.autoencoder import train_autoencoder

    steps, channels = code_shape
    paper = encoder.architecture == "paper"
    code_size = encoder.code_size if paper else steps * (channels - 1)
    config = {
        "architecture": encoder.architecture,
        "n_frames": bank.n_frames,
        "n_mels": encoder.n_mels,
        "code_size": code_size,
        "steps": steps,
        "variational": encoder.variational,
        "dtype_policy": encoder.dtype,
        "tune_components": False,
        "filters": 32,
    }
    forward, backward, history = train_autoencoder(
        config,
        bank.frames,
        rows[~held_out],
        top_db=encoder.top_db,
        loss=encoder.loss,
        kl_weight=encoder.kl_weight,
        seed=seed,
        validation_rows=rows[held_out],
        start=None if start is None else _starting_weights(start, variational=encoder.variational),
        **options,
    )
    return NetworkCodec(forward, backward, code_size), history


def clip_rows(bank: SpectrumBank, architecture: str) -> np.ndarray:
    """Return the first frame of each clip and the range within which training may shift it.

    Parameters
    ----------
    bank : SpectrumBank
        Spectra of the clips.
    architecture : {"local", "paper"}
        Clips of the local network are shifted by up to 16 frames, those of the paper's are not.

    Returns
    -------
    rows : ndarray of float32 of shape (n_clips, 3)
        First frame, and the lowest and highest first frame.
    """
    shift = 0 if architecture == "paper" else 16
    stretch = np.searchsorted(bank.stretch_starts, bank.starts, side="right") - 1
    lowest = np.maximum(bank.starts - shift, bank.stretch_starts[stretch])
    highest = np.minimum(bank.starts + shift, bank.stretch_stops[stretch] - bank.n_frames)
    return np.stack([bank.starts, lowest, highest], axis=1).astype(np.float32)


def _starting_weights(codec: PatchCodec, *, variational: bool) -> dict[str, list[np.ndarray]]:
    """Return weights with which the local network equals the codec of components."""
    n, n_values = codec.components.shape
    kernel = codec.components.T
    bias = -codec.components @ codec.mean
    if variational:
        # Means, and log-variances small against those of the coordinates.
        kernel = np.concatenate([kernel, np.zeros_like(kernel)], axis=1)
        bias = np.concatenate([bias, np.full(n, -4, np.float32)])
    taps = np.zeros((3, n, n_values), np.float32)
    taps[slice(None) if len(codec.decoder) == 3 else slice(1, 2)] = codec.decoder
    return {"components": [kernel, bias], "patches": [taps, codec.mean]}


def hold_out(audio: Any, fraction: float) -> np.ndarray:
    """Return a mask of the clips that are held out to choose the best epoch.

    Parameters
    ----------
    audio : AudioClips or ndarray of shape (n_clips, n_samples)
        Clips.
    fraction : float
        Share of the clips.

    Returns
    -------
    mask : ndarray of bool of shape (n_clips,)
        Whole recordings where there are several; else the last clips.
    """
    n = len(audio)
    wanted = int(fraction * n)
    mask = np.zeros(n, bool)
    groups = audio.groups if isinstance(audio, AudioClips) else np.zeros(n, int)
    names = np.unique(groups)
    if len(names) == 1:
        mask[n - wanted :] = wanted > 0
    elif fraction > 0:
        sizes = {name: (groups == name).sum() for name in names}
        # If all recordings are longer than the share, the shortest one is held out.
        smallest = min(names, key=sizes.__getitem__)
        for name in names[::-1]:
            if mask.sum() + sizes[name] <= max(wanted, sizes[smallest]):
                mask |= groups == name
    return mask
