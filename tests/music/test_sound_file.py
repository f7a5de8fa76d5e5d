"""Sound files: of all kinds read, and written whole, loud and unbent."""

from __future__ import annotations

import importlib.util
import io
import struct
import warnings
import wave
from fractions import Fraction

import numpy as np
import pytest

from sklearn_asdf.music.clips import AudioClips, load_audio
from sklearn_asdf.music.sound_file import (
    SUFFIXES,
    flac_bytes,
    open_wav,
    prepare_for_export,
    to_pcm,
    write_recording,
    write_sound,
)

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("soxr")

SR = 22050


def click(sr, *, seconds=2.0, at=1.234, amplitude=0.5):
    time = np.arange(round(seconds * sr)) / sr - at
    return amplitude * np.exp(-((time / 0.004) ** 2)) * np.cos(2 * np.pi * 440 * time)


def place(y, sr=SR):
    """Where the energy of a click is, in s."""
    energy = np.convolve(y.astype(float) ** 2, np.ones(201), "same") ** 4
    return (np.arange(len(y)) * energy).sum() / energy.sum() / sr


def tone(amplitude, *, frequency=440, seconds=2.0, sr=SR):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * sr)) / sr)


def amplitude(y, frequency=440):
    middle = y[SR // 2 : SR // 2 + SR] * np.hanning(SR)
    lines = np.abs(np.fft.rfft(middle))[frequency - 3 : frequency + 4]
    return 2 * lines.max() / np.hanning(SR).sum()


@pytest.mark.parametrize("sr", [8000, 11025, 44100, 96000, 192_000])
@pytest.mark.parametrize("kind", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_wav_of_any_depth_and_rate(tmp_path, sr, kind):
    soundfile.write(tmp_path / "a.wav", click(sr), sr, subtype=kind)
    y = load_audio(tmp_path / "a.wav")
    assert y.dtype == np.float32
    assert place(y) == pytest.approx(1.234, abs=0.001)
    assert np.abs(y).max() == pytest.approx(0.5, abs=0.01)
    assert len(y) == 2 * SR


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"format": "WAVEX", "subtype": "PCM_24"}),
        ("a.wav", {"format": "RF64"}),
        ("a.w64", {"format": "W64"}),
        ("a.aiff", {"subtype": "PCM_24"}),
        ("a.caf", {}),
        ("a.au", {}),
        ("a.wav", {"subtype": "ULAW"}),
        ("a.wav", {"subtype": "IMA_ADPCM"}),
        ("a.flac", {"subtype": "PCM_24"}),
        ("a.ogg", {}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.mp3", {}),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else value,
)
def test_containers_and_codecs(tmp_path, name, options):
    sr = 48000
    soundfile.write(tmp_path / name, click(sr), sr, **options)
    y = load_audio(tmp_path / name)
    assert place(y) == pytest.approx(1.234, abs=0.001)
    assert np.abs(y).max() == pytest.approx(0.5, abs=0.03)
    assert len(y) / SR == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("n", [1, 2, 6, 8, 16])
