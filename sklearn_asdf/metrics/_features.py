"""Simple features of dance and music, compared by `DanceMusicJudge`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..functional.kinematics import magnitude
from ..functional.periodicity import tempogram
from ..motion.container import as_motion
from ..motion.kinematics import KinematicsTransformer
from ..motion.smoothing import PoseSmoother
from ._audio_analysis import (
    HOP_LENGTH,
    TEMPI,
    as_clips,
    mel_decibels,
    mel_statistics,
    spectral_flux,
)

__all__ = ["dance_features", "music_features"]


def dance_features(poses: Any, *, fps: float = 30.0) -> np.ndarray:
    """Return joint speed, acceleration, jerk and periodicity of dance clips.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    fps : float, default=30.0
        Frame rate in Hz of poses that are not a Motion.

    Returns
    -------
    features : ndarray of shape (n_clips, 6 * n_joints + 62)
        For each joint, the logarithms of the mean and standard deviation over time of speed,
        acceleration and jerk, in body heights and s. Then the autocorrelations of the mean speed
        and of the mean acceleration at the periods of 31 tempi from 40 to 240 BPM.

    Notes
    -----
    Poses are smoothed first, with the defaults of :class:`~sklearn_asdf.PoseSmoother`, and gaps of
    any length are filled. The features of a joint that is missing in a whole clip are NaN.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import dance_features
    >>> dance_features(make_dance_music(4, random_state=0).poses).shape
    (4, 164)
    """
    motion = PoseSmoother(max_gap=np.inf).fit_transform(as_motion(poses, fps=fps))
    motion = KinematicsTransformer(scale="body").fit_transform(motion)
    columns, curves = [], {}
    inside = np.arange(motion.n_frames) < motion.lengths[:, None]
    for name in ("velocity", "acceleration", "jerk"):
        size = magnitude(getattr(motion, name))
        seen = ~np.isnan(size) & inside[..., None]
        mean = _mean(size, seen)
        deviation = np.sqrt(_mean((size - mean[:, None]) ** 2, seen))
        columns += [np.log(mean + 1e-3), np.log(deviation + 1e-3)]
        total = np.where(seen, size, 0.0).sum(axis=2)
        curves[name] = total / np.maximum(seen.sum(axis=2), 1)
    columns += [
        tempogram(curves[name], fps=motion.fps, tempi=TEMPI, lengths=motion.lengths)
        for name in ("velocity", "acceleration")
    ]
    return np.concatenate(columns, axis=1)


def _mean(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the mean over frames of (n_clips, n_frames, n_joints), NaN where all are missing."""
    count = seen.sum(axis=1)
    total = np.where(seen, values, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def music_features(audio: Any, *, sr: int = 22050) -> np.ndarray:
    """Return mel statistics and onset periodicity of music clips.

    Parameters
    ----------
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Mono audio.
    sr : int, default=22050
        Sampling rate in Hz of an array.

    Returns
    -------
    features : ndarray of shape (n_clips, 95)
        Mean, then standard deviation over time of 32 bands (four mel bands each) in dB. Then the
        autocorrelation of the spectral flux at the periods of 31 tempi from 40 to 240 BPM.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import music_features
    >>> music_features(make_dance_music(4, random_state=0).audio).shape
    (4, 95)
    """
    audio, sr = as_clips(audio, sr=sr)
    rows = []
    for decibels in mel_decibels(audio, sr):
        periodicity = tempogram(spectral_flux(decibels), fps=sr / HOP_LENGTH, tempi=TEMPI)
        rows.append(np.concatenate([mel_statistics(decibels, 32), periodicity], axis=1))
    return np.concatenate(rows)
