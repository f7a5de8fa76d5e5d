from .clips import AudioClips as AudioClips
from .clips import load_audio as load_audio
from .mel import MelEncoder as MelEncoder
from .units import UnitEncoder as UnitEncoder

__all__ = [
    "AudioClips",
    "MelEncoder",
    "UnitEncoder",
    "load_audio",
]
