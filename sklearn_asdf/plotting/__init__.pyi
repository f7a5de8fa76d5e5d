from ._keyframes import KeyframeDisplay as KeyframeDisplay
from ._mixture import MixtureDisplay as MixtureDisplay
from ._motion import LMADisplay as LMADisplay
from ._motion import PoseStripDisplay as PoseStripDisplay
from ._performance import PerformanceDisplay as PerformanceDisplay
from ._spectrogram import SpectrogramDisplay as SpectrogramDisplay
from ._training import TrainingDisplay as TrainingDisplay

__all__ = [
    "KeyframeDisplay",
    "LMADisplay",
    "MixtureDisplay",
    "PerformanceDisplay",
    "PoseStripDisplay",
    "SpectrogramDisplay",
    "TrainingDisplay",
]
