"""Proper scores of a density of codes, and of baselines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..functional.pairing import pairing_test, partners
from ..motion.container import as_motion
from ._generator import Generator
from ._groups import check_groups

__all__ = ["density_scores"]

# Rows whose samples are held in memory at once.
_ROWS = 16


def density_scores(
    pipeline: Any,
    poses: Any,
    audio: Any,
    groups: Any,
    *,
    n_samples: int = 50,
    n_permutations: int = 999,
    fps: float = 30.0,
    random_state: Any = None,
) -> pd.DataFrame:
    """Return proper scores of a pipeline's density of codes, and of baselines.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted on other performances, with an :class:`~sklearn_asdf.AudioTargetRegressor` around an
        :class:`~sklearn_asdf.MDNRegressor` as its last step.
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their true music.
    groups : array-like of shape (n_clips,)
        Performance of each clip.
    n_samples : int, default=50
        Number of pairs of samples per clip for the energy score.
    n_permutations : int, default=999
        Number of permutations of whole performances for the p-value.
    fps : float, default=30.0
        Frame rate in Hz of poses that are not a Motion.
    random_state : int, RandomState instance or None, default=None
        Seed of permutations and samples. Pass an int for reproducible output across calls.

    Returns
    -------
    table : DataFrame
        Rows: `model`; `shuffled pairs`, the model's densities for the dances of other performances;
        and `unconditional`, the mixture without input. Columns, each a mean over clips:

        - `log_score`: log-likelihood per code dimension in nats; greater is better;
        - `log_gain`: `log_score` minus that of the unconditional mixture;
        - `log_p`: p-value of the model's `log_score`, from permutations of whole performances;
        - `energy_score`: energy score divided by the square root of the number of dimensions, in
          units of the code; less is better;
        - `energy_gain`: energy score of the unconditional mixture minus `energy_score`;
        - `crps`: continuous ranked probability score, mean over dimensions, in units of the code;
          less is better;
        - `coverage_90`: share of code values within their central 90 % interval.

        A score that a row cannot have is NaN.

    Notes
    -----
    On held-out performances, a density that uses its input has gains above 0, and above those of
    the shuffled pairs. Scores under different encoders cannot be compared; gains can, with care.

    References
    ----------
    T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA
    102, 2007.

    Examples
    --------
    >>> from sklearn_asdf import make_dance_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import density_scores
    >>> data = make_dance_music(12, n_performances=12, random_state=0)
    >>> new = data.groups >= 9
    >>> pipe = make_dance_pipeline("tiny", random_state=0).fit(data.poses[~new], data.audio[~new])
    >>> table = density_scores(pipe, data.poses[new], data.audio[new], data.groups[new])
    >>> list(table.index)
    ['model', 'shuffled pairs', 'unconditional']
    """
    generator = Generator(pipeline)
    motion = as_motion(poses, fps=fps)
    groups = check_groups(groups, len(motion), at_least=2)
    if len(audio) != len(motion):
        raise ValueError(
            f"expected one music clip for each dance, got {len(audio)} for {len(motion)}: pass the "
            "same clips of both"
        )
    table = scores_of(
        generator,
        generator.features(motion),
        audio,
        groups,
        n_samples=n_samples,
        n_permutations=n_permutations,
        random_state=random_state,
    )
    if table is None:
        raise TypeError(
            "expected a pipeline that ends in an AudioTargetRegressor around an MDNRegressor, got "
            f"one that ends in {type(generator.model).__name__}, which has no density: use "
            "`evaluate` for models without one"
        )
    return table


def scores_of(
    generator: Generator,
    features: Any,
    audio: Any,
    groups: np.ndarray,
    *,
    n_samples: int,
    n_permutations: int,
    random_state: Any,
) -> pd.DataFrame | None:
    """Return the table of `density_scores`, or None for a model without a density."""
    density = generator.density(features)
    if density is None:
        return None
    codes = np.asarray(generator.model.transformer_.transform(audio), dtype=float)
    partner = partners(groups)
    n_groups = partner.shape[1]
    # Entry (g, h): the music of performance h under the densities of the dances of g.
    pairs = np.empty((n_groups, n_groups))
    for g in range(n_groups):
        log_score = density[partner[:, g]].log_prob(codes) / codes.shape[1]
        pairs[g] = [log_score[groups == h].mean() for h in range(n_groups)]
    _, p = pairing_test(pairs, n_permutations=n_permutations, random_state=random_state)
    # A single permutation for the scores that are expensive.
    shuffled = density[partner[np.arange(len(groups)), (groups + 1) % n_groups]]
    table = pd.DataFrame(
        {
            name: _scores(rows, codes, n_samples, random_state)
            for name, rows in (
                ("model", density),
                ("shuffled pairs", shuffled),
                ("unconditional", generator.unconditional),
            )
        }
    ).T
    off = pairs[~np.eye(n_groups, dtype=bool)]
    # Mean over performances, as in the permutations.
    log_marginal = generator.unconditional.log_prob(codes) / codes.shape[1]
    without = np.mean([log_marginal[groups == h].mean() for h in range(n_groups)])
    log_score = np.array([np.trace(pairs) / n_groups, off.mean(), without])
    energy = table["energy_score"].to_numpy()
    table["log_score"] = log_score
    table["log_gain"] = log_score - without
    table["log_p"] = [p, np.nan, np.nan]
    table["energy_gain"] = energy[-1] - energy
    return table[
        ["log_score", "log_gain", "log_p", "energy_score", "energy_gain", "crps", "coverage_90"]
    ]


def _scores(density: Any, codes: np.ndarray, n_samples: int, random_state: Any) -> dict[str, float]:
    parts: dict[str, list[np.ndarray]] = {"energy_score": [], "crps": [], "coverage_90": []}
    for start in range(0, len(codes), _ROWS):
        rows = slice(start, start + _ROWS)
        part = density if len(density) == 1 else density[rows]
        energy = part.energy_score(codes[rows], n_samples=n_samples, random_state=random_state)
        parts["energy_score"].append(energy / np.sqrt(codes.shape[1]))
        parts["crps"].append(part.crps(codes[rows]).mean(axis=1))
        low, high = part.interval(0.9)
        inside = (codes[rows] >= low) & (codes[rows] <= high)
        parts["coverage_90"].append(inside.mean(axis=1))
    return {name: float(np.concatenate(values).mean()) for name, values in parts.items()}
