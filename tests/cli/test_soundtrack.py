"""`sklearn-asdf soundtrack`: one's own music for a dance, without pairs."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest

from sklearn_asdf.cli import main

soundfile = pytest.importorskip("soundfile")


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A folder with twelve seconds of music and a text."""
    from sklearn_asdf.datasets import make_music

    place = tmp_path_factory.mktemp("music")
    piece = make_music("playful", duration=12, random_state=0).recordings[0]
    soundfile.write(place / "piece.wav", piece, 22050)
    (place / "notes.txt").write_text("not music")
    return place


def test_takes_differ_and_last_as_long_as_the_dance(music, folder, tmp_path, capsys):
    out, model = tmp_path / "new.wav", tmp_path / "model.zip"
    command = ["soundtrack", str(folder / "dance0.npz"), "--music", str(music), "-o", str(out)]
    options = ["--takes", "2", "--start", "1", "--end", "5", "--model-out", str(model)]
    assert main([*command, *options]) == 0
    said = capsys.readouterr().out
    one, sr = soundfile.read(tmp_path / "new_1.wav")
    other, _ = soundfile.read(tmp_path / "new_2.wav")
    assert "new_1.wav: 6.0 s of music" in said
    assert len(one) == len(other) == 6 * sr
    assert np.abs(one[: int(0.9 * sr)]).max() < 1e-3
    assert np.abs(one[int(5.1 * sr) :]).max() < 1e-3
    assert np.abs(one).max() > 0.05
    assert not np.array_equal(one, other)
    # The model plays the same music, for any dance.
    again = tmp_path / "again.wav"
    assert main(["generate", str(model), str(folder / "dance1.npz"), "-o", str(again)]) == 0
    assert len(soundfile.read(again)[0]) == 6 * sr
    assert main(["info", str(model)]) == 0


def test_a_video_gets_music_that_ships(video, tmp_path, capsys):
    from sklearn_asdf.video import probe

    out = tmp_path / "new.mp4"
    command = ["soundtrack", str(video), "--music", "calm", "-o", str(out), "--person", "each"]
    assert main(command) == 0
    assert probe(out).has_sound
    assert probe(out).duration == pytest.approx(probe(video).duration, abs=0.1)


def test_each_dancer_of_a_file_gets_music(music, tmp_path, capsys):
    from sklearn_asdf.datasets import make_dance_music

    pair = make_dance_music(2, n_performances=2, clip_duration=9, random_state=0).poses
    people = []
    for t in range(pair.n_frames):
        for who in (5, 9) if t % 2 else (9, 5):
            pose = 100 * np.nan_to_num(pair.position[int(who == 9), t]) + [400 * (who == 9), 500]
            flat = np.c_[pose, np.ones(17)].round(3).ravel().tolist()
            one = {"image_id": f"{t}.jpg", "category_id": 1, "keypoints": flat, "score": 2}
            people.append(one | {"idx": who})
    dance, out = tmp_path / "pair.json", tmp_path / "new.wav"
    dance.write_text(json.dumps(people))
    command = ["soundtrack", str(dance), "--fps", "30", "--music", str(music)]
    assert main([*command, "-o", str(out), "--person", "each"]) == 0
    sounds = [soundfile.read(tmp_path / f"new_person{i}.wav")[0] for i in (0, 1)]
    assert not (tmp_path / "new_person2.wav").exists()
    assert len(sounds[0]) == len(sounds[1]) == 9 * 22050
    assert not np.array_equal(*sounds)
    # As if each danced alone.
    alone = tmp_path / "alone.wav"
    assert main([*command, "-o", str(alone), "--person", "1"]) == 0
    np.testing.assert_array_equal(soundfile.read(alone)[0], sounds[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--music", "nowhere"], "expected music, but there is no file or folder 'nowhere'"),
        (["--music", "calm", "nowhere"], "expected either files or names"),
        (["--music", "calm", "--follow", "3"], "expected --follow from 0 to 2, got 3"),
        (["--music", "calm", "--energy", "-2"], "expected --energy from -1 to 1"),
        (["--music", "calm", "--takes", "0"], "expected --takes from 1 to 99, got 0"),
        (["--music", "calm", "--start", "5", "--end", "4"], "expected --end after --start"),
        (["--music", "calm", "--poses", "nowhere"], "expected both --poses and --audio"),
        (["--music", "calm", "--start", "60"], "expected the music to start within the dance"),
    ],
)
def test_refusals_are_sentences(options, message, folder, tmp_path, capsys):
    out = tmp_path / "new.wav"
    dance = str(folder / "dance0.npz")
    assert main(["soundtrack", dance, "-o", str(out), *options]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nothing_is_replaced_without_force(music, folder, tmp_path, capsys):
    (tmp_path / "new_2.wav").write_bytes(b"kept")
    dance, out = str(folder / "dance0.npz"), str(tmp_path / "new.wav")
    assert main(["soundtrack", dance, "--music", str(music), "-o", out, "--takes", "2"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["new_2.wav"]


def test_the_beat_may_be_typed(music, folder, tmp_path, capsys):
    out = tmp_path / "new.wav"
    command = ["soundtrack", str(folder / "dance0.npz"), "--music", str(music), "-o", str(out)]
    assert main([*command, "--bpm", "77", "--beat-at", "1.5", "--beat-from", "trunk"]) == 0
    assert re.search(r"beat: 7[5-8]\.\d BPM\n", capsys.readouterr().out)
    assert main([*command, "--force", "--shift-beat", "0.5"]) == 0
    assert re.search(r"beat: \d+\.\d BPM\n", capsys.readouterr().out)
    assert main([*command, "--force"]) == 0
    assert "found with a probability of" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bpm", "500"], "expected --bpm from 40 to 240, got 500"),
        (["--beat-at", "1"], "one needs --bpm"),
        (["--beat-at", "2", "1"], "expected increasing times"),
        (["--shift-beat", "2"], "expected --shift-beat from 0 to 1"),
    ],
)
def test_what_is_no_beat_is_refused(options, message, music, folder, tmp_path, capsys):
    out = tmp_path / "new.wav"
    command = ["soundtrack", str(folder / "dance0.npz"), "--music", str(music), "-o", str(out)]
    assert main([*command, *options]) != 0
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_model_that_tracks_no_beats_cannot_be_told_one(model, folder, tmp_path, capsys):
    out = tmp_path / "new.wav"
    command = ["generate", str(model), str(folder / "dance1.npz"), "-o", str(out)]
    assert main([*command, "--bpm", "90"]) != 0
    assert "without a step that tracks beats" in capsys.readouterr().err
    assert main(command) == 0


def test_the_report_plays_what_was_written(music, folder, tmp_path):
    out, model = tmp_path / "new.flac", tmp_path / "model.zip"
    pages = tmp_path / "page.html", tmp_path / "again.html"
    dance = str(folder / "dance0.npz")
    command = ["soundtrack", dance, "--music", str(music), "-o", str(out), "--bpm", "90"]
    assert main([*command, "--report", str(pages[0]), "--model-out", str(model)]) == 0
    assert main(["report", str(model), dance, "-o", str(pages[1]), "--bpm", "90"]) == 0
    written, _ = soundfile.read(out)
    for page in pages:
        wanted = r'data-name="generated music"\s+src="data:audio/flac;base64,([^"]+)"'
        found = re.search(wanted, page.read_text())
        sound, _ = soundfile.read(io.BytesIO(base64.b64decode(found[1])))
        assert np.corrcoef(sound, written[: len(sound)])[0, 1] > 0.999
