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
    codec="libx264",
    turned=0,
):
    """Write pictures (n, height, width, 3) with sound, at given times in s if not at `fps`."""
    with av.open(str(path), "w") as out:
        video = out.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        clock = Fraction(1, 1000)
        if times is not None:
            video.codec_context.time_base = clock
        sound = None
        if audio is not None:
            sound = out.add_stream("aac", rate=sr, layout="mono")
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[i] * 1000), clock
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(
                np.asarray(audio, np.float32)[None], format="fltp", layout="mono"
            )
            frame.sample_rate, frame.time_base = sr, Fraction(1, sr)
            frame.pts = round(audio_start * sr)
            out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    if turned:
        _turn(path, turned)
    return path


def _turn(path, degrees):
    """Write into an MP4 that players are to turn the picture with the clock, as phones do."""
    content = bytearray(path.read_bytes())
    cos, sin = round(np.cos(np.deg2rad(degrees))), round(np.sin(np.deg2rad(degrees)))
    matrix = [cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30]
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
