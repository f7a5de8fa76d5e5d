"""One dance to one piece, and what that takes to know of a fitted pipeline.

Report, live, metrics and the command line ask a pipeline through the functions of this module
alone, so its steps may have any names, and a pipeline may be a step of another. A stage is found by
what it is: the first one that takes poses knows their joints and their frame rate (``skeleton_``,
``n_joints_in_``, ``n_axes_in_``, ``fps_``); an :class:`LMAFeaturizer` makes the table; the last one
makes sound (`compose`) with the encoder ``transformer_``, which has `sr` and ``n_samples_``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from ._validation import raise_all
from .functional.resampling import resample_filled
from .motion.batches import BatchTransformer
from .motion.container import DEFAULT_FPS, Motion, as_motion
from .motion.lma import LMAFeaturizer

__all__ = [
    "TEMPERATURE",
    "Performance",
    "analysed",
    "clip_duration_of",
    "encoder_of",
    "features_of",
    "featurizer_of",
    "fps_of",
    "motion_stage_of",
    "music_of",
    "on_model_clock",
    "perform",
    "steps_of",
]

# How music is drawn where nobody says otherwise: near the prediction, and other seeds are other
# takes. The study of the documentation compares temperatures.
TEMPERATURE = 0.1
_LEAST_SEEN = 0.5
_MIN_CONFIDENCE = 0.2


@dataclass(frozen=True)
class Performance:
    """Music for a dance, and what it was made from.

    `take` is the whole dance as the model saw it, gaps filled; `clips` are the overlapping clips
    that `audio` was composed of, `hop_duration` s apart; `audio` has `sr` samples per second.
    """

    take: Motion
    clips: Motion
    hop_duration: float
    audio: np.ndarray
    sr: int


def steps_of(model: Any) -> list[Any]:
    """Return the steps of a pipeline in the order in which data pass them.

    Parameters
    ----------
    model : estimator
        A pipeline, a search whose best is one, or anything else, which is one step.

    Returns
    -------
    list of estimator
        Steps of pipelines in the pipeline among them; ``"passthrough"`` is left out.
    """
    model = getattr(model, "best_estimator_", model)
    if isinstance(model, FrozenEstimator):
        return steps_of(model.estimator)
    if not isinstance(model, Pipeline):
        return [model]
    steps = (step for _, step in model.steps if step is not None and step != "passthrough")
    return [part for step in steps for part in steps_of(step)]


def _parts(model: Any) -> Iterator[list[Any]]:
    """Yield each estimator of a model with those whose output it gets before it."""
    before: list[Any] = []
    for step in steps_of(model):
        inside = []
        if isinstance(step, BatchTransformer):
            inside = [getattr(step, "transformer_", step.transformer)]
        elif isinstance(step, FeatureUnion):
            inside = [part for _, part in step.transformer_list if not isinstance(part, str)]
        for part in inside:
            yield from ([*before, *path] for path in _parts(part))
        before = [*before, step]
        if not inside:
            yield before


def motion_stage_of(model: Any) -> Any:
    """Return the first stage that was fitted to poses, or None.

    Parameters
    ----------
    model : estimator
        A pipeline.

    Returns
    -------
    estimator or None
        With ``skeleton_``, ``n_joints_in_``, ``n_axes_in_`` and, if it was not saved before frame
        rates were kept, ``fps_``.
    """
    return next((path[-1] for path in _parts(model) if hasattr(path[-1], "skeleton_")), None)


def fps_of(model: Any) -> float:
    """Return the frame rate in Hz of the poses that a model was fitted to.

    Parameters
    ----------
    model : estimator
        A fitted pipeline.

    Returns
    -------
    float
        30 for a model that does not tell.
    """
    return float(getattr(motion_stage_of(model), "fps_", DEFAULT_FPS))


def music_of(model: Any) -> Any:
    """Return the last step of a pipeline from poses to sound, or say why there is none.

    Parameters
    ----------
    model : estimator
        A pipeline from poses to sound.

    Returns
    -------
    estimator
        With `compose` and, once fitted, ``transformer_`` and ``regressor_``.
    """
    steps = steps_of(model)
    if len(steps) < 2 or not hasattr(steps[-1], "compose"):
        raise TypeError(
            "expected a fitted pipeline from poses to sound, as make_dance_pipeline makes it, got "
            f"{type(model).__name__}"
        )
    return steps[-1]


def encoder_of(model: Any) -> Any:
    """Return the fitted audio encoder of a dance pipeline, or say why there is none.

    Parameters
    ----------
    model : estimator
        A pipeline from poses to sound.

    Returns
    -------
    estimator
        With `sr`, the sampling rate in Hz, and ``n_samples_``, the samples of a clip.
    """
    encoder = getattr(music_of(model), "transformer_", None)
    if encoder is None:
        raise ValueError("expected a fitted pipeline, got one that was not fitted: call fit first")
    encoder = encoder.estimator if isinstance(encoder, FrozenEstimator) else encoder
    lacking = [name for name in ("sr", "n_samples_") if not hasattr(encoder, name)]
    if lacking:
        raise TypeError(
            f"expected an audio encoder that knows its sampling rate (sr) and the samples of a "
            f"clip (n_samples_), got {type(encoder).__name__} without {' and '.join(lacking)}"
        )
    return encoder


def clip_duration_of(model: Any) -> float:
    """Return the length of the clips that a dance pipeline makes sound for.

    Parameters
    ----------
    model : estimator
        A pipeline from poses to sound.

    Returns
    -------
    float
        In s, as the encoder tells it.
    """
    encoder = encoder_of(model)
    return float(encoder.n_samples_ / encoder.sr)


def features_of(model: Any, poses: Any) -> Any:
    """Return what the last step of a fitted pipeline gets for poses.

    Parameters
    ----------
    model : estimator
        A fitted pipeline.
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.

    Returns
    -------
    object
        The table; `poses` themselves where there is one step only.
    """
    return _through(steps_of(model)[:-1], poses)


def _through(steps: list[Any], X: Any) -> Any:
    for step in steps:
        X = step.transform(X)
    return X


def _path_to_featurizer(model: Any) -> list[Any]:
    for path in _parts(model):
        if isinstance(path[-1], LMAFeaturizer):
            return path
    raise TypeError(
        "expected a pipeline that describes poses by an LMAFeaturizer, got "
        f"{', '.join(type(step).__name__ for step in steps_of(model))}"
    )


def featurizer_of(model: Any) -> LMAFeaturizer:
    """Return the stage that makes the table of Laban features, or say that there is none.

    Parameters
    ----------
    model : estimator
        A pipeline from poses to sound.

    Returns
    -------
    LMAFeaturizer
        The first one.
    """
    found: LMAFeaturizer = _path_to_featurizer(model)[-1]
    return found


def analysed(model: Any, clips: Motion) -> Any:
    """Return clips as a fitted pipeline's featurizer gets them, keyframes and all.

    Parameters
    ----------
    model : estimator
        A fitted pipeline.
    clips : Motion
        Dances.

    Returns
    -------
    Motion
        At the model's frame rate.
    """
    return _through(_path_to_featurizer(model)[:-1], clips)


def perform(
    pipeline: Any,
    take: Any,
    *,
    temperature: float | None = TEMPERATURE,
    random_state: Any = None,
) -> Performance:
    """Compose music for a whole dance.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, from poses to sound.
    take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        The dance, at least as long as a clip, at any frame rate.
    temperature : float or None, default=0.1
        Draw from the density at this temperature; None takes its mean.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same music on each call.

    Returns
    -------
    Performance
        With music exactly as long as the dance, to a frame.
    """
    clip_duration, fps = clip_duration_of(pipeline), fps_of(pipeline)
    take = as_motion(take)
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
    audio = music_of(pipeline).compose(
        features_of(pipeline, clips),
        hop_duration=hop / fps,
        temperature=temperature,
        random_state=random_state,
    )
    return Performance(take, clips, hop / fps, np.asarray(audio), int(encoder_of(pipeline).sr))


def on_model_clock(take: Motion, fps: float) -> tuple[Motion, np.ndarray]:
    """Bring a take to a frame rate as `load_folder` does, and say what was seen.

    Parameters
    ----------
    take : Motion
        One clip.
    fps : float
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
    position, seen = resample_filled(position, fps=take.fps, start=0.0, new_fps=fps)
    return Motion(position[None].astype(np.float32), fps=fps, skeleton=take.skeleton), seen
