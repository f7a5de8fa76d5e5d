"""Cross-fading of overlapping clips."""

from __future__ import annotations

import numpy as np

__all__ = ["crossfade"]


def crossfade(clips, *, hop_length):
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
