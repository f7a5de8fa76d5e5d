"""The former place of `sklearn_asdf.music`, kept until 1.0: import from there instead."""

from .music.clips import AudioClips, load_audio

__all__ = ["AudioClips", "load_audio"]
