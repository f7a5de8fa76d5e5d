"""Does the music follow the dance, and is it music: scores, each beside its floors."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
