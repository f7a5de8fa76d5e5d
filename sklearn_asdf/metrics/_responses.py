"""Responses of generated music to counterfactual dances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import wilcoxon

from ..motion.container import Motion
from ._counterfactuals import COUNTERFACTUALS, hold_still
from ._distances import coarse_spectrograms, paired_distances
from ._evaluation_data import EvaluationData
from ._generator import Generator
from ._stops import stop_response

__all__ = ["STOPS", "counterfactual_responses"]

# Scores of `stop_response` for a dance that stops in the middle of its clip, by these names.
STOPS = ("fall", "delay", "return_delay", "elsewhere")
# Duration of the stop in s, and the least time before and after it; shorter clips have no stop.
_STOP_DURATION, _STOP_MARGIN = 3.0, 1.5


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
        ``NAME_p``, the p-value of Wilcoxon's signed-rank test over performances. ``stop_NAME`` are
        medians of `stop_response` over clips that stop for 3 s in their middle.
    """
    n = len(data.motion)
    chosen = np.unique(np.linspace(0, n - 1, min(max_clips, n)).round().astype(int))
    motion, groups = data.motion[chosen], data.groups[chosen]
    # The random variation is that between two samples; predictions have none.
    if temperature is None and generator.can_sample:
        temperature = 1.0
    seeds = np.random.RandomState(seed).randint(2**31 - 1, size=5).tolist()

    stop_seed = seeds[0]

    def music_for(dances: Motion, seed: int) -> np.ndarray:
        return generator.generate(generator.features(as_given(dances)), temperature, seed)

    def spectrograms_for(dances: Motion) -> np.ndarray:
        return coarse_spectrograms(music_for(dances, seeds.pop()), sr=data.sr)

    # The music of the dance and of the dance that stops have the same random numbers.
    unchanged = music_for(motion, stop_seed)
    original = coarse_spectrograms(unchanged, sr=data.sr)
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
    if motion.duration >= _STOP_DURATION + 2 * _STOP_MARGIN:
        start = (motion.duration - _STOP_DURATION) / 2
        stopped = music_for(hold_still(motion, start, _STOP_DURATION), stop_seed)
        of_clips = [
            stop_response(a, b, start=start, duration=_STOP_DURATION, sr=data.sr)
            for a, b in zip(stopped, unchanged)
        ]
        scores |= {f"stop_{name}": float(np.median([r[name] for r in of_clips])) for name in STOPS}
    return scores
