from . import datasets as datasets
from . import density as density
from . import functional as functional
from . import io as io
from . import live as live
from . import metrics as metrics
from . import model_selection as model_selection
from . import motion as motion
from . import music as music
from . import performance as performance
from . import plotting as plotting
from . import report as report
from . import studio as studio
from . import video as video
from .density.beat_sequence import BeatSequenceRegressor as BeatSequenceRegressor
from .density.mdn import MDNRegressor as MDNRegressor
from .density.mixtures import GaussianMixtures as GaussianMixtures
from .density.on_beat import OnBeatRegressor as OnBeatRegressor
from .density.step_regressor import StepRegressor as StepRegressor
from .motion.batches import BatchTransformer as BatchTransformer
from .motion.beats import DanceBeatTracker as DanceBeatTracker
from .motion.canonical_pose import PoseCanonicalizer as PoseCanonicalizer
from .motion.clips import MotionClips as MotionClips
from .motion.container import Motion as Motion
from .motion.keyframes import KeyframeSegmenter as KeyframeSegmenter
from .motion.kinematics import KinematicsTransformer as KinematicsTransformer
from .motion.lma import LMAFeaturizer as LMAFeaturizer
from .motion.skeletons import Skeleton as Skeleton
from .motion.smoothing import PoseSmoother as PoseSmoother
from .music.beat_mel import BeatMelEncoder as BeatMelEncoder
from .music.clips import AudioClips as AudioClips
from .music.mel import MelEncoder as MelEncoder
from .music.units import UnitEncoder as UnitEncoder
from .persistence import load as load
from .persistence import save as save
from .pipeline import make_dance_pipeline as make_dance_pipeline
from .pipeline import make_lma_pipeline as make_lma_pipeline
from .soundtrack import adjust_soundtrack as adjust_soundtrack
from .soundtrack import make_soundtrack as make_soundtrack
from .soundtrack import make_soundtrack_pipeline as make_soundtrack_pipeline
from .style import StyleRegressor as StyleRegressor
from .tables import features_table as features_table
from .target import AudioTargetRegressor as AudioTargetRegressor
from .unpaired import UnpairedRegressor as UnpairedRegressor

__all__ = [
    "AudioClips",
    "AudioTargetRegressor",
    "BatchTransformer",
    "BeatMelEncoder",
    "BeatSequenceRegressor",
    "DanceBeatTracker",
    "GaussianMixtures",
    "KeyframeSegmenter",
    "KinematicsTransformer",
    "LMAFeaturizer",
    "MDNRegressor",
    "MelEncoder",
    "Motion",
    "MotionClips",
    "OnBeatRegressor",
    "PoseCanonicalizer",
    "PoseSmoother",
    "Skeleton",
    "StepRegressor",
    "StyleRegressor",
    "UnitEncoder",
    "UnpairedRegressor",
    "adjust_soundtrack",
    "datasets",
    "density",
    "features_table",
    "functional",
    "io",
    "live",
    "load",
    "make_dance_pipeline",
    "make_lma_pipeline",
    "make_soundtrack",
    "make_soundtrack_pipeline",
    "metrics",
    "model_selection",
    "motion",
    "music",
    "performance",
    "plotting",
    "report",
    "save",
    "studio",
    "video",
]
