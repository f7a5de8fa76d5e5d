"""Properties of videos, and their pictures with their times."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._files import open_regular
from .._validation import require
from ._times import PictureClock, PictureTimes, header_rate, picture_times

__all__ = [
    "VideoInfo",
    "decode_frames",
    "first_time",
    "open_video",
    "probe",
    "read_frames",
    "warn_if_cut_off",
]

# How text begins that makes FFmpeg open other files: playlists, lists of parts, manifests.
_LISTS = (b"#extm3u", b"ffconcat", b"<")
# A video that ends earlier than its header says is cut off, if it lacks this much, in s and as a
# share. Headers are rounded.
_CUT_OFF, _CUT_OFF_SHARE = 0.5, 0.02


@dataclass(frozen=True)
class VideoInfo:
    """Properties of a video file.

    Parameters
    ----------
    width, height : int
        Size as displayed, in pixels.
    fps : float
        Mean frame rate in Hz, without pauses of more than 0.5 s.
    duration : float
        Duration of the pictures in s.
    codec : str
        Codec of the pictures.
    has_sound : bool
        Whether there is a sound track.

    Examples
    --------
    >>> from sklearn_asdf.video import VideoInfo
    >>> VideoInfo(1080, 1920, 30.0, 12.5, "h264", True).width
    1080
    """

    width: int
    height: int
    fps: float
    duration: float
    codec: str
    has_sound: bool


@contextmanager
def open_video(path: str | os.PathLike[str], *, need: str = "video") -> Iterator[tuple[Any, Any]]:
    """Open a file and give the container and its first stream of a kind, or say what is wrong."""
    require("av", extra="video", purpose="reading videos")
    import av

    place = Path(path)
    if place.is_dir() or not place.exists():
        what = "a folder" if place.is_dir() else "no such file"
        raise FileNotFoundError(f"expected a video file, but {str(place)!r} is {what}")
    with open_regular(place) as file:
        head = file.read(100)
    if not head:
        raise ValueError(f"expected a video, but {str(place)!r} is empty: copy it again")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_LISTS):
        raise ValueError(
            f"expected a video, but {str(place)!r} is a list of other files: give the path of one"
        )
    try:
        container = av.open(str(place))
    except (av.error.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(
            f"expected a video, but {str(place)!r} cannot be read as one ({reason}): copy or "
            "export it again, as MP4 for instance"
        ) from None
    with container:
        streams = container.streams.video if need == "video" else container.streams.audio
        # The cover of a piece of music is a video stream of one still picture.
        real = [s for s in streams if not _is_cover(s)]
        if not real:
            kind = "a picture that moves" if need == "video" else "a sound track"
            held = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
            raise ValueError(f"expected {kind} in {str(place)!r}, but it holds only: {held}")
        yield container, real[0]


def _is_cover(stream: Any) -> bool:
    import av

    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def probe(path: str | os.PathLike[str]) -> VideoInfo:
    """Return the properties of a video; at most its first picture is decoded.

    Parameters
    ----------
    path : str or PathLike
        Any video that FFmpeg reads.

    Returns
    -------
    VideoInfo
        Size, frame rate, duration, codec, and whether it has sound.

    Notes
    -----
    The frame rate is computed from the time stamps of the pictures, since recordings of browsers
    have no rate in the header.

    Examples
    --------
    >>> from sklearn_asdf.video import probe
    >>> probe("nowhere.mp4")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected a video file, but 'nowhere.mp4' is no such file
    """
    with open_video(path) as (container, stream):
        frame = next(decode_frames(container, stream), None)
        if frame is None:
            raise ValueError(
                f"expected a video, but no picture of {str(path)!r} can be decoded: copy or export "
                "it again"
            )
        width, height = _shown_size(frame, stream)
        if _orientation(frame)[0]:
            width, height = height, width
        codec = stream.codec.canonical_name
        has_sound = bool(container.streams.audio)
    with open_video(path) as (container, stream):
        times = picture_times(container, stream)
        declared = float((stream.duration or 0) * stream.time_base)
    # The header counts the last picture's length, which the packets of some files do not tell.
    agrees = abs(declared - times.duration) < 1.5 / times.fps
    return VideoInfo(
        width=width,
        height=height,
        fps=times.fps,
        duration=declared if agrees else times.duration,
        codec=codec,
        has_sound=has_sound,
    )


def warn_if_cut_off(path: str | os.PathLike[str], times: PictureTimes | None = None) -> None:
    """Warn of a video that ends before its header says, as after a copy that was broken off.

    Parameters
    ----------
    path : str or PathLike
        The video.
    times : PictureTimes, default=None
        Its times, where they are known already.
    """
    with open_video(path) as (container, stream):
        times = times or picture_times(container, stream)
    with open_video(path) as (container, stream):
        announced = float((stream.duration or 0) * stream.time_base)
        if container.format.name == "avi":
            # FFmpeg shortens the duration to the size of the file, but not the number of pictures.
            announced = max(announced, stream.frames / header_rate(stream))
        found = float(np.ptp(times.stamps) * stream.time_base) + 1 / times.fps
        if not announced and container.duration:
            # Of the whole file, in microseconds: the sound may be longer than the pictures.
            announced, found = container.duration / 1e6, _end(container)
    if announced - found > max(_CUT_OFF, _CUT_OFF_SHARE * announced):
        warnings.warn(
            f"{str(path)!r} is cut off: {found:.1f} s came of the {announced:.1f} s that it "
            "announces; copy or export it again",
            UserWarning,
            stacklevel=3,
        )


def _end(container: Any) -> float:
    """Return the time at which the last packet of a file ends, in s."""
    import av

    end = 0.0
    try:
        for packet in container.demux():
            if packet.size and packet.pts is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except av.error.FFmpegError:
        # What follows cannot be read.
        pass
    return end


def first_time(path: str | os.PathLike[str]) -> float:
    """Return the time of the first picture of a video, in s on the clock of its file."""
    with open_video(path) as (container, stream):
        if container.format.name == "avi":
            # Its pictures have no times; sound and pictures begin together.
            return 0.0
        frame = next(decode_frames(container, stream), None)
        return 0.0 if frame is None or frame.time is None else frame.time


def _shown_size(frame: Any, stream: Any) -> tuple[int, int]:
    """Size before turning, with pixels made square."""
    aspect = stream.sample_aspect_ratio
    return round(frame.width * float(aspect)) if aspect else frame.width, frame.height


def _orientation(frame: Any) -> tuple[bool, bool, bool]:
    """Return whether to swap the axes of a picture, then to mirror it left-right, top-bottom."""
    from av.sidedata.sidedata import Type

    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return False, False, False
    # x' = a x + c y and y' = b x + d y, as fixed-point numbers.
    a, b, _, c, d = np.frombuffer(matrix, np.int32, count=5).astype(float)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return False, a < 0, d < 0
    return True, c < 0, b < 0


def _upright(picture: Any, frame: Any) -> Any:
    """Turn and mirror a picture as the video's display matrix says."""
    from PIL.Image import Transpose

    steps = (Transpose.TRANSPOSE, Transpose.FLIP_LEFT_RIGHT, Transpose.FLIP_TOP_BOTTOM)
    for wanted, step in zip(_orientation(frame), steps):
        if wanted:
            picture = picture.transpose(step)
    return picture


