"""The mathematics of motion and music: pure functions of arrays, one topic a module.

Each formula is defined once, with its equation number if it is the paper's. Modules are loaded on
first use.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
