"""How far clips of music are from each other, and whether a model's have become one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._listen import as_clips, mel_decibels

__all__ = ["distance_ratio", "mel_distances"]

_HOP_LENGTH = 1024


def coarse_spectrograms(audio: Any, *, sr: int) -> np.ndarray:
    """Mel spectrograms in dB, one row a clip, float16: what distances are taken of."""
    parts = [
        db.reshape(len(db), -1).astype(np.float16)
        for db in mel_decibels(audio, sr, hop_length=_HOP_LENGTH)
    ]
    return np.concatenate(parts)


def paired_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Root mean square difference of rows, in dB."""
    rest = a.astype(np.float32) - b.astype(np.float32)
    return np.sqrt(np.square(rest).mean(axis=1, dtype=np.float64))


def all_distances(a: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """Root mean square difference of each two rows, in dB."""
    a = a.astype(np.float64)
    b = a if b is None else b.astype(np.float64)
    # About the common mean, so that the squares keep their digits.
    centre = a.mean(axis=0)
    a, b = a - centre, b - centre
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(square, 0.0) / a.shape[1])


def mean_distance(spectrograms: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Mean distance of clips, of different groups where these are given."""
    apart = ~np.eye(len(spectrograms), dtype=bool)
    if groups is not None:
        apart = groups[:, None] != groups
    return float(all_distances(spectrograms)[apart].mean())


def mel_distances(audio: Any, other: Any = None, *, sr: int = 22050) -> np.ndarray:
    """Distances between the mel spectrograms of clips.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Sound, mono.
    other : AudioClips or array-like of shape (n_others, n_samples), default=None
        Clips to compare with; None compares `audio` with itself.
    sr : int, default=22050
        Sampling rate of arrays in Hz.

    Returns
    -------
    distances : ndarray of shape (n_clips, n_others)
        Root mean square difference in dB over 128 bands and all frames.

    Notes
    -----
    Levels below -80 dB re 1 count as -80 dB, so that silence has a place.

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
    """How different generated clips are from each other, as a share of the true ones.

    Parameters
    ----------
    y_true, y_pred : AudioClips or array-like of shape (n_clips, n_samples)
        True and generated clips.
    groups : array-like of shape (n_clips,), default=None
        Performance of each clip. Pairs of one performance, which overlap, are then left out.
    sr : int, default=22050
        Sampling rate of arrays in Hz.

    Returns
    -------
    ratio : float
        Mean distance (`mel_distances`) of the generated clips over that of the true ones. Near 1 is
        well; far below, the model makes one music of all dances.

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
                "expected one group a clip and at least two groups, got "
                f"{len(groups)} of {len(np.unique(groups))} for {len(audio['true'])} true and "
                f"{len(audio['pred'])} generated clips"
            )
    elif min(len(clips) for clips in audio.values()) < 2:
        raise ValueError("expected at least two clips to compare, got one")
    true, made = (mean_distance(coarse_spectrograms(a, sr=sr), groups) for a in audio.values())
    if not true:
        raise ValueError("expected true clips that differ from each other, got equal ones")
    return made / true
