"""Music that the package synthesizes, for those who have none at hand."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

__all__ = ["SHIPPED", "shipped_file", "shipped_music"]

# The characters of `make_music` in the words of the page.
SHIPPED = {
    "calm": ("Calm", "slow and soft"),
    "driving": ("Driving", "fast and loud"),
    "waltz": ("Waltz", "in three"),
    "playful": ("Playful", "short and light notes"),
    "dark": ("Dark", "low and in minor"),
    "floating": ("Floating", "slow, high and in three"),
}
_DURATION = 60.0
_one_at_a_time = threading.Lock()


def shipped_music() -> list[dict[str, Any]]:
    """Return the pieces: ``name``, ``title``, ``character`` and ``duration`` in s."""
    return [
        {"name": name, "title": title, "character": character, "duration": _DURATION}
        for name, (title, character) in SHIPPED.items()
    ]


def shipped_file(name: str, folder: Path) -> Path:
    """Return the sound file of a piece, which is synthesized on the first call.

    Parameters
    ----------
    name : str
        One of the names of `shipped_music`.
    folder : Path
        Where the files are kept.

    Returns
    -------
    Path
        A WAV file.
    """
    from ..datasets import make_music
    from ..music.sound_file import write_sound

    path = folder / f"{name}.wav"
    with _one_at_a_time:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            music = make_music(name, duration=_DURATION, random_state=0)
            write_sound(path, music.recordings[0], sr=int(music.sr))
    return path
