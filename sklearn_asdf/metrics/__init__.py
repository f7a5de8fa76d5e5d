"""Scores of generated music: whether it follows the dance, and whether it is music."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
