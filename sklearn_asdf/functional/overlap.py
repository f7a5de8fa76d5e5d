"""Cross-fades: their gains, and overlapping clips joined to one signal."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["crossfade", "fade_gains"]


def fade_gains(n_samples: int, *, equal_power: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return the gains of a cross-fade.

    Parameters
    ----------
    n_samples : int
        Length of the fade.
    equal_power : bool, default=True
        Whether the squares of both gains add up to 1, for sounds that are uncorrelated. False
        makes the gains add up to 1, for sounds that are alike.

    Returns
    -------
    fade_in, fade_out : ndarray of float32 of shape (n_samples,)
        Gains of the sound that begins and of the one that ends; `fade_out` is `fade_in` reversed.

    Examples
    --------
    >>> from sklearn_asdf.functional.overlap import fade_gains
    >>> fade_in, fade_out = fade_gains(2)
    >>> fade_in.round(3), fade_out.round(3)
    (array([0.383, 0.924], dtype=float32), array([0.924, 0.383], dtype=float32))
    """
    ramp = (np.arange(n_samples) + 0.5) / max(n_samples, 1)
    fade_in = (np.sin(np.pi / 2 * ramp) if equal_power else ramp).astype(np.float32)
    return fade_in, fade_in[::-1]


def crossfade(clips: ArrayLike, *, hop_length: int) -> np.ndarray:
    """Cross-fade clips that start `hop_length` samples apart.

    Parameters
    ----------
    clips : array-like of shape (n_clips, n_samples)
        Successive clips.
    hop_length : int
        Samples from one clip's start to the next one's.

    Returns
    -------
    signal : ndarray of shape ((n_clips - 1) * hop_length + n_samples,)
        Weighted mean of the clips that cover each sample; zero where none does.

    Notes
    -----
    The weight of a clip rises and falls linearly over its overlaps with its neighbors, so clips
    that agree are reproduced exactly and the result has no discontinuities.

    Examples
    --------
    >>> from sklearn_asdf.functional.overlap import crossfade
    >>> crossfade([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], hop_length=2).round(2)
    array([1. , 1. , 1.5, 2. , 2. ])
    """
    clips = np.asarray(clips)
    if clips.ndim != 2 or not len(clips):
        raise ValueError(f"expected clips of shape (n_clips, n_samples), got {clips.shape}")
    if hop_length < 1:
        raise ValueError(f"expected hop_length of at least 1 sample, got {hop_length}")
    n_clips, n_samples = clips.shape
    overlap = max(1, n_samples - hop_length)
    rise = np.arange(1, n_samples + 1)
    weight = np.minimum(np.minimum(rise, rise[::-1]), overlap).astype(clips.dtype)
    stacked = np.stack([clips * weight, np.broadcast_to(weight, clips.shape)])
    # Clips are cut into segments of one hop, which are added as a whole.
    n_segments = -(-n_samples // hop_length)
    stacked = np.pad(stacked, ((0, 0), (0, 0), (0, n_segments * hop_length - n_samples)))
    segments = stacked.reshape(2, n_clips, n_segments, hop_length)
    total = np.zeros((2, n_clips + n_segments - 1, hop_length), dtype=clips.dtype)
    for i in range(n_segments):
        total[:, i : i + n_clips] += segments[:, :, i]
    signal, weights = total.reshape(2, -1)[:, : (n_clips - 1) * hop_length + n_samples]
    return np.divide(signal, weights, out=np.zeros_like(signal), where=weights > 0)
