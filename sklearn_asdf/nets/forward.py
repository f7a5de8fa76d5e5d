"""Output of trained networks in NumPy, from their parameters and weights, without Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .layers import (
    ACTIVATIONS,
    convolve,
    convolve_image,
    convolve_image_transposed,
    dense,
    lstm,
    max_pool,
)
from .mixture_output import PADDING
from .recurrent import RecurrentNetwork

__all__ = ["convolves_images", "forward_of"]

_Forward = Callable[[np.ndarray], np.ndarray]


def forward_of(
    build: str, config: Mapping[str, Any], weights: Sequence[np.ndarray]
) -> _Forward | None:
    """Return the function from inputs to outputs of a trained network.

    Parameters
    ----------
    build : str
        Name of the function that builds the network: "build_network", "build_sequence_network",
        "build_encoder", "build_decoder" or "build_vocoder".
    config : mapping
        Keyword arguments of that function.
    weights : sequence of ndarray
        Weights in the order of Keras, float32 or float64.

    Returns
    -------
    callable or None
        From an ndarray of rows to one of outputs, in the precision of the weights; it equals
        Keras's to rounding. None if the network has parts that are not known here, such as
        Keras's rarer activations.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.nets.forward import forward_of
    >>> config = {"n_inputs": 2, "hidden_layer_sizes": (1,), "activations": ("relu",)}
    >>> weights = [np.ones((2, 1)), np.zeros(1), 2 * np.ones((1, 3)), np.zeros(3)]
    >>> forward_of("build_network", config, weights)(np.array([[1.0, 2.0], [-1.0, 0.0]]))
    array([[6., 6., 6.],
           [0., 0., 0.]])
    """
    if build in ("build_network", "build_sequence_network"):
        chosen: Callable[..., np.ndarray] = _mixture if build == "build_network" else _sequences
        names = [config.get("recurrent_activation", "tanh"), *config.get("activations", ("relu",))]
    elif build in ("build_encoder", "build_decoder"):
        paper = config["architecture"] == "paper"
        if build == "build_encoder":
            chosen = _paper_encoder if paper else _local_encoder
        else:
            chosen = _paper_decoder if paper else _local_decoder
        names = []
    elif build == "build_vocoder":
        chosen, names = _vocoder, []
    else:
        return None
    if not weights or any(w.dtype not in (np.float32, np.float64) for w in weights):
        return None
    if any(name not in ACTIVATIONS for name in names):
        return None
    dtype = weights[0].dtype

    def forward(x: np.ndarray) -> np.ndarray:
        return chosen(np.asarray(x, dtype), iter(weights), **config)

    return forward


def convolves_images(build: str, config: Mapping[str, Any]) -> bool:
    """Return whether a network has convolutions in two dimensions.

    Parameters
    ----------
    build : str
        As in `forward_of`.
    config : mapping
        As in `forward_of`.

    Returns
    -------
    bool
        True for the paper's encoder and for the decoder of the local autoencoder.
    """
    paper = config.get("architecture") == "paper"
    return build == "build_encoder" if paper else build == "build_decoder"


def _take(weights: Iterator[np.ndarray], n: int) -> list[np.ndarray]:
    return [next(weights) for _ in range(n)]


def _mixture(
    x: np.ndarray,
    weights: Iterator[np.ndarray],
    *,
    step_size: int | None = None,
    recurrent_layer_sizes: Sequence[int] = (),
    hidden_layer_sizes: Sequence[int] = (64,),
    recurrent_activation: str = "tanh",
    activations: Sequence[str] = ("relu",),
    factors: Any = None,
    **_: Any,
) -> np.ndarray:
    mask = None
    if step_size is not None:
        x = x.reshape(len(x), -1, step_size)
        mask = (x != PADDING).any(axis=2)
        x = x * mask[..., None]
    for i in range(1, len(recurrent_layer_sizes) + 1):
        x = lstm(
            x,
            _take(weights, 3),
            recurrent_activation,
            mask=mask,
            return_sequences=i < len(recurrent_layer_sizes),
        )
    for i in range(len(hidden_layer_sizes)):
        x = dense(x, _take(weights, 2), activations[min(i, len(activations) - 1)])
    x = dense(x, _take(weights, 2))
    if factors is not None:
        shared = next(weights)
        x = np.concatenate([x, np.broadcast_to(shared, (len(x), len(shared)))], axis=1)
    return x


def _sequences(x: np.ndarray, weights: Iterator[np.ndarray], **config: Any) -> np.ndarray:
    network = RecurrentNetwork(config, list(weights))
    x, _ = network.run(x, network.start(len(x), x.dtype))
    x = x.reshape(len(x), -1)
    if network.factors is not None:
        x = np.hstack([x, np.broadcast_to(network.factors, (len(x), len(network.factors)))])
    return x


def _paper_encoder(
    x: np.ndarray, weights: Iterator[np.ndarray], *, variational: bool, **_: Any
) -> np.ndarray:
    x = np.swapaxes(x, 1, 2)[..., None]
    x = np.pad(x, ((0, 0), (0, -x.shape[1] % 16), (0, -x.shape[2] % 16), (0, 0)))
    for _layer in range(4):
        x = max_pool(convolve_image(x, _take(weights, 2), "relu"), 2)
    code = x.reshape(len(x), -1)
    return dense(code, _take(weights, 2), "linear" if variational else "relu")


def _paper_decoder(
    x: np.ndarray, weights: Iterator[np.ndarray], *, n_frames: int, n_mels: int, **_: Any
) -> np.ndarray:
    x = dense(x, _take(weights, 2), "sigmoid")
    return np.swapaxes(x.reshape(len(x), n_mels, n_frames), 1, 2)


def _local_encoder(
    x: np.ndarray, weights: Iterator[np.ndarray], *, n_frames: int, steps: int, **_: Any
) -> np.ndarray:
    patch = -(-n_frames // steps)
    x = x[:, np.minimum(np.arange(steps * patch), n_frames - 1)]
    x = dense(x.reshape(len(x), steps, -1), _take(weights, 2))
    return x.reshape(len(x), -1)


def _local_decoder(
    x: np.ndarray,
    weights: Iterator[np.ndarray],
    *,
    n_frames: int,
    n_mels: int,
    steps: int,
    **_: Any,
) -> np.ndarray:
    x = convolve(x.reshape(len(x), steps, -1), _take(weights, 2))
    x = x.reshape(len(x), -1, n_mels, 1)[:, :n_frames]
    x = np.clip(x, 0, 1)
    y = np.pad(x, ((0, 0), (0, n_frames % 2), (0, n_mels % 2), (0, 0)))
    for stride in (2, 1, 1):
        y = convolve_image(y, _take(weights, 2), "relu", stride=stride)
    y = convolve_image_transposed(y, _take(weights, 2), stride=2)
    return (x + y[:, :n_frames, :n_mels])[..., 0]


def _vocoder(
    x: np.ndarray, weights: Iterator[np.ndarray], *, kernel_sizes: Sequence[int], **_: Any
) -> np.ndarray:
    x = np.swapaxes(x, 1, 2)
    for i in range(len(kernel_sizes)):
        x = convolve(x, _take(weights, 2))
        if i == 0:
            x += next(weights)
        x = np.maximum(x, 0)
    return dense(x, _take(weights, 2))
