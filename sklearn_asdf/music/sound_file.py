"""Sound made fit to be heard, and written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from .._files import atomic_path

__all__ = ["SUFFIXES", "bend", "flac_bytes", "playable", "write_sound"]

# Formats by suffix, as soundfile calls them, with what each keeps of a sample.
_FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
SUFFIXES = tuple(_FORMATS)
_KNEE = 0.8
_RAMP = 0.005


def playable(audio: np.ndarray, *, sr: int) -> np.ndarray:
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
        In [-1, 1].
    """
    audio = bend(audio)
    # A drawn piece begins and ends in the middle of a wave.
    ramp = np.linspace(0, 1, min(round(_RAMP * sr), len(audio) // 2))
    audio[: len(ramp)] *= ramp
    audio[len(audio) - len(ramp) :] *= ramp[::-1]
    return audio


def bend(audio: np.ndarray) -> np.ndarray:
    """Return sound in [-1, 1]: what would clip is bent, and only there, for level is music."""
    over = np.maximum(np.abs(audio) - _KNEE, 0.0)
    bent = np.sign(audio) * (_KNEE + (1 - _KNEE) * np.tanh(over / (1 - _KNEE)))
    return np.where(over > 0, bent, audio)


def write_sound(path: str | os.PathLike[str], audio: np.ndarray, *, sr: int) -> None:
    """Write sound as a whole file; the suffix chooses the format."""
    import soundfile

    path = Path(path)
    kind, subtype = _FORMATS[path.suffix.lower()]
    with atomic_path(path) as temporary:
        soundfile.write(temporary, playable(audio, sr=sr), sr, format=kind, subtype=subtype)


def flac_bytes(audio: np.ndarray, *, sr: int) -> bytes:
    """Return sound as a FLAC file in memory: half of a WAV, and in step to the sample."""
    import io

    import soundfile

    buffer: Any = io.BytesIO()
    soundfile.write(buffer, playable(audio, sr=sr), sr, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()
