"""The commands, as somebody uses them who has a folder of dances and a film."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest

from sklearn_asdf import (
    Motion,
    Skeleton,
    __version__,
    features_table,
    load,
    make_lma_pipeline,
    performance,
)
from sklearn_asdf.cli import main
from sklearn_asdf.cli._main import make_parser
from sklearn_asdf.datasets import load_folder
from sklearn_asdf.io import read_poses, write_poses
from sklearn_asdf.metrics import evaluate
from sklearn_asdf.music.loudness import loudness_of
from sklearn_asdf.video import _models, read_sound

from ..video.conftest import write_video
from ..video.test_estimate import spots
from ..video.test_writer import lengths

soundfile = pytest.importorskip("soundfile")

CLIP = 2.0
PYTHON = re.compile(r"(?<![\w/.-])[a-z]+(?:_[a-z0-9]+)+\b|\b\w+=|\bpass \w+_")


def run(capsys, *arguments, status=0):
    """Run a command, and return what it said to whom."""
    capsys.readouterr()
    got = main([str(a) for a in arguments])
    said = capsys.readouterr()
    assert got == status, said.err
    assert "Traceback" not in said.err
    # Names of Python are no words of the command; what is quoted is the user's own.
    assert not PYTHON.search(re.sub(r"'[^']*'", "", said.err)), said.err
    return said


def test_features_are_those_of_the_pipeline(folder, tmp_path, capsys):
    takes = [folder / "dance0.npz", folder / "dance1.npz"]
    out = tmp_path / "table.csv"
    said = run(capsys, "features", *takes, "-o", out, "--clip-duration", 2, "--n-keyframes", 4)
    assert f"{out}: 10 rows" in said.out
    table = pd.read_csv(out)
    assert table["take"].tolist() == ["dance0"] * 5 + ["dance1"] * 5
    assert table["start"].tolist() == [0, 1, 2, 3, 4] * 2
    poses = load_folder(folder, clip_duration=CLIP).poses
    heights = features_table(takes, clip_duration=2).attrs["heights"]
    for i, (name, height) in enumerate(heights.items()):
        lma = make_lma_pipeline(n_keyframes=4).set_output(transform="pandas")
        lma.set_params(kinematics__height=height)
        expected = lma.fit_transform(poses[5 * i : 5 * i + 5])
        found = table.loc[table["take"] == name, expected.columns]
        # Flow is a third derivative of float32 poses: compiled loops round it otherwise than NumPy.
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_features_as_a_page(folder, tmp_path, capsys):
    pytest.importorskip("jinja2", reason="pages need the extra 'play'")
    take, page, out = folder / "dance0.npz", tmp_path / "a.html", tmp_path / "a.csv"
    windows = ("--rows", "windows", "--clip-duration", 2, "--n-keyframes", 4)
    said = run(capsys, "features", take, "--page", page, *windows)
    assert f"{page}: open it in a browser" in said.out
    run(capsys, "features", take, "--page", page, "-o", out, *windows, "--force")
    link = re.search(r'href="data:text/csv;base64,([^"]+)"', page.read_text())
    on_page = pd.read_csv(io.BytesIO(base64.b64decode(link[1])))
    pd.testing.assert_frame_equal(on_page, pd.read_csv(out), check_dtype=False, rtol=1e-5)
    assert "<h1>dance0</h1>" in page.read_text()


def test_features_as_parquet(folder, tmp_path, capsys):
    pytest.importorskip("pyarrow")
    tables = []
    for name, read in (("table.parquet", pd.read_parquet), ("table.csv", pd.read_csv)):
        run(capsys, "features", folder / "dance0.npz", "-o", tmp_path / name, "--clip-duration", 2)
        tables.append(read(tmp_path / name))
    assert tables[0]["start"].tolist() == [0, 1, 2, 3, 4]
    pd.testing.assert_frame_equal(*tables, check_dtype=False, rtol=1e-5)


def test_features_of_markers_are_those_of_joints(tmp_path, capsys):
    names = ["A", "B", "C", "D", "E", "F"]
    path = np.random.default_rng(0).normal(size=(1, 60, 6, 3)).cumsum(axis=1)
    take = Motion(path, fps=30, skeleton=Skeleton(names))
    write_poses(take, tmp_path / "take.npz")
    joints = dict(zip(("head", "left_wrist", "right_wrist", "left_ankle"), names))
    joints["right_ankle"] = ["E", "F"]
    (tmp_path / "joints.json").write_text(json.dumps(joints))
    out = tmp_path / "table.csv"
    takes = ("features", tmp_path / "take.npz", "-o", out, "--joints")
    said = run(capsys, *takes[:-1])
    assert "equal weights" in said.err
    assert "Give the markers of each joint with --joints" in said.err
    run(capsys, *takes, tmp_path / "joints.json", "--force")
    expected = features_table({"take": take}, joints=joints)
    np.testing.assert_allclose(pd.read_csv(out)["window1_weight"], expected["window1_weight"])
    for wrong, message in (
        ("plug_in_gate", "plug_in_gait"),
        (tmp_path / "no.json", "cannot be read"),
    ):
        said = run(capsys, *takes, wrong, "--force", status=2)
        assert message in said.err


def test_features_of_a_video(video, tmp_path, capsys):
    out = tmp_path / "table.csv"
    run(capsys, "features", video, "-o", out, "--clip-duration", 2, "--quiet")
    table = pd.read_csv(out)
    assert table["start"].tolist() == [0, 1, 2]
    features = table.drop(columns=["take", "start"])
    assert np.isfinite(features.to_numpy()).all()
    # The size of the body is that of the take, and alike in all clips.
    assert features.nunique().gt(1).mean() > 0.6


def test_fit_learns_and_tells(model, folder, capsys, tmp_path):
    out = tmp_path / "again.zip"
    said = run(
        capsys, "fit", "--poses", folder, "--audio", folder, "-o", out, "--preset", "tiny",
        "--clip-duration", 2, "--n-keyframes", 4,
    )  # fmt: skip
    assert "learning from 20 clips of 2 s of 4 dances" in said.out
    assert f"{out}: done in" in said.out


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_generate_writes_music_as_long_as_the_dance(suffix, model, folder, tmp_path, capsys):
    out = tmp_path / f"music.{suffix}"
    run(capsys, "generate", model, folder / "dance0.npz", "-o", out)
    audio, sr = soundfile.read(out)
    assert sr == 22050
    assert len(audio) / sr == pytest.approx(6.0, abs=0.1)
    assert 1e-3 < np.abs(audio).max() <= 1.05


def test_the_same_seed_is_the_same_music_and_another_is_not(model, folder, tmp_path, capsys):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        out = tmp_path / f"{name}.wav"
        run(
            capsys, "generate", model, folder / "dance0.npz", "-o", out,
            "--random-state", seed,
        )  # fmt: skip
    a, b, c = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in "abc")
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-3


def test_a_pose_file_becomes_a_stick_figure_with_music(model, folder, tmp_path, capsys):
    out = tmp_path / "dance.mp4"
    run(capsys, "generate", model, folder / "dance0.npz", "-o", out)
    found = lengths(out)
    assert found["video"] == pytest.approx(6.0, abs=0.05)
    assert found["audio"] == pytest.approx(found["video"], abs=0.01)


def test_from_a_video_to_a_video_with_new_music(video, folder, model, tmp_path, capsys):
    takes = tmp_path / "takes"
    said = run(capsys, "poses", video, "--sound", "-o", takes)
    assert "4.0 s, all joints seen in 100% of it" in said.out
    assert len(read_poses(takes / "film.npz").position[0]) == 100
    # The music of the video, sample by sample.
    music, rate = soundfile.read(takes / "film.wav", dtype="float32")
    np.testing.assert_array_equal(music, read_sound(video, sr=rate))
    assert len(music) / rate == pytest.approx(4.0, abs=0.1)
    # What was written is what `fit` learns from.
    assert len(load_folder(takes, clip_duration=2.0).groups) == 3
    out = tmp_path / "new.mp4"
    run(capsys, "generate", model, video, "-o", out)
    found = lengths(out)
    assert found["video"] == pytest.approx(4.0, abs=0.05)
    assert found["audio"] == pytest.approx(found["video"], abs=0.01)


def test_report_of_a_pose_file_and_of_a_video(video, folder, model, tmp_path, capsys):
    page = tmp_path / "a.html"
    take, music = folder / "dance0.npz", folder / "dance0.wav"
    verdict = tmp_path / "verdict.json"
    command = ("report", model, take, "--audio", music, "-o", page, "--title", "Mine")
    run(capsys, *command, "--verdict", verdict)
    assert "<h1>Mine</h1>" in page.read_text()
    assert "SHA-256 of the model" in page.read_text()
    assert json.loads(verdict.read_text())["verdict"] in page.read_text()
    assert "original music" in page.read_text()
    page = tmp_path / "b.html"
    run(capsys, "report", model, video, "-o", page)
    assert "<h1>film</h1>" in page.read_text()
    assert "original music" in page.read_text()


@pytest.fixture(scope="module")
def scores(model, folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("scores") / "scores.csv"
    command = ["evaluate", model, "--poses", folder, "--audio", folder, "-o", out]
    assert main([*map(str, command), "--hop-duration", "2", "--quiet"]) == 0
    return out


def test_evaluate_scores_the_model_beside_its_baselines(model, folder, scores, tmp_path, capsys):
    table = pd.read_csv(scores, index_col="method")
    pipe = load(model)
    data = load_folder(folder, clip_duration=CLIP, hop_duration=CLIP)
    expected = evaluate(pipe, data.poses, data.audio, data.groups, temperature=0.1, random_state=0)
    pd.testing.assert_frame_equal(table, expected.rename_axis("method"), check_dtype=False)
    pytest.importorskip("pyarrow")
    out = tmp_path / "scores.parquet"
    said = run(
        capsys, "evaluate", model, "--poses", folder, "--audio", folder, "-o", out,
        "--hop-duration", 2,
    )  # fmt: skip
    assert "scoring 12 clips of 2 s of 4 dances" in said.out
    pd.testing.assert_frame_equal(pd.read_parquet(out).set_index("method"), table)
    # Four dances are too few to learn a judgement from.
    assert "note: the judge cannot tell the real music of these 4 dances apart" in said.err
    # With a reference the judge has heard other dances, and the music of all these is compared.
    for i in range(4):
        (tmp_path / str(i // 2)).mkdir(exist_ok=True)
        for file in folder.glob(f"dance{i}.*"):
            shutil.copy(file, tmp_path / str(i // 2))
    told, reference = tmp_path / "reference.csv", ["--hop-duration", 2, "--reference-poses"]
    judged = ["evaluate", model, "--poses", tmp_path / "0", "--audio", tmp_path / "0", *reference]
    run(capsys, *judged, tmp_path / "1", "--reference-audio", tmp_path / "1", "-o", told)
    known, new = data.groups >= 2, data.groups < 2
    wide = evaluate(
        pipe, data.poses[new], data.audio[new], data.groups[new],
        reference=(data.poses[known], data.audio[known]), temperature=0.1, random_state=0,
    )  # fmt: skip
    pd.testing.assert_frame_equal(
        pd.read_csv(told, index_col="method"), wide.rename_axis("method"), check_dtype=False
    )
    refused = run(capsys, *judged, folder, "--reference-audio", folder, status=2)
    assert "got one that overlaps in time with 6 of the 6 clips" in refused.err
    # Each column and each row has its line, and the numbers are those of the table.
    lines = said.out.splitlines()
    heading = next(i for i, line in enumerate(lines) if "retrieval" in line)
    assert lines[heading + 1].split()[:2] == ["model", f"{table.retrieval_r1['model']:.2f}"]
    for name in ("retrieval", "beat", "distance ratio", "gain", *table.index):
        assert any(re.match(rf"{name} +[a-z].* ", line) for line in lines), name


def test_a_report_shows_the_scores(scores, model, folder, tmp_path, capsys):
    page = tmp_path / "a.html"
    run(capsys, "report", model, folder / "dance0.npz", "--scores", scores, "-o", page)
    text = page.read_text()
    value = pd.read_csv(scores, index_col="method").distance_ratio["model"]
    card = text[text.index("<h4>distance ratio</h4>") :]
    row = f"<tr><td>the model&#39;s music</td><td>{value:.3g}</td>"
    assert row in card[: card.index("</table>")]
    assert "<td>clicks at 120 BPM</td>" in text


def test_scores_of_too_few_dances_are_refused(model, folder, tmp_path, capsys):
    for file in ("dance0.npz", "dance0.wav", "dance1.npz", "dance1.wav"):
        shutil.copy(folder / file, tmp_path)
    said = run(capsys, "evaluate", model, "--poses", tmp_path, "--audio", tmp_path, status=2)
    assert "expected at least 4 dances with their music" in said.err
    assert "got 2" in said.err


def test_info_says_what_a_file_holds(folder, model, tmp_path, capsys):
    assert __version__ in run(capsys, "info").out
    said = run(capsys, "info", folder / "dance0.npz").out
    assert "poses, 6.0 s at 30 frames per second" in said
    assert "17 joints (coco17) in 2 dimensions" in said
    video = write_video(tmp_path / "film.mp4", spots([(64, 40)] * 25))
    said = run(capsys, "info", video).out
    assert "video, 1.0 s, 128 x 48 pixels, 25 frames per second (h264), without sound" in said
    said = run(capsys, "info", model).out
    assert "a pipeline of 7 steps" in said
    for line in (
        "preset: tiny",
        "for dances of any skeleton with hips",
        "(fitted to 17 joints (coco17) in 2 dimensions), of at least 2 s",
        "at 30 frames per second",
        "makes music at 22050 Hz, in clips of 2 s",
        "holds no recordings",
    ):
        assert line in said


def test_nothing_is_replaced_without_force(model, folder, tmp_path, capsys):
    take = folder / "dance0.npz"
    commands = {
        "music.wav": ("generate", model, take),
        "table.csv": ("features", take, "--clip-duration", 2),
        "page.html": ("report", model, take),
        "scores.csv": ("evaluate", model, "--poses", folder, "--audio", folder),
        "m.zip": ("fit", "--poses", folder, "--audio", folder),
    }
    for name, command in commands.items():
        (tmp_path / name).write_text("mine")
        said = run(capsys, *command, "-o", tmp_path / name, status=2)
        assert "is there already: choose another name, or add --force" in said.err
        assert (tmp_path / name).read_text() == "mine"
    out = tmp_path / "table.csv"
    run(capsys, *commands["table.csv"], "-o", out, "--force")
    assert len(pd.read_csv(out)) == 5


def test_a_pickled_model_is_not_read(folder, tmp_path, capsys):
    model = tmp_path / "model.zip"
    joblib.dump({"a": 1}, model)
    for command in (
        ["generate", model, folder / "dance0.npz", "-o", tmp_path / "a.wav"],
        ["report", model, folder / "dance0.npz", "-o", tmp_path / "a.html"],
        ["evaluate", model, "--poses", folder, "--audio", folder],
        ["info", model],
    ):
        assert "expected a model written by 'fit' or 'demo'" in run(capsys, *command, status=2).err


def corrupt(path):
    path.write_bytes(b"\x00\x00\x00\x18ftypisom" + np.random.default_rng(0).bytes(3000))


def empty(path):
    path.write_bytes(b"")


def personless(path):
    write_video(path, spots([(None, 0)] * 50))


def short(path):
    write_video(path, spots([(64, 40)] * 10))


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (corrupt, "cannot be read as one"),
        (empty, "is empty: copy it again"),
        (personless, "nobody is seen in any of its 50 pictures"),
        (short, "expected a dance of at least 2 s"),
        (lambda path: None, "there is no"),
    ],
    ids=["corrupt", "empty", "personless", "short", "missing"],
)
def test_bad_videos_end_in_a_sentence(write, message, video, model, tmp_path, capsys):
    path = tmp_path / "bad.mp4"
    write(path)
    out = tmp_path / "out.mp4"
    said = run(capsys, "generate", model, path, "-o", out, "--quiet", status=2)
    assert message in said.err
    assert said.err.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("generate {my} {take} -o {out}/a.txt", "expected an output that ends in .wav"),
        ("generate {my} {take} -o {out}/no/a.wav", "expected a folder to write to"),
        ("generate {my} {out}/no.npz -o {out}/a.wav", "there is no"),
        ("generate {out}/no.zip {take} -o {out}/a.wav", "expected a saved model, but"),
        ("generate {take} {take} -o {out}/a.wav", "expected a model written by"),
        ("generate {take} {my} -o {out}/a.wav", "the model first and the dance second"),
        ("generate {my} {my} -o {out}/a.wav", "expected a pose file or a video"),
        ("generate {my} {sound} -o {out}/a.wav", "path of one file, for one dance is taken"),
        ("generate {my} {sound}/dance0.wav -o {out}/a.wav", "is sound: give the dance"),
        ("fit --poses {sound} --audio {poses} -o {out}/a.zip", "Are the two folders swapped?"),
        ("fit --poses {out}/no --audio {out} -o {out}/a.zip", "there is no folder"),
        ("fit --poses {one} --audio {one} -o {out}/a.zip --clip-duration 2 --n-keyframes 4 "
         "--held-out 1", "expected at least 2 dances with their music"),
        ("demo --poses {one} --audio {one} --out {out} --clip-duration 2",
         "one to learn from and one to hold out, got 1"),
        ("fit --poses {one} --audio {one} -o {out}/a.zip --clip-duration 60",
         "shorter than a clip"),
        ("generate {my} {take} -o {out}/a.wav --temperature -1", "--temperature"),
        ("generate {my} {take} -o {out}/a.wav --random-state -1", "--random-state"),
        ("features {out} -o {out}/a.csv", "expected pose files or videos in the folder"),
        ("features {take} -o {out}/a.csv --clip-duration 60 --n-keyframes 900",
         "expected a take of at least --n-keyframes 900 frames"),
        ("features {take} -o {out}/a.csv --clip-duration 2 --n-keyframes 1",
         "got 1: take more keyframes"),
        ("features {take} -o {out}/a.csv --clip-duration 2 --n-keyframes 61", "from 2 to 60"),
        ("features {take}", "expected a table to write (-o table.csv), or a page"),
        ("features {take} {take} --page {out}/a.html", "expected one dance for --page, got 2"),
        ("features {take} --page {out}/a.csv", "ends in .html"),
        ("fit --poses {out} --audio {out} -o {out}/a.zip --n-keyframes 241", "from 2 to 240"),
        ("fit --poses {out} --audio {out} -o {out}/a.zip", "got no pair"),
        ("fit --poses {out} --audio {out} -o {out}/a.joblib", "ends in .zip"),
        ("poses {take} {take} -o {out}/takes", "'dance0' twice"),
        ("report {my} {take} --audio {out}/no.wav -o {out}/a.html", "no.wav"),
        ("report {my} {take} --scores {out}/no.csv -o {out}/a.html", "no file"),
        ("report {my} {take} --scores {take} -o {out}/a.html", "evaluate -o' wrote"),
        ("evaluate {my} --poses {out} --audio {out} -o {out}/a.csv", "got no pair"),
        ("evaluate {my} --poses {out} --audio {out} -o {out}/a.txt", "ends in .csv, .parquet"),
        ("evaluate {my} --poses {out} --audio {out} --temperature -1", "--temperature"),
        ("evaluate {my} --poses {out} --audio {out} --reference-poses {out}", "together"),
        ("info {out}/no.npz", "there is no"),
    ],
)  # fmt: skip
def test_refusals_are_sentences(command, message, model, folder, apart, tmp_path, capsys):
    command = command.format(my=model, take=folder / "dance0.npz", out=tmp_path, **apart)
    said = run(capsys, *command.split(), status=2)
    assert message in said.err
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--loudness", "loud", "expected 'model' or a number from -60 to -5, got 'loud'"),
        ("--temperature", "hot", "expected a number, got 'hot'"),
        ("--random-state", "1.5", "expected a whole number, got '1.5'"),
        ("--fps", "0", "expected a number above 0, got 0"),
        ("--fps", "many", "expected a number above 0, got 'many'"),
    ],
)
def test_values_that_are_no_numbers_are_refused_in_words(option, value, message, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["generate", "my.zip", "dance.npz", "-o", "a.wav", option, value])
    assert refused.value.code == 2
    assert f"argument {option}: {message}\n" in capsys.readouterr().err


def test_a_dance_is_not_replaced_even_with_force(model, folder, video, tmp_path, capsys):
    table = tmp_path / "dance.csv"
    write_poses(read_poses(folder / "dance0.npz"), table)
    for dance, command in {
        video: ("generate", model, video),
        table: ("features", table, "--clip-duration", 2, "--n-keyframes", 4),
    }.items():
        before = dance.read_bytes()
        said = run(capsys, *command, "-o", dance, "--force", status=2)
        assert "expected another file to write to than the dance" in said.err
        assert dance.read_bytes() == before


def test_where_every_take_is_skipped_no_empty_folder_stays(folder, tmp_path, capsys):
    said = run(capsys, "poses", folder / "dance0.wav", "-o", tmp_path / "a" / "b", status=2)
    assert "skipped" in said.err
    assert not list(tmp_path.iterdir())


def test_a_model_among_the_dances_is_no_dance(model, folder, tmp_path, capsys):
    shutil.copy(folder / "dance0.npz", tmp_path)
    shutil.copy(model, tmp_path)
    assert "a folder of 1 pose files" in run(capsys, "info", tmp_path).out


@pytest.fixture(scope="module")
def apart(folder, tmp_path_factory):
    """Folders of poses alone, of sound alone, and of one piece."""
    places = {name: tmp_path_factory.mktemp(name) for name in ("poses", "sound", "one")}
    for name, pattern in (("poses", "*.npz"), ("sound", "*.wav"), ("one", "dance0.*")):
        for file in folder.glob(pattern):
            shutil.copy(file, places[name])
    return places


def test_a_video_has_a_frame_rate_of_its_own(video, model, tmp_path, capsys):
    said = run(capsys, "generate", model, video, "-o", tmp_path / "a.wav", "--fps", 25, status=2)
    assert "expected --fps for pose files only" in said.err


def test_a_missing_extra_is_said_before_any_work(folder, tmp_path, capsys, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pyloudnorm" else found(name)
    )
    command = ["fit", "--poses", folder, "--audio", folder, "-o", tmp_path / "m.zip"]
    said = run(capsys, *command, status=2)
    assert "needs pyloudnorm, which is not installed" in said.err
    assert said.out == ""


def test_networks_that_cannot_be_fetched(tmp_path, capsys, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    monkeypatch.delenv("SKLEARN_ASDF_POSE_MODEL", raising=False)
    monkeypatch.setattr(_models, "_SOURCE", "http://127.0.0.1:9/")
    video = write_video(tmp_path / "a.mp4", spots([(64, 40)] * 25))
    said = run(capsys, "poses", video, "-o", tmp_path / "takes", status=2)
    assert "--pose-model" in said.err
    assert not (tmp_path / "takes").exists()


@pytest.mark.parametrize("loudness", [-16, -23])
def test_music_is_as_loud_as_was_asked_for(loudness, model, folder, tmp_path, capsys):
    levels = []
    for wanted in (loudness, "model"):
        out = tmp_path / f"{wanted}.wav"
        command = ["generate", model, folder / "dance0.npz", "-o", out, "--loudness", wanted]
        run(capsys, *command)
        audio, sr = soundfile.read(out)
        assert np.abs(audio).max() <= 1
        levels.append(loudness_of(audio, sr=sr))
    # What holds peaks down takes a little of the loudness.
    assert levels[0] == pytest.approx(loudness, abs=1.0)
    assert abs(levels[1] - loudness) > 0.1


def test_joints_without_names_are_refused(model, tmp_path, capsys):
    poses = np.random.default_rng(0).normal(size=(1, 120, 9, 2)).cumsum(1)
    write_poses(Motion(poses, fps=30), tmp_path / "a.npz")
    said = run(capsys, "generate", model, tmp_path / "a.npz", "-o", tmp_path / "a.wav", status=2)
    assert "expected poses with named joints" in said.err


def test_what_a_user_should_know_is_a_note(folder, tmp_path, capsys):
    poses = np.array(read_poses(folder / "dance0.npz").position[0])
    np.savez(tmp_path / "bare.npz", keypoints=poses)
    out = tmp_path / "table.csv"
    command = ["features", tmp_path / "bare.npz", "-o", out, "--clip-duration", 2]
    said = run(capsys, *command)
    assert "sklearn-asdf: note: " in said.err
    assert "30 fps are assumed: give --fps" in said.err
    assert run(capsys, *command, "--fps", 30, "--force").err == ""


def test_quiet_says_nothing(folder, tmp_path, capsys):
    out = tmp_path / "table.csv"
    said = run(
        capsys, "features", folder / "dance0.npz", "-o", out, "--clip-duration", 2, "--quiet"
    )
    assert said == ("", "")


def test_breaking_off_is_130_and_leaves_nothing(model, folder, tmp_path, capsys, monkeypatch):
    def broken_off(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(performance, "perform", broken_off)
    out = tmp_path / "a.wav"
    said = run(capsys, "generate", model, folder / "dance0.npz", "-o", out, status=130)
    assert "interrupted" in said.err
    assert not out.exists()


@pytest.mark.parametrize(
    "command",
    ["demo", "poses", "features", "fit", "generate", "evaluate", "report", "live", "info"],
)
def test_every_command_has_help_in_words(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert "default: None" not in text
    assert "default: False" not in text
    parser = next(a for a in make_parser()._actions if a.dest == "COMMAND" or a.choices)
    for action in parser.choices[command]._actions:
        assert action.help, f"{action.dest} has no word on what it does"


def test_version_and_commands_from_a_shell():
    for program in ([sys.executable, "-m", "sklearn_asdf"], [shutil.which("sklearn-asdf")]):
        if program[0] is None:
            continue
        done = subprocess.run([*program, "--version"], capture_output=True, text=True)
        assert (done.returncode, done.stdout.strip()) == (0, f"sklearn-asdf {__version__}")
