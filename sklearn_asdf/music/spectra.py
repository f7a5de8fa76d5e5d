"""Spectra of training clips in dB; overlapping clips share their frames."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d

from ..functional.mel import db_to_unit, melspectrogram, power_to_db
from .clips import AudioClips

__all__ = ["SpectrumBank", "clip_stretches", "spectrogram_options", "unit_spectrograms"]

# Frames of a recording that are computed at once.
_SECTION = 4096


def spectrogram_options(encoder: Any) -> dict[str, Any]:
    """Return the spectrogram parameters of an encoder, or the defaults of `melspectrogram`.

    Parameters
    ----------
    encoder : estimator
        An encoder of audio with a sampling rate `sr`.

    Returns
    -------
    options : dict
        `sr`, `n_fft`, `hop_length`, `n_mels`, `fmin` and `fmax`.
    """
    usual = inspect.signature(melspectrogram).parameters
    names = ("sr", "n_fft", "hop_length", "n_mels", "fmin", "fmax")
    return {name: getattr(encoder, name, usual[name].default) for name in names}


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
        Maximum level of each clip in dB.
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
        Maximum level of each clip in dB.
    n_frames : int
        Frames of a clip.
    top_db : float
        Range in dB that becomes [0, 1].
    stretch_starts : ndarray of int of shape (n_stretches,)
        First frame of each run of clips that touch each other.

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
    stretch_starts: np.ndarray

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
        stretches = []
        total = 0
        if isinstance(audio, AudioClips):
            for rows, first, stop in clip_stretches(audio):
                y = audio.recordings[audio.groups[rows[0]]][first:stop]
                last = 1 + len(y) // hop
                starts[rows] = total + np.minimum(
                    np.round((audio.starts[rows] - first) / hop).astype(np.intp), last - n_frames
                )
                parts += [_decibels(section, options) for section in _sections(y, options)]
                parts = [np.concatenate(parts)] if len(parts) > 64 else parts
                stretches.append(total)
                total += last
            stretch_starts = np.array(stretches)
        else:
            size = max(1, _SECTION // n_frames)
            for i in range(0, len(audio), size):
                mel = melspectrogram(audio[i : i + size], **options)
                parts.append(_decibels(np.concatenate(list(mel), axis=1), options))
            stretch_starts = starts = np.arange(len(audio)) * n_frames
        frames = np.concatenate(parts)
        levels = _window_maxima(frames, n_frames)[starts]
        return cls(frames, starts, levels, n_frames, top_db, stretch_starts)

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def stretch_stops(self) -> np.ndarray:
        """The frame after the last of each run of clips, int (n_stretches,)."""
        return np.append(self.stretch_starts[1:], len(self.frames))

    def frame_levels(self) -> np.ndarray:
        """Return the level in dB of a clip around each frame, float32 (n,).

        The frame is the clip's middle, or as near to it as the clip can lie in the music.
        """
        windows = _window_maxima(self.frames, self.n_frames)
        stops = self.stretch_stops
        lengths = stops - self.stretch_starts
        middle = np.arange(len(self.frames)) - self.n_frames // 2
        lowest = np.repeat(self.stretch_starts, lengths)
        highest = np.repeat(stops, lengths) - self.n_frames
        return windows[np.clip(middle, lowest, highest)]

    def unit(self, index: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Return frames on the [0, 1] scale.

        Parameters
        ----------
        index : ndarray of int of shape (...)
            Numbers of frames.
        levels : ndarray of float32 of shape (...)
            Level in dB that becomes 1.

        Returns
        -------
        unit : ndarray of float32 of shape (..., n_mels)
            The frames; dark where the level is that of silence.
        """
        unit = self.frames[index].astype(np.float32)
        unit -= (levels - np.float32(self.top_db))[..., None]
        unit *= np.float32(1 / self.top_db)
        unit *= (levels > -99)[..., None]
        return np.clip(unit, 0, 1, out=unit)


def _window_maxima(frames: np.ndarray, length: int) -> np.ndarray:
    """Largest value of each run of `length` frames, float32 (n - length + 1,)."""
    loudest = frames.max(axis=1).astype(np.float32)
    maxima = maximum_filter1d(loudest, length, origin=-(length // 2))
    return maxima[: len(frames) - length + 1]


def _decibels(mel: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    return power_to_db(mel, ref=1.0, top_db=None).T.astype(np.float16)


def clip_stretches(audio: AudioClips) -> Iterator[tuple[np.ndarray, int, int]]:
    """Yield the clips that touch each other, and the samples that they cover.

    Parameters
    ----------
    audio : AudioClips
        Clips of recordings, which may overlap.

    Yields
    ------
    rows : ndarray of int
        Clips of one recording without a gap between them.
    start, stop : int
        First sample that they cover, and the one after the last.
    """
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
