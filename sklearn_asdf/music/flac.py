"""Recordings as FLAC of 16 bits: about a quarter of the size of 32-bit samples."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np

from .._validation import require

__all__ = ["decode_flac", "encode_flac"]

_PURPOSE = "saving or loading recordings inside a model"


def encode_flac(y: np.ndarray, *, sr: float = 22050) -> tuple[bytes, int]:
    """Compress a recording without loss, after rounding it to 16 bits.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Sound, at any level.
    sr : float, default=22050
        Sampling rate that the FLAC file declares, in Hz, to the nearest whole number.

    Returns
    -------
    data : bytes
        A FLAC file of integers.
    exponent : int
        Full scale of the integers is ``2 ** exponent``: 1 for usual levels, and the least power of
        two that fits the peak where that is above 1 or below 1/8.

    Notes
    -----
    Samples change by at most ``2 ** (exponent - 16)``, 96 dB below full scale. Those of 16-bit
    files at their own rate do not change.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_asdf.music.flac import decode_flac, encode_flac
    >>> y = np.array([0.25, -0.5, 3 / 32768], dtype=np.float32)
    >>> data, exponent = encode_flac(y)
    >>> np.array_equal(decode_flac(data, 3, exponent, np.float32), y)
    True
    """
    require("soundfile", extra="play", purpose=_PURPOSE)
    import soundfile

    low, high = float(y.min(initial=0.0)), float(y.max(initial=0.0))
    exponent = _exponent(max(-low, high))
    if np.rint(np.ldexp(high, 15 - exponent)) > 32767:
        exponent += 1
    file = io.BytesIO()
    rate = int(np.clip(round(sr), 1, 655350))
    with soundfile.SoundFile(
        file, "w", samplerate=rate, channels=1, format="FLAC", subtype="PCM_16"
    ) as sound:
        # In blocks: a recording of an hour needs no second copy.
        for start in range(0, len(y), 2**20):
            block = np.ldexp(np.asarray(y[start : start + 2**20]), 15 - exponent)
            sound.write(np.rint(block).astype(np.int16))
    return file.getvalue(), exponent


def _exponent(peak: float) -> int:
    if 0.125 < peak <= 1 or peak == 0:
        # The bits below would only store more of the noise.
        return 0
    return math.ceil(math.log2(peak))


def decode_flac(data: bytes, n_samples: int, exponent: int, dtype: Any) -> np.ndarray:
    """Return the recording that `encode_flac` compressed.

    Parameters
    ----------
    data : bytes
        A FLAC file of 16-bit integers.
    n_samples : int
        Its length, which the file must declare too.
    exponent : int
        Full scale is ``2 ** exponent``.
    dtype : dtype
        Type of the result.

    Returns
    -------
    ndarray of shape (n_samples,)
        Sound.

    Raises
    ------
    ValueError
        If it is another file or a damaged one.
    """
    require("soundfile", extra="play", purpose=_PURPOSE)
    import soundfile

    if not n_samples:
        # libsndfile writes no header where there is no sample.
        return np.empty(0, dtype)
    if data[:4] != b"fLaC":
        raise ValueError("a recording that is not FLAC")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            found = (sound.format, sound.subtype, sound.channels, sound.frames)
            if found != ("FLAC", "PCM_16", 1, n_samples):
                raise ValueError(f"a recording of {n_samples:,} samples that is {found}")
            y = np.empty(n_samples, dtype)
            for start in range(0, n_samples, 2**20):
                block = sound.read(min(2**20, n_samples - start), dtype="int16")
                y[start : start + len(block)] = np.ldexp(block.astype(dtype), exponent - 15)
                if len(block) < min(2**20, n_samples - start):
                    raise ValueError(f"a recording that ends before its {n_samples:,} samples")
    except (RuntimeError, OSError) as error:
        # libsndfile's errors.
        raise ValueError(f"a damaged recording ({error})") from error
    return y
