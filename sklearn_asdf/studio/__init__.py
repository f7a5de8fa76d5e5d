"""A page in the browser: drop a dance and music, see and hear the soundtrack."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
