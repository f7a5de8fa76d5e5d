"""Rows from which `DanceBeatTracker` learns: curves of the body around frames, standardized."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.utils import gen_batches

from .beat_curves import beat_curves
from .container import Motion

__all__ = ["BeatRows", "CurveScales", "rows_of_clips", "sample_rows"]

# Time between the frames around a frame from which features are taken, in s.
_STEP = 2 / 15
# Clips processed at a time: some tens of megabytes.
_BLOCK = 64
# Clips whose rows are standardized and returned at a time: they stay in the processor's cache,
# through which each tree goes again.
_FEW = 4


@dataclass(frozen=True, eq=False)
class CurveScales:
    """Means and standard deviations of curves.

    Parameters
    ----------
    mean, deviation : ndarray of shape (n_clips, n_curves)
        Those by which each clip is standardized.
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, sums: np.ndarray, groups: np.ndarray) -> CurveScales:
        """Return those of groups of clips.

        Parameters
        ----------
        sums : ndarray of shape (3, n_clips, n_curves)
            Number of frames, sum and sum of squares of each clip.
        groups : ndarray of shape (n_clips,)
            The group of each clip.

        Returns
        -------
        CurveScales
            For each clip those of its group.
        """
        _, place = np.unique(groups, return_inverse=True)
        total = np.zeros((3, place.max() + 1, sums.shape[2]))
        for of_group, of_clip in zip(total, sums):
            np.add.at(of_group, place, of_clip)
        count = np.maximum(total[0], 1)
        mean, power = total[1:] / count
        deviation = np.sqrt(np.maximum(power - mean**2, 0.0))
        # What is left of a constant curve is rounding.
        deviation[deviation <= 1e-6 * np.sqrt(power)] = 1.0
        return cls(mean[place], deviation[place])

    def standardize(self, values: np.ndarray, clip: np.ndarray) -> np.ndarray:
        """Return standardized rows.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_frames_around, n_curves)
            Curves around frames.
        clip : ndarray of int of shape (n_rows,)
            The clip of each row.

        Returns
        -------
        ndarray of float32 of shape (n_rows, n_frames_around * n_curves)
            The features of each row.
        """
        rows = (values - self.mean[clip, None]) / self.deviation[clip, None]
        return rows.astype(np.float32).reshape(len(rows), -1)


@dataclass(frozen=True, eq=False)
class BeatRows:
    """A sample of the frames of clips.

    Parameters
    ----------
    clip, frame : ndarray of int of shape (n_rows,)
        Where each row is.
    values : ndarray of shape (n_rows, n_frames_around, n_curves)
        Curves around it, not standardized.
    sums : ndarray of shape (3, n_clips, n_curves)
        Number of frames, sum and sum of squares of all curves of each clip.
    """

    clip: np.ndarray
    frame: np.ndarray
    values: np.ndarray
    sums: np.ndarray

    def features(self, groups: np.ndarray) -> np.ndarray:
        """Return features, standardized over groups of clips.

        Parameters
        ----------
        groups : ndarray of shape (n_clips,)
            The group of each clip.

        Returns
        -------
        ndarray of float32 of shape (n_rows, n_features)
            The features of each row.
        """
        return CurveScales.of(self.sums, groups).standardize(self.values, self.clip)


def sample_rows(
    motion: Motion,
    *,
    context_duration: float,
    n_rows: int,
    random_state: np.random.RandomState,
    horizontal: bool = False,
) -> BeatRows:
    """Sample frames of clips, and the curves around them.

    Parameters
    ----------
    motion : Motion
        Clips.
    context_duration : float
        Time before and after a frame from which curves are taken, in s.
    n_rows : int
        Number of frames; all frames if there are fewer. One is sampled in each of as many equal
        stretches of the clips: overlapping clips would have the same moments at a fixed spacing.
    random_state : RandomState
        Source of the sample.
    horizontal : bool, default=False
        As in :func:`~sklearn_asdf.motion.beat_curves.beat_curves`.

    Returns
    -------
    BeatRows
        The sample.
    """
    inside = np.arange(motion.n_frames) < motion.lengths[:, None]
    clip, frame = np.nonzero(inside)
    if len(clip) > n_rows:
        edges = np.linspace(0, len(clip), n_rows + 1)
        chosen = (edges[:-1] + random_state.uniform(size=n_rows) * np.diff(edges)).astype(int)
        clip, frame = clip[chosen], frame[chosen]
    values, sums = [], []
    for block, part in motion.batches(_BLOCK):
        curves, known = beat_curves(part, horizontal=horizontal)
        sums.append(_sums(curves, known))
        here = slice(*np.searchsorted(clip, [block.start, block.stop]))
        around = _around(motion, clip[here], frame[here], context_duration)
        values.append(curves[clip[here, None] - block.start, around].astype(np.float32))
    return BeatRows(clip, frame, np.concatenate(values), np.concatenate(sums, axis=1))


def rows_of_clips(
    motion: Motion, *, context_duration: float, horizontal: bool = False
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the features of all frames of a few clips at a time, standardized in each clip.

    Parameters
    ----------
    motion : Motion
        Clips; of one without a frame the first counts.
    context_duration : float
        Time before and after a frame from which curves are taken, in s.
    horizontal : bool, default=False
        As in :func:`~sklearn_asdf.motion.beat_curves.beat_curves`.

    Yields
    ------
    clip, frame : ndarray of int of shape (n_rows,)
        Where each row is.
    features : ndarray of float32 of shape (n_rows, n_features)
        The features of each row.
    """
    lengths = np.maximum(motion.lengths, 1)
    for block, part in motion.batches(_BLOCK):
        curves, known = beat_curves(part, horizontal=horizontal)
        scales = CurveScales.of(_sums(curves, known), np.arange(len(curves)))
        for few in gen_batches(len(curves), _FEW):
            rows = np.arange(motion.n_frames) < lengths[block][few, None]
            clip, frame = np.nonzero(rows)
            clip += few.start
            around = _around(motion, clip + block.start, frame, context_duration)
            features = scales.standardize(curves[clip[:, None], around], clip)
            yield clip + block.start, frame, features


def _sums(curves: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return number, sum and sum of squares of the curves of each clip, (3, n_clips, n_curves)."""
    curves = np.where(inside, curves, 0.0)
    count = np.broadcast_to(inside.sum(axis=1), (len(curves), curves.shape[2]))
    return np.stack([count, curves.sum(axis=1), (curves**2).sum(axis=1)])


def _around(
    motion: Motion, clip: np.ndarray, frame: np.ndarray, context_duration: float
) -> np.ndarray:
    """Return the frames around frames, within their clips, (n_rows, n_frames_around)."""
    n = int(context_duration / _STEP)
    offset = np.rint(np.arange(-n, n + 1) * _STEP * motion.fps).astype(int)
    last = np.maximum(motion.lengths[clip] - 1, 0)
    return np.clip(frame[:, None] + offset, 0, last[:, None])
