"""Layers of networks as functions of NumPy arrays, equal to Keras's to the rounding of their dtype.

They predict only; training uses Keras. Images are (n, height, width, channels), sequences
(n, steps, channels). The weights of a layer are the arrays that Keras's ``layer.get_weights()``
returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import erf, expit, softmax

__all__ = [
    "ACTIVATIONS",
    "convolve",
    "convolve_image",
    "convolve_image_transposed",
    "dense",
    "lstm",
    "lstm_cell",
    "lstm_step",
    "max_pool",
]

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x, x.dtype.type(0))


# Keras's name of each, with its default parameters.
ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "elu": _elu,
    "exponential": np.exp,
    "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(x.dtype.type(2)))),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "leaky_relu": lambda x: np.where(x > 0, x, x.dtype.type(0.2) * x),
    "linear": lambda x: x,
    "log_sigmoid": lambda x: -_softplus(-x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "selu": lambda x: np.where(
        x > 0, x.dtype.type(_SELU_SCALE) * x, _SELU_SCALE * _SELU_ALPHA * np.expm1(np.minimum(x, 0))
    ),
    "sigmoid": expit,
    "silu": lambda x: x * expit(x),
    "softmax": lambda x: softmax(x, axis=-1),
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "swish": lambda x: x * expit(x),
    "tanh": np.tanh,
}


def dense(x: np.ndarray, weights: Sequence[np.ndarray], activation: str = "linear") -> np.ndarray:
    """Return the output of a dense layer.

    Parameters
    ----------
    x : ndarray of shape (..., n_inputs)
        Inputs.
    weights : sequence of ndarray of shape (n_inputs, n_outputs) and (n_outputs,)
        Kernel and bias.
    activation : str, default="linear"
        A name of `ACTIVATIONS`.

    Returns
    -------
    ndarray of shape (..., n_outputs)
        The output.
    """
    kernel, bias = weights
    return ACTIVATIONS[activation](x @ kernel + bias)


def lstm_step(
    x: np.ndarray,
    state: tuple[np.ndarray, np.ndarray],
    weights: Sequence[np.ndarray],
    activation: str = "tanh",
) -> tuple[np.ndarray, np.ndarray]:
    """Return the state of an LSTM layer after one step.

    Parameters
    ----------
    x : ndarray of shape (n, n_inputs)
        Inputs of the step.
    state : tuple of ndarray of shape (n, n_units)
        Output and cell before the step.
    weights : sequence of ndarray
        Kernel (n_inputs, 4 * n_units), recurrent kernel (n_units, 4 * n_units) and bias
        (4 * n_units,), for the input gate, the forget gate, the cell and the output gate.
    activation : str, default="tanh"
        Of cell and output; the gates have sigmoids.

    Returns
    -------
    output, cell : ndarray of shape (n, n_units)
        State after the step.
    """
    before, cell = state
    kernel, recurrent_kernel, bias = weights
    return lstm_cell(x @ kernel + before @ recurrent_kernel + bias, cell, activation)


def lstm_cell(
    z: np.ndarray, cell: np.ndarray, activation: str = "tanh"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the state of an LSTM layer from the sums that enter its gates.

    Parameters
    ----------
    z : ndarray of shape (n, 4 * n_units)
        Sums for the input gate, the forget gate, the cell and the output gate.
    cell : ndarray of shape (n, n_units)
        Cell before the step.
    activation : str, default="tanh"
        As in `lstm_step`.

    Returns
    -------
    output, cell : ndarray of shape (n, n_units)
        State after the step.
    """
    act = ACTIVATIONS[activation]
    enter, forget, new, leave = np.split(z, 4, axis=-1)
    cell = expit(forget) * cell + expit(enter) * act(new)
    return expit(leave) * act(cell), cell


def lstm(
    x: np.ndarray,
    weights: Sequence[np.ndarray],
    activation: str = "tanh",
    *,
    mask: np.ndarray | None = None,
    return_sequences: bool = False,
) -> np.ndarray:
    """Return the output of an LSTM layer that starts from zeros.

    Parameters
    ----------
    x : ndarray of shape (n, n_steps, n_inputs)
        Sequences.
    weights : sequence of ndarray
        As in `lstm_step`.
    activation : str, default="tanh"
        As in `lstm_step`.
    mask : ndarray of bool of shape (n, n_steps), default=None
        False where a step is padding: state and output stay as they were.
    return_sequences : bool, default=False
        Whether the output of each step is returned.

    Returns
    -------
    ndarray of shape (n, n_units) or (n, n_steps, n_units)
        The output after the last step, or after each.
    """
    n_units = len(weights[1])
    state = (np.zeros((len(x), n_units), x.dtype),) * 2
    outputs = []
    for step in range(x.shape[1]):
        after = lstm_step(x[:, step], state, weights, activation)
        if mask is None:
            state = after
        else:
            counts = mask[:, step, None]
            state = np.where(counts, after[0], state[0]), np.where(counts, after[1], state[1])
        outputs.append(state[0])
    return np.stack(outputs, axis=1) if return_sequences else state[0]


