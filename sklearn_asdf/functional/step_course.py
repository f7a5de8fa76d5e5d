"""Values of short steps of several clips, as one course through a performance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["StepCourse", "merge_steps"]


@dataclass(frozen=True)
class StepCourse:
    """Values of steps, which are interpolated linearly between the middles of the steps.

    Parameters
    ----------
    time : ndarray of shape (n_steps,)
        Middles in s, increasing.
    values : ndarray of shape (n_steps, n_channels)
        Values.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.step_course import StepCourse
    >>> StepCourse(np.array([0.0, 1.0]), np.array([[3.0], [5.0]])).at(np.array([0.5, 9.0]), 0)
    array([4., 5.])
    """

    time: np.ndarray
    values: np.ndarray

    def at(self, time: np.ndarray, channel: int) -> np.ndarray:
        """Return one channel at times in s.

        Parameters
        ----------
        time : ndarray of shape (n_times,)
            Times in s.
        channel : int
            Column of the values.

        Returns
        -------
        ndarray of shape (n_times,)
            Before and after all steps the nearest value.
        """
        return np.interp(time, self.time, self.values[:, channel])

    def means(self, edges: np.ndarray, n_points: int = 4) -> np.ndarray:
        """Return the means between edges.

        Parameters
        ----------
        edges : ndarray of shape (n_edges,)
            Times in s, increasing.
        n_points : int, default=4
            Number of times between two edges at which the values are taken.

        Returns
        -------
        ndarray of shape (n_edges - 1, n_channels)
            Means.
        """
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

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.step_course import merge_steps
    >>> steps = np.array([[[1.0], [1.0]], [[4.0], [4.0]]])
    >>> course = merge_steps(steps, np.array([1.0, 2.0]), 2.0)
    >>> course.time
    array([0.5, 1.5, 2.5])
    >>> course.values.ravel()
    array([1. , 2.5, 4. ])
    """
    n_clips, n_steps, n_channels = steps.shape
    step = duration / n_steps
    offsets = (np.arange(n_steps) + 0.5) * step - duration / 2
    if n_clips == 1:
        return StepCourse(middles[0] + offsets, steps[0])
    begin = middles[0] - duration / 2
    n_all = int((middles[-1] + duration / 2 - begin) / step + 1e-6)
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
