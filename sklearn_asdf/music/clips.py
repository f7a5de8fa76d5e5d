"""AudioClips: clips of audio as windows into whole recordings."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .._validation import check_choice, raise_all
from .recording import Recording
from .sample_checks import as_integers, check_recording
from .sound_file import read_sound_file

__all__ = ["AudioClips", "load_audio"]


class AudioClips:
    """Clips of equal length that share the samples of whole recordings.

    Clips of eight seconds that start every second contain each sample eight times. `AudioClips`
    stores each recording once, and the start of each clip. It can be used like the array of shape
    (n_clips, n_samples): it has `shape` and `len`, scikit-learn can split it, and
    ``numpy.asarray`` makes the array.

    Parameters
    ----------
    recordings : sequence of {ndarray of shape (n,), Recording}
        Mono recordings, floats in [-1, 1], at `sr` Hz. float32 arrays, which may be memory-mapped,
        and recordings in 16 bits (:class:`~sklearn_asdf.music.recording.Recording`) are kept as
        they are, others are converted once.
    recording_index : array-like of int of shape (n_clips,)
        The recording that each clip is taken from.
    starts : array-like of int of shape (n_clips,)
        First sample of each clip.
    n_samples : int
        Length of every clip in samples.
    sr : int, default=22050
        Sampling rate in Hz.

    Attributes
    ----------
    recordings : tuple of {ndarray, Recording}
        The recordings, float32 or in 16 bits.
    starts : ndarray of int of shape (n_clips,)
        First sample of each clip.
    n_samples : int
        Length of a clip in samples.
    sr : int
        Sampling rate in Hz.

    See Also
    --------
    AudioClips.from_recordings : Cut recordings, or files of them, into clips.

    Notes
    -----
    An integer gives one clip as a 1-D array; slices, index arrays and masks give `AudioClips`
    on the same memory. A pickle holds only the recordings that its clips use.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf import AudioClips
    >>> tone = np.sin(np.arange(40) / 3)
    >>> clips = AudioClips.from_recordings([tone], sr=10, clip_duration=2, hop_duration=1)
    >>> clips.shape
    (3, 20)
    >>> clips[1:]
    AudioClips(2 clips of 2 s from 1 recording, sr=10)
    >>> clips.starts
    array([ 0, 10, 20])
    """

    def __init__(
        self,
        recordings: Sequence[Any],
        recording_index: Any,
        starts: Any,
        n_samples: int,
        sr: int = 22050,
    ) -> None:
        problems: list[str] = []
        kept = tuple(
            check_recording(y, f"recording {i}", problems) for i, y in enumerate(recordings)
        )
        index = as_integers(recording_index, "recording_index", problems)
        starts = as_integers(starts, "starts", problems)
        if n_samples < 1:
            problems.append(f"expected n_samples of at least 1, got {n_samples}")
        if sr <= 0:
            problems.append(f"expected a sampling rate sr above 0 Hz, got {sr}")
        if len(index) != len(starts):
            problems.append(
                f"expected as many starts as recording_index, got {len(starts)} and {len(index)}"
            )
        elif len(index) and (index.min() < 0 or index.max() >= len(kept)):
            problems.append(
                f"expected recording_index within 0 to {len(kept) - 1}, "
                f"got {index.min()} to {index.max()}"
            )
        elif len(index):
            ends = np.array([len(y) for y in kept])[index]
            outside = np.flatnonzero((starts < 0) | (starts + n_samples > ends))
            if len(outside):
                i = outside[0]
                problems.append(
                    f"expected clips within their recordings, but clip {i} covers samples "
                    f"{starts[i]} to {starts[i] + n_samples} of a recording of {ends[i]}"
                )
        raise_all(problems)
        self._set(kept, index, starts, int(n_samples), sr)

    def _set(
        self,
        recordings: tuple[Any, ...],
        index: np.ndarray,
        starts: np.ndarray,
        n_samples: int,
        sr: int,
    ) -> None:
        self.recordings = recordings
        self._index = index
        self.starts = starts
        self.n_samples = n_samples
        self.sr = sr

    @classmethod
    def from_recordings(
        cls,
        recordings: Iterable[Any],
        *,
        sr: int = 22050,
        clip_duration: float = 8.0,
        hop_duration: float = 1.0,
        short: str = "skip",
    ) -> AudioClips:
        """Cut recordings into clips of one length.

        Parameters
        ----------
        recordings : iterable of {ndarray of shape (n,), Recording, str, PathLike}
            Mono arrays at `sr` Hz, recordings in 16 bits, or files (WAV, FLAC, OGG, MP3), which are
            mixed to mono and resampled to `sr` once.
        sr : int, default=22050
            Sampling rate of the clips in Hz.
        clip_duration : float, default=8.0
            Length of a clip in seconds.
        hop_duration : float, default=1.0
            Time from one clip's start to the next one's, in seconds.
        short : {"skip", "pad"}, default="skip"
            What becomes of a recording shorter than one clip: left out with a warning, or one
            clip filled with silence at its end.

        Returns
        -------
        AudioClips
            The clips; `groups` has the recording of each, counted before any is skipped.

        Notes
        -----
        Clip k starts at sample ``round(k * hop_duration * sr)``. What remains after a
        recording's last whole clip is not used.
        """
        if isinstance(recordings, (str, os.PathLike)):
            raise TypeError(
                f"expected a list of recordings or paths, got the single path {str(recordings)!r}: "
                "put it into a list"
            )
        check_choice(short, ("skip", "pad"), name="short")
        n_samples = _check_sizes(sr, clip_duration, hop_duration)
        problems: list[str] = []
        kept, index, starts = [], [], []
        for i, recording in enumerate(recordings):
            if isinstance(recording, (str, os.PathLike)):
                name, y = f"recording {str(recording)!r}", load_audio(recording, sr=sr)
            else:
                name, y = f"recording {i}", recording
            known = len(problems)
            y = check_recording(y, name, problems)
            if len(problems) > known:
                continue
            if len(y) < n_samples and short == "pad":
                y = np.pad(y, (0, n_samples - len(y)))
            elif len(y) < n_samples:
                warnings.warn(
                    f"{name} lasts {len(y) / sr:.3g} s, less than one clip of "
                    f"{clip_duration:g} s, and is left out (short='pad' keeps it)",
                    UserWarning,
                    stacklevel=2,
                )
            kept.append(y)
            if len(y) >= n_samples:
                last = int((len(y) - n_samples + 0.5) / sr / hop_duration) + 1
                at = np.round(np.arange(last + 1) * hop_duration * sr).astype(int)
                at = at[at <= len(y) - n_samples]
                starts.append(at)
                index.append(np.full(len(at), i))
        raise_all(problems)
        if not starts:
            raise ValueError(
                f"expected at least one recording of {clip_duration:g} s or more, got "
                f"{len(kept)} recording(s), all shorter: give longer ones, a shorter "
                "clip_duration or short='pad'"
            )
        self = cls.__new__(cls)
        self._set(tuple(kept), np.concatenate(index), np.concatenate(starts), n_samples, sr)
        return self

    @property
    def groups(self) -> np.ndarray:
        """Recording of each clip, int (n_clips,): the groups for ``GroupKFold``."""
        return self._index

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_clips, n_samples)``."""
        return len(self), self.n_samples

    @property
    def ndim(self) -> int:
        """Always 2."""
        return 2

    @property
    def dtype(self) -> np.dtype:
        """Always float32."""
        return np.dtype(np.float32)

    @property
    def clip_duration(self) -> float:
        """Length of a clip in seconds."""
        return self.n_samples / self.sr

    def __len__(self) -> int:
        return len(self.starts)

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            if len(key) != 2 or key[1] is not Ellipsis:
                raise IndexError(
                    "expected an index over clips, got one over clips and samples: "
                    "numpy.asarray(clips) gives the array"
                )
            key = key[0]
        if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
            if not -len(self) <= key < len(self):
                raise IndexError(f"expected an index below {len(self)} clips, got {key}")
            start = self.starts[key]
            return self.recordings[self._index[key]][start : start + self.n_samples]
        if not isinstance(key, slice):
            key = np.asarray(key)
            key = key.astype(np.intp) if key.size == 0 and key.dtype != bool else key
        part = type(self).__new__(type(self))
        part._set(self.recordings, self._index[key], self.starts[key], self.n_samples, self.sr)
        return part

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("clips overlap in memory: an array of them is always a copy")
        out = np.empty(self.shape, dtype=np.float32 if dtype is None else dtype)
        for i in np.unique(self._index):
            rows = np.flatnonzero(self._index == i)
            starts = self.starts[rows]
            y = self.recordings[i][starts.min() : starts.max() + self.n_samples]
            out[rows] = sliding_window_view(y, self.n_samples)[starts - starts.min()]
        return out

    def __getstate__(self) -> dict[str, Any]:
        used = set(np.unique(self._index).tolist())
        state = dict(self.__dict__)
        # As plain arrays, so that joblib hashes alike what a worker has mapped into its memory.
        state["recordings"] = tuple(
            (y.in_memory() if isinstance(y, Recording) else np.asarray(y))
            if i in used
            else np.zeros(0, np.float32)
            for i, y in enumerate(self.recordings)
        )
        return state

    def __repr__(self) -> str:
        n = len(np.unique(self._index))
        return (
            f"AudioClips({len(self)} clips of {self.clip_duration:g} s from {n} "
            f"recording{'s' if n != 1 else ''}, sr={self.sr})"
        )


