"""The course of music in short steps: of several clips as one, and the level set by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from .analysis import STEP_SILENCE

__all__ = ["StepCourse", "merge_steps", "rest_level_of", "set_course"]

# Standard deviation in s over which the music's own level counts: shorter accents stay.
_SMOOTHING = 0.3
# Time in s from one value of the gain to the next, and of the fade at the borders of a rest.
_STEP, _FADE = 0.01, 0.04
# Largest gain in dB: soft passages are not raised to where their noise is heard.
_LARGEST_GAIN = 20.0
# Rests are softer than the median of the music by this, and than this level in any case, in dB.
_BELOW_MUSIC, _SOFT = 30.0, -50.0


@dataclass(frozen=True)
class StepCourse:
    """Values of steps, which are interpolated linearly between the middles of the steps.

    Parameters
    ----------
    time : ndarray of shape (n_steps,)
        Middles in s, increasing.
    values : ndarray of shape (n_steps, n_channels)
        Values.
    """

    time: np.ndarray
    values: np.ndarray

    def at(self, time: np.ndarray, channel: int) -> np.ndarray:
        """Return one channel at times in s; before and after all steps the nearest value."""
        return np.interp(time, self.time, self.values[:, channel])

    def means(self, edges: np.ndarray, n_points: int = 4) -> np.ndarray:
        """Return the means between edges in s, (n_edges - 1, n_channels)."""
        share = (np.arange(n_points) + 0.5) / n_points
        time = edges[:-1, None] + np.diff(edges)[:, None] * share
        channels = range(self.values.shape[1])
        return np.stack([self.at(time, channel).mean(axis=1) for channel in channels], axis=1)


def merge_steps(steps: np.ndarray, middles: np.ndarray, duration: float) -> StepCourse:
    """Return one course of the steps of successive, overlapping clips.

    Parameters
    ----------
    steps : ndarray of shape (n_clips, n_steps, n_channels)
        Values of the steps of each clip.
    middles : ndarray of shape (n_clips,)
        Middles of the clips in s, increasing.
    duration : float
        Duration of a clip in s.

    Returns
    -------
    StepCourse
        Clips are averaged with weights that fall from their middles to their borders, where less of
        the dance around a step is known.
    """
    n_clips, n_steps, n_channels = steps.shape
    step = duration / n_steps
    offsets = (np.arange(n_steps) + 0.5) * step - duration / 2
    if n_clips == 1:
        return StepCourse(middles[0] + offsets, steps[0])
    begin = middles[0] - duration / 2
    n_all = int(np.ceil((middles[-1] + duration / 2 - begin) / step - 1e-6))
    time = begin + (np.arange(n_all) + 0.5) * step
    total, weights = np.zeros((n_all, n_channels)), np.zeros(n_all)
    for middle, values in zip(middles, steps):
        near = np.flatnonzero(np.abs(time - middle) <= duration / 2 + 1e-6)
        weight = np.maximum(1 - np.abs(time[near] - middle) / (duration / 2), 1e-3)
        for channel in range(n_channels):
            total[near, channel] += weight * np.interp(
                time[near], middle + offsets, values[:, channel]
            )
        weights[near] += weight
    return StepCourse(time, total / weights[:, None])


def rest_level_of(levels: np.ndarray) -> float:
    """Return the level in dB below which a step is a rest, for clips with these levels."""
    return float(min(np.median(levels) - _BELOW_MUSIC, _SOFT))


def set_course(
    y: np.ndarray, time: np.ndarray, levels: np.ndarray, *, rest_level: float, sr: float
) -> np.ndarray:
    """Return music with a course of levels.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Music.
    time : ndarray of shape (n_points,)
        Times in s.
    levels : ndarray of shape (n_points,)
        Level at these times in dB, interpolated linearly between them.
    rest_level : float
        Level in dB below which the music is silent.
    sr : float
        Sampling rate in Hz.

    Returns
    -------
    ndarray of float32 of shape (n_samples,)
        The level of about half a second is that of the course; faster changes are the music's own.
    """
    hop = max(1, round(_STEP * sr))
    n = -(-len(y) // hop)
    power = np.square(np.pad(y, (0, n * hop - len(y))), dtype=float).reshape(n, hop).mean(axis=1)
    at = (np.arange(n) + 0.5) * hop / sr
    wanted = np.interp(at, time, levels)
    source = gaussian_filter1d(power, _SMOOTHING * sr / hop, mode="nearest")
    source = 10 * np.log10(np.maximum(source, 10 ** (STEP_SILENCE / 10)))
    gain = np.minimum(wanted - source, _LARGEST_GAIN)
    gate = uniform_filter1d((wanted > rest_level).astype(float), max(1, round(_FADE * sr / hop)))
    # Beyond full scale and far below audibility the gain does not matter.
    factor = 10 ** (np.maximum(gain, -80.0) / 20) * gate
    whole = np.interp(np.arange(len(y)) / sr, at, factor)
    return (y * whole).astype(np.float32)
