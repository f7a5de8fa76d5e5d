"""Poses in arrays with names: NPZ and NPY, AIST++'s pickles, SLEAP's and movement's HDF5."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ._frame import read_frame
from ._hdf5 import open_hdf5
from ._limits import Zip, read_npy
from ._pickle import read_pickle
from ._smpl import take_of_amass, take_of_smpl
from ._tables import take_of_deeplabcut
from ._take import NotPoses, Take, columns_are_people, single

_NAMES = ("keypoints", "position", "positions", "poses", "landmarks", "pose_landmarks", "joints")


def arrays_of_zip(file: Zip) -> dict[str, np.ndarray]:
    """Return the arrays of numbers and of text in an NPZ, never unpickling."""
    names = [name for name in file.namelist() if name.endswith(".npy")]
    arrays = {name.removesuffix(".npy"): _array(file.whole(name)) for name in names}
    return {name: array for name, array in arrays.items() if array.dtype.kind in "biufSU"}


def load_npy(content: bytes) -> dict[str, np.ndarray]:
    """Return the array of an NPY under its usual name, never unpickling."""
    return {"keypoints": _array(content)}


def _array(content: bytes) -> np.ndarray:
    try:
        return read_npy(content)
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise NotPoses(
                "holds arrays of Python objects, which could run code when loaded: save plain "
                "arrays of numbers (numpy.savez with a numeric dtype)"
            ) from error
        raise


def take_of_pickle(content: bytes, *, camera: int = 0) -> Take:
    """Return the take of one of AIST++'s pickles, or of one with arrays of the usual names."""
    contents = read_pickle(content)
    if isinstance(contents, np.ndarray):
        contents = {"keypoints": contents}
    if not isinstance(contents, dict):
        raise NotPoses(f"is a pickle of a {type(contents).__name__}, expected a dict of arrays")
    return take_of_arrays(contents, camera=camera)


def take_of_arrays(
    contents: dict[str, Any], *, coordinates: str = "image", camera: int = 0
) -> Take:
    """Return the take of arrays with names that tell what they are."""
    if {"skeletons", "center"} <= set(contents):
        return _dance_with_melody(contents)
    if "smpl_poses" in contents:
        return take_of_smpl(contents)
    if "trans" in contents and len(_shape(contents, "poses")) == 2:
        return take_of_amass(contents, fps=_fps(contents))
    for name in ("keypoints3d_optim", "keypoints3d"):
        if name in contents:
            return _aist(contents[name], "AIST++ keypoints3d")
    if "keypoints2d" in contents:
        return _aist_2d(contents["keypoints2d"], camera)
    if coordinates == "world":
        if "world" not in contents:
            raise NotPoses("has no array 'world': read it with coordinates='image'")
        names: tuple[str, ...] = ("world",)
    else:
        names = _NAMES
    found = next((name for name in names if len(_shape(contents, name)) in (3, 4)), None)
    if found is None:
        raise NotPoses(
            f"holds {_listed(contents)}, expected poses of shape (n_frames, n_joints, n_axes) "
            f"under one of the names {', '.join(_NAMES)}"
        )
    values = np.asarray(contents[found], dtype=float)
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 3 or values.shape[2] not in (2, 3, 4):
        raise NotPoses(
            f"holds {_listed(contents)}, expected {found!r} of shape (n_frames, n_joints, 2 to 4)"
        )
    position, confidence = split_confidence(values, depth=found == "world")
    if confidence is None and _shape(contents, "confidence") == values.shape[:2]:
        confidence = np.asarray(contents["confidence"], dtype=float)
    if _shape(contents, "score") == values.shape[:1]:
        # A frame that the tracker gave no score is a frame without a person.
        found_one = np.asarray(contents["score"]) > 0
        position = np.where(found_one[:, None, None], position, np.nan)
    return single(position, confidence, fps=_fps(contents), format="arrays")


