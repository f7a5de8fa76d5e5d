"""Sound as it is made, on a sound card."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .._validation import require

__all__ = ["Speaker", "list_speakers"]


def _sounddevice() -> Any:
    require("sounddevice", extra="live", purpose="playing sound")
    try:
        import sounddevice
    except OSError as error:
        # The package is there and the library that it calls is not.
        raise ImportError(
            "playing sound needs PortAudio, which is not installed: apt install libportaudio2, or "
            "what your system calls it"
        ) from error
    return sounddevice


def list_speakers() -> list[str]:
    """Return what sound can be played on.

    Returns
    -------
    list of str
        One line per device: its number, its name, and the latency in s that it promises; the
        default one is marked.
    """
    sounddevice = _sounddevice()
    default = sounddevice.default.device[1]
    return [
        f"{number}: {device['name']}, {device['default_low_output_latency']:.3f} s"
        + (" (default)" if number == default else "")
        for number, device in enumerate(sounddevice.query_devices())
        if device["max_output_channels"] > 0
    ]


class Speaker:
    """Player of pieces of sound that arrive one after the other.

    Parameters
    ----------
    sr : int
        Sampling rate of the pieces in Hz.
    device : int or str, default=None
        Number of the device, or a part of its name; None means the system's own choice.
    margin : float, default=0.1
        Seconds of silence before the first piece and after each gap, so that a piece may be late by
        as much.
    max_waiting : float, default=2.0
        Longest queue in s. If more arrives than the device plays, for instance since its clock is
        slower, the queue is shortened to `margin`.

    Attributes
    ----------
    device_latency : float
        Time in s from the queue to the loudspeaker, as PortAudio reports it.
    n_gaps : int
        How often a piece was late, and silence was played.
    n_skipped : int
        How often the queue was shortened.

    Notes
    -----
    Sound goes to PortAudio [1]_ through sounddevice. Its thread calls back for the next samples,
    and never waits for Python's computations: what is not there is silence.

    References
    ----------
    .. [1] R. Bencina and P. Burk, "PortAudio: an open source cross platform audio API", ICMC 2001.

    Examples
    --------
    >>> from sklearn_asdf.live import Speaker
    >>> with Speaker(22050) as speaker:  # doctest: +SKIP
    ...     speaker.write(piece)
    """

    def __init__(
        self,
        sr: int,
        *,
        device: int | str | None = None,
        margin: float = 0.1,
        max_waiting: float = 2.0,
    ) -> None:
        self.sr, self.margin = sr, margin
        self.n_gaps = self.n_skipped = 0
        self._margin, self._most = round(margin * sr), round(max_waiting * sr)
        self._lock = threading.Lock()
        self._pieces: deque[np.ndarray] = deque()
        self._n_waiting = 0
        self._playing = False
        sounddevice = _sounddevice()
        try:
            self._stream = sounddevice.OutputStream(
                samplerate=sr,
                channels=1,
                dtype="float32",
                device=device,
                latency="low",
                callback=self._fill,
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            known = "; ".join(list_speakers()) or "none"
            raise ValueError(
                f"expected a device that plays sound at {sr} Hz, got {device!r} ({error}): choose "
                f"one of {known}"
            ) from error
        self.device_latency = float(self._stream.latency)

    def write(self, audio: ArrayLike) -> None:
        """Add a piece to the queue. It returns at once.

        Parameters
        ----------
        audio : array-like of shape (n_samples,)
            Sound between -1 and 1.
        """
        piece = np.clip(np.asarray(audio, dtype=np.float32), -1, 1)
        if not len(piece):
            return
        with self._lock:
            if not self._playing:
                self._add(np.zeros(self._margin, np.float32))
                self._playing = True
            self._add(piece)
            if self._n_waiting > self._most:
                self.n_skipped += 1
                self._take(np.empty(self._n_waiting - self._margin, np.float32))

    @property
    def waiting(self) -> float:
        """Seconds in the queue."""
        with self._lock:
            return self._n_waiting / self.sr

    def close(self) -> None:
        """Stop the device. What waits is not played."""
        self._stream.stop()
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _add(self, piece: np.ndarray) -> None:
        self._pieces.append(piece)
        self._n_waiting += len(piece)

    def _fill(self, out: np.ndarray, n_frames: int, time: Any, status: Any) -> None:
        """Fill a block of the device, (n_frames, 1)."""
        with self._lock:
            n = self._take(out[:, 0])
            if n < n_frames and self._playing:
                self.n_gaps += 1
                self._playing = False

    def _take(self, out: np.ndarray) -> int:
        """Move samples from the queue to an array; return how many there were."""
        n = 0
        while n < len(out) and self._pieces:
            piece = self._pieces.popleft()
            part = piece[: len(out) - n]
            out[n : n + len(part)] = part
            n += len(part)
            if len(part) < len(piece):
                self._pieces.appendleft(piece[len(part) :])
        out[n:] = 0
        self._n_waiting -= n
        return n
