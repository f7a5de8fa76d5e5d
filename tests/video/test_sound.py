"""The sound of videos: at its times, of all channels, and as it was recorded."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import soundfile

from sklearn_asdf.music.clips import load_audio
from sklearn_asdf.video import read_sound
from sklearn_asdf.video._sound import _Block, _place

SR = 48000


def clicks(*times, seconds=8.0, sr=SR):
    y = np.zeros(round(seconds * sr), np.float32)
    for time in times:
        at = round(time * sr)
        y[at : at + sr // 100] = 0.8 * np.sin(2 * np.pi * 1000 * np.arange(sr // 100) / sr)
    return y


def heard(y, sr=22050):
    """When clicks begin, in s."""
    loud = np.flatnonzero(np.abs(y) > 0.2) / sr
    return loud[np.diff(loud, prepend=-1.0) > 0.1]


CODECS = [("mkv", "pcm_s16le"), ("mkv", "pcm_f32le"), ("mkv", "flac"), ("mkv", "libopus"),
          ("mkv", "aac"), ("mp4", "aac"), ("webm", "libopus")]  # fmt: skip


@pytest.mark.parametrize(("suffix", "codec"), CODECS)
@pytest.mark.parametrize("silent", [(), [(2.0, 4.0)], [(1.5, 1.8), (3.0, 5.5)]], ids=len)
def test_gaps_of_time_stamps_become_silence(make_video, suffix, codec, silent):
    path = make_video(
        f"dance.{suffix}",
        n=40,
        fps=5,
        audio=clicks(1.0, 2.5, 6.0),
        sr=SR,
        audio_codec=codec,
        silent=silent,
        codec="libvpx" if suffix == "webm" else "libx264",
    )
    expected = [t for t in (1.0, 2.5, 6.0) if not any(a <= t < b for a, b in silent)]
    y = read_sound(path)
    assert heard(y) == pytest.approx(expected, abs=0.03)
    assert len(y) / 22050 == pytest.approx(8.0, abs=0.06)
    for first, last in silent:
        inside = y[round((first + 0.1) * 22050) : round((last - 0.1) * 22050)]
        assert np.abs(inside).max() == 0


def test_time_stamps_that_jitter_leave_the_sound_whole(make_video):
    y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4 * SR) / SR)
    n = 4 * SR // 960 + 10
    delays = np.random.default_rng(0).uniform(0, 0.008, n)
    delays[60] = 0.018
    options = {"n": 20, "fps": 5, "audio": y, "sr": SR, "audio_codec": "pcm_s16le"}
    even = read_sound(make_video("even.mkv", **options))
    uneven = read_sound(make_video("uneven.mkv", delays=np.maximum.accumulate(
        np.arange(n) * 1e-9 + delays), **options))  # fmt: skip
    assert len(uneven) == pytest.approx(len(even), abs=0.03 * 22050)
    # No click: a sine has no second difference above that of its own curvature.
    curve = np.abs(np.diff(uneven[400:-1200], 2)).max()
    assert curve < 1.5 * np.abs(np.diff(even[400:-1200], 2)).max()


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_sound_that_begins_later_is_at_its_time(make_video, suffix):
    y = clicks(0.5, 2.0, seconds=3.0)
    path = make_video(f"dance.{suffix}", n=50, fps=10, audio=y, sr=SR, audio_start=1.3)
    assert heard(read_sound(path)) == pytest.approx([1.8, 3.3], abs=0.03)


def test_sound_from_before_the_first_picture_is_cut_off(make_video):
    path = make_video(
        "dance.mkv",
        n=20,
        times=1.5 + np.arange(20) / 10,
        audio=clicks(1.0, 2.0, seconds=3.0),
        sr=SR,
        audio_codec="pcm_s16le",
    )
    assert heard(read_sound(path)) == pytest.approx([0.5], abs=0.01)
    early = make_video(
        "early.mkv", n=20, times=5 + np.arange(20) / 10, audio=clicks(1.0, seconds=2.0), sr=SR
    )
    with pytest.raises(ValueError, match="ends before the first picture"):
        read_sound(early)


def sine(frequency, amplitude, seconds=2.0, sr=SR):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * sr)) / sr)


def level(y, frequency, sr=22050):
    middle = y[sr // 2 : sr // 2 + sr] * np.hanning(sr)
    return (
        2 * np.abs(np.fft.rfft(middle))[frequency - 3 : frequency + 4].max() / np.hanning(sr).sum()
    )


@pytest.mark.parametrize(("layout", "n"), [("mono", 1), ("stereo", 2), ("5.1", 6), ("7.1", 8)])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f32le", "flac", "libopus"])
def test_channels_are_averaged(make_video, layout, n, codec):
    """Each channel has a tone of its own, which the mean holds at 1 / n."""
    tones = 400 + 300 * np.arange(n)
    audio = np.stack([sine(tone, 0.9) for tone in tones])
    y = read_sound(
        make_video("dance.mkv", n=10, fps=5, audio=audio, sr=SR, audio_codec=codec, layout=layout)
    )
    for tone in tones:
        assert level(y, tone) == pytest.approx(0.9 / n, rel=0.01)
    alike = np.tile(sine(440, 0.95), (n, 1))
    y = read_sound(
        make_video("alike.mkv", n=10, fps=5, audio=alike, sr=SR, audio_codec=codec, layout=layout)
    )
    assert level(y, 440) == pytest.approx(0.95, rel=0.01)
    assert level(y, 1320) < 1e-3
    # Opus of some versions ripples a little more.
    assert np.abs(y[2000:-2000]).max() < 0.97


def test_channels_that_cancel_are_told_and_the_loudest_is_taken(make_video, tmp_path):
    tone = sine(440, 0.5)
    for name, right in (("opposite", -tone), ("nearly", -0.9 * tone)):
        audio = np.stack([tone, right])
        film = make_video(
            f"{name}.mkv", n=10, fps=5, audio=audio, sr=SR, audio_codec="pcm_s16le", layout="stereo"
        )
        soundfile.write(tmp_path / f"{name}.wav", audio.T, SR)
        for read, path in ((read_sound, film), (load_audio, tmp_path / f"{name}.wav")):
            with pytest.warns(UserWarning, match=rf"{name}.*cancel.*channel 1 alone is taken"):
                y = read(path)
            assert level(y, 440) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("right", [0.0, 0.5, -0.4, "other"])
def test_channels_that_do_not_cancel_are_averaged_in_silence(tmp_path, right):
    left = sine(440, 0.5)
    other = sine(660, 0.5) if right == "other" else right * left
    soundfile.write(tmp_path / "a.wav", np.stack([left, other], 1), SR, subtype="FLOAT")
    y = load_audio(tmp_path / "a.wav", sr=SR)
    np.testing.assert_allclose(y, (left + other) / 2, atol=1e-6)


def test_sound_without_stamps_or_of_another_rate_goes_on():
    tone = sine(440, 0.5, 0.1)
    blocks = [_Block(None if i % 2 else i * 0.1, SR, tone[: SR // 10]) for i in range(6)]
    y, begin = _place([_Block(b.time, b.rate, b.samples.astype(np.float32)) for b in blocks], SR)
    assert begin == 0
    np.testing.assert_allclose(y, np.tile(tone, 6), atol=1e-6)
    slow = np.full(2000, 0.25, np.float32)
    blocks = [_Block(0.0, 20000, slow), _Block(0.1, 10000, slow), _Block(0.3, 20000, slow)]
    y, _ = _place(blocks, 20000)
    assert len(y) == pytest.approx(8000, abs=2)


def test_a_clock_that_is_started_anew_does_not_lose_what_follows():
    blocks = [
        _Block(time, 1000, np.full(100, value, np.float32))
        for start, value in ((10.0, 0.1), (0.0, 0.2), (9e6, 0.3))
        for time in start + 0.1 * np.arange(10)
    ]
    y, begin = _place(blocks, 1000)
    assert begin == 10
    np.testing.assert_allclose(y, np.repeat([0.1, 0.2, 0.3], 1000), atol=1e-6)


def test_overlapping_blocks_are_not_heard_twice():
    blocks = [_Block(0.5 * i, 1000, np.full(700, i, np.float32)) for i in range(6)]
    y, _ = _place(blocks, 1000)
    assert len(y) == pytest.approx(3200, abs=1)


def test_a_damaged_packet_of_sound_keeps_all_others_in_their_place(make_video):
    path = make_video("dance.mkv", n=40, fps=5, audio=clicks(1.0, 6.0), sr=SR, audio_codec="flac")
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\xf8", len(content) // 2)
    content[at : at + 40] = bytes(40)
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*damaged and left out")
        assert heard(read_sound(path)) == pytest.approx([1.0, 6.0], abs=0.03)
