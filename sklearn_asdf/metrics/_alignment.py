"""Beats of movement, and how well they meet those of music."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.signal import argrelextrema

from .._validation import check_choice
from ..functional.beats import beat_alignment, chance_alignment
from ..functional.kinematics import magnitude
from ..motion.container import as_motion
from ._rhythm import music_beats

__all__ = ["bas_aist", "bas_bailando", "bas_corrected", "dance_beats"]

# The published definitions count frames of 60 a second.
_FPS = 60.0
SIGMA = 3.0 / _FPS


def dance_beats(poses: Any, *, variant: str = "aist", fps: float = 30.0) -> list[np.ndarray]:
    """Beats of movement: moments at which the body slows down.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    variant : {"aist", "bailando"}, default="aist"
        `"aist"`: the least speed, summed over the joints, among ten frames on either side [1]_.
        `"bailando"`: the minima of the mean speed after a Gaussian of five frames [2]_.
    fps : float, default=30.0
        Frames a second of what is not a Motion (Hz).

    Returns
    -------
    beats : list of ndarray
        Times of each clip's beats in s.

    Notes
    -----
    Poses are brought to 60 frames a second, at which both are defined. The details of the published
    code are kept: the first speed of `"aist"` is 0, so that no beat lies in the first ten frames;
    `"bailando"` counts a speed half a frame early. Joints that are not seen have no speed, and
    padding at a clip's end has no beats.

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
    >>> swing = np.cos(2 * np.pi * t)  # at rest every half second
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
    """Mean alignment over clips, of the motion's beats or of the music's."""
    pairs = zip(motion, music) if of_motion else zip(music, motion)
    return float(np.mean([beat_alignment(*pair, sigma=SIGMA) for pair in pairs]))


def corrected_alignment(
    motion: Sequence[np.ndarray], music: Sequence[np.ndarray], *, duration: float
) -> float:
    """Chance-corrected alignment of the motion's beats, over clips."""
    score = alignment_of(motion, music, of_motion=True)
    # A clip in which nothing moves to a beat scores 0, and so it does by chance.
    by_chance = [
        chance_alignment(m, duration=duration, sigma=SIGMA) * bool(len(d))
        for d, m in zip(motion, music)
    ]
    chance = float(np.mean(by_chance))
    return (score - chance) / (1 - chance)


def _both(poses, audio, variant, fps, sr):
    motion = as_motion(poses, fps=fps)
    if len(motion) != len(audio):
        raise ValueError(
            f"expected one clip of music for each dance, got {len(audio)} for {len(motion)}"
        )
    return dance_beats(motion, variant=variant), music_beats(audio, sr=sr)[0], motion.duration


def bas_aist(poses: Any, audio: Any, *, fps: float = 30.0, sr: int = 22050) -> float:
    r"""Beat alignment score as AIST++ (mint) computes it.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their music.
    fps, sr : float and int, default=30.0 and 22050
        Rates of arrays in Hz.

    Returns
    -------
    score : float
        Mean over the *dance's* beats of :math:`\exp(-d^2 / 2\sigma^2)`, then over clips;
        :math:`d` is the distance to the nearest beat of the music, :math:`\sigma` 3 frames at 60 a
        second, 50 ms. A clip without beats on either side scores 0.

    See Also
    --------
    bas_bailando : The mean over the music's beats instead.
    bas_corrected : Less what chance gets.

    Notes
    -----
    Beats that know nothing of each other score :math:`\sigma\sqrt{2\pi} / P` at a period P of the
    music: .21 at 100 beats a minute, .25 at 120. Faster music scores higher, whatever the dance.
    Beats of music are librosa's (`music_beats`) at the clip's own rate.

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
    r"""Beat alignment score as Bailando computes it.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their music.
    fps, sr : float and int, default=30.0 and 22050
        Rates of arrays in Hz.

    Returns
    -------
    score : float
        Mean over the *music's* beats of :math:`\exp(-d^2 / 18)`, then over clips; :math:`d` is the
        distance to the nearest beat of the dance in frames at 60 a second. A clip without beats on
        either side scores 0.

    See Also
    --------
    bas_aist : The mean over the dance's beats instead.

    Notes
    -----
    A dance with many beats scores high, whatever the music.

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
    r"""Beat alignment beyond chance.

    Parameters
    ----------
    poses : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        Dances.
    audio : AudioClips or array-like of shape (n_clips, n_samples)
        Their music.
    fps, sr : float and int, default=30.0 and 22050
        Rates of arrays in Hz.

    Returns
    -------
    score : float
        :math:`(S - C) / (1 - C)`, where :math:`S` is `bas_aist` and :math:`C` what a dance with as
        many beats at random times would get from this music: 1 where all meet, 0 at chance, below
        it where they avoid each other.

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