def split_confidence(
    values: np.ndarray, *, depth: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Part coordinates from the confidence that trackers put behind them.

    Four columns are x, y, depth, confidence, and the depth that a tracker guesses in an image
    is dropped. Three are x, y, z, unless x or y are pixels while the third stays in [0, 1].
    """
    if values.shape[-1] == 4:
        return values[..., : 3 if depth else 2], values[..., 3]
    if values.shape[-1] == 3 and not depth:
        third = values[..., 2][np.isfinite(values[..., 2])]
        plane = np.abs(values[..., :2][np.isfinite(values[..., :2])])
        if third.size and third.min() >= 0 and third.max() <= 1 and plane.max() > 10:
            return values[..., :2], values[..., 2]
    return values, None


def take_of_hdf5(content: bytes) -> Take:
    """Return the take of a SLEAP, DeepLabCut or movement (netCDF 4) file."""
    with open_hdf5(content) as file:
        if "tracks" in file and "node_names" in file:
            return _sleap(file)
        if "position" in file and {"time", "space"} <= set(file):
            return _movement(file)
        for group in file.values():
            if "pandas_type" in group.attrs:
                return take_of_deeplabcut(read_frame(group))
        raise NotPoses(
            f"is an HDF5 with {', '.join(map(repr, list(file)[:8]))}, expected SLEAP's 'tracks' "
            "and 'node_names', movement's 'position', 'time' and 'space', or DeepLabCut's table"
        )


def _sleap(file: Any) -> Take:
    wanted = ("frame", "track", "node", "xy")

    def in_order(name: str, axes: tuple[str, ...], default: tuple[str, ...]) -> np.ndarray:
        """Newer writers name the axes; SLEAP itself writes them in the order of `default`."""
        values = np.asarray(file[name], dtype=float)
        named = file[name].attrs.get("dims")
        order = tuple(json.loads(_text(named))) if named is not None else default
        return values.transpose([order.index(axis) for axis in axes])

    position = in_order("tracks", wanted, ("track", "xy", "node", "frame"))
    confidence = None
    if "point_scores" in file:
        # NaN where somebody corrected the frame by hand.
        confidence = in_order("point_scores", wanted[:3], ("track", "node", "frame"))
    bones = None
    joints = _strings(file["node_names"])
    if "edge_inds" in file and np.size(file["edge_inds"]):
        edges = np.asarray(file["edge_inds"]).reshape(-1, 2)
        if edges.min() < 0 or edges.max() >= len(joints):
            raise NotPoses(f"has bones to joint {edges.max()}, but only {len(joints)} joints")
        bones = tuple((int(a), int(b)) for a, b in edges)
    n_frames, n_people = position.shape[:2]
    # Several people without names of tracks are in the order in which they were found.
    tracked = n_people == 1 or "track_names" not in file or len(file["track_names"]) == n_people
    return Take(
        position,
        confidence=confidence,
        joints=joints,
        bones=bones,
        identity=columns_are_people(n_frames, n_people) if tracked else None,
        format="SLEAP analysis",
    )


def _movement(file: Any) -> Take:
    wanted = ("time", "individuals", "keypoints", "space")

    def in_order(dataset: Any, names: tuple[str, ...]) -> np.ndarray:
        dims = [dim[0].name.rpartition("/")[2].rstrip("s") for dim in dataset.dims]
        present = [name for name in names if name.rstrip("s") in dims]
        values = np.asarray(dataset, dtype=float)
        values = values.transpose([dims.index(name.rstrip("s")) for name in present])
        missing = tuple(i for i, name in enumerate(names) if name not in present)
        return np.expand_dims(values, missing)

    keys = {key.rstrip("s"): key for key in file}
    position = in_order(file["position"], wanted)
    confidence = in_order(file["confidence"], wanted[:3]) if "confidence" in file else None
    time = np.asarray(file["time"], dtype=float)
    fps = file.attrs.get("fps")
    seconds = _text(file.attrs.get("time_unit", "")).startswith("s")
    if fps is None and seconds and len(time) > 1:
        fps = (len(time) - 1) / (time[-1] - time[0])
    return Take(
        position,
        confidence=confidence,
        fps=None if fps is None else float(np.ravel(fps)[0]),
        joints=_strings(file[keys["keypoint"]]) if "keypoint" in keys else None,
        start=float(time[0]) if seconds and len(time) else 0.0,
        identity=columns_are_people(*position.shape[:2]),
        format="movement data set",
    )


def _dance_with_melody(contents: dict[str, Any]) -> Take:
    """Tang, Jia and Mao's captures: hips apart from the rest, frames counted in beats."""
    position = (
        np.asarray(contents["skeletons"], float) + np.asarray(contents["center"], float)[:, None]
    )
    fps = None
    if {"seconds_per_beat_audio", "frames_per_beat"} <= set(contents):
        fps = float(contents["frames_per_beat"]) / float(contents["seconds_per_beat_audio"])
    start = float(contents.get("first_beat_offset_s", 0.0))
    skeleton = "dance_with_melody23" if position.shape[1] == 23 else None
    return single(position, fps=fps, start=start, skeleton=skeleton, format="Dance with Melody")


def _aist(values: Any, name: str) -> Take:
    position = np.asarray(values, dtype=float)
    if position.ndim != 3 or position.shape[2] not in (2, 3):
        raise NotPoses(f"holds {name} of shape {position.shape}, expected (n_frames, 17, 3)")
    skeleton = "coco17" if position.shape[1] == 17 else None
    return single(position, fps=60.0, skeleton=skeleton, format=name)


def _aist_2d(values: Any, camera: int) -> Take:
    values = np.asarray(values, dtype=float)
    if values.ndim != 4 or values.shape[3] != 3:
        raise NotPoses(
            f"holds AIST++ keypoints2d of shape {values.shape}, expected "
            "(n_cameras, n_frames, 17, 3)"
        )
    if not 0 <= camera < len(values):
        raise NotPoses(f"holds {len(values)} cameras, but camera={camera} was asked for")
    take = _aist(values[camera][..., :2], "AIST++ keypoints2d")
    take.confidence = values[camera][:, None, :, 2]
    return take


def _shape(contents: dict[str, Any], name: str) -> tuple[int, ...]:
    return np.shape(contents[name]) if name in contents else ()


def _fps(contents: dict[str, Any]) -> float | None:
    for name in ("fps", "frame_rate", "framerate", "mocap_framerate", "mocap_frame_rate"):
        if name in contents and np.size(contents[name]) == 1:
            return float(np.ravel(contents[name])[0])
    return None


def _listed(contents: dict[str, Any]) -> str:
    parts = [f"{name!r} {np.shape(value)}" for name, value in list(contents.items())[:8]]
    return ", ".join(parts) if parts else "no arrays"


def _strings(values: Any) -> tuple[str, ...]:
    return tuple(_text(value) for value in np.ravel(np.asarray(values)))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
