from .batches import BatchTransformer as BatchTransformer
from .beat_track import BeatTrack as BeatTrack
from .beat_track import TempoCandidate as TempoCandidate
from .beat_track import TempoEstimate as TempoEstimate
from .beats import DanceBeatTracker as DanceBeatTracker
from .clips import MotionClips as MotionClips
from .container import Motion as Motion
from .container import as_motion as as_motion
from .keyframes import KeyframeSegmenter as KeyframeSegmenter
from .kinematics import KinematicsTransformer as KinematicsTransformer
from .lma import LMAFeaturizer as LMAFeaturizer
from .markers import joints_of_markers as joints_of_markers
from .skeletons import Segment as Segment
from .skeletons import Skeleton as Skeleton
from .skeletons import get_skeleton as get_skeleton
from .skeletons import guess_skeleton as guess_skeleton
from .skeletons import list_skeletons as list_skeletons
from .smoothing import PoseSmoother as PoseSmoother
from .tempo import estimate_tempo as estimate_tempo
from .tempo import track_beats as track_beats

__all__ = [
    "BatchTransformer",
    "BeatTrack",
    "DanceBeatTracker",
    "KeyframeSegmenter",
    "KinematicsTransformer",
    "LMAFeaturizer",
    "Motion",
    "MotionClips",
    "PoseSmoother",
    "Segment",
    "Skeleton",
    "TempoCandidate",
    "TempoEstimate",
    "as_motion",
    "estimate_tempo",
    "get_skeleton",
    "guess_skeleton",
    "joints_of_markers",
    "list_skeletons",
    "track_beats",
]
