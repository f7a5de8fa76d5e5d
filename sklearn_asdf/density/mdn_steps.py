"""Steps of the fit of a mixture density network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils import check_random_state

from ..functional.ties import TOLERANCE
from .em import fit_mixture
from .low_rank import fit_factors
from .mixtures import GaussianMixtures

if TYPE_CHECKING:
    from .mdn import MDNRegressor

__all__ = [
    "ARCHITECTURES",
    "architecture_options",
    "column_moments",
    "hold_back",
    "is_constant",
    "reference_mixture",
]

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
# Rows per component of a mixture fitted without features.
_FEWEST_ROWS_A_COMPONENT = 10
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


def column_moments(a: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column, without NaN and without overflow.

    Parameters
    ----------
    a : ndarray of shape (n_rows, n_columns)
        Values; NaN is ignored.
    weight : ndarray of shape (n_rows,) or None
        Weights of the rows.

    Returns
    -------
    mean, std : ndarray of shape (n_columns,)
        Moments.
    """
    a = a.astype(float)
    seen = ~np.isnan(a)
    w = seen * (1.0 if weight is None else weight[:, None])
    total = np.maximum(w.sum(axis=0), 1e-300)
    size = np.abs(np.where(seen, a, 0)).max(axis=0)
    size[size == 0] = 1.0
    unit = np.where(seen, a, 0) / size
    mean = (w * unit).sum(axis=0) / total
    std = np.sqrt((w * (unit - mean) ** 2).sum(axis=0) / total)
    return mean * size, std * size


def is_constant(loc: np.ndarray, spread: np.ndarray, *, eps: float) -> np.ndarray:
    """Return which columns vary by no more than rounding.

    Parameters
    ----------
    loc, spread : ndarray of shape (n_columns,)
        Mean and standard deviation of the columns.
    eps : float
        Precision of their values.

    Returns
    -------
    ndarray of bool of shape (n_columns,)
        True for constant columns.
    """
    return ~(spread > 10 * eps * np.abs(loc)) | (spread == 0)


def hold_back(
    kept: np.ndarray, groups: Any, *, fraction: float, random_state: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split row numbers into training rows and held-out rows, whole groups together.

    Parameters
    ----------
    kept : ndarray of int of shape (n,)
        Row numbers.
    groups : array-like or None
        Group of each row of the table.
    fraction : float
        Share of the rows, or of the groups, to hold out.
    random_state : int
        Seed of the split.

    Returns
    -------
    train, held : ndarray of int
        Row numbers.
    """
    if groups is not None:
        of_row = np.asarray(groups)[kept]
        if len(np.unique(of_row)) > 1:
            splitter = GroupShuffleSplit(1, test_size=fraction, random_state=random_state)
            train, held = next(splitter.split(kept, groups=of_row))
            return kept[train], kept[held]
    n_held = max(round(fraction * len(kept)), min(10, len(kept) // 2))
    order = check_random_state(random_state).permutation(len(kept))
    return kept[np.sort(order[n_held:])], kept[np.sort(order[:n_held])]


def reference_mixture(
    y: np.ndarray,
    weight: np.ndarray | None,
    y_held: np.ndarray,
    w_held: np.ndarray | None,
    *,
    spread: np.ndarray,
    n_mixtures: int,
    min_scale: float,
    rank: int = 0,
) -> tuple[GaussianMixtures, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Fit mixtures without features; return the best, and the best that the network can start from.

    A larger mixture replaces a smaller one if it is better on the held-out rows (or else by BIC)
    by more than the standard error of the difference. With a `rank`, mixtures with factors
    compete with diagonal ones.

    Parameters
    ----------
    y : ndarray of shape (n_rows, n_targets)
        Training targets.
    weight : ndarray of shape (n_rows,) or None
        Their weights.
    y_held, w_held : ndarray
        Held-out targets and their weights, perhaps none.
    spread : ndarray of shape (n_targets,)
        Unit of the targets in the second result.
    n_mixtures : int
        Number of components of the network.
    min_scale : float
        Lower bound of the scales, relative to `spread`.
    rank : int, default=0
        Factors of the covariances.

    Returns
    -------
    density : GaussianMixtures
        The best mixture, of one row.
    start : tuple of ndarray
        Weights, means, scales and factors of the best mixture of at most `n_mixtures` components,
        in units of `spread` around the mean. Components are repeated to `n_mixtures`; factors are
        in units of the scales, or None.
    """
    d = y.shape[1]
    # A row of weight 2 counts as two rows.
    n = len(y) if weight is None else max(weight.sum(), 1.0)
    loc = np.average(y, axis=0, weights=weight)
    unit = (y - loc) / spread
    options: dict[str, Any] = {"sample_weight": weight, "min_scale": min_scale}
    y_judged, w_judged = (y_held, w_held) if len(y_held) else (y, weight)

    def compare(found: tuple[Any, ...]) -> _Candidate:
        w, m, s, *f = found
        density = GaussianMixtures(
            w[None],
            (loc + m * spread)[None],
            (s * spread)[None],
            (f[0] * spread[:, None])[None] if f else None,
        )
        merit = density.log_prob(y_judged) / d
        if not len(y_held):
            size = len(w) * (1 + (2 + density.rank) * d) - 1
            merit = merit - size * np.log(n) / (2 * n * d)
        return _Candidate(merit, density, found)

    # Also more components than the network has, so that the reference is a strong one.
    sizes = {n_mixtures, *(2**i for i in range((2 * n_mixtures).bit_length() + 1))}
    best = small = None
    since_best = 0
    for k in sorted(sizes):
        if best is not None and (k * _FEWEST_ROWS_A_COMPONENT > n or since_best == 2):
            break
        plain = fit_mixture(unit, k, **options)
        found: list[tuple[Any, ...]] = [plain]
        if rank:
            found.append(fit_factors(unit, plain, rank, **options))
        candidates = [compare(f) for f in found]
        before: Any = best
        for candidate in candidates:
            if candidate.beats(best, w_judged):
                best = candidate
        # The network has factors or none: it starts from a mixture of its own kind.
        if k <= n_mixtures and candidates[-1].beats(small, w_judged):
            small = candidates[-1]
        since_best = since_best + 1 if best is before else 0
    assert best is not None
    assert small is not None
    weights, means, scales, *factors = small.parameters
    copies = np.arange(n_mixtures) % len(weights)
    relative = (factors[0] / scales[..., None])[copies] if factors else None
    start = (weights / np.bincount(copies))[copies], means[copies], scales[copies], relative
    return best.density, start


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A mixture and its merit on each row."""

    merit: np.ndarray
    density: GaussianMixtures
    parameters: tuple[Any, ...]

    def beats(self, other: _Candidate | None, weight: np.ndarray | None) -> bool:
        """Return whether it is better than a simpler one by more than the standard error."""
        if other is None:
            return True
        gain = self.merit - other.merit
        mean = np.average(gain, weights=weight)
        square = np.average((gain - mean) ** 2, weights=weight)
        return bool(mean > np.sqrt(square / len(gain)) + TOLERANCE)
