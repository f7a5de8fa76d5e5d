from ._estimate import estimate_poses as estimate_poses
from ._models import fetch_pose_models as fetch_pose_models
from ._reader import VideoInfo as VideoInfo
from ._reader import probe as probe
from ._sound import read_sound as read_sound
from ._writer import add_music as add_music
from ._writer import write_stick_figure as write_stick_figure

__all__ = [
    "VideoInfo",
    "add_music",
    "estimate_poses",
    "fetch_pose_models",
    "probe",
    "read_sound",
    "write_stick_figure",
]
