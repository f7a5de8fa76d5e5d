"""Sound files: reading recordings as mono, and writing sound that does not clip."""

from __future__ import annotations

import importlib.util
import io
import os
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .._files import atomic_path, open_regular
from .._validation import require
from ..functional.limiter import limit
from .channels import ChannelMixer, warn_cancelled

__all__ = [
    "SUFFIXES",
    "flac_bytes",
    "open_wav",
    "prepare_for_export",
    "read_sound_file",
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
# Samples read at once: what a header promises is not believed.
_BLOCK = 1 << 16
# libsndfile's number of frames if the header of a streamed file has none.
_UNKNOWN = 1 << 62
# Tags of MP3 headers that contain the length.
_MP3_LENGTH = (b"Xing", b"Info", b"VBRI")
_EXPECTED = "expected a sound file (WAV, FLAC, OGG, MP3)"


def read_sound_file(path: str | os.PathLike[str], *, sr: int) -> np.ndarray:
    """Return a sound file as mono float32 at `sr`, as `load_audio` documents it."""
    require("soundfile", "soxr", extra="play", purpose="reading sound files")
    import soxr

    place = Path(path)
    if place.is_dir() or not place.exists():
        what = f"{str(path)!r} is a folder" if place.is_dir() else f"there is no file {str(path)!r}"
        raise FileNotFoundError(f"expected a sound file, but {what}")
    # A pipe or device would be waited for.
    open_regular(place).close()
    try:
        y, rate = _with_libsndfile(path)
    except _UnreadableError as error:
        y, rate = _with_ffmpeg(path, sr, str(error)), sr
    if not len(y):
        raise ValueError(f"expected a sound file with samples, but {str(path)!r} has none")
    bad = np.flatnonzero(~np.isfinite(y))
    if len(bad):
        raise ValueError(
            f"expected finite samples in {str(path)!r}, got NaN or infinity in {len(bad)} of them, "
            f"the first at {bad[0] / rate:.3f} s: export it again"
        )
    return y if rate == sr else soxr.resample(y, rate, sr).astype(np.float32, copy=False)


class _UnreadableError(Exception):
    """What libsndfile does not read, or not as a whole."""


def _with_libsndfile(path: str | os.PathLike[str]) -> tuple[np.ndarray, int]:
    try:
        with _open(path) as file:
            promised, rate = file.frames, file.samplerate
            mixer = ChannelMixer()
            parts = [mixer.mix(block) for block in _blocks(file)]
        channel = mixer.cancelled()
        if channel is not None:
            warn_cancelled(path, channel)
            with _open(path) as file:
                mixer = ChannelMixer(channel)
                parts = [mixer.mix(block) for block in _blocks(file)]
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"{_EXPECTED}, but {str(path)!r} could not be read: {error}") from error
    y = np.concatenate([np.zeros(0, np.float32), *parts])
    if len(y) < promised or _riff_is_cut_short(path):
        raise ValueError(_cut_short(path))
    return y, rate


def _open(path: str | os.PathLike[str]) -> Any:
    import soundfile

    try:
        file = soundfile.SoundFile(path)
    except (RuntimeError, ValueError, TypeError) as error:
        raise _UnreadableError(str(error)) from error
    # Of these, libsndfile reads an estimated number of samples, or none.
    if file.format in ("MP3", "MPEG"):
        known = _has_length(path)
    else:
        known = file.frames < _UNKNOWN
    if not known:
        file.close()
        raise _UnreadableError("its header does not contain its length")
    return file


def _blocks(file: Any) -> Iterator[np.ndarray]:
    while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
        yield block


def _with_ffmpeg(path: str | os.PathLike[str], sr: int, reason: str) -> np.ndarray:
    """Return what FFmpeg reads of a file that libsndfile does not."""
    refused = f"{_EXPECTED}, but {str(path)!r} could not be read: {reason}"
    if importlib.util.find_spec("av") is None:
        raise ValueError(
            f"{refused}; pip install 'sklearn-asdf[video]' to read M4A, AAC, WMA and other files "
            "that FFmpeg reads, or convert it to WAV"
        )
    from ..video._sound import decode_sound, told_duration

    try:
        y, _ = decode_sound(path, sr=sr)
    except (ValueError, OSError):
        raise ValueError(f"{refused}; convert it to WAV") from None
    duration = told_duration(path)
    if duration is None:
        return y
    if len(y) / sr < 0.98 * duration - 0.2:
        raise ValueError(_cut_short(path))
    # The last block of a codec is longer than the sound.
    return y[: round(duration * sr)]


def _cut_short(path: str | os.PathLike[str]) -> str:
    return (
        f"expected a whole sound file, but {str(path)!r} is cut short: its header promises more "
        "samples than it holds; copy or export it again"
    )


def _has_length(path: str | os.PathLike[str]) -> bool:
    """Tell whether an MP3 has a header with its number of frames, in its first frame."""
    with open_regular(path) as file:
        head = file.read(10)
        if head[:3] == b"ID3" and len(head) == 10:
            # Seven bits a byte.
            size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0)))
            file.seek(10 + size)
        else:
            file.seek(0)
        first = file.read(256)
    return any(tag in first for tag in _MP3_LENGTH)


def _riff_is_cut_short(path: str | os.PathLike[str]) -> bool:
    """Tell whether a WAV file is shorter than its header says; libsndfile reads on in silence."""
    with open_regular(path) as file:
        head = file.read(8)
        file.seek(0, os.SEEK_END)
        size = file.tell()
    if len(head) < 8 or head[:4] != b"RIFF":
        return False
    promised = int.from_bytes(head[4:], "little")
    # Writers of streams leave 0 or the largest number there: a promise of nothing.
    return 0 < promised < 0xFFFFFFF0 and promised + 8 > size + 1


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
    # Python's own writing reports why a disk refuses; libsndfile reports "System error".
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
