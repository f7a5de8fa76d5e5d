"""One table of scores: a model, baselines, and the real music."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_memory

from .._progress import Progress
from .._threads import one_blas_thread
from ..functional.pairing import partners
from ._clip_analysis import ClipAnalysis, analyze_clips
from ._context import EvaluationContext
from ._counterfactuals import COUNTERFACTUALS
from ._curves import CURVES
from ._densities import scores_of
from ._evaluation_data import EvaluationData, check_evaluation_data, input_format
from ._generator import Generator
from ._groups import permuted_clips
from ._responses import STOPS, counterfactual_responses

__all__ = ["evaluate"]

# Parts of the work that go over all clips, and clips generated for each that is changed.
_N_PARTS = 7
_N_RESPONSES = 6
# Permutations of the real music whose mean scores are the row of shuffled pairs.
_N_SHUFFLES = 5
_METRONOME_BPM = 120.0
# Columns of `density_scores`, by their names in the table.
_DENSITY_COLUMNS = {"log_gain": "log_gain", "log_gain_p": "log_p", "energy_gain": "energy_gain"}
_BEAT_SCORES = [
    f"{variant}_{name}"
    for variant in ("d2m", "loris")
    for name in ("bcs", "bhs", "csd", "hsd", "f1")
]
# The user guide (docs/guide/scores.rst) describes each column.
_COLUMNS = [
    "retrieval_r1", "retrieval_mrr", "retrieval_p", "retrieval_of_real", "distance_ratio",
    "mantel_r", "mantel_p", *_DENSITY_COLUMNS, *[f"{name}_response" for name in COUNTERFACTUALS],
    *[f"{name}_p" for name in COUNTERFACTUALS], *[f"stop_{name}" for name in STOPS],
    *[f"{name}_r" for name in CURVES], *[f"{name}_r_p" for name in CURVES],
    "f70_music", "f70_dance", "f1_5hz", "tempo_difference", "bas_corrected", "bas_aist",
    "bas_bailando", *_BEAT_SCORES, "key_clarity", "key_clarity_share", "pulse_clarity",
    "pulse_clarity_share", "frechet_distance",
]  # fmt: skip


def evaluate(
    pipeline: Any,
    poses: Any,
    audio: Any,
    groups: Any,
    *,
    reference: Any = None,
    temperature: float | None = None,
    n_permutations: int = 999,
    max_responses: int = 48,
    fps: float = 30.0,
    sr: int = 22050,
    memory: Any = None,
    return_performances: bool = False,
    random_state: Any = None,
    verbose: int = 0,
) -> Any:
    """Return a table of scores of a model, of baselines, and of the real music.

    The scores tell whether the music follows the dance, and whether it is music.

    Parameters
    ----------
    pipeline : estimator with `predict`
        Fitted on other performances: a pipeline from poses to audio clips. Its samples
        (`sample_y`) and its density of codes are scored too, if it has them.
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances that the model was not fitted to.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their real music.
    groups : array-like of shape (n_clips,)
        Performance of each clip; at least two, or at least four without a reference.
    reference : tuple of (poses, audio), default=None
        Other performances, usually the training set. The judge of retrieval is fitted to them, and
        the Fréchet distance is that to their music. If None, two judges are fitted, each to one
        half of the performances to rank the music of the other half, and the Fréchet distance is
        that to the real music of these clips.
    temperature : float, default=None
        Temperature of the samples that are scored. If None, predictions are scored.
    n_permutations : int, default=999
        Number of permutations of whole performances for each p-value.
    max_responses : int, default=48
        Maximum number of clips, evenly spaced, for the counterfactuals. Six clips are generated
        for each.
    fps : float, default=30.0
        Frame rate in Hz of poses that are not a Motion.
    sr : int, default=22050
        Sampling rate in Hz of arrays of audio.
    memory : str or joblib.Memory, default=None
        Cache of the analysis of the real music, for the evaluation of several models.
    return_performances : bool, default=False
        Whether to return some of the scores of each performance, too.
    random_state : int, RandomState instance or None, default=None
        Seed of permutations and samples. Pass an int for reproducible output across calls.
    verbose : int, default=0
        Above 0, show progress on standard error (needs tqdm).

    Returns
    -------
    table : DataFrame
        One column per score. The user guide describes each of them (:ref:`evaluate_columns`).
        A score that a row cannot have is NaN. The rows are:

        - `model`;
        - `shuffled pairs`: the real music of other performances, averaged over up to five
          permutations;
        - `metronome`: clicks at 120 BPM;
        - `unconditional`: music from the model's density of codes without input (the mean, or
          samples at a temperature of 1 if the model is sampled). For a model without such a
          density, its own music permuted between performances;
        - `real`: the real music.

    performances : DataFrame
        Only with ``return_performances``. Rows are those of the table, and within each of them the
        performances by name; columns are `retrieval_r1`, `retrieval_mrr`, `f70_music`, `f70_dance`
        and `tempo_difference`.

    See Also
    --------
    paired_differences : Intervals and p-values of differences between rows.
    density_scores : More scores of the density.

    Notes
    -----
    Scores are of clips. P-values are of performances, since clips of the same performance are not
    independent. ``table.attrs`` holds the numbers of clips, performances and candidates.

    Examples
    --------
    >>> from sklearn_asdf import make_dance_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import evaluate
    >>> data = make_dance_music(12, n_performances=12, random_state=0)
    >>> new = data.groups >= 9
    >>> pipe = make_dance_pipeline("tiny", random_state=0).fit(data.poses[~new], data.audio[~new])
    >>> table = evaluate(
    ...     pipe, data.poses[new], data.audio[new], data.groups[new],
    ...     reference=(data.poses[~new], data.audio[~new]), max_responses=1, random_state=0,
    ... )
    >>> list(table.index)
    ['model', 'shuffled pairs', 'metronome', 'unconditional', 'real']
    """
    generator = Generator(pipeline)
    data = check_evaluation_data(
        poses,
        audio,
        groups,
        reference=reference,
        fps=fps,
        sr=sr,
        problems=_option_problems(generator, temperature, n_permutations, max_responses),
    )
    seeds = check_random_state(random_state).randint(2**31 - 1, size=8).tolist()
    cache = check_memory(memory).cache

    n_clips = len(data.motion)
    n_changed = _N_RESPONSES * min(max_responses, n_clips)
    # Parts are weighted by the number of clips that they describe, generate or compare.
    total = _N_PARTS * n_clips + n_changed
    # Most products are of small matrices, which more threads only delay.
    with one_blas_thread(), Progress("scoring", total=total, unit="clips", verbose=verbose) as bar:
        # The model first: if it fails, no time is spent on the analysis of the real music.
        bar.begin("describing the dances", n_clips)
        as_given = input_format(poses, pipeline)
        features = generator.features(as_given(data.motion))
        bar.begin("generating the model's music", n_clips)
        clips = data.check_generated(generator.generate(features, temperature, seeds[0]))
        bar.begin("analyzing the real music", n_clips)
        real = cache(analyze_clips)(data.audio, data.sr)
        bar.begin("analyzing the model's music and the baselines", 2 * n_clips)
        model = analyze_clips(clips, data.sr)
        rows = _analyze_rows(generator, data, model, real, temperature, seeds=seeds[1:3])
        bar.begin("fitting the judge", n_clips)
        context = EvaluationContext.fit(
            data, real, n_permutations=n_permutations, seed=seeds[3], cache=cache
        )
        bar.begin("scoring the density", n_clips)
        density = _density_columns(generator, features, data, n_permutations, seeds[4])
        bar.begin("changing the dances", n_changed)
        responses = counterfactual_responses(
            generator,
            data,
            as_given,
            temperature=temperature,
            max_clips=max_responses,
            seed=seeds[5],
        )
    table = _score_rows(context, rows).join(density)
    table = table.join(pd.DataFrame(responses, index=["model"])).reindex(columns=_COLUMNS)
    table.attrs = {
        "n_clips": len(data.motion),
        "n_performances": data.n_groups,
        "n_candidates": context.n_candidates,
    }
    if not return_performances:
        return table
    return table, _score_performances(context, rows, names=np.unique(np.asarray(groups)))


def _option_problems(
    generator: Generator, temperature: float | None, n_permutations: int, max_responses: int
) -> list[str]:
    """Return what is wrong with the options of `evaluate`."""
    problem = generator.check_temperature(temperature)
    problems = [] if problem is None else [problem]
    if n_permutations < 1 or max_responses < 1:
        problems.append(
            "expected n_permutations and max_responses of at least 1, got "
            f"{n_permutations} and {max_responses}"
        )
    return problems


def _analyze_rows(
    generator: Generator,
    data: EvaluationData,
    model: ClipAnalysis,
    real: ClipAnalysis,
    temperature: float | None,
    *,
    seeds: list[int],
) -> dict[str, list[ClipAnalysis]]:
    """Return for each row the analyses of its music; scores are averaged over several."""
    partner = partners(data.groups)
    order = np.random.RandomState(seeds[0]).permutation(data.n_groups)
    permutations = [
        permuted_clips(partner, data.groups, order, shift)
        for shift in range(1, min(_N_SHUFFLES, data.n_groups - 1) + 1)
    ]
    # One clip for all dances.
    repeated = np.zeros(len(data.motion), dtype=int)
    sample = temperature is not None
    clips = generator.generate_unconditional(len(data.motion), sample=sample, seed=seeds[1])
    if clips is None:
        unconditional = model.take(permutations[0])
    else:
        unconditional = analyze_clips(data.check_generated(clips, len(clips)), data.sr)
        unconditional = unconditional if sample else unconditional.take(repeated)
    metronome = analyze_clips(_metronome(data.audio.shape[1], data.sr), data.sr)
    return {
        "model": [model],
        "shuffled pairs": [real.take(permutation) for permutation in permutations],
        "metronome": [metronome.take(repeated)],
        "unconditional": [unconditional],
        "real": [real],
    }


def _metronome(n_samples: int, sr: int) -> np.ndarray:
    """Return one clip of clicks."""
    import librosa

    times = np.arange(0, n_samples / sr, 60 / _METRONOME_BPM)
    return 0.5 * librosa.clicks(times=times, sr=sr, length=n_samples)[None].astype(np.float32)


def _score_rows(context: EvaluationContext, rows: dict[str, list[ClipAnalysis]]) -> pd.DataFrame:
    """Return the scores that depend only on the music, one row per entry of `rows`."""
    scores = {
        name: pd.DataFrame([context.scores(music) for music in versions]).mean()
        for name, versions in rows.items()
    }
    table = pd.DataFrame(scores).T
    table["retrieval_of_real"] = table["retrieval_r1"] / (scores["real"]["retrieval_r1"] or 1.0)
    return table


def _score_performances(
    context: EvaluationContext, rows: dict[str, list[ClipAnalysis]], *, names: np.ndarray
) -> pd.DataFrame:
    """Return the scores of each performance; rows of several versions have their mean."""
    index = pd.Index(names, name="performance")
    tables: dict[str, pd.DataFrame] = {}
    for name, versions in rows.items():
        each = [pd.DataFrame(context.performance_scores(m), index=index) for m in versions]
        tables[name] = sum(each[1:], each[0]) / len(each)
    return pd.concat(tables, names=["row"])


def _density_columns(
    generator: Generator, features: Any, data: EvaluationData, n_permutations: int, seed: int
) -> pd.DataFrame:
    """Return the scores of the density of codes; without columns if the model has none."""
    scores = scores_of(
        generator,
        features,
        data.audio,
        data.groups,
        n_samples=50,
        n_permutations=n_permutations,
        random_state=seed,
    )
    if scores is None:
        return pd.DataFrame()
    return pd.DataFrame({column: scores[name] for column, name in _DENSITY_COLUMNS.items()})
