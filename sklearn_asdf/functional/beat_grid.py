"""Phase and times of regular beats, and one regular sequence of beats from several estimates."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "beat_of_clips",
    "beat_position",
    "beat_times",
    "steady_beats",
    "time_of_position",
]


def beat_position(beats: ArrayLike, time: ArrayLike) -> np.ndarray:
    """Count beats, and parts of beats, up to some moments.

    Parameters
    ----------
    beats : array-like of shape (n_beats,)
        Times of at least two beats in s, increasing.
    time : array-like
        Moments in s.

    Returns
    -------
    position : ndarray, shaped as `time`
        0 on the first beat, 1.5 half way from the second to the third; beyond the ends it goes on
        at the median pace. Times 2 pi it is the phase.

    Examples
    --------
    >>> from sklearn_asdf.functional.beat_grid import beat_position
    >>> beat_position([1.0, 1.5, 2.0], [0.75, 1.0, 1.75, 3.0]).tolist()
    [-0.5, 0.0, 1.5, 4.0]
    """
    beats, time = np.asarray(beats, dtype=float), np.asarray(time, dtype=float)
    period = np.median(np.diff(beats))
    position = np.interp(time, beats, np.arange(len(beats)))
    position = np.where(time < beats[0], (time - beats[0]) / period, position)
    return np.where(time > beats[-1], len(beats) - 1 + (time - beats[-1]) / period, position)


def time_of_position(beats: ArrayLike, position: ArrayLike) -> np.ndarray:
    """Return the moments at which so many beats have passed: the inverse of `beat_position`.

    Parameters
    ----------
    beats : array-like of shape (n_beats,)
        Times of at least two beats in s, increasing.
    position : array-like
        Beats since the first one, possibly negative.

    Returns
    -------
    time : ndarray, shaped as `position`
        In s; beyond the ends it goes on at the median pace.

    Examples
    --------
    >>> from sklearn_asdf.functional.beat_grid import time_of_position
    >>> time_of_position([1.0, 1.5, 2.0], [-0.5, 0.0, 1.5, 4.0]).tolist()
    [0.75, 1.0, 1.75, 3.0]
    """
    beats, position = np.asarray(beats, dtype=float), np.asarray(position, dtype=float)
    period, last = np.median(np.diff(beats)), len(beats) - 1
    time = np.interp(position, np.arange(len(beats)), beats)
    time = np.where(position < 0, beats[0] + position * period, time)
    return np.where(position > last, beats[-1] + (position - last) * period, time)


def beat_of_clips(
    beats: ArrayLike, starts: ArrayLike, duration: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean tempo of clips, and the phase of the beat in their middles.

    Parameters
    ----------
    beats : array-like of shape (n_beats,)
        Times of at least two beats of a recording in s, increasing.
    starts : array-like of shape (n_clips,)
        Starts of the clips in s.
    duration : float
        Duration of a clip in s.

    Returns
    -------
    log_tempo : ndarray of shape (n_clips,)
        log2 of the tempo in BPM.
    phase : ndarray of shape (n_clips,)
        In radians; a multiple of 2 pi on each beat.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.beat_grid import beat_of_clips
    >>> log_tempo, phase = beat_of_clips([0.0, 0.5, 1.0], [0.0, 0.25], 1.0)
    >>> (2**log_tempo).round(6).tolist(), (phase / (2 * np.pi)).round(6).tolist()
    ([120.0, 120.0], [1.0, 1.5])
    """
    starts = np.asarray(starts, dtype=float)
    begin, end = beat_position(beats, starts), beat_position(beats, starts + duration)
    middle = beat_position(beats, starts + duration / 2)
    return np.log2(60 * (end - begin) / duration), 2 * np.pi * middle


def beat_times(tempo: float, phase: float, *, at: float, duration: float) -> np.ndarray:
    """Beats of one tempo that cover a stretch of time.

    Parameters
    ----------
    tempo : float
        Tempo in BPM.
    phase : float
        Phase of the beat at the moment `at`, in radians; 0 on a beat.
    at : float
        That moment, in s.
    duration : float
        Length of the stretch, from 0, in s.

    Returns
    -------
    beats : ndarray of shape (n_beats,)
        From the last beat at or before 0 to the first at or after `duration`, in s.

    Examples
    --------
    >>> from sklearn_asdf.functional.beat_grid import beat_times
    >>> beat_times(120, 0.0, at=1.2, duration=1.5).round(1).tolist()
    [-0.3, 0.2, 0.7, 1.2, 1.7]
    """
    period = 60.0 / tempo
    first = at - phase / (2 * np.pi) * period
    # What rounding puts a hair past an end is there.
    low = np.floor(-first / period + 1e-9)
    high = np.ceil((duration - first) / period - 1e-9)
    return first + np.arange(low, max(high, low + 1) + 1) * period


