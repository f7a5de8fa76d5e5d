"""Rates and times of pictures: what they are, not what a header says."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest

from sklearn_asdf.video import probe
from sklearn_asdf.video._reader import warn_if_cut_off
from sklearn_asdf.video._times import bridge_jumps

from .conftest import stripes
from .test_reader import frames

av = pytest.importorskip("av")


def element(name, data):
    """An EBML element with a size of eight bytes."""
    return bytes.fromhex(name) + (len(data) | 1 << 56).to_bytes(8, "big") + data


def recorded_webm(path, times):
    """A WebM as browsers record it: no duration, no frame rate, times in ms."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.time_base = Fraction(1, 1000)
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    packets = []
    for time, picture in zip(times, stripes(len(times))):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    number = lambda value, size=1: value.to_bytes(size, "big")  # noqa: E731
    head = element("1A45DFA3", element("4282", b"webm") + element("4287", number(4)))
    info = element("1549A966", element("2AD7B1", number(1_000_000, 3)))
    size = element("B0", number(64)) + element("BA", number(48))
    track = element("D7", number(1)) + element("73C5", number(1)) + element("83", number(1))
    track += element("86", b"V_VP8") + element("E0", size)
    clusters = b""
    for packet in packets:
        block = b"\x81\0\0" + (b"\x80" if packet.is_keyframe else b"\0") + bytes(packet)
        clusters += element("1F43B675", element("E7", number(packet.pts, 4)) + element("A3", block))
    unknown = bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7
    path.write_bytes(head + unknown + info + element("1654AE6B", element("AE", track)) + clusters)
    return path


RNG = np.random.default_rng(0)
JITTER = np.cumsum(np.r_[0, RNG.integers(28, 40, 89)]) / 1000
RECORDINGS = {
    "jitter": (JITTER, 29.6),
    "begins late": (5 + JITTER, 29.6),
    "pause of 3 s": (np.r_[JITTER[:40], JITTER[40:] + 3], 29.6),
    "first two close": (np.r_[0, 0.001, JITTER[1:] + 0.03], 29.6),
    "pairs": (np.sort(np.r_[np.arange(45) / 15, np.arange(45) / 15 + 0.001]), 30.0),
    "slow": (np.arange(20) / 4, 4.0),
    "slower than pauses": (np.arange(10) * 2.0, 0.5),
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_rate_of_what_a_browser_records_is_that_of_its_pictures(tmp_path, name):
    times, fps = RECORDINGS[name]
    path = recorded_webm(tmp_path / "a.webm", times)
    info = probe(path)
    assert info.fps == pytest.approx(fps, rel=0.04)
    assert info.duration == pytest.approx(times[-1] - times[0] + 1 / fps, rel=0.02)
    found = [time for time, _, _ in frames(path)]
    np.testing.assert_allclose(found, times - times[0], atol=0.0015)


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), 25, Fraction(30000, 1001), 60, 120])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
def test_a_constant_rate_is_exact(make_video, suffix, fps):
    path = make_video(f"a.{suffix}", n=30, fps=fps, options={"bf": "2"})
    assert probe(path).fps == pytest.approx(float(fps), rel=1e-5)
    found = [time for time, _, _ in frames(path)]
    np.testing.assert_allclose(found, np.arange(30) / float(fps), atol=0.0011)


def test_raw_h264_has_the_rate_of_its_pictures(make_video):
    path = make_video("a.h264", n=30, fps=24, options={"bf": "2"})
    info = probe(path)
    assert info.fps == 24
    assert info.duration == pytest.approx(30 / 24)
    np.testing.assert_allclose([t for t, *_ in frames(path)], np.arange(30) / 24, atol=1e-6)


def test_jumps_of_the_clock_are_bridged():
    limits = {"step": 10, "back": 100, "ahead": 1000}
    assert bridge_jumps([0, 30, 10, 20, 40], **limits) == [0, 30, 10, 20, 40]
    assert bridge_jumps([500, 510, 0, 10], **limits) == [500, 510, 520, 530]
    assert bridge_jumps([0, 10, 5000, 5010, 20], **limits) == [0, 10, 20, 30, 40]
    assert bridge_jumps([None, None, 20, None], **limits) == [0, 10, 20, 30]
    assert bridge_jumps([], **limits) == []


def test_videos_joined_end_to_end_keep_their_rate_and_run_on(make_video):
    one = make_video("one.ts", n=150, fps=25).read_bytes()
    path = make_video("two.ts", n=150, fps=25)
    path.write_bytes(one + path.read_bytes())
    assert probe(path).fps == pytest.approx(25)
    found = [time for time, _, _ in frames(path)]
    assert len(found) == 300
    np.testing.assert_allclose(found, np.arange(300) / 25, atol=0.05)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("longer", [0.0, 8.0])
def test_a_video_that_was_cut_off_is_told(codec, longer, make_video, sine):
    """The header says more than there is; sound that is longer than the pictures is no reason."""
    noise = np.random.default_rng(0).integers(0, 255, (100, 48, 64, 3), np.uint8)
    sound = np.tile(sine, 4 + int(longer))
    name = {"libx264": "dance.mkv", "mpeg4": "dance.avi"}[codec]
    place = make_video(name, pictures=noise, audio=sound, codec=codec)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_cut_off(place)
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) // 2])
    with pytest.warns(UserWarning, match=r"is cut off: [123]\.\d s came of the (4|12)\.\d s"):
        warn_if_cut_off(place)
    # What cannot be noticed by eye is no reason either.
    place.write_bytes(whole[:-200])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_cut_off(place)
