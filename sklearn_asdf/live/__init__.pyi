from ._camera import camera_poses as camera_poses
from ._midi import MIDISender as MIDISender
from ._midi import list_midi_ports as list_midi_ports
from ._osc import OSCReceiver as OSCReceiver
from ._osc import OSCSender as OSCSender
from ._speaker import Speaker as Speaker
from ._speaker import list_speakers as list_speakers
from ._streaming import LiveFrame as LiveFrame
from ._streaming import StreamingDancer as StreamingDancer

__all__ = [
    "LiveFrame",
    "MIDISender",
    "OSCReceiver",
    "OSCSender",
    "Speaker",
    "StreamingDancer",
    "camera_poses",
    "list_midi_ports",
    "list_speakers",
]
