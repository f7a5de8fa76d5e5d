"""The protocol of a fitted pipeline from poses to sound, part of `performance`.

A stage is found by its attributes, see "What a fitted model promises" in the user guide: the first
one with ``skeleton_`` defines joints and frame rate (``fps_``); an
:class:`~sklearn_asdf.LMAFeaturizer` makes the table; the last step has `compose` and an audio
encoder, ``transformer_``, with `sr` and ``n_samples_``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from .motion.batches import BatchTransformer
from .motion.container import DEFAULT_FPS, Motion
from .motion.lma import LMAFeaturizer

__all__ = [
    "apply_steps",
    "audio_regressor_of",
    "clip_duration_of",
    "encoder_of",
    "features_of",
    "featurizer_input",
    "featurizer_of",
    "fps_of",
    "motion_stage_of",
    "plays_any_skeleton",
    "steps_of",
    "table_step_of",
]


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
    return apply_steps(steps_of(model)[:-1], poses)


def apply_steps(steps: list[Any], X: Any) -> Any:
    """Transform data by fitted steps.

    Parameters
    ----------
    steps : list of estimator
        Fitted.
    X : object
        Input of the first one.

    Returns
    -------
    object
        Output of the last one; `X` itself without steps.
    """
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
    return apply_steps(_path_to_featurizer(model)[:-1], clips)
