from ._camera import camera_poses as camera_poses
from ._osc import OSCReceiver as OSCReceiver
from ._osc import OSCSender as OSCSender
from ._streaming import Moment as Moment
from ._streaming import StreamingDancer as StreamingDancer

__all__ = ["Moment", "OSCReceiver", "OSCSender", "StreamingDancer", "camera_poses"]
