"""One table: a model beside what chance and the trivial method get, and beside real music."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import wilcoxon
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_memory

from .._progress import Progress
from .._validation import raise_all
from ..functional.pairing import partners
from ..model_selection import overlapping_clips
from ..motion.container import Motion, as_motion
from ..music.clips import AudioClips, check_audio
from ..performance import motion_stage_of
from ._counterfactuals import COUNTERFACTUALS
from ._densities import scores_of
from ._distances import coarse_spectrograms, paired_distances
from ._groups import check_groups, dealt
from ._listen import Heard, as_clips
from ._player import Player
from ._rows import Listener

__all__ = ["evaluate"]

# Deals of other performances' music whose mean is the row of shuffled pairs.
_N_SHUFFLES = 5
_METRONOME = 120.0
# Parts of the work that go over all clips, and clips made for each that is tried on changed dances.
_N_PARTS = 9
_N_PLAYED_TO_RESPOND = 5


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
    random_state: Any = None,
    verbose: int = 0,
) -> pd.DataFrame:
    """Tell whether a model's music follows the dance and is music, beside the floors.

    Parameters
    ----------
    pipeline : estimator with `predict`
        Fitted on other performances: a pipeline from poses to audio clips. What it has beyond
        (`sample_y`, a density of codes) is scored too.
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances that the model was not fitted to.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their real music.
    groups : array-like of shape (n_clips,)
        Performance of each clip. At least two with a `reference`, four without.
    reference : tuple of (poses, audio), default=None
        Other performances, usually the training set: the judge of retrieval is fitted to them, and
        the Fréchet distance is to their music. None fits two judges, each to one half of the
        performances to judge the other half, among which music is then retrieved; and takes the
        Fréchet distance to the real music of these clips.
    temperature : float, default=None
        None scores predictions; a number scores draws at that temperature.
    n_permutations : int, default=999
        Deals of whole performances behind each p-value.
    max_responses : int, default=48
        Clips, evenly chosen, that the counterfactuals are tried on, each generated five times.
    fps : float, default=30.0
        Frames a second of poses that are not a Motion (Hz).
    sr : int, default=22050
        Sampling rate of arrays of audio in Hz.
    memory : str or joblib.Memory, default=None
        Folder in which what was heard in the real music is kept for other models.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same table on each call.
    verbose : int, default=0
        Above 0, show progress on standard error (needs tqdm).

    Returns
    -------
    table : DataFrame
        Rows: `model`; `shuffled pairs`, the real music of other performances (the mean of some
        deals); `metronome`, clicks at 120 beats a minute; `unconditional`, music from the model's
        density without input (its mean, or draws at a temperature of 1 if the model draws), or, for
        a model that has none, its own music dealt to other performances; `real`. Columns below.
        NaN stands where a row has no such number: floors have no response to a dance, and real
        music has no density.

    See Also
    --------
    density_scores : More of the density.

    Notes
    -----
    ==================== ====== ================================================================
    column               better meaning
    ==================== ====== ================================================================
    retrieval_r1         up     share of dances whose own clip a judge ranks first among it and
                                one clip of each other performance (`retrieval`)
    retrieval_mrr        up     mean reciprocal rank there
    retrieval_p          down   of `retrieval_mrr`, from dealing performances at random
    retrieval_of_real    up     `retrieval_r1` as a share of the real music's
    distance_ratio       to 1   mean distance between clips of different performances, as a share
                                of the real music's (`distance_ratio`)
    mantel_r             up     whether near dances have near music (`mantel_test`)
    mantel_p             down   its p-value
    log_gain             up     log-likelihood of the real music's code above that of a density
                                without input, nats a dimension (`density_scores`); in the row
                                `shuffled pairs`, that of the densities of other dances
    log_gain_p           down   against dances dealt to other performances
    energy_gain          up     by how much the energy score is below that without input
    amplified_response   up     distance of music for the dance four times as large, backwards or
    reversed_response           at half the tempo from music for the dance, as a share of the
    half_tempo_response         distance between two draws for the dance; above 1, the music
                                reacts. Infinite if nothing is drawn and yet music changes, 1 if
                                it does not
    amplified_p          down   of these, by Wilcoxon's signed ranks over performances
    reversed_p
    half_tempo_p
    f70_music            up     F-measure (70 ms) of beats against those of the real music
    f70_dance            up     the same against the dance's (`dance_beats`)
    f1_5hz               up     F1 of onsets in bins of 0.2 s against the real music's
    tempo_difference     down   mean difference from the real music's tempo, BPM
    bas_corrected        up     beat alignment beyond chance (`bas_corrected`)
    bas_aist             up     beat alignment as in AIST++; chance grows with the tempo
    bas_bailando         up     beat alignment as in Bailando
    d2m_*, loris_*       up     `beat_scores_d2m` and `beat_scores_loris`, `csd` and `hsd` being
                                deviations; a metronome scores nearly as high as music
    key_clarity          up     median over clips (`key_clarity`)
    key_clarity_share    up     share of clips not below the real music's lower quartile; three
                                quarters of the real clips are not
    pulse_clarity        up     median over clips (`pulse_clarity`)
    pulse_clarity_share  up     as for the key
    frechet_distance     down   to real music, in `MusicStatistics`; depends on the number of
                                clips, so that only rows of one table compare
    ==================== ====== ================================================================

    Distances, responses and retrieval are of clips; p-values are of performances, since clips of
    one performance overlap. ``table.attrs`` holds the numbers of clips, performances and
    candidates.

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
    player = Player(pipeline)
    motion = as_motion(poses, fps=fps)
    audio, sr = as_clips(audio, sr=sr)
    groups = check_groups(groups, len(motion), at_least=4 if reference is None else 2)
    problems = []
    if len(audio) != len(motion):
        problems.append(
            f"expected one music clip for each dance, got {len(audio)} for {len(motion)}"
        )
    if reference is not None:
        reference, found = _check_reference(reference, motion, audio, fps, sr)
        problems += found
    if temperature is not None and not player.draws:
        problems.append(
            "expected a pipeline with `sample_y` to draw from, got one that ends in "
            f"{type(player.model).__name__}: leave temperature at None"
        )
    if n_permutations < 1 or max_responses < 1:
        problems.append(
            "expected n_permutations and max_responses of at least 1, got "
            f"{n_permutations} and {max_responses}"
        )
    raise_all(problems)
    rng = check_random_state(random_state)
    seeds = rng.randint(2**31 - 1, size=8).tolist()

    chosen = np.unique(
        np.linspace(0, len(motion) - 1, min(max_responses, len(motion))).round().astype(int)
    )
    n = len(motion)
    # Parts by what they cost: clips that are described, made, listened to, compared.
    total = _N_PARTS * n + _N_PLAYED_TO_RESPOND * len(chosen)
    with Progress("scoring", total=total, unit="clips", verbose=verbose) as bar:
        # The model first: if it fails, nothing was listened to in vain.
        as_given = _form_of(poses, pipeline)
        bar.begin("describing the dances", n)
        features = player.features(as_given(motion))
        bar.begin("making the model's music", n)
        made = _check_made(player.play(features, temperature, seeds[0]), audio, sr)
        hear = check_memory(memory).cache(Heard.of)
        bar.begin("listening to the real music", n)
        real = hear(audio, sr)
        bar.begin("listening to the model's music", n)
        model = Heard.of(made, sr)
        partner = partners(groups)
        order = np.random.RandomState(seeds[1]).permutation(partner.shape[1])
        deals = [
            dealt(partner, groups, order, shift)
            for shift in range(1, min(_N_SHUFFLES, len(order) - 1) + 1)
        ]
        for_all = np.zeros(len(motion), dtype=int)
        bar.begin("making music without the dance", 2 * n)
        clips = player.play_unconditional(len(motion), draw=temperature is not None, seed=seeds[2])
        if clips is None:
            alone = model.take(deals[0])
        else:
            alone = Heard.of(_check_made(clips, audio[: len(clips)], sr), sr)
            alone = alone if temperature is not None else alone.take(for_all)
        rows = {
            "model": [model],
            "shuffled pairs": [real.take(deal) for deal in deals],
            "metronome": [Heard.of(_metronome(audio.shape[1], sr), sr).take(for_all)],
            "unconditional": [alone],
            "real": [real],
        }
        bar.begin("learning to judge", n)
        listener = Listener.of(
            motion,
            real,
            groups,
            reference=reference,
            duration=audio.shape[1] / sr,
            n_permutations=n_permutations,
            sr=sr,
            seed=seeds[3],
            cached=check_memory(memory).cache,
        )
        bar.begin("comparing", n)
        scores = {
            name: pd.DataFrame([listener.scores(heard) for heard in versions]).mean()
            for name, versions in rows.items()
        }
        table = pd.DataFrame(scores).T
        table["retrieval_of_real"] = table["retrieval_r1"] / (scores["real"]["retrieval_r1"] or 1.0)
        bar.begin("scoring the density", n)
        _add_density(
            table, player, features, audio, groups, n_permutations=n_permutations, seed=seeds[4]
        )
        bar.begin("changing the dances", _N_PLAYED_TO_RESPOND * len(chosen))
        _add_responses(
            table, player, motion[chosen], as_given, groups[chosen], temperature, sr, seeds[5]
        )
    table.attrs = {
        "n_clips": len(motion),
        "n_performances": partner.shape[1],
        "n_candidates": [len(np.unique(groups[block])) for block, _ in listener.judges],
    }
    return table[_COLUMNS]


