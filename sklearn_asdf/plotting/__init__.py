"""Displays of dances, their features and their music, similar to scikit-learn's displays."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
