"""The main job from end to end: data, fit, music for held-out dances, pictures, the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from .. import datasets, plotting
from .._files import atomic_path
from .._validation import require
from ..music.clips import AudioClips
from ..music.sound_file import write_recording, write_sound
from ..music.spectra import spectrogram_options
from ..performance import (
    audio_regressor_of,
    encoder_of,
    features_of,
    featurizer_input,
    featurizer_of,
)
from ..persistence import save
from ..pipeline import make_dance_pipeline
from ..plotting._motion import import_pyplot

__all__ = ["run_demo"]

# Files in the output folder whatever the dances are called.
MODEL, SCORES = "model.zip", "scores.csv"
# Of a made-up performance: many short ones teach more than few long ones.
_CLIPS_EACH = 3
# Seconds; more poses would be too small to see.
_LONGEST_PICTURE = 24.0


def run_demo(
    *,
    poses: str | None,
    audio: str | None,
    out: Path,
    preset: str,
    n_clips: int,
    clip_duration: float,
    hop_duration: float | None,
    n_held_out: int,
    temperature: float,
    random_state: int,
    verbose: int,
    report: Callable[[str], Any],
) -> pd.DataFrame:
    """Fit on some performances, make music for the others; return the held-out scores."""
    require("keras", "librosa", "soundfile", "matplotlib", extra="music", purpose="the demo")
    if hop_duration is None:
        hop_duration = 1.0 if poses is not None else clip_duration / 2
    clock: dict[str, Any] = {"clip_duration": clip_duration, "hop_duration": hop_duration}
    if poses is None:
        data = datasets.make_dance_music(
            n_clips,
            n_performances=max(1, n_clips // _CLIPS_EACH),
            random_state=random_state,
            **clock,
        )
    else:
        data = datasets.load_folder(poses=poses, audio=audio, **clock)
    performances = np.unique(data.groups)
    held_out = _hold_out(performances, n_held_out, random_state)
    train = ~np.isin(data.groups, held_out)
    report(
        f"{len(data.groups)} clips of {clip_duration:g} s, {hop_duration:g} s apart, of "
        f"{len(performances)} performances; learning from {train.sum()} clips, {n_held_out} "
        "performances held out"
    )
    pipe = make_dance_pipeline(preset, random_state=random_state, verbose=verbose)
    pipe.fit(data.poses[train], data.audio[train])
    save(pipe, out / MODEL)

    scores = []
    for i, performance in enumerate(held_out):
        name = str(data.names[performance])
        report(f"music for {name}")
        clips = _successive(data, performance, **clock)
        dance, music = data.poses[clips], data.audio[clips]
        # Another seed for each: what the pieces then share is not the draw.
        piece = _generate(
            pipe, dance, music, temperature=temperature, random_state=random_state + i
        )
        true = _recording(music)
        write_sound(out / f"{name}_generated.wav", piece, sr=music.sr)
        write_recording(out / f"{name}_true.wav", true, sr=music.sr)
        _draw(out / f"{name}.png", pipe, dance, music, generated=piece)
        scores.append(_score(pipe, name, dance, music))
    table = pd.DataFrame(scores)
    with atomic_path(out / SCORES) as path:
        table.to_csv(path, index=False)
    report("log-likelihood of the true music, in nats per code dimension, and what the dance adds:")
    report(table.to_string(index=False, float_format=lambda x: f"{x:.3f}"))
    return table


def _hold_out(performances: np.ndarray, n_held_out: int, random_state: int) -> np.ndarray:
    """Draw the performances to hold out."""
    if not 1 <= n_held_out < len(performances):
        raise ValueError(
            f"expected to hold out between 1 and {len(performances) - 1} of {len(performances)} "
            f"performances, got {n_held_out}: give more performances, or hold out fewer"
        )
    rng = np.random.RandomState(random_state)
    return np.sort(rng.choice(performances, n_held_out, replace=False))


def _successive(
    data: Any, performance: Any, *, clip_duration: float, hop_duration: float
) -> np.ndarray:
    """Clips of a performance that follow each other without a gap, overlapping by about half.

    Clips may lack where too few poses were seen: the longest stretch counts. Neighbours that
    overlap by more than half would only blur each other.
    """
    clips = np.flatnonzero(data.groups == performance)
    starts = data.audio.starts[clips]
    hop = hop_duration * data.audio.sr
    breaks = np.flatnonzero(np.abs(np.diff(starts) - hop) > 1) + 1
    run = max(np.split(clips, breaks), key=len)
    return run[:: max(1, round(clip_duration / hop_duration / 2))]


def _hop_duration(music: AudioClips) -> float:
    """Time between successive clips, in seconds; a clip's own length if there is but one."""
    hops = np.diff(music.starts)
    return float(hops[0]) / music.sr if len(hops) else music.clip_duration


def _generate(pipe: Pipeline, dance, music, *, temperature, random_state) -> np.ndarray:
    return audio_regressor_of(pipe).compose(
        features_of(pipe, dance),
        hop_duration=_hop_duration(music),
        temperature=temperature or None,
        random_state=random_state,
    )


def _recording(music: AudioClips) -> np.ndarray:
    """The true music from the first clip's start to the last one's end."""
    hop = round(_hop_duration(music) * music.sr)
    return np.concatenate([*(clip[:hop] for clip in music[:-1]), music[-1]])


def _score(pipe: Pipeline, name: str, dance, music) -> dict[str, Any]:
    """Log-likelihood of the true music, with the dance and without."""
    X, model = features_of(pipe, dance), audio_regressor_of(pipe)
    codes = model.transformer_.transform(music)
    return {
        "performance": name,
        "log_likelihood": model.regressor_.log_likelihood(X, codes),
        "gain": model.regressor_.information_gain(X, codes),
    }


def _draw(path: Path, pipe: Pipeline, dance, music, *, generated: np.ndarray) -> None:
    """Pose strip with keyframes, Laban curves and both spectrograms, on one axis of time."""
    pyplot = import_pyplot()
    encoder, featurizer = encoder_of(pipe), featurizer_of(pipe)
    motion = featurizer_input(pipe, dance)
    table = pd.DataFrame(
        np.asarray(featurizer.transform(motion)), columns=featurizer.get_feature_names_out()
    )
    # Clips that follow each other without overlap, so that nothing is drawn twice.
    step = max(1, round(music.clip_duration / _hop_duration(music)))
    times = np.arange(len(dance)) * _hop_duration(music)
    figure, axes = pyplot.subplots(
        4, figsize=(14, 11), sharex=True, height_ratios=[2, 2, 1.5, 1.5], layout="constrained"
    )
    for clip in range(0, len(dance), step):
        if times[clip] >= _LONGEST_PICTURE:
            break
        # Keyframes are found on smoothed poses, and drawn on the poses as they came.
        poses = replace(dance[clip], keyframes=motion.keyframes[clip : clip + 1])
        plotting.PoseStripDisplay.from_motion(poses, start=times[clip], ax=axes[0])
        plotting.LMADisplay.from_features(table, motion, clip, start=times[clip], ax=axes[1])
    plotting.SpectrogramDisplay.from_audio(
        {"true music": _recording(music), "generated music": generated},
        **spectrogram_options(encoder),
        axes=axes[2:],
    )
    axes[0].set(title="poses, keyframes in colour", xlabel="")
    axes[1].set(title="Laban features of the windows, each over its own range", xlabel="")
    axes[0].set_xlim(0, min(len(generated) / encoder.sr, _LONGEST_PICTURE))
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=80)
    pyplot.close(figure)
