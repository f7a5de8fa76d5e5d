from .batches import BatchTransformer as BatchTransformer
from .beats import DanceBeatTracker as DanceBeatTracker
from .container import Motion as Motion
from .container import as_motion as as_motion
from .keyframes import KeyframeSegmenter as KeyframeSegmenter
from .kinematics import KinematicsTransformer as KinematicsTransformer
from .lma import LMAFeaturizer as LMAFeaturizer
from .skeletons import Segment as Segment
from .skeletons import Skeleton as Skeleton
from .skeletons import get_skeleton as get_skeleton
from .skeletons import guess_skeleton as guess_skeleton
from .skeletons import list_skeletons as list_skeletons
from .smoothing import PoseSmoother as PoseSmoother

__all__ = [
    "BatchTransformer",
    "DanceBeatTracker",
    "KeyframeSegmenter",
    "KinematicsTransformer",
    "LMAFeaturizer",
    "Motion",
    "PoseSmoother",
    "Segment",
    "Skeleton",
    "as_motion",
    "get_skeleton",
    "guess_skeleton",
    "list_skeletons",
]
