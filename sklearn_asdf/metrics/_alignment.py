"""Beats of movement, and their alignment with the beats of music."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.signal import argrelextrema

from .._validation import check_choice
from ..functional.beat_scores import beat_alignment, chance_alignment
from ..functional.kinematics import magnitude
from ..motion.container import as_motion
from ._rhythm import music_beats

__all__ = ["bas_aist", "bas_bailando", "bas_corrected", "dance_beats"]

# Frame rate of the published definitions in Hz.
_FPS = 60.0
SIGMA = 3.0 / _FPS


def dance_beats(poses: Any, *, variant: str = "aist", fps: float = 30.0) -> list[np.ndarray]:
    """Return the beats of dances: times at which the speed has a local minimum.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    variant : {"aist", "bailando"}, default="aist"
        `"aist"`: minima of the speed, summed over the joints, within ten frames on either side
        [1]_. `"bailando"`: minima of the mean speed, smoothed by a Gaussian with a standard
        deviation of five frames [2]_.
    fps : float, default=30.0
        Frame rate in Hz of poses that are not a Motion.

    Returns
    -------
    beats : list of ndarray
        Times of each clip's beats in s.

    Notes
    -----
    Poses are resampled to 60 frames per second, for which both variants are defined. Details of the
    published code are kept: the first speed of `"aist"` is 0, so that there is no beat in the first
    ten frames; times of `"bailando"` are half a frame early. Missing joints are left out, and
    padding at the end of a clip has no beats.

    References
    ----------
    .. [1] R. Li, S. Yang, D. A. Ross and A. Kanazawa, "AI choreographer: music conditioned 3D dance
       generation with AIST++", ICCV 2021.
    .. [2] L. Siyao et al., "Bailando: 3D dance generation by actor-critic GPT with choreographic
       memory", CVPR 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.metrics import dance_beats
    >>> t = (np.arange(480) + 0.5) / 60
    >>> swing = np.cos(2 * np.pi * t)  # speed 0 every half second
    >>> dance_beats(swing[None, :, None, None], fps=60)[0][:3].round(1)
    array([0.5, 1. , 1.5])
    """
    check_choice(variant, ("aist", "bailando"), name="variant")
    motion = as_motion(poses, fps=fps).resample(_FPS)
    beats = []
    for clip, length in zip(motion.position, motion.lengths):
        speed = magnitude(np.diff(clip[:length], axis=0))
        seen = ~np.isnan(speed)
        total = np.where(seen, speed, 0.0).sum(axis=1)
        if variant == "aist":
            curve = np.concatenate([[0.0], total])
            frames = argrelextrema(curve, np.less, order=10)[0]
        else:
            mean = total / np.maximum(seen.sum(axis=1), 1)
            frames = argrelextrema(gaussian_filter(mean, 5), np.less)[0]
        beats.append(frames / _FPS)
    return beats


def alignment_of(
    motion: Sequence[np.ndarray], music: Sequence[np.ndarray], *, of_motion: bool
) -> float:
    """Return the mean alignment over clips: of the beats of the motion, or else of the music."""
    pairs = zip(motion, music) if of_motion else zip(music, motion)
    return float(np.mean([beat_alignment(*pair, sigma=SIGMA) for pair in pairs]))


def corrected_alignment(
    motion: Sequence[np.ndarray], music: Sequence[np.ndarray], *, duration: float
) -> float:
    """Return the chance-corrected alignment of the beats of the motion, over clips."""
    score = alignment_of(motion, music, of_motion=True)
    # Without beats of the dance the score is 0, by chance too.
    by_chance = [
        chance_alignment(m, duration=duration, sigma=SIGMA) * bool(len(d))
        for d, m in zip(motion, music)
    ]
    chance = float(np.mean(by_chance))
    return (score - chance) / (1 - chance)


def _both(
    poses: Any, audio: Any, variant: str, fps: float, sr: int
) -> tuple[list[np.ndarray], list[np.ndarray], float]:
    motion = as_motion(poses, fps=fps)
    if len(motion) != len(audio):
        raise ValueError(
            f"expected one clip of music for each dance, got {len(audio)} for {len(motion)}: "
            "pass the same clips of both"
        )
    return dance_beats(motion, variant=variant), music_beats(audio, sr=sr)[0], motion.duration


def bas_aist(poses: Any, audio: Any, *, fps: float = 30.0, sr: int = 22050) -> float:
    r"""Return the beat alignment score as defined by AIST++ (mint).

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their music, mono.
    fps, sr : float and int, default=30.0 and 22050
        Frame rate and sampling rate in Hz of arrays.

    Returns
    -------
    score : float
        Mean over the beats of the *dance* of :math:`\exp(-d^2 / 2\sigma^2)`, then over clips.
        :math:`d` is the distance to the nearest beat of the music, and :math:`\sigma` is 50 ms, 3
        frames at 60 per second. A clip in which either has no beats scores 0.

    See Also
    --------
    bas_bailando : Mean over the beats of the music instead.
    bas_corrected : Corrected for chance.

    Notes
    -----
    The expected score of independent beats is :math:`\sigma\sqrt{2\pi} / P`, where P is the period
    of the music: 0.21 at 100 BPM, 0.25 at 120 BPM. Faster music scores higher, whatever the dance.
    Beats of the music are those of librosa (`music_beats`) at the sampling rate of the clips.

    References
    ----------
    R. Li, S. Yang, D. A. Ross and A. Kanazawa, "AI choreographer: music conditioned 3D dance
    generation with AIST++", ICCV 2021.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import bas_aist
    >>> data = make_dance_music(4, random_state=0)
    >>> 0 < bas_aist(data.poses, data.audio) < 1
    True
    """
    motion, music, _ = _both(poses, audio, "aist", fps, sr)
    return alignment_of(motion, music, of_motion=True)


def bas_bailando(poses: Any, audio: Any, *, fps: float = 30.0, sr: int = 22050) -> float:
    r"""Return the beat alignment score as defined by Bailando.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their music, mono.
    fps, sr : float and int, default=30.0 and 22050
        Frame rate and sampling rate in Hz of arrays.

    Returns
    -------
    score : float
        Mean over the beats of the *music* of :math:`\exp(-d^2 / 18)`, then over clips. :math:`d` is
        the distance to the nearest beat of the dance in frames at 60 per second. A clip in which
        either has no beats scores 0.

    See Also
    --------
    bas_aist : Mean over the beats of the dance instead.

    Notes
    -----
    A dance with many beats scores higher, whatever the music.

    References
    ----------
    L. Siyao et al., "Bailando: 3D dance generation by actor-critic GPT with choreographic memory",
    CVPR 2022.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import bas_bailando
    >>> data = make_dance_music(4, random_state=0)
    >>> 0 < bas_bailando(data.poses, data.audio) < 1
    True
    """
    motion, music, _ = _both(poses, audio, "bailando", fps, sr)
    return alignment_of(motion, music, of_motion=False)


def bas_corrected(poses: Any, audio: Any, *, fps: float = 30.0, sr: int = 22050) -> float:
    r"""Return the beat alignment score corrected for chance.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their music, mono.
    fps, sr : float and int, default=30.0 and 22050
        Frame rate and sampling rate in Hz of arrays.

    Returns
    -------
    score : float
        :math:`(S - C) / (1 - C)`, where :math:`S` is `bas_aist` and :math:`C` is its expected value
        for as many beats at random times: 1 if all beats coincide, 0 at chance, negative below
        chance.

    Examples
    --------
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.metrics import bas_corrected
    >>> data = make_dance_music(4, random_state=0)
    >>> bas_corrected(data.poses, data.audio) > 0
    True
    """
    motion, music, duration = _both(poses, audio, "aist", fps, sr)
    return corrected_alignment(motion, music, duration=duration)
