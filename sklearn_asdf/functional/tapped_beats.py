"""Beats of a tempo that somebody gives, or taps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .beat_grid import beat_position, time_of_position

__all__ = [
    "beats_through_taps",
    "refine_tempo",
    "regular_beats",
    "shift_beats",
    "tempo_of_taps",
    "tempo_spread",
]

_N_CANDIDATES = 51


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


def tempo_spread(taps: ArrayLike, *, precision: float = 0.04) -> float:
    r"""Return how uncertain the tempo of taps is.

    Parameters
    ----------
    taps : array-like of shape (n_taps,)
        Times of at least two taps in s, increasing.
    precision : float, default=0.04
        Standard deviation of the taps in s.

    Returns
    -------
    spread : float
        Standard deviation of the tempo, relative to itself: :math:`\sqrt{12 / n}\, \sigma / T`,
        that of the slope of a line through n even taps of duration T.

    Examples
    --------
    >>> from sklearn_asdf.functional.tapped_beats import tempo_spread
    >>> round(tempo_spread([0.0, 0.5, 1.0, 1.5]), 3)
    0.046
    """
    taps = np.asarray(taps, dtype=float)
    return float(np.sqrt(12 / len(taps)) * precision / (taps[-1] - taps[0]))


def refine_tempo(
    activation: ArrayLike, *, fps: float, tempo: float, spread: float, weight: float
) -> float:
    r"""Return the tempo near a given one at which a curve has the most regular beats.

    Parameters
    ----------
    activation : array-like of shape (n_frames,)
        How near a beat each frame is, as for
        :func:`~sklearn_asdf.functional.bar_pointer.viterbi_beats`.
    fps : float
        Frame rate in Hz.
    tempo : float
        Tempo in BPM.
    spread : float
        Its standard deviation, relative to itself; 0 keeps it.
    weight : float
        Evidence in nats per second of an activation of 1.

    Returns
    -------
    tempo : float
        In BPM, within 2.5 standard deviations s of the given one: the maximum over f of
        :math:`w \left| \sum_t z_t e^{-2 \pi i f t} \right| / r - \log(f / f_0)^2 / 2 s^2`,
        where r is the frame rate.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tapped_beats import refine_tempo
    >>> curve = np.cos(2 * np.pi * 1.5 * np.arange(900) / 30)
    >>> round(refine_tempo(curve, fps=30, tempo=89.6, spread=0.005, weight=20.0), 1)
    90.0
    """
    if spread == 0:
        return tempo
    candidates = tempo * np.exp(np.linspace(-2.5, 2.5, _N_CANDIDATES) * spread)
    regular = [np.abs(_coefficient(activation, fps, c)) for c in candidates]
    deviation = np.log(candidates / tempo) / spread
    return float(candidates[np.argmax(weight * np.array(regular) - 0.5 * deviation**2)])


def regular_beats(activation: ArrayLike, *, fps: float, tempo: float) -> np.ndarray:
    """Return beats of one tempo where a curve is highest on average.

    Parameters
    ----------
    activation : array-like of shape (n_frames,)
        How near a beat each frame is, as for
        :func:`~sklearn_asdf.functional.bar_pointer.viterbi_beats`.
    fps : float
        Frame rate in Hz.
    tempo : float
        Tempo in BPM.

    Returns
    -------
    beats : ndarray of shape (n_beats,)
        Times in s, from the last beat at or before the first frame to the first after the end.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tapped_beats import regular_beats
    >>> curve = np.cos(2 * np.pi * 1.5 * (np.arange(60) / 30 - 0.2))
    >>> regular_beats(curve, fps=30, tempo=90).round(2).tolist()
    [-0.47, 0.2, 0.87, 1.53, 2.2]
    """
    period = 60 / tempo
    phase = np.angle(_coefficient(activation, fps, tempo)) / (2 * np.pi)
    first = -(phase % 1.0) * period
    return first + period * np.arange(
        np.ceil((len(np.asarray(activation)) / fps - first) / period) + 1
    )


def _coefficient(activation: ArrayLike, fps: float, tempo: float) -> complex:
    curve = np.asarray(activation)
    time = np.arange(len(curve)) / fps
    return complex((curve * np.exp(-2j * np.pi * tempo / 60 * time)).sum() / fps)


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
