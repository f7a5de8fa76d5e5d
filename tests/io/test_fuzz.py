"""Damaged files of every readable format by the thousand: one sentence each, in little memory."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import pickle
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from sklearn_asdf import AudioTargetRegressor, Motion, make_lma_pipeline, save
from sklearn_asdf.io import write_poses
from tests.io.damage import MEGABYTES, load_samples, make_input
from tests.io.test_captures import EXPORTS
from tests.io.test_damage import BVH, DEEPLABCUT, JOINT

ROOT = Path(__file__).parents[2]
EARLIER = ROOT / "tests" / "data" / "model_layout1.zip"

FRAME = {"people": [{"pose_keypoints_2d": [1.0, 2.0, 0.5] * 25}]}
TEXTS = {
    "tfjs": [[{"score": 1, "keypoints": [JOINT]}]] * 3,
    "openpose": [FRAME] * 3,
    "coco": [{"image_id": i, "keypoints": [1.0, 2.0, 0.5] * 17} for i in range(3)],
    "annotations": {
        "images": [{"id": 5}, {"id": 6}],
        "categories": [{"keypoints": ["a", "b"]}],
        "annotations": [{"image_id": i, "keypoints": [1, 2, 2, 3, 4, 2]} for i in (5, 6)],
    },
    "runway": [{"poses": [[[10.5, 20.5]] * 17], "scores": [1]}] * 3,
    "asdf": {
        "frameRate": 30,
        "frames": [
            {"score": 1, "interpolation": False, "framRel": i, "data": [[1, 2]] * 17}
            for i in range(3)
        ],
    },
    "mediapipe": [[{"x": 10.5, "y": 20.5, "z": 0.3, "visibility": 1}] * 33] * 3,
    "mmpose": {
        "meta_info": {"keypoint_id2name": {str(i): f"joint {i}" for i in range(3)}},
        "instance_info": [
            {
                "frame_id": i,
                "instances": [
                    {"keypoints": [[1, 2], [3, 4], [5, 6]], "keypoint_scores": [0.9, 0.8, None],
                     "track_id": who}
                    for who in (0, 1)
                ],
            }
            for i in (1, 2, 4)
        ],
    },
    "alphapose": {
        f"{i}.jpg": [{"keypoints": [1.0, 2.0, 0.5] * 17, "idx": [who]} for who in (1, 2)]
        for i in range(3)
    },
}  # fmt: skip
TABLES = {
    "tracks": b"frame,track,a_x,a_y,a_score,b_x,b_y,b_score\n"
    + b"".join(b"%d,%d,1.5,2,,3,4,0.5\n" % (i, who) for i in range(4) for who in (0, 1)),
    "commas": b"frame;a_x;a_y;b_x;b_y\n" + b"".join(b"%d;1,5;2;3;4,25\n" % i for i in range(4)),
    "labelled": b"scorer,,,me,me,me,me\nbodyparts,,,a,a,b,b\ncoords,,,x,y,x,y\n"
    + b"".join(b"labeled-data,clip,img%03d.png,1,2,3,\n" % i for i in (1, 2, 5)),
}


def _has(module):
    return importlib.util.find_spec(module) is not None


def _written(folder, suffix):
    motion = Motion(
        np.random.default_rng(0).normal(size=(1, 6, 17, 3)),
        skeleton="coco17",
        confidence=np.full((1, 6, 17), 0.5),
    )
    write_poses(motion, folder / f"poses{suffix}")
    return (folder / f"poses{suffix}").read_bytes()


def _zipped():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for i in range(3):
            file.writestr(f"take_{i:012}_keypoints.json", json.dumps(FRAME))
    return content.getvalue()


def _packed():
    content = io.BytesIO()
    rng = np.random.default_rng(0)
    np.savez_compressed(content, keypoints=rng.normal(size=(5, 17, 2)), fps=25)
    return content.getvalue()


def _npy():
    content = io.BytesIO()
    np.save(content, np.random.default_rng(0).normal(size=(5, 17, 2)))
    return content.getvalue()


def _hdf5(compression):
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("tracks", data=np.ones((1, 2, 3, 5)), compression=compression)
        file["node_names"] = [b"a", b"b", b"c"]
        file["edge_inds"] = [[0, 1], [1, 2]]
        file["point_scores"] = np.ones((1, 3, 5))
        file["tracks"].attrs["dims"] = '["track", "xy", "node", "frame"]'
        file["track_names"] = [b"one"]
    return content.getvalue()


def _movement():
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["position"] = np.random.default_rng(0).normal(size=(4, 2, 3, 1))
        for i, (name, values) in enumerate(
            {
                "time": [0.0, 0.1, 0.2, 0.3],
                "space": ["x", "y"],
                "keypoints": ["a", "b", "c"],
                "individuals": ["one"],
            }.items()
        ):
            file[name] = values
            file[name].make_scale(name)
            file["position"].dims[i].attach_scale(file[name])
        file.attrs["fps"] = 10.0
    return content.getvalue()


def _deeplabcut(folder, layout):
    columns = pd.MultiIndex.from_product(
        [["net"], ["hip", "knee"], ["x", "y", "likelihood"]],
        names=["scorer", "bodyparts", "coords"],
    )
    table = pd.DataFrame(np.random.default_rng(0).random((4, 6)), columns=columns)
    table.to_hdf(folder / "dlc.h5", key="df", format=layout)
    return (folder / "dlc.h5").read_bytes()


def _c3d(folder):
    # Which also ignores the warnings of its import; ezc3d 1.5 crashes where they are errors.
    ezc3d = pytest.importorskip("ezc3d")
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100]
    file["parameters"]["POINT"]["LABELS"]["value"] = ["LFHD", "RFHD", "LWRA", "Angle"]
    file.add_parameter("POINT", "ANGLES", ["Angle"])
    position = np.random.default_rng(0).normal(size=(3, 4, 20))
    file["data"]["points"] = np.concatenate([position, np.ones((1, 4, 20))])
    file.write(str(folder / "take.c3d"))
    return (folder / "take.c3d").read_bytes()


def _model(folder):
    rng = np.random.default_rng(0)
    model = AudioTargetRegressor(Ridge(), StandardScaler())
    model.fit(rng.normal(size=(20, 3)), rng.normal(size=(20, 2)))
    model.generator = np.random.default_rng(1)
    model.state = np.random.RandomState(1)
    save(model, folder / "model.zip")
    return (folder / "model.zip").read_bytes()


def _unfitted(folder):
    save(make_lma_pipeline(n_keyframes=7), folder / "model.zip")
    return (folder / "model.zip").read_bytes()


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """A folder of whole files of every format."""
    pytest.importorskip("resource", reason="limits of a process need a Unix system")
    folder = tmp_path_factory.mktemp("samples")
    made = {name: json.dumps(document).encode() for name, document in TEXTS.items()}
    made |= TABLES | {name: text.encode() for name, text in EXPORTS.items()}
    made |= {
        "bvh": BVH,
        "gz-bvh": gzip.compress(BVH, mtime=0),
        "gz-coco": gzip.compress(made["coco"], mtime=0),
        "deeplabcut": DEEPLABCUT,
        "laban": (",".join(["1.5"] * 72) + "\n").encode() * 4,
        "long": b"frame,joint,x,y\n" + b"".join(b"%d,a,1,2\n%d,b,3,4\n" % (i, i) for i in range(4)),
        "pickle": pickle.dumps({"keypoints3d_optim": np.ones((4, 17, 3))}),
        "pickle2": pickle.dumps({"keypoints2d": np.ones((2, 4, 17, 3))}, protocol=2),
        "pickle-smpl": pickle.dumps({"smpl_poses": np.ones((4, 72)), "smpl_scaling": [1.0]}),
        "npz": _written(folder, ".npz"),
        "npz-packed": _packed(),
        "npy": _npy(),
        "zip": _zipped(),
        "csv": _written(folder, ".csv"),
        "model": _model(folder),
        "model-lma": _unfitted(folder),
        "model-layout1": EARLIER.read_bytes(),
    }
    if _has("pyarrow"):
        made["parquet"] = _written(folder, ".parquet")
    if _has("h5py"):
        made |= {"sleap": _hdf5(None), "sleap-packed": _hdf5("gzip"), "movement": _movement()}
        if _has("tables"):
            made["h5-fixed"] = _deeplabcut(folder, "fixed")
            made["h5-table"] = _deeplabcut(folder, "table")
    if _has("ezc3d"):
        made["c3d"] = _c3d(folder)
    for name, content in made.items():
        (folder / f"{name}.sample").write_bytes(content)
    return folder


_RUN = "import sys; from tests.io import damage; damage.main(*sys.argv[1:])"


def _failures(folder, start, stop, before=""):
    """Read inputs in one process after the other, since any of them may be ended by its input."""
    failures = []
    while start < stop:
        done = subprocess.run(
            [sys.executable, "-c", f"{before}{_RUN}", str(folder), str(start), str(stop)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        lines = [line.split(" ", 3) for line in done.stdout.splitlines()]
        failures += [" ".join(line) for line in lines if line[2] == "fails"]
        if not done.returncode:
            break
        assert lines, done.stderr
        how = signal.Signals(-done.returncode).name if done.returncode < 0 else done.stderr[-500:]
        failures.append(f"{' '.join(lines[-1])}: the process ended with {how}")
        start = int(lines[-1][0]) + 1
        if len(failures) > 20:
            break
    return failures


def test_500_damaged_files(samples):
    failures = _failures(samples, 0, 500)
    assert not failures, "\n".join(failures)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_10_000_damaged_files(samples, part):
    failures = _failures(samples, 1000 * (part + 1), 1000 * (part + 2))
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize(
    ("harm", "sign"),
    [
        ("while True: pass", "the process ended with SIGVTALRM"),
        (f"return str(len(bytes({2 * MEGABYTES} * 2**20)))", "MemoryError"),
        ("os.abort()", "the process ended with SIGABRT"),
        ("return 'no sentence'", "no sentence"),
    ],
)
def test_what_breaks_a_limit_is_found(samples, harm, sign):
    # Once the whole samples were read.
    code = (
        "import os\n"
        "from tests.io import damage\n"
        "inputs = []\n"
        "def make_input(*args):\n"
        "    inputs.append(args)\n"
        "    return 'npy', b''\n"
        "def read(name, path):\n"
        f"    if inputs:\n        {harm}\n"
        "damage.make_input, damage.read = make_input, read\n"
    )
    assert sign in "\n".join(_failures(samples, 0, 1, code))


def test_a_damaged_column_of_parquet_does_not_end_the_process(tmp_path):
    pytest.importorskip("pyarrow")
    name = b"left_eye_confidence"
    # In the schema: a column that may have no gaps, while its statistics count some.
    optional = b"\x02\x18" + bytes([len(name)]) + name
    whole = _written(tmp_path, ".parquet")
    assert optional in whole
    (tmp_path / "poses.parquet").write_bytes(whole.replace(optional, b"\x00" + optional[1:]))
    code = "import sys; from sklearn_asdf.io import read_poses; read_poses(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "poses.parquet")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "but the file is Parquet, but cut off or damaged" in done.stderr, done.stderr


def test_every_sample_is_damaged(samples):
    found = load_samples(samples)
    made = [make_input(found, i) for i in range(3 * len(found))]
    assert {name for name, _ in made} == {name for name, _ in found}
    whole = dict(found)
    assert sum(content != whole[name] for name, content in made) > 2.5 * len(found)
