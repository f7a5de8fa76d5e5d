from .mdn import MDNRegressor as MDNRegressor
from .mixtures import GaussianMixtures as GaussianMixtures
from .on_beat import OnBeatRegressor as OnBeatRegressor

__all__ = [
    "GaussianMixtures",
    "MDNRegressor",
    "OnBeatRegressor",
]
