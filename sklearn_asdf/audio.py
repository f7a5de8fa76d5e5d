"""The former place of `sklearn_asdf.music`: import from there; this module goes with version 1.0."""

from .music.clips import AudioClips, load_audio

__all__ = ["AudioClips", "load_audio"]
