"""A model performs: music for one whole dance."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from ._defaults import TEMPERATURE
from ._progress import Progress
from ._validation import raise_all
from .motion.container import Motion, as_motion
from .motion.resample import on_clock
from .music.loudness import at_loudness

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
    loudness: float | None = None,
    verbose: int = 0,
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
    loudness : float or None, default=None
        Loudness of the whole piece in LUFS, as ITU-R BS.1770 measures it. None leaves the levels of
        the model's own music.
    verbose : int, default=0
        Above 0, show progress.

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
    with Progress("describing the dance", verbose=verbose):
        features = pipeline[:-1].transform(clips)
    audio = pipeline[-1].compose(
        features,
        hop_duration=hop / fps,
        temperature=temperature,
        random_state=random_state,
        verbose=verbose,
    )
    audio = np.asarray(audio)
    if loudness is not None:
        audio = at_loudness(audio, loudness, sr=int(encoder.sr))
    return Performance(take, clips, hop / fps, audio, int(encoder.sr))


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
