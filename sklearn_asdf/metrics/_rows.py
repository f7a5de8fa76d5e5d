"""What `evaluate` compares each row with, and the columns that music alone decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._alignment import alignment_of, corrected_alignment, dance_beats
from ._distances import mean_distance
from ._features import dance_features, music_features
from ._following import mantel_of, retrieval_of
from ._judge import DanceMusicJudge
from ._listen import Heard
from ._quality import MusicStatistics, frechet_distance, music_statistics
from ._rhythm import beat_f70, score_onsets

__all__ = ["Listener"]


@dataclass(frozen=True)
class Listener:
    """What each row is compared with."""

    real: Heard
    groups: np.ndarray
    dances: np.ndarray
    beats: dict[str, list[np.ndarray]]
    judges: list[tuple[np.ndarray, DanceMusicJudge]]
    embedding: MusicStatistics
    embedded: np.ndarray
    distance: float
    duration: float
    n_permutations: int
    seed: int

    @classmethod
    def of(
        cls, motion, real, groups, *, reference, duration, n_permutations, sr, seed, cached
    ) -> Listener:
        """Fit the judges and the embedding."""
        dances = cached(dance_features)(motion)
        n_groups = groups.max() + 1
        if reference is None:
            half = np.random.RandomState(seed).permutation(n_groups) < n_groups // 2
            blocks = [np.flatnonzero(half[groups]), np.flatnonzero(~half[groups])]
            judges = [
                (block, DanceMusicJudge()._fit_tables(dances[other], real.judged[other]))
                for block, other in zip(blocks, reversed(blocks))
            ]
            statistics = real.statistics
        else:
            others, music = reference
            tables = cached(dance_features)(others), cached(music_features)(music, sr=sr)
            judges = [(np.arange(len(groups)), DanceMusicJudge()._fit_tables(*tables))]
            statistics = cached(music_statistics)(music, sr=sr)
        embedding = MusicStatistics()._fit_table(statistics)
        distance = mean_distance(real.mel, groups)
        if not distance:
            raise ValueError(
                "expected real music that differs between performances, got equal clips"
            )
        return cls(
            real=real,
            groups=groups,
            dances=dances,
            beats={name: dance_beats(motion, variant=name) for name in ("aist", "bailando")},
            judges=judges,
            embedding=embedding,
            embedded=embedding._embed_table(statistics),
            distance=distance,
            duration=duration,
            n_permutations=n_permutations,
            seed=seed,
        )

    def scores(self, heard: Heard) -> dict[str, float]:
        """Every column that music alone decides."""
        return (
            self._following(heard) | self._rhythm(heard) | self._alignment(heard)
        ) | self._quality(heard)

    def _following(self, heard: Heard) -> dict[str, float]:
        options = {"n_permutations": self.n_permutations, "random_state": self.seed}
        blocks = [
            (
                judge._relative_similarity(self.dances[block], heard.judged[block]),
                np.unique(self.groups[block], return_inverse=True)[1],
            )
            for block, judge in self.judges
        ]
        found = retrieval_of(blocks, **options)
        embedded = self.embedding._embed_table(heard.statistics)
        r, p = mantel_of(self.dances, embedded, self.groups, **options)
        return {
            "retrieval_r1": found["r1"],
            "retrieval_mrr": found["mrr"],
            "retrieval_p": found["p"],
            "distance_ratio": mean_distance(heard.mel, self.groups) / self.distance,
            "mantel_r": r,
            "mantel_p": p,
        }

    def _rhythm(self, heard: Heard) -> dict[str, float]:
        real, options = self.real, {"duration": self.duration}
        d2m = score_onsets(real.onsets_d2m, heard.onsets_d2m, variant="d2m", **options)
        loris = score_onsets(real.onsets_loris, heard.onsets_loris, variant="loris", **options)
        fine = score_onsets(
            real.onsets_loris, heard.onsets_loris, variant="loris", bin_duration=0.2, **options
        )
        return {
            "f70_music": beat_f70(real.beats, heard.beats),
            "f70_dance": beat_f70(self.beats["aist"], heard.beats),
            "f1_5hz": fine["f1"],
            "tempo_difference": float(np.abs(real.tempo - heard.tempo).mean()),
            **{f"d2m_{name}": value for name, value in d2m.items()},
            **{f"loris_{name}": value for name, value in loris.items()},
        }

    def _alignment(self, heard: Heard) -> dict[str, float]:
        aist, bailando = self.beats["aist"], self.beats["bailando"]
        return {
            "bas_corrected": corrected_alignment(aist, heard.beats, duration=self.duration),
            "bas_aist": alignment_of(aist, heard.beats, of_motion=True),
            "bas_bailando": alignment_of(bailando, heard.beats, of_motion=False),
        }

    def _quality(self, heard: Heard) -> dict[str, float]:
        scores = {}
        for name in ("key_clarity", "pulse_clarity"):
            values = getattr(heard, name)
            # "lower": a value that a clip has, so that clips equal to it are not below it.
            quartile = np.quantile(getattr(self.real, name), 0.25, method="lower")
            scores[name] = float(np.median(values))
            scores[f"{name}_share"] = float((values >= quartile).mean())
        embedded = self.embedding._embed_table(heard.statistics)
        return scores | {"frechet_distance": frechet_distance(self.embedded, embedded)}
