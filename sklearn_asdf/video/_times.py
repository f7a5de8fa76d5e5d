"""Times of the pictures of a video, by their time stamps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "LONGEST_GAP",
    "PictureClock",
    "PictureTimes",
    "bridge_jumps",
    "header_rate",
    "picture_times",
]

# What a damaged header may say of the frame rate, and what to take in its place.
_FPS_RANGE, _FPS_FALLBACK = (1.0, 1000.0), 30.0
# Pictures further apart than this, in s, are a pause: they say nothing of the frame rate.
_PAUSE = 0.5
# A measured rate that is this close to the header's is the header's; clocks are rounded.
_SAME_RATE = 0.01
# A clock that goes back or ahead by more than this, in s, was started anew. Packets come in the
# order of decoding, in which times go back by a few pictures.
_BACK, LONGEST_GAP = 5.0, 3600.0


@dataclass(frozen=True, eq=False)
class PictureTimes:
    """The times of a video's pictures, without decoding them.

    Parameters
    ----------
    stamps : ndarray of int of shape (n_pictures,)
        Presentation time of each packet, in ticks of the stream's clock, in the order of decoding.
    complete : bool
        Whether every packet has a time stamp. Missing ones are filled in at the header's rate.
    begin, end : float
        Start of the first picture and end of the last one, in s on the stream's clock.
    fps : float
        Mean frame rate in Hz, without pauses of more than 0.5 s.
    """

    stamps: np.ndarray
    complete: bool
    begin: float
    end: float
    fps: float

    @property
    def duration(self) -> float:
        """Duration of the pictures in s."""
        return self.end - self.begin


def header_rate(stream: Any) -> float:
    """Return the frame rate of a stream's header in Hz, or 30 if it is implausible."""
    # FFmpeg's guess looks into the pictures where the file itself has no clock (raw H.264).
    for rate in (stream.guessed_rate, stream.average_rate, stream.base_rate):
        if rate and _FPS_RANGE[0] <= rate <= _FPS_RANGE[1]:
            return float(rate)
    return _FPS_FALLBACK


def bridge_jumps(
    times: Iterable[float | None], *, step: float, back: float, ahead: float
) -> list[float]:
    """Return time stamps that continue where the clock was restarted.

    Parameters
    ----------
    times : iterable of float or None
        Time stamps, in any unit; None is `step` after the one before.
    step : float
        Default time between successive stamps.
    back, ahead : float
        If a stamp is earlier than the latest one by more than `back`, or later by more than
        `ahead`, the clock was restarted: this stamp and all later ones are shifted to continue.

    Returns
    -------
    list of float
        The times, integers if they and `step` are.
    """
    offset = 0 * step
    result: list[float] = []
    for time in times:
        if not result:
            now = latest = 0 * step if time is None else time
        elif time is None:
            now = result[-1] + step
        else:
            now = time + offset
            if not -back <= now - latest <= ahead:
                offset += latest + step - now
                now = latest + step
        latest = max(latest, now)
        result.append(now)
    return result


def picture_times(container: Any, stream: Any) -> PictureTimes:
    """Return the times of all pictures; reads all packets of the container."""
    import av

    tick = float(stream.time_base)
    assumed = header_rate(stream)
    stamps: list[int | None] = []
    last_shown, length = None, 0
    discarded = []
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            stamp = packet.dts if packet.pts is None else packet.pts
            stamps.append(stamp)
            discarded.append(packet.is_discard)
            if stamp is not None and (last_shown is None or stamp > last_shown):
                last_shown, length = stamp, packet.duration or 0
    except av.error.FFmpegError:
        # Reading the pictures warns of what is damaged.
        pass
    if not stamps:
        raise ValueError(f"expected a video, but there are no pictures in {container.name!r}")
    step = max(1, round(1 / (assumed * tick)))
    bridged = bridge_jumps(stamps, step=step, back=_BACK / tick, ahead=LONGEST_GAP / tick)
    ticks = np.array(bridged, np.int64)
    # What an edit list cuts off is needed for decoding only.
    shown = np.sort(ticks[~np.array(discarded)] if not all(discarded) else ticks) * tick
    fps = _mean_rate(shown, stream, assumed)
    return PictureTimes(
        ticks,
        None not in stamps,
        float(shown[0]),
        float(shown[-1]) + (length * tick or 1 / fps),
        fps,
    )


def _mean_rate(times: np.ndarray, stream: Any, assumed: float) -> float:
    """Frame rate of sorted times in s; `assumed` where they tell none."""
    gaps = np.diff(times)
    near = gaps <= _PAUSE
    if gaps[near].sum() <= 0:
        near[:] = True
    if gaps[near].sum() <= 0:
        return assumed
    measured = float(near.sum() / gaps[near].sum())
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and abs(measured / float(rate) - 1) < _SAME_RATE:
            return float(rate)
    return measured if measured <= _FPS_RANGE[1] else assumed


class PictureClock:
    """The times of decoded pictures, in the order in which they are shown.

    Parameters
    ----------
    container, stream : as `open_video` gave them
        The video.

    Notes
    -----
    AVI has no presentation times. The time that FFmpeg assigns to a picture counts packets in the
    order of decoding, and only the decoding time increases monotonically.
    """

    def __init__(self, container: Any, stream: Any) -> None:
        self._by_decoding = container.format.name == "avi"
        self._step = 1 / header_rate(stream)
        self._offset = 0.0
        self._last: float | None = None

    def time(self, frame: Any) -> float:
        """Return the presentation time of a picture in s; it never decreases."""
        stamp = frame.dts if self._by_decoding else frame.pts
        if stamp is None:
            time = 0.0 if self._last is None else self._last + self._step
        else:
            time = float(stamp * frame.time_base) + self._offset
        if self._last is not None:
            jump = time - self._last
            if not -1.0 <= jump <= LONGEST_GAP:
                self._offset += self._step - jump
                time = self._last + self._step
            time = max(time, self._last)
        self._last = time
        return time
