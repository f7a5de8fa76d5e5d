"""Music for one whole dance, and the protocol of a fitted pipeline from poses to sound.

Live, report, metrics and the command line access a pipeline through the functions of this module,
so its steps may have any names, and a pipeline may be a step of another. `_protocol.py` finds its
stages.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._defaults import TEMPERATURE
from ._progress import Progress, progress
from ._protocol import (
    audio_regressor_of,
    clip_duration_of,
    encoder_of,
    features_of,
    featurizer_input,
    featurizer_of,
    fps_of,
    motion_stage_of,
    plays_any_skeleton,
    steps_of,
    table_step_of,
)
from ._validation import raise_all
from ._whole_dance import (
    features_on_beats,
    find_beats,
    overlapping_clips,
    prepare_take,
    tracks_beats,
)
from .functional.gaps import frames_seen
from .motion.container import Motion, as_motion
from .music.loudness import at_loudness

__all__ = [
    "TEMPERATURE",
    "DescribedDance",
    "Performance",
    "audio_regressor_of",
    "clip_duration_of",
    "compose",
    "compose_takes",
    "describe_dance",
    "encoder_of",
    "features_of",
    "featurizer_input",
    "featurizer_of",
    "find_beats",
    "fps_of",
    "motion_stage_of",
    "overlapping_clips",
    "perform",
    "plays_any_skeleton",
    "prepare_take",
    "steps_of",
    "table_step_of",
    "tracks_beats",
]

# Share of the frames in which the dancer should be seen.
_MIN_SEEN = 0.5
# How often a take that is like an earlier one is made anew, with twice the temperature each time.
_ATTEMPTS, _NEXT_SEED = 5, 7919
# Seconds in which music begins and ends within a dance.
_FADE = 0.5


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


def perform(
    pipeline: Any,
    take: Any,
    *,
    beats: ArrayLike | None = None,
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
    beats : array-like of shape (n_beats,), default=None
        Times of the beats of the dance in s, increasing: those of another recording, of a
        metronome, or of :func:`find_beats` with what is known. None lets the pipeline find them.
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

    See Also
    --------
    describe_dance, compose : The two halves, for several pieces of one dance.
    find_beats : The beats that the pipeline finds, also with a tempo that is known.

    Examples
    --------
    >>> from sklearn_asdf import make_dance_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.performance import perform
    >>> data = make_dance_music(12, clip_duration=2.0, random_state=0)
    >>> pipe = make_dance_pipeline("tiny", n_keyframes=4, random_state=0)
    >>> pipe = pipe.fit(data.poses, data.audio)
    >>> dance = make_dance_music(1, clip_duration=6.0, random_state=1).poses
    >>> piece = perform(pipe, dance, random_state=0)
    >>> piece.audio.shape, piece.sr
    ((132300,), 22050)
    """
    dance = describe_dance(pipeline, take, beats=beats, verbose=verbose)
    return compose(
        pipeline,
        dance,
        temperature=temperature,
        random_state=random_state,
        loudness=loudness,
        verbose=verbose,
    )


@dataclass(frozen=True, eq=False)
class DescribedDance:
    """A whole dance as the last step of a pipeline needs it.

    Parameters
    ----------
    take : Motion
        The whole dance at the model's frame rate, gaps filled.
    clips : Motion
        Overlapping clips of the take.
    hop_duration : float
        Time from one clip to the next in s.
    features : object
        Features of the clips.
    """

    take: Motion
    clips: Motion
    hop_duration: float
    features: Any