def steady_beats(
    tempo: ArrayLike,
    phase: ArrayLike,
    *,
    at: ArrayLike,
    clip_duration: float,
    duration: float,
    tightness: float = 50.0,
    fps: float = 100.0,
) -> np.ndarray:
    r"""Return one steady grid of beats from the tempi and phases of overlapping clips.

    Parameters
    ----------
    tempo : array-like of shape (n_clips,)
        Tempo of each clip in BPM.
    phase : array-like of shape (n_clips,)
        Phase of the beat in each clip's middle, in radians; 0 on a beat.
    at : array-like of shape (n_clips,)
        Time of the middles in s, increasing.
    clip_duration : float
        Length of a clip in s.
    duration : float
        Length of the whole, from 0, in s.
    tightness : float, default=50
        Weight of a steady tempo relative to the votes of the clips.
    fps : float, default=100
        Resolution of the beats in Hz.

    Returns
    -------
    beats : ndarray of shape (n_beats,)
        In s, from the last beat at or before 0 to the first at or after `duration`.

    Notes
    -----
    Each clip votes for its beats with a cosine of its tempo and phase under a window that falls
    towards its ends; dynamic programming then finds the beats with the largest sum of votes, less
    `tightness` times :math:`\log^2` of each distance over the period that the clips there have in
    the median [1]_. So a clip that errs is outvoted by its neighbors, and one grid goes through
    the whole. A single clip gives exactly its own beats.

    References
    ----------
    .. [1] D. P. W. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research
       36(1), 2007.

    Examples
    --------
    >>> from sklearn_asdf.functional.beat_grid import steady_beats
    >>> steady_beats([120, 120], [0, 0], at=[1, 2], clip_duration=2, duration=3).round(2).tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    """
    tempo, phase, at = (np.asarray(a, dtype=float) for a in (tempo, phase, at))
    if len(tempo) == 1:
        return beat_times(tempo[0], phase[0], at=at[0], duration=duration)
    half = clip_duration / 2
    time = np.arange(round(duration * fps) + 1) / fps
    vote, period = np.zeros(len(time)), np.zeros(len(time))
    for i, t in enumerate(time):
        first, last = np.searchsorted(at, [t - half, t + half])
        # Where no clip reaches, the nearest has the word.
        near = slice(first, last) if last > first else np.abs(at - t).argmin()[None]
        away = t - at[near]
        weight = np.cos(np.clip(away / half, -1, 1) * np.pi / 2) ** 2 + 1e-3
        angle = 2 * np.pi * tempo[near] / 60 * away + phase[near]
        vote[i] = (weight * np.cos(angle)).sum() / weight.sum()
        period[i] = np.median(60 / tempo[near])
    best = vote.copy()
    before = np.full(len(time), -1)
    step = period * fps
    for i in range(len(time)):
        low, high = max(i - round(2 * step[i]), 0), i - round(step[i] / 2)
        if high < 0 or i < step[i]:
            continue
        came = np.arange(low, high + 1)
        score = best[came] - tightness * np.log((i - came) / step[i]) ** 2
        j = score.argmax()
        best[i] += score[j]
        before[i] = came[j]
    end = len(time) - max(round(step[-1]), 1)
    i = end + int(best[end:].argmax())
    chain = []
    while i >= 0:
        chain.append(time[i])
        i = before[i]
    beats = np.array(chain[::-1])
    ends = period[[0, -1]]
    lead = beats[0] - np.arange(np.ceil(beats[0] / ends[0] - 1e-9), 0, -1) * ends[0]
    rest = np.ceil((duration - beats[-1]) / ends[1] - 1e-9)
    return np.concatenate([lead, beats, beats[-1] + np.arange(1, rest + 1) * ends[1]])
