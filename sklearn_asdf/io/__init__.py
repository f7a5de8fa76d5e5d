"""Reading and writing of pose files, in the formats of common trackers and motion capture."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
