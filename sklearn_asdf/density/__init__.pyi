from .mdn import MDNRegressor as MDNRegressor
from .mixtures import GaussianMixtures as GaussianMixtures
from .on_beat import OnBeatRegressor as OnBeatRegressor
from .skpro import to_skpro as to_skpro
from .step_regressor import StepRegressor as StepRegressor

__all__ = [
    "GaussianMixtures",
    "MDNRegressor",
    "OnBeatRegressor",
    "StepRegressor",
    "to_skpro",
]
