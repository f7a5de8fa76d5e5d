"""Music in any of the forms in which it can be given: arrays, files, folders, names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..music.clips import AudioClips
from ._builtin_music import CHARACTERS, make_music
from ._dance_files import is_video, read_music
from ._pairs import SOUNDS

__all__ = ["CHARACTERS", "music_clips", "sound_files"]

# Shortest music in s.
_SHORTEST_CLIP = 1.0


def music_clips(
    music: Any,
    *,
    clip_duration: float = 8.0,
    hop_duration: float = 1.0,
    sr: int = 22050,
    random_state: Any = None,
) -> AudioClips:
    """Return music, in any of the forms that `make_soundtrack_pipeline` takes, as clips."""
    if isinstance(music, AudioClips):
        return music
    clock: dict[str, Any] = {"clip_duration": clip_duration, "hop_duration": hop_duration, "sr": sr}
    if isinstance(music, (str, os.PathLike)):
        name = os.fspath(music)
        if name == "builtin" or (name in CHARACTERS and not Path(name).exists()):
            character = "all" if name == "builtin" else name
            return make_music(character, random_state=random_state, **clock)
        music = sound_files(name)
    elif isinstance(music, np.ndarray) and music.ndim == 1:
        music = [music]
    if isinstance(music, Sequence) and music and all(m in CHARACTERS for m in map(str, music)):
        return make_music([str(m) for m in music], random_state=random_state, **clock)
    recordings = [_recording(one, sr) for one in music]
    if not recordings:
        raise ValueError("expected music, got none: give at least one recording or file")
    longest = max(len(y) for y in recordings) / sr
    if longest < _SHORTEST_CLIP:
        raise ValueError(
            f"expected music of at least {_SHORTEST_CLIP:g} s, got {longest:.3g} s: give more"
        )
    clock["clip_duration"] = min(clip_duration, longest)
    return AudioClips.from_recordings(recordings, **clock)


def _recording(one: Any, sr: int) -> np.ndarray:
    if not isinstance(one, (str, os.PathLike)):
        return np.asarray(one)
    return read_music(one, sr=sr)


def sound_files(path: str | os.PathLike[str]) -> list[str]:
    """Return a sound file or video, or those of a folder, sorted by name."""
    place = Path(path)
    if not place.exists():
        raise FileNotFoundError(
            f"expected music, but there is no file or folder {str(path)!r}: give a sound file, a "
            f"folder of them, 'builtin', or one of {', '.join(CHARACTERS)}"
        )
    if not place.is_dir():
        return [str(place)]
    found = [
        str(file)
        for file in sorted(place.iterdir())
        if not file.name.startswith(".")
        and (file.suffix.lower() in SOUNDS or is_video(file))
        and file.is_file()
    ]
    if not found:
        raise ValueError(f"expected sound files in the folder {str(path)!r}, got none")
    return found
