from . import datasets as datasets
from . import functional as functional
from . import io as io
from . import live as live
from . import metrics as metrics
from . import model_selection as model_selection
from . import plotting as plotting
from . import report as report
from . import video as video
from .audio import AudioClips as AudioClips
from .batches import BatchTransformer as BatchTransformer
from .beats import DanceBeatTracker as DanceBeatTracker
from .functional.mixtures import GaussianMixtures as GaussianMixtures
from .keyframes import KeyframeSegmenter as KeyframeSegmenter
from .kinematics import KinematicsTransformer as KinematicsTransformer
from .lma import LMAFeaturizer as LMAFeaturizer
from .mdn import MDNRegressor as MDNRegressor
from .mel import MelEncoder as MelEncoder
from .motion import Motion as Motion
from .on_beat import OnBeatRegressor as OnBeatRegressor
from .persistence import load as load
from .persistence import save as save
from .pipeline import make_dance_pipeline as make_dance_pipeline
from .pipeline import make_lma_pipeline as make_lma_pipeline
from .skeletons import Skeleton as Skeleton
from .smoothing import PoseSmoother as PoseSmoother
from .target import AudioTargetRegressor as AudioTargetRegressor
from .units import UnitEncoder as UnitEncoder

__all__ = [
    "AudioClips",
    "AudioTargetRegressor",
    "BatchTransformer",
    "DanceBeatTracker",
    "GaussianMixtures",
    "KeyframeSegmenter",
    "KinematicsTransformer",
    "LMAFeaturizer",
    "MDNRegressor",
    "MelEncoder",
    "Motion",
    "OnBeatRegressor",
    "PoseSmoother",
    "Skeleton",
    "UnitEncoder",
    "datasets",
    "functional",
    "io",
    "live",
    "load",
    "make_dance_pipeline",
    "make_lma_pipeline",
    "metrics",
    "model_selection",
    "plotting",
    "report",
    "save",
    "video",
]
