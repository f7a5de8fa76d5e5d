"""Reading videos: pictures with their times, and the sound that belongs to them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import require

__all__ = ["VideoInfo", "open_video", "probe", "read_frames", "read_sound"]

# What a damaged header may say of the frame rate, and what to take in its place.
_FPS_RANGE, _FPS_FALLBACK = (1.0, 1000.0), 30.0


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself.

    Parameters
    ----------
    width, height : int
        Size as it is shown, in pixels.
    fps : float
        Mean frame rate, in Hz.
    duration : float or None
        Length of the picture in s, where the file tells it.
    codec : str
        How the picture is coded.
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
    duration: float | None
    codec: str
    has_sound: bool


@contextmanager
def open_video(path: str | os.PathLike[str], *, need: str = "video") -> Iterator[tuple[Any, Any]]:
    """Open a file and give the container and its first stream of a kind, or say what is wrong."""
    require("av", extra="video", purpose="reading videos")
    import av

    place = Path(path)
    if not place.is_file():
        what = "a folder" if place.is_dir() else "no such file"
        raise FileNotFoundError(f"expected a video file, but {str(place)!r} is {what}")
    if not place.stat().st_size:
        raise ValueError(f"expected a video, but {str(place)!r} is empty: copy it again")
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
    """Return what a video file says of itself, without decoding it.

    Parameters
    ----------
    path : str or PathLike
        Any video that FFmpeg reads.

    Returns
    -------
    VideoInfo
        Size, frame rate, length, codec, and whether it has sound.

    Examples
    --------
    >>> from sklearn_asdf.video import probe
    >>> probe("nowhere.mp4")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected a video file, but 'nowhere.mp4' is no such file
    """
    with open_video(path) as (container, stream):
        frame = next(_decode(container, stream), None)
        if frame is None:
            raise ValueError(
                f"expected a video, but no picture of {str(path)!r} can be decoded: copy or export "
                "it again"
            )
        width, height = _shown_size(frame, stream)
        if _turned(frame):
            width, height = height, width
        return VideoInfo(
            width=width,
            height=height,
            fps=frame_rate(stream),
            duration=_duration(container, stream),
            codec=stream.codec_context.name,
            has_sound=bool(container.streams.audio),
        )


def frame_rate(stream: Any) -> float:
    """Return the mean frame rate of a stream in Hz, or 30 where its header makes no sense."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and _FPS_RANGE[0] <= rate <= _FPS_RANGE[1]:
            return float(rate)
    return _FPS_FALLBACK


def _duration(container: Any, stream: Any) -> float | None:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None


def _shown_size(frame: Any, stream: Any) -> tuple[int, int]:
    """Size before turning, with pixels made square."""
    aspect = stream.sample_aspect_ratio
    return round(frame.width * float(aspect)) if aspect else frame.width, frame.height


def _turned(frame: Any) -> bool:
    return round(frame.rotation / 90) % 2 == 1


def _decode(container: Any, stream: Any) -> Iterator[Any]:
    """Give all frames that can be decoded; damaged ones are left out with one warning."""
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
    """Give the pictures of a video, upright and with square pixels, with their times.

    Parameters
    ----------
    container, stream : as `open_video` gave them
        The video.
    fps : float or None, default=None
        Pictures that lie closer together than at this rate are passed over; None gives all.
    largest_side : int or None, default=None
        Larger pictures are made smaller to this many pixels; None leaves them.

    Yields
    ------
    time : float
        Seconds since the first picture.
    picture : PIL.Image.Image
        In RGB.
    scale : float
        Pixels of the video a pixel of `picture`.
    """
    first = last = None
    stream.thread_type = "AUTO"
    for count, frame in enumerate(_decode(container, stream)):
        time = count / frame_rate(stream) if frame.time is None else frame.time
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
        picture = small.to_image()
        if frame.rotation:
            from PIL import Image

            turns = round(frame.rotation / 90) % 4
            if turns:
                # Pillow turns against the clock, as the frame's rotation counts.
                turn = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180)
                picture = picture.transpose((*turn, Image.Transpose.ROTATE_270)[turns - 1])
        yield time, picture, scale


def read_sound(path: str | os.PathLike[str], *, sr: int = 22050) -> np.ndarray:
    """Return the sound track of a video, beginning with its first picture.

    Parameters
    ----------
    path : str or PathLike
        Any video with sound that FFmpeg reads.
    sr : int, default=22050
        Sampling rate to return, in Hz.

    Returns
    -------
    audio : ndarray of float32 of shape (n_samples,)
        Mono, in [-1, 1]. Sound from before the first picture is cut off; where it begins later,
        silence comes first.

    Examples
    --------
    >>> from sklearn_asdf.video import read_sound
    >>> read_sound("nowhere.mp4")
    Traceback (most recent call last):
        ...
    FileNotFoundError: expected a video file, but 'nowhere.mp4' is no such file
    """
    require("av", extra="video", purpose="reading videos")
    import av

    with open_video(path) as (container, video):
        start = _start(video)
    with open_video(path, need="audio") as (container, stream):
        resampler = av.AudioResampler(format="flt", layout="mono", rate=sr)
        parts = []
        begins = None
        for frame in _decode(container, stream):
            if begins is None:
                begins = frame.time or 0.0
            frame.pts = None
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
        parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if not len(samples):
        raise ValueError(f"expected sound in {str(path)!r}, but its sound track holds no samples")
    shift = round(((begins or 0.0) - start) * sr)
    return np.pad(samples, (shift, 0)) if shift > 0 else samples[-shift:]


def _start(stream: Any) -> float:
    return float(stream.start_time * stream.time_base) if stream.start_time else 0.0
