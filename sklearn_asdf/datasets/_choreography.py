"""What the arms of a synthetic dancer do on each beat of a phrase.

Each function draws from the generator that it is given, always the same number of times, so that
the same performance with one factor changed stays the same performance otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._clock import PHRASE_BARS

__all__ = ["Choreography", "arm_joints", "between", "draw_choreography", "poses_in_time"]

# Lengths as shares of the body height: Drillis and Contini (1966), as drawn by Winter (2009).
_UPPER_ARM, _FOREARM = 0.186, 0.146
_SIDES = np.array([1.0, -1.0])  # left is at the viewer's right

_N_POSES, _BEATS_DRAWN = 8, 4
# A bar of the phrase: which motif, and whether left and right are exchanged.
_FORMS = ("AaBbAaCc", "AaAaBbCc", "AaBcAaBc", "ABabACac")
# Elevation from hanging, azimuth from the side to the front, flexion of the elbow, and the
# direction in which it bends (0 lifts the forearm, pi / 2 brings it inwards), in radians.
_ARM_SPREAD = np.array([0.9, 0.8, 0.7, 0.7])
_ARM_LOWEST = np.array([0.06, -0.5, 0.06, -0.6])
_ARM_HIGHEST = np.array([2.9, 1.7, 2.4, 2.0])
_LARGEST_SCALE = 3.0
# Accents are as vigorous as this, and more only in the music.
_MOST_VIGOUR = 1.4


@dataclass(frozen=True)
class Choreography:
    """What the dancer does on each beat of one phrase, which is then repeated.

    Parameters
    ----------
    arms : ndarray of shape (n_beats, 2, 4)
        Elevation, azimuth, elbow flexion and bending direction of the left and right arm on each
        beat, in radians.
    detour : ndarray of shape (n_beats, 2)
        How far each arm strays from the straight way on its way to the beat, as a share of it.
    accent : ndarray of shape (n_beats,)
        Weight of each beat in [0, 1]; 1 is the first of a bar.
    height : ndarray of shape (n_beats,)
        Height of the hands on each beat, standardized over the phrase: the melody follows it.
    deviation : ndarray of shape (n_beats, 2, 4)
        Deviation of the arms' angles on each beat from their mean, before it is scaled.
    """

    arms: np.ndarray
    detour: np.ndarray
    accent: np.ndarray
    height: np.ndarray
    deviation: np.ndarray


def accents(metre: int) -> np.ndarray:
    """Weight of each beat of a bar of two, three or four."""
    if metre == 2:
        return np.array([1.0, 0.35])
    return np.array([1.0, 0.3, 0.3]) if metre == 3 else np.array([1.0, 0.35, 0.65, 0.35])


def draw_choreography(rng: np.random.Generator, factors: Mapping[str, Any]) -> Choreography:
    """Draw key poses and order them into a phrase, scaled so that the hands have their speed."""
    metre = factors["metre"]
    pose = rng.uniform(-1, 1, (_N_POSES, 2, 4))
    symmetric = rng.random(_N_POSES) < 0.4
    opposed = ~symmetric & (rng.random(_N_POSES) < 0.5)
    pose[symmetric, 1] = pose[symmetric, 0]
    pose[opposed, 1] = -pose[opposed, 0]
    # Downbeats and other beats choose from different poses, so that each beat has a gesture.
    motifs = {
        name: np.r_[rng.integers(2), 2 + rng.permutation(_N_POSES - 2)[: _BEATS_DRAWN - 1]]
        for name in "abc"
    }
    form = _FORMS[rng.integers(len(_FORMS))]
    turn = rng.choice([-1.0, 1.0], (PHRASE_BARS, _BEATS_DRAWN, 2))

    bars = np.stack([motifs[name.lower()] for name in form])[:, :metre]
    deviation = pose[bars]
    mirrored = np.array([name.islower() for name in form])
    deviation[mirrored] = deviation[mirrored][:, :, ::-1]
    accent = np.tile(accents(metre), PHRASE_BARS)
    deviation = deviation.reshape(-1, 2, 4) * (0.6 + 0.8 * accent)[:, None, None]
    deviation = deviation - deviation.mean(axis=0)
    detour = turn[:, :metre].reshape(-1, 2) * (0.5 if factors["mode"] == "minor" else 0.0)

    center = _arm_center(factors["extent"])
    target = hand_speed(factors["vigour"]) * 60 / factors["tempo"]
    low, high = 0.0, _LARGEST_SCALE
    for _ in range(24):
        scale = (low + high) / 2
        arms = _key_poses(center, scale, deviation)
        low, high = (scale, high) if _hand_path(arms, detour) < target else (low, scale)
    hands = arm_joints(arms)[1][..., 1].mean(axis=-1)
    height = (hands - hands.mean()) / max(hands.std(), 1e-9)
    return Choreography(arms, detour, accent, height, deviation)


def _arm_center(extent: float | np.ndarray) -> np.ndarray:
    """Mean angles of the arms, (..., 4)."""
    extent = np.asarray(extent)
    center = [0.55 + 1.45 * extent, 0.6 - 0.3 * extent, 1.7 - 1.35 * extent]
    return np.stack([*center, np.full(extent.shape, 0.8)], axis=-1)


def _key_poses(center: np.ndarray, scale: Any, deviation: np.ndarray) -> np.ndarray:
    return np.clip(center + scale * _ARM_SPREAD * deviation, _ARM_LOWEST, _ARM_HIGHEST)


def poses_in_time(
    choreography: Choreography, gestures: np.ndarray, vigour: Any, extent: Any, tempo: Any
) -> np.ndarray:
    """Angles of the arms at the end of numbered gestures, whose factors change, (n, 2, 4)."""
    scales = np.linspace(0.0, _LARGEST_SCALE, 25)
    extents = np.linspace(0.0, 1.0, 5)
    paths = np.array(
        [
            [
                _hand_path(_key_poses(c, scale, choreography.deviation), choreography.detour)
                for scale in scales
            ]
            for c in _arm_center(extents)
        ]
    )
    # Longer ways need larger gestures, until the joints reach their limits.
    paths = np.maximum.accumulate(paths, axis=1) + 1e-9 * np.arange(len(scales))
    target = hand_speed(np.minimum(vigour, _MOST_VIGOUR)) * 60 / tempo
    of_extent = np.array([np.interp(extent, extents, column) for column in paths.T]).T
    scale = np.array([np.interp(t, row, scales) for t, row in zip(target, of_extent)])
    deviation = choreography.deviation[gestures % len(choreography.accent)]
    return _key_poses(_arm_center(extent)[:, None], scale[:, None, None], deviation)


def hand_speed(vigour: float) -> float:
    """Mean speed of the hands about the shoulders, in body heights a second."""
    return 0.1 + 0.4 * vigour


def _hand_path(arms: np.ndarray, detour: np.ndarray) -> float:
    """Mean length of the hands' way from one beat to the next, in body heights."""
    share = np.linspace(0, 1, 9)[:, None]
    way = between(np.roll(arms, 1, axis=0)[None], arms[None], detour[None], share)
    hands = arm_joints(way)[1]
    return np.linalg.norm(np.diff(hands, axis=0), axis=-1).sum(axis=0).mean()


