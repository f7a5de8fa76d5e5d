"""Checked input of `evaluate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._validation import raise_all
from ..model_selection import overlapping_clips
from ..motion.container import Motion, as_motion
from ..music.audio_checks import check_audio
from ..music.clips import AudioClips
from ..performance import motion_stage_of
from ._audio_analysis import as_clips
from ._groups import check_groups

__all__ = ["EvaluationData", "check_evaluation_data", "input_format"]


@dataclass(frozen=True)
class EvaluationData:
    """Dances, their real music, and optionally other performances to fit judges to.

    Attributes
    ----------
    motion : Motion
        Dances.
    audio : AudioClips or ndarray of shape (n_clips, n_samples)
        Their real music.
    sr : int
        Sampling rate in Hz.
    groups : ndarray of int of shape (n_clips,)
        Performance of each clip, from 0.
    reference : tuple of (Motion, clips) or None
        Dances and music of other performances.
    """

    motion: Motion
    audio: Any
    sr: int
    groups: np.ndarray
    reference: tuple[Motion, Any] | None

    @property
    def n_groups(self) -> int:
        """Number of performances."""
        return int(self.groups.max()) + 1

    @property
    def duration(self) -> float:
        """Duration of each clip in s."""
        return self.audio.shape[1] / self.sr

    def check_generated(self, clips: np.ndarray, n_clips: int | None = None) -> np.ndarray:
        """Return checked clips of a model; raise if they cannot be compared with the real music."""
        shape = (len(self.audio) if n_clips is None else n_clips, self.audio.shape[1])
        if clips.shape != shape:
            raise ValueError(
                f"expected the pipeline to make audio of shape {shape}, as the real music, got "
                f"{clips.shape}: fit it to clips of this duration and sampling rate"
            )
        return check_audio(clips, sr=self.sr, allow_silent=True, name="the pipeline's music")


def check_evaluation_data(
    poses: Any,
    audio: Any,
    groups: Any,
    *,
    reference: Any,
    fps: float,
    sr: int,
    problems: list[str],
) -> EvaluationData:
    """Return checked input of `evaluate`; raise one error of all problems.

    Parameters
    ----------
    poses, audio, groups, reference, fps, sr
        As in `evaluate`.
    problems : list of str
        Problems that are already known.

    Returns
    -------
    EvaluationData
        The checked input.
    """
    motion = as_motion(poses, fps=fps)
    audio, sr = as_clips(audio, sr=sr)
    groups = check_groups(groups, len(motion), at_least=4 if reference is None else 2)
    problems = list(problems)
    if len(audio) != len(motion):
        problems.append(
            f"expected one music clip for each dance, got {len(audio)} for {len(motion)}: pass the "
            "same clips of both"
        )
    if reference is not None:
        reference, found = _check_reference(reference, motion, audio, fps, sr)
        problems += found
    raise_all(problems)
    return EvaluationData(motion, audio, sr, groups, reference)


def _check_reference(
    reference: Any, motion: Motion, audio: Any, fps: float, sr: int
) -> tuple[Any, list[str]]:
    """Return the reference as (Motion, clips), and a list of problems."""
    if not isinstance(reference, (tuple, list)) or len(reference) != 2:
        raise ValueError(
            "expected reference as a pair (poses, audio) of other performances, got "
            f"{type(reference).__name__}: pass both, usually those of the training set"
        )
    # Dances are compared at one frame rate.
    others = as_motion(reference[0], fps=fps).resample(motion.fps)
    music, rate = as_clips(reference[1], sr=sr)
    problems = []
    if len(others) != len(music) or len(others) < 2:
        problems.append(
            "expected a reference of one music clip for each dance, at least two of each, got "
            f"{len(others)} dances and {len(music)} music clips"
        )
    if others.shape[2:] != motion.shape[2:]:
        problems.append(
            f"expected a reference with the joints and axes of the dances, {motion.shape[2:]}, got "
            f"{others.shape[2:]}"
        )
    if rate != sr or music.shape[1] != audio.shape[1]:
        problems.append(
            f"expected a reference of clips of {audio.shape[1]} samples at {sr} Hz, got "
            f"{music.shape[1]} at {rate} Hz"
        )
    if isinstance(audio, AudioClips) and isinstance(music, AudioClips):
        n_known = int(overlapping_clips(audio, music).sum())
        if n_known:
            problems.append(
                f"expected a reference of other performances, got one that overlaps in time with "
                f"{n_known} of the {len(audio)} clips: split by performance, or the judge is "
                "fitted to clips that it ranks"
            )
    return (others, music), problems


def input_format(poses: Any, pipeline: Any) -> Callable[[Motion], Any]:
    """Return a function that brings dances into the format that a pipeline expects.

    Parameters
    ----------
    poses : Motion or array-like
        Dances, as passed by the user.
    pipeline : estimator
        The pipeline.

    Returns
    -------
    callable
        Returns the Motion itself if the pipeline has a motion stage or `poses` is a Motion, and
        else an array or a list of arrays with as many dimensions as `poses`.
    """
    if isinstance(poses, Motion) or motion_stage_of(pipeline) is not None:
        return lambda motion: motion
    if isinstance(poses, (list, tuple)) and np.ndim(poses[0]) == 3:
        return lambda motion: [p[:n] for p, n in zip(motion.position, motion.lengths)]
    n_dimensions = np.ndim(poses)
    return lambda motion: motion.position.reshape(motion.shape[:n_dimensions])
