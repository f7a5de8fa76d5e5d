"""Poses and sound of videos, videos with other music, and videos of stick figures."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
