"""Power of curves at frequencies beside each other."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops, use_compiled

__all__ = ["power_at"]


def power_at(curves: np.ndarray, angles: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return the power of curves at equally spaced multiples of a frequency.

    Parameters
    ----------
    curves : ndarray of shape (n_clips, n_frames)
        Curves.
    angles : ndarray of shape (n_clips, n_frames)
        Phase of the frequency in each frame, in radians.
    factors : ndarray of shape (n_factors,)
        Multiples of the frequency, equally spaced.

    Returns
    -------
    ndarray of shape (n_clips, n_factors)
        Squared magnitude of ``sum(curves * exp(1j * factor * angles))``.
    """
    # One frequency after the other, each a turn of the one before: few sines and cosines.
    wave = curves * np.exp(1j * factors[0] * angles)
    turn = np.exp(1j * (factors[1] - factors[0]) * angles)
    power = np.empty((len(curves), len(factors)))
    if use_compiled():
        parts = wave.real.copy(), wave.imag.copy(), turn.real.copy(), turn.imag.copy()
        _turn_waves(parts, np.empty((2, 8)), power)
        return power
    for i in range(len(factors)):
        power[:, i] = np.abs(wave.sum(axis=1)) ** 2
        wave *= turn
    return power


@Loops
def _turn_waves(parts, sums, power):
    # Several sums at once, which a processor adds at the same time.
    real, imaginary = sums[0], sums[1]
    for clip in range(len(power)):
        x, y, cosine, sine = parts[0][clip], parts[1][clip], parts[2][clip], parts[3][clip]
        n = len(x)
        whole = n // 8 * 8
        for k in range(power.shape[1]):
            for i in range(8):
                real[i] = imaginary[i] = 0.0
            for start in range(0, whole, 8):
                for i in range(8):
                    real[i] += x[start + i]
                    imaginary[i] += y[start + i]
            a, b = real.sum(), imaginary.sum()
            for i in range(whole, n):
                a += x[i]
                b += y[i]
            power[clip, k] = a * a + b * b
            for i in range(n):
                x[i], y[i] = x[i] * cosine[i] - y[i] * sine[i], x[i] * sine[i] + y[i] * cosine[i]
