from . import datasets as datasets
from . import functional as functional
from . import io as io
from . import live as live
from . import plotting as plotting
from . import report as report
from . import video as video
from .audio import AudioClips as AudioClips
from .functional.mixtures import GaussianMixtures as GaussianMixtures
from .keyframes import KeyframeSegmenter as KeyframeSegmenter
from .kinematics import KinematicsTransformer as KinematicsTransformer
from .lma import LMAFeaturizer as LMAFeaturizer
from .mdn import MDNRegressor as MDNRegressor
from .mel import MelEncoder as MelEncoder
from .motion import Motion as Motion
from .pipeline import make_dance_pipeline as make_dance_pipeline
from .pipeline import make_lma_pipeline as make_lma_pipeline
from .skeletons import Skeleton as Skeleton
from .smoothing import PoseSmoother as PoseSmoother
from .target import AudioTargetRegressor as AudioTargetRegressor

__all__ = [
    "AudioClips",
    "AudioTargetRegressor",
    "GaussianMixtures",
    "KeyframeSegmenter",
    "KinematicsTransformer",
    "LMAFeaturizer",
    "MDNRegressor",
    "MelEncoder",
    "Motion",
    "PoseSmoother",
    "Skeleton",
    "datasets",
    "functional",
    "io",
    "live",
    "make_dance_pipeline",
    "make_lma_pipeline",
    "plotting",
    "report",
    "video",
]
