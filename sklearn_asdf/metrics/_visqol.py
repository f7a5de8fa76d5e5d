"""Perceived quality of reconstructed sound by ViSQOL."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._validation import require
from ._sound import check_same_shape

__all__ = ["visqol"]

# The rate of ViSQOL's model for music, in Hz.
_RATE = 48000


def visqol(y: ArrayLike, reference: ArrayLike, *, sr: int = 22050) -> np.ndarray:
    """Return the quality of sounds as listeners would rate it, by ViSQOL in its audio mode.

    Needs the package ``visqol-python`` (the extra ``visqol``).

    Parameters
    ----------
    y, reference : array-like of shape (..., n_samples)
        Sounds; the second is the original. At least half a second.
    sr : int, default=22050
        Sampling rate in Hz; both are resampled to 48,000 Hz.

    Returns
    -------
    ndarray of shape (...)
        Predicted mean opinion score, from 1 (bad) to almost 5 (no difference); NaN where the
        original is silent.

    See Also
    --------
    spectral_distance : A distance of spectra that needs no further package.

    Notes
    -----
    ViSQOL compares patches of spectrograms of a gammatone filterbank, and a support vector machine
    maps their similarity to opinions that listeners had of coded music [1]_. A pair of 8 s takes
    some seconds.

    References
    ----------
    .. [1] M. Chinen, F. S. C. Lim, J. Skoglund, N. Gureev, F. O'Gorman and A. Hines, "ViSQOL v3: an
       open source production ready objective speech and audio metric", QoMEX 2020.
    """
    require("visqol", "soxr", extra="visqol", purpose="metrics.visqol")
    import soxr
    from visqol import VisqolApi

    y, reference = check_same_shape(y, reference)
    api = VisqolApi()
    api.create(mode="audio")
    pairs = zip(reference.reshape(-1, y.shape[-1]), y.reshape(-1, y.shape[-1]), strict=True)
    scores = []
    for original, other in pairs:
        if not original.any():
            scores.append(np.nan)
            continue
        # Silence has no level to be matched with the original's.
        other = other if other.any() else np.full_like(other, 1e-9)
        original, other = (soxr.resample(a, sr, _RATE) for a in (original, other))
        scores.append(float(api.measure_from_arrays(original, other, _RATE).moslqo))
    return np.reshape(scores, y.shape[:-1])