def decode_frames(container: Any, stream: Any) -> Iterator[Any]:
    """Yield all frames that can be decoded; damaged ones are left out with one warning."""
    import av

    damaged = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except av.error.FFmpegError:
            damaged += 1
            break
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            damaged += 1
    if damaged:
        warnings.warn(
            f"{damaged} packet(s) of {container.name!r} are damaged and left out",
            UserWarning,
            stacklevel=3,
        )


def read_frames(
    container: Any, stream: Any, *, fps: float | None = None, largest_side: int | None = None
) -> Iterator[tuple[float, Any, float]]:
    """Yield the pictures of a video, upright and with square pixels, with their times.

    Parameters
    ----------
    container, stream : as `open_video` gave them
        The video.
    fps : float or None, default=None
        Pictures are left out to reach at most this rate; None yields all.
    largest_side : int or None, default=None
        Larger pictures are reduced to this many pixels; None keeps the size.

    Yields
    ------
    time : float
        Seconds since the first picture.
    picture : PIL.Image.Image
        In RGB.
    scale : float
        Pixels of the video per pixel of `picture`.
    """
    first = last = None
    stream.thread_type = "AUTO"
    clock = PictureClock(container, stream)
    for frame in decode_frames(container, stream):
        time = clock.time(frame)
        first = time if first is None else first
        time -= first
        if fps is not None:
            place = round(time * fps)
            if place == last:
                continue
            last = place
        width, height = _shown_size(frame, stream)
        scale = max(1.0, max(width, height) / (largest_side or np.inf))
        small = frame.reformat(
            width=max(2, round(width / scale)),
            height=max(2, round(height / scale)),
            format="rgb24",
        )
        yield time, _upright(small.to_image(), frame), scale
