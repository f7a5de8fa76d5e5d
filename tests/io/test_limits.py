"""Small files that would fill the memory are refused before they do; honest ones are read."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sklearn_asdf import Motion, load, save
from sklearn_asdf.io import file_limits, read_poses, write_poses
from sklearn_asdf.io._limits import gunzip, read_npy

ROOT = Path(__file__).parents[2]
RATIO = "a ratio above 100 is refused"


def _npy_header(shape):
    described = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"
    header = described.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def _zip(name, content, **options):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return packed.getvalue()


def _packed_zeros():
    content = io.BytesIO()
    np.savez_compressed(content, keypoints=np.zeros((200_000, 17, 2)))
    return content.getvalue()


def _shared_lists():
    value = [0] * 10
    for _ in range(18):
        value = [value] * 10
    return pickle.dumps({"keypoints": value})


def _crowd():
    person = {"keypoints": [[1, 2, 1]] * 17}
    return json.dumps([[person]] * 1000 + [[person] * 2000]).encode()


def _crossed(n):
    rows = "".join(f"{i},{i},{i},j{i},1,2\n" for i in range(n))
    return f"clip,frame,person,joint,x,y\n{rows}".encode()


def _short_rows():
    head = ",".join(f'"j{i}_x","j{i}_y"' for i in range(10_000))
    return (head + "\n" + "1\n" * 200_000).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"[" + b"[]," * 10_000_000 + b"[]]"), RATIO),
        (gzip.compress(b"[" + b"[]," * 4_000_000 + b"[]]"), RATIO),
        (_zip("1.json", b" " * 40_000_000), RATIO),
        (_packed_zeros(), RATIO),
        (_npy_header((10**9, 17, 2)) + bytes(1000), "stores 1,000: it is cut off"),
        (_shared_lists(), "unfolds to far more values"),
        (b"\x80\x04]r\xff\xff\xff\x7f.", "expected a dict|keypoints"),
        (b"\x80\x04" + b")" + b"\x85" * 100_000 + b"q\x00}h\x00K\x01s.", "no whole pickle"),
        (_crowd(), RATIO),
        (_crossed(300), RATIO),
        (_short_rows(), RATIO),
        (b"[" * 200_000, "nested far too deep"),
        (("a,b_x" + ",c" * 50_000).encode(), "50,002 columns"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.", "asks to run os.system"),
    ],
    ids=[
        "gzip", "gzip of lists", "zip", "npz", "npy", "shared lists", "memo", "deep tuple", "crowd",
        "table", "short rows", "deep", "columns", "code",
    ],
)  # fmt: skip
def test_bombs_are_refused(tmp_path, content, message):
    path = tmp_path / "poses"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_poses(path, fps=30)
    assert str(caught.value).isprintable()


def test_a_file_with_holes_is_too_large(tmp_path):
    path = tmp_path / "poses.json"
    path.write_text("[")
    with path.open("rb+") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match=r"1,099,511,627,776 bytes, more than the 4,294,967,296"):
        read_poses(path)


def test_limits_can_be_raised_and_are_put_back(tmp_path):
    path = tmp_path / "poses.npz"
    content = io.BytesIO()
    # Somebody who stands still for two hours.
    np.savez_compressed(content, keypoints=np.ones((216_000, 17, 2), np.float32), fps=30)
    path.write_bytes(content.getvalue())
    with pytest.raises(ValueError, match="file_limits"):
        read_poses(path)
    with file_limits(max_ratio=10_000):
        assert read_poses(path).n_frames == 216_000
    with pytest.raises(ValueError, match="file_limits"):
        read_poses(path)
    with file_limits(max_size=100), pytest.raises(ValueError, match="more than the 100 that"):
        read_poses(path)
    with pytest.raises(ValueError, match="expected max_ratio above 0"), file_limits(max_ratio=0):
        pass


def test_what_trackers_write_stays_far_below_the_limits(tmp_path):
    rng = np.random.default_rng(0)
    joints = [
        {"name": f"j{j}", "x": float(x), "y": float(y), "score": 0.5}
        for j, (x, y) in enumerate(rng.uniform(0, 1000, size=(17, 2)))
    ]
    path = tmp_path / "poses.json.gz"
    text = json.dumps([[{"keypoints": joints}]] * 2000, indent=2)
    path.write_bytes(gzip.compress(text.encode(), 1))
    assert read_poses(path, fps=60).n_frames == 2000
    # Half a minute in which somebody is seen at its very end.
    late = json.dumps([[]] * 1800 + [[{"keypoints": joints}]])
    path.write_text(late)
    assert read_poses(path, fps=60).n_frames == 1801


def test_members_of_gzip_follow_each_other():
    assert gunzip(gzip.compress(b"a") + gzip.compress(b"b") + bytes(100)) == b"ab"
    with pytest.raises(EOFError):
        gunzip(gzip.compress(b"abc" * 100)[:-12])


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3)[:2])])
def test_arrays_are_read_as_numpy_reads_them(array):
    content = io.BytesIO()
    np.save(content, array)
    read = read_npy(content.getvalue())
    np.testing.assert_array_equal(read, array)
    assert read.flags.writeable
    for damaged in (content.getvalue()[:-1], content.getvalue() + b"x"):
        with pytest.raises(ValueError, match="declares an array"):
            read_npy(damaged)


def _h5(write):
    h5py = pytest.importorskip("h5py")
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["node_names"] = [b"a", b"b", b"c"]
        write(h5py, file)
    return content.getvalue()


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda h5py, f: f.create_dataset("tracks", (1, 2, 3, 10**9)), RATIO),
        (
            lambda h5py, f: f.create_dataset(
                "tracks", (1, 2, 3, 2_000_000), "f8", compression="gzip", fillvalue=1
            ),
            RATIO,
        ),
        (
            lambda h5py, f: f.create_dataset(
                "tracks", (1, 2, 3, 4), "f8", external=[("/etc/passwd", 0, 192)]
            ),
            "lies in another file",
        ),
        (
            lambda h5py, f: f.__setitem__("tracks", h5py.ExternalLink("other.h5", "/tracks")),
            "lies in another file",
        ),
        (
            lambda h5py, f: f.create_virtual_dataset("tracks", _virtual(h5py)),
            "lies in another file",
        ),
        (
            lambda h5py, f: f.update(tracks=np.ones((1, 2, 3, 4)), edge_inds=[[0, 1], [1, 7]]),
            "bones to joint 7, but only 3 joints",
        ),
    ],
    ids=["declared", "packed", "external", "link", "virtual", "bones"],
)
def test_hdf5_reads_what_it_stores_and_no_other_file(tmp_path, write, message):
    path = tmp_path / "poses.h5"
    path.write_bytes(_h5(write))
    with pytest.raises(ValueError, match=message):
        read_poses(path, fps=30)


def _virtual(h5py):
    layout = h5py.VirtualLayout((1, 2, 3, 4), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "tracks", (1, 2, 3, 4))
    return layout


def test_text_of_variable_length_is_read_and_checked(tmp_path):
    path = tmp_path / "poses.h5"

    def write(h5py, file):
        del file["node_names"]
        file.create_dataset("node_names", data=["hip", "knee"], dtype=h5py.string_dtype())
        file["tracks"] = np.ones((1, 2, 2, 4))

    content = _h5(write)
    path.write_bytes(content)
    assert read_poses(path, fps=30).skeleton.joints == ("hip", "knee")
    # A text that claims to be longer than its heap.
    place = content.index((4).to_bytes(4, "little") + content.index(b"GCOL").to_bytes(8, "little"))
    path.write_bytes(content[:place] + (10**6).to_bytes(4, "little") + content[place + 4 :])
    with pytest.raises(ValueError, match="'node_names' refers to nothing"):
        read_poses(path, fps=30)


@pytest.mark.parametrize("size", [514, 600, 740, 768, 900, 1100])
def test_a_cut_c3d_is_refused(tmp_path, size):
    ezc3d = pytest.importorskip("ezc3d")
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [100]
    file["parameters"]["POINT"]["LABELS"]["value"] = ["a", "b"]
    file["data"]["points"] = np.ones((4, 2, 40))
    path = tmp_path / "take.c3d"
    file.write(str(path))
    assert read_poses(path).n_frames == 40
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match="cut off or damaged"):
        read_poses(path)


def test_reading_a_bomb_takes_little_memory(tmp_path):
    """2 MB that took 3.7 GB."""
    path = tmp_path / "poses.json.gz"
    path.write_bytes(gzip.compress(b"[" + b"[]," * 5_000_000) * 130)
    code = (
        "import resource, sys; from sklearn_asdf.io import read_poses\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_poses(sys.argv[1], fps=30)\n"
        "except ValueError: pass\n"
        "else: sys.exit('it was read')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 500_000


def test_a_model_that_unpacks_to_far_more_is_refused(tmp_path):
    from sklearn.linear_model import Ridge

    path = tmp_path / "model.zip"
    save(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("more", bytes(20_000_000))
    with pytest.raises(ValueError, match="declares members of"):
        load(path)


def test_poses_of_our_own_that_compress_well_are_read(tmp_path):
    write_poses(Motion(np.ones((1, 100_000, 17, 2)), skeleton="coco17"), tmp_path / "a.parquet")
    assert read_poses(tmp_path / "a.parquet").n_frames == 100_000
