"""Decibel spectra of all that is heard in training clips, each moment once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .audio import AudioClips
from .functional.mel import db_to_unit, melspectrogram, power_to_db

__all__ = ["SpectrumBank", "unit_spectrograms"]

# Frames of a recording that are computed at once.
_SECTION = 4096


def unit_spectrograms(clips: Any, options: dict[str, Any], top_db: float) -> tuple[Any, Any]:
    """Return [0, 1] spectrograms, frames before bands, and levels of a few clips.

    Parameters
    ----------
    clips : AudioClips or ndarray of shape (n_clips, n_samples)
        Sound.
    options : dict
        Keyword arguments of `melspectrogram`.
    top_db : float
        Range in dB.

    Returns
    -------
    unit : ndarray of float32 of shape (n_clips, n_frames, n_mels)
        Spectrograms.
    level : ndarray of float32 of shape (n_clips,)
        Level of each clip's loudest place in dB.
    """
    mel = melspectrogram(np.asarray(clips), **options)
    unit, level = db_to_unit(power_to_db(mel, ref=1.0, top_db=None), top_db=top_db)
    return np.ascontiguousarray(unit.swapaxes(1, 2)), level


@dataclass(frozen=True, eq=False)
class SpectrumBank:
    """Spectra of recordings, and where the clips lie in them.

    Overlapping clips share their frames, so memory grows with the music and not with the
    overlap: six hours of 128 bands take 180 MB.

    Parameters
    ----------
    frames : ndarray of float16 of shape (n, n_mels)
        Levels in dB of all frames of all recordings, one after the other.
    starts : ndarray of int of shape (n_clips,)
        First frame of each clip.
    levels : ndarray of float32 of shape (n_clips,)
        Level of each clip's loudest place in dB.
    n_frames : int
        Frames of a clip.
    top_db : float
        Range in dB that becomes [0, 1].

    Notes
    -----
    Clips start at the nearest frame of their recording instead of at their own first sample,
    at most half a hop away. A clip of a longer recording has no silence before and after it,
    which its own spectrogram has in the frames at its ends.
    """

    frames: np.ndarray
    starts: np.ndarray
    levels: np.ndarray
    n_frames: int
    top_db: float

    @classmethod
    def of(cls, audio: Any, options: dict[str, Any], top_db: float) -> SpectrumBank:
        """Compute the spectra of clips.

        Parameters
        ----------
        audio : AudioClips or ndarray of shape (n_clips, n_samples)
            Sound.
        options : dict
            Keyword arguments of `melspectrogram`.
        top_db : float
            Range in dB.

        Returns
        -------
        SpectrumBank
            The spectra.
        """
        hop = options["hop_length"]
        n_frames = 1 + audio.shape[1] // hop
        starts = np.zeros(len(audio), np.intp)
        parts: list[np.ndarray] = []
        total = 0
        if isinstance(audio, AudioClips):
            for rows, first, stop in _stretches(audio):
                y = audio.recordings[audio.groups[rows[0]]][first:stop]
                last = 1 + len(y) // hop
                starts[rows] = total + np.minimum(
                    np.round((audio.starts[rows] - first) / hop).astype(np.intp), last - n_frames
                )
                parts += [_decibels(section, options) for section in _sections(y, options)]
                parts = [np.concatenate(parts)] if len(parts) > 64 else parts
                total += last
        else:
            size = max(1, _SECTION // n_frames)
            for i in range(0, len(audio), size):
                mel = melspectrogram(audio[i : i + size], **options)
                parts.append(_decibels(np.concatenate(list(mel), axis=1), options))
            starts = np.arange(len(audio)) * n_frames
        frames = np.concatenate(parts)
        loudest = frames.max(axis=1).astype(np.float32)
        levels = sliding_window_view(loudest, n_frames)[starts].max(axis=1)
        return cls(frames, starts, levels, n_frames, top_db)

    def __len__(self) -> int:
        return len(self.starts)

    def unit(self, starts: np.ndarray, levels: np.ndarray, length: int) -> np.ndarray:
        """Return stretches of the spectra on the [0, 1] scale of their clips.

        Parameters
        ----------
        starts : ndarray of int of shape (n,)
            First frame of each stretch.
        levels : ndarray of shape (n,)
            Level in dB that becomes 1.
        length : int
            Frames of a stretch.

        Returns
        -------
        unit : ndarray of float32 of shape (n, length, n_mels)
            The stretches.
        """
        unit = self.frames[starts[:, None] + np.arange(length)].astype(np.float32)
        unit -= (levels - np.float32(self.top_db))[:, None, None]
        unit *= np.float32(1 / self.top_db)
        return np.clip(unit, 0, 1, out=unit)


def _decibels(mel: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    return power_to_db(mel, ref=1.0, top_db=None).T.astype(np.float16)


def _stretches(audio: AudioClips) -> Iterator[tuple[np.ndarray, int, int]]:
    """Clips that touch each other, with the first and last sample that they cover."""
    order = np.lexsort((audio.starts, audio.groups))
    groups, starts = audio.groups[order], audio.starts[order]
    new = np.flatnonzero((np.diff(groups) != 0) | (np.diff(starts) > audio.n_samples)) + 1
    for rows in np.split(order, new):
        at = audio.starts[rows]
        yield rows, int(at[0]), int(at[-1]) + audio.n_samples


def _sections(y: np.ndarray, options: dict[str, Any]) -> Iterator[np.ndarray]:
    """Spectrograms of successive sections that join to the one of all of `y`."""
    hop = options["hop_length"]
    n_frames = 1 + len(y) // hop
    margin = -(-options["n_fft"] // (2 * hop))
    for first in range(0, n_frames, _SECTION):
        stop = min(first + _SECTION, n_frames)
        before = min(first, margin)
        mel = melspectrogram(y[(first - before) * hop : (stop + margin) * hop], **options)
        yield mel[:, before : before + stop - first]
