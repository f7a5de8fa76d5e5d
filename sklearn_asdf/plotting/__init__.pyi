from ._motion import LMADisplay as LMADisplay
from ._motion import PoseStripDisplay as PoseStripDisplay
from ._spectrogram import SpectrogramDisplay as SpectrogramDisplay

__all__ = ["LMADisplay", "PoseStripDisplay", "SpectrogramDisplay"]
