"""Music from dance, and features of movement, as scikit-learn estimators.

Public names load on first use: importing the package imports neither Keras nor librosa, and the
motion stages work where no neural network library is installed at all.
"""

import lazy_loader as _lazy

from ._version import __version__ as __version__

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
