"""Audio as `AudioClips`, its analysis, and the encoders that turn it into codes and back."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
