from ._read import read_poses as read_poses
from ._write import write_poses as write_poses

__all__ = ["read_poses", "write_poses"]
