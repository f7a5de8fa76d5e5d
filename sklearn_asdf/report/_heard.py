"""What is heard beside what is seen: whether loudness and beat follow the movement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..metrics import music_curves
from ..motion.container import Motion
from ..motion.kinematics import KinematicsTransformer
from ..motion.smoothing import PoseSmoother
from ._beats import (
    MIN_DURATION_OF_BEATS,
    TOLERANCE,
    Beats,
    between_beats,
    hits,
    tempo_of,
)
from ._evidence import Evidence, graded_rank, score_of

__all__ = [
    "EVEN_LEVEL",
    "EVEN_SPEED",
    "SMOOTHING",
    "STEP",
    "evidence_of_sound",
    "level_of",
    "movement_speed",
    "standardized",
]

# Steps of the curves in s, and the standard deviation in s of their smoothing, which leaves the
# course of the dance and takes away the single beats.
STEP = 0.5
SMOOTHING = 1.0
# Curves with smaller standard deviations are even: logarithm of the speed, and level in dB.
EVEN_SPEED = 0.05
EVEN_LEVEL = 1.0
# Music is shifted against the dance by at least this in s, or a quarter of a short dance.
_MIN_SHIFT = 4.0
# Shorter dances are not compared; the beat needs more.
_MIN_DURATION = 6.0
# Level in dB below the loudest step that is as good as silence.
_RANGE = 60.0
# Relative difference of tempi at which their likeness has fallen to .6: trackers of both err by
# one or two percent.
_TEMPO_SCALE = 0.04
# Beats are shifted in steps of this in s.
_BEAT_STEP = 0.02
# Strength of a beat of which only the tempo is met: below what counts as some.
_TEMPO_ALONE = 0.25
# Ratios of tempi that go together, and what a ratio other than 1 is worth.
_METRE = {0.5: "half", 1.0: "", 2.0: "twice"}
_OTHER_METRE = 0.5
# What is said of the evidence, by its word.
_LOUDER = {
    "clear": "When the dancer moves more, it is louder.",
    "some": "When the dancer moves more, it is a little louder.",
    "none": "Its loudness does not follow the movement.",
}
_ON_BEAT = {
    "clear": "It is on the beat of the dance.",
    "some": "It is near the tempo of the dance, or on some of its beats.",
    "none": "It is not on the beat of the dance.",
}


def movement_speed(take: Motion) -> np.ndarray | None:
    """Return the logarithm of the mean speed of the joints in steps of half a second.

    None where the dancer is seen in less than half of the steps. Steps in between are
    interpolated. A tenth of the mean speed is added, below which a dancer is at rest.
    """
    moving = KinematicsTransformer().fit_transform(PoseSmoother().fit_transform(take))
    speed = np.linalg.norm(moving.velocity[0], axis=-1)
    seen = np.isfinite(speed)
    count = seen.sum(axis=1)
    speed = np.divide(
        np.where(seen, speed, 0.0).sum(axis=1), count, where=count > 0, out=0.0 * count
    )
    n_steps = int(take.n_frames / take.fps / STEP + 1e-6)
    edges = np.rint(np.arange(n_steps + 1) * STEP * take.fps).astype(int)
    frames = np.add.reduceat(count > 0, edges[:-1])[:n_steps]
    known = np.flatnonzero(frames)
    if 2 * len(known) < n_steps or not len(known):
        return None
    total = np.add.reduceat(speed, edges[:-1])[:n_steps]
    steps = np.interp(np.arange(n_steps), known, total[known] / frames[known])
    logarithm: np.ndarray = np.log(steps + 0.1 * steps.mean() + 1e-12)
    return logarithm


def evidence_of_sound(
    take: Motion,
    sounds: dict[str, np.ndarray],
    sr: int,
    beats: Beats,
    *,
    by_rule: bool = False,
) -> list[Evidence]:
    """Compare level and beats of the first sound with speed and beats of the movement.

    The other sounds are shown beside it. Empty if the dance is too short, or hardly seen. With
    `by_rule` the model sets the level from the movement without having learned to.
    """
    if take.n_frames / take.fps < _MIN_DURATION or (speed := movement_speed(take)) is None:
        return []
    return [_beat(take.n_frames / take.fps, beats), _loudness(speed, sounds, sr, by_rule)]


def _loudness(speed: np.ndarray, sounds: dict[str, np.ndarray], sr: int, by_rule: bool) -> Evidence:
    """Return whether the level follows the speed."""
    moves = standardized(speed, EVEN_SPEED)
    if moves is None:
        sentence = "The dancer moves evenly: there are no rises and falls to follow."
        plain = "The dancer moves evenly, so that loudness has nothing to follow."
        return Evidence("Loudness", None, plain, sentence)
    found: dict[str, np.ndarray | None] = {}
    for name, sound in sounds.items():
        heard = standardized(level_of(sound, sr, len(speed)), EVEN_LEVEL)
        found[name] = None if heard is None else _shifted_correlations(moves, heard)
    (name, shifts), *others = found.items()
    if shifts is None:
        sentence = "The music is equally loud throughout, while the movement is not."
        return Evidence("Loudness", 0.0, _LOUDER["none"], sentence)
    own = float(shifts[0])
    strength = graded_rank(own, shifts[1:]) if own > 0 else 0.0
    louder = {True: "", False: "not clearly "}[strength >= 1.0]
    sentence = (
        f"The music is {louder}louder where the dancer moves more: its level and the speed of the "
        f"movement have a correlation of {own:.2f}. If the music is shifted in time against the "
        f"dance, {_how_many(float(np.mean(shifts[1:] >= own - 1e-9)))} (neighboring shifts are "
        "much alike, so that their number says little)"
    )
    known = {other: float(values[0]) for other, values in others if values is not None}
    sentence += "".join(f"; the {other} has {value:.2f}" for other, value in known.items()) + "."
    rows = {name: own, "shifted, highest 5 %": float(np.quantile(shifts[1:], 0.95)), **known}
    meaning = (
        "correlation of the level of the music with the logarithm of the speed of the movement, in "
        "steps of half a second"
    )
    score = score_of("loudness and movement", meaning, rows)
    if by_rule:
        sentence += (
            " This model plays given music and sets its level from the movement by a rule: that "
            "the rule can be heard is all that this shows."
        )
    sentence = sentence.replace("-", "−")
    evidence = Evidence("Loudness", strength, "", sentence, [score], by_rule=by_rule)
    plain = _LOUDER[evidence.word]
    if by_rule and evidence.word != "none":
        plain = f"{plain.removesuffix('.')}, as this program does for every dance."
    return replace(evidence, plain=plain)


def level_of(sound: np.ndarray, sr: int, n_steps: int) -> np.ndarray:
    """Return the level of a sound in dB in the first steps, silence as a level far below it."""
    level = music_curves(sound, sr=sr, step_duration=STEP)[:n_steps, 0]
    clipped: np.ndarray = np.maximum(level, level.max() - _RANGE)
    return clipped


def _how_many(share: float) -> str:
    """Return in words which share of shifted copies is as good."""
    if share == 0:
        return "it never has as much"
    if share <= 0.05:
        return "it hardly ever has as much"
    return "it sometimes has as much" if share < 0.5 else "it has as much as often as not"


def _shifted_correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlations of standardized curves: first as they are, then for shifts in a circle."""
    n = min(len(a), len(b))
    least = max(1, min(round(_MIN_SHIFT / STEP), n // 4))
    return np.array([a[:n] @ np.roll(b[:n], shift) for shift in (0, *range(least, n - least + 1))])


def standardized(curve: np.ndarray, even: float) -> np.ndarray | None:
    """Return a curve smoothed, of mean 0 and sum of squares 1; None if it is even."""
    curve = gaussian_filter1d(curve, SMOOTHING / STEP)
    curve = curve - curve.mean()
    return None if curve.std() < even else curve / np.linalg.norm(curve)


def _beat(duration: float, beats: Beats) -> Evidence:
    """Return whether tempo and beats agree."""
    if duration < MIN_DURATION_OF_BEATS:
        sentence = f"A dance needs {MIN_DURATION_OF_BEATS:g} s for a beat to be found."
        plain = "The dance is too short for a beat to be found."
        return Evidence("Beat", None, plain, sentence)
    if beats.dance is None:
        sentence = (
            "This dance has no clear pulse: in the movement alone, the most probable tempo has a "
            f"probability of only {beats.confidence:.2f}, so there is no beat to compare with."
        )
        plain = "No clear beat was found in the movement alone."
        if beats.played:
            sentence += (
                f" The music is played at {beats.played:.1f} BPM, which the model found near the "
                "tempi of its music."
            )
            plain += f" The music is played at {beats.played:.0f} BPM."
        return Evidence("Beat", None, plain, sentence)
    (name, music), *others = beats.sounds.items()
    movement, tempo = tempo_of(beats.dance), tempo_of(music)
    if not tempo:
        plain = "No beat was found in the music."
        return Evidence("Beat", 0.0, plain, plain)
    level = min(_METRE, key=lambda ratio: abs(np.log2(tempo / (ratio * movement))))
    apart = abs(tempo / (level * movement) - 1)
    likeness = np.exp(-0.5 * (apart / _TEMPO_SCALE) ** 2) * (1 if level == 1 else _OTHER_METRE)
    own = hits(beats.dance, music)
    shifted = _shifted_hits(beats.dance, music)
    rank = graded_rank(own, shifted)
    strength = float(likeness + rank) / 2
    if rank == 0:
        # The tempo alone is no beat.
        strength = min(strength, _TEMPO_ALONE)
    chance = float(shifted.mean())
    drift = 30 / max(abs(tempo - level * movement), 1e-9)
    where = f"{_METRE[level]} " if level != 1 else ""
    whose = "dance, as was given," if beats.given else "movement"
    sentence = (
        f"The music has {tempo:.1f} BPM and the {whose} {movement:.1f} BPM, {100 * apart:.1f} % "
        f"apart{f' at {where}the tempo' if where else ''}"
    )
    if drift < duration:
        sentence += f": half a beat after {drift:.0f} s"
    sentence += (
        f". At {100 * own:.0f} % of the beats of the dance the music has one, within "
        f"{1000 * TOLERANCE:.0f} ms; of music shifted in time it would be {100 * chance:.0f} %."
    )
    hit = {name: own, "shifted, mean": chance}
    hit |= {other: hits(beats.dance, found) for other, found in others}
    rows = {name: tempo, "movement": movement} | {o: tempo_of(found) for o, found in others}
    scores = [
        score_of("beats met", "share of the beats of the dance that the music has too", hit),
        score_of(
            "tempo",
            "in BPM; the beats of the dance are those that were given"
            if beats.given
            else "in BPM; the beats of the movement are found without the model and without the "
            "music. Either may be wrong by a factor of two",
            rows,
            bars=False,
        ),
    ]
    found = Evidence("Beat", strength, "", sentence, scores)
    plain = _ON_BEAT[found.word]
    if rank == 0 and likeness > _OTHER_METRE:
        between = between_beats(beats.dance, music)
        plain = "It has the tempo of the dance, but plays between its beats."
        plain = plain if between else "It has the tempo of the dance, but meets few of its beats."
    return replace(found, plain=plain)


def _shifted_hits(dance: np.ndarray, music: np.ndarray) -> np.ndarray:
    """Shares of the beats that are met when the music is shifted, by up to two beats."""
    reach = 2 * float(np.median(np.diff(dance)))
    shifts = np.arange(-reach, reach, _BEAT_STEP)
    return np.array([hits(dance, music + shift) for shift in shifts])
