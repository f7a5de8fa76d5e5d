"""What was uploaded: looked at before any work, and refused in a sentence."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Any

from .._files import one_line

__all__ = ["check_dance", "check_music", "in_minutes", "safe_name"]

_SR = 22050
_LONGEST_NAME = 120
_SUFFIXES_OF_TEXT = (".txt", ".md", ".doc", ".docx", ".pdf", ".rtf", ".odt")
_SUFFIXES_OF_PICTURES = (".jpg", ".jpeg", ".png", ".heic", ".webp", ".bmp", ".tif", ".tiff")
# Shorter than this there is nothing to select from or to follow, in s.
_SHORTEST_MUSIC = 5.0
_SHORTEST_DANCE = 2.0


def safe_name(name: str) -> str:
    """Return the name of an uploaded file without folders and without what names must not hold.

    Examples
    --------
    >>> from sklearn_asdf.studio._checks import safe_name
    >>> safe_name("../../etc/pass\\x00wd"), safe_name("C:\\\\films\\\\my dance.mp4")
    ('passwd', 'my dance.mp4')
    """
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*')
    stem, suffix = os.path.splitext(name.strip().lstrip("."))
    # File systems count bytes.
    stem = stem.encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{stem}{suffix[:12]}" or "file"


def in_minutes(seconds: float) -> str:
    """Return a duration as people say it.

    Examples
    --------
    >>> from sklearn_asdf.studio._checks import in_minutes
    >>> in_minutes(42.4), in_minutes(61), in_minutes(7200)
    ('42 s', '1 min 1 s', '2 h')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    # Seconds do not count where there are hours.
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def check_dance(path: Path, *, longest: float) -> dict[str, Any]:
    """Return what a video or a pose file is, or refuse it.

    Parameters
    ----------
    path : Path
        The file.
    longest : float
        Longest dance in s.

    Returns
    -------
    dict
        ``is_video``, ``duration`` in s and ``has_sound``.

    Raises
    ------
    ValueError
        If it is something else, damaged, or too long.
    """
    from ..datasets._dance_files import is_video
    from ..datasets._pairs import SOUNDS

    suffix = path.suffix.lower()
    if suffix in SOUNDS:
        raise ValueError(
            f"{path.name!r} is music, and this is the place for the dance: drop it in step 2"
        )
    if suffix in _SUFFIXES_OF_TEXT or suffix in _SUFFIXES_OF_PICTURES:
        kind = "a text" if suffix in _SUFFIXES_OF_TEXT else "a picture"
        raise ValueError(
            f"{path.name!r} is {kind}: drop a video of a dance, as a phone or a camera films it"
        )
    if is_video(path):
        from ..video import probe

        info = probe(path)
        about = {"is_video": True, "duration": info.duration, "has_sound": info.has_sound}
    else:
        about = {"is_video": False, "duration": _pose_duration(path), "has_sound": False}
    if about["duration"] > longest:
        raise ValueError(
            f"{path.name!r} is {in_minutes(about['duration'])} long, and the studio takes dances "
            f"of up to {in_minutes(longest)}: cut out the part that you want, and drop that"
        )
    if about["duration"] < _SHORTEST_DANCE:
        raise ValueError(
            f"{path.name!r} is only {about['duration']:.1f} s long: drop a longer video"
        )
    return about


def _pose_duration(path: Path) -> float:
    from ..io import read_poses

    try:
        motion = read_poses(path)
    except (ValueError, OSError) as error:
        raise ValueError(
            f"{path.name!r} is neither a video nor a pose file that can be read "
            f"({one_line(error, limit=200)})"
        ) from None
    return float(motion.duration)


def check_music(path: Path, *, longest: float) -> float:
    """Return the duration in s of music in a sound file or a video, or refuse it.

    Parameters
    ----------
    path : Path
        The file.
    longest : float
        Longest music in s.

    Returns
    -------
    float
        The duration.

    Raises
    ------
    ValueError
        If it is no sound, silent, too short or too long.
    """
    from ..datasets._dance_files import is_video, read_music

    suffix = path.suffix.lower()
    if suffix in _SUFFIXES_OF_TEXT or suffix in _SUFFIXES_OF_PICTURES:
        raise ValueError(f"{path.name!r} is no music: drop a sound file, such as MP3 or WAV")
    if is_video(path):
        from ..video import probe

        info = probe(path)
        if not info.has_sound:
            raise ValueError(
                f"{path.name!r} is a silent video, so there is no music in it: drop a sound file, "
                "such as MP3 or WAV"
            )
        _check_length(path.name, info.duration, longest)
    duration = len(read_music(path, sr=_SR)) / _SR
    _check_length(path.name, duration, longest)
    if duration < _SHORTEST_MUSIC:
        raise ValueError(
            f"{path.name!r} holds only {duration:.1f} s of music: drop a piece of half a minute or "
            "more"
        )
    return duration


def _check_length(name: str, duration: float, longest: float) -> None:
    if duration > longest:
        raise ValueError(
            f"{name!r} is {in_minutes(duration)} long, and the studio takes up to "
            f"{in_minutes(longest)} of music: cut out a part"
        )
