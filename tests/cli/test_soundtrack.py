"""`sklearn-asdf soundtrack`: one's own music for a dance, without pairs."""

from __future__ import annotations

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
