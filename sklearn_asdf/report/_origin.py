"""Where a report comes from: the model, the dance, the music, the versions and the date."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sklearn

from .._summary import summarize
from .._version import __version__
from ..motion.container import Motion
from ..motion.joint_weights import missing_joints
from ..performance import Performance, clip_duration_of, featurizer_of, fps_of

__all__ = ["origin"]


def origin(
    pipeline: Any,
    shown: Performance,
    fps: float,
    temperature: float | None,
    random_state: Any,
    about: Mapping[str, Any],
) -> list[tuple[str, str]]:
    """Return topics and what is known of them, for those who cite or repeat the page."""
    return [
        *((str(topic), str(text)) for topic, text in about.items()),
        ("Model", _model(pipeline)),
        ("Dance", _dance(shown, fps)),
        ("Music", _music(shown, temperature, random_state)),
        ("Features", _features(pipeline, shown.take)),
        ("Made", f"{_date()} by sklearn_asdf {__version__}, scikit-learn {sklearn.__version__}"),
    ]


def _model(pipeline: Any) -> str:
    music = summarize(pipeline).get("music", {})
    preset = music.get("preset")
    text = f'preset "{preset}"' if preset else "with settings of its own"
    if "duration" in music:
        minutes = music["duration"] / 60
        text += f"; it plays excerpts of {minutes:.1f} minutes of music, {music['n_units']} beats"
    return f"{text}; clips of {clip_duration_of(pipeline):g} s"


def _dance(shown: Performance, fps: float) -> str:
    take = shown.take
    skeleton = take.skeleton
    name = skeleton.name if skeleton is not None and skeleton.name else "own names"
    if skeleton is None:
        name = "without names"
    rate = f"{take.fps:g} frames per second"
    if fps != take.fps:
        rate = f"recorded at {fps:g} and analyzed at {rate}"
    seconds = take.n_frames / take.fps
    return f"{seconds:.1f} s, {take.n_joints} joints ({name}), {take.n_axes} axes, {rate}"


def _music(shown: Performance, temperature: float | None, random_state: Any) -> str:
    sampled = (
        "the mean of the density"
        if temperature is None
        else f"sampled at temperature {temperature:g}"
    )
    seed = f", seed {random_state}" if isinstance(random_state, int) else ""
    return f"{sampled}{seed}; mono, {shown.sr:,g} Hz"


def _features(pipeline: Any, take: Motion) -> str:
    featurizer = featurizer_of(pipeline)
    weights = "given joint weights"
    if isinstance(featurizer.joint_weights, str):
        equal = featurizer.joint_weights == "uniform" or missing_joints(take.skeleton)
        weights = "all joints with equal weights" if equal else "head, wrists and ankles weighted"
    return (
        f"clips at {fps_of(pipeline):g} frames per second, {featurizer.n_windows_ + 1} keyframes "
        f"in each; {weights}; groups {', '.join(featurizer.groups)}"
    )


def _date() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.now(UTC)
    return f"{datetime.fromtimestamp(int(epoch), UTC) if epoch else now:%Y-%m-%d}"
