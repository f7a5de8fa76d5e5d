"""The demo, end to end and when refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf import load
from sklearn_asdf.cli import main


def test_demo_writes_music_pictures_scores_and_the_model(tmp_path, capsys):
    import soundfile

    out = tmp_path / "demo"
    arguments = ["--preset", "tiny", "--n-clips", "24", "--clip-duration", "3", "--held-out", "2"]
    assert main(["demo", "--out", str(out), *arguments]) == 0
    scores = pd.read_csv(out / "scores.csv")
    assert len(scores) == 2
    assert np.isfinite(scores[["log_likelihood", "gain"]]).all(axis=None)
    for name in scores["performance"]:
        generated, sr = soundfile.read(out / f"{name}_generated.wav")
        true, _ = soundfile.read(out / f"{name}_true.wav")
        assert sr == 22050
        assert len(generated) == len(true)
        sizes = [(out / f"{name}_{kind}.wav").stat().st_size for kind in ("generated", "true")]
        assert sizes[0] == sizes[1]
        assert np.abs(generated).max() > 1e-3
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert load(out / "model.zip").named_steps.keys() >= {"lma", "music"}
    assert not list(out.glob(".*")), "temporary files are left behind"
    assert "done in" in capsys.readouterr().out
    # A second one does not write over the first.
    assert main(["demo", "--out", str(out), *arguments]) == 2
    assert "is there already: choose another --out, or add --force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--poses", "nowhere"], "expected --poses and --audio together"),
        (["--poses", "nowhere", "--audio", "nowhere"], "nowhere"),
        (["--held-out", "0"], "expected to hold out"),
        (["--n-clips", "0"], "--n-clips"),
        (["--temperature", "-1"], "expected --temperature of at least 0"),
        (["--random-state", "-1"], "expected --random-state"),
    ],
)
def test_refusals_are_sentences_and_exit_2(arguments, message, tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_unwritable_folder_is_refused_before_work(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 2
    assert "expected a folder that can be written" in capsys.readouterr().err


@pytest.mark.real_data
def test_demo_on_a_folder_of_real_takes(data_dir, tmp_path):
    for kind, suffix in (("poses", "npz"), ("audio", "ogg")):
        (tmp_path / kind).mkdir()
        for name in ("C_2", "R_2", "W_1", "W_10"):
            file = f"DANCE_{name}.{suffix}"
            (tmp_path / kind / file).symlink_to(
                data_dir.resolve() / "dance_with_melody" / kind / file
            )
    out = tmp_path / "out"
    folders = ["--poses", str(tmp_path / "poses"), "--audio", str(tmp_path / "audio")]
    arguments = ["--preset", "tiny", "--hop-duration", "4", "--held-out", "1", "--out", str(out)]
    assert main(["demo", *folders, *arguments]) == 0
    assert len(list(out.glob("DANCE_*_generated.wav"))) == 1
    assert len(list(out.glob("DANCE_*.png"))) == 1
