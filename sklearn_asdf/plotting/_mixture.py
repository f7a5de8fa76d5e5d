"""MixtureDisplay: the density of one target."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ..density.mixtures import GaussianMixtures
from ._colors import ACCENT, CYCLE
from ._motion import check_axes

__all__ = ["MixtureDisplay"]


class MixtureDisplay:
    """The density of one dimension of a target, its components, and the observed value.

    Use :meth:`from_distribution` to create it.

    Parameters
    ----------
    weights, means, scales : ndarray of shape (n_components,)
        The mixture of Gaussians.
    interval : tuple of float, default=None
        Ends of an interval to shade.
    y : float, default=None
        Observed value.
    name : str, default="y"
        Name of the target.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    sklearn_asdf.MDNRegressor.predict_dist : Returns such densities.

    Examples
    --------
    >>> from sklearn_asdf import GaussianMixtures
    >>> from sklearn_asdf.plotting import MixtureDisplay
    >>> density = GaussianMixtures([[0.3, 0.7]], [[[-1.0], [1.0]]], [[[0.4], [0.6]]])
    >>> display = MixtureDisplay.from_distribution(density, y=[[0.8]])
    """

    def __init__(
        self,
        weights: np.ndarray,
        means: np.ndarray,
        scales: np.ndarray,
        *,
        interval: tuple[float, float] | None = None,
        y: Any = None,
        name: str = "y",
    ) -> None:
        self.weights = weights
        self.means = means
        self.scales = scales
        self.interval = interval
        self.y = y
        self.name = name

    @classmethod
    def from_distribution(
        cls,
        density: GaussianMixtures,
        row: int = 0,
        dimension: int = 0,
        *,
        y: Any = None,
        coverage: float = 0.9,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw one dimension of one row of a density.

        Parameters
        ----------
        density : GaussianMixtures
            As returned by :meth:`MDNRegressor.predict_dist`.
        row : int, default=0
            Index of the row.
        dimension : int, default=0
            Index of the target.
        y : array-like of shape (n, D), default=None
            Observed targets; the same row and dimension are marked.
        coverage : float, default=0.9
            Probability of the central interval that is shaded.
        name : str, default=None
            Name of the target; None is its index.
        ax : matplotlib Axes, default=None
            Axes to draw into; None creates a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        display : MixtureDisplay
            The plotted display.
        """
        one = density[[row]]
        low, high = one.interval(coverage)
        display = cls(
            one.weights[0],
            one.means[0, :, dimension],
            one.marginal_scales[0, :, dimension],
            interval=(float(low[0, dimension]), float(high[0, dimension])),
            y=None if y is None else float(np.asarray(y)[row, dimension]),
            name=f"number {dimension}" if name is None else name,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, *, n_points: int = 400) -> Self:
        """Draw the density.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; None creates a figure.
        n_points : int, default=400
            Number of points of the curve.

        Returns
        -------
        display : MixtureDisplay
            The display itself.
        """
        ax = check_axes(ax)
        # A component that hardly counts must not stretch the axis.
        counts = self.weights > 1e-3
        low = (self.means - 4 * self.scales)[counts].min()
        high = (self.means + 4 * self.scales)[counts].max()
        if self.y is not None:
            low, high = min(low, self.y), max(high, self.y)
        grid = np.linspace(low, high, n_points)
        z = (grid[:, None] - self.means) / self.scales
        parts = self.weights * np.exp(-(z**2) / 2) / (self.scales * np.sqrt(2 * np.pi))
        if self.interval is not None:
            inside = (grid >= self.interval[0]) & (grid <= self.interval[1])
            ax.fill_between(
                grid, parts.sum(axis=1), where=inside, color=CYCLE[0], alpha=0.2, linewidth=0
            )
        ax.plot(grid, parts[:, counts], "--", color="0.6", linewidth=0.8)
        ax.plot(grid, parts.sum(axis=1), color=CYCLE[0], label="density")
        if self.y is not None:
            ax.axvline(self.y, color=ACCENT, label="observed")
            ax.legend()
        ax.set(xlabel=self.name, ylabel="density", ylim=(0, None))
        self.ax_, self.figure_ = ax, ax.figure
        return self
