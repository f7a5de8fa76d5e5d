from ._camera import camera_poses as camera_poses
from ._osc import OSCReceiver as OSCReceiver
from ._osc import OSCSender as OSCSender
from ._streaming import LiveFrame as LiveFrame
from ._streaming import StreamingDancer as StreamingDancer

__all__ = ["LiveFrame", "OSCReceiver", "OSCSender", "StreamingDancer", "camera_poses"]
