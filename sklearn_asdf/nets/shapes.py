"""The shapes of a network's weights by its parameters alone, without Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["weight_shapes"]

_Shapes = list[tuple[int, ...]]


def weight_shapes(build: str, config: Mapping[str, Any]) -> _Shapes:
    """Return the shapes of all weights of a network, in the order of Keras.

    Parameters
    ----------
    build : {"build_network", "build_sequence_network", "build_encoder", "build_decoder", \
"build_vocoder"}
        Name of the function that builds the network.
    config : mapping
        Keyword arguments of that function.

    Returns
    -------
    list of tuple of int
        One shape per array of weights.

    Examples
    --------
    >>> from sklearn_asdf.nets.shapes import weight_shapes
    >>> config = {"n_inputs": 3, "n_targets": 2, "n_mixtures": 1, "hidden_layer_sizes": (8,)}
    >>> weight_shapes("build_network", config)
    [(3, 8), (8,), (8, 5), (5,)]
    """
    if build == "build_network":
        return _mixture(**config)
    if build == "build_sequence_network":
        return _sequence_mixture(**config)
    if build == "build_vocoder":
        return _vocoder(**config)
    paper = config["architecture"] == "paper"
    shapes: dict[str, Callable[..., _Shapes]] = {
        "build_encoder": _paper_encoder if paper else _local_encoder,
        "build_decoder": _paper_decoder if paper else _local_decoder,
    }
    return shapes[build](**config)


def _dense(n_inputs: int, n_outputs: int) -> _Shapes:
    return [(n_inputs, n_outputs), (n_outputs,)]


def _mixture(
    *,
    n_inputs: int,
    n_targets: int,
    n_mixtures: int,
    step_size: int | None = None,
    recurrent_layer_sizes: Any = (),
    hidden_layer_sizes: Any = (64,),
    factors: Any = None,
    **_: Any,
) -> _Shapes:
    shapes: _Shapes = []
    n = n_inputs if step_size is None else step_size
    for size in recurrent_layer_sizes:
        # The four gates of an LSTM.
        shapes += [(n, 4 * size), (size, 4 * size), (4 * size,)]
        n = size
    for size in hidden_layer_sizes:
        shapes += _dense(n, size)
        n = size
    shapes += _dense(n, n_mixtures * (1 + 2 * n_targets))
    if factors is not None:
        shapes.append((np.size(factors),))
    return shapes


def _sequence_mixture(*, n_inputs: int, n_targets: int, **config: Any) -> _Shapes:
    # A step's inputs are its features, the targets before it, and whether these are known.
    n = n_inputs + n_targets + 1
    return _mixture(n_inputs=n, n_targets=n_targets, step_size=n, **config)


def _paper_encoder(
    *, n_frames: int, n_mels: int, code_size: int, variational: bool, **_: Any
) -> _Shapes:
    shapes: _Shapes = []
    n = 1
    for filters in (32, 64, 128, 256):
        shapes += [(3, 3, n, filters), (filters,)]
        n = filters
    # Four times, each side is halved.
    n *= -(-n_mels // 16) * -(-n_frames // 16)
    return shapes + _dense(n, code_size * (2 if variational else 1))


def _paper_decoder(*, n_frames: int, n_mels: int, code_size: int, **_: Any) -> _Shapes:
    return _dense(code_size, n_mels * n_frames)


def _local_encoder(
    *, n_frames: int, n_mels: int, code_size: int, steps: int, variational: bool, **_: Any
) -> _Shapes:
    patch = -(-n_frames // steps)
    return _dense(patch * n_mels, code_size // steps * (2 if variational else 1))


def _local_decoder(
    *, n_frames: int, n_mels: int, code_size: int, steps: int, filters: int, **_: Any
) -> _Shapes:
    patch = -(-n_frames // steps)
    shapes: _Shapes = [(3, code_size // steps, patch * n_mels), (patch * n_mels,)]
    n = 1
    for size in (4, 3, 3):
        shapes += [(size, size, n, filters), (filters,)]
        n = filters
    return [*shapes, (4, 4, 1, filters), (1,)]


def _vocoder(
    *, n_mels: int, n_context: int, channels: int, kernel_sizes: Any, n_knots: int, **_: Any
) -> _Shapes:
    shapes: _Shapes = []
    n = 1 + 2 * n_context
    for i, size in enumerate(kernel_sizes):
        shapes += [(size, n, channels), (channels,)]
        if i == 0:
            shapes.append((n_mels, channels))
        n = channels
    return shapes + _dense(n, 3 * n_knots)
