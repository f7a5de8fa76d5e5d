"""Real-time use: features and music for poses from OSC or a camera."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