def test_the_mean_of_channels_never_exceeds_them(tmp_path, n):
    channels = np.stack([tone(1.0, seconds=1)] * n, axis=1)
    soundfile.write(tmp_path / "a.wav", channels, SR, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav"), channels[:, 0], atol=1e-6)
    apart = np.random.default_rng(0).uniform(-1, 1, (SR, n))
    soundfile.write(tmp_path / "a.wav", apart, SR, subtype="FLOAT")
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav"), apart.mean(axis=1), atol=1e-6)


def test_floats_beyond_full_scale_are_kept_and_nan_is_refused(tmp_path):
    soundfile.write(tmp_path / "loud.wav", 3 * click(SR), SR, subtype="FLOAT")
    assert np.abs(load_audio(tmp_path / "loud.wav")).max() == pytest.approx(1.5, abs=0.01)
    for bad in (np.nan, np.inf):
        y = click(SR)
        y[SR // 2] = bad
        soundfile.write(tmp_path / "bad.wav", y, SR, subtype="FLOAT")
        with pytest.raises(ValueError, match=r"bad\.wav', got NaN or infinity in 1 .* at 0\.500 s"):
            load_audio(tmp_path / "bad.wav")
        with pytest.raises(ValueError, match=r"bad\.wav"):
            AudioClips.from_recordings([tmp_path / "bad.wav"], clip_duration=1)


def test_wav_headers_of_streams_and_odd_chunks(tmp_path):
    buffer = io.BytesIO()
    soundfile.write(buffer, click(SR), SR, format="WAV", subtype="PCM_16")
    content = bytearray(buffer.getvalue())
    data = content.index(b"data") + 4
    (tmp_path / "odd.wav").write_bytes(bytes(content) + b"LIST" + struct.pack("<I", 5) + b"INFOx")
    content[4:8] = content[data : data + 4] = b"\xff" * 4
    (tmp_path / "stream.wav").write_bytes(bytes(content))
    for name in ("odd.wav", "stream.wav"):
        y = load_audio(tmp_path / name)
        assert (place(y), len(y)) == (pytest.approx(1.234, abs=0.001), 2 * SR)


def write_with_av(path, codec, y, sr, *, options=None, format=None):
    av = pytest.importorskip("av")
    with av.open(str(path), "w", format=format, options=options or {}) as out:
        stream = out.add_stream(codec, rate=sr, layout="mono")
        stream.bit_rate = 96_000
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout="mono", rate=sr,
            frame_size=stream.codec_context.frame_size or 1024,
        )  # fmt: skip
        frame = av.AudioFrame.from_ndarray(
            np.asarray(y, np.float32)[None], format="flt", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = sr, 0, Fraction(1, sr)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.m4a", "aac", {}),
        ("a.m4a", "alac", {}),
        ("a.aac", "aac", {}),
        ("a.wma", "wmav2", {}),
        ("a.mka", "libopus", {}),
        ("a.mp3", "libmp3lame", {"write_xing": "0"}),
    ],
    ids=["aac", "alac", "adts", "wma", "mka", "mp3-without-length"],
)
def test_what_only_ffmpeg_reads(tmp_path, name, codec, options):
    format = "mp4" if name.endswith("m4a") else None
    write_with_av(tmp_path / name, codec, click(48000), 48000, options=options, format=format)
    y = load_audio(tmp_path / name)
    # Without a header nobody knows the delay of the encoder.
    unknown = name in ("a.aac", "a.wma") or codec == "libmp3lame"
    assert place(y) == pytest.approx(1.234, abs=0.06 if unknown else 0.001)
    assert len(y) / SR == pytest.approx(2.0, abs=0.12)


def test_flac_from_a_pipe_is_read(tmp_path):
    write_with_av(tmp_path / "a.flac", "flac", click(48000), 48000)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    # The number of samples, 36 bits of the first block: 0 is unknown.
    content[8 + 13] &= 0xF0
    content[8 + 14 : 8 + 18] = bytes(4)
    (tmp_path / "a.flac").write_bytes(bytes(content))
    y = load_audio(tmp_path / "a.flac")
    assert (place(y), len(y)) == (pytest.approx(1.234, abs=0.001), pytest.approx(2 * SR, abs=2))


def test_mp3_of_variable_rate_without_its_length_is_read_to_its_end(tmp_path):
    """libsndfile reads a fraction of it, and says nothing."""
    y = np.concatenate([tone(0.5, seconds=1), np.zeros(4 * SR), tone(0.5, seconds=1)])
    y[SR : 5 * SR] = 0.3 * np.random.default_rng(0).normal(size=4 * SR)
    write_with_av(tmp_path / "a.mp3", "libmp3lame", y, SR, options={"write_xing": "0"})
    assert len(load_audio(tmp_path / "a.mp3")) / SR == pytest.approx(6, abs=0.12)


