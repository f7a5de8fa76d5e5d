"""Training of the network of `MDNRegressor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .mdn_scaling import ColumnScaling

if TYPE_CHECKING:
    from .mdn import MDNRegressor

__all__ = ["train_network"]


def train_network(
    model: MDNRegressor,
    scaling: ColumnScaling,
    options: dict[str, Any],
    start: tuple[Any, ...],
    rows: tuple[np.ndarray, np.ndarray, np.ndarray | None],
    *,
    rank: int,
    **training: Any,
) -> tuple[Any, dict[str, list[float]]]:
    """Train a mixture density network on scaled rows.

    Parameters
    ----------
    model : MDNRegressor
        Its parameters choose the network.
    scaling : ColumnScaling
        Scaling of the columns.
    options : dict
        Result of `architecture_options`.
    start : tuple of ndarray
        Weights, means, scales and factors of the mixture that the network starts from.
    rows : tuple of (inputs, targets, weights)
        Scaled training rows; weights may be None.
    rank : int
        Factors of a covariance.
    **training : dict
        Further arguments of :func:`sklearn_asdf.nets.training.train`.

    Returns
    -------
    network : Network
        The trained network.
    history : dict of list of float
        Losses of each epoch.
    """
    from ..nets.builders import build_network
    from ..nets.mixture import MixtureNLL
    from ..nets.training import train

    inputs, targets, weight = rows
    total = len(targets) if weight is None else weight.sum()
    factor = 1.0
    # Keras divides a weighted loss by the number of rows, not by the sum of their weights.
    if weight is not None:
        # A power of two keeps all bits and avoids overflow.
        weight = weight / 2.0 ** np.floor(np.log2(weight.max()))
        factor = float(1 / weight.mean())
    loss: dict[str, Any] = {
        "n_mixtures": model.n_mixtures,
        "activation": scaling.activation,
        "min_scale": scaling.min_scale,
        "rank": rank,
        "dtype": model.dtype,
    }
    network, history = train(
        build_network,
        _network_config(model, scaling, options, start, total),
        inputs,
        targets,
        loss=MixtureNLL(**loss, factor=factor),
        validation_loss=MixtureNLL(**loss),
        optimizer=options["optimizer"],
        optimizer_params=options["optimizer_params"]
        | {"learning_rate": float(options["learning_rate"])},
        epochs=options["epochs"],
        batch_size=options["batch_size"],
        sample_weight=weight,
        **training,
    )
    # The weights of a network that is built anew are loaded, not sampled.
    network.config["blank"] = True
    return network, history


def _network_config(
    model: MDNRegressor,
    scaling: ColumnScaling,
    options: dict[str, Any],
    start: tuple[Any, ...],
    total_weight: float,
) -> dict[str, Any]:
    """Return the arguments of `build_network` without the seed."""
    from ..nets.mixture_network import output_bias

    activations = options["activation"]
    recurrent = () if model.step_size is None else options["recurrent_layer_sizes"]
    config = {
        "n_inputs": len(scaling.input_loc),
        "n_targets": max(int(scaling.varies.sum()), 1),
        "n_mixtures": model.n_mixtures,
        "step_size": model.step_size,
        "recurrent_layer_sizes": tuple(int(n) for n in recurrent),
        "hidden_layer_sizes": tuple(int(n) for n in options["hidden_layer_sizes"]),
        "recurrent_activation": options["recurrent_activation"],
        "activations": (activations,) if isinstance(activations, str) else activations,
        "dropout": float(options["dropout"]),
        "noise": float(model.noise),
        "alpha": float(model.alpha / (2 * total_weight)),
        "dtype": model.dtype,
    }
    weights, means, scales, factors = start
    if factors is not None:
        config["factors"] = factors[:, scaling.varies].astype(model.dtype)
    if options["standardize"] and scaling.varies.any():
        bias = output_bias(
            weights,
            means[:, scaling.varies],
            scales[:, scaling.varies],
            min_scale=scaling.min_scale,
        )
        config |= {"bias": bias.astype(model.dtype), "kernel_scale": 0.1}
    return config
