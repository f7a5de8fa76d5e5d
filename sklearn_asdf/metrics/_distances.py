"""Distances between music clips, and whether generated music has collapsed to one piece."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._audio_analysis import FLOOR, as_clips, mel_decibels

__all__ = ["distance_ratio", "mel_distances"]

# Samples between frames of the spectrograms that are compared.
_HOP_LENGTH = 1024


def coarse_spectrograms(
    audio: Any, *, sr: int, floor: float = FLOOR, dtype: Any = np.float16
) -> np.ndarray:
    """Return mel spectrograms in dB, one row per clip, at least `floor`.

    Distances between clips are distances between these rows. float16 keeps them small enough to
    hold those of all clips.
    """
    parts = [
        db.reshape(len(db), -1).astype(dtype)
        for db in mel_decibels(audio, sr, hop_length=_HOP_LENGTH, floor=floor)
    ]
    return np.concatenate(parts)


def paired_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the root mean square difference of corresponding rows, in dB, with broadcasting."""
    difference = a.astype(np.float32, copy=False) - b.astype(np.float32, copy=False)
    return np.sqrt(np.square(difference).mean(axis=-1, dtype=np.float64))


def all_distances(a: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """Return the root mean square difference of each pair of rows, in dB."""
    a = a.astype(np.float64)
    b = a if b is None else b.astype(np.float64)
    # Subtracting the common mean avoids cancellation.
    center = a.mean(axis=0)
    a, b = a - center, b - center
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(square, 0.0) / a.shape[1])


def mean_distance(spectrograms: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Return the mean distance between clips, of different groups if groups are given."""
    apart = ~np.eye(len(spectrograms), dtype=bool)
    if groups is not None:
        apart = groups[:, None] != groups
    return float(all_distances(spectrograms)[apart].mean())


def mel_distances(audio: Any, other: Any = None, *, sr: int = 22050) -> np.ndarray:
    """Return the distances between the mel spectrograms of clips.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Mono audio.
    other : AudioClips or array-like of shape (n_others, n_samples), default=None
        Clips to compare with. If None, `audio` is compared with itself.
    sr : int, default=22050
        Sampling rate of arrays in Hz.

    Returns
    -------
    distances : ndarray of shape (n_clips, n_others)
        Root mean square difference in dB over 128 bands and all frames.

    Notes
    -----
    Levels are limited to at least -40 dB, about 80 dB below a full-scale tone, so that inaudible
    differences do not count.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import mel_distances
    >>> noise = 0.01 * np.random.default_rng(0).normal(size=(1, 22050))
    >>> mel_distances(noise, 10 * noise).round(1)
    array([[20.]])
    """
    audio, sr = as_clips(audio, sr=sr)
    spectrograms = coarse_spectrograms(audio, sr=sr)
    if other is None:
        return all_distances(spectrograms)
    other, _ = as_clips(other, sr=sr, name="other")
    return all_distances(spectrograms, coarse_spectrograms(other, sr=sr))


def distance_ratio(y_true: Any, y_pred: Any, groups: Any = None, *, sr: int = 22050) -> float:
    """Return the ratio of the mean distance between generated clips to that between true clips.

    Parameters
    ----------
    y_true, y_pred : AudioClips or array-like of shape (n_clips, n_samples)
        True and generated clips.
    groups : array-like of shape (n_clips,), default=None
        Performance of each clip. If given, pairs of clips of the same performance, which may
        overlap, are left out.
    sr : int, default=22050
        Sampling rate of arrays in Hz.

    Returns
    -------
    ratio : float
        Mean distance (`mel_distances`) between generated clips, divided by that between true clips.
        A value far below 1 means that the model generates nearly the same music for all dances.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import distance_ratio
    >>> true = np.random.default_rng(0).normal(size=(4, 22050)) * [[0.001], [0.01], [0.1], [0.3]]
    >>> distance_ratio(true, np.repeat(true[:1], 4, axis=0))
    0.0
    """
    audio = {}
    audio["true"], sr = as_clips(y_true, sr=sr, name="y_true")
    audio["pred"], _ = as_clips(y_pred, sr=sr, name="y_pred")
    if groups is not None:
        groups = np.asarray(groups)
        lengths = {len(groups), len(audio["true"]), len(audio["pred"])}
        if len(lengths) > 1 or len(np.unique(groups)) < 2:
            raise ValueError(
                f"expected one group per clip and at least two groups, got {len(groups)} of "
                f"{len(np.unique(groups))} groups for {len(audio['true'])} true and "
                f"{len(audio['pred'])} generated clips: pass the performance of each clip"
            )
    elif min(len(clips) for clips in audio.values()) < 2:
        raise ValueError(
            "expected at least two clips to compare, got one: score more clips at once"
        )
    true, generated = (mean_distance(coarse_spectrograms(a, sr=sr), groups) for a in audio.values())
    if not true:
        raise ValueError(
            "expected true clips that differ, got identical clips: score clips of different pieces"
        )
    return generated / true
