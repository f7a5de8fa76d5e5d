"""The values of the parameters of `MDNRegressor` in each architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .estimator import MDNRegressor

__all__ = ["ARCHITECTURES", "architecture_options"]

# Values of parameters that are None. Those of the paper are in its section 3.4.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "default": {
        "hidden_layer_sizes": (128, 128),
        "recurrent_layer_sizes": (64,),
        "activation": "tanh",
        "recurrent_activation": "tanh",
        "dropout": 0.2,
        "min_scale": 1e-2,
        "optimizer": "adam",
        "optimizer_params": {"clipnorm": 1.0},
        "learning_rate": 1e-3,
        "batch_size": 64,
        "epochs": 500,
        "early_stopping": True,
        "standardize": True,
        "scale_activation": "softplus",
    },
    "paper": {
        "hidden_layer_sizes": (2048, 4096, 2048),
        "recurrent_layer_sizes": (512, 1024),
        "activation": ("sigmoid", "relu", "relu"),
        "recurrent_activation": "sigmoid",
        "dropout": 0.5,
        "min_scale": 1e-7,
        "optimizer": "rmsprop",
        "optimizer_params": {"rho": 0.9},
        "learning_rate": 1e-4,
        "batch_size": 8,
        "epochs": 3750,
        "early_stopping": False,
        "standardize": False,
        "scale_activation": "elu",
    },
}
_FEWEST_ROWS_TO_VALIDATE = 40
_EPOCHS_WITHOUT_VALIDATION = 30
# A sequence has many targets: fewer of them are a batch.
_SEQUENCES_A_BATCH = 16


def architecture_options(model: MDNRegressor, n_rows: int) -> dict[str, Any]:
    """Return the parameters of a model, with the values of its architecture for those of None.

    Parameters
    ----------
    model : MDNRegressor
        Parameters.
    n_rows : int
        Number of rows (or of steps of sequences) with a weight above 0.

    Returns
    -------
    dict
        Entries as in `ARCHITECTURES`.
    """
    options = {
        name: default if getattr(model, name, None) is None else getattr(model, name)
        for name, default in ARCHITECTURES[model.architecture].items()
    }
    if model.target_step_size is not None and model.batch_size is None:
        options["batch_size"] = min(options["batch_size"], _SEQUENCES_A_BATCH)
    if model.early_stopping is None and n_rows < _FEWEST_ROWS_TO_VALIDATE:
        options["early_stopping"] = False
    if model.epochs is None and model.architecture == "default" and not options["early_stopping"]:
        options["epochs"] = _EPOCHS_WITHOUT_VALIDATION
    return options