_RESPONSES = [f"{name}_{what}" for what in ("response", "p") for name in COUNTERFACTUALS]
_BEAT_SCORES = [
    f"{variant}_{name}"
    for variant in ("d2m", "loris")
    for name in ("bcs", "bhs", "csd", "hsd", "f1")
]
_COLUMNS = [
    "retrieval_r1", "retrieval_mrr", "retrieval_p", "retrieval_of_real", "distance_ratio",
    "mantel_r", "mantel_p", "log_gain", "log_gain_p", "energy_gain", *_RESPONSES, "f70_music",
    "f70_dance", "f1_5hz", "tempo_difference", "bas_corrected", "bas_aist", "bas_bailando",
    *_BEAT_SCORES, "key_clarity", "key_clarity_share", "pulse_clarity", "pulse_clarity_share",
    "frechet_distance",
]  # fmt: skip


def _check_reference(reference, motion, audio, fps, sr):
    """The reference as (Motion, clips), and what is wrong with it."""
    if not isinstance(reference, (tuple, list)) or len(reference) != 2:
        raise ValueError(
            "expected reference as a pair (poses, audio) of other performances, got "
            f"{type(reference).__name__}"
        )
    # The judge compares dances at one rate.
    others = as_motion(reference[0], fps=fps).resample(motion.fps)
    music, rate = as_clips(reference[1], sr=sr)
    problems = []
    if len(others) != len(music) or len(others) < 2:
        problems.append(
            "expected a reference of one music clip for each dance, at least two of each, got "
            f"{len(others)} dances and {len(music)} music clips"
        )
    if others.shape[2:] != motion.shape[2:]:
        problems.append(
            f"expected a reference with the joints and axes of the dances, {motion.shape[2:]}, got "
            f"{others.shape[2:]}"
        )
    if rate != sr or music.shape[1] != audio.shape[1]:
        problems.append(
            f"expected a reference of clips of {audio.shape[1]} samples at {sr} Hz, got "
            f"{music.shape[1]} at {rate} Hz"
        )
    if isinstance(audio, AudioClips) and isinstance(music, AudioClips):
        n_known = int(overlapping_clips(audio, music).sum())
        if n_known:
            problems.append(
                f"expected a reference of other performances, got one that shares moments with "
                f"{n_known} of the {len(audio)} clips: a judge that has heard them knows the answer"
            )
    return (others, music), problems


