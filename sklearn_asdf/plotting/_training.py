"""TrainingDisplay: losses of networks over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.pipeline import Pipeline

from ._colors import CYCLE
from ._motion import import_pyplot

__all__ = ["TrainingDisplay"]

# What the paper's listeners heard above each mean squared error of the spectrogram (its table 2).
_AUDIBLE = (
    (0.0080, "noise"),
    (0.0060, "modulated noise"),
    (0.0050, "modulated timbre"),
    (0.0035, "blurred notes"),
    (0.0, "recognizable melody"),
)
_NAMES = {"loss": "training", "val_loss": "held out"}


class TrainingDisplay:
    """Losses over the epochs of a training.

    Use :meth:`from_estimator` to create it.

    Parameters
    ----------
    histories : dict of str to dict of str to list of float
        Losses of each epoch by name (``"loss"``, ``"val_loss"``), for each network by title.
    audible : sequence of str, default=()
        Titles of the networks whose loss is the mean squared error of mel spectrograms in [0, 1].
        For these, the thresholds of table 2 in [1]_ are drawn.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        The axes, one for each network.
    figure_ : matplotlib Figure
        Their figure.

    References
    ----------
    .. [1] S. B. Olsen, D. M. Woodward and J. A. Moreno, "ASDF-RNN: An Investigation Into Raw
       Audio Synthesis From Dance Features Using a Probabilistic Deep Encoder-RNN-Decoder
       Topology", Aalborg University, 2019, table 2.

    Examples
    --------
    >>> from sklearn_asdf.plotting import TrainingDisplay
    >>> losses = {"loss": [0.01, 0.006, 0.004], "val_loss": [0.011, 0.007, 0.005]}
    >>> display = TrainingDisplay({"code": losses}, audible=["code"]).plot()
    """

    def __init__(
        self, histories: Mapping[str, Mapping[str, list[float]]], *, audible: Sequence[str] = ()
    ) -> None:
        self.histories = histories
        self.audible = audible

    @classmethod
    def from_estimator(cls, estimator: Any, *, axes: Any = None, **kwargs: Any) -> Self:
        """Draw the losses of a fitted estimator.

        Parameters
        ----------
        estimator : MelEncoder, MDNRegressor, AudioTargetRegressor or Pipeline
            Fitted. For the last two both networks are drawn, if they were trained.
        axes : sequence of matplotlib Axes, default=None
            One for each network; None creates a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        display : TrainingDisplay
            The plotted display.
        """
        if isinstance(estimator, Pipeline):
            estimator = estimator[-1]
        parts = {"density": estimator}
        if hasattr(estimator, "transformer_"):
            code = getattr(estimator.transformer_, "estimator", estimator.transformer_)
            parts = {"code": code, "density": estimator.regressor_}
        elif hasattr(estimator, "reconstruction_error"):
            parts = {"code": estimator}
        histories = {
            title: part.history_ for title, part in parts.items() if getattr(part, "history_", None)
        }
        if not histories:
            raise ValueError(
                f"expected an estimator that was trained in epochs, got {type(estimator).__name__} "
                "without a history: fit it, with epochs above 0"
            )
        audible = [
            title
            for title in histories
            if title == "code" and getattr(parts[title], "loss", None) == "mse"
        ]
        return cls(histories, audible=audible).plot(axes=axes, **kwargs)

    def plot(self, axes: Any = None) -> Self:
        """Draw the losses.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            One for each network; None creates a figure.

        Returns
        -------
        display : TrainingDisplay
            The display itself.
        """
        if axes is None:
            n = len(self.histories)
            _, grid = import_pyplot().subplots(
                1, n, figsize=(6 * n, 4), squeeze=False, layout="constrained"
            )
            axes = grid[0]
        for ax, (title, history) in zip(axes, self.histories.items()):
            for i, (name, label) in enumerate(_NAMES.items()):
                if history.get(name):
                    epochs = np.arange(1, len(history[name]) + 1)
                    ax.plot(epochs, history[name], label=label, color=CYCLE[i], marker=".o"[i])
            ax.set(title=title, xlabel="epoch", ylabel="loss")
            if title in self.audible:
                ax.set_ylabel("mean squared error")
                _draw_audible(ax, history)
            ax.legend()
            ax.xaxis.get_major_locator().set_params(integer=True)
        self.axes_, self.figure_ = list(axes), axes[0].figure
        return self


def _draw_audible(ax: Any, history: Mapping[str, list[float]]) -> None:
    """Shade what is heard at which error."""
    losses = np.concatenate([history[name] for name in _NAMES if history.get(name)])
    top = max(float(losses.max()), _AUDIBLE[0][0]) * 1.1
    above = top
    for i, (limit, heard) in enumerate(_AUDIBLE):
        ax.axhspan(limit, above, color=CYCLE[2], alpha=0.04 + 0.06 * i, linewidth=0)
        ax.annotate(
            heard,
            (0.01, (limit + above) / 2),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize="small",
            color="0.3",
        )
        above = limit
    ax.set_ylim(0, top)
