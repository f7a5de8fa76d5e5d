"""Splitting clips so that no moment of music is on both sides, and noticing where it is."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from .music.clips import AudioClips

__all__ = ["RecordingKFold", "overlapping_clips"]

# Samples of a recording that tell it from all others.
_PROBES = 4096


class RecordingKFold(GroupKFold):
    """K-fold that keeps the clips of one recording on one side.

    It is :class:`sklearn.model_selection.GroupKFold` that finds the groups itself where none are
    given: clips of sound know the recording that they are cut from. So
    ``GridSearchCV(pipe, grid, cv=RecordingKFold(5)).fit(poses, audio)`` does not leak.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at most the number of recordings.
    shuffle : bool, default=False
        Whether recordings are shuffled before they are dealt out.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.

    See Also
    --------
    sklearn.model_selection.GroupKFold : For groups that are known otherwise, as the dancer.

    Notes
    -----
    Recordings that sound the same are one group, also where they were loaded twice: two dances to
    one piece of music fall on one side.

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

    def __init__(self, n_splits=5, *, shuffle=False, random_state=None):
        super().__init__(n_splits=n_splits, shuffle=shuffle, random_state=random_state)

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the rows of each split.

        Parameters
        ----------
        X : array-like of shape (n_clips, ...)
            Poses, features, or the sound itself where an encoder alone is searched.
        y : AudioClips or array-like, default=None
            The sound of each clip.
        groups : array-like of shape (n_clips,), default=None
            What each clip belongs to. None takes the recordings of `y`, or of `X`.

        Yields
        ------
        train, test : ndarray of int
            Rows to train on and to test on.
        """
        if groups is None:
            audio = next((a for a in (y, X) if isinstance(a, AudioClips)), None)
            if audio is None:
                raise ValueError(
                    "expected AudioClips, which know their recordings, or groups, got sound of "
                    f"type {type(y).__name__} and no groups: pass groups, such as the performance "
                    "of each clip"
                )
            # Numbered as they appear, so that folds do not depend on fingerprints.
            _, first, of_clip = np.unique(
                _recordings(audio), return_index=True, return_inverse=True
            )
            groups = first[of_clip]
        yield from super().split(X, y, groups)


def overlapping_clips(audio: AudioClips, others: AudioClips) -> np.ndarray:
    """Tell which clips share a moment of a recording with any of other clips.

    Parameters
    ----------
    audio : AudioClips
        Clips to look at, of a test set, say.
    others : AudioClips
        Clips of the training set. Recordings are known by their sound, so it does not matter
        whether they were loaded once or twice.

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
    """Return where the clips of a training set lie, without their sound.

    Parameters
    ----------
    audio : AudioClips
        The clips.

    Returns
    -------
    dict
        ``n_samples``, and for the fingerprint of each recording the starts of its clips, sorted.
    """
    prints = _recordings(audio)
    starts = {p: np.sort(audio.starts[prints == p]) for p in np.unique(prints).tolist()}
    return {"n_samples": audio.n_samples, "starts": starts}


def warn_of_leaks(audio: AudioClips, spans: dict[str, Any], *, stacklevel: int = 2) -> None:
    """Warn where clips were not trained on but overlap with some that were.

    Parameters
    ----------
    audio : AudioClips
        Clips to score.
    spans : dict
        What `known_spans` returned of the training set.
    stacklevel : int, default=2
        As of :func:`warnings.warn`.

    Notes
    -----
    Clips that are training clips themselves are not counted: a score on them is meant.
    """
    overlap, same = _overlap(audio, spans)
    n_leaks = np.count_nonzero(overlap & ~same)
    if n_leaks:
        warnings.warn(
            f"{n_leaks} of {len(audio)} clips to score overlap in time with clips that the model "
            "was trained on, so their score measures memory: split by performance, with groups and "
            "GroupKFold or with model_selection.RecordingKFold",
            UserWarning,
            stacklevel=stacklevel,
        )


def _overlap(audio: AudioClips, spans: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Masks of the clips that overlap with those of `spans`, and of those that are among them."""
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
    """Fingerprint of the recording of each clip, the same wherever it was loaded."""
    used, of_clip = np.unique(audio.groups, return_inverse=True)
    return np.array([_fingerprint(audio.recordings[i]) for i in used])[of_clip]


def _fingerprint(y: np.ndarray) -> str:
    at = np.linspace(0, len(y) - 1, min(len(y), _PROBES)).astype(np.intp)
    digest = hashlib.blake2b(np.ascontiguousarray(y[at]).tobytes(), digest_size=12)
    digest.update(str(len(y)).encode())
    return digest.hexdigest()
