"""Agreement of two sequences of beats: alignment, coverage and hits."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

__all__ = ["beat_alignment", "chance_alignment", "coverage_and_hits", "occupied_bins"]


def beat_alignment(beats: ArrayLike, reference: ArrayLike, *, sigma: float) -> float:
    r"""Mean closeness of beats to the nearest of a reference.

    Parameters
    ----------
    beats : array-like of shape (n_beats,)
        Times in s.
    reference : array-like of shape (n_reference,)
        Times in s.
    sigma : float
        How far a beat may be off, in s.

    Returns
    -------
    alignment : float
        Mean of :math:`\exp(-d^2 / 2\sigma^2)`, :math:`d` being the distance to the nearest beat of
        the reference: 1 where all coincide, 0 where either is empty.

    See Also
    --------
    chance_alignment : What beats that know nothing get.

    Examples
    --------
    >>> from sklearn_asdf.functional.beat_scores import beat_alignment
    >>> beat_alignment([1.0, 2.0], [1.0, 2.0, 3.0], sigma=0.05)
    1.0
    """
    beats, reference = np.ravel(beats), np.ravel(reference)
    if not (beats.size and reference.size):
        return 0.0
    distance = np.abs(beats[:, None] - reference).min(axis=1)
    return float(np.exp(-0.5 * (distance / sigma) ** 2).mean())


def chance_alignment(reference: ArrayLike, *, duration: float, sigma: float) -> float:
    r"""Alignment that beats at random times have with a reference.

    Parameters
    ----------
    reference : array-like of shape (n_reference,)
        Times in s.
    duration : float
        Length of the clip in s; random beats are uniform over it.
    sigma : float
        As in `beat_alignment`.

    Returns
    -------
    alignment : float
        The expected `beat_alignment`; 0 for an empty reference.

    Notes
    -----
    In closed form: between neighbors of the reference, a gap :math:`g` apart, the closeness
    integrates to :math:`\sigma\sqrt{2\pi}\,\mathrm{erf}(g / 2\sqrt 2\sigma)`. For beats with a
    period :math:`P` well above :math:`\sigma` it is :math:`\sigma\sqrt{2\pi} / P`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.beat_scores import chance_alignment
    >>> round(chance_alignment(np.arange(0.25, 8, 0.5), duration=8, sigma=0.05), 3)  # 120 BPM
    0.251
    """
    reference = np.sort(np.ravel(reference))
    if not reference.size:
        return 0.0
    # Every moment belongs to the nearest beat: half a gap on either side, or up to the clip's end.
    middle = (reference[1:] + reference[:-1]) / 2
    before = reference - np.concatenate([[0.0], middle])
    after = np.concatenate([middle, [duration]]) - reference
    reach = np.concatenate([before, after]) / (np.sqrt(2) * sigma)
    return float(sigma * np.sqrt(np.pi / 2) * erf(reach).sum() / duration)


def occupied_bins(times: ArrayLike, *, duration: float, bin_duration: float = 1.0) -> np.ndarray:
    """Which stretches of a clip hold at least one of some moments.

    Parameters
    ----------
    times : array-like of shape (n_times,)
        Moments in s.
    duration : float
        Length of the clip in s.
    bin_duration : float, default=1.0
        Length of a stretch in s.

    Returns
    -------
    occupied : ndarray of bool of shape (ceil(duration / bin_duration),)
        The last stretch may be shorter.

    Examples
    --------
    >>> from sklearn_asdf.functional.beat_scores import occupied_bins
    >>> occupied_bins([0.1, 0.4, 2.3], duration=3).tolist()
    [True, False, True]
    """
    # Rounding must not add a bin: 8 s are 40 bins of 0.2 s.
    n_bins = int(np.ceil(round(duration / bin_duration, 9)))
    occupied = np.zeros(n_bins, dtype=bool)
    place = np.floor(np.ravel(times) / bin_duration + 1e-9).astype(np.intp)
    occupied[place[(place >= 0) & (place < n_bins)]] = True
    return occupied


def coverage_and_hits(
    true: ArrayLike, generated: ArrayLike, *, variant: str
) -> tuple[np.ndarray, np.ndarray]:
    """Beat coverage and beat hits of binary rhythms.

    Parameters
    ----------
    true, generated : array-like of bool of shape (n_clips, n_bins)
        Stretches that hold an onset (`occupied_bins`).
    variant : {"d2m", "loris"}
        `"d2m"`: coverage is the number of generated over that of true ones, and may pass 1.
        `"loris"`: the number that both have over that of generated ones.

    Returns
    -------
    coverage, hits : ndarray of shape (n_clips,)
        Hits are the number that both have over that of true ones. A ratio to nothing is 0.

    Examples
    --------
    >>> from sklearn_asdf.functional.beat_scores import coverage_and_hits
    >>> true, generated = [[1, 1, 0, 0]], [[1, 1, 1, 0]]
    >>> [x.round(2).tolist() for x in coverage_and_hits(true, generated, variant="d2m")]
    [[1.5], [1.0]]
    >>> [x.round(2).tolist() for x in coverage_and_hits(true, generated, variant="loris")]
    [[0.67], [1.0]]
    """
    true, generated = np.asarray(true, dtype=bool), np.asarray(generated, dtype=bool)
    n_true, n_generated = true.sum(axis=1), generated.sum(axis=1)
    common = (true & generated).sum(axis=1)
    covered = (n_generated, n_true) if variant == "d2m" else (common, n_generated)
    return _ratio(*covered), _ratio(common, n_true)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
