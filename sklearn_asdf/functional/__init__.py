"""The mathematics of motion and music: pure functions of arrays, one topic a module.

Nothing here knows of estimators. Each formula stands in one place, with its equation number where
it comes from the paper. Modules load on first use.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
