"""Selection of keyframes among candidates: clusters and their extremes (eqs. 12 and 13).

Curves have their frames on the last axis: (..., n_curves, n_frames).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .compiled import use_compiled
from .frames import add_farthest_frames
from .kernels.curves import extremes_of_clusters, frames_with_most_votes, middle_of_plateaus
from .kmeans import kmeans_1d

__all__ = ["cluster_extremes", "select_keyframes"]

# A curve rests while it stays within this share of its range.
_REST = 0.02


def _whole_frames(duration: float, fps: float) -> int:
    """Return the frames that fit into a duration; the tolerance is for rounding alone."""
    return int(duration * fps + 1e-9)


def _departures(
    row: np.ndarray,
    frame: np.ndarray,
    first: np.ndarray,
    curve: np.ndarray,
    length: np.ndarray,
    gap: int,
) -> np.ndarray:
    """Return the deviation of the curve, at each candidate, from the mean around its cluster.

    Candidates are (row of `curve`, frame), in order; `first` indexes the first of each cluster.
    """
    last = np.append(first[1:], len(row)) - 1
    where = row[first]
    low = np.maximum(frame[first] - gap, 0)
    high = np.minimum(frame[last] + gap + 1, length[where])
    total = np.zeros((curve.shape[0], curve.shape[1] + 1))
    np.cumsum(curve, axis=1, out=total[:, 1:])
    mean = (total[where, high] - total[where, low]) / (high - low)
    return curve[row, frame] - np.repeat(mean, last - first + 1)


def _largest(values: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the index of the first largest value of each cluster."""
    most = np.maximum.reduceat(values, first)
    cluster = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(values))))
    # With a tolerance, ties are resolved to their first frame whatever the rounding.
    largest = np.flatnonzero(values >= (most - 1e-9 * np.abs(most))[cluster])
    keep = np.ones(len(largest), dtype=bool)
    keep[1:] = cluster[largest[1:]] != cluster[largest[:-1]]
    return largest[keep]


def cluster_extremes(
    candidates: ArrayLike,
    curves: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    fps: float,
    gap_duration: float = 1 / 6,
    refine: bool = False,
) -> np.ndarray:
    """Keep one candidate of each cluster: the extreme of the curve (follows eq. 11).

    Parameters
    ----------
    candidates : array-like of bool, shape (n_clips, n_curves, n_frames)
        True at candidates.
    curves : array-like of shape (n_clips, n_curves, n_frames)
        Curves, in any unit, without NaN.
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.
    fps : float
        Frames per second (Hz).
    gap_duration : float, default=1/6
        Candidates at most this many seconds apart belong to one cluster; 5 frames at 30 fps.
    refine : bool, default=False
        Whether to refine the paper's method, see the notes.

    Returns
    -------
    kept : ndarray of bool, shape (n_clips, n_curves, n_frames)
        True at the frames kept: one per cluster, or one or two with `refine`.

    Notes
    -----
    The paper keeps the frame that "maximizes or minimizes" the curve and does not say which. Here
    it is the candidate with the largest deviation from the curve's mean over the cluster and
    `gap_duration` to either side.

    With `refine`, a cluster with a maximum and a minimum more than `gap_duration` apart keeps both,
    and if the curve rests at an extreme (within 2 % of its range) the middle of the rest is kept.
    All bones then agree on the frame of a held pose, whose ends are salient but not its middle.

    References
    ----------
    The ASDF-RNN paper, section 3.2.2, step 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.keyframes import cluster_extremes
    >>> curve = np.array([[[0.0, 1.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]])
    >>> np.flatnonzero(cluster_extremes(curve > 0, curve, fps=30)).tolist()
    [2]
    """
    candidates, curves = np.asarray(candidates, dtype=bool), np.asarray(curves, dtype=float)
    n_clips, n_curves, n_frames = candidates.shape
    gap = _whole_frames(gap_duration, fps)
    if use_compiled() and curves.size:
        length = np.full(n_clips, n_frames) if lengths is None else np.asarray(lengths)
        return extremes_of_clusters(candidates, curves, length, gap, _REST if refine else -1.0)
    kept = np.zeros((n_clips * n_curves, n_frames), dtype=bool)
    row, frame = np.nonzero(candidates.reshape(-1, n_frames))
    if len(row):
        curve = curves.reshape(-1, n_frames)
        length = np.full(n_clips, n_frames) if lengths is None else np.asarray(lengths)
        length = np.repeat(length, n_curves)
        first = np.flatnonzero(
            np.concatenate([[True], (np.diff(row) != 0) | (np.diff(frame) > gap)])
        )
        departure = _departures(row, frame, first, curve, length, gap)
        extreme = _largest(np.abs(departure), first)
        if refine:
            side = np.repeat(np.sign(departure[extreme]), np.diff(np.append(first, len(row))))
            opposite = _largest(-side * departure, first)
            apart = np.abs(frame[opposite] - frame[extreme]) > gap
            across = departure[opposite] * departure[extreme] < 0
            extreme = np.concatenate([extreme, opposite[apart & across]])
        row, frame = row[extreme], frame[extreme]
        if refine:
            tolerance = _REST * (curve.max(axis=1) - curve.min(axis=1))
            frame = middle_of_plateaus(row, frame, curve, length, tolerance)
        kept[row, frame] = True
    return kept.reshape(candidates.shape)


