"""Loops over curves of bone angles: their salience, and the plateaus around frames."""

from __future__ import annotations

import numpy as np

from ..compiled import Loops, use_compiled

__all__ = [
    "extremes_of_clusters",
    "frames_with_most_votes",
    "middle_of_plateaus",
    "symmetric_differences",
]


def symmetric_differences(curves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the absolute value of curves filtered by a symmetric kernel whose sum is 0.

    Parameters
    ----------
    curves : ndarray of shape (..., n_frames)
        Curves without NaN, extended by their first and last value.
    weights : ndarray of shape (n_shifts,)
        Weights of the kernel at a distance of 1, 2, ... frames from its center.

    Returns
    -------
    ndarray of shape (..., n_frames)
        In the unit of the curves.
    """
    out = np.zeros(curves.shape)
    n_frames, reach = curves.shape[-1], len(weights)
    if use_compiled():
        rows = np.ascontiguousarray(curves).reshape(-1, n_frames)
        _symmetric_differences(
            rows, weights, np.empty(n_frames + 2 * reach), out.reshape(-1, n_frames)
        )
        return out
    ends = [(0, 0)] * (curves.ndim - 1) + [(reach, reach)]
    padded = np.pad(curves, ends, mode="edge")
    for shift, weight in enumerate(weights, 1):
        left = padded[..., reach - shift : reach - shift + n_frames]
        right = padded[..., reach + shift : reach + shift + n_frames]
        out += weight * ((left - curves) + (right - curves))
    return np.abs(out, out=out)


@Loops
def _symmetric_differences(curves, weights, padded, out):
    n_rows, n = curves.shape
    reach = len(weights)
    for row in range(n_rows):
        curve, to = curves[row], out[row]
        for i in range(reach):
            padded[i], padded[reach + n + i] = curve[0], curve[n - 1]
        middle = padded[reach : reach + n]
        for i in range(n):
            middle[i] = curve[i]
        for k in range(reach):
            left, right, weight = padded[reach - k - 1 :], padded[reach + k + 1 :], weights[k]
            for i in range(n):
                to[i] += weight * ((left[i] - curve[i]) + (right[i] - curve[i]))
        for i in range(n):
            to[i] = abs(to[i])


def middle_of_plateaus(
    row: np.ndarray, frame: np.ndarray, curve: np.ndarray, length: np.ndarray, tolerance: np.ndarray
) -> np.ndarray:
    """Return the middle of the plateau of a curve around each of some frames.

    Parameters
    ----------
    row, frame : ndarray of int, shape (n_found,)
        Rows of `curve`, and frames in them.
    curve : ndarray of shape (n_rows, n_frames)
        Curves without NaN.
    length : ndarray of int, shape (n_rows,)
        Frames of each curve; later ones are padding.
    tolerance : ndarray of shape (n_rows,)
        Deviation up to which a curve rests.

    Returns
    -------
    ndarray of int, shape (n_found,)
        Middle of the frames around `frame` at which the curve deviates from its value there by at
        most the tolerance.
    """
    if use_compiled():
        middle = np.empty(len(frame), dtype=np.intp)
        _middle_of_plateaus(row, frame, np.ascontiguousarray(curve), length, tolerance, middle)
        return middle
    level, tolerance, last = curve[row, frame], tolerance[row], length[row] - 1

    def reach(step: int) -> np.ndarray:
        edge = frame.copy()
        moving = np.arange(len(frame))
        while len(moving):
            ahead = edge[moving] + step
            inside = (ahead >= 0) & (ahead <= last[moving])
            moving, ahead = moving[inside], ahead[inside]
            flat = np.abs(curve[row[moving], ahead] - level[moving]) <= tolerance[moving]
            moving, ahead = moving[flat], ahead[flat]
            edge[moving] = ahead
        return edge

    return (reach(-1) + reach(1)) // 2


@Loops
def _middle_of_plateaus(row, frame, curve, length, tolerance, middle):
    for i in range(len(frame)):
        middle[i] = _middle(curve[row[i]], frame[i], length[row[i]], tolerance[row[i]])


@Loops
def _middle(values, frame, length, tolerance):
    """Return the middle of the frames around one at which a curve stays at its level."""
    low = high = frame
    level = values[frame]
    while low > 0 and abs(values[low - 1] - level) <= tolerance:
        low -= 1
    while high < length - 1 and abs(values[high + 1] - level) <= tolerance:
        high += 1
    return (low + high) // 2


def extremes_of_clusters(
    candidates: np.ndarray, curves: np.ndarray, lengths: np.ndarray, gap: int, rest: float
) -> np.ndarray:
    """Return one or two candidates of each cluster, with compiled loops.

    Parameters
    ----------
    candidates : ndarray of bool, shape (n_clips, n_curves, n_frames)
        True at candidates.
    curves : ndarray of shape (n_clips, n_curves, n_frames)
        Curves without NaN.
    lengths : ndarray of int, shape (n_clips,)
        Frames of each clip.
    gap : int
        Candidates at most so many frames apart belong to one cluster.
    rest : float
        Share of its range within which a curve rests, or a negative number to keep one candidate
        of each cluster wherever the curve rests.

    Returns
    -------
    ndarray of bool, shape (n_clips, n_curves, n_frames)
        As :func:`sklearn_asdf.functional.keyframes.cluster_extremes` returns it.
    """
    kept = np.zeros(candidates.shape, dtype=bool)
    total = np.empty(curves.shape[-1] + 1)
    _keep_extremes(
        np.ascontiguousarray(candidates),
        np.ascontiguousarray(curves),
        np.asarray(lengths, dtype=np.intp),
        gap,
        float(rest),
        total,
        kept,
    )
    return kept


@Loops
def _keep_extremes(candidates, curves, lengths, gap, rest, total, kept):
    n_clips, n_curves, n_frames = curves.shape
    for clip in range(n_clips):
        for row in range(n_curves):
            curve, some, keep = curves[clip, row], candidates[clip, row], kept[clip, row]
            lowest = highest = curve[0]
            level = total[0] = 0.0
            for i in range(n_frames):
                value = curve[i]
                level += value
                total[i + 1] = level
                lowest = value if value < lowest else lowest
                highest = value if value > highest else highest
            tolerance = rest * (highest - lowest)
            first = last = -1
            for i in range(n_frames):
                if not some[i]:
                    continue
                if first >= 0 and i - last > gap:
                    _keep(curve, some, total, (first, last, gap, lengths[clip]), tolerance, keep)
                    first = -1
                first = i if first < 0 else first
                last = i
            if first >= 0:
                _keep(curve, some, total, (first, last, gap, lengths[clip]), tolerance, keep)


@Loops
def _keep(curve, some, total, cluster, tolerance, keep):
    """Keep the extremes of one cluster."""
    first, last, gap, length = cluster
    low, high = max(first - gap, 0), min(last + gap + 1, length)
    mean = (total[high] - total[low]) / (high - low)
    extreme = _farthest(curve, some, first, last, mean, 0.0)
    departure = curve[extreme] - mean
    if tolerance < 0:
        keep[extreme] = True
        return
    keep[_middle(curve, extreme, length, tolerance)] = True
    opposite = _farthest(curve, some, first, last, mean, -np.sign(departure))
    if abs(opposite - extreme) > gap and (curve[opposite] - mean) * departure < 0:
        keep[_middle(curve, opposite, length, tolerance)] = True


@Loops
def _farthest(curve, some, first, last, mean, side):
    """Return the first candidate farthest from the mean, on either side (0) or on one."""
    most = -np.inf
    for i in range(first, last + 1):
        if some[i]:
            departure = side * (curve[i] - mean) if side != 0 else abs(curve[i] - mean)
            most = departure if departure > most else most
    # With a tolerance, ties are resolved to their first frame whatever the rounding.
    most -= 1e-9 * abs(most)
    for i in range(first, last + 1):
        if some[i]:
            departure = side * (curve[i] - mean) if side != 0 else abs(curve[i] - mean)
            if departure >= most:
                return i
    return first


def frames_with_most_votes(
    frames: np.ndarray,
    votes: np.ndarray,
    labels: np.ndarray,
    counts: np.ndarray,
    curve: np.ndarray,
    lengths: np.ndarray,
    gap: int,
) -> np.ndarray:
    """Return the frame of each cluster with most votes, with compiled loops.

    Parameters
    ----------
    frames, votes : ndarray of shape (n_clips, n_candidates)
        Candidates of each clip in ascending order, and their votes.
    labels : ndarray of int, shape (n_clips, n_candidates)
        Cluster of each candidate, ascending.
    counts : ndarray of int, shape (n_clips,)
        Candidates of each clip; later ones are padding.
    curve : ndarray of shape (n_clips, n_frames)
        Curve without NaN, whose extreme is taken among candidates of as many votes.
    lengths : ndarray of int, shape (n_clips,)
        Frames of each clip.
    gap : int
        Frames beside a cluster over which its mean is taken as well.

    Returns
    -------
    ndarray of bool, shape (n_clips, n_frames)
        True at the frames chosen.
    """
    chosen = np.zeros(curve.shape, dtype=bool)
    departures = np.empty(frames.shape)
    total = np.empty(curve.shape[1] + 1)
    lengths = np.asarray(lengths, dtype=np.intp)
    curve = np.ascontiguousarray(curve)
    _vote(frames, votes, labels, counts, curve, lengths, gap, total, departures, chosen)
    return chosen


@Loops
def _vote(frames, votes, labels, counts, curve, lengths, gap, total, departures, chosen):
    largest = np.finfo(np.float64).tiny
    for row in range(len(frames)):
        total[0] = 0.0
        for i in range(curve.shape[1]):
            total[i + 1] = total[i] + curve[row, i]
        first = 0
        for k in range(counts[row]):
            if k + 1 < counts[row] and labels[row, k + 1] == labels[row, k]:
                continue
            low = max(int(frames[row, first]) - gap, 0)
            high = min(int(frames[row, k]) + gap + 1, lengths[row])
            mean = (total[high] - total[low]) / (high - low)
            for i in range(first, k + 1):
                departures[row, i] = abs(curve[row, int(frames[row, i])] - mean)
                largest = max(largest, departures[row, i])
            first = k + 1
    for row in range(len(frames)):
        first = 0
        for k in range(counts[row]):
            if k + 1 < counts[row] and labels[row, k + 1] == labels[row, k]:
                continue
            most = -np.inf
            for i in range(first, k + 1):
                # Votes are integers: fractions of the largest deviation decide between ties only.
                departures[row, i] = votes[row, i] + 0.5 * departures[row, i] / largest
                most = max(most, departures[row, i])
            for i in range(first, k + 1):
                if departures[row, i] >= most - 1e-9 * abs(most):
                    chosen[row, int(frames[row, i])] = True
                    break
            first = k + 1