def convolve(x: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    """Return the output of a convolution in time, as long as its input.

    Parameters
    ----------
    x : ndarray of shape (n, n_steps, n_inputs)
        Sequences.
    weights : sequence of ndarray of shape (n_taps, n_inputs, n_outputs) and (n_outputs,)
        Kernel and bias.

    Returns
    -------
    ndarray of shape (n, n_steps, n_outputs)
        The output.
    """
    kernel, bias = weights
    before, after = _padding(x.shape[1], len(kernel), 1)
    padded = np.pad(x, ((0, 0), (before, after), (0, 0)))
    parts = (padded[:, i : i + x.shape[1]] @ taps for i, taps in enumerate(kernel))
    return sum(parts, start=bias[None])


def convolve_image(
    x: np.ndarray,
    weights: Sequence[np.ndarray],
    activation: str = "linear",
    *,
    stride: int = 1,
) -> np.ndarray:
    """Return the output of a convolution of images with padding "same".

    Parameters
    ----------
    x : ndarray of shape (n, height, width, n_inputs)
        Images.
    weights : sequence of ndarray
        Kernel (n_rows, n_columns, n_inputs, n_outputs) and bias (n_outputs,).
    activation : str, default="linear"
        A name of `ACTIVATIONS`.
    stride : int, default=1
        Step in both directions.

    Returns
    -------
    ndarray of shape (n, ceil(height / stride), ceil(width / stride), n_outputs)
        The output.
    """
    kernel, bias = weights
    n, height, width, _ = x.shape
    rows, columns, n_inputs, n_outputs = kernel.shape
    pads = _padding(height, rows, stride), _padding(width, columns, stride)
    padded = np.pad(x, ((0, 0), *pads, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (rows, columns), axis=(1, 2))
    # (n, height, width, rows, columns, n_inputs), as the kernel's first axes are.
    windows = np.moveaxis(windows[:, ::stride, ::stride], 3, -1)
    flat = kernel.reshape(-1, n_outputs)
    out = np.empty((*windows.shape[:3], n_outputs), x.dtype)
    # One image at a time: its patches take many times the memory of the image.
    for i in range(n):
        patches = windows[i].reshape(-1, rows * columns * n_inputs)
        out[i] = (patches @ flat + bias).reshape(out[i].shape)
    return ACTIVATIONS[activation](out)


def convolve_image_transposed(
    x: np.ndarray, weights: Sequence[np.ndarray], *, stride: int
) -> np.ndarray:
    """Return the output of a transposed convolution of images with padding "same".

    Parameters
    ----------
    x : ndarray of shape (n, height, width, n_inputs)
        Images.
    weights : sequence of ndarray
        Kernel (n_rows, n_columns, n_outputs, n_inputs) and bias (n_outputs,).
    stride : int
        Factor of both sizes, at most as large as the kernel.

    Returns
    -------
    ndarray of shape (n, height * stride, width * stride, n_outputs)
        The output.
    """
    kernel, bias = weights
    n, height, width, n_inputs = x.shape
    rows, columns, n_outputs, _ = kernel.shape
    shape = (n, (height - 1) * stride + rows, (width - 1) * stride + columns, n_outputs)
    whole = np.zeros(shape, x.dtype)
    parts = x.reshape(-1, n_inputs) @ kernel.reshape(-1, n_inputs).T
    parts = parts.reshape(n, height, width, rows, columns, n_outputs)
    for i in range(rows):
        for j in range(columns):
            target = whole[:, i : i + stride * height : stride, j : j + stride * width : stride]
            target += parts[:, :, :, i, j]
    top, left = (rows - stride) // 2, (columns - stride) // 2
    return whole[:, top : top + height * stride, left : left + width * stride] + bias


def max_pool(x: np.ndarray, size: int) -> np.ndarray:
    """Return the largest value in each square of an image.

    Parameters
    ----------
    x : ndarray of shape (n, height, width, channels)
        Images.
    size : int
        Side of the squares; rows and columns that fill none are dropped.

    Returns
    -------
    ndarray of shape (n, height // size, width // size, channels)
        The maxima.
    """
    n, height, width, channels = x.shape
    height, width = height // size, width // size
    x = x[:, : height * size, : width * size]
    return x.reshape(n, height, size, width, size, channels).max(axis=(2, 4))


def _padding(n: int, size: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after so many values for padding "same"."""
    total = max((-(-n // stride) - 1) * stride + size - n, 0)
    return total // 2, total - total // 2
