"""The report's answer from what is heard: whether the music follows the movement of this dance."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..metrics import music_beats, music_curves
from ..motion.container import Motion
from ..motion.kinematics import KinematicsTransformer
from ..motion.smoothing import PoseSmoother
from ..motion.tempo import estimate_tempo
from ._scores import Answer, score_of

__all__ = ["answer_from_sound", "movement_speed"]

# Steps of the curves in s, and the standard deviation in s of their smoothing, which leaves the
# course of the dance and takes away the single beats.
_STEP = 0.5
_SMOOTHING = 1.0
# Curves that vary less, in standard deviations, are even: logarithm of the speed, and level in dB.
_EVEN = (0.05, 1.0)
# Music is shifted against the dance by at least this in s, or a quarter of a short dance.
_MIN_SHIFT = 4.0
# Shorter dances are not compared; the tempo needs more.
_MIN_DURATION = 6.0
_MIN_DURATION_OF_TEMPO = 8.0
# Level in dB below the loudest step that is as good as silence.
_RANGE = 60.0
_SAME_TEMPO = 0.04
# Other ratios of tempi that are mentioned, but are no agreement.
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
    n_steps = int(take.n_frames / take.fps / _STEP + 1e-6)
    edges = np.rint(np.arange(n_steps + 1) * _STEP * take.fps).astype(int)
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
    found, limit, share, n_shifts = {}, 0.0, 1.0, 0
    for name, sound in sounds.items():
        shifts = _shifted_correlations(speed, music_curves(sound, sr=sr, step_duration=_STEP)[:, 0])
        found[name] = float(shifts[0])
        if len(found) == 1:
            limit, share = (
                float(np.quantile(shifts[1:], 0.95)),
                float(np.mean(shifts[1:] >= shifts[0])),
            )
            n_shifts = len(shifts) - 1
    own = next(iter(found.values()))
    louder = own > 0 and share <= 0.05
    sentence = (
        f"The music is {'' if louder else 'not clearly '}louder where the dancer moves more: its "
        f"level and the speed of the movement have a correlation of {own:.2f}, which music shifted "
        f"against the dance reaches in {share:.0%} of {n_shifts} cases"
    )
    names = list(found)
    sentence += "".join(f"; the {name} has {found[name]:.2f}" for name in names[1:]) + "."
    rows: dict[Any, Any] = {
        names[0]: own,
        "shifted, highest 5 %": limit,
        **{name: found[name] for name in names[1:]},
    }
    scores = [
        score_of(
            "loudness and movement",
            "correlation of the level of the music with the logarithm of the speed of the "
            "movement, in steps of half a second; above the shifted music, the music follows",
            rows,
        )
    ]
    agreed = [louder]
    if duration >= _MIN_DURATION_OF_TEMPO:
        same, text, score = _tempo(take, sounds, sr)
        agreed.append(same)
        sentence += text
        scores.append(score)
    verdict = "Yes." if all(agreed) else "In part." if any(agreed) else "Not shown."
    return Answer(verdict, sentence, scores)


def _shifted_correlations(speed: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Correlations of smoothed curves: first as they are, then for shifts in a circle."""
    n = min(len(speed), len(level))
    level = np.maximum(level[:n], level[:n].max() - _RANGE)
    smooth = [gaussian_filter1d(c, _SMOOTHING / _STEP) for c in (speed[:n], level)]
    a, b = (_standardized(curve, even) for curve, even in zip(smooth, _EVEN))
    least = max(1, min(round(_MIN_SHIFT / _STEP), n // 4))
    return np.array([a @ np.roll(b, shift) for shift in (0, *range(least, n - least + 1))])


def _standardized(curve: np.ndarray, even: float) -> np.ndarray:
    if curve.std() < even:
        return np.zeros(len(curve))
    curve = curve - curve.mean()
    return curve / np.linalg.norm(curve)


def _tempo(take: Motion, sounds: dict[str, np.ndarray], sr: int) -> tuple[bool, str, Any]:
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
    text = f" Its tempo, {music:.0f} BPM, is {which}, estimated as {movement:.0f} BPM."
    names = list(tempi)
    rows = {names[0]: tempi[names[0]], "movement, estimated": movement}
    rows |= {name: tempi[name] for name in names[1:]}
    meaning = (
        "in BPM; beats of the music are tracked, the movement is searched for repetition, and "
    )
    score = score_of("tempo", meaning + "both may be wrong by a factor of two", rows)
    return same, text, score