def test_without_av_what_to_install_is_told(tmp_path, monkeypatch):
    write_with_av(tmp_path / "a.m4a", "aac", click(48000), 48000, format="mp4")
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "av" else find(name, *a)
    )
    with pytest.raises(ValueError, match=r"a\.m4a' could not be read.*sklearn-asdf\[video\]"):
        load_audio(tmp_path / "a.m4a")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.wav", b"", "could not be read"),
        ("a.wav", b"RIFF\x24\0\0\0WAVE", "could not be read"),
        ("a.mp3", b"ID3" + bytes(500), "could not be read"),
        ("a.ogg", b"OggS" + bytes(100), "could not be read"),
        ("a.flac", b"fLaC" + bytes(60), "could not be read"),
        ("a.m4a", bytes(200), "could not be read"),
        ("a.wav", b"nothing but text\n" * 20, "could not be read"),
    ],
)
def test_what_is_no_sound_is_refused_in_one_sentence(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        load_audio(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_cut_short_empty_or_folders_are_refused(tmp_path):
    write_with_av(tmp_path / "a.m4a", "aac", tone(0.5, seconds=4, sr=44100), 44100, format="mp4",
                  options={"movflags": "faststart"})  # fmt: skip
    whole = (tmp_path / "a.m4a").read_bytes()
    (tmp_path / "a.m4a").write_bytes(whole[: len(whole) // 2])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*damaged and left out")
        with pytest.raises(ValueError, match=r"a\.m4a' is cut short"):
            load_audio(tmp_path / "a.m4a")
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 2)), SR)
    with pytest.raises(ValueError, match=r"empty\.wav' has none"):
        load_audio(tmp_path / "empty.wav")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        load_audio(tmp_path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("loudness", [0.5, 1.0, 1.6])
def test_written_sound_is_a_sine_where_a_sine_was_given(tmp_path, suffix, loudness):
    path = tmp_path / f"a{suffix}"
    write_sound(path, tone(loudness), sr=SR)
    y, rate = soundfile.read(path)
    assert rate == SR
    assert amplitude(y) == pytest.approx(min(loudness, 0.891), rel=0.02)
    assert amplitude(y, 1320) / amplitude(y) < 1e-3
    assert np.abs(y).max() < 0.999


def test_ends_are_faded_and_the_sound_between_is_left(tmp_path):
    y = np.full(SR, 0.5)
    out = prepare_for_export(y, sr=SR)
    assert out[0] == out[-1] == 0
    np.testing.assert_array_equal(out[200:-200], y[200:-200])
    assert y[0] == 0.5
    assert len(prepare_for_export(np.zeros(1), sr=SR)) == 1


def test_recordings_are_kept_sample_by_sample(tmp_path):
    y = np.random.default_rng(0).normal(size=SR).astype(np.float32)
    write_recording(tmp_path / "a.wav", y, sr=SR)
    np.testing.assert_array_equal(load_audio(tmp_path / "a.wav", sr=SR), y)


def test_flac_in_memory():
    y, rate = soundfile.read(io.BytesIO(flac_bytes(tone(2.0), sr=SR)))
    assert rate == SR
    assert np.abs(y).max() == pytest.approx(0.891, abs=0.002)


def test_sound_written_as_it_comes(tmp_path):
    with open_wav(tmp_path / "a.wav", sr=SR) as out:
        for part in np.split(tone(0.5), 4):
            out.writeframesraw(to_pcm(part).tobytes())
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SR, 1, 2)
    np.testing.assert_allclose(load_audio(tmp_path / "a.wav"), tone(0.5), atol=1e-4)
    assert to_pcm(np.array([-2.0, 0, 1.0])).tolist() == [-32767, 0, 32767]


@pytest.mark.parametrize("write", ["sound", "recording", "stream"])
def test_full_disks_and_missing_folders_are_one_sentence(tmp_path, write):
    resource = pytest.importorskip("resource")

    def attempt(path):
        if write == "sound":
            write_sound(path, tone(0.5), sr=SR)
        elif write == "recording":
            write_recording(path, tone(0.5), sr=SR)
        else:
            with open_wav(path, sr=SR) as out:
                for _ in range(50):
                    out.writeframesraw(to_pcm(tone(0.5, seconds=0.1)).tobytes())

    with pytest.raises(ValueError, match=r"expected a folder that can be written, got .*nowhere"):
        attempt(tmp_path / "nowhere" / "a.wav")
    (tmp_path / "a.wav").write_bytes(b"before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"could not write .*a\.wav.*make room") as caught:
            attempt(tmp_path / "a.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"before"
