"""Training of the network of `MDNRegressor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...nets.builders import build_network, build_sequence_network
from .data import NetworkRows
from .scaling import ColumnScaling

if TYPE_CHECKING:
    from .estimator import MDNRegressor

__all__ = ["train_network"]


def train_network(
    model: MDNRegressor,
    scaling: ColumnScaling,
    options: dict[str, Any],
    start: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None],
    rows: NetworkRows,
    held: NetworkRows,
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
    rows, held : NetworkRows
        Rows to train on and to validate with, the latter perhaps none.
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
    from ...nets.training import train

    weight, validation = rows.weight, None
    total = _total(weight, rows.n_scored, len(rows.targets))
    # Keras divides a weighted loss by the number of rows, not by the sum of their weights.
    if weight is not None:
        # A power of two keeps all bits and avoids overflow.
        weight = weight / 2.0 ** np.floor(np.log2(weight.max()))
    build, loss = _network_and_loss(model, scaling, rank)
    if len(held.targets):
        validation = held[:2] if held.weight is None else held[:3]
    network, history = train(
        build,
        _network_config(model, scaling, options, start, total),
        rows.inputs,
        rows.targets,
        loss=loss(_per_density(weight, rows.n_scored, len(rows.targets))),
        # The rows that are validated with are averaged by their weights.
        validation_loss=loss(_per_density(None, held.n_scored, len(held.targets))),
        optimizer=options["optimizer"],
        optimizer_params=options["optimizer_params"]
        | {"learning_rate": float(options["learning_rate"])},
        epochs=options["epochs"],
        batch_size=options["batch_size"],
        sample_weight=weight,
        validation_data=validation,
        **training,
    )
    # The weights of a network that is built anew are loaded, not sampled.
    network.config["blank"] = True
    return network, history


def _total(weight: np.ndarray | None, n_scored: np.ndarray | None, n: int) -> float:
    """Return the sum of the weights of all densities."""
    if n_scored is None:
        return n if weight is None else weight.sum()
    return n_scored.sum() if weight is None else (weight * n_scored).sum()


def _per_density(weight: np.ndarray | None, n_scored: np.ndarray | None, n: int) -> float:
    """Return the factor that makes the mean loss of the rows the mean per density."""
    if not n or (weight is None and n_scored is None):
        return 1.0
    return float(n / _total(weight, n_scored, n))


def _network_and_loss(
    model: MDNRegressor, scaling: ColumnScaling, rank: int
) -> tuple[Callable[..., Any], Callable[[float], Any]]:
    """Return the function that builds the network, and its loss as a function of its factor."""
    options = {
        "n_mixtures": model.n_mixtures,
        "activation": scaling.activation,
        "min_scale": scaling.min_scale,
        "rank": rank,
        "dtype": model.dtype,
    }
    if model.target_step_size is None:
        from ...nets.mixture import MixtureNLL

        return build_network, lambda factor: MixtureNLL(factor=factor, **options)
    from ...nets.sequence_network import SequenceNLL

    options["n_targets"] = scaling.n_modelled
    return build_sequence_network, lambda factor: SequenceNLL(factor=factor, **options)


def _network_config(
    model: MDNRegressor,
    scaling: ColumnScaling,
    options: dict[str, Any],
    start: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None],
    total_weight: float,
) -> dict[str, Any]:
    """Return the arguments of `build_network` without the seed."""
    from ...nets.mixture_network import output_bias

    activations = options["activation"]
    sequences = model.target_step_size is not None
    recurrent = options["recurrent_layer_sizes"] if sequences or model.step_size is not None else ()
    config = {
        "n_inputs": len(scaling.input_loc),
        "n_targets": scaling.n_modelled,
        "n_mixtures": model.n_mixtures,
        "recurrent_layer_sizes": tuple(int(n) for n in recurrent),
        "hidden_layer_sizes": tuple(int(n) for n in options["hidden_layer_sizes"]),
        "recurrent_activation": options["recurrent_activation"],
        "activations": (activations,) if isinstance(activations, str) else activations,
        "dropout": float(options["dropout"]),
        "noise": float(model.noise),
        "alpha": float(model.alpha / (2 * total_weight)),
        "dtype": model.dtype,
    }
    if sequences:
        config["feedback_noise"] = float(model.feedback_noise)
    else:
        config["step_size"] = model.step_size
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
