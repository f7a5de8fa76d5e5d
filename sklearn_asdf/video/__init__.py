"""Video in and out: poses from any video, music onto it, and stick figures where there is none."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
