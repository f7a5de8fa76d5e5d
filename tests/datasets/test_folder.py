"""Pose and sound files, paired by name and cut on one clock."""

from __future__ import annotations

import json
import unicodedata
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_asdf import Motion
from sklearn_asdf.datasets import load_folder
from sklearn_asdf.io import write_poses

soundfile = pytest.importorskip("soundfile")
pytest.importorskip("soxr")

SR = 8000
CLOCK = {"clip_duration": 2, "hop_duration": 0.5, "fps": 20, "sr": SR}


def curve(time):
    """Where every joint is at a time: smooth, and different for each joint and axis."""
    phase = np.arange(34).reshape(17, 2)
    return 100 + np.sin(np.multiply.outer(time, np.ones((17, 2))) * 3 + phase)


def write_take(folder, name, *, duration=6.0, fps=25.0, start=0.0, sound=None, change=None):
    time = start + np.arange(round(duration * fps)) / fps
    position = curve(time)
    if change is not None:
        change(position)
    write_poses(Motion(position[None], fps=fps, skeleton="coco17"), folder / f"{name}.npz")
    n = round((duration if sound is None else sound) * SR)
    # Each sample says when it is.
    soundfile.write(folder / f"{name}.wav", np.arange(n) / (100 * SR), SR, subtype="FLOAT")


def test_both_are_cut_on_one_clock(tmp_path):
    write_take(tmp_path, "a")
    write_take(tmp_path, "b", fps=60, duration=3.6)
    data = load_folder(tmp_path, **CLOCK)
    assert data.poses.shape == (9 + 4, 40, 17, 2)
    assert data.poses.fps == 20
    assert data.poses.skeleton.name == "coco17"
    assert data.poses.dtype == np.float32
    assert data.audio.shape == (13, 2 * SR)
    assert_array_equal(data.groups, [0] * 9 + [1] * 4)
    assert_array_equal(data.audio.groups, data.groups)
    assert_array_equal(data.names, ["a", "b"])
    assert_allclose(data.starts, [*np.arange(9) / 2, *np.arange(4) / 2])
    assert data.n_discarded == 0
    for clip in range(13):
        time = data.starts[clip] + np.arange(40) / 20
        # Ends of a take have nothing to interpolate towards.
        inside = time < (6 - 1 / 25 if clip < 9 else 3.4)
        assert_allclose(data.poses.position[clip][inside], curve(time)[inside], atol=0.02)
        assert_allclose(data.audio[clip][0] * 100, data.starts[clip], atol=1e-4)
    assert "2 take(s)" in data.DESCR
    assert "13 clips of 2 s every 0.5 s" in data.DESCR


def test_names_in_two_forms_of_unicode_are_one_name(tmp_path):
    write_take(tmp_path, "plain")
    write_take(tmp_path, unicodedata.normalize("NFC", "répétition"))
    pose = tmp_path / unicodedata.normalize("NFC", "répétition.npz")
    pose.rename(tmp_path / unicodedata.normalize("NFD", "répétition.npz"))
    (tmp_path / "._plain.npz").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "plain.json").write_text("{}")
    assert load_folder(tmp_path, **CLOCK).names.tolist() == ["plain", "r\u00e9p\u00e9tition"]


def test_two_folders_subfolders_and_one_folder_are_the_same(tmp_path):
    for name in ("mixed", "two/poses", "two/audio"):
        (tmp_path / name).mkdir(parents=True)
    write_take(tmp_path / "mixed", "dance.one")
    for file in (tmp_path / "mixed").iterdir():
        kind = "audio" if file.suffix == ".wav" else "poses"
        (tmp_path / "two" / kind / file.name).write_bytes(file.read_bytes())
    one = load_folder(tmp_path / "mixed", **CLOCK)
    for other in (
        load_folder(tmp_path / "two", **CLOCK),
        load_folder(poses=tmp_path / "two/poses", audio=str(tmp_path / "two/audio"), **CLOCK),
    ):
        assert_array_equal(other.poses.position, one.poses.position)
        assert_array_equal(np.asarray(other.audio), np.asarray(one.audio))
        assert_array_equal(other.names, ["dance.one"])


def test_a_take_ends_where_the_shorter_of_the_two_does(tmp_path):
    write_take(tmp_path, "a", duration=4, sound=3.2)
    write_take(tmp_path, "b", duration=3.2, sound=9)
    with pytest.warns(UserWarning, match="differ in length"):
        data = load_folder(tmp_path, **CLOCK)
    assert_array_equal(np.bincount(data.groups), [3, 3])


