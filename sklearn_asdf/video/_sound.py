"""The sound of videos and of sound files that FFmpeg reads, aligned by its time stamps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import median_filter

from .._validation import require
from ..music.channels import ChannelMixer, warn_cancelled
from ._reader import decode_frames, first_time, open_video
from ._times import LONGEST_GAP, bridge_jumps

__all__ = ["decode_sound", "read_sound", "told_duration"]

# Sound that is off its time stamps by less than this, in s, is not moved: clocks of videos are
# rounded, and each silence that is put in is heard.
_TOLERANCE = 0.02
# Single time stamps that are off, as recorders in browsers write them, are outvoted by their
# neighbors; a real gap moves everything after it.
_NEIGHBOURS = 5
# A clock that goes back by more than this, in s, was started anew.
_BACK = 1.0


@dataclass
class _Block:
    """Samples of one frame, mono, and when they begin."""

    time: float | None
    rate: int
    samples: np.ndarray

    @property
    def duration(self) -> float:
        return len(self.samples) / self.rate


def read_sound(path: str | os.PathLike[str], *, sr: int = 22050) -> np.ndarray:
    """Return the sound track of a video, beginning with its first picture.

    Parameters
    ----------
    path : str or PathLike
        Any video with sound that FFmpeg reads.
    sr : int, default=22050
        Sampling rate to return, in Hz.

    Returns
    -------
    audio : ndarray of float32 of shape (n_samples,)
        Mono, the mean of the channels, about [-1, 1]. Sound before the first picture is removed. If
        the sound begins later, silence is inserted.

    Warns
    -----
    UserWarning
        If the channels cancel each other (opposite phase). Then only the loudest one is used.

    Notes
    -----
    Sound is aligned by its time stamps. A gap of more than 20 ms (a lost connection, a paused
    recording) is filled with silence, so the sound stays synchronous with the pictures. Samples
    are not limited: decoders of lossy formats may slightly exceed 1.

    Examples
    --------
    >>> from sklearn_asdf.video import read_sound
    >>> read_sound("nowhere.mp4")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected a video file, but 'nowhere.mp4' is no such file
    """
    require("av", "soxr", extra="video", purpose="reading videos")
    start = first_time(path)
    audio, begin = decode_sound(path, sr=sr)
    shift = round((begin - start) * sr)
    audio = np.pad(audio, (shift, 0)) if shift > 0 else audio[-shift:]
    if not len(audio):
        raise ValueError(
            f"expected sound in {str(path)!r}, but its sound track ends before the first picture"
        )
    return audio


def decode_sound(path: str | os.PathLike[str], *, sr: int) -> tuple[np.ndarray, float]:
    """Return the sound track of a file as mono float32 at `sr`, and when it begins, in s."""
    mixer = ChannelMixer()
    blocks = list(_blocks(path, mixer))
    channel = mixer.cancelled()
    if channel is not None:
        warn_cancelled(path, channel)
        blocks = list(_blocks(path, ChannelMixer(channel)))
    if not blocks:
        raise ValueError(f"expected sound in {str(path)!r}, but its sound track holds no samples")
    return _place(blocks, sr)


def _blocks(path: str | os.PathLike[str], mixer: ChannelMixer) -> Iterator[_Block]:
    with open_video(path, need="audio") as (container, stream):
        packers: dict[Any, Any] = {}
        for frame in decode_frames(container, stream):
            samples = _as_floats(frame, packers)
            if len(samples):
                yield _Block(frame.time, frame.sample_rate, mixer.mix(samples))


def _as_floats(frame: Any, packers: dict[Any, Any]) -> np.ndarray:
    """Return the samples of a frame of any format, float32 (n_samples, n_channels)."""
    import av

    # PyAV reads beyond the memory of frames with more than seven channels, each in a plane of its
    # own: samples are interleaved first. Streams may change their format midway.
    key = (frame.format.name, frame.layout.name, frame.sample_rate)
    if key not in packers:
        packers[key] = av.AudioResampler(format="flt", layout=frame.layout)
    parts = [part.to_ndarray().ravel() for part in packers[key].resample(frame)]
    return np.concatenate(parts).reshape(-1, frame.layout.nb_channels)


def _place(blocks: list[_Block], sr: int) -> tuple[np.ndarray, float]:
    """Join blocks at `sr`, each at its time, and return when the first one begins."""
    durations = np.array([block.duration for block in blocks])
    ends = np.cumsum(durations)
    begins = ends - durations
    # Whoever has no time follows the block before.
    known = [
        None if block.time is None else block.time - begin for block, begin in zip(blocks, begins)
    ]
    late = bridge_jumps(known, step=0.0, back=_BACK, ahead=LONGEST_GAP)
    late = median_filter(np.array(late), _NEIGHBOURS, mode="nearest")
    runs = [0]
    for i in range(1, len(blocks)):
        rate_changed = blocks[i].rate != blocks[i - 1].rate
        if rate_changed or abs(late[i] - late[runs[-1]]) > _TOLERANCE:
            runs.append(i)
    parts: list[np.ndarray] = []
    n_samples = 0
    for first, stop in zip(runs, [*runs[1:], len(blocks)]):
        part = _resample(blocks[first:stop], sr)
        at = round((begins[first] + late[first] - late[0]) * sr)
        if at > n_samples:
            parts.append(np.zeros(at - n_samples, np.float32))
        # What was there before, where two overlap, stays.
        part = part[max(0, n_samples - at) :]
        parts.append(part)
        n_samples = max(n_samples, at) + len(part)
    return np.concatenate(parts), float(late[0])


def _resample(blocks: list[_Block], sr: int) -> np.ndarray:
    import soxr

    samples = np.concatenate([block.samples for block in blocks])
    rate = blocks[0].rate
    return samples if rate == sr else soxr.resample(samples, rate, sr)


def told_duration(path: str | os.PathLike[str]) -> float | None:
    """Return the duration of a sound track in s if its header has it exactly."""
    with open_video(path, need="audio") as (container, stream):
        # Other containers tell an estimate.
        if "mp4" not in container.format.name or not stream.duration:
            return None
        return float(stream.duration * stream.time_base)
