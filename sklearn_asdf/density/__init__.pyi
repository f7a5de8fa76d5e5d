from .mdn import MDNRegressor as MDNRegressor
from .mixtures import GaussianMixtures as GaussianMixtures
from .on_beat import OnBeatRegressor as OnBeatRegressor
from .skpro import to_skpro as to_skpro

__all__ = [
    "GaussianMixtures",
    "MDNRegressor",
    "OnBeatRegressor",
    "to_skpro",
]
