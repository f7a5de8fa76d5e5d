"""`features_table`: features of whole takes, with the time of each row."""

from __future__ import annotations

import contextlib
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_asdf import Motion, Skeleton, features_table, make_lma_pipeline
from sklearn_asdf._table_statistics import aggregate_windows
from sklearn_asdf.cli import main
from sklearn_asdf.datasets import make_dance_music
from sklearn_asdf.io import read_poses, write_poses
from sklearn_asdf.motion.kinematics import height_of

DATA = Path(os.environ.get("SKLEARN_ASDF_DATA", "no such folder"))
LABAN = ["weight", "time", "space", "flow", "shape"]


def dance(duration=7.0, fps=30, **parameters):
    parameters = {"dropout": 0.0, "random_state": 0} | parameters
    return make_dance_music(1, clip_duration=duration, fps=fps, **parameters).poses


def lma(n_keyframes=4, **parameters):
    return make_lma_pipeline(n_keyframes=n_keyframes).set_params(lma__missing="nan", **parameters)


@pytest.mark.parametrize("fps", [30, 120])
def test_clips_are_those_of_the_pipeline(fps):
    take = dance(fps=fps)
    table = features_table({"solo": take}, lma=lma(), clip_duration=4.0)
    assert table.columns[:4].tolist() == ["take", "start", "stop", "seen"]
    assert table["take"].tolist() == ["solo"] * 4
    assert table["start"].tolist() == [0, 1, 2, 3]
    assert table["stop"].tolist() == [4, 5, 6, 7]
    assert table["seen"].tolist() == [1] * 4
    height = table.attrs["heights"]["solo"]
    pipeline = lma(kinematics__height=height).set_output(transform="pandas")
    expected = pipeline.fit_transform(take.resample(30.0).windows(4.0, 1.0))
    pd.testing.assert_frame_equal(table[expected.columns], expected, check_exact=False, rtol=1e-9)
    assert table.attrs["units"]["window2_flow"] == "H/s³"


@pytest.mark.filterwarnings("ignore:the whole body jumps")
def test_a_take_has_one_height():
    # From two dances: a dancer who turns sideways seems smaller in a picture.
    first, second = (dance(4.0, random_state=seed).position for seed in (0, 1))
    take = Motion(np.concatenate([first, second * [0.6, 1.0]], axis=1), fps=30, skeleton="coco17")
    table = features_table({"take": take}, lma=lma(), clip_duration=4.0, hop_duration=4.0)
    height = table.attrs["heights"]["take"]
    each = [height_of(p, take.skeleton)[0] for p in (first, second * [0.6, 1.0])]
    assert each[1] < 0.97 * each[0]
    assert 0.97 * min(each) < height < 1.03 * max(each)
    for given, scale in ((height, 1.0), (2 * height, 0.5)):
        pipeline = lma(kinematics__height=given)
        other = features_table({"take": take}, lma=pipeline, clip_duration=4.0, hop_duration=4.0)
        assert other.attrs["heights"] == {"take": given}
        for w in (1, 2, 3):
            expected = table[f"window{w}_time"] * scale
            np.testing.assert_allclose(other[f"window{w}_time"], expected, rtol=1e-9)
    in_pixels = make_lma_pipeline(preset="paper", n_keyframes=4)
    assert features_table({"take": take}, lma=in_pixels).attrs["heights"] == {}


def test_a_quiet_movement_has_one_shape_beside_quiet_and_loud_ones():
    quiet = dance(4.0).position
    middle = quiet.mean(axis=1, keepdims=True)
    # A small movement, then the same again, or one that is twenty times as large.
    small = middle + 0.1 * (quiet - middle)
    shape = []
    for rest in (small, middle + 2.0 * (quiet - middle)):
        take = Motion(np.concatenate([small, rest], axis=1), fps=30, skeleton="coco17")
        uniform = lma(5, keyframes__method="uniform", kinematics__height=300.0)
        table = features_table({"take": take}, lma=uniform, rows="windows", clip_duration=8.0)
        assert len(table) == 4
        shape.append(table["shape"].to_numpy())
    # The first window is far from where the movements differ.
    assert shape[0][0] == pytest.approx(shape[1][0], rel=1e-3)
    assert shape[0][0] == pytest.approx(13.0, rel=0.1)
    assert shape[0][3] != pytest.approx(shape[1][3], rel=0.1)


