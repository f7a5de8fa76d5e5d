"""Data sets of dance with music: synthetic with known factors, or read from a folder."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
