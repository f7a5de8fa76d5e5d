"""A page to look at and listen to: one performance, in one file, without a network."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
