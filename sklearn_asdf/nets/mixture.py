"""Log-likelihood of mixture density networks in Keras, and their loss.

The mathematics are those of :mod:`sklearn_asdf.density.mixtures`, on ``keras.ops`` so that they
have gradients on every backend. :mod:`.mixture_output` describes a network's output.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import import_keras
from .mixture_output import split_factors, split_output

import_keras("a mixture density network")
import keras  # noqa: E402
from keras import ops  # noqa: E402

__all__ = ["MixtureNLL", "mixture_log_prob", "scale_of"]

_LOG_2PI = float(np.log(2 * np.pi))


def scale_of(raw: Any, activation: str, min_scale: float) -> Any:
    """Return standard deviations, above `min_scale`, from what the network returned.

    Parameters
    ----------
    raw : tensor
        Any real numbers.
    activation : {"softplus", "elu"}
        Both are smooth and grow like a line; "elu" is ``elu(x) + 1``.
    min_scale : float
        The floor.

    Returns
    -------
    tensor
        Of the same shape.
    """
    positive = ops.softplus(raw) if activation == "softplus" else ops.elu(raw) + 1.0
    return positive + min_scale


def mixture_log_prob(logits: Any, means: Any, scales: Any, y: Any, factors: Any = None) -> Any:
    """Return the log density of each row's mixture at its target, by log-sum-exp.

    Parameters
    ----------
    logits : tensor of shape (n, K)
        Logarithms of the weights, up to a constant.
    means, scales : tensor of shape (n, K, D)
        Of the components.
    y : tensor of shape (n, D)
        Targets.
    factors : tensor of shape (K, D, R), default=None
        In units of the scales: covariances are S (I + G G^T) S, S the diagonal matrix of scales.

    Returns
    -------
    tensor of shape (n,)
        In nats.
    """
    z = (ops.expand_dims(y, 1) - means) / scales
    if factors is None:
        joint = -ops.sum(0.5 * z * z + ops.log(scales) + 0.5 * _LOG_2PI, axis=-1)
    else:
        square, log_det = _whitened_square(z, factors)
        joint = -0.5 * (square + log_det) - ops.sum(ops.log(scales) + 0.5 * _LOG_2PI, axis=-1)
    return ops.logsumexp(joint + ops.log_softmax(logits, axis=-1), axis=-1)


def _whitened_square(z: Any, factors: Any) -> tuple[Any, Any]:
    """Mahalanobis squares (n, K) and log determinants (K,) of I + G G^T."""
    # See functional.low_rank; by Cholesky, whose gradient knows no equal eigenvalues.
    gram = ops.einsum("kdr,kds->krs", factors, factors)
    # A decomposition of NaN raises; the loss is NaN anyway, and training then stops in order.
    gram = ops.where(ops.all(ops.isfinite(gram)), gram, ops.zeros_like(gram))
    eye = ops.eye(factors.shape[2], dtype=factors.dtype)
    trace = ops.sum(gram * eye, axis=(1, 2), keepdims=True)
    tiny = 10 * float(np.finfo(keras.backend.standardize_dtype(factors.dtype)).eps)
    root = ops.cholesky(gram + eye * (1.0 + tiny * trace))
    inverse = ops.solve_triangular(root, ops.zeros_like(gram) + eye, lower=True)
    code = ops.einsum("nkd,kdr->nkr", z, factors)
    code = ops.einsum("kts,ktr,nkr->nks", inverse, inverse, code)
    rest = z - ops.einsum("nkr,kdr->nkd", code, factors)
    square = ops.sum(rest * rest, axis=-1) + ops.sum(code * code, axis=-1)
    return square, 2.0 * ops.sum(ops.log(ops.sum(root * eye, axis=-1)), axis=-1)


@keras.saving.register_keras_serializable("sklearn_asdf")
class MixtureNLL(keras.losses.Loss):
    """Negative log-likelihood of the targets, per target dimension.

    Parameters
    ----------
    n_mixtures : int
        K.
    activation : {"softplus", "elu"}, default="softplus"
        How scales are made positive.
    min_scale : float, default=1e-3
        Floor under the scales.
    factor : float, default=1.0
        Multiplies the loss; one over the mean sample weight makes a weighted loss a weighted mean.
    rank : int, default=0
        Factors of each covariance; they are the same in all rows of an output.
    reduction, name, dtype : optional
        As in :class:`keras.losses.Loss`.
    """

    def __init__(
        self,
        n_mixtures: int,
        activation: str = "softplus",
        min_scale: float = 1e-3,
        factor: float = 1.0,
        rank: int = 0,
        reduction: str = "sum_over_batch_size",
        name: str = "mixture_nll",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.n_mixtures = n_mixtures
        self.activation = activation
        self.min_scale = min_scale
        self.factor = factor
        self.rank = rank

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per row.

        Parameters
        ----------
        y_true : tensor of shape (n, D)
            Targets.
        y_pred : tensor of shape (n, K + 2 K D + K D R)
            The network's output.

        Returns
        -------
        tensor of shape (n,)
            In nats per dimension.
        """
        factors = None
        if self.rank:
            y_pred, factors = split_factors(y_pred, self.n_mixtures, self.rank, reshape=ops.reshape)
        logits, means, raw = split_output(y_pred, self.n_mixtures, reshape=ops.reshape)
        scales = scale_of(raw, self.activation, self.min_scale)
        y_true = ops.cast(y_true, means.dtype)
        log_prob = mixture_log_prob(logits, means, scales, y_true, factors)
        return log_prob * (-self.factor / means.shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return the parameters, for saving."""
        own = ("n_mixtures", "activation", "min_scale", "factor", "rank")
        return super().get_config() | {name: getattr(self, name) for name in own}
