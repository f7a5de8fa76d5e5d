"""Sound files: writing sound that does not clip, and reading recordings as mono."""

from __future__ import annotations

import io
import os
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .._files import atomic_path
from ..functional.limiter import limit

__all__ = [
    "SUFFIXES",
    "flac_bytes",
    "open_wav",
    "prepare_for_export",
    "to_pcm",
    "write_recording",
    "write_sound",
]

# Formats by suffix, as soundfile calls them, with what each keeps of a sample.
_FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
SUFFIXES = tuple(_FORMATS)
_RAMP = 0.005


def prepare_for_export(audio: np.ndarray, *, sr: int) -> np.ndarray:
    """Return sound that neither clips nor clicks.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,)
        Mono, about [-1, 1].
    sr : int
        Sampling rate in Hz.

    Returns
    -------
    ndarray of shape (n_samples,)
        With peaks of at most -1 dB re full scale, and ends that fade within 5 ms.

    See Also
    --------
    sklearn_asdf.functional.limiter.limit : How loud sound is turned down.
    """
    audio = np.array(limit(audio, sr=sr))
    # Generated sound begins and ends in the middle of a wave.
    ramp = np.linspace(0, 1, min(round(_RAMP * sr), len(audio) // 2))
    audio[: len(ramp)] *= ramp
    audio[len(audio) - len(ramp) :] *= ramp[::-1]
    return audio


def to_pcm(audio: np.ndarray) -> np.ndarray:
    """Return samples in [-1, 1] as 16-bit integers, little-endian."""
    return np.rint(np.clip(audio, -1, 1) * 32767).astype("<i2")


def write_sound(path: str | os.PathLike[str], audio: np.ndarray, *, sr: int) -> None:
    """Write generated sound as a whole file; the suffix chooses the format."""
    path = Path(path)
    kind, subtype = _FORMATS[path.suffix.lower()]
    _write(path, prepare_for_export(audio, sr=sr), sr=sr, kind=kind, subtype=subtype)


def write_recording(path: str | os.PathLike[str], audio: np.ndarray, *, sr: int) -> None:
    """Write recorded sound to a WAV file of floats, which keeps every sample as it is."""
    _write(Path(path), np.asarray(audio, np.float32), sr=sr, kind="WAV", subtype="FLOAT")


def flac_bytes(audio: np.ndarray, *, sr: int) -> bytes:
    """Return sound as a FLAC file in memory: half of a WAV, and in step to the sample."""
    return _encoded(prepare_for_export(audio, sr=sr), sr=sr, kind="FLAC", subtype="PCM_16")


def _write(path: Path, audio: np.ndarray, *, sr: int, kind: str, subtype: str) -> None:
    # Python's own writing tells why a disk refuses; libsndfile's says "System error".
    with atomic_path(path) as temporary:
        temporary.write_bytes(_encoded(audio, sr=sr, kind=kind, subtype=subtype))


def _encoded(audio: np.ndarray, *, sr: int, kind: str, subtype: str) -> bytes:
    import soundfile

    buffer: Any = io.BytesIO()
    soundfile.write(buffer, audio, sr, format=kind, subtype=subtype)
    return buffer.getvalue()


@contextmanager
def open_wav(path: str | os.PathLike[str], *, sr: int) -> Iterator[wave.Wave_write]:
    """Give a WAV file of 16-bit mono samples to write while they come, whole at the end."""
    with (
        atomic_path(path) as temporary,
        open(temporary, "wb") as file,
        wave.open(file, "wb") as out,
    ):
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(sr)
        yield out
