"""Poses in and out of files: every common tracker's and motion capture's format."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
