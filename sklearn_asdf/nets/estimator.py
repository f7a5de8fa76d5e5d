"""Parameters, checkpoints and results that estimators with a trained network share."""

from __future__ import annotations

import os
from typing import Any, TypeVar

import joblib

from .._files import check_writable_folder
from .._validation import Integral, Interval, Real

__all__ = ["TRAINING_CONSTRAINTS", "NetworkEstimatorMixin", "with_training_parameters"]

TRAINING_CONSTRAINTS: dict[str, Any] = {
    "optimizer": [str, None],
    "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
    "batch_size": [Interval(Integral, 1, None, closed="left"), None],
    "epochs": [Interval(Integral, 0, None, closed="left"), None],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), None],
    "checkpoint_dir": [str, os.PathLike, None],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}

_PARAMETERS = """\
    optimizer : str, default=None
        Name of a Keras optimizer. None, here and in the next three parameters, means the value of
        the architecture; see the notes.
    learning_rate : float, default=None
        Initial learning rate of the optimizer.
    batch_size : int, default=None
        Number of rows per training step.
    epochs : int, default=None
        Maximum number of passes over the training rows.
    n_iter_no_change : int or None, default={n_iter_no_change}
        Number of epochs without a better validation loss after which training stops. None trains
        for all epochs.
    checkpoint_dir : str or PathLike, default=None
        Folder that keeps the state of the training after each epoch. A `fit` that was interrupted
        continues from it if parameters and data are the same. It serves one training at a time.
    verbose : int, default=0
        Above 0, training shows a progress bar on standard error.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, order of rows and all other sampling. Pass an int for the same result on
        each call.
"""

_Class = TypeVar("_Class", bound=type)


def with_training_parameters(*, n_iter_no_change: int | None) -> Any:
    """Return a class decorator that documents the shared parameters.

    Parameters
    ----------
    n_iter_no_change : int or None
        Default of that parameter in the class.

    Returns
    -------
    callable
        Replaces the line ``{training_parameters}`` in the docstring of a class.
    """
    text = _PARAMETERS.replace("{n_iter_no_change}", str(n_iter_no_change))

    def decorate(cls: _Class) -> _Class:
        # Without docstrings (python -OO) there is nothing to replace.
        if cls.__doc__:
            cls.__doc__ = cls.__doc__.replace("    {training_parameters}\n", text)
        return cls

    return decorate


class NetworkEstimatorMixin:
    """Mixin of estimators that train a network with :func:`sklearn_asdf.nets.training.train`.

    A class with it takes the parameters of `TRAINING_CONSTRAINTS` in `__init__` and documents them
    with `with_training_parameters`.
    """

    checkpoint_dir: Any
    n_iter_no_change: Any
    verbose: Any
    get_params: Any
    # What a progress bar says is trained.
    _trained: str = "the network"
    # Parameters that may differ between an interrupted training and the one that resumes it.
    _resumable: tuple[str, ...] = ("checkpoint_dir", "epochs", "verbose")

    def _open_checkpoint(self, *data: Any) -> Any:
        """Return the checkpoint of a training on some data, or None without `checkpoint_dir`."""
        if self.checkpoint_dir is None:
            return None
        from ._callbacks import Checkpoint

        params = self.get_params(deep=False)
        params = {k: v for k, v in params.items() if k not in self._resumable}
        return Checkpoint(self.checkpoint_dir, joblib.hash((params, *data)))

    def _check_checkpoint_dir(self) -> None:
        if self.checkpoint_dir is not None:
            check_writable_folder(self.checkpoint_dir)

    def _training_options(self) -> dict[str, Any]:
        """Return the arguments of `train` that do not depend on the architecture."""
        return {
            "n_iter_no_change": self.n_iter_no_change,
            "verbose": int(self.verbose),
            "description": f"training {self._trained}",
        }
