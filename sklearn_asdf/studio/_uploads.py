"""Uploads: files are written as they come, and removed if they do not arrive whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._checks import safe_name

__all__ = ["STEPS", "Upload", "check_room"]

STEPS = ("dance", "music", "model", "pairs")
# Room on the disk that stays free, in bytes: computations write too.
_SPARE = 500_000_000


def check_room(folder: Path, size: int) -> None:
    """Refuse a file for which there is no room.

    Parameters
    ----------
    folder : Path
        Where it would be written.
    size : int
        Its bytes.
    """
    free = shutil.disk_usage(folder).free
    if size + _SPARE > free:
        raise ValueError(
            f"the file has {size / 1e9:.1f} GB, and the disk of this computer has only "
            f"{max(0.0, free - _SPARE) / 1e9:.1f} GB to spare: make room, or drop a shorter video"
        )


class Upload:
    """A file that is being uploaded.

    Parameters
    ----------
    step : {"dance", "music", "model", "pairs"}
        What it is for.
    folder : Path
        Where it is written; made if it is not there.
    name : str
        Its name on the user's side.
    size : int
        Its bytes.
    ended : callable
        Called with this object once it is whole or given up.

    Attributes
    ----------
    path : Path
        The file.
    received : int
        Bytes so far.
    """

    def __init__(
        self,
        step: str,
        folder: Path,
        name: str,
        size: int,
        *,
        ended: Callable[[Upload], None],
    ) -> None:
        self.step, self.name, self.size = step, safe_name(name), size
        self.received = 0
        self.open = True
        self._ended = ended
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / self.name
        self._file = self.path.open("wb")

    def write(self, part: bytes) -> None:
        """Write what came."""
        if not self.open:
            raise ValueError("the upload was stopped")
        self.received += len(part)
        if self.received > self.size:
            self.give_up()
            raise ValueError(f"{self.name!r} is larger than was announced: drop it again")
        self._file.write(part)

    def finish(self) -> None:
        """Close the file, which must be whole."""
        if not self.open:
            raise ValueError("the upload was stopped")
        if self.received != self.size:
            self.give_up()
            raise ValueError(
                f"only {self.received:,} of {self.size:,} bytes of {self.name!r} arrived: drop it "
                "again"
            )
        self._close()

    def give_up(self) -> None:
        """Close and remove the file."""
        if self.open:
            self._close()
            self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        self.open = False
        self._file.close()
        self._ended(self)

    def state(self) -> dict[str, Any]:
        """Return what the page shows."""
        return {"step": self.step, "name": self.name, "share": self.received / max(self.size, 1)}