def select_keyframes(
    candidates: ArrayLike,
    curve: ArrayLike,
    n_keyframes: int,
    lengths: ArrayLike | None = None,
    *,
    fps: float,
    gap_duration: float = 1 / 6,
) -> np.ndarray:
    """Select exactly `n_keyframes` of the candidates of each clip (follows eq. 12).

    Parameters
    ----------
    candidates : array-like of bool or int, shape (n_clips, n_frames)
        True at candidates: the union over curves (eq. 12). Or integers: the number of curves that
        gave each frame, its votes.
    curve : array-like of shape (n_clips, n_frames)
        Mean of all curves (eq. 13), without NaN.
    n_keyframes : int
        Number of keyframes.
    lengths : array-like of int, shape (n_clips,), optional
        Frames of each clip. By default all.
    fps : float
        Frames per second (Hz).
    gap_duration : float, default=1/6
        Seconds to either side of a cluster over which its mean is taken as well.

    Returns
    -------
    keyframes : ndarray of int, shape (n_clips, n_keyframes)
        Strictly increasing in every clip of at least `n_keyframes` frames.

    Notes
    -----
    The candidates' times are clustered by k-means, solved exactly (`kmeans_1d`), and each cluster
    keeps the extreme of `curve` by the rule of `cluster_extremes`. With votes, candidates are
    weighted by them, and each cluster keeps the frame with most votes, the extreme of those that
    tie. If there are fewer candidates than keyframes, `add_farthest_frames` adds frames.

    References
    ----------
    The ASDF-RNN paper, section 3.2.2, eqs. 12 and 13.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.functional.keyframes import select_keyframes
    >>> candidates = np.zeros((1, 20), dtype=bool)
    >>> candidates[0, [2, 3, 4, 15]] = True
    >>> curve = np.zeros((1, 20))
    >>> curve[0, 3] = 1.0
    >>> select_keyframes(candidates, curve, 2, fps=30).tolist()
    [[3, 15]]
    """
    candidates, curve = np.asarray(candidates), np.asarray(curve, dtype=float)
    n_clips, n_frames = candidates.shape
    gap = _whole_frames(gap_duration, fps)
    length = np.full(n_clips, n_frames) if lengths is None else np.asarray(lengths)
    row, frame = np.nonzero(candidates)
    counts = np.bincount(row, minlength=n_clips)
    chosen = np.zeros((n_clips, n_frames), dtype=bool)
    if len(row):
        rank = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
        times, votes = np.zeros((2, n_clips, counts.max()))
        times[row, rank] = frame
        votes[row, rank] = candidates[row, frame]
        labels = kmeans_1d(times, n_keyframes, counts, weights=votes)
        if use_compiled():
            chosen = frames_with_most_votes(times, votes, labels, counts, curve, length, gap)
            return add_farthest_frames(chosen, n_keyframes, length)
        label = labels[row, rank]
        first = np.flatnonzero(
            np.concatenate([[True], (np.diff(row) != 0) | (np.diff(label) != 0)])
        )
        departure = np.abs(_departures(row, frame, first, curve, length, gap))
        # Votes are integers, so fractions of the largest deviation decide between ties only.
        share = 0.5 * departure / max(departure.max(), np.finfo(float).tiny)
        extreme = _largest(votes[row, rank] + share, first)
        chosen[row[extreme], frame[extreme]] = True
    return add_farthest_frames(chosen, n_keyframes, length)
