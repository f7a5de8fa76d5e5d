from .clips import AudioClips as AudioClips
from .mel import MelEncoder as MelEncoder
from .units import UnitEncoder as UnitEncoder

__all__ = [
    "AudioClips",
    "MelEncoder",
    "UnitEncoder",
]
