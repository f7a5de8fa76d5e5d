from ._limits import file_limits as file_limits
from ._read import read_poses as read_poses
from ._write import write_poses as write_poses

__all__ = ["file_limits", "read_poses", "write_poses"]