def load_audio(path: str | os.PathLike, *, sr: int = 22050) -> np.ndarray:
    """Read a sound file as mono at one sampling rate.

    Parameters
    ----------
    path : str or PathLike
        A file that libsndfile reads: WAV, FLAC, OGG, MP3 and others; with PyAV (the extra
        ``video``), M4A, AAC, WMA and others that FFmpeg reads too.
    sr : int, default=22050
        Sampling rate in Hz to resample to.

    Returns
    -------
    ndarray of float32 of shape (n_samples,)
        The mean of the channels, resampled once with soxr's high-quality filter. Float files
        keep values beyond [-1, 1].

    Warns
    -----
    UserWarning
        If the channels cancel each other, as those of opposite phase do. The loudest channel is
        then used alone.

    Notes
    -----
    A file that is missing raises a FileNotFoundError; one that is unreadable, truncated, empty or
    contains NaN raises a ValueError.

    Examples
    --------
    >>> from sklearn_asdf.music.clips import load_audio
    >>> load_audio("nowhere.wav")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected a sound file, but there is no file 'nowhere.wav'
    """
    return read_sound_file(path, sr=sr)


def _check_sizes(sr: int, clip_duration: float, hop_duration: float) -> int:
    """Return the number of samples of a clip."""
    sizes = {"sr": sr, "clip_duration": clip_duration, "hop_duration": hop_duration}
    raise_all([f"expected {name} above 0, got {v}" for name, v in sizes.items() if not v > 0])
    n_samples = round(clip_duration * sr)
    if n_samples < 1:
        raise ValueError(
            f"expected clips of at least one sample, got clip_duration={clip_duration} s at {sr} Hz"
        )
    return n_samples
