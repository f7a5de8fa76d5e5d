from ._movement import write_movement_report as write_movement_report
from ._report import write_report as write_report

__all__ = ["write_movement_report", "write_report"]