def describe_dance(
    pipeline: Any, take: Any, *, beats: ArrayLike | None = None, verbose: int = 0
) -> DescribedDance:
    """Return a whole dance as the last step of a pipeline needs it, for several pieces.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, from poses to sound.
    take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        The dance, at least as long as a clip, at any frame rate.
    beats : array-like of shape (n_beats,), default=None
        As in :func:`perform`.
    verbose : int, default=0
        Above 0, show progress.

    Returns
    -------
    DescribedDance
        For :func:`compose`.
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
    if beats is not None:
        beats = np.asarray(beats, dtype=float)
        if beats.ndim != 1 or len(beats) < 2 or not (np.diff(beats) > 0).all():
            problems.append(
                f"expected two or more increasing times of beats, got shape {beats.shape}"
            )
        elif not tracks_beats(pipeline):
            problems.append(
                "expected a model that plays on the beat of the dance for given beats, got one "
                "without a step that tracks beats"
            )
    raise_all(problems)
    take, seen = prepare_take(take, fps)
    share = float(frames_seen(seen).mean())
    if share < _MIN_SEEN:
        warnings.warn(
            f"the dancer is seen in {share:.0%} of the frames only: the others are interpolated",
            UserWarning,
            stacklevel=3,
        )
    clips, hop_duration = overlapping_clips(take, clip_duration)
    with Progress("describing the dance", verbose=verbose):
        features = features_on_beats(pipeline, take, clips, hop_duration, beats)
    return DescribedDance(take, clips, hop_duration, features)


def compose(
    pipeline: Any,
    dance: DescribedDance,
    *,
    temperature: float | None = TEMPERATURE,
    random_state: Any = None,
    loudness: float | None = None,
    verbose: int = 0,
) -> Performance:
    """Compose music for a dance that was described.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, from poses to sound.
    dance : DescribedDance
        From :func:`describe_dance` of the same pipeline.
    temperature, random_state, loudness, verbose : object
        As in :func:`perform`.

    Returns
    -------
    Performance
        With music as long as the dance, to a frame.
    """
    audio = audio_regressor_of(pipeline).compose(
        dance.features,
        hop_duration=dance.hop_duration,
        temperature=temperature,
        random_state=random_state,
        verbose=verbose,
    )
    audio, sr = np.asarray(audio), int(encoder_of(pipeline).sr)
    if loudness is not None:
        audio = at_loudness(audio, loudness, sr=sr)
    return Performance(dance.take, dance.clips, dance.hop_duration, audio, sr)


def compose_takes(
    pipeline: Any,
    dance: DescribedDance,
    seeds: Sequence[int],
    *,
    temperature: float | None = TEMPERATURE,
    loudness: float | None = None,
    start: float = 0.0,
    end: float | None = None,
    verbose: int = 0,
) -> list[Performance]:
    """Compose several pieces for one dance.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, from poses to sound.
    dance : DescribedDance
        From :func:`describe_dance` of the same pipeline.
    seeds : sequence of int
        A seed for each piece.
    temperature, loudness : float or None
        As in :func:`perform`.
    start, end : float, default=0.0, None
        When the music begins and ends, in s of the dance; it is silent before and after, with
        fades. None is the end of the dance.
    verbose : int, default=0
        Above 0, show progress.

    Returns
    -------
    list of Performance
        A piece that is like an earlier one is made anew with a higher temperature; only with hardly
        any music may two be the same.
    """
    takes: list[Performance] = []
    for seed in progress(seeds, "composing takes", unit="takes", verbose=verbose):
        for attempt in range(1 if temperature is None else _ATTEMPTS):
            take = compose(
                pipeline,
                dance,
                temperature=None if temperature is None else temperature * 2**attempt,
                random_state=(seed + attempt * _NEXT_SEED) % 2**32,
                loudness=loudness,
                verbose=verbose if len(seeds) == 1 else 0,
            )
            take = replace(take, audio=_between(take.audio, start, end, take.sr))
            # A short dance, or little music, may get the same excerpt again.
            if not any(np.array_equal(take.audio, other.audio) for other in takes):
                break
        takes.append(take)
    return takes


def _between(audio: np.ndarray, start: float, end: float | None, sr: int) -> np.ndarray:
    """Return music that is silent before `start` and after `end` in s, with fades."""
    time = np.arange(len(audio)) / sr
    gain = np.ones(len(audio))
    if start > 0:
        gain *= np.clip((time - start) / _FADE, 0, 1)
    if end is not None and end < len(audio) / sr - 1e-3:
        gain *= np.clip((end - time) / _FADE, 0, 1)
    return (audio * gain).astype(np.float32)
