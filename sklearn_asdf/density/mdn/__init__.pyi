from .estimator import MDNRegressor as MDNRegressor

__all__ = ["MDNRegressor"]
