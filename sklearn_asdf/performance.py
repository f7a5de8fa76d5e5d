"""A model performs: music for one whole dance."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from ._validation import raise_all
from .motion.container import Motion, as_motion
from .motion.resample import on_clock

__all__ = [
    "FPS",
    "TEMPERATURE",
    "Performance",
    "analysed",
    "encoder_of",
    "on_model_clock",
    "perform",
]

# Models are fitted on poses at this rate: the default of `load_folder` and of made-up dances.
FPS = 30.0
# How music is drawn where nobody says otherwise: near the prediction, and other seeds are other
# takes. The study of the documentation compares temperatures.
TEMPERATURE = 0.1
_LEAST_SEEN = 0.5
_MIN_CONFIDENCE = 0.2


@dataclass(frozen=True)
class Performance:
    """Music for a dance, and what it was made from.

    `take` is the whole dance as the model saw it, gaps filled; `clips` are the overlapping clips
    that `audio` was composed of, `hop_duration` s apart; `audio` has `sr` samples a second.
    """

    take: Motion
    clips: Motion
    hop_duration: float
    audio: np.ndarray
    sr: int


def encoder_of(pipeline: Any) -> Any:
    """Return the fitted audio encoder of a dance pipeline, or say why there is none."""
    if not isinstance(pipeline, Pipeline) or not hasattr(pipeline[-1], "compose"):
        raise TypeError(
            "expected a fitted pipeline from poses to sound, as make_dance_pipeline makes it, got "
            f"{type(pipeline).__name__}"
        )
    encoder = getattr(pipeline[-1], "transformer_", None)
    if encoder is None:
        raise ValueError("expected a fitted pipeline, got one that was not fitted: call fit first")
    return getattr(encoder, "estimator", encoder)


def analysed(pipeline: Pipeline, clips: Motion) -> Any:
    """Return clips as a fitted pipeline's featurizer gets them, keyframes and all."""
    return pipeline[: list(pipeline.named_steps).index("lma")].transform(clips)


def perform(
    pipeline: Pipeline,
    take: Any,
    *,
    temperature: float | None = TEMPERATURE,
    random_state: Any = None,
    fps: float = FPS,
) -> Performance:
    """Compose music for a whole dance.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, from poses to sound.
    take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        The dance, at least as long as a clip.
    temperature : float or None, default=0.1
        Draw from the density at this temperature; None takes its mean.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same music on each call.
    fps : float, default=30.0
        Frame rate of the poses that the pipeline was fitted to, in Hz.

    Returns
    -------
    Performance
        With music exactly as long as the dance, to a frame.
    """
    encoder = encoder_of(pipeline)
    take = as_motion(take)
    clip_duration = encoder.n_samples_ / encoder.sr
    problems = []
    if len(take) != 1:
        problems.append(f"expected one whole dance, got {len(take)} clips: give one at a time")
    elif take.lengths[0] / take.fps < clip_duration - 0.5 / fps:
        problems.append(
            f"expected a dance of at least {clip_duration:g} s, the length of the clips that the "
            f"model was fitted to, got {take.lengths[0] / take.fps:.3g} s: give a longer one"
        )
    raise_all(problems)
    take, seen = on_model_clock(take, fps)
    share = float((seen.mean(axis=1) >= 0.5).mean())
    if share < _LEAST_SEEN:
        warnings.warn(
            f"the dancer is seen in {share:.0%} of the frames only: the rest is filled in between",
            UserWarning,
            stacklevel=2,
        )
    size = round(clip_duration * fps)
    spare = max(take.n_frames - size, 0)
    # Clips overlap by half or a little more, so that the last one ends with the dance.
    n_hops = int(np.ceil(2 * spare / size))
    hop = spare / n_hops if n_hops else size
    clips = take.windows(clip_duration, hop / fps)
    audio = pipeline[-1].compose(
        _features(pipeline, take, clips, hop / fps),
        hop_duration=hop / fps,
        temperature=temperature,
        random_state=random_state,
    )
    return Performance(take, clips, hop / fps, np.asarray(audio), int(encoder.sr))


def _features(pipeline: Pipeline, take: Motion, clips: Motion, hop_duration: float) -> Any:
    """Features of the clips of one take, with one grid of beats through all of them.

    Beats that a stage can `track` through the whole take are surer than those of its clips.
    """
    stages = list(pipeline.named_steps.values())[:-1]
    at = next((i for i, stage in enumerate(stages) if hasattr(stage, "track")), None)
    if at is None:
        return pipeline[:-1].transform(clips)
    track = stages[at].track(pipeline[:at].transform(take) if at else take)[0]
    clips = pipeline[: at + 1].transform(clips)
    # As `windows` cuts them: from the nearest frame.
    starts = np.rint(np.arange(len(clips)) * hop_duration * clips.fps) / clips.fps
    time = starts[:, None] + np.arange(clips.n_frames) / clips.fps
    clips = replace(clips, beat=np.cos(track.phase(time)).astype(clips.dtype))
    return pipeline[at + 1 : -1].transform(clips)


def on_model_clock(take: Motion, fps: float = FPS) -> tuple[Motion, np.ndarray]:
    """Bring a take to a frame rate as `load_folder` does, and say what was seen.

    Parameters
    ----------
    take : Motion
        One clip.
    fps : float, default=30.0
        Wanted frame rate in Hz.

    Returns
    -------
    take : Motion
        With gaps filled.
    seen : ndarray of bool of shape (n_frames, n_joints)
        Which joints were seen.
    """
    position = take.position[0, : take.lengths[0]]
    if take.confidence is not None:
        # What the tracker only guessed is not seen; the smoother has the same rule.
        doubtful = take.confidence[0, : len(position)] < _MIN_CONFIDENCE
        if not doubtful.all():
            position = np.where(doubtful[..., None], np.nan, position)
    position, seen = on_clock(position, fps=take.fps, start=0.0, new_fps=fps)
    return Motion(position[None].astype(np.float32), fps=fps, skeleton=take.skeleton), seen
