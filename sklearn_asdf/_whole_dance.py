"""A whole dance before its music: its frame rate, its clips, and one grid of beats through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._protocol import apply_steps, features_of, fps_of, steps_of
from .functional.beat_grid import beat_position
from .functional.resampling import resample_filled
from .motion.beat_track import BeatTrack
from .motion.container import Motion, as_motion
from .motion.smoothing import confident_positions

__all__ = [
    "features_on_beats",
    "find_beats",
    "overlapping_clips",
    "prepare_take",
    "tracking_stage",
    "tracks_beats",
]


def find_beats(
    pipeline: Any,
    take: Any,
    *,
    bpm: float | None = None,
    taps: ArrayLike | None = None,
    shift: float = 0.0,
) -> BeatTrack:
    """Find the beats of a whole dance as a pipeline does, also with what is known of them.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, from poses to sound, with a :class:`DanceBeatTracker` among its steps.
    take : Motion or array-like of shape (1, n_frames, n_joints, n_axes)
        The dance.
    bpm : float, default=None
        Its tempo in BPM, if it is known, as in :func:`~sklearn_asdf.motion.track_beats`.
    taps : array-like of shape (n_taps,), default=None
        Times in s of some of its beats, as somebody taps them: two or more, or one with `bpm`.
    shift : float, default=0.0
        How much later than those that are found the beats lie, in beats, from 0 to 1.

    Returns
    -------
    BeatTrack
        Its `beats` are for :func:`perform`; `alternatives` are other tempi.

    Examples
    --------
    >>> from sklearn_asdf import make_soundtrack_pipeline
    >>> from sklearn_asdf.datasets import make_dance_music, make_music
    >>> from sklearn_asdf.performance import find_beats
    >>> pipe = make_soundtrack_pipeline(make_music("calm", duration=16, random_state=0))
    >>> dance = make_dance_music(1, clip_duration=12, random_state=0).poses
    >>> round(find_beats(pipe, dance, bpm=80).tempo)
    80
    """
    stages = steps_of(pipeline)[:-1]
    at = tracking_stage(stages)
    if at is None:
        raise ValueError(
            "expected a model that finds the beat of a dance (presets 'default' and 'synthesis', "
            "and soundtracks), got one without a step that tracks beats"
        )
    take, _ = prepare_take(as_motion(take), fps_of(pipeline))
    track: BeatTrack = stages[at].track(apply_steps(stages[:at], take), bpm=bpm, taps=taps)[0]
    return track.shifted(shift) if shift else track


def tracks_beats(pipeline: Any) -> bool:
    """Return whether a pipeline finds the beat of whole dances.

    Parameters
    ----------
    pipeline : Pipeline
        From poses to sound.

    Returns
    -------
    bool
        Whether one of its steps can `track` beats, so that they can also be given.

    Examples
    --------
    >>> from sklearn_asdf import make_dance_pipeline
    >>> from sklearn_asdf.performance import tracks_beats
    >>> tracks_beats(make_dance_pipeline()), tracks_beats(make_dance_pipeline("codec"))
    (True, False)
    """
    return tracking_stage(steps_of(pipeline)[:-1]) is not None


def tracking_stage(stages: Sequence[Any]) -> int | None:
    return next((i for i, stage in enumerate(stages) if hasattr(stage, "track")), None)


def features_on_beats(
    pipeline: Any, take: Motion, clips: Motion, hop_duration: float, beats: ArrayLike | None
) -> Any:
    """Return features of the clips of one take, with one grid of beats through all of them.

    A stage that can `track` the beats of the whole take finds them more reliably than clip by clip;
    they may also be given.
    """
    stages = steps_of(pipeline)[:-1]
    at = tracking_stage(stages)
    if at is None:
        return features_of(pipeline, clips)
    if beats is None:
        beats = stages[at].track(apply_steps(stages[:at], take))[0].beats
    # The stage's own beats of the clips would be replaced, so it is not asked for them.
    clips = apply_steps(stages[:at], clips)
    # As `windows` cuts them: from the nearest frame.
    starts = np.rint(np.arange(len(clips)) * hop_duration * clips.fps) / clips.fps
    time = starts[:, None] + np.arange(clips.n_frames) / clips.fps
    phase = 2 * np.pi * beat_position(beats, time)
    clips = replace(clips, beat=np.cos(phase).astype(clips.dtype))
    return apply_steps(stages[at + 1 :], clips)


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
