"""Pitch classes of recorded music, and the key that they suggest."""

from __future__ import annotations

import numpy as np

from ..functional.tonality import key_correlations

__all__ = ["chroma_profile", "semitones_to_c"]


def chroma_profile(y: np.ndarray, sr: float) -> np.ndarray:
    """Return the mean chroma of a sound.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Sound, mono.
    sr : float
        Sampling rate in Hz.

    Returns
    -------
    ndarray of shape (12,)
        Weights of the pitch classes from C; zeros in silence.
    """
    import librosa

    n_fft = 4096
    # librosa warns if a clip is shorter than a window.
    y = np.pad(np.asarray(y, dtype=np.float32), (0, max(0, n_fft - len(y))))
    spectrum = np.abs(librosa.stft(y, n_fft=n_fft, hop_length=n_fft // 2))
    if not spectrum.any():
        return np.zeros(12)
    return librosa.feature.chroma_stft(S=spectrum**2, sr=sr, tuning=0.0).mean(axis=1)


def semitones_to_c(y: np.ndarray, sr: float) -> int:
    """Return the transposition of a sound to C major or A minor.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Sound, mono.
    sr : float
        Sampling rate in Hz.

    Returns
    -------
    int
        In semitones, from -6 to 5; 0 in silence.

    Notes
    -----
    The key is the best one of :func:`~sklearn_asdf.functional.tonality.key_correlations`. A minor
    key has the notes of the major key three semitones above, and the two are often confused: so
    both are transposed to the same notes.
    """
    key = int(key_correlations(chroma_profile(y, sr)).argmax())
    tonic = key if key < 12 else (key + 3) % 12
    return (6 - tonic) % 12 - 6
