"""Damaged files of every format either open or end in a sentence that names them."""

from __future__ import annotations

import gzip
import io
import json
import pickle

import numpy as np
import pytest

from sklearn_asdf import Motion
from sklearn_asdf.io import read_poses, write_poses

BVH = b"""HIERARCHY
ROOT Hips
{
    OFFSET 0 0 0
    CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
    JOINT Knee
    {
        OFFSET 1 -2 3
        CHANNELS 3 Zrotation Xrotation Yrotation
        End Site
        {
            OFFSET 0 -4 1
        }
    }
}
MOTION
Frames: 3
Frame Time: 0.01
0 0 0 1 2 3 4 5 6
0 0 0 1 2 3 4 5 6
0 0 0 1 2 3 4 5 6
"""

DEEPLABCUT = b"""scorer,net,net,net
bodyparts,hip,hip,hip
coords,x,y,likelihood
0,1.5,2.5,0.9
1,5.5,6.5,0.8
"""


def written(suffix):
    def make(folder):
        if suffix == ".parquet":
            pytest.importorskip("pyarrow")
        motion = Motion(
            np.random.default_rng(0).normal(size=(1, 4, 17, 3)),
            skeleton="coco17",
            confidence=np.full((1, 4, 17), 0.5),
        )
        write_poses(motion, folder / f"sound{suffix}")
        return (folder / f"sound{suffix}").read_bytes()

    return make


def as_json(document):
    return lambda folder: json.dumps(document).encode()


def sleap(folder):
    h5py = pytest.importorskip("h5py")
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["tracks"] = np.ones((1, 2, 3, 5))
        file["node_names"] = [b"a", b"b", b"c"]
    return content.getvalue()


JOINT = {"x": 1.5, "y": 2.5, "score": 0.5, "name": "nose"}
SAMPLES = {
    "npz": written(".npz"),
    "csv": written(".csv"),
    "parquet": written(".parquet"),
    "tfjs": as_json([[{"score": 1, "keypoints": [JOINT]}]] * 3),
    "openpose": as_json([{"people": [{"pose_keypoints_2d": [1.0, 2.0, 0.5] * 25}]}] * 3),
    "coco": as_json([{"image_id": i, "keypoints": [1.0, 2.0, 0.5] * 17} for i in range(3)]),
    "runway": as_json([{"poses": [[[10.5, 20.5]] * 17], "scores": [1]}] * 3),
    "asdf": as_json(
        {
            "frameRate": 30,
            "frames": [
                {"score": 1, "interpolation": False, "framRel": i, "data": [[1, 2]] * 17}
                for i in range(3)
            ],
        }
    ),
    "mediapipe": as_json([[{"x": 10.5, "y": 20.5, "z": 0.3, "visibility": 1}] * 33] * 3),
    "bvh": lambda folder: BVH,
    "bvh.gz": lambda folder: gzip.compress(BVH, mtime=0),
    "deeplabcut": lambda folder: DEEPLABCUT,
    "laban": lambda folder: (",".join(["1.5"] * 72) + "\n").encode() * 4,
    "pickle": lambda folder: pickle.dumps({"keypoints3d_optim": np.ones((4, 17, 3))}),
    "pickle2": lambda folder: pickle.dumps({"keypoints2d": np.ones((2, 4, 17, 3))}, protocol=2),
    "sleap": sleap,
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_damage_ends_in_a_sentence(tmp_path, kind):
    content = SAMPLES[kind](tmp_path)
    rng = np.random.default_rng(len(content))
    path = tmp_path / "damaged"
    path.write_bytes(content)
    assert read_poses(path, fps=30).n_frames >= 1
    refused = 0
    for trial in range(40):
        if trial % 2:
            harmed = content[: rng.integers(len(content))]
        else:
            harmed = bytearray(content)
            for _ in range(rng.integers(1, 10)):
                harmed[rng.integers(len(harmed))] = rng.choice(list(b'[{"0\x00\xff'))
        path.write_bytes(bytes(harmed))
        motion, message = None, ""
        try:
            motion = read_poses(path, fps=30)
        except ValueError as error:
            message = str(error)
        if motion is None:
            assert message.startswith(f"expected poses in '{path}', but the file ")
            refused += 1
        else:
            # Half a table is a shorter table; but what is seen is always a number.
            assert np.isfinite(motion.position[motion.seen]).all()
    assert refused >= 5
