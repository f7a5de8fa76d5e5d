"""Whether music follows its dance: retrieval, and distances that agree."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances

from ..functional.pairing import group_means, group_retrieval, mantel, pairing_test
from ..motion.container import as_motion
from ._features import dance_features
from ._groups import check_groups
from ._judge import INDIFFERENCE, DanceMusicJudge, _scaling, _standardized
from ._quality import MusicStatistics

__all__ = ["mantel_test", "retrieval"]


# A hundredth of a deviation of real music is heard by nobody.
_DECIMALS = 2


def retrieval_of(
    blocks: list[tuple[np.ndarray, np.ndarray]], *, n_permutations: int, random_state: Any
) -> dict[str, float]:
    """Retrieval over (similarity, groups) of sets of performances that were judged apart."""
    first, reciprocal = zip(*(group_retrieval(*block, tolerance=INDIFFERENCE) for block in blocks))
    # The reciprocal rank tells more than the first place alone, so p is the surer.
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
    """How well music is found by its own dance, as a fitted judge sees it.

    Parameters
    ----------
    judge : DanceMusicJudge
        Fitted to other performances.
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Music made for them, or real.
    groups : array-like of shape (n_clips,)
        Performance of each clip.
    n_permutations : int, default=999
        Deals of whole performances' music behind the p-value.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same p-value on each call.

    Returns
    -------
    scores : dict of float
        `r1`, the share of dances whose own clip is ranked first among it and one clip of each other
        performance; `mrr`, the mean reciprocal rank; `p`, of `mrr`, from dealing music to
        performances at random; `chance_r1` and `chance_mrr`.

    Notes
    -----
    Expectations over all choices of the other clips, in closed form
    (:func:`sklearn_asdf.functional.pairing.group_retrieval`): nothing but `p` is random. The judge
    compares canonical scores about their means over these clips, so that a colour which all
    generated music has, from a codec for instance, does not mislead it. Even real
    music is found far from always, so state a model's score as a share of that of the real music
    under the same judge.

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
    similarity = judge._relative_similarity(*judge._tables(dances, audio))
    if similarity.shape[1] != len(dances):
        raise ValueError(
            f"expected one music clip for each dance, got {similarity.shape[1]} for {len(dances)}"
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
    """Mantel test of raw features of dances and embedded music, over performances."""
    dances = _standardized(dances, _scaling(dances))
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
    """Whether dances that are near each other get music that is.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Music made for them, or real.
    groups : array-like of shape (n_clips,)
        Performance of each clip; at least three.
    embedding : MusicStatistics, default=None
        Fitted to real music, by whose deviations the distances of music are taken. None fits it to
        `audio`, which hides that all of it is nearly the same.
    n_permutations : int, default=999
        Orders of whole performances behind the p-value.
    fps, sr : float and int, default=30.0 and 22050
        Rates of arrays in Hz.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same p-value on each call.

    Returns
    -------
    correlation : float
        Pearson's, between the distances of each two performances in dance and in music; 0 where all
        music is the same.
    p : float
        Its significance against performances in random order.

    Notes
    -----
    Distances are Euclidean, of `dance_features`, each column over its own deviation, and of
    `MusicStatistics`, and averaged over the clips of two performances: clips of one performance are
    no independent witnesses. Those of music are rounded to a hundredth, so that differences that
    nobody hears count for nothing.

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
            f"expected one music clip for each dance, got {len(music)} for {len(motion)}"
        )
    return mantel_of(
        dance_features(motion),
        music,
        groups,
        n_permutations=n_permutations,
        random_state=random_state,
    )
