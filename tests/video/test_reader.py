"""Reading videos: what comes of good ones, and what is said of the others."""

from __future__ import annotations

import os

import numpy as np
import pytest

from sklearn_asdf.video import probe, read_sound
from sklearn_asdf.video._reader import open_video, read_frames


def frames(path, **options):
    with open_video(path) as (container, stream):
        return list(read_frames(container, stream, **options))


def test_probe_tells_size_rate_length_and_sound(make_video, sine):
    info = probe(make_video(n=25, audio=sine))
    assert (info.width, info.height, info.fps) == (64, 48, 25.0)
    assert info.duration == pytest.approx(1.0, abs=0.05)
    assert info.has_sound
    assert info.codec == "h264"
    assert not probe(make_video("silent.mp4")).has_sound


def test_pictures_come_with_their_times(make_video):
    found = frames(make_video(n=10))
    np.testing.assert_allclose([time for time, _, _ in found], np.arange(10) / 25, atol=1e-6)
    red = np.asarray(found[0][1])[12, 16]
    assert red[0] > 150
    assert red[1] < 80


def test_variable_frame_rate_keeps_the_times(make_video):
    times = np.cumsum([0, 0.02, 0.08, 0.033, 0.2, 0.04])
    found = frames(make_video(n=6, times=times))
    np.testing.assert_allclose([time for time, _, _ in found], times, atol=2e-3)


def test_a_lower_rate_passes_over_pictures(make_video):
    found = frames(make_video(n=50, fps=50), fps=25)
    assert len(found) == pytest.approx(25, abs=1)
    assert np.diff([time for time, _, _ in found]).min() > 0.015


@pytest.mark.parametrize(
    ("turned", "corner"), [(90, "upper right"), (180, "lower right"), (270, "lower left")]
)
def test_pictures_of_a_turned_phone_are_upright(make_video, turned, corner):
    path = make_video(turned=turned)
    picture = np.asarray(frames(path)[0][1]).astype(int)
    height, width = picture.shape[:2]
    assert (width, height) == ((48, 64) if turned != 180 else (64, 48))
    info = probe(path)
    assert (info.width, info.height) == (width, height)
    at = {"upper": height // 8, "lower": -height // 8}[corner.split()[0]]
    across = {"left": width // 8, "right": -width // 8}[corner.split()[1]]
    red = picture[..., 0] - picture[..., 1]
    assert red[at, across] > 100
    assert red[-at, -across] < 100


def test_large_pictures_are_made_smaller_and_say_by_how_much(make_video):
    _, picture, scale = frames(make_video(), largest_side=32)[0]
    assert picture.size == (32, 24)
    assert scale == 2


def test_sound_is_that_of_the_file(make_video, sine):
    sound = read_sound(make_video(n=25, audio=sine))
    assert sound.dtype == np.float32
    assert len(sound) == pytest.approx(22050, abs=1200)
    spectrum = np.abs(np.fft.rfft(sound[:22050]))
    assert np.fft.rfftfreq(22050, 1 / 22050)[spectrum.argmax()] == pytest.approx(440, abs=2)


def test_sound_that_begins_later_is_preceded_by_silence(make_video, sine):
    sound = read_sound(make_video(n=50, audio=sine, audio_start=0.5))
    loud = np.flatnonzero(np.abs(sound) > 0.1)[0] / 22050
    assert loud == pytest.approx(0.5, abs=0.06)


def test_sound_at_another_rate(make_video, sine):
    assert len(read_sound(make_video(n=25, audio=sine), sr=16000)) == pytest.approx(16000, abs=900)


def empty(path):
    path.write_bytes(b"")


def text(path):
    path.write_text("not a video\n" * 50)


def playlist(path):
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nother.ts\n")


def parts(path):
    path.write_text("ffconcat version 1.0\nfile other.mp4\n")


def noise(path):
    path.write_bytes(np.random.default_rng(0).bytes(5000))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (empty, "is empty: copy it again"),
        (text, "cannot be read as one"),
        (noise, "cannot be read as one"),
        (playlist, "is a list of other files"),
        (parts, "is a list of other files"),
        pytest.param(
            lambda path: os.mkfifo(path),
            "got a pipe",
            marks=pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a Unix system"),
        ),
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "is a folder"),
    ],
    ids=["empty", "text", "noise", "playlist", "parts", "pipe", "missing", "folder"],
)
def test_what_is_no_video_is_refused_in_a_sentence(tmp_path, write, message):
    path = tmp_path / "dance.mp4"
    write(path)
    with pytest.raises((ValueError, OSError), match=message):
        probe(path)


def test_a_cut_off_mp4_is_refused_in_a_sentence(make_video):
    path = make_video(n=50)
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(ValueError, match="cannot be read as one"):
        probe(path)


def test_a_video_damaged_within_gives_what_can_be_decoded(make_video):
    path = make_video("dance.avi", n=50, codec="mpeg4")
    content = bytearray(path.read_bytes())
    start = len(content) // 2
    content[start : start + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(content)
    import warnings

    with warnings.catch_warnings():
        # How many packets are beyond repair is FFmpeg's to say.
        warnings.filterwarnings("ignore", message=".*damaged and left out")
        found = frames(path)
    assert 10 < len(found) <= 50


def test_sound_alone_is_no_video(tmp_path, sine):
    import soundfile

    soundfile.write(tmp_path / "music.wav", sine, 22050)
    with pytest.raises(ValueError, match="holds only: audio"):
        probe(tmp_path / "music.wav")


def test_a_silent_video_has_no_sound_to_read(make_video):
    with pytest.raises(ValueError, match=r"expected a sound track in .* holds only: video"):
        read_sound(make_video())
