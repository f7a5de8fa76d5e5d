"""Writing videos: a video with other music, or a stick figure with music."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from .._files import atomic_path
from .._progress import progress
from .._validation import Integral, did_you_mean, raise_all, require
from ..functional.limiter import limit
from ..motion.container import as_motion
from ._figure import StickFigure
from ._reader import open_video, read_frames
from ._times import PictureTimes, picture_times

__all__ = ["add_music", "write_stick_figure"]

# What players of each format play; any other picture is coded anew.
_COPIED = {
    ".mp4": ("h264", "hevc", "av1", "vp9"),
    ".mov": ("h264", "hevc"),
    ".mkv": ("h264", "hevc", "av1", "vp9"),
}
_SUFFIXES = tuple(_COPIED)
# Ticks a second of pictures that are coded here: a multiple of all common frame rates.
_CLOCK = 90_000
# Samples of an AAC frame.
_AUDIO_FRAME = 1024
_FADE = 0.02


def add_music(
    video: str | os.PathLike[str],
    audio: Any,
    path: str | os.PathLike[str],
    *,
    sr: int = 22050,
) -> None:
    """Write a video with the same pictures and other music.

    Parameters
    ----------
    video : str or PathLike
        The video of the dance; its sound is dropped.
    audio : array-like of shape (n_samples,)
        Mono sound in [-1, 1], from the first picture on. It is cut, or padded with silence, to the
        duration of the video.
    path : str or PathLike
        Where to write: ``.mp4``, ``.mov`` or ``.mkv``. A file that is there already is replaced
        once the new one is whole.
    sr : int, default=22050
        Sampling rate of `audio`, in Hz.

    See Also
    --------
    write_stick_figure : Writes a video of poses.

    Notes
    -----
    Streams in H.264 and HEVC, and in AV1 and VP9 except for ``.mov``, are copied without
    re-encoding, with their time stamps. Other streams, and those without time stamps (raw H.264),
    are encoded as H.264. The sound is AAC. A look-ahead limiter reduces peaks above -1 dBFS.

    Examples
    --------
    >>> from sklearn_asdf.video import add_music
    >>> add_music("dance.mp4", music, "dance_with_music.mp4")  # doctest: +SKIP
    """
    audio, place = _check(audio, path, sr)
    with open_video(video) as (container, stream):
        times = picture_times(container, stream)
    with open_video(video) as (container, stream), _writing(place) as out:
        pictures: Iterable[tuple[float, Any]]
        if times.complete and stream.codec.canonical_name in _COPIED[place.suffix.lower()]:
            pictures = _copied(container, stream, times, out)
        else:
            frames = read_frames(container, stream)
            pictures = _coded(((time, picture) for time, picture, _ in frames), out, rate=times.fps)
        pictures = progress(
            pictures, "writing the video", unit="pictures", total=len(times.stamps) or None
        )
        _mux(out, pictures, audio, sr=sr, length=times.duration)


def write_stick_figure(
    motion: Any,
    path: str | os.PathLike[str],
    *,
    audio: Any = None,
    sr: int = 22050,
    size: tuple[int, int] = (720, 720),
) -> None:
    """Write a video of stick figures dancing, with or without music.

    Parameters
    ----------
    motion : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        The poses; every clip is one dancer. Of three axes the first two are shown.
    path : str or PathLike
        Where to write: ``.mp4``, ``.mov`` or ``.mkv``. A file that is there already is replaced
        once the new one is whole.
    audio : array-like of shape (n_samples,), default=None
        Mono sound in [-1, 1]. It is cut, or padded with silence, to the duration of the video.
    sr : int, default=22050
        Sampling rate of `audio`, in Hz.
    size : (width, height), default=(720, 720)
        Pixels of the picture, even numbers.

    See Also
    --------
    add_music : Adds music to a video of the dance.

    Notes
    -----
    Left limbs are orange, right ones blue. The camera is fixed and shows all positions of the
    motion. Joints of a confidence below 0.2 are not drawn.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_asdf.datasets import make_dance_music
    >>> from sklearn_asdf.video import probe, write_stick_figure
    >>> dance = make_dance_music(n_clips=1, clip_duration=2.0, random_state=0).poses
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_stick_figure(dance, Path(folder, "dance.mp4"), size=(320, 240))
    ...     probe(Path(folder, "dance.mp4")).duration
    2.0
    """
    motion = as_motion(motion)
    problems = []
    if not (
        len(size) == 2
        and all(isinstance(s, Integral) and not s % 2 and 16 <= int(s) <= 8192 for s in size)
    ):
        problems.append(f"expected size as two even numbers of pixels from 16, got {size!r}")
    if not motion.seen.any():
        problems.append("expected some joint that was seen, got only NaN")
    raise_all(problems)
    checked, place = _check([0.0] if audio is None else audio, path, sr)
    figure = StickFigure(motion, size=(int(size[0]), int(size[1])))
    with _writing(place) as out:
        frames = progress(range(motion.n_frames), "drawing the dance", unit="pictures")
        pictures = ((frame / motion.fps, figure.draw(frame)) for frame in frames)
        coded = _coded(pictures, out, rate=motion.fps)
        if audio is None:
            for _, packet in coded:
                out.mux(packet)
        else:
            _mux(out, coded, checked, sr=sr, length=motion.duration)


def write_pictures(
    video: str | os.PathLike[str],
    path: Path,
    *,
    largest_side: int,
    duration: float,
    audio: np.ndarray | None = None,
    sr: int = 22050,
) -> None:
    """Write the first seconds of a video as H.264, at its own frame rate, with a sound or none."""
    require("av", "PIL", extra="video", purpose="reading videos")
    with open_video(video) as (container, stream):
        times = picture_times(container, stream)
    with open_video(video) as (container, stream), _writing(path) as out:
        frames = read_frames(container, stream, largest_side=largest_side)
        frames = progress(
            frames, "copying the pictures", unit="pictures", total=len(times.stamps) or None
        )
        pictures = ((time, picture) for time, picture, _ in frames)
        shown = takewhile(lambda pair: pair[0] < duration, pictures)
        coded = _coded(shown, out, rate=times.fps)
        if audio is not None:
            _mux(out, coded, audio, sr=sr, length=duration)
            return
        for _, packet in coded:
            out.mux(packet)


def _check(audio: Any, path: str | os.PathLike[str], sr: Any) -> tuple[np.ndarray, Path]:
    require("av", "PIL", "soxr", extra="video", purpose="writing videos")
    audio = np.asarray(audio)
    place = Path(path)
    problems = []
    if audio.ndim != 1 or audio.dtype.kind != "f" or not len(audio):
        problems.append(
            f"expected audio as floats in [-1, 1] of shape (n_samples,), got {audio.dtype} of "
            f"shape {audio.shape}"
        )
    elif not np.isfinite(audio).all():
        problems.append("expected finite samples in audio, got NaN or infinity")
    if isinstance(sr, bool) or not isinstance(sr, Integral) or not 8000 <= int(sr) <= 96000:
        problems.append(f"expected sr from 8000 to 96000 Hz, got {sr!r}")
    suffix = place.suffix.lower()
    if suffix not in _SUFFIXES:
        problems.append(
            f"expected a path that ends in {', '.join(_SUFFIXES)}, got {str(path)!r}."
            f"{did_you_mean(suffix, _SUFFIXES)}"
        )
    if not place.parent.is_dir():
        problems.append(f"expected a folder to write to, but there is no {str(place.parent)!r}")
    raise_all(problems)
    return audio.astype(np.float32), place


@contextmanager
def _writing(place: Path) -> Iterator[Any]:
    """Give an output container at a temporary path, moved to its place once it is whole."""
    import av

    with atomic_path(place) as path:
        # The index in front lets a browser play before it has the whole file.
        options = {} if place.suffix.lower() == ".mkv" else {"movflags": "faststart"}
        out = av.open(str(path), "w", options=options)
        try:
            yield out
        except BaseException:
            # A container that lacks packets cannot be closed properly; the first error counts.
            with suppress(Exception):
                out.close()
            raise
        out.close()


def _copied(
    container: Any, stream: Any, times: PictureTimes, out: Any
) -> Iterator[tuple[float, Any]]:
    """Give the packets of a stream as they are, the first picture at 0."""
    # Opaque: as the file has it, whoever decodes it here.
    copy = out.add_stream_from_template(stream, opaque=True)
    stamps = times.stamps - round(times.begin / float(stream.time_base))
    decoding = _decoding_times(stamps)
    packets = (packet for packet in container.demux(stream) if packet.size)
    for packet, shown, decoded in zip(packets, stamps.tolist(), decoding.tolist()):
        packet.pts, packet.dts = shown, decoded
        packet.stream = copy
        yield float(decoded * packet.time_base), packet


def _decoding_times(stamps: np.ndarray) -> np.ndarray:
    """Return when to decode packets that are shown at `stamps`: in turn, and never too late.

    Not all containers tell (Matroska has no such times), so they are found anew.
    """
    place = np.arange(len(stamps))
    # As the times of showing, sorted, but no two alike.
    in_turn = np.maximum.accumulate(np.sort(stamps) - place) + place
    return in_turn - max(0, (in_turn - stamps).max())


def _coded(
    pictures: Iterable[tuple[float, Any]], out: Any, *, rate: float
) -> Iterator[tuple[float, Any]]:
    """Give H.264 packets of pictures with their times in s."""
    import av

    stream = None
    clock = Fraction(1, _CLOCK)
    for time, picture in pictures:
        frame = av.VideoFrame.from_image(picture)
        if stream is None:
            fraction = Fraction(rate).limit_denominator(1001)
            stream = out.add_stream("libx264", rate=fraction)
            # H.264 halves the resolution of color: sides must be even.
            stream.width, stream.height = frame.width // 2 * 2, frame.height // 2 * 2
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = clock
            stream.options = {"crf": "20", "preset": "veryfast"}
        frame = frame.reformat(width=stream.width, height=stream.height, format="yuv420p")
        frame.pts, frame.time_base = round(time * _CLOCK), clock
        for packet in stream.encode(frame):
            yield float(packet.dts * packet.time_base), packet
    if stream is None:
        raise ValueError("expected a video, but none of its pictures can be decoded")
    for packet in stream.encode(None):
        yield float(packet.dts * packet.time_base), packet


def _mux(
    out: Any, pictures: Iterable[tuple[float, Any]], audio: np.ndarray, *, sr: int, length: float
) -> None:
    """Write pictures and sound in the order of their times, so that nothing piles up."""
    sound = _sound(audio, out, sr=sr, length=length)
    # Merging takes the first packet of each before it gives any, so both streams are there then.
    for _, packet in heapq.merge(pictures, sound, key=lambda pair: pair[0]):
        out.mux(packet)


def _sound(audio: np.ndarray, out: Any, *, sr: int, length: float) -> Iterator[tuple[float, Any]]:
    """Give AAC packets of just so many seconds of sound."""
    import av
    import soxr

    # AAC knows some rates only.
    rate = min((r for r in av.Codec("aac", "w").audio_rates or () if r >= sr), default=sr)
    audio, sr = soxr.resample(audio, sr, rate), rate
    n_samples = max(1, round(length * sr))
    if len(audio) > n_samples:
        audio = audio[:n_samples].copy()
        ramp = np.linspace(1, 0, min(round(_FADE * sr), n_samples), dtype=audio.dtype)
        audio[n_samples - len(ramp) :] *= ramp
    audio = np.pad(limit(audio, sr=sr), (0, n_samples - len(audio)))
    stream = out.add_stream("aac", rate=sr, layout="mono")
    clock = Fraction(1, sr)
    for start in range(0, n_samples, _AUDIO_FRAME):
        frame = av.AudioFrame.from_ndarray(
            audio[None, start : start + _AUDIO_FRAME], format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = sr, start, clock
        for packet in stream.encode(frame):
            yield float(packet.dts * packet.time_base), packet
    for packet in stream.encode(None):
        yield float(packet.dts * packet.time_base), packet
