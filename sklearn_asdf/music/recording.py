"""Recordings in 16 bits: half of the memory of 32-bit samples, and FLAC in saved models."""

from __future__ import annotations

import io
import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._validation import require

__all__ = ["Recording", "decode_flac", "encode_flac"]

_PURPOSE = "saving or loading recordings inside a model"
# Samples that are converted at a time.
_BLOCK = 2**20


@dataclass(frozen=True, eq=False)
class Recording:
    """Sound as 16-bit integers, whose slices are sound as 32-bit floats.

    Parameters
    ----------
    samples : ndarray of int16 of shape (n_samples,)
        The integers.
    exponent : int
        Their full scale is ``2 ** exponent``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.music.recording import Recording
    >>> recording = Recording.of([0.25, -0.5, 0.1])
    >>> recording[:2]
    array([ 0.25, -0.5 ], dtype=float32)
    >>> round(float(recording[2:][0]), 6)
    0.100006
    """

    samples: np.ndarray
    exponent: int

    @classmethod
    def of(cls, y: ArrayLike) -> Recording:
        """Return a sound rounded to 16 bits.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Sound at any level.

        Returns
        -------
        Recording
            Full scale is 1 at usual levels, and the least power of two that fits the peak where
            that is above 1 or below 1/8. Samples change by at most ``2 ** (exponent - 16)``, 96 dB
            below full scale; those of 16-bit files at their own rate do not change.
        """
        if isinstance(y, Recording):
            return y
        y = y if isinstance(y, np.ndarray) else np.asarray(y, dtype=np.float32)
        blocks = [slice(i, i + _BLOCK) for i in range(0, len(y), _BLOCK)]
        low = min((float(y[block].min()) for block in blocks), default=0.0)
        high = max((float(y[block].max()) for block in blocks), default=0.0)
        peak = max(-low, high)
        # Smaller steps would only store more of the noise.
        exponent = 0 if 0.125 < peak <= 1 or peak == 0 else math.ceil(math.log2(peak))
        if np.rint(np.ldexp(high, 15 - exponent)) > 32767:
            exponent += 1
        samples = np.empty(len(y), np.int16)
        for block in blocks:
            samples[block] = np.rint(np.ldexp(y[block], 15 - exponent))
        return cls(samples, exponent)

    @classmethod
    def memory_map(cls, path: str | os.PathLike, *, sr: float) -> Recording:
        """Return the sound of a WAV file that stays on disk.

        Parameters
        ----------
        path : str or PathLike
            A mono WAV file of 16 bits.
        sr : float
            Its sampling rate in Hz, which is checked.

        Returns
        -------
        Recording
            Samples are read from the file when they are used.
        """
        from scipy.io import wavfile

        rate, samples = wavfile.read(path, mmap=True)
        if rate != sr or samples.ndim != 1 or samples.dtype != np.int16:
            raise ValueError(
                f"expected a mono WAV file of 16 bits at {sr:g} Hz, got {samples.dtype} of shape "
                f"{samples.shape} at {rate} Hz in {os.fspath(path)!r}: convert it, or read it with "
                "AudioClips.from_recordings([path])"
            )
        return cls(samples, 0)

    def in_memory(self) -> Recording:
        """Return the sound without a file behind it.

        Returns
        -------
        Recording
            The same sound; the same object if it is in memory already.
        """
        if isinstance(self.samples, np.memmap):
            return Recording(np.array(self.samples), self.exponent)
        return self

    @property
    def dtype(self) -> np.dtype:
        """The floating type of slices, always float32."""
        return np.dtype(np.float32)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: Any) -> Any:
        return np.ldexp(self.samples[key].astype(np.float32), self.exponent - 15)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        y = self[:]
        return y if dtype is None else y.astype(dtype, copy=False)


def encode_flac(recording: Recording, *, sr: float) -> bytes:
    """Return a recording as a FLAC file, without loss.

    Parameters
    ----------
    recording : Recording
        At least one sample.
    sr : float
        Sampling rate in Hz, to the nearest whole number that FLAC can declare.

    Returns
    -------
    bytes
        The file: about half of the samples' size for music.
    """
    require("soundfile", extra="play", purpose=_PURPOSE)
    import soundfile

    file = io.BytesIO()
    rate = int(np.clip(round(sr), 1, 655350))
    soundfile.write(file, recording.samples, rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def decode_flac(data: bytes, n_samples: int, exponent: int) -> Recording:
    """Return the recording that `encode_flac` compressed.

    Parameters
    ----------
    data : bytes
        A FLAC file of 16-bit integers.
    n_samples : int
        Its length, which the file must declare too.
    exponent : int
        Full scale is ``2 ** exponent``.

    Returns
    -------
    Recording
        The sound.

    Raises
    ------
    ValueError
        If it is another file or a damaged one.
    """
    require("soundfile", extra="play", purpose=_PURPOSE)
    import soundfile

    if not n_samples:
        # libsndfile writes no header where there is no sample.
        return Recording(np.empty(0, np.int16), exponent)
    if data[:4] != b"fLaC":
        raise ValueError("a recording that is not FLAC")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            found = (sound.format, sound.subtype, sound.channels, sound.frames)
            if found != ("FLAC", "PCM_16", 1, n_samples):
                raise ValueError(f"a recording of {n_samples:,} samples that is {found}")
            samples = sound.read(n_samples, dtype="int16")
    except (RuntimeError, OSError) as error:
        # libsndfile's errors.
        raise ValueError(f"a damaged recording ({error})") from error
    if len(samples) != n_samples:
        raise ValueError(f"a recording that ends before its {n_samples:,} samples")
    return Recording(samples, exponent)