def test_windows_are_the_same_numbers_with_their_times():
    take = dance()
    clips = features_table(take, lma=lma(), clip_duration=3.0, hop_duration=2.0)
    windows = features_table(take, lma=lma(), rows="windows", clip_duration=3.0, hop_duration=2.0)
    keys = ["take", "start", "stop", "clip", "window", "seen"]
    assert windows.columns.tolist() == [*keys, *LABAN]
    assert len(windows) == 3 * 3
    wide = clips[[f"window{w}_{f}" for w in (1, 2, 3) for f in LABAN]].to_numpy()
    np.testing.assert_array_equal(windows[LABAN].to_numpy(), wide.reshape(9, 5))
    assert windows["clip"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert windows["window"].tolist() == [1, 2, 3] * 3
    # A window begins where the one before ends.
    start, stop = (windows[key].to_numpy().reshape(3, 3) for key in ("start", "stop"))
    np.testing.assert_allclose(start[:, 1:], stop[:, :-1])
    assert (start >= 2.0 * np.arange(3)[:, None] - 1e-9).all()
    assert (stop <= 2.0 * np.arange(3)[:, None] + 3 + 1e-9).all()
    timing = lma(lma__groups=["timing"])
    found = features_table(take, lma=timing, rows="windows", clip_duration=3.0, hop_duration=2.0)
    np.testing.assert_allclose(found["duration"], windows["stop"] - windows["start"])
    units = {"weight": "H²/s²", "time": "H/s²", "space": "", "flow": "H/s³", "shape": "H⁻¹"}
    assert windows.attrs["units"] == {"start": "s", "stop": "s", **units}


@pytest.mark.parametrize(("clip_duration", "n_clips"), [(3.0, 2), (2.0, 4), (5.0, 1), (8.0, 1)])
def test_equal_clips_cover_a_take_and_their_windows_do_not_overlap(clip_duration, n_clips):
    windows = features_table(dance(), lma=lma(), rows="windows", clip_duration=clip_duration)
    assert windows["clip"].unique().tolist() == list(range(n_clips))
    # What is before the first and after the last keyframe of a clip is in no window.
    gaps = windows["start"].to_numpy()[1:] - windows["stop"].to_numpy()[:-1]
    assert gaps.max() < 7.0 / n_clips / 2
    assert windows["stop"].max() > 7.0 - 7.0 / n_clips / 2
    assert (windows["start"].to_numpy()[1:] >= windows["stop"].to_numpy()[:-1] - 1e-9).all()


def test_a_short_take_is_described_whole():
    take = dance(duration=2.5)
    table = features_table(take, lma=lma())
    assert table[["take", "start", "stop"]].to_numpy().tolist() == [["0", 0.0, 2.5]]
    expected = lma().fit_transform(take)
    np.testing.assert_allclose(table.iloc[:, 4:].to_numpy(), expected)
    with pytest.raises(ValueError, match="a take of at least n_keyframes=4 frames at 30 fps"):
        features_table({"short": take.frames(0, 3)}, lma=lma())


def test_what_was_not_seen_is_missing_and_said():
    position = dance(duration=8.0).position.copy()
    position[:, 60:150] = np.nan
    take = Motion(position, fps=30, skeleton="coco17")
    table = features_table(take, lma=lma(), rows="windows", clip_duration=8.0)
    start, stop = ((table[key] * 30).round().astype(int) for key in ("start", "stop"))
    seen = np.isfinite(position[0]).all(axis=(1, 2))
    share = [seen[a:b].mean() for a, b in zip(start, stop)]
    np.testing.assert_allclose(table["seen"], share)
    assert table["weight"].isna().tolist() == [s < 0.5 for s in share]
    assert table["weight"].isna().any()
    assert table["weight"].notna().any()
    clip = features_table(take, lma=lma(), clip_duration=8.0)
    assert clip["seen"].tolist() == [150 / 240]
    with pytest.warns(UserWarning, match=r"half of the frames of 2 of 5 clips \(from 1, 2 s\) in"):
        table = features_table(take, lma=lma(), clip_duration=4.0)
    assert table["start"].tolist() == [0, 3, 4]


def test_a_jump_is_named():
    position = dance().position.copy()
    position[:, :2] += np.ptp(position[..., 1])
    message = r"the whole body jumps in 'solo' at 0.0667 s \(frame 2: faster than 8 body heights"
    with pytest.warns(UserWarning, match=message):
        table = features_table({"solo": Motion(position, fps=30)}, lma=lma(), clip_duration=4.0)
    # One frame decides the maximum.
    calm = features_table(Motion(position, fps=30).frames(2), lma=lma(), clip_duration=4.0)
    assert table["window1_weight"][0] > 3 * calm["window1_weight"][0]


def test_names_of_takes(tmp_path):
    take = dance(duration=2.0)
    for name in ("a/one.npz", "b/one.npz", "b/two.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_poses(take, tmp_path / name)
    files = [tmp_path / "a/one.npz", str(tmp_path / "b/two.csv")]
    assert features_table(files, lma=lma())["take"].tolist() == ["one", "two"]
    files = [tmp_path / "a/one.npz", tmp_path / "b/one.npz", take]
    names = ["a/one", "b/one", "2"]
    assert features_table(files, lma=lma())["take"].tolist() == names
    # A folder without takes stands for those of its folders, as for the command.
    names = ["a/one", "b/one", "two"]
    assert features_table(tmp_path, lma=lma())["take"].tolist() == names
    assert features_table([tmp_path / "b", take], lma=lma())["take"].tolist() == ["one", "two", "1"]
    assert features_table(take.position, lma=lma())["take"].tolist() == ["0"]


def test_markers_are_joints_where_there_are_any():
    take = dance(duration=2.0)
    table = features_table(take, lma=lma(), joints="auto")
    pd.testing.assert_frame_equal(table, features_table(take, lma=lma()))
    with pytest.raises(ValueError, match=r"the markers of qualisys, got .*\"auto\" for whichever"):
        features_table(take, lma=lma(), joints="qualisys")


@pytest.mark.parametrize("rows", ["clips", "windows"])
def test_the_command_writes_the_same_table(rows, tmp_path):
    write_poses(dance(fps=60), tmp_path / "solo.npz")
    out = tmp_path / "table.csv"
    command = ["features", str(tmp_path / "solo.npz"), "-o", str(out), "--rows", rows]
    assert main([*command, "--n-keyframes", "4", "--clip-duration", "3"]) == 0
    expected = features_table(tmp_path / "solo.npz", lma=lma(), rows=rows, clip_duration=3.0)
    found = pd.read_csv(out)
    assert found["take"].tolist() == expected["take"].tolist()
    np.testing.assert_allclose(found.iloc[:, 1:], expected.iloc[:, 1:], rtol=1e-9)
    assert found.columns.tolist() == expected.columns.tolist()


@pytest.mark.parametrize(
    ("takes", "parameters", "message"),
    [
        ([], {}, "at least one take"),
        (pd.DataFrame(np.zeros((3, 60))), {}, "expected one take in '0', got 3 clips"),
        ({"a": np.zeros((3, 60, 17, 2))}, {}, "expected one take in 'a', got 3 clips"),
        (dance(1.0), {"rows": "frames"}, "expected rows to be one of 'clips', 'windows'"),
        (dance(1.0), {"clip_duration": 0}, "expected clip_duration above 0 s, got 0"),
        (dance(1.0), {"hop_duration": -1}, "expected hop_duration above 0 s, got -1"),
        (dance(1.0), {"rows": "windows", "lma": lma(lma__scope="clip")}, "use rows='clips'"),
        (Path("none.bvh"), {}, "none.bvh"),
    ],
)
def test_what_is_wrong_is_said(takes, parameters, message):
    with pytest.raises((ValueError, OSError), match=message):
        features_table(takes, **parameters)
    with pytest.raises(TypeError, match="last step is an LMAFeaturizer"):
        features_table(dance(1.0), lma=make_lma_pipeline()[:-1])


@pytest.mark.skipif(not (DATA / "salsa_bvh").is_dir(), reason="needs the salsa takes")
def test_a_real_file_has_one_table_by_file_motion_and_pipeline():
    path = DATA / "salsa_bvh" / "60_12_scaled.bvh.gz"
    take = read_poses(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        table = features_table(path, hop_duration=8.0)
        same = features_table({"60_12_scaled": take.resample(30.0)}, hop_duration=8.0)
    pd.testing.assert_frame_equal(table, same, check_exact=False, rtol=1e-9)
    pipeline = make_lma_pipeline().set_output(transform="pandas")
    pipeline.set_params(kinematics__height=table.attrs["heights"]["60_12_scaled"])
    clips = pipeline.fit_transform(take.windows(8.0, 8.0))
    # The clips are resampled one by one here: their ends differ.
    found = table[clips.columns].to_numpy()
    error = np.abs(found - clips) / np.abs(found)
    assert np.nanmedian(error) < 1e-4
    assert np.nanmax(error) < 0.05


def test_equal_weights_of_unnamed_joints_are_said():
    position = np.asarray(dance(4.0).position)[:, :, 1:]
    with pytest.warns(UserWarning, match=r"joints of 'x' have no names: all joints have equal"):
        features_table({"x": Motion(position, fps=30)}, lma=lma(), clip_duration=4.0)
    names = [f"m{i}" for i in range(15)] + ["Head"]
    with pytest.warns(UserWarning, match="lack left wrist, right wrist, left ankle, right ankle"):
        features_table(
            {"x": Motion(position, fps=30, skeleton=Skeleton(names))}, lma=lma(), clip_duration=4.0
        )
    uniform = lma().set_params(lma__joint_weights="uniform")
    features_table({"x": Motion(position, fps=30)}, lma=uniform, clip_duration=4.0)


def test_a_take_is_one_row_with_statistics_of_its_windows():
    takes = {"first": dance(7.0), "second": dance(9.0, random_state=3)}
    table = features_table(takes, lma=lma(), rows="takes", clip_duration=3.0)
    windows = features_table(takes, lma=lma(), rows="windows", clip_duration=3.0)
    assert table["take"].tolist() == ["first", "second"]
    assert table["height"].tolist() == list(table.attrs["heights"].values())
    assert table["axes"].tolist() == [2, 2]
    assert set(table.attrs["heights"]) == {"first", "second"}
    assert table.attrs["units"]["weight_std"] == "H²/s²"
    for i, name in enumerate(takes):
        part = windows[windows["take"] == name]
        duration = part["stop"] - part["start"]
        row = table.iloc[i]
        assert (row["windows"], row["start"]) == (len(part), part["start"].iloc[0])
        for feature in LABAN:
            mean = (part[feature] * duration).sum() / duration.sum()
            variance = ((part[feature] - mean) ** 2 * duration).sum() / duration.sum()
            assert row[f"{feature}_mean"] == pytest.approx(mean)
            assert row[f"{feature}_std"] == pytest.approx(variance**0.5)
            assert row[f"{feature}_median"] == pytest.approx(part[feature].median())
            assert row[f"{feature}_max"] == part[feature].max()


def test_windows_without_a_value_do_not_count_in_the_row_of_a_take():
    windows = features_table(dance(), lma=lma(), rows="windows", clip_duration=3.0)
    windows.loc[0, "flow"] = np.nan
    windows["shape"] = np.nan
    (row,) = aggregate_windows(windows).to_dict("records")
    rest = windows.iloc[1:]
    duration = rest["stop"] - rest["start"]
    assert row["flow_mean"] == pytest.approx((rest["flow"] * duration).sum() / duration.sum())
    assert np.isnan([row["shape_mean"], row["shape_std"], row["shape_max"]]).all()


def test_the_command_writes_one_row_per_take_with_a_given_height(tmp_path, capsys):
    for name in ("a", "b"):
        write_poses(dance(random_state=ord(name)), tmp_path / f"{name}.npz")
    out = tmp_path / "table.csv"
    command = ["features", str(tmp_path), "-o", str(out), "--rows", "takes", "--clip-duration", "3"]
    given = ["--height", "90", "--cutoff", "6", "--n-keyframes", "4"]
    assert main([*command, *given]) == 0
    assert "2 rows, 20 features" in capsys.readouterr().out
    pipeline = lma(kinematics__height=90.0, smooth__cutoff=6.0)
    expected = features_table(
        [tmp_path / "a.npz", tmp_path / "b.npz"], lma=pipeline, rows="takes", clip_duration=3.0
    )
    found = pd.read_csv(out)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert main([*command, *given, "--force", "--start", "1", "--end", "4.5"]) == 0
    parts = [read_poses(tmp_path / f"{name}.npz").frames(30, 135) for name in ("a", "b")]
    expected = features_table(dict(zip("ab", parts)), lma=pipeline, rows="takes", clip_duration=3.0)
    pd.testing.assert_frame_equal(pd.read_csv(out), expected, check_dtype=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cutoff", "15"], "expected --cutoff below 15 Hz"),
        (["--height", "2", "--preset", "paper"], "which uses no height"),
        (["--height", "-1"], "expected a number above 0"),
        (["--start", "60"], "expected --start and --end within the take of 7 s"),
    ],
)
def test_settings_without_meaning_are_refused(options, message, tmp_path, capsys):
    write_poses(dance(), tmp_path / "a.npz")
    out = tmp_path / "table.csv"
    with contextlib.suppress(SystemExit):
        assert main(["features", str(tmp_path / "a.npz"), "-o", str(out), *options]) != 0
    assert message in capsys.readouterr().err
    assert not out.exists()
