"""How music responds where a dance stops, and where it has an accent."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d

__all__ = ["accent_response", "stop_response"]

# Duration in s over which the level is measured, and from one value to the next.
_WINDOW, _STEP = 0.1, 0.02
# Level in dB re 1 that counts as silence, and the fall in dB that counts as a stop.
_SILENCE, _FALL = -70.0, 20.0
# Level in dB below that of the unchanged dance's music at which the music is back.
_BACK = 6.0
# Time in s around the stop in which the music may change.
_NEAR = 1.0


def _level(y: np.ndarray, sr: int) -> np.ndarray:
    """Level in dB every 20 ms."""
    size = max(1, round(_STEP * sr))
    n = len(y) // size
    power = np.square(y[: n * size], dtype=float).reshape(n, size).mean(axis=1)
    power = uniform_filter1d(power, max(1, round(_WINDOW / _STEP)), mode="nearest")
    levels: np.ndarray = np.maximum(10 * np.log10(np.maximum(power, 1e-12)), _SILENCE)
    return levels


def _pair(stopped: Any, unchanged: Any, sr: int) -> tuple[np.ndarray, np.ndarray]:
    a, b = (np.asarray(y, dtype=float) for y in (stopped, unchanged))
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"expected two pieces of the same length, got shapes {a.shape} and {b.shape}: generate "
            "music for the dance with and without the change"
        )
    return _level(a, sr), _level(b, sr)


def stop_response(
    stopped: Any, unchanged: Any, *, start: float, duration: float, sr: int = 22050
) -> dict[str, float]:
    """Return how far and how soon music falls where a dance stops, and when it returns.

    Parameters
    ----------
    stopped : array-like of shape (n_samples,)
        Music for a dance that stops.
    unchanged : array-like of shape (n_samples,)
        Music for the same dance without the stop.
    start : float
        Begin of the stop in s.
    duration : float
        Its duration in s.
    sr : int, default=22050
        Sampling rate in Hz.

    Returns
    -------
    response : dict of float
        - `fall`: median level in the stop, without its first 0.5 s and its last 0.3 s, below the
          median level in the second before it, dB;
        - `delay`: time from the begin of the stop until the level is 20 dB lower than in the second
          before it, or silent, in s; infinite if it never is during the stop;
        - `return_delay`: time from the end of the stop until the level of 0.1 s is again within
          6 dB of the median level of the unchanged music in the following second, in s; at least
          -1, and infinite if it does not come within 4 s;
        - `elsewhere`: mean absolute difference of the levels of both pieces, over 0.5 s, at more
          than 1 s from the stop, dB.

    See Also
    --------
    hold_still : Makes a dance stop.

    Notes
    -----
    Levels are root mean squares of 0.1 s in dB re 1, at least -70.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import stop_response
    >>> y = np.random.default_rng(0).normal(0, 0.1, 8 * 22050)
    >>> silent = y * ~((np.arange(len(y)) > 3 * 22050) & (np.arange(len(y)) < 6 * 22050))
    >>> response = stop_response(silent, y, start=3.0, duration=3.0)
    >>> [round(abs(value), 1) for value in response.values()]
    [49.9, 0.1, 0.0, 0.0]
    """
    a, b = _pair(stopped, unchanged, sr)
    time = (np.arange(len(a)) + 0.5) * _STEP
    end = start + duration

    def median(levels: np.ndarray, low: float, high: float) -> float:
        inside = levels[(time >= low) & (time < high)]
        return float(np.median(inside)) if len(inside) else np.nan

    before = median(a, start - 1, start)
    low = (time >= start) & (time < end) & ((a <= before - _FALL) | (a <= _SILENCE))
    back = a >= median(b, end, end + 1) - _BACK
    back &= (time >= max(end - 1, start)) & (time < end + 4)
    # The return counts from where the music was last absent.
    absent = np.flatnonzero(low)
    if len(absent):
        back &= time > time[absent[-1]]
    far = (time < start - _NEAR) | (time > end + _NEAR)
    smooth = [uniform_filter1d(x, round(0.5 / _STEP), mode="nearest") for x in (a, b)]
    return {
        "fall": before - median(a, start + 0.5, end - 0.3),
        "delay": float(time[low][0] - start) if low.any() else np.inf,
        "return_delay": float(time[back][0] - end) if back.any() else np.inf,
        "elsewhere": float(abs(smooth[0] - smooth[1])[far].mean()) if far.any() else np.nan,
    }


def accent_response(
    accented: Any, unchanged: Any, *, at: float, sr: int = 22050
) -> dict[str, float]:
    """Return how far and how late music rises where a dance has an accent.

    Parameters
    ----------
    accented : array-like of shape (n_samples,)
        Music for a dance with an accent, such as one of :func:`amplify` for half a second.
    unchanged : array-like of shape (n_samples,)
        Music for the same dance without it.
    at : float
        Time of the accent in s.
    sr : int, default=22050
        Sampling rate in Hz.

    Returns
    -------
    response : dict of float
        - `rise`: largest difference of the levels, over 0.5 s, within 1 s of the accent, dB;
        - `delay`: time from the accent to the middle of that half second, in s.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import accent_response
    >>> y = np.random.default_rng(0).normal(0, 0.1, 4 * 22050)
    >>> louder = y * np.where(abs(np.arange(len(y)) / 22050 - 2) < 0.25, 2, 1)
    >>> [round(value, 1) for value in accent_response(louder, y, at=2.0).values()]
    [5.8, 0.0]
    """
    a, b = _pair(accented, unchanged, sr)
    time = (np.arange(len(a)) + 0.5) * _STEP
    size = round(0.5 / _STEP)
    power = [uniform_filter1d(10 ** (x / 10), size, mode="nearest") for x in (a, b)]
    difference = 10 * np.log10(power[0] / power[1])
    near = np.flatnonzero(abs(time - at) <= 1.0)
    if not len(near):
        raise ValueError(f"expected an accent within the piece, got one at {at:g} s")
    best = near[difference[near].argmax()]
    return {"rise": float(difference[best]), "delay": float(time[best] - at)}
