"""Videos written: picture and sound of equal length, or nothing at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_asdf import Motion
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.video import add_music, probe, read_sound, write_stick_figure
from sklearn_asdf.video._figure import StickFigure
from sklearn_asdf.video._writer import _decoding_times

from .test_reader import frames

av = pytest.importorskip("av")


def lengths(path):
    with av.open(str(path)) as container:
        return {s.type: float(s.duration * s.time_base) for s in container.streams}


def packets(path):
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(container.streams.video[0]) if p.size]


@pytest.fixture(scope="module")
def dance():
    return make_dance_music(n_clips=1, clip_duration=2.0, random_state=0).poses


@pytest.mark.parametrize("seconds", [0.4, 3.0], ids=["shorter", "longer"])
def test_music_gets_the_length_of_the_picture(make_video, sine, tmp_path, seconds):
    music = np.resize(sine, round(seconds * 22050))
    add_music(make_video(n=40), music, tmp_path / "out.mp4")
    found = lengths(tmp_path / "out.mp4")
    assert found["video"] == pytest.approx(1.6, abs=0.01)
    assert found["audio"] == pytest.approx(1.6, abs=0.01)
    sound = read_sound(tmp_path / "out.mp4")
    assert np.abs(sound[: round(0.3 * 22050)]).max() > 0.4
    if seconds < 1:
        assert np.abs(sound[round(0.6 * 22050) :]).max() < 0.01


def test_common_pictures_are_copied_bit_by_bit_and_old_sound_is_left_out(
    make_video, sine, tmp_path
):
    source = make_video(n=30, audio=sine)
    add_music(source, 0 * sine, tmp_path / "out.mp4")
    assert packets(tmp_path / "out.mp4") == packets(source)
    assert np.abs(read_sound(tmp_path / "out.mp4")).max() < 1e-3


def test_uncommon_pictures_are_coded_anew(make_video, sine, tmp_path):
    source = make_video("old.avi", n=30, codec="mpeg4")
    add_music(source, sine, tmp_path / "out.mp4")
    info = probe(tmp_path / "out.mp4")
    assert (info.codec, info.width, info.height) == ("h264", 64, 48)
    before, after = frames(source), frames(tmp_path / "out.mp4")
    np.testing.assert_allclose([t for t, *_ in after], [t for t, *_ in before], atol=1e-3)
    apart = np.asarray(after[-1][1], float) - np.asarray(before[-1][1], float)
    assert np.abs(apart).mean() < 12


def test_variable_frame_rates_and_turned_pictures_stay_so(make_video, sine, tmp_path):
    times = np.cumsum([0, 0.02, 0.08, 0.033, 0.2, 0.04])
    source = make_video(n=6, times=times, turned=90)
    add_music(source, sine, tmp_path / "out.mp4")
    found = frames(tmp_path / "out.mp4")
    np.testing.assert_allclose([t for t, *_ in found], times, atol=2e-3)
    assert found[0][1].size == (48, 64)


def bars(n, width=128):
    """Pictures of a bar that grows: each tells its number."""
    pictures = np.full((n, 48, width, 3), 16, np.uint8)
    for i, picture in enumerate(pictures):
        picture[:, : 4 + 2 * i] = 235
    return pictures


def numbers(path):
    """Number and time of each picture of a video of bars."""
    found = [
        (round(((np.asarray(picture)[24, :, 0] > 125).sum() - 4) / 2), time)
        for time, picture, _ in frames(path)
    ]
    return [number for number, _ in found], [time for _, time in found]


@pytest.mark.parametrize("out", ["out.mp4", "out.mov", "out.mkv"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mkv", {"codec": "libx264", "options": {"bf": "3", "g": "20"}}),
        ("a.mkv", {"codec": "libx264", "options": {"bf": "8", "b-pyramid": "strict", "g": "60"}}),
        ("a.mp4", {"codec": "libx264", "options": {"bf": "3", "g": "20"}}),
        ("a.ts", {"codec": "libx264", "options": {"bf": "3", "g": "20"}}),
        ("a.h264", {"codec": "libx264", "options": {"bf": "2", "g": "20"}}),
        ("a.mkv", {"codec": "libx264", "options": {"bf": "0"}}),
        ("a.webm", {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}}),
        ("a.webm", {"codec": "libvpx"}),
        ("a.avi", {"codec": "mpeg4", "options": {"bf": "2"}}),
    ],
    ids=["mkv", "mkv-pyramid", "mp4", "ts", "raw", "no-b-frames", "vp9", "vp8", "avi-mpeg4"],
)
def test_every_picture_is_kept_at_its_time(make_video, sine, tmp_path, name, options, out):
    source = make_video(name, pictures=bars(50), fps=25, **options)
    add_music(source, sine, tmp_path / out)
    which, times = numbers(tmp_path / out)
    assert which == list(range(50))
    np.testing.assert_allclose(times, np.arange(50) / 25, atol=0.0021)
    assert probe(tmp_path / out).duration == pytest.approx(2.0, abs=0.003)


@pytest.mark.parametrize("out", ["out.mp4", "out.mkv"])
def test_variable_times_with_b_frames_stay_so(make_video, sine, tmp_path, out):
    gaps = np.random.default_rng(0).choice([0.02, 0.033, 0.05, 0.3], 49)
    times = np.r_[0, np.cumsum(gaps)]
    source = make_video("a.mkv", pictures=bars(50), times=3 + times, options={"bf": "3"})
    add_music(source, sine, tmp_path / out)
    which, found = numbers(tmp_path / out)
    assert which == list(range(50))
    np.testing.assert_allclose(found, times, atol=0.0021)


def test_what_an_edit_list_cuts_off_stays_cut_off(make_video, sine, tmp_path):
    """A phone trims the beginning of a video without coding it anew."""
    source = make_video("a.mp4", pictures=bars(50), times=np.arange(50) / 25 - 0.4)
    which, times = numbers(source)
    assert which == list(range(10, 50))
    add_music(source, sine, tmp_path / "out.mp4")
    assert numbers(tmp_path / "out.mp4")[0] == which
    np.testing.assert_allclose(numbers(tmp_path / "out.mp4")[1], times, atol=0.002)
    assert lengths(tmp_path / "out.mp4")["audio"] == pytest.approx(1.6, abs=0.01)


@given(st.permutations(range(30)), st.sampled_from([1, 7]))
def test_packets_are_decoded_in_turn_and_before_they_are_shown(order, step):
    stamps = np.array(order) * step // 2
    decoding = _decoding_times(stamps)
    assert (np.diff(decoding) > 0).all()
    assert (decoding <= stamps).all()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("out", ["out.mp4", "out.mkv"])
def test_copies_are_turned_and_mirrored_as_the_original(
    make_video, sine, tmp_path, turned, mirrored, out
):
    source = make_video(turned=turned, mirrored=mirrored)
    add_music(source, sine, tmp_path / out)
    before, after = (np.asarray(frames(p)[0][1]) for p in (source, tmp_path / out))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("out", ["out.mp4", "out.mov", "out.mkv"])
@pytest.mark.parametrize("sr", [8000, 10_000, 22050, 44100, 96_000])
def test_music_of_any_rate_is_in_step(make_video, tmp_path, sr, out):
    music = np.zeros(2 * sr)
    at = sr // 2 + np.arange(sr // 100)
    music[at] = 0.8 * np.sin(2 * np.pi * 1000 * at / sr)
    add_music(make_video(n=50), music, tmp_path / out, sr=sr)
    heard = np.flatnonzero(np.abs(read_sound(tmp_path / out)) > 0.3) / 22050
    assert heard[0] == pytest.approx(0.5, abs=0.004)


def test_loud_music_is_not_flattened(make_video, tmp_path):
    time = np.arange(3 * 22050) / 22050
    add_music(make_video(n=75), 1.6 * np.sin(2 * np.pi * 440 * time), tmp_path / "out.mp4")
    y = read_sound(tmp_path / "out.mp4")[22050:44100] * np.hanning(22050)
    spectrum = np.abs(np.fft.rfft(y))
    assert 2 * spectrum[440] / np.hanning(22050).sum() == pytest.approx(0.891, rel=0.02)
    assert spectrum[1310:1330].max() / spectrum[440] < 1e-3


def test_a_full_disk_is_a_sentence_and_leaves_nothing_behind(make_video, sine, tmp_path):
    resource = pytest.importorskip("resource")
    source = make_video(n=75, pictures=np.random.default_rng(0).integers(
        0, 255, (30, 96, 128, 3), dtype=np.uint8))  # fmt: skip
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"could not write .*out\.mp4.*make room"):
            add_music(source, sine, tmp_path / "out.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [p.name for p in tmp_path.iterdir()] == [source.name]


def test_stick_figures_have_the_length_of_the_dance_and_its_music(dance, sine, tmp_path):
    write_stick_figure(dance, tmp_path / "out.mp4", audio=sine, size=(160, 120))
    found = lengths(tmp_path / "out.mp4")
    assert found["video"] == pytest.approx(2.0, abs=0.01)
    assert found["audio"] == pytest.approx(2.0, abs=0.01)
    assert len(frames(tmp_path / "out.mp4")) == 60


def test_a_stick_figure_moves_stands_upright_and_has_two_sides(dance):
    figure = StickFigure(dance, size=(160, 120))
    first, later = (np.asarray(figure.draw(i)).astype(int) for i in (0, 30))
    assert (first != later).any()
    nose = figure.pixels[0, 0, dance.skeleton.joints.index("nose")]
    ankle = figure.pixels[0, 0, dance.skeleton.joints.index("left_ankle")]
    assert nose[1] < ankle[1]
    orange = (first[..., 0] > 200) & (first[..., 2] < 120)
    blue = (first[..., 2] > 200) & (first[..., 0] < 150)
    assert orange.any()
    assert blue.any()


def test_unseen_joints_are_not_drawn(dance):
    position = np.array(dance.position)
    position[:, 30:] = np.nan
    position[:, 20:30, dance.skeleton.indices(["left_wrist", "right_wrist"])] = np.nan
    figure = StickFigure(Motion(position, fps=30, skeleton="coco17"), size=(160, 120))
    seen, without_hands, unseen = (np.asarray(figure.draw(i)) for i in (19, 20, 40))
    background = unseen[0, 0]
    assert (unseen == background).all()
    n_drawn = [(picture != background).any(axis=-1).sum() for picture in (seen, without_hands)]
    assert 0 < n_drawn[1] < 0.97 * n_drawn[0]


@pytest.mark.parametrize(
    ("audio", "name", "message"),
    [
        (
            np.zeros((2, 100)),
            "out.mp4",
            r"of shape \(n_samples,\), got float64 of shape \(2, 100\)",
        ),
        (np.full(100, np.nan), "out.mp4", "got NaN or infinity"),
        (np.zeros(100, np.int16), "out.mp4", "got int16"),
        (np.zeros(100), "out.avi", "expected a path that ends in .mp4, .mov, .mkv"),
        (np.zeros(100), "nowhere/out.mp4", "there is no"),
    ],
    ids=["stereo", "nan", "integers", "suffix", "folder"],
)
def test_bad_input_is_refused_before_work(make_video, tmp_path, audio, name, message):
    source = make_video()
    with pytest.raises(ValueError, match=message):
        add_music(source, audio, tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["dance.mp4"]


def test_nothing_is_left_behind_where_writing_fails(make_video, sine, tmp_path, monkeypatch):
    from sklearn_asdf.video import _writer

    source = make_video(n=30)

    def fail(*_, **__):
        raise OSError("disk full")
        yield

    monkeypatch.setattr(_writer, "_sound", fail)
    (tmp_path / "out.mp4").write_bytes(b"before")
    with pytest.raises(OSError, match="disk full"):
        add_music(source, sine, tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dance.mp4", "out.mp4"]


@pytest.mark.slow
@pytest.mark.real_data
def test_the_filmed_dancer_gets_music(data_dir, tmp_path):
    film = data_dir / "dancer_video" / "dancer.avi"
    music = read_sound(film)[: 20 * 22050]
    add_music(film, music, tmp_path / "out.mp4")
    found = lengths(tmp_path / "out.mp4")
    assert found["video"] == pytest.approx(62.88, abs=0.01)
    assert found["audio"] == pytest.approx(found["video"], abs=0.01)


def test_a_camera_that_follows_keeps_a_traveler_large_and_in_the_middle():
    position = np.array(make_dance_music(1, clip_duration=8.0, random_state=0).poses.position)
    position[..., 0] += 12.0 * np.arange(240)[:, None]
    position[0, 50:60] = np.nan
    dance = Motion(position, fps=30, skeleton="coco17")
    fixed, following = (StickFigure(dance, size=(200, 200), follow=f) for f in (False, True))
    middle = following.pixels[0, 60:-15, :, 0].mean(axis=1)
    assert np.abs(middle - 100).max() < 40
    tall = [np.ptp(f.pixels[0, 60:, :, 1], axis=1).max() for f in (fixed, following)]
    assert tall[1] > 3 * tall[0]
    assert np.isnan(following.pixels[0, 50:60]).all()
