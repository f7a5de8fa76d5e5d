from ._folder import load_folder as load_folder
from ._synthetic import make_dance_music as make_dance_music

__all__ = ["load_folder", "make_dance_music"]
