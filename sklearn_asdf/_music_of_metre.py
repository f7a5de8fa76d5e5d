"""Which recordings are in the metre of a dance."""

from __future__ import annotations

import numpy as np

from .music.analysis import DESCRIPTORS
from .music.clips import AudioClips

__all__ = ["clips_of_metre"]

# A dance whose metre is less certain gets all music.
_CERTAIN = 0.9
# Correlation by which the onsets of a recording repeat better after three beats than after two and
# four, or the other way, to be counted as music of that metre.
_CLEAR = 0.02
# Longest music in s that is enough for a dance, however long that is.
_ENOUGH = 60.0


def clips_of_metre(
    clips: AudioClips, code: np.ndarray, three: float, *, duration: float
) -> np.ndarray:
    """Return the clips of recordings that may be in the metre of a dance.

    Parameters
    ----------
    clips : AudioClips
        Clips of music.
    code : ndarray of shape (n_clips, n_descriptors)
        Their codes, of which the last columns are those of `UnitEncoder`.
    three : float
        Probability that the bars of the dance have three beats.
    duration : float
        Duration of the dance in s.

    Returns
    -------
    rows : ndarray of int of shape (n_kept,)
        All clips if the metre of the dance is not certain, or if less music than the dance or a
        minute would be left.
    """
    everything = np.arange(len(clips))
    if 1 - _CERTAIN < three < _CERTAIN:
        return everything
    column = {name: code[:, i - len(DESCRIPTORS)] for i, name in enumerate(DESCRIPTORS)}
    repeats = column["three_beats"] - (column["two_beats"] + column["four_beats"]) / 2
    of_recording = np.unique(clips.groups, return_inverse=True)[1]
    mean = np.bincount(of_recording, repeats) / np.bincount(of_recording)
    # What is not clear may be in any metre.
    suits = np.flatnonzero(mean > -_CLEAR if three > 0.5 else mean < _CLEAR)
    of_suits = [clips.recordings[i] for i in np.unique(clips.groups)[suits]]
    seconds = sum(len(recording) for recording in of_suits) / clips.sr
    enough = seconds >= min(duration, _ENOUGH)
    return np.flatnonzero(np.isin(of_recording, suits)) if enough else everything
