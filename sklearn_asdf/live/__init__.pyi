from ._camera import camera_poses as camera_poses
from ._osc import OSCReceiver as OSCReceiver
from ._osc import OSCSender as OSCSender
from ._speaker import Speaker as Speaker
from ._speaker import list_speakers as list_speakers
from ._streaming import LiveFrame as LiveFrame
from ._streaming import StreamingDancer as StreamingDancer

__all__ = [
    "LiveFrame",
    "OSCReceiver",
    "OSCSender",
    "Speaker",
    "StreamingDancer",
    "camera_poses",
    "list_speakers",
]
