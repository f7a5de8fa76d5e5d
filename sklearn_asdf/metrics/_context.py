"""What `evaluate` compares music with, and the scores that need only the music."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..functional.pairing import group_retrieval
from ._alignment import alignment_of, corrected_alignment, dance_beats
from ._clip_analysis import ClipAnalysis
from ._curves import CURVES, pooled_correlation
from ._distances import mean_distance
from ._evaluation_data import EvaluationData
from ._features import dance_features, music_features
from ._following import mantel_of, retrieval_of
from ._judge import INDIFFERENCE, DanceMusicJudge
from ._quality import MusicStatistics, frechet_distance, music_statistics
from ._rhythm import beat_f70, beat_f70_of_clips, score_onsets

__all__ = ["EvaluationContext"]


@dataclass(frozen=True)
class EvaluationContext:
    """The real music, the dances, and the fitted judges and embedding.

    Attributes
    ----------
    real : ClipAnalysis
        The real music.
    groups : ndarray of int of shape (n_clips,)
        Performance of each clip.
    dances : ndarray of shape (n_clips, n_features)
        Features of the dances.
    dance_beats : dict of list of ndarray
        Beats of the dances in s, by variant of `dance_beats`.
    judges : list of (ndarray of int, DanceMusicJudge)
        Judges, each with the indices of the clips that it ranks.
    embedding : MusicStatistics
        Fitted to real music.
    embedded : ndarray of shape (n_reference_clips, n_statistics)
        That real music in the embedding.
    distance : float
        Mean distance between real clips of different performances in dB.
    duration : float
        Duration of a clip in s.
    n_permutations : int
        Number of permutations for each p-value.
    seed : int
        Seed of the permutations.
    """

    real: ClipAnalysis
    groups: np.ndarray
    dances: np.ndarray
    dance_beats: dict[str, list[np.ndarray]]
    judges: list[tuple[np.ndarray, DanceMusicJudge]]
    embedding: MusicStatistics
    embedded: np.ndarray
    distance: float
    duration: float
    n_permutations: int
    seed: int

    @classmethod
    def fit(
        cls,
        data: EvaluationData,
        real: ClipAnalysis,
        *,
        n_permutations: int,
        seed: int,
        cache: Callable[[Callable], Callable],
    ) -> EvaluationContext:
        """Return the context of an evaluation, with fitted judges and embedding.

        Parameters
        ----------
        data : EvaluationData
            Dances and real music.
        real : ClipAnalysis
            Analysis of the real music.
        n_permutations : int
            Number of permutations for each p-value.
        seed : int
            Seed of the permutations, and of the halves without a reference.
        cache : callable
            ``Memory.cache`` of joblib.

        Returns
        -------
        EvaluationContext
            The context.
        """
        distance = mean_distance(real.spectrograms, data.groups)
        if not distance:
            raise ValueError(
                "expected real music that differs between performances, got identical clips: pass "
                "the music of each dance"
            )
        dances = cache(dance_features)(data.motion)
        if data.reference is None:
            judges = _cross_fitted_judges(dances, real.features, data.groups, seed)
            statistics = real.statistics
        else:
            others, music = data.reference
            judge = DanceMusicJudge().fit_features(
                cache(dance_features)(others), cache(music_features)(music, sr=data.sr)
            )
            judges = [(np.arange(len(dances)), judge)]
            statistics = cache(music_statistics)(music, sr=data.sr)
        embedding = MusicStatistics().fit_statistics(statistics)
        return cls(
            real=real,
            groups=data.groups,
            dances=dances,
            dance_beats={v: dance_beats(data.motion, variant=v) for v in ("aist", "bailando")},
            judges=judges,
            embedding=embedding,
            embedded=embedding.transform_statistics(statistics),
            distance=distance,
            duration=data.duration,
            n_permutations=n_permutations,
            seed=seed,
        )

    @property
    def n_candidates(self) -> list[int]:
        """Number of performances among which each judge ranks."""
        return [len(np.unique(self.groups[block])) for block, _ in self.judges]

    def scores(self, music: ClipAnalysis) -> dict[str, float]:
        """Return the columns of `evaluate` that depend only on the music of a row."""
        return (
            self._following(music)
            | self._rhythm(music)
            | self._alignment(music)
            | self._quality(music)
            | self._curves(music)
        )

    def performance_scores(self, music: ClipAnalysis) -> dict[str, np.ndarray]:
        """Return the scores that are means over performances or clips, of each performance."""
        first, reciprocal = np.empty((2, self.groups.max() + 1))
        for (block, _), (similarity, places) in zip(self.judges, self._similarities(music)):
            found = group_retrieval(similarity, places, tolerance=INDIFFERENCE)
            members = np.unique(self.groups[block])
            first[members], reciprocal[members] = (np.diag(values) for values in found)
        clips = {
            "f70_music": beat_f70_of_clips(self.real.beats, music.beats),
            "f70_dance": beat_f70_of_clips(self.dance_beats["aist"], music.beats),
            "tempo_difference": np.abs(self.real.tempo - music.tempo),
        }
        n_clips = np.bincount(self.groups)
        return {"retrieval_r1": first, "retrieval_mrr": reciprocal} | {
            name: np.bincount(self.groups, values) / n_clips for name, values in clips.items()
        }

    def _curves(self, music: ClipAnalysis) -> dict[str, float]:
        r, p = pooled_correlation(
            self.real.curves,
            music.curves,
            self.groups,
            n_permutations=self.n_permutations,
            random_state=self.seed,
        )
        names = [f"{name}_r" for name in CURVES]
        return dict(zip(names, r.tolist())) | {f"{n}_p": x for n, x in zip(names, p.tolist())}

    def _similarities(self, music: ClipAnalysis) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the similarity of each judge's dances and music, and their performances from 0."""
        return [
            (
                judge.similarity_of_features(
                    self.dances[block], music.features[block], center=True
                ),
                np.unique(self.groups[block], return_inverse=True)[1],
            )
            for block, judge in self.judges
        ]

    def _following(self, music: ClipAnalysis) -> dict[str, float]:
        options: dict[str, Any] = {
            "n_permutations": self.n_permutations,
            "random_state": self.seed,
        }
        found = retrieval_of(self._similarities(music), **options)
        embedded = self.embedding.transform_statistics(music.statistics)
        r, p = mantel_of(self.dances, embedded, self.groups, **options)
        return {
            "retrieval_r1": found["r1"],
            "retrieval_mrr": found["mrr"],
            "retrieval_p": found["p"],
            "distance_ratio": mean_distance(music.spectrograms, self.groups) / self.distance,
            "mantel_r": r,
            "mantel_p": p,
        }

    def _rhythm(self, music: ClipAnalysis) -> dict[str, float]:
        real, options = self.real, {"duration": self.duration}
        d2m = score_onsets(real.onsets_d2m, music.onsets_d2m, variant="d2m", **options)
        loris = score_onsets(real.onsets_loris, music.onsets_loris, variant="loris", **options)
        fine = score_onsets(
            real.onsets_loris, music.onsets_loris, variant="loris", bin_duration=0.2, **options
        )
        return {
            "f70_music": beat_f70(real.beats, music.beats),
            "f70_dance": beat_f70(self.dance_beats["aist"], music.beats),
            "f1_5hz": fine["f1"],
            "tempo_difference": float(np.abs(real.tempo - music.tempo).mean()),
            **{f"d2m_{name}": value for name, value in d2m.items()},
            **{f"loris_{name}": value for name, value in loris.items()},
        }

    def _alignment(self, music: ClipAnalysis) -> dict[str, float]:
        aist, bailando = self.dance_beats["aist"], self.dance_beats["bailando"]
        return {
            "bas_corrected": corrected_alignment(aist, music.beats, duration=self.duration),
            "bas_aist": alignment_of(aist, music.beats, of_motion=True),
            "bas_bailando": alignment_of(bailando, music.beats, of_motion=False),
        }

    def _quality(self, music: ClipAnalysis) -> dict[str, float]:
        scores = {}
        for name in ("key_clarity", "pulse_clarity"):
            values = getattr(music, name)
            # "lower" returns the value of a clip, so that clips equal to it are not below it.
            quartile = np.quantile(getattr(self.real, name), 0.25, method="lower")
            scores[name] = float(np.median(values))
            scores[f"{name}_share"] = float((values >= quartile).mean())
        embedded = self.embedding.transform_statistics(music.statistics)
        return scores | {"frechet_distance": frechet_distance(self.embedded, embedded)}


def _cross_fitted_judges(
    dances: np.ndarray, music: np.ndarray, groups: np.ndarray, seed: int
) -> list[tuple[np.ndarray, DanceMusicJudge]]:
    """Return two judges, each fitted to one half of the performances to rank the other half."""
    n_groups = groups.max() + 1
    half = np.random.RandomState(seed).permutation(n_groups) < n_groups // 2
    blocks = [np.flatnonzero(half[groups]), np.flatnonzero(~half[groups])]
    return [
        (block, DanceMusicJudge().fit_features(dances[other], music[other]))
        for block, other in zip(blocks, reversed(blocks))
    ]
