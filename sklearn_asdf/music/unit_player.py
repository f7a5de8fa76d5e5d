"""Recorded music for codes of clips: beats, choice of units, and levels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..functional.beat_grid import beat_times, steady_beats
from ..functional.rests import mix_over_rests
from ..functional.step_course import StepCourse, merge_steps
from .analysis import (
    CHANGED_BY_RESTS,
    LEVEL,
    STEP_DESCRIPTORS,
    STEP_LEVEL,
    beat_of,
    limit_level,
)
from .corpus import render
from .unit_steps import set_course

if TYPE_CHECKING:
    from .units import UnitEncoder

__all__ = ["limit_course", "play_codes", "split_code", "wanted_steps"]


def split_code(code: np.ndarray, n_steps: int) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the codes of the steps, and the descriptors of the clips.

    Parameters
    ----------
    code : ndarray of shape (n_clips, n_values)
        Codes of a :class:`UnitEncoder`.
    n_steps : int
        Steps of a clip, possibly none.

    Returns
    -------
    steps : ndarray of shape (n_clips, n_steps, n_channels) or None
        None without steps.
    clips : ndarray of shape (n_clips, n_descriptors)
        Descriptors of the clips.
    """
    if not n_steps:
        return None, code
    n_channels = len(STEP_DESCRIPTORS)
    steps = code[:, : n_steps * n_channels].reshape(len(code), n_steps, n_channels)
    return steps, code[:, n_steps * n_channels :]


def limit_course(encoder: UnitEncoder, levels: np.ndarray) -> np.ndarray:
    """Return levels of steps, at most 6 dB above those of the training music."""
    return np.minimum(levels, encoder.step_level_limit_)


def wanted_steps(encoder: UnitEncoder, values: np.ndarray) -> np.ndarray:
    """Return codes of beats in standard deviations; NaN in rests.

    Parameters
    ----------
    encoder : UnitEncoder
        Fitted with steps.
    values : ndarray of shape (n_beats, n_channels)
        Means of the steps over beats.

    Returns
    -------
    ndarray of shape (n_beats, n_channels)
        In units of `step_scale_`.
    """
    wanted = values / encoder.step_scale_
    wanted[values[:, STEP_LEVEL] <= encoder.rest_level_] = np.nan
    return wanted


def play_codes(
    encoder: UnitEncoder, code: np.ndarray, middles: np.ndarray, n_samples: int
) -> np.ndarray:
    """Return music for codes of clips with these middles in s.

    Parameters
    ----------
    encoder : UnitEncoder
        Fitted.
    code : ndarray of shape (n_clips, n_values)
        Codes.
    middles : ndarray of shape (n_clips,)
        Middles of the clips in s.
    n_samples : int
        Length of the music.

    Returns
    -------
    ndarray of float32 of shape (n_samples,)
        The music.
    """
    steps, code = split_code(code, encoder.n_steps_)
    tempo, phase = beat_of(code)
    duration, sr = n_samples / encoder.sr, encoder.sr
    if len(code) == 1:
        grid = beat_times(tempo[0], phase[0], at=middles[0], duration=duration)
    else:
        grid = steady_beats(
            tempo,
            phase,
            at=middles,
            clip_duration=encoder.n_samples_ / sr,
            duration=duration,
        )
    beat = (grid[:-1] + grid[1:]) / 2
    of_beat = np.abs(beat[:, None] - middles).argmin(axis=1)
    course = None
    if steps is not None:
        course = merge_steps(steps, middles, encoder.n_samples_ / sr)
        # What surrounds a rest is chosen by the movement there.
        rests = (steps[..., STEP_LEVEL] <= encoder.rest_level_).mean(axis=1)
        moving = mix_over_rests(code, rests, middles, encoder.n_samples_ / sr / 2)
        code = np.where(CHANGED_BY_RESTS, moving, code)
    runs = encoder.corpus_.choose(
        (code / encoder.scale_)[of_beat],
        np.diff(grid) * sr,
        encoder.code_ / encoder.scale_,
        stretch=encoder.stretch,
        join_cost=encoder.join_cost,
        steps=None if course is None else wanted_steps(encoder, course.means(grid)),
        step_scale=None if course is None else encoder.step_scale_,
        # Models of earlier versions, which have no steps, have no level of rests either.
        rest_level=-np.inf if course is None else encoder.rest_level_,
    )
    y = render(runs, encoder.corpus_, grid, n_samples, sr=sr, fade_duration=encoder.fade_duration)
    if course is None:
        return _set_level(encoder, y, code[:, LEVEL], middles)
    return _follow(encoder, y, course)


def _follow(encoder: UnitEncoder, y: np.ndarray, course: StepCourse) -> np.ndarray:
    """Return the music with the levels of a course."""
    levels = limit_course(encoder, course.values[:, STEP_LEVEL])
    return set_course(y, course.time, levels, rest_level=encoder.rest_level_, sr=encoder.sr)


def _set_level(
    encoder: UnitEncoder, y: np.ndarray, level: np.ndarray, middles: np.ndarray
) -> np.ndarray:
    """Return the music with the levels in dB around the middles of clips."""
    n_samples = encoder.n_samples_
    level = limit_level(level, encoder.code_[:, LEVEL])
    energy = np.concatenate([[0.0], np.cumsum(np.square(y, dtype=float))])
    first = np.rint(middles * encoder.sr - n_samples / 2).astype(int)
    power = (energy[np.minimum(first + n_samples, len(y))] - energy[first]) / n_samples
    # Silence has no gain.
    gain = np.where(power > 1e-10, level - 10 * np.log10(np.maximum(power, 1e-10)), 0.0)
    gain = np.interp(np.arange(len(y)) / encoder.sr, middles, gain)
    return (y * 10 ** (gain / 20)).astype(np.float32)
