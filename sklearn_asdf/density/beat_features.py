"""Movement around the steps of music that lie on beats."""

from __future__ import annotations

import numpy as np

from ..functional.beat_spectra import frames_between

__all__ = ["middles_of_steps", "movement_on_beats", "places_in_beat"]

# Beats before and after a step whose movement is known: a bar, so that its accents are seen.
_REACH = 4


def middles_of_steps(grid: np.ndarray, steps_per_beat: int) -> np.ndarray:
    """Return the middles of the steps on a grid of beats.

    Parameters
    ----------
    grid : ndarray of shape (n_beats + 1,)
        Beats in s, increasing.
    steps_per_beat : int
        Steps in a beat.

    Returns
    -------
    ndarray of shape (n_beats * steps_per_beat,)
        In s.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.density.beat_features import middles_of_steps
    >>> middles_of_steps(np.array([0.0, 1.0, 3.0]), 2).tolist()
    [0.25, 0.75, 1.5, 2.5]
    """
    place = (np.arange((len(grid) - 1) * steps_per_beat) + 0.5) / steps_per_beat
    return np.interp(place, np.arange(len(grid)), grid)


def places_in_beat(n_steps: int, steps_per_beat: int) -> np.ndarray:
    """Return for each step which one of its beat it is.

    Parameters
    ----------
    n_steps : int
        Number of steps, the first of which begins a beat.
    steps_per_beat : int
        Steps in a beat.

    Returns
    -------
    ndarray of shape (n_steps, steps_per_beat)
        1 in the column of its place, else 0.

    Examples
    --------
    >>> from sklearn_asdf.density.beat_features import places_in_beat
    >>> places_in_beat(3, 2).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    return np.eye(steps_per_beat)[np.arange(n_steps) % steps_per_beat]


def movement_on_beats(
    movement: np.ndarray,
    clip: np.ndarray,
    grid: np.ndarray,
    *,
    duration: float,
    steps_per_beat: int,
) -> np.ndarray:
    """Return the movement around each step, in beats.

    Parameters
    ----------
    movement : ndarray of shape (n_moments, n_columns)
        Movement in equal spans of the clip.
    clip : ndarray of shape (n_features,)
        Features of the whole clip.
    grid : ndarray of shape (n_beats + 1,)
        Beats in s from the start of the clip.
    duration : float
        Duration of the clip in s.
    steps_per_beat : int
        Steps in a beat.

    Returns
    -------
    ndarray of shape (n_beats * steps_per_beat, n_values)
        The movement at the step and up to four beats before and after it (beyond the clip, that at
        its ends); its mean over the clip, and `clip`; the place in the beat; and the movement at
        the step by place in the beat, since a dancer may move most where the music does least.
    """
    middles = middles_of_steps(grid, steps_per_beat)
    beat = np.median(np.diff(grid))
    spans = np.arange(len(movement))
    around = [
        frames_between(movement, spans, (middles + k * beat) / duration * len(movement) - 0.5)
        for k in range(-_REACH, _REACH + 1)
    ]
    whole = np.tile(np.concatenate([movement.mean(axis=0), clip]), (len(middles), 1))
    place = places_in_beat(len(middles), steps_per_beat)
    by_place = (around[_REACH][:, None] * place[:, :, None]).reshape(len(middles), -1)
    return np.column_stack([*around, whole, place, by_place])
