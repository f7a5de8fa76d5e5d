"""One synthetic performance: dance and music from the same factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from . import _camera, _music, _score
from ._choreography import draw_choreography
from ._clock import Clock
from ._courses import REST_DB, Courses, draw_courses
from ._dance import dance
from ._synthetic_checks import FACTORS

__all__ = ["Performance", "means_of_clip", "perform"]


class Performance(NamedTuple):
    """A performance: joints, samples, factors, beat, style, and the factors in each frame."""

    joints: np.ndarray
    music: np.ndarray
    factors: dict[str, Any]
    clock: Clock
    style: str
    courses: pd.DataFrame


def perform(
    seed: np.random.SeedSequence,
    fixed: dict[str, Any],
    *,
    n_frames: int,
    duration: float,
    clip_duration: float,
    fps: float,
    sr: int,
    coordinates: str,
    noise: float,
    dropout: float,
    courses: bool,
    styles: Sequence[str],
) -> Performance:
    """Sample one performance; `fixed` factors are not sampled. See `make_dance_music`."""
    # A stream for each part, so that none changes what another draws.
    streams = [np.random.default_rng(child) for child in seed.spawn(12)]
    factor_rng, body_rng, clock_rng, steps_rng, dance_rng, score_rng, play_rng = streams[:7]
    *tracker_rngs, style_rng, course_rng = streams[7:]
    factors = _draw_factors(factor_rng) | fixed
    body_height = body_rng.uniform(1.55, 1.9)
    clock = _draw_clock(clock_rng, factors)
    course = draw_courses(course_rng, clock, factors, duration) if courses else None
    clock = clock if course is None else course.clock
    steps = draw_choreography(steps_rng, factors)
    style = str(style_rng.choice(styles))
    time = np.arange(n_frames) / fps
    joints = dance(
        dance_rng,
        time,
        clock,
        steps,
        factors,
        body_height=body_height,
        style=style,
        courses=course,
    )
    size = body_height
    if coordinates == "pixel":
        joints, size = _film(body_rng, joints, body_height)
    joints = _tracked(tracker_rngs, joints, noise=noise * size, dropout=dropout, fps=fps)

    score = _score.draw_score(score_rng, factors, accent=steps.accent, height=steps.height)
    music = _music.play(
        play_rng,
        score,
        clock,
        factors,
        duration=duration,
        sr=sr,
        level_duration=clip_duration,
        courses=course,
    )
    drawn = {name: factors[name] for name in FACTORS} | _properties_of_music(factors, score.key)
    return Performance(joints, music, drawn, clock, style, _curves(time, clock, factors, course))


def _draw_factors(rng: np.random.Generator) -> dict[str, Any]:
    """Factors of one performance, independent of each other."""
    tempo, metre, vigour, sharpness, extent, mode = rng.random(6)
    return {
        "tempo": 80.0 * (140 / 80) ** tempo,
        "metre": 4 if metre < 0.6 else 3,
        "vigour": vigour,
        "sharpness": sharpness,
        "extent": extent,
        "mode": "major" if mode < 0.5 else "minor",
    }


def _draw_clock(rng: np.random.Generator, factors: Mapping[str, Any]) -> Clock:
    return Clock(
        tempo=factors["tempo"],
        metre=factors["metre"],
        start=factors["metre"] * (4 + rng.uniform(0, 8)),
        drift=rng.uniform(0, 0.015),
        drift_period=rng.uniform(15, 40),
        drift_phase=rng.uniform(0, 2 * np.pi),
    )


def _film(
    rng: np.random.Generator, joints: np.ndarray, body_height: float
) -> tuple[np.ndarray, float]:
    """Joints in the picture of a camera, and the height of the body, both in pixels."""
    distance, height_px = rng.uniform(4.0, 7.0), rng.uniform(250.0, 500.0)
    seen = _camera.project(
        joints,
        body_height=body_height,
        height_px=height_px,
        distance=distance,
        aside=rng.uniform(-0.3, 0.3),
    )
    return seen, height_px


def _tracked(
    rngs: Sequence[np.random.Generator],
    joints: np.ndarray,
    *,
    noise: float,
    dropout: float,
    fps: float,
) -> np.ndarray:
    """Joints as a tracker finds them, with errors and without lost ones."""
    error_rng, jitter_rng, loss_rng = rngs
    if noise:
        joints = _camera.track(error_rng, jitter_rng, joints, noise=noise)
    if dropout:
        joints = _camera.drop_joints(loss_rng, joints, dropout=dropout, run=fps / 4)
    return joints


def _properties_of_music(factors: Mapping[str, Any], key: int) -> dict[str, Any]:
    properties = _heard(factors)
    tilt = properties.pop("tilt")
    register = _score.register(factors["extent"])
    return properties | {"register": register, "tilt": tilt, "key": _score.KEYS[key]}


def _heard(factors: Mapping[str, Any]) -> dict[str, Any]:
    """What the music makes of factors, or of their curves."""
    return {
        "loudness": _music.loudness(factors["vigour"]),
        "articulation": _music.articulation(factors["sharpness"]),
        "attack": _music.attack(factors["sharpness"]),
        "tilt": _music.tilt(factors["extent"]),
    }


def _curves(
    time: np.ndarray, clock: Clock, factors: dict[str, Any], course: Courses | None
) -> pd.DataFrame:
    """The factors in each frame."""
    names = ("vigour", "sharpness", "extent")
    if course is None:
        step = 0.005
        tempo = 30 * (clock.position(time + step) - clock.position(time - step)) / step
        curves = {name: np.full(len(time), factors[name]) for name in names}
        curves["moving"] = np.ones(len(time))
    else:
        tempo = course.tempo(time)
        curves = {name: course(name, time) for name in (*names, "moving")}
    heard = _heard(curves)
    heard["loudness"] = np.where(curves["moving"] > 0.5, heard["loudness"], REST_DB)
    return pd.DataFrame({"time": time, "tempo": tempo} | curves | heard)


def means_of_clip(course: pd.DataFrame, start: float, duration: float) -> dict[str, float]:
    """Return the means over a clip, without its rests, of the factors that change."""
    inside = course[(course["time"] >= start - 1e-9) & (course["time"] < start + duration - 1e-9)]
    moving = inside["moving"] > 0.5
    names = ["vigour", "sharpness", "extent", "loudness", "articulation", "attack", "tilt"]
    # A clip that is all rest has the factors of the rest.
    means = (inside[moving] if moving.any() else inside)[names].mean()
    return {name: float(means[name]) for name in names}
