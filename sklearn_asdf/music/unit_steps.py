"""The level of music, set by a course of short steps."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from .analysis import STEP_SILENCE

__all__ = ["local_level", "rest_level_of", "set_course", "set_gain"]

# Standard deviation in s of the smoothing of the music's own level; shorter accents are kept.
_SMOOTHING = 0.12
# Time in s from one value of the gain to the next, and of the fade at the borders of a rest.
_STEP, _FADE = 0.01, 0.04
# Largest gain in dB: soft passages are not raised to where their noise is heard.
_LARGEST_GAIN = 20.0
# Rests are softer than the median of the music by this, and than this level in any case, in dB.
_BELOW_MUSIC, _SOFT = 30.0, -50.0


def rest_level_of(levels: np.ndarray) -> float:
    """Return the level in dB below which a step is a rest, for clips with these levels."""
    return float(min(np.median(levels) - _BELOW_MUSIC, _SOFT))


def local_level(y: np.ndarray, *, sr: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the level of music over about half a second.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Music.
    sr : float
        Sampling rate in Hz.

    Returns
    -------
    at : ndarray of shape (n_points,)
        Places in samples, every 10 ms.
    level : ndarray of shape (n_points,)
        Level there in dB re 1, at least -70.
    """
    hop = max(1, round(_STEP * sr))
    n = max(-(-len(y) // hop), 1)
    power = np.square(np.pad(y, (0, n * hop - len(y))), dtype=float).reshape(n, hop).mean(axis=1)
    power = gaussian_filter1d(power, _SMOOTHING * sr / hop, mode="nearest")
    level = 10 * np.log10(np.maximum(power, 10 ** (STEP_SILENCE / 10)))
    return (np.arange(n) + 0.5) * hop, level


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
        The music, whose level over about half a second is the wanted one; faster changes stay.
    """
    places, source = local_level(y, sr=sr)
    at = places / sr
    hop = max(1, round(_STEP * sr))
    wanted = np.interp(at, time, levels)
    factor = _factors(wanted, source, rest_level, max(1, round(_FADE * sr / hop)))
    whole = np.interp(np.arange(len(y)) / sr, at, factor)
    return (y * whole).astype(np.float32)


def set_gain(
    source: np.ndarray, time: np.ndarray, levels: np.ndarray, *, rest_level: float, sr: float
) -> np.ndarray:
    """Return the factors that give music of known levels a course of levels.

    Parameters
    ----------
    source : ndarray of shape (n_samples,)
        Level of the music in dB, as of `local_level`.
    time, levels, rest_level, sr
        As in `set_course`; times are from the first sample.

    Returns
    -------
    ndarray of shape (n_samples,)
        One factor per sample.
    """
    hop = max(1, round(_STEP * sr))
    # One step more, so that the last sample lies between two values of the gain.
    at = np.arange(0, len(source) + hop, hop)
    wanted = np.interp(at / sr, time, levels)
    of_music = source[np.minimum(at, len(source) - 1)].astype(float)
    factor = _factors(wanted, of_music, rest_level, max(1, round(_FADE * sr / hop)))
    return np.interp(np.arange(len(source)), at, factor)


def _factors(wanted: np.ndarray, source: np.ndarray, rest_level: float, n_fade: int) -> np.ndarray:
    """Return factors from levels in dB; they are 0 in rests, with fades of `n_fade` samples."""
    gain = np.minimum(wanted - np.maximum(source, STEP_SILENCE), _LARGEST_GAIN)
    gate = uniform_filter1d((wanted > rest_level).astype(float), n_fade, mode="nearest")
    # Far below audibility the gain does not matter.
    factors: np.ndarray = 10 ** (np.maximum(gain, -80.0) / 20) * gate
    return factors
