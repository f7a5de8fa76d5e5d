"""Music for one whole dance, and the protocol of a fitted pipeline from poses to sound.

Live, report, metrics and the command line access a pipeline through the functions of this module,
so its steps may have any names, and a pipeline may be a step of another. A stage is found by its
attributes, see "What a fitted model promises" in the user guide: the first one with ``skeleton_``
defines joints and frame rate (``fps_``); an :class:`~sklearn_asdf.LMAFeaturizer` makes the table;
the last step has `compose` and an audio encoder, ``transformer_``, with `sr` and ``n_samples_``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from ._defaults import TEMPERATURE
from ._progress import Progress
from ._validation import raise_all
from .functional.gaps import frames_seen
from .functional.resampling import resample_filled
from .motion.batches import BatchTransformer
from .motion.container import DEFAULT_FPS, Motion, as_motion
from .motion.lma import LMAFeaturizer
from .motion.smoothing import confident_positions
from .music.loudness import at_loudness

__all__ = [
    "TEMPERATURE",
    "Performance",
    "audio_regressor_of",
    "clip_duration_of",
    "encoder_of",
    "features_of",
    "featurizer_input",
    "featurizer_of",
    "fps_of",
    "motion_stage_of",
    "overlapping_clips",
    "perform",
    "plays_any_skeleton",
    "prepare_take",
    "steps_of",
    "table_step_of",
]

# Share of the frames in which the dancer should be seen.
_MIN_SEEN = 0.5


@dataclass(frozen=True)
class Performance:
    """Music for a dance, and the clips it was composed from.

    Parameters
    ----------
    take : Motion
        The whole dance at the model's frame rate, gaps filled.
    clips : Motion
        Overlapping clips of the take.
    hop_duration : float
        Time from one clip to the next in s.
    audio : ndarray of shape (n_samples,)
        The music.
    sr : int
        Sampling rate of the music in Hz.
    """

    take: Motion
    clips: Motion
    hop_duration: float
    audio: np.ndarray
    sr: int


def steps_of(model: Any) -> list[Any]:
    """Return the steps of a pipeline in the order of the data flow.

    Parameters
    ----------
    model : estimator
        A pipeline, a search over pipelines, or any other estimator, which is one step.

    Returns
    -------
    list of estimator
        Nested pipelines are replaced by their steps; ``"passthrough"`` is left out.
    """
    model = getattr(model, "best_estimator_", model)
    if isinstance(model, FrozenEstimator):
        return steps_of(model.estimator)
    if not isinstance(model, Pipeline):
        return [model]
    steps = (step for _, step in model.steps if step is not None and step != "passthrough")
    return [part for step in steps for part in steps_of(step)]


def _parts(model: Any) -> Iterator[list[Any]]:
    """Yield each estimator of a model, as the last of the estimators that data pass."""
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
    """Return the first stage that was fitted to poses.

    Parameters
    ----------
    model : estimator
        A pipeline.

    Returns
    -------
    estimator or None
        The first estimator with ``skeleton_``; it has ``n_joints_in_``, ``n_axes_in_`` and, unless
        an early version saved it, ``fps_``. None if there is none.
    """
    return next((path[-1] for path in _parts(model) if hasattr(path[-1], "skeleton_")), None)


def plays_any_skeleton(model: Any) -> bool:
    """Return whether a fitted model takes dances of other joints and axes than those of `fit`.

    Parameters
    ----------
    model : estimator
        A fitted pipeline.

    Returns
    -------
    bool
        Whether its first motion stage maps joints to the canonical ones, and axes to two, as
        :class:`~sklearn_asdf.PoseCanonicalizer` does.
    """
    first = motion_stage_of(model)
    return getattr(first, "canonical_", False) and getattr(first, "view", None) is not None


def fps_of(model: Any) -> float:
    """Return the frame rate in Hz of the poses that a model was fitted to.

    Parameters
    ----------
    model : estimator
        A fitted pipeline.

    Returns
    -------
    float
        30 for a model without ``fps_``.
    """
    return float(getattr(motion_stage_of(model), "fps_", DEFAULT_FPS))


def audio_regressor_of(model: Any) -> Any:
    """Return the last step of a pipeline from poses to sound.

    Parameters
    ----------
    model : estimator
        A pipeline from poses to sound.

    Returns
    -------
    estimator
        With `compose` and, once fitted, ``transformer_`` and ``regressor_``.

    Raises
    ------
    TypeError
        If `model` is no pipeline whose last step has `compose`.
    """
    steps = steps_of(model)
    if len(steps) < 2 or not hasattr(steps[-1], "compose"):
        raise TypeError(
            "expected a fitted pipeline from poses to sound, as make_dance_pipeline makes it, got "
            f"{type(model).__name__}"
        )
    return steps[-1]


def encoder_of(model: Any) -> Any:
    """Return the fitted audio encoder of a pipeline from poses to sound.

    Parameters
    ----------
    model : estimator
        A pipeline from poses to sound.

    Returns
    -------
    estimator
        With `sr`, the sampling rate in Hz, and ``n_samples_``, the samples of a clip.

    Raises
    ------
    ValueError
        If the pipeline is not fitted.
    TypeError
        If there is no encoder with these attributes.
    """
    encoder = getattr(audio_regressor_of(model), "transformer_", None)
    if encoder is None:
        raise ValueError("expected a fitted pipeline, got one that was not fitted: call fit first")
    encoder = encoder.estimator if isinstance(encoder, FrozenEstimator) else encoder
    lacking = [name for name in ("sr", "n_samples_") if not hasattr(encoder, name)]
    if lacking:
        raise TypeError(
            f"expected an audio encoder with its sampling rate (sr) and the samples of a clip "
            f"(n_samples_), got {type(encoder).__name__} without {' and '.join(lacking)}"
        )
    return encoder


def clip_duration_of(model: Any) -> float:
    """Return the duration of the clips of a pipeline from poses to sound.

    Parameters
    ----------
    model : estimator
        A pipeline from poses to sound.

    Returns
    -------
    float
        ``n_samples_ / sr`` of the encoder, in s.
    """
    encoder = encoder_of(model)
    return float(encoder.n_samples_ / encoder.sr)


def features_of(model: Any, poses: Any) -> Any:
    """Return the input of the last step of a fitted pipeline.

    Parameters
    ----------
    model : estimator
        A fitted pipeline.
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Clips of dances.

    Returns
    -------
    object
        The table of features; `poses` themselves if there is only one step.
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
        "expected a pipeline with an LMAFeaturizer, got "
        f"{', '.join(type(step).__name__ for step in steps_of(model))}"
    )


