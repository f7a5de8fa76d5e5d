from ._builtin_music import CHARACTERS as CHARACTERS
from ._builtin_music import make_music as make_music
from ._folder import load_folder as load_folder
from ._synthetic import make_dance_music as make_dance_music

__all__ = ["CHARACTERS", "load_folder", "make_dance_music", "make_music"]