@pytest.mark.parametrize(
    ("poses", "sound", "told"),
    [
        (6.0, 6.0, None),
        (6.0, 6.28, None),
        (6.0, 5.72, None),
        (6.0, 6.4, "'a' has 6 s of poses and 6.4 s of sound (the same at 23.4 fps)"),
        (24.0, 6.0, "'a' has 24 s of poses and 6 s of sound (the same at 100 fps)"),
        (6.0, 24.0, "'a' has 6 s of poses and 24 s of sound (the same at 6.25 fps)"),
    ],
)
def test_dance_and_music_of_different_length_are_told(tmp_path, poses, sound, told):
    write_take(tmp_path, "a", duration=poses, sound=sound)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_folder(tmp_path, **CLOCK)
    assert len(caught) == (told is not None)
    if told is not None:
        assert told in str(caught[0].message)


def test_takes_of_wrong_length_are_told_in_one_warning(tmp_path):
    for i in range(10):
        write_take(tmp_path, f"take{i}", duration=4, sound=3)
    with pytest.warns(UserWarning, match=r"'take0' has .* 'take7' has .* and 2 more") as caught:
        load_folder(tmp_path, **CLOCK)
    assert len(caught) == 1


def test_an_assumed_rate_is_told_beside_the_lengths(tmp_path):
    np.savez(tmp_path / "a.npz", keypoints=curve(np.arange(600) / 60))
    soundfile.write(tmp_path / "a.wav", np.full(10 * SR, 0.1), SR)
    with (
        pytest.warns(UserWarning, match="30 fps are assumed"),
        pytest.warns(UserWarning, match=r"20 s of poses and 10 s of sound \(the same at 60 fps\)"),
    ):
        load_folder(tmp_path, **CLOCK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_folder(tmp_path, **CLOCK, pose_fps=60)


def test_another_rate_than_the_files_own_is_told(tmp_path):
    for name in "ab":
        write_take(tmp_path, name, duration=6.0, sound=6.0)
    with pytest.warns(UserWarning, match=r"pose_fps=26 .*: 'a.npz' \(25\), 'b.npz' \(25\)$"):
        load_folder(tmp_path, **CLOCK, pose_fps=26)


def test_music_in_m4a_is_found(tmp_path):
    av = pytest.importorskip("av")
    write_take(tmp_path, "a")
    music = 0.5 * np.sin(2 * np.pi * 440 * np.arange(6 * 44100) / 44100).astype(np.float32)
    with av.open(str(tmp_path / "a.m4a"), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(music[None], format="fltp", layout="mono")
        frame.sample_rate = 44100
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    (tmp_path / "a.wav").unlink()
    data = load_folder(tmp_path, **CLOCK)
    spectrum = np.abs(np.fft.rfft(data.audio[1]))
    assert spectrum.argmax() / 2 == 440


def test_poses_on_the_clock_of_their_sound(tmp_path):
    """Dance with Melody's frames begin before or after the sound does."""
    for name, offset in [("early", -0.75), ("late", 0.5)]:
        beat, per_beat = 0.5, 6.0
        time = np.arange(72) * beat / per_beat + offset
        body = np.repeat(curve(time)[:, :1], 23, axis=1).repeat(2, axis=2)[..., :3]
        np.savez(
            tmp_path / f"{name}.npz", skeletons=body, center=np.zeros((72, 3)),
            frames_per_beat=per_beat, seconds_per_beat_audio=beat, first_beat_offset_s=offset,
        )  # fmt: skip
        soundfile.write(tmp_path / f"{name}.wav", np.full(7 * SR, 0.1), SR)
    with pytest.warns(UserWarning, match="'early' has 5.25 s of poses and 7 s of sound"):
        data = load_folder(tmp_path, **CLOCK)
    # 6 s of poses end at 5.25 and at 6.5 s.
    assert_array_equal(np.bincount(data.groups), [7, 10])
    for clip in (0, 1, 4, 7, 9, 13):
        time = data.starts[clip] + np.arange(40) / 20
        known = time >= (0.5 if clip >= 7 else 0)
        assert_allclose(data.poses.position[clip][known, 0, 0], curve(time)[known, 0, 0], atol=0.02)
    # Before the first frame, its pose is held.
    assert np.ptp(data.poses.position[7, :10], axis=0).max() < 1e-4


def test_a_take_whose_numbers_begin_later_keeps_its_place(tmp_path):
    frames = [
        {"image_id": f"{n}.jpg", "keypoints": [1.0 * n, 5, 1] * 17, "score": 1}
        for n in range(60, 200)
    ]
    (tmp_path / "a.json").write_text(json.dumps(frames))
    soundfile.write(tmp_path / "a.wav", np.full(10 * SR, 0.1), SR)
    with pytest.warns(UserWarning, match="8 s of poses and 10 s of sound"):
        data = load_folder(tmp_path, **{**CLOCK, "fps": 25}, pose_fps=25)
    # Frame 60 is at 2.4 s: of the clip from 1.5 s more than half is seen, of that from 1 s less.
    assert data.starts[0] == 1.5
    assert data.n_discarded == 3
    clip = data.poses.position[0, :, 0, 0]
    assert_array_equal(clip, np.maximum(60, 1.5 * 25 + 0.5 + np.arange(50)))


def test_gaps_are_bridged_and_empty_clips_left_out(tmp_path):
    def lose(position):
        position[4:6] = np.nan  # 0.1 s within clip 0
        position[60:120] = np.nan  # seconds 3 to 6
        position[:48, 3] = np.nan  # a joint, seconds 0 to 2.4

    write_take(tmp_path, "a", fps=20, duration=10, change=lose)
    data = load_folder(tmp_path, **{**CLOCK, "hop_duration": 1}, min_seen=0.6)
    # Clips start at 0 .. 8 s; those from 2, 3, 4 and 5 s see at most half of their frames.
    assert_array_equal(data.starts, [0, 1, 6, 7, 8])
    assert data.n_discarded == 4
    position = data.poses.position
    time = np.arange(40) / 20
    seen = np.delete(np.arange(17), 3)
    bridged = position[0][4:6][:, seen]
    line = np.linspace(curve(time[3]), curve(time[6]), 4)[1:3][:, seen]
    assert_allclose(bridged, line, rtol=1e-6)
    # A joint that no frame of a clip saw is not made up, one that a later frame saw is held.
    assert np.isnan(position[0, :, 3]).all()
    held = position[1][time + 1 < 2.4, 3]
    assert_allclose(held, np.broadcast_to(curve(2.4)[3], held.shape), rtol=1e-6)
    assert not np.isnan(position[1:]).any()


def test_min_seen_of_zero_still_wants_somebody(tmp_path):
    def lose(position):
        position[75:] = np.nan

    write_take(tmp_path, "a", fps=25, duration=10, change=lose)
    data = load_folder(tmp_path, **{**CLOCK, "hop_duration": 1}, min_seen=0)
    assert_array_equal(data.starts, [0, 1, 2])
    assert data.n_discarded == 6


def test_openpose_folders_are_takes(tmp_path):
    take = tmp_path / "poses" / "dance"
    take.mkdir(parents=True)
    (tmp_path / "audio").mkdir()
    for i in range(75):
        person = {"pose_keypoints_2d": [1.0 + i, 2, 1] * 25}
        (take / f"dance_{i:012d}_keypoints.json").write_text(json.dumps({"people": [person]}))
    soundfile.write(tmp_path / "audio" / "dance.flac", np.full((5 * SR // 2, 2), 0.1), SR)
    with pytest.warns(UserWarning, match=r"'dance' tell\(s\) no frame rate"):
        data = load_folder(tmp_path, **{**CLOCK, "fps": 30})
    assert data.poses.shape == (2, 60, 25, 2)
    assert_allclose(data.poses.position[1, :, 0, 0], 16 + np.arange(60))


def test_files_without_a_partner_are_told(tmp_path):
    write_take(tmp_path, "a")
    write_take(tmp_path, "b")
    (tmp_path / "b.wav").unlink()
    (tmp_path / "notes.txt").write_text("not a take")
    with pytest.warns(UserWarning, match=r"1 file\(s\) without a partner.*'b\.npz'"):
        data = load_folder(tmp_path, **CLOCK)
    assert_array_equal(data.names, ["a"])
    (tmp_path / "a.wav").rename(tmp_path / "c.wav")
    with pytest.raises(ValueError, match=r"no pair: poses 'a\.npz', 'b\.npz'; sound 'c\.wav'"):
        load_folder(tmp_path, **CLOCK)


def test_short_takes_are_told(tmp_path):
    write_take(tmp_path, "a")
    write_take(tmp_path, "b", duration=1)
    with pytest.warns(UserWarning, match=r"1 take\(s\) shorter than a clip.*'b \(1 s\)'"):
        assert len(load_folder(tmp_path, **CLOCK).poses) == 9
    with pytest.raises(ValueError, match="2 shorter than a clip, and 0 clip"):
        load_folder(tmp_path, **{**CLOCK, "clip_duration": 7})


def test_takes_that_do_not_go_together_are_refused(tmp_path):
    write_take(tmp_path, "a")
    write_take(tmp_path, "b")
    other = Motion(np.ones((1, 90, 17, 3)), skeleton="coco17")
    write_poses(other, tmp_path / "b.npz")
    with pytest.raises(ValueError, match=r"in 2 axes in 'a' and 17 joints \(coco17\) in 3 axes"):
        load_folder(tmp_path, **CLOCK)
    write_poses(Motion(np.ones((1, 90, 17, 2)), skeleton="h36m17"), tmp_path / "b.npz")
    with pytest.raises(ValueError, match=r"\(coco17\) in 2 axes in 'a' and 17 joints \(h36m17\)"):
        load_folder(tmp_path, **CLOCK)
    write_poses(Motion(np.ones((3, 90, 17, 2)), skeleton="coco17"), tmp_path / "b.npz")
    with pytest.raises(ValueError, match=r"whole takes, but .*3 clips"):
        load_folder(tmp_path, **CLOCK)
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(ValueError, match=r"one pose file a take.*'a\.csv' and 'a\.npz'"):
        load_folder(tmp_path, **CLOCK)


def test_all_broken_files_are_told_at_once(tmp_path):
    for name in "abc":
        write_take(tmp_path, name)
    (tmp_path / "a.npz").write_bytes(b"")
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"\(1\) .*a\.npz.*is empty.*\(2\) .*b\.wav"):
        load_folder(tmp_path, **CLOCK)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clip_duration": 0, "fps": -1}, r"\(1\) expected clip_duration above 0.*\(2\) .*fps"),
        ({"hop_duration": "1"}, "hop_duration above 0, got '1'"),
        ({"min_seen": 2}, "min_seen as a share"),
        ({"sr": 22050.5}, "whole number of Hz"),
        ({"clip_duration": 1e-6}, "at least one frame"),
        ({"person": "biggest"}, "person"),
        ({"poses": "x"}, "either path, or both poses and audio"),
        ({"path": None}, "either path, or both"),
    ],
)
def test_bad_requests_end_in_a_sentence(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        load_folder(**{"path": tmp_path, **options})


def test_bad_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder 'nowhere'"):
        load_folder("nowhere")
    with pytest.raises(TypeError, match="path of a folder"):
        load_folder(3)
    with pytest.raises(ValueError, match="no pair: poses none; sound none"):
        load_folder(tmp_path)


@pytest.mark.real_data
def test_ballroom_dances_with_their_music(data_dir, tmp_path):
    for kind, suffix in (("poses", "npz"), ("audio", "ogg")):
        (tmp_path / kind).mkdir()
        for name in ("DANCE_C_2", "DANCE_W_24"):
            file = f"{kind}/{name}.{suffix}"
            (tmp_path / file).symlink_to((data_dir / "dance_with_melody" / file).resolve())
    data = load_folder(tmp_path)
    assert data.poses.shape[1:] == (240, 23, 3)
    assert data.audio.shape == (len(data.poses), 176400)
    assert data.n_discarded == 0
    assert_array_equal(data.names, ["DANCE_C_2", "DANCE_W_24"])
    # 76.2 s and 39.3 s of dance, the second from 0.28 s on.
    assert_array_equal(np.bincount(data.groups), [69, 32])
    assert not np.isnan(data.poses.position).any()
    with np.load(data_dir / "dance_with_melody/poses/DANCE_W_24.npz") as file:
        hips = file["center"]
        beat = file["seconds_per_beat_audio"] / file["frames_per_beat"]
        time = np.arange(len(hips)) * beat + file["first_beat_offset_s"]
    clip = data.poses[data.groups == 1].position[5]
    at = 5 + np.arange(240) / 30
    waist = clip[:, data.poses.skeleton.index("waist")]
    linear = np.stack([np.interp(at, time, axis) for axis in hips.T], axis=1)
    # The waist goes where the hips go, to within a hand's breadth, when both are on one clock.
    assert np.corrcoef(waist[:, 0], linear[:, 0])[0, 1] > 0.99
