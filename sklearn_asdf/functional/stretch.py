"""Time warping of music at constant pitch (phase vocoder)."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike

from .kernels.phases import turns_of_spectra

__all__ = ["warp_time"]

# Frames processed at a time: their spectra stay in the processor's cache.
_BLOCK = 64


def warp_time(
    y: ArrayLike, source: ArrayLike, target: ArrayLike, *, n_fft: int = 2048, hop_length: int = 512
) -> np.ndarray:
    """Warp the time of a signal without changing its pitch.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Sound; only the part that is played is converted to an array.
    source : array-like of shape (n_points,)
        Times in `y`, in samples, not decreasing; times outside of it are silent.
    target : array-like of shape (n_points,)
        Times of the result, in samples, increasing, at which the times in `source` are played. The
        first is the first sample returned and the last is the sample after the last.
    n_fft : int, default=2048
        Length of a window, in samples.
    hop_length : int, default=512
        Samples from one window of the result to the next, a quarter of `n_fft` or less.

    Returns
    -------
    warped : ndarray of float32 of shape (round(target[-1]) - round(target[0]),)
        The sound. Where time runs as in `y`, it is `y`.

    Notes
    -----
    A phase vocoder that reads `y` at the moments wanted, between which time is linear [1]_: the
    turn of each phase over one hop is measured in `y` itself, in two windows one hop apart, so no
    frequency has to be estimated. Bins are turned with the nearest peak of their spectrum, which
    keeps voices together ("identity phase locking" [2]_). Where a peak's power grows by 12 dB or
    more over one hop, its phase is that of `y`, which keeps attacks sharp [3]_. Attacks are still
    blurred where time runs slower than in `y`, by less than a window: stretch by little.

    References
    ----------
    .. [1] M. Dolson, "The phase vocoder: a tutorial", Computer Music Journal 10(4), 1986.
    .. [2] J. Laroche and M. Dolson, "Improved phase vocoder time-scale modification of audio",
       IEEE Transactions on Speech and Audio Processing 7(3), 1999.
    .. [3] A. Röbel, "A new approach to transient processing in the phase vocoder", DAFx 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.stretch import warp_time
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> slower = warp_time(tone, [0, 8000], [0, 10000])
    >>> peak = np.abs(np.fft.rfft(slower * np.hanning(10000))).argmax()
    >>> len(slower), round(peak * 8000 / 10000)
    (10000, 440)
    """
    source, target = np.asarray(source, dtype=float), np.asarray(target, dtype=float)
    if source.shape != target.shape or source.ndim != 1 or len(source) < 2:
        raise ValueError(
            "expected as many moments of source as of target, at least two, got "
            f"{source.shape} and {target.shape}"
        )
    if (np.diff(source) < 0).any() or (np.diff(target) <= 0).any():
        raise ValueError("expected source not to decrease and target to increase")
    first = round(target[0])
    n_samples = round(target[-1]) - first
    if n_samples < 1:
        return np.zeros(0, np.float32)
    n_frames = 1 + -(-n_samples // hop_length)
    when = first + np.arange(n_frames) * hop_length
    at = np.rint(_follow(when, target, source)).astype(np.intp)
    pad = n_fft + hop_length
    low = max(int(at.min()) - pad, 0)
    played: Any = y
    part = np.asarray(played[low : max(int(at.max()) + pad, low)], dtype=np.float32)
    part = np.pad(part, pad)
    at = np.clip(at - low + pad, n_fft // 2 + hop_length, len(part) - n_fft // 2)

    window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(part, n_fft)
    at -= n_fft // 2
    out = np.zeros((n_frames + -(-n_fft // hop_length)) * hop_length, np.float32)
    weight = np.zeros_like(out)
    last, turn = np.zeros(n_fft // 2 + 1, np.complex64), np.zeros((1, n_fft // 2 + 1), np.complex64)
    for i in range(0, n_frames, _BLOCK):
        begins = at[i : i + _BLOCK]
        here = scipy.fft.rfft(frames[begins] * window, axis=1)
        before = scipy.fft.rfft(frames[begins - hop_length] * window, axis=1)
        turn = turns_of_spectra(here, before, last, turn[-1])
        last = here[-1].copy()
        here *= turn
        warped = scipy.fft.irfft(here, n_fft, axis=1, overwrite_x=True)
        warped *= window
        _overlap_add(warped, out[i * hop_length :], hop_length)
        _overlap_add(np.broadcast_to(window**2, warped.shape), weight[i * hop_length :], hop_length)
    middle = slice(n_fft // 2, n_fft // 2 + n_samples)
    return out[middle] / np.maximum(weight[middle], 1e-3)


def _overlap_add(frames: np.ndarray, out: np.ndarray, hop_length: int) -> None:
    """Add frames (n_frames, n_fft), a hop apart, to the beginning of a signal."""
    n_frames, n_fft = frames.shape
    for first in range(0, n_fft, hop_length):
        piece = frames[:, first : first + hop_length]
        hops = out[first : first + n_frames * hop_length].reshape(n_frames, hop_length)
        hops[:, : piece.shape[1]] += piece


def _follow(when: np.ndarray, target: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return times of the source, extrapolated at constant speed beyond the ends."""
    at = np.interp(when, target, source)
    for end, side in ((slice(0, 2), when < target[0]), (slice(-2, None), when > target[-1])):
        (t0, t1), (s0, s1) = target[end], source[end]
        at = np.where(side, s0 + (when - t0) * (s1 - s0) / (t1 - t0), at)
    return at
