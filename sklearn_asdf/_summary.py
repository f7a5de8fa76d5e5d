"""What a saved model is and needs, as a few plain values that are read without loading it."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from ._defaults import PRESETS
from .performance import (
    clip_duration_of,
    encoder_of,
    fps_of,
    motion_stage_of,
    plays_any_skeleton,
    steps_of,
)

__all__ = ["nearest_preset", "summarize"]

# Parameters that say nothing about the preset.
_FREE = ("random_state", "n_keyframes", "verbose", "memory", "n_jobs")


def summarize(model: Any) -> dict[str, Any]:
    """Return what a model is, what it needs to know of a dance, and what it plays.

    `save` writes it into the file, and ``sklearn-asdf info`` prints it.

    Parameters
    ----------
    model : estimator
        Fitted or not.

    Returns
    -------
    dict
        Strings, numbers, and lists and dicts of them: ``model`` and ``steps``; ``dance`` (joints,
        axes, frame rate, and whether other skeletons do as well) if the model is fitted to dances;
        ``music`` (preset, sampling rate, seconds of a clip, and of the recordings that it plays) if
        it is fitted to music.

    Examples
    --------
    >>> from sklearn_asdf import make_lma_pipeline
    >>> from sklearn_asdf._summary import summarize
    >>> summary = summarize(make_lma_pipeline(n_keyframes=7))
    >>> summary["model"], summary["steps"][2]
    ('Pipeline', ['keyframes', 'KeyframeSegmenter(n_keyframes=7)'])
    """
    summary: dict[str, Any] = {"model": type(model).__name__}
    if isinstance(model, Pipeline):
        summary["steps"] = [[name, " ".join(str(step).split())] for name, step in model.steps]
    else:
        summary["text"] = " ".join(str(model).split())
    stage = motion_stage_of(model)
    if stage is None:
        return summary
    skeleton = stage.skeleton_
    summary["dance"] = {
        "n_joints": int(stage.n_joints_in_),
        "n_axes": int(stage.n_axes_in_),
        "fps": float(fps_of(model)),
        "skeleton": None if skeleton is None else skeleton.name or "own names",
        "joints": None if skeleton is None else list(map(str, skeleton.joints)),
        "any_skeleton": bool(plays_any_skeleton(model)),
    }
    encoder = getattr(steps_of(model)[-1], "transformer_", None)
    # A transformer of another target has no sound.
    if hasattr(encoder, "sr") and hasattr(encoder, "n_samples_"):
        summary["music"] = _music(model)
    return summary


def _music(model: Any) -> dict[str, Any]:
    encoder = encoder_of(model)
    music = {
        "preset": _preset(model),
        "sr": float(encoder.sr),
        "clip_duration": float(clip_duration_of(model)),
    }
    if hasattr(encoder, "corpus_"):
        n_samples = sum(map(len, encoder.corpus_.recordings))
        music |= {"n_units": int(encoder.n_units_), "duration": float(n_samples / encoder.sr)}
    return music


def _preset(model: Any) -> str | None:
    """Return the preset whose parameters a pipeline has, whatever its seeds and sizes."""
    preset, changes = nearest_preset(model)
    return None if changes else preset


def nearest_preset(model: Any) -> tuple[str, list[str]]:
    """Return the preset that a pipeline differs least from, and the parameters that differ.

    Parameters
    ----------
    model : Pipeline
        From poses to sound.

    Returns
    -------
    preset : str
        Its name.
    changes : list of str
        Parameters of the pipeline with their values, such as ``"keyframes__method='uniform'"``, and
        the names of those that it lacks; of a stage of another class only its class.
    """
    from .pipeline import make_dance_pipeline

    own = _shape(model)
    others = {preset: _shape(make_dance_pipeline(preset)) for preset in PRESETS[1:]}
    changes = {preset: _changes(own, other) for preset, other in others.items()}

    def distance(preset: str) -> tuple[bool, int]:
        # What a model plays makes its kind more than anything else.
        encoder = "music__transformer"
        return own.get(encoder) != others[preset][encoder], len(changes[preset])

    preset = min(changes, key=distance)
    return preset, changes[preset]


def _changes(own: dict[str, str], other: dict[str, str]) -> list[str]:
    names = [n for n in own if own[n] != other.get(n)] + [n for n in other if n not in own]
    # The parameters of a stage that is another one say nothing more.
    kept = [n for n in names if not any(n.startswith(f"{stage}__") for stage in names)]
    return [f"{n}={own[n]}" if n in own else f"without {n}" for n in kept]


def _shape(model: Any) -> dict[str, str]:
    return {
        name: type(value).__name__ if hasattr(value, "get_params") else repr(value)
        for name, value in model.get_params().items()
        if name != "steps" and name.rpartition("__")[2] not in _FREE
    }