def featurizer_of(model: Any) -> LMAFeaturizer:
    """Return the stage of a pipeline that makes the table of Laban features.

    Parameters
    ----------
    model : estimator
        A pipeline from poses to sound.

    Returns
    -------
    LMAFeaturizer
        The first one.

    Raises
    ------
    TypeError
        If there is none.
    """
    found: LMAFeaturizer = _path_to_featurizer(model)[-1]
    return found


def table_step_of(model: Any) -> Any:
    """Return the step of a pipeline from poses to a table of features.

    Parameters
    ----------
    model : estimator
        A pipeline.

    Returns
    -------
    estimator or None
        The first step that is an :class:`~sklearn_asdf.LMAFeaturizer` or contains one, as a
        ``FeatureUnion`` does; None if there is none.
    """
    for step in steps_of(model):
        if any(isinstance(path[-1], LMAFeaturizer) for path in _parts(step)):
            return step
    return None


def featurizer_input(model: Any, clips: Motion) -> Any:
    """Return the input of a fitted pipeline's featurizer: clips with derivatives and keyframes.

    Parameters
    ----------
    model : estimator
        A fitted pipeline.
    clips : Motion
        Clips of dances.

    Returns
    -------
    Motion
        At the frame rate of the model.
    """
    return _through(_path_to_featurizer(model)[:-1], clips)


