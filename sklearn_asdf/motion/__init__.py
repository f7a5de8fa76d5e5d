"""Poses as `Motion`, and the stages that smooth, differentiate, segment and describe them."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
