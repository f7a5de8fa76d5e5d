"""Keys of music, by profiles of pitch classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["key_correlations"]

# Ratings of how well each pitch class fits C major and C minor, from C up.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def key_correlations(chroma: ArrayLike) -> np.ndarray:
    """Return the correlations of pitch-class profiles with the profile of each key.

    Parameters
    ----------
    chroma : array-like of shape (..., 12)
        Weight of the pitch classes from C up.

    Returns
    -------
    correlations : ndarray of shape (..., 24)
        Pearson correlations with C to B major, then C to B minor; 0 for a flat profile.

    References
    ----------
    C. L. Krumhansl and E. J. Kessler, "Tracing the dynamic changes in perceived tonal organization
    in a spatial representation of musical keys", Psychological Review 89(4), 1982.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.tonality import key_correlations
    >>> d_major_scale = np.isin(np.arange(12), [2, 4, 6, 7, 9, 11, 1])
    >>> int(key_correlations(d_major_scale.astype(float)).argmax())
    2
    """
    chroma = np.asarray(chroma, dtype=float)
    keys = np.stack([np.roll(profile, k) for profile in (_MAJOR, _MINOR) for k in range(12)])
    keys = keys - keys.mean(axis=1, keepdims=True)
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    rest = chroma - chroma.mean(axis=-1, keepdims=True)
    size = np.linalg.norm(rest, axis=-1, keepdims=True)
    flat = size <= 1e-9 * np.abs(chroma).max(axis=-1, keepdims=True, initial=0.0)
    return np.where(flat, 0.0, rest / np.where(flat, 1.0, size)) @ keys.T