def perform(
    pipeline: Any,
    take: Any,
    *,
    temperature: float | None = TEMPERATURE,
    random_state: Any = None,
    loudness: float | None = None,
    verbose: int = 0,
) -> Performance:
    """Compose music for a whole dance.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, from poses to sound.
    take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        The dance, at least as long as a clip, at any frame rate.
    temperature : float or None, default=0.1
        Temperature of the sample from the density; None takes the prediction.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same music on each call.
    loudness : float or None, default=None
        Loudness of the whole piece in LUFS, as ITU-R BS.1770 measures it. None leaves the levels of
        the model's own music.
    verbose : int, default=0
        Above 0, show progress.

    Returns
    -------
    Performance
        With music as long as the dance, to a frame.
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
    take, seen = prepare_take(take, fps)
    share = float(frames_seen(seen).mean())
    if share < _MIN_SEEN:
        warnings.warn(
            f"the dancer is seen in {share:.0%} of the frames only: the others are interpolated",
            UserWarning,
            stacklevel=2,
        )
    clips, hop_duration = overlapping_clips(take, clip_duration)
    with Progress("describing the dance", verbose=verbose):
        features = _features(pipeline, take, clips, hop_duration)
    audio = audio_regressor_of(pipeline).compose(
        features,
        hop_duration=hop_duration,
        temperature=temperature,
        random_state=random_state,
        verbose=verbose,
    )
    audio, sr = np.asarray(audio), int(encoder_of(pipeline).sr)
    if loudness is not None:
        audio = at_loudness(audio, loudness, sr=sr)
    return Performance(take, clips, hop_duration, audio, sr)


def overlapping_clips(take: Motion, clip_duration: float) -> tuple[Motion, float]:
    """Cut a take into clips that overlap by at least half, the last of which ends with it.

    Parameters
    ----------
    take : Motion
        One clip, not shorter than `clip_duration`.
    clip_duration : float
        Duration of the clips in s.

    Returns
    -------
    clips : Motion
        The clips.
    hop_duration : float
        Time from one clip's start to the next one's, in s.
    """
    size = round(clip_duration * take.fps)
    spare = max(take.n_frames - size, 0)
    n_hops = int(np.ceil(2 * spare / size))
    hop = spare / n_hops if n_hops else size
    return take.windows(clip_duration, hop / take.fps), hop / take.fps


def _features(pipeline: Any, take: Motion, clips: Motion, hop_duration: float) -> Any:
    """Return features of the clips of one take, with one grid of beats through all of them.

    A stage that can `track` the beats of the whole take finds them more reliably than clip by clip.
    """
    stages = steps_of(pipeline)[:-1]
    at = next((i for i, stage in enumerate(stages) if hasattr(stage, "track")), None)
    if at is None:
        return features_of(pipeline, clips)
    track = stages[at].track(_through(stages[:at], take))[0]
    # The stage's own beats of the clips would be replaced, so it is not asked for them.
    clips = _through(stages[:at], clips)
    # As `windows` cuts them: from the nearest frame.
    starts = np.rint(np.arange(len(clips)) * hop_duration * clips.fps) / clips.fps
    time = starts[:, None] + np.arange(clips.n_frames) / clips.fps
    clips = replace(clips, beat=np.cos(track.phase(time)).astype(clips.dtype))
    return _through(stages[at + 1 :], clips)


def prepare_take(take: Motion, fps: float) -> tuple[Motion, np.ndarray]:
    """Return a take at a frame rate, with gaps filled as by `load_folder`.

    Parameters
    ----------
    take : Motion
        One clip.
    fps : float
        New frame rate in Hz.

    Returns
    -------
    take : Motion
        One clip without gaps.
    seen : ndarray of bool of shape (n_frames, n_joints)
        Joints that were seen.
    """
    # As in PoseSmoother, unless no joint of the take is certain.
    position = confident_positions(take)
    if np.isnan(position).all():
        position = take.position
    position, seen = resample_filled(position[0, : take.lengths[0]], fps=take.fps, new_fps=fps)
    return Motion(position[None].astype(np.float32), fps=fps, skeleton=take.skeleton), seen
