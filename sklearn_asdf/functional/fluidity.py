"""How fluid and how sudden a movement is: descriptors of speed and acceleration curves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .windows import reduce_windows

__all__ = ["jerk_peak_rate", "peak_factor", "sparc", "window_curves"]


def window_curves(curve: ArrayLike, start: ArrayLike, stop: ArrayLike) -> np.ndarray:
    """Return the windows of curves, each padded with zeros at its end.

    Parameters
    ----------
    curve : array-like of shape (n_clips, n_frames)
        Curves in any unit.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.

    Returns
    -------
    pieces : ndarray of shape (n_clips, n_windows, n_longest)
        As long as the longest window.

    Examples
    --------
    >>> from sklearn_asdf.functional.fluidity import window_curves
    >>> window_curves([[1, 2, 3, 4]], [[0, 1]], [[1, 4]]).tolist()
    [[[1, 0, 0], [2, 3, 4]]]
    """
    curve, start, stop = np.asarray(curve), np.asarray(start), np.asarray(stop)
    longest = max(int((stop - start).max(initial=0)), 1)
    frame = start[..., None] + np.arange(longest)
    inside = frame < np.minimum(stop, curve.shape[1])[..., None]
    clip = np.arange(len(curve))[:, None, None]
    return np.where(inside, curve[clip, np.minimum(frame, curve.shape[1] - 1)], 0)


def sparc(
    speed: ArrayLike, *, fps: float, cutoff: float = 10.0, threshold: float = 0.05
) -> np.ndarray:
    """Return the spectral arc length of speed profiles: the nearer to 0, the smoother.

    Parameters
    ----------
    speed : array-like of shape (..., n_frames)
        Speed profiles, padded with zeros; the scale does not matter.
    fps : float
        Frames per second (Hz).
    cutoff : float, default=10.0
        Highest frequency in Hz; half of `fps` if that is lower.
    threshold : float, default=0.05
        The spectrum is used up to the last frequency at which it reaches this share of its
        maximum.

    Returns
    -------
    sparc : ndarray of shape (...)
        Negative, without unit; 0 for a profile of zeros.

    Notes
    -----
    The spectrum is sampled every 0.05 Hz whatever the length, so profiles of different length can
    be compared.

    References
    ----------
    S. Balasubramanian, A. Melendez-Calderon, A. Roby-Brami and E. Burdet, "On the analysis of
    movement smoothness", Journal of NeuroEngineering and Rehabilitation 12:112, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.fluidity import sparc
    >>> t = np.linspace(0, 1, 100)
    >>> one, three = np.sin(np.pi * t), np.sin(3 * np.pi * t) ** 2
    >>> bool(sparc(one, fps=100) > sparc(three, fps=100))
    True
    """
    speed = np.asarray(speed, dtype=float)
    scale = np.abs(speed).max(axis=-1, keepdims=True, initial=0.0)
    speed = speed / np.where(scale > 0, scale, 1.0)
    n_frequencies = max(int(min(cutoff, fps / 2) / 0.05 + 1e-9), 1) + 1
    frequency = 0.05 * np.arange(n_frequencies)
    angle = 2 * np.pi * frequency * np.arange(speed.shape[-1])[:, None] / fps
    spectrum = np.hypot(speed @ np.cos(angle), speed @ np.sin(angle))
    peak = spectrum.max(axis=-1, keepdims=True)
    spectrum = spectrum / np.where(peak > 0, peak, 1.0)
    counted = spectrum >= threshold
    last = n_frequencies - 1 - counted[..., ::-1].argmax(axis=-1)
    last = np.where(counted.any(axis=-1), last, 0)[..., None]
    step = np.hypot(1 / np.maximum(last, 1), np.diff(spectrum, axis=-1))
    arc = np.where(np.arange(1, n_frequencies) <= last, step, 0.0).sum(axis=-1)
    return -arc


def jerk_peak_rate(jerk: ArrayLike, start: ArrayLike, stop: ArrayLike, *, fps: float) -> np.ndarray:
    """Return the rate of peaks of the jerk: the higher, the less fluid.

    Parameters
    ----------
    jerk : array-like of shape (n_clips, n_frames)
        Magnitude of jerk, without NaN.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    fps : float
        Frames per second (Hz).

    Returns
    -------
    rate : ndarray of shape (n_clips, n_windows)
        Local maxima above the window's mean, in 1/s.

    Examples
    --------
    >>> from sklearn_asdf.functional.fluidity import jerk_peak_rate
    >>> jerk_peak_rate([[0, 2, 0, 2, 0, 0]], [[0]], [[6]], fps=30).tolist()
    [[10.0]]
    """
    jerk, start, stop = np.asarray(jerk, dtype=float), np.asarray(start), np.asarray(stop)
    peak = np.zeros(jerk.shape)
    peak[:, 1:-1] = (jerk[:, 1:-1] > jerk[:, :-2]) & (jerk[:, 1:-1] >= jerk[:, 2:])
    pieces = window_curves(jerk, start, stop)
    mean = reduce_windows(jerk, start, stop, how="mean")[..., None]
    # A tolerance excludes peaks that are rounding errors of a constant jerk.
    counted = (window_curves(peak, start, stop) > 0) & (pieces > mean * (1 + 1e-9))
    return counted.sum(axis=-1) * fps / np.maximum(stop - start, 1)


def peak_factor(
    curve: ArrayLike, start: ArrayLike, stop: ArrayLike, *, floor: ArrayLike = 0.0
) -> np.ndarray:
    """Return the maximum of a curve divided by its mean: the suddenness of an acceleration.

    Parameters
    ----------
    curve : array-like of shape (n_clips, n_frames)
        Not negative, in any unit, without NaN.
    start, stop : array-like of int, shape (n_clips, n_windows)
        First frame of each window, and the frame after its last.
    floor : float or array-like of shape (n_clips, 1), default=0
        A window whose mean is at most this is at rest.

    Returns
    -------
    factor : ndarray of shape (n_clips, n_windows)
        1 where the curve is constant, large for a single peak, 0 at rest.

    Examples
    --------
    >>> from sklearn_asdf.functional.fluidity import peak_factor
    >>> peak_factor([[1, 1, 4, 0, 0, 0]], [[0, 3]], [[3, 6]]).tolist()
    [[2.0, 0.0]]
    """
    mean = reduce_windows(curve, start, stop, how="mean")
    peak = reduce_windows(curve, start, stop, how="max")
    return np.divide(peak, mean, out=np.zeros_like(mean), where=mean > floor)