def between(
    before: np.ndarray, after: np.ndarray, detour: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Angles of the arms on the way from one pose to the next; `share` is the part done."""
    share = np.asarray(share)[..., None, None]
    step = after - before
    aside = np.zeros(np.broadcast_shapes(step.shape, share.shape))
    aside[..., 0], aside[..., 1] = -step[..., 1], step[..., 0]
    aside[..., 2] = np.hypot(step[..., 0], step[..., 1]) * np.sign(step[..., 2])
    aside *= detour[..., None] * np.sin(np.pi * share)
    return np.clip(before + share * step + aside, _ARM_LOWEST, _ARM_HIGHEST)


def arm_joints(angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Elbows and wrists from the shoulders, (..., 2, 3), in body heights, in the trunk's frame."""
    elevation, azimuth, flexion, bend = np.moveaxis(angles, -1, 0)
    sin_e, cos_e = np.sin(elevation), np.cos(elevation)
    sin_a, cos_a = np.sin(azimuth), np.cos(azimuth)
    upper = np.stack([sin_e * cos_a, -cos_e, sin_e * sin_a], axis=-1)
    lifting = np.stack([cos_e * cos_a, sin_e, cos_e * sin_a], axis=-1)
    inward = np.stack([-sin_a, np.zeros_like(sin_a), cos_a], axis=-1)
    hinge = np.cos(bend)[..., None] * lifting + np.sin(bend)[..., None] * inward
    fore = np.cos(flexion)[..., None] * upper + np.sin(flexion)[..., None] * hinge
    outward = np.stack([_SIDES, [1.0, 1.0], [1.0, 1.0]], axis=-1)
    elbow = _UPPER_ARM * upper * outward
    return elbow, elbow + _FOREARM * fore * outward
