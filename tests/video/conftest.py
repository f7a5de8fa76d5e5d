"""Small videos, made where they are needed."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip("av")


def write_video(
    path,
    pictures,
    *,
    fps=25,
    times=None,
    audio=None,
    sr=22050,
    audio_start=0.0,
    audio_codec="aac",
    layout="mono",
    silent=(),
    delays=None,
    codec="libx264",
    options=None,
    turned=0,
    mirrored=False,
):
    """Write pictures (n, height, width, 3) with sound, at given times in s if not at `fps`.

    `audio` is (n_samples,) or (n_channels, n_samples). Packets of sound within `silent`, spans in
    s, are left out; `delays` gives what is added to the time of each packet, in s.
    """
    with av.open(str(path), "w") as out:
        video = out.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        video.options = options or {}
        clock = Fraction(1, 1000)
        if times is not None:
            video.codec_context.time_base = clock
        sound = None
        if audio is not None:
            sound = out.add_stream(audio_codec, rate=sr, layout=layout)
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[i] * 1000), clock
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if sound is not None:
            for i, packet in enumerate(_sound_packets(sound, audio, sr, layout, audio_start)):
                time = float(packet.pts * packet.time_base)
                if any(first <= time < last for first, last in silent):
                    continue
                if delays is not None:
                    packet.pts += round(delays[i] / packet.time_base)
                    packet.dts = packet.pts
                out.mux(packet)
    if turned or mirrored:
        _turn(path, turned, mirrored)
    return path


def _sound_packets(sound, audio, sr, layout, start):
    resampler = av.AudioResampler(
        format=sound.codec_context.format,
        layout=layout,
        rate=sr,
        frame_size=sound.codec_context.frame_size or 1024,
    )
    samples = np.atleast_2d(audio).T.reshape(1, -1).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(samples, format="flt", layout=layout)
    frame.sample_rate, frame.time_base, frame.pts = sr, Fraction(1, sr), round(start * sr)
    packets = []
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        packets += sound.encode(part)
    return packets + sound.encode(None)


def _turn(path, degrees, mirrored):
    """Write into an MP4 that players are to turn the picture with the clock, as phones do.

    A mirrored picture is mirrored left-right first, as some front cameras do.
    """
    content = bytearray(path.read_bytes())
    cos, sin = round(np.cos(np.deg2rad(degrees))), round(np.sin(np.deg2rad(degrees)))
    sign = -1 if mirrored else 1
    matrix = [sign * cos << 16, sign * sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30]
    at = content.index(b"tkhd") + 4 + 4 + 5 * 4 + 8 + 8
    content[at : at + 36] = b"".join(int(m).to_bytes(4, "big", signed=True) for m in matrix)
    path.write_bytes(content)


def stripes(n, *, width=64, height=48):
    """Return `n` pictures that differ, the upper left quarter red."""
    pictures = np.full((n, height, width, 3), 40, np.uint8)
    pictures[:, : height // 2, : width // 2] = (220, 30, 30)
    for i, picture in enumerate(pictures):
        picture[-height // 4 :, : 1 + i * width // max(n, 1)] = (30, 200, 30)
    return pictures


@pytest.fixture
def make_video(tmp_path):
    def make(name="dance.mp4", n=20, **options):
        pictures = options.pop("pictures", None)
        return write_video(tmp_path / name, stripes(n) if pictures is None else pictures, **options)

    return make


@pytest.fixture
def sine():
    time = np.arange(22050) / 22050
    return (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


@pytest.fixture(scope="session")
def pose_models(data_dir):
    """Folder of the pose networks, or a skip that says how to give one."""
    folder = os.environ.get("SKLEARN_ASDF_POSE_MODEL") or data_dir / "pose_model"
    if not os.path.isdir(folder):
        pytest.skip("set SKLEARN_ASDF_POSE_MODEL to the folder of the pose networks")
    pytest.importorskip("ai_edge_litert")
    return folder
