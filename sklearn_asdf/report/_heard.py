"""The report's answer from what is heard: whether the music follows the movement of this dance."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..metrics import music_beats, music_curves
from ..motion.container import Motion
from ..motion.kinematics import KinematicsTransformer
from ..motion.smoothing import PoseSmoother
from ..motion.tempo import estimate_tempo
from ._scores import Answer, Score, score_of

__all__ = ["STEP", "answer_from_sound", "movement_speed"]

# By whether loudness and tempo follow; None is not known.
_VERDICTS = {
    (True, True): "Yes.",
    (True, False): "In loudness, not in tempo.",
    (True, None): "Yes, in loudness.",
    (False, True): "In tempo, not in loudness.",
    (None, True): "Yes, in tempo.",
    (False, False): "Not shown.",
    (False, None): "Not shown.",
    (None, False): "Not shown.",
    (None, None): "Cannot be told.",
}
# Steps of the curves in s, and the standard deviation in s of their smoothing, which leaves the
# course of the dance and takes away the single beats.
STEP = 0.5
_SMOOTHING = 1.0
# Curves with smaller standard deviations are even: logarithm of the speed, and level in dB.
_EVEN_SPEED = 0.05
_EVEN_LEVEL = 1.0
# Music is shifted against the dance by at least this in s, or a quarter of a short dance.
_MIN_SHIFT = 4.0
# Shorter dances are not compared; the tempo needs more.
_MIN_DURATION = 6.0
_MIN_DURATION_OF_TEMPO = 8.0
# Level in dB below the loudest step that is as good as silence.
_RANGE = 60.0
_SAME_TEMPO = 0.04
# Other ratios of tempi, which are reported but do not count as agreement.
_METRE = {0.5: "half", 1.0: "", 2.0: "twice"}


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


def answer_from_sound(take: Motion, sounds: dict[str, np.ndarray], sr: int) -> Answer | None:
    """Compare level and tempo of the first sound with speed and tempo of the movement.

    The other sounds are shown beside it. None if the dance is too short, or hardly seen.
    """
    duration = take.n_frames / take.fps
    if duration < _MIN_DURATION or (speed := movement_speed(take)) is None:
        return None
    findings = [_loudness(speed, sounds, sr)]
    if duration >= _MIN_DURATION_OF_TEMPO:
        findings.append(_tempo(take, sounds, sr))
    verdict = _VERDICTS[findings[0][0], findings[1][0] if len(findings) > 1 else None]
    scores = [score for _, _, score in findings if score is not None]
    return Answer(verdict, " ".join(sentence for _, sentence, _ in findings), scores)


def _loudness(
    speed: np.ndarray, sounds: dict[str, np.ndarray], sr: int
) -> tuple[bool | None, str, Score | None]:
    """Return whether the level follows the speed, the sentence that says so, and the numbers."""
    moves = _standardized(speed, _EVEN_SPEED)
    if moves is None:
        return None, "The dancer moves evenly: there is no course that loudness can follow.", None
    found: dict[str, np.ndarray | None] = {}
    for name, sound in sounds.items():
        level = music_curves(sound, sr=sr, step_duration=STEP)[: len(speed), 0]
        heard = _standardized(np.maximum(level, level.max() - _RANGE), _EVEN_LEVEL)
        found[name] = None if heard is None else _shifted_correlations(moves, heard)
    (name, shifts), *others = found.items()
    if shifts is None:
        return False, "The music is equally loud throughout, while the movement is not.", None
    own, n_shifts = float(shifts[0]), len(shifts) - 1
    n_better = int((shifts[1:] >= own).sum())
    louder = own > 0 and n_better <= 0.05 * n_shifts
    how_many = f"{n_better or 'none'} of {n_shifts}" if n_better < n_shifts else f"all {n_shifts}"
    as_good = f"{how_many} shifted copies of the music"
    sentence = (
        f"The music is {'' if louder else 'not clearly '}louder where the dancer moves more: its "
        f"level and the speed of the movement have a correlation of {own:.2f}, and {as_good} "
        f"{'have' if n_better > 1 else 'has'} as much"
    )
    known = {other: float(values[0]) for other, values in others if values is not None}
    sentence += "".join(f"; the {other} has {value:.2f}" for other, value in known.items()) + "."
    rows = {name: own, "shifted, highest 5 %": float(np.quantile(shifts[1:], 0.95)), **known}
    meaning = (
        "correlation of the level of the music with the logarithm of the speed of the movement, in "
        "steps of half a second; music follows if it has more than shifted music"
    )
    sentence = sentence.replace("-", "−")
    return louder, sentence, score_of("loudness and movement", meaning, rows)


def _shifted_correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlations of standardized curves: first as they are, then for shifts in a circle."""
    n = min(len(a), len(b))
    least = max(1, min(round(_MIN_SHIFT / STEP), n // 4))
    return np.array([a[:n] @ np.roll(b[:n], shift) for shift in (0, *range(least, n - least + 1))])


def _standardized(curve: np.ndarray, even: float) -> np.ndarray | None:
    """Return a curve smoothed, of mean 0 and sum of squares 1; None if it is even."""
    curve = gaussian_filter1d(curve, _SMOOTHING / STEP)
    curve = curve - curve.mean()
    return None if curve.std() < even else curve / np.linalg.norm(curve)


def _tempo(take: Motion, sounds: dict[str, np.ndarray], sr: int) -> tuple[bool, str, Score]:
    """Return whether the tempi agree, the sentence that says so, and the numbers."""
    movement = float(estimate_tempo(take).tempo)
    tempi = {
        name: float(music_beats(np.asarray(sound)[None], sr=sr)[1][0])
        for name, sound in sounds.items()
    }
    music = next(iter(tempi.values()))
    level = min(_METRE, key=lambda ratio: abs(np.log2(max(music, 1e-3) / (ratio * movement))))
    same = bool(abs(music / (level * movement) - 1) <= _SAME_TEMPO)
    which = f"{_METRE[level]} that of the movement".strip() if same else "not that of the movement"
    same &= level == 1.0
    text = f"The tempo of the music, {music:.0f} BPM, is {which}, estimated as {movement:.0f} BPM."
    names = list(tempi)
    rows = {names[0]: tempi[names[0]], "movement, estimated": movement}
    rows |= {name: tempi[name] for name in names[1:]}
    meaning = (
        "in BPM; beats of the music are tracked, the movement is searched for repetition, and "
    )
    score = score_of("tempo", meaning + "both may be wrong by a factor of two", rows, bars=False)
    return same, text, score
