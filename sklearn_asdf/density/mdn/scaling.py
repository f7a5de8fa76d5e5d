"""Scaling of the columns of a mixture density network, and its output in the unit of targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from ...nets.mixture_output import PADDING, scale_of_numpy, split_output
from ..mixtures import GaussianMixtures
from ..moments import column_moments, is_constant

__all__ = ["ColumnScaling"]

# Scaled inputs are clipped at this many standard deviations.
_LARGEST_INPUT = 10.0


@dataclass(frozen=True, eq=False)
class ColumnScaling:
    """Location and scale of inputs and targets.

    Parameters
    ----------
    input_loc, input_scale : ndarray of shape (n_features,)
        Of the inputs.
    target_loc, target_scale : ndarray of shape (n_targets,)
        Of the targets.
    spread : ndarray of shape (n_targets,)
        Standard deviations of the targets; for constant targets, that of the others.
    varies : ndarray of bool of shape (n_targets,)
        Which targets the network models; the others are constant.
    min_scale : float
        Lower bound of the scales of scaled targets.
    activation : {"softplus", "elu"}
        Function that makes the scales of the network positive.
    clip_inputs : bool, default=True
        Whether outlying inputs are clipped.
    """

    input_loc: np.ndarray
    input_scale: np.ndarray
    target_loc: np.ndarray
    target_scale: np.ndarray
    spread: np.ndarray
    varies: np.ndarray
    min_scale: float
    activation: str
    clip_inputs: bool = True

    @property
    def n_modelled(self) -> int:
        """Number of targets of the network, one if all targets are constant."""
        return max(int(np.count_nonzero(self.varies)), 1)

    @classmethod
    def of(
        cls,
        X: np.ndarray,
        y: np.ndarray,
        weight: np.ndarray | None,
        options: dict[str, Any],
        *,
        target_eps: float,
    ) -> ColumnScaling:
        """Fit the scaling to training rows.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Inputs.
        y : ndarray of shape (n_rows, n_targets)
            Targets.
        weight : ndarray of shape (n_rows,) or None
            Weights of the rows.
        options : dict
            Values of an entry of `ARCHITECTURES`.
        target_eps : float
            Precision of the targets: those that vary by less are constant.

        Returns
        -------
        ColumnScaling
            The scaling.
        """
        y_loc, y_spread = column_moments(y, weight)
        constant = is_constant(y_loc, y_spread, eps=target_eps)
        y_loc[constant] = y[0, constant]
        if not constant.all():
            typical = y_spread[~constant].mean()
        else:
            typical = np.abs(y_loc).max() or 1.0
        y_spread[constant] = typical
        common = {
            "spread": y_spread,
            "min_scale": float(options["min_scale"]),
            "activation": options["scale_activation"],
        }
        n_inputs, n_targets = X.shape[1], y.shape[1]
        if not options["standardize"]:
            return cls(
                np.zeros(n_inputs),
                np.ones(n_inputs),
                np.zeros(n_targets),
                np.ones(n_targets),
                varies=np.ones(n_targets, dtype=bool),
                clip_inputs=False,
                **common,
            )
        x_loc, x_spread = column_moments(X, weight)
        x_spread[is_constant(x_loc, x_spread, eps=np.finfo(X.dtype).eps)] = 1.0
        return cls(x_loc, x_spread, y_loc, y_spread, varies=~constant, **common)

    def scale_inputs(self, X: np.ndarray, *, recurrent: bool, dtype: str) -> np.ndarray:
        """Return the inputs of the network.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Features.
        recurrent : bool
            Whether NaN is padding of a recurrent network.
        dtype : str
            Precision of the network.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            Scaled features.
        """
        scaled = (X.astype(float) - self.input_loc) / self.input_scale
        if self.clip_inputs:
            np.clip(scaled, -_LARGEST_INPUT, _LARGEST_INPUT, out=scaled)
        if recurrent:
            scaled[np.isnan(scaled)] = PADDING
        return scaled.astype(dtype)

    def scale_targets(self, y: np.ndarray, *, dtype: str) -> np.ndarray:
        """Return the targets of the network.

        Parameters
        ----------
        y : ndarray of shape (n_rows, n_targets)
            Targets.
        dtype : str
            Precision of the network.

        Returns
        -------
        ndarray of shape (n_rows, n_modelled)
            Scaled targets that vary, or one column of zeros if none does.
        """
        scaled = ((y - self.target_loc) / self.target_scale)[:, self.varies]
        return (scaled if scaled.shape[1] else np.zeros((len(y), 1))).astype(dtype)

    def restore_targets(self, scaled: np.ndarray) -> np.ndarray:
        """Return targets in their unit.

        Parameters
        ----------
        scaled : ndarray of shape (..., n_modelled)
            Scaled targets that vary, as `scale_targets` returns them.

        Returns
        -------
        ndarray of shape (..., n_targets)
            Targets.
        """
        found = np.zeros((*scaled.shape[:-1], len(self.target_loc)))
        if self.varies.any():
            found[..., self.varies] = scaled
        return self.target_loc + found * self.target_scale

    def densities(
        self, output: np.ndarray, *, n_mixtures: int, relative: np.ndarray | None, baseline: Any
    ) -> GaussianMixtures:
        """Return the densities that an output of the network describes.

        Parameters
        ----------
        output : ndarray of shape (n_rows, K + 2 K D)
            Output of the network, without factors.
        n_mixtures : int
            Components of a mixture, K.
        relative : ndarray of shape (K, D, R) or None
            Factors of the covariances in units of the scales.
        baseline : ndarray of shape (n_rows, n_targets) or float
            What is added to the means, in the unit of the targets.

        Returns
        -------
        GaussianMixtures
            One mixture per row, in the unit of the targets.
        """
        logits, means, scales = split_output(output.astype(float), n_mixtures)
        shape = (*logits.shape, len(self.target_loc))
        all_means = np.zeros(shape)
        all_scales = np.full(shape, self.min_scale)
        if self.varies.any():
            all_means[..., self.varies] = means
            all_scales[..., self.varies] = scale_of_numpy(scales, self.activation, self.min_scale)
        all_scales *= self.target_scale
        factors = None
        if relative is not None:
            factors = np.zeros((*shape, relative.shape[2]))
            factors[:, :, self.varies] = all_scales[:, :, self.varies, None] * relative
        if np.ndim(baseline):
            baseline = baseline[:, None]
        return GaussianMixtures(
            softmax(logits, axis=1),
            self.target_loc + all_means * self.target_scale + baseline,
            all_scales,
            factors,
        )
