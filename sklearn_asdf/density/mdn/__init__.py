"""Mixture density networks: `MDNRegressor`, of rows (`estimator`) and of sequences.

A fit goes through `architectures` (values of parameters), `checks`, `data` (training rows),
`scaling`, `linear_baseline` and `training`.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
