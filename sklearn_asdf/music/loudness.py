"""Loudness as ITU-R BS.1770 measures it, and pieces brought to a loudness."""

from __future__ import annotations

import warnings

import numpy as np

from .._validation import require

__all__ = ["at_loudness", "loudness_of"]

# Blocks of BS.1770 in s: shorter sound is measured as if it went on.
_BLOCK = 0.4
# LUFS; below the absolute gate of BS.1770 nothing is measured.
_SILENT = -70.0


def loudness_of(audio: np.ndarray, *, sr: int) -> float:
    """Return the integrated loudness of mono sound.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,)
        Sound.
    sr : int
        Sampling rate in Hz.

    Returns
    -------
    float
        In LUFS [1]_; ``-inf`` for silence, that is below -70 LUFS throughout.

    Notes
    -----
    Sound shorter than a block of 0.4 s is measured repeated.

    References
    ----------
    .. [1] ITU-R BS.1770-4, "Algorithms to measure audio programme loudness and true-peak audio
       level", 2015.

    Examples
    --------
    A sine of full scale at 997 Hz has -3.01 LUFS by the definition of the scale.

    >>> import numpy as np
    >>> from sklearn_asdf.music.loudness import loudness_of
    >>> t = np.arange(5 * 48000) / 48000
    >>> abs(loudness_of(np.sin(2 * np.pi * 997 * t), sr=48000) + 3.01) < 0.1
    True
    """
    require("pyloudnorm", extra="play", purpose="measuring loudness")
    import pyloudnorm

    audio = np.asarray(audio, dtype=float)
    least = int(np.ceil(_BLOCK * sr)) + 1
    if 0 < len(audio) < least:
        audio = np.tile(audio, -(-least // len(audio)))
    if not audio.any():
        return -np.inf
    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        # Of what is silent throughout, pyloudnorm takes the mean of no block.
        warnings.simplefilter("ignore")
        measured = float(pyloudnorm.Meter(sr).integrated_loudness(audio))
    return measured if measured > _SILENT else -np.inf


def at_loudness(audio: np.ndarray, loudness: float, *, sr: int) -> np.ndarray:
    """Return sound multiplied by one gain, so that it has an integrated loudness.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,)
        Sound.
    loudness : float
        Wanted loudness in LUFS.
    sr : int
        Sampling rate in Hz.

    Returns
    -------
    ndarray of shape (n_samples,)
        Louder and quieter passages keep their difference. Peaks may pass 1: what writes sound
        holds them below. Silence stays silence.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.music.loudness import at_loudness, loudness_of
    >>> noise = np.random.default_rng(0).normal(0, 0.01, 44100)
    >>> round(loudness_of(at_loudness(noise, -16, sr=22050), sr=22050), 3)
    -16.0
    """
    measured = loudness_of(audio, sr=sr)
    if not np.isfinite(measured):
        return audio
    return (audio * 10 ** ((loudness - measured) / 20)).astype(audio.dtype, copy=False)
