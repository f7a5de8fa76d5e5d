"""Where a report comes from: the model, the dance, the music, the versions and the date."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sklearn

from .._summary import nearest_preset, summarize
from .._version import __version__
from ..motion.container import Motion
from ..performance import (
    Performance,
    audio_regressor_of,
    clip_duration_of,
    featurizer_of,
    fps_of,
)
from ._description import Description

__all__ = ["origin", "origin_of_movement"]

_CITATION = (
    "sklearn_asdf with its version and commit (CITATION.cff); the features: Larboulette and Gibet, "
    "MOCO 2015, doi:10.1145/2790994.2790998; the height: de Leva, J. Biomechanics 29, 1996"
)


def origin(
    pipeline: Any,
    shown: Performance,
    described: Description | None,
    fps: float,
    temperature: float | None,
    random_state: Any,
    about: Mapping[str, Any],
    by_rule: bool,
) -> list[tuple[str, str]]:
    """Return topics and what is known of them, for those who cite or repeat the page.

    `by_rule` is whether the model is a soundtrack.
    """
    return [
        *((str(topic), str(text)) for topic, text in about.items()),
        ("Model", _model(pipeline, by_rule)),
        ("Its features", _features_of_model(pipeline)),
        ("Dance", _dance(shown.take, fps)),
        ("Music", _music(shown, temperature, random_state)),
        *_description(described),
        ("Made", _made()),
    ]


def origin_of_movement(
    described: Description, take: Motion, about: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Return topics and what is known of them, of a page without music."""
    return [
        *((str(topic), str(text)) for topic, text in about.items()),
        ("Dance", _dance(take, take.fps)),
        *_description(described),
        ("To cite", _CITATION),
        ("Made", _made()),
    ]


def _model(pipeline: Any, by_rule: bool) -> str:
    music = summarize(pipeline).get("music", {})
    model = audio_regressor_of(pipeline)
    if by_rule:
        text = "soundtrack: plays given music for dances by a rule"
    else:
        preset, changes = nearest_preset(pipeline)
        text = _preset(preset) + (f", but {'; '.join(changes)}" if changes else "")
    if getattr(model, "n_clips_in_", None):
        text += f"; fitted to {model.n_clips_in_} clips"
    if "duration" in music:
        minutes = music["duration"] / 60
        text += f"; it plays excerpts of {minutes:.1f} minutes of music, {music['n_units']} beats"
    return f"{text}; clips of {clip_duration_of(pipeline):g} s"


def _preset(name: str) -> str:
    # "units" is the name that the default keeps when another preset becomes the default.
    return f'preset "{name}"' + (" (the default)" if name == "units" else "")


def _features_of_model(pipeline: Any) -> str:
    featurizer = featurizer_of(pipeline)
    return (
        f"clips at {fps_of(pipeline):g} frames per second, {featurizer.n_windows_ + 1} keyframes "
        f"in each; groups {', '.join(featurizer.groups)}"
    )


def _description(described: Description | None) -> list[tuple[str, str]]:
    """Return how the curves were computed, and how much was seen."""
    if described is None:
        return []
    parameters = described.lma.get_params()
    table = described.table
    n_clips, n_windows = table["clip"].nunique(), table["window"].max()
    text = [f"{n_clips} clip{'s' if n_clips > 1 else ''} with {n_windows + 1} keyframes"]
    fps, cutoff = parameters.get("smooth__fps"), parameters.get("smooth__cutoff")
    if fps is not None:
        text.append(f"{fps:g} frames per second")
    if cutoff is not None:
        text.append(f"low-pass at {cutoff:g} Hz")
    slow = parameters.get("kinematics__slow_speed")
    if slow:
        text.append(f"curvature of joints slower than {slow:g} H/s reduced")
    topics = [("Curves", "; ".join(text))]
    if described.height is not None:
        given = parameters.get("kinematics__height") is not None
        how = "given" if given else "estimated from the whole take"
        topics.append(("Height H", f"{described.height:.4g} in the unit of the poses, {how}"))
    topics.append(("Weights", _weights(described)))
    seen = table["seen"].to_numpy(float)
    topics.append(
        (
            "Seen",
            f"{100 * seen.mean():.3g} % of joints and frames in the windows, "
            f"{100 * seen.min():.3g} % in the worst one",
        )
    )
    return topics


def _weights(described: Description) -> str:
    if not described.weights:
        return "all joints alike"
    return "; ".join(
        f"{name}: {', '.join(f'{joint} {weight:.3g}' for joint, weight in joints)}"
        for name, joints in described.weights.items()
    )


def _dance(take: Motion, fps: float) -> str:
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


def _made() -> str:
    return f"{_date()} by sklearn_asdf {__version__}, scikit-learn {sklearn.__version__}"


def _date() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.now(UTC)
    return f"{datetime.fromtimestamp(int(epoch), UTC) if epoch else now:%Y-%m-%d}"
