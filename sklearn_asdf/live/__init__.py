"""Dances as they happen: poses in by OSC or from a camera, features and music out as they come."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
