"""Densities without features: what a conditional density starts from, and is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..functional.ties import TOLERANCE
from .em import fit_mixture
from .low_rank import fit_factors
from .mixtures import GaussianMixtures

__all__ = ["fit_unconditional"]

# Rows per component of a mixture.
_FEWEST_ROWS_A_COMPONENT = 10


def fit_unconditional(
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
