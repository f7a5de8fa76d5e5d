"""Splits of clips without overlap between training and test sets, and detection of overlap."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from .music.clips import AudioClips

__all__ = ["RecordingKFold", "overlapping_clips"]

# Samples per recording in its fingerprint.
_PROBES = 4096


class RecordingKFold(GroupKFold):
    """K-fold splitter that does not split the clips of a recording.

    Like :class:`sklearn.model_selection.GroupKFold`, but without `groups` the groups are the
    recordings from which :class:`~sklearn_asdf.AudioClips` are cut. Therefore
    ``GridSearchCV(pipe, grid, cv=RecordingKFold(5)).fit(poses, audio)`` does not leak.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at most the number of recordings.
    shuffle : bool, default=False
        Whether to shuffle the recordings before splitting.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.

    See Also
    --------
    sklearn.model_selection.GroupKFold : For other groups, such as dancers.

    Notes
    -----
    Identical recordings are one group, even if they were loaded twice: two dances to the same piece
    of music are in the same fold.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import AudioClips
    >>> from sklearn_asdf.model_selection import RecordingKFold
    >>> tones = [np.sin(np.arange(400) * pitch) for pitch in (0.1, 0.2, 0.3)]
    >>> audio = AudioClips.from_recordings(tones, sr=100, clip_duration=2.0, hop_duration=1.0)
    >>> for train, test in RecordingKFold(3).split(np.zeros(len(audio)), audio):
    ...     print(audio.groups[train], audio.groups[test])
    [0 0 0 1 1 1] [2 2 2]
    [0 0 0 2 2 2] [1 1 1]
    [1 1 1 2 2 2] [0 0 0]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(n_splits=n_splits, shuffle=shuffle, random_state=random_state)

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the indices of each split.

        Parameters
        ----------
        X : array-like of shape (n_clips, ...)
            Poses, features, or the audio itself for the cross-validation of an encoder.
        y : AudioClips or array-like, default=None
            Audio of each clip.
        groups : array-like of shape (n_clips,), default=None
            Group of each clip. If None, the recordings of `y`, or else of `X`.

        Yields
        ------
        train, test : ndarray of int
            Indices of the training set and of the test set.
        """
        if groups is None:
            audio = next((a for a in (y, X) if isinstance(a, AudioClips)), None)
            if audio is None:
                raise ValueError(
                    "expected AudioClips, which store their recordings, or groups, got audio of "
                    f"type {type(y).__name__} and no groups: pass groups, such as the performance "
                    "of each clip"
                )
            # Numbered by first appearance, so that folds do not depend on fingerprints.
            _, first, of_clip = np.unique(
                _recordings(audio), return_index=True, return_inverse=True
            )
            groups = first[of_clip]
        yield from super().split(X, y, groups)


def overlapping_clips(audio: AudioClips, others: AudioClips) -> np.ndarray:
    """Return which clips overlap in time with other clips of the same recording.

    Parameters
    ----------
    audio : AudioClips
        Clips, of a test set for instance.
    others : AudioClips
        Other clips, of the training set for instance. Recordings are compared by their samples, so
        they may have been loaded twice.

    Returns
    -------
    ndarray of bool of shape (n_clips,)
        True for each clip of `audio` that overlaps.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import AudioClips
    >>> from sklearn_asdf.model_selection import overlapping_clips
    >>> tone = np.sin(np.arange(600) / 3)
    >>> audio = AudioClips.from_recordings([tone], sr=100, clip_duration=2.0, hop_duration=1.0)
    >>> overlapping_clips(audio[:2], audio[2:])
    array([False,  True])
    """
    return _overlap(audio, known_spans(others))[0]


def known_spans(audio: AudioClips) -> dict[str, Any]:
    """Return the position of clips in their recordings, without the audio.

    Parameters
    ----------
    audio : AudioClips
        The clips.

    Returns
    -------
    dict
        `n_samples`, the length of a clip, and `starts`, the sorted first samples of the clips of
        each recording, by its fingerprint.
    """
    prints = _recordings(audio)
    starts = {p: np.sort(audio.starts[prints == p]) for p in np.unique(prints).tolist()}
    return {"n_samples": audio.n_samples, "starts": starts}


def warn_of_leaks(audio: AudioClips, spans: dict[str, Any], *, stacklevel: int = 2) -> None:
    """Warn if clips overlap with clips of the training set but are not among them.

    Parameters
    ----------
    audio : AudioClips
        Clips to score.
    spans : dict
        `known_spans` of the training set.
    stacklevel : int, default=2
        As in :func:`warnings.warn`.

    Notes
    -----
    Clips that are in the training set are not counted: a score on the training set is intended.
    """
    overlap, same = _overlap(audio, spans)
    n_leaks = np.count_nonzero(overlap & ~same)
    if n_leaks:
        warnings.warn(
            f"{n_leaks} of {len(audio)} clips to score overlap in time with clips of the training "
            "set, so that the score is too high: split by performance, with groups and GroupKFold "
            "or with model_selection.RecordingKFold",
            UserWarning,
            stacklevel=stacklevel,
        )


def _overlap(audio: AudioClips, spans: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return masks of the clips that overlap with those of `spans`, and that are among them."""
    overlap, same = np.zeros(len(audio), bool), np.zeros(len(audio), bool)
    prints = _recordings(audio)
    for name in np.unique(prints).tolist():
        known = spans["starts"].get(name)
        if known is None:
            continue
        rows = np.flatnonzero(prints == name)
        start = audio.starts[rows]
        # The first known clip that ends after this one starts, if it starts before this one ends.
        first = np.searchsorted(known, start - spans["n_samples"], side="right")
        following = known[np.minimum(first, len(known) - 1)]
        overlap[rows] = (first < len(known)) & (following < start + audio.n_samples)
        same[rows] = np.isin(start, known)
    return overlap, same


def _recordings(audio: AudioClips) -> np.ndarray:
    """Return the fingerprint of the recording of each clip, a hash of its samples."""
    used, of_clip = np.unique(audio.groups, return_inverse=True)
    return np.array([_fingerprint(audio.recordings[i]) for i in used])[of_clip]


def _fingerprint(y: np.ndarray) -> str:
    at = np.linspace(0, len(y) - 1, min(len(y), _PROBES)).astype(np.intp)
    digest = hashlib.blake2b(np.ascontiguousarray(y[at]).tobytes(), digest_size=12)
    digest.update(str(len(y)).encode())
    return digest.hexdigest()
