"""Beats that somebody tapped: their tempo, and other beats shifted to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .beat_grid import beat_position, time_of_position

__all__ = ["beats_through_taps", "shift_beats", "tempo_of_taps"]


def tempo_of_taps(taps: ArrayLike) -> float:
    """Return the tempo of beats that were tapped.

    Parameters
    ----------
    taps : array-like of shape (n_taps,)
        Times of at least two taps in s, increasing. Single beats may lack.

    Returns
    -------
    tempo : float
        In BPM.

    Notes
    -----
    Taps are numbered by the median distance of neighbors, and the period is the slope of a line
    through them (least squares).

    Examples
    --------
    >>> from sklearn_asdf.functional.tapped_beats import tempo_of_taps
    >>> round(tempo_of_taps([1.0, 1.5, 2.0, 3.0, 3.5]), 1)
    120.0
    """
    taps = np.asarray(taps, dtype=float)
    steps = np.maximum(np.rint(np.diff(taps) / np.median(np.diff(taps))), 1)
    number = np.concatenate([[0.0], np.cumsum(steps)])
    return float(60 / np.polyfit(number, taps, 1)[0])


def shift_beats(beats: ArrayLike, n_beats: float) -> np.ndarray:
    """Return the same beats, later by a part of a beat.

    Parameters
    ----------
    beats : array-like of shape (n_beats,)
        Times of at least two beats in s, increasing.
    n_beats : float
        By how many beats, from 0 to 1.

    Returns
    -------
    shifted : ndarray of shape (n_beats + 1,)
        Times in s; one beat more lies before the others.

    Examples
    --------
    >>> from sklearn_asdf.functional.tapped_beats import shift_beats
    >>> shift_beats([0.0, 0.5, 1.0], 0.5).tolist()
    [-0.25, 0.25, 0.75, 1.25]
    """
    return time_of_position(beats, np.arange(-1, np.size(beats)) + n_beats)


def beats_through_taps(beats: ArrayLike, taps: ArrayLike) -> np.ndarray:
    """Return beats of the same course that lie where somebody tapped.

    Parameters
    ----------
    beats : array-like of shape (n_beats,)
        Times of at least two beats in s, increasing, of the tempo of the taps.
    taps : array-like of shape (n_taps,)
        Times of the taps in s.

    Returns
    -------
    shifted : ndarray of shape (n_beats + 1,)
        All later by the circular mean of how much the taps are, in parts of a beat.

    Examples
    --------
    >>> from sklearn_asdf.functional.tapped_beats import beats_through_taps
    >>> beats_through_taps([0.0, 0.5, 1.0, 1.5], [0.58, 1.12]).round(2).tolist()
    [-0.4, 0.1, 0.6, 1.1, 1.6]
    """
    turns = np.exp(2j * np.pi * beat_position(beats, taps)).mean()
    return shift_beats(beats, float(np.angle(turns) / (2 * np.pi)) % 1.0)
