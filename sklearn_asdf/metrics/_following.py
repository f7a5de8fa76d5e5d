"""Whether music follows its dance: retrieval, and correlation of distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances

from ..functional.pairing import group_means, group_retrieval, mantel, pairing_test
from ..motion.container import as_motion
from ._features import dance_features
from ._groups import check_groups
from ._judge import INDIFFERENCE, DanceMusicJudge
from ._quality import MusicStatistics
from ._scaling import column_scaling, standardize

__all__ = ["mantel_test", "retrieval"]

# A hundredth of a standard deviation of real music is inaudible.
_DECIMALS = 2


def retrieval_of(
    blocks: list[tuple[np.ndarray, np.ndarray]], *, n_permutations: int, random_state: Any
) -> dict[str, float]:
    """Return the scores of `retrieval` over sets of performances that have separate judges.

    `blocks` holds the similarity and the groups of each set.
    """
    first, reciprocal = zip(*(group_retrieval(*block, tolerance=INDIFFERENCE) for block in blocks))
    # The reciprocal rank uses more information than rank 1 alone, so its test has more power.
    mrr, p = pairing_test(
        list(reciprocal), n_permutations=n_permutations, random_state=random_state
    )
    sizes = np.array([len(m) for m in first])
    r1 = sum(np.trace(m) for m in first) / sizes.sum()
    harmonic = [np.mean(1 / np.arange(1, n + 1)) for n in sizes]
    return {
        "r1": float(r1),
        "mrr": mrr,
        "p": p,
        "chance_r1": float(len(sizes) / sizes.sum()),
        "chance_mrr": float(np.average(harmonic, weights=sizes)),
    }


def retrieval(
    judge: DanceMusicJudge,
    poses: Any,
    audio: Any,
    groups: Any,
    *,
    n_permutations: int = 999,
    random_state: Any = None,
) -> dict[str, float]:
    """Return how well the music of each dance is found among that of others by a judge.

    Parameters
    ----------
    judge : DanceMusicJudge
        Fitted to other performances.
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Music generated for them, or real music.
    groups : array-like of shape (n_clips,)
        Performance of each clip.
    n_permutations : int, default=999
        Number of permutations of whole performances for the p-value.
    random_state : int, RandomState instance or None, default=None
        Seed of the permutations. Pass an int for reproducible p-values.

    Returns
    -------
    scores : dict of float
        - `r1`: share of dances whose own music is ranked first among itself and one clip of each
          other performance;
        - `mrr`: mean reciprocal rank of the own music;
        - `p`: p-value of `mrr`, from permutations of the music of whole performances;
        - `chance_r1`, `chance_mrr`: expected values of `r1` and `mrr` under random ranking.

    Notes
    -----
    `r1` and `mrr` are expectations over all choices of the other clips, in closed form
    (:func:`sklearn_asdf.functional.pairing.group_retrieval`); only `p` is random. Canonical scores
    are centered over these clips, so that a bias common to all generated music, from a codec for
    instance, has no influence. Even the real music is often not ranked first. Report the score of a
    model relative to that of the real music under the same judge.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import DanceMusicJudge, retrieval
    >>> data = make_dance_music(60, n_performances=30, random_state=0)
    >>> new = data.groups >= 22
    >>> judge = DanceMusicJudge().fit(data.poses[~new], data.audio[~new])
    >>> scores = retrieval(
    ...     judge, data.poses[new], data.audio[new], data.groups[new], random_state=0
    ... )
    >>> scores["r1"] > 2 * scores["chance_r1"], scores["p"] < 0.05
    (True, True)
    """
    dances = as_motion(poses, fps=judge.fps)
    groups = check_groups(groups, len(dances), at_least=2)
    similarity = judge.similarity(dances, audio, center=True)
    if similarity.shape[1] != len(dances):
        raise ValueError(
            f"expected one music clip for each dance, got {similarity.shape[1]} for {len(dances)}: "
            "pass the same clips of both"
        )
    return retrieval_of(
        [(similarity, groups)], n_permutations=n_permutations, random_state=random_state
    )


def mantel_of(
    dances: np.ndarray,
    music: np.ndarray,
    groups: np.ndarray,
    *,
    n_permutations: int,
    random_state: Any,
) -> tuple[float, float]:
    """Return the result of `mantel_test` for features of dances and embedded music."""
    dances = standardize(dances, *column_scaling(dances))
    distances = [group_means(pairwise_distances(t), groups) for t in (dances, music)]
    distances[1] = distances[1].round(_DECIMALS)
    return mantel(*distances, n_permutations=n_permutations, random_state=random_state)


def mantel_test(
    poses: Any,
    audio: Any,
    groups: Any,
    *,
    embedding: MusicStatistics | None = None,
    n_permutations: int = 999,
    fps: float = 30.0,
    sr: int = 22050,
    random_state: Any = None,
) -> tuple[float, float]:
    """Test whether similar dances have similar music.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Music generated for them, or real music.
    groups : array-like of shape (n_clips,)
        Performance of each clip; at least three.
    embedding : MusicStatistics, default=None
        Embedding of music, fitted to real music. If None, it is fitted to `audio`, which hides that
        all generated music is nearly the same.
    n_permutations : int, default=999
        Number of permutations of whole performances for the p-value.
    fps, sr : float and int, default=30.0 and 22050
        Frame rate and sampling rate in Hz of arrays.
    random_state : int, RandomState instance or None, default=None
        Seed of the permutations. Pass an int for reproducible p-values.

    Returns
    -------
    correlation : float
        Pearson correlation between the distances of pairs of performances in dance and in music; 0
        if all music is the same.
    p : float
        p-value, from permutations of the performances.

    Notes
    -----
    Distances are Euclidean distances between standardized `dance_features` and between embedded
    clips (`MusicStatistics`), averaged over the clips of each pair of performances, since clips of
    the same performance are not independent. Distances of music are rounded to two decimals, so
    that inaudible differences do not count.

    References
    ----------
    N. Mantel, "The detection of disease clustering and a generalized regression approach", Cancer
    Research 27, 1967.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import mantel_test
    >>> data = make_dance_music(30, n_performances=15, random_state=0)
    >>> r, p = mantel_test(data.poses, data.audio, data.groups, random_state=0)
    >>> r > 0, p < 0.05
    (True, True)
    """
    motion = as_motion(poses, fps=fps)
    groups = check_groups(groups, len(motion), at_least=3)
    embedding = MusicStatistics(sr=sr).fit(audio) if embedding is None else embedding
    music = embedding.transform(audio)
    if len(music) != len(motion):
        raise ValueError(
            f"expected one music clip for each dance, got {len(music)} for {len(motion)}: pass the "
            "same clips of both"
        )
    return mantel_of(
        dance_features(motion),
        music,
        groups,
        n_permutations=n_permutations,
        random_state=random_state,
    )