def _form_of(poses: Any, pipeline: Any) -> Callable[[Motion], Any]:
    """How to give dances to a pipeline: with their frame rate, or as it was given these."""
    if isinstance(poses, Motion) or motion_stage_of(pipeline) is not None:
        return lambda motion: motion
    if isinstance(poses, (list, tuple)) and np.ndim(poses[0]) == 3:
        return lambda motion: [p[:n] for p, n in zip(motion.position, motion.lengths)]
    n_dimensions = np.ndim(poses)
    return lambda motion: motion.position.reshape(motion.shape[:n_dimensions])


def _check_made(made: np.ndarray, audio: Any, sr: int) -> np.ndarray:
    """Refuse what a model made if it cannot be compared."""
    if made.shape != audio.shape:
        raise ValueError(
            f"expected the pipeline to make audio of shape {audio.shape}, as the real music, got "
            f"{made.shape}: is it fitted to clips of this length and rate?"
        )
    return check_audio(made, sr=sr, allow_silent=True, name="the pipeline's music")


def _metronome(n_samples: int, sr: int) -> np.ndarray:
    """One clip of clicks."""
    import librosa

    times = np.arange(0, n_samples / sr, 60 / _METRONOME)
    return 0.5 * librosa.clicks(times=times, sr=sr, length=n_samples)[None].astype(np.float32)


def _add_density(table, player, features, audio, groups, *, n_permutations, seed):
    """Columns of the density, where there is one."""
    for name in ("log_gain", "log_gain_p", "energy_gain"):
        table[name] = np.nan
    scores = scores_of(
        player,
        features,
        audio,
        groups,
        n_samples=50,
        n_permutations=n_permutations,
        random_state=seed,
    )
    if scores is not None:
        for column, name in (
            ("log_gain", "log_gain"),
            ("log_gain_p", "log_p"),
            ("energy_gain", "energy_gain"),
        ):
            table.loc[scores.index, column] = scores[name]


def _add_responses(
    table: pd.DataFrame,
    player: Player,
    motion: Motion,
    as_given: Callable[[Motion], Any],
    groups: np.ndarray,
    temperature: float | None,
    sr: int,
    seed: int,
) -> None:
    """Columns of the counterfactuals."""
    # Two draws for one dance are the measure: predictions have none.
    if temperature is None and player.draws:
        temperature = 1.0
    seeds = np.random.RandomState(seed).randint(2**31 - 1, size=5).tolist()

    def play(poses: Motion) -> np.ndarray:
        clips = player.play(player.features(as_given(poses)), temperature, seeds.pop())
        return coarse_spectrograms(clips, sr=sr)

    once = play(motion)
    by_chance = paired_distances(play(motion), once)
    places = np.unique(groups)
    for name, change in COUNTERFACTUALS.items():
        response = paired_distances(play(change(motion)), once)
        if by_chance.mean() > 0:
            ratio = response.mean() / by_chance.mean()
        else:
            ratio = np.inf if response.any() else 1.0
        beyond = np.array([(response - by_chance)[groups == g].mean() for g in places])
        p = wilcoxon(beyond, alternative="greater").pvalue if beyond.any() else 1.0
        table[f"{name}_response"] = np.nan
        table[f"{name}_p"] = np.nan
        table.loc["model", [f"{name}_response", f"{name}_p"]] = ratio, p
