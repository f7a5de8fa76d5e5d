"""Responses of generated music to counterfactual dances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import wilcoxon

from ..motion.container import Motion
from ._counterfactuals import COUNTERFACTUALS
from ._distances import coarse_spectrograms, paired_distances
from ._evaluation_data import EvaluationData
from ._generator import Generator

__all__ = ["counterfactual_responses"]


def counterfactual_responses(
    generator: Generator,
    data: EvaluationData,
    as_given: Callable[[Motion], Any],
    *,
    temperature: float | None,
    max_clips: int,
    seed: int,
) -> dict[str, float]:
    """Return how much the music changes with the dance, relative to its random variation.

    Parameters
    ----------
    generator : Generator
        The model.
    data : EvaluationData
        The dances.
    as_given : callable
        Brings dances into the format that the model expects (`input_format`).
    temperature : float or None
        Temperature of the samples. If None, it is 1, or predictions are compared if the model
        cannot sample.
    max_clips : int
        Maximum number of clips, evenly spaced.
    seed : int
        Seed of the samples.

    Returns
    -------
    scores : dict of float
        For each of `COUNTERFACTUALS`, ``NAME_response``, the mean distance between music for the
        changed dance and for the dance, divided by that between two samples for the dance; and
        ``NAME_p``, the p-value of Wilcoxon's signed-rank test over performances.
    """
    n = len(data.motion)
    chosen = np.unique(np.linspace(0, n - 1, min(max_clips, n)).round().astype(int))
    motion, groups = data.motion[chosen], data.groups[chosen]
    # The random variation is that between two samples; predictions have none.
    if temperature is None and generator.can_sample:
        temperature = 1.0
    seeds = np.random.RandomState(seed).randint(2**31 - 1, size=5).tolist()

    def spectrograms_for(dances: Motion) -> np.ndarray:
        features = generator.features(as_given(dances))
        clips = generator.generate(features, temperature, seeds.pop())
        return coarse_spectrograms(clips, sr=data.sr)

    original = spectrograms_for(motion)
    by_chance = paired_distances(spectrograms_for(motion), original)
    scores = {}
    for name, change in COUNTERFACTUALS.items():
        response = paired_distances(spectrograms_for(change(motion)), original)
        if by_chance.mean() > 0:
            ratio = response.mean() / by_chance.mean()
        else:
            ratio = np.inf if response.any() else 1.0
        excess = np.array([(response - by_chance)[groups == g].mean() for g in np.unique(groups)])
        scores[f"{name}_response"] = float(ratio)
        # The test is not defined if all differences are 0.
        p = wilcoxon(excess, alternative="greater").pvalue if excess.any() else 1.0
        scores[f"{name}_p"] = float(p)
    return scores
