"""Motion to and from ``xarray.Dataset``, in the conventions of the package movement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._validation import require
from .skeletons import Skeleton, named_skeleton

if TYPE_CHECKING:
    from .container import Motion


def to_xarray(motion: Motion) -> Any:
    """Return the dataset of a Motion, see ``Motion.to_xarray``."""
    require("xarray", extra="xarray", purpose="Motion.to_xarray")
    import xarray

    joints = motion.skeleton.joints if motion.skeleton else range(motion.n_joints)
    axes = list("xyz") if motion.n_axes <= 3 else list(map(str, range(motion.n_axes)))
    coords = {
        "time": np.arange(motion.n_frames) / motion.fps,
        "space": axes[: motion.n_axes],
        "keypoints": [str(joint) for joint in joints],
        "individuals": [f"clip_{i}" for i in range(motion.n_clips)],
    }
    data = {"position": (tuple(coords), motion.position.transpose(1, 3, 2, 0))}
    if motion.confidence is not None:
        dims = ("time", "keypoints", "individuals")
        data["confidence"] = (dims, motion.confidence.transpose(1, 2, 0))
    if motion.beat is not None:
        data["beat"] = (("time", "individuals"), motion.beat.T)
    attrs: dict[str, Any] = {
        "fps": motion.fps,
        "time_unit": "seconds",
        "ds_type": "poses",
        "source_software": "sklearn_asdf",
    }
    if motion.skeleton and motion.skeleton.name:
        attrs["skeleton"] = motion.skeleton.name
    return xarray.Dataset(data, coords=coords, attrs=attrs)


def from_xarray(dataset: Any, *, fps: float | None, skeleton: Skeleton | str | None) -> Motion:
    """Return the Motion of a dataset, see ``Motion.from_xarray``."""
    from .container import Motion

    if "position" not in getattr(dataset, "data_vars", ()):
        raise ValueError(
            f"expected an xarray.Dataset with a variable 'position', got {type(dataset).__name__}"
        )
    position = _in_order(dataset, "position", ["individual", "time", "keypoint", "space"])
    confidence = None
    if "confidence" in dataset.data_vars:
        confidence = _in_order(dataset, "confidence", ["individual", "time", "keypoint"]).values
        # movement fills in NaN where the source has no confidence.
        confidence = None if np.isnan(confidence).all() else confidence
    beat = None
    if "beat" in dataset.data_vars:
        beat = _in_order(dataset, "beat", ["individual", "time"]).values
    if skeleton is None and "keypoint" in position.coords:
        skeleton = named_skeleton([str(k) for k in position["keypoint"].values])
    fps = _frame_rate(dataset, position) if fps is None else fps
    return Motion(position.values, fps=fps, skeleton=skeleton, confidence=confidence, beat=beat)


def _in_order(dataset: Any, name: str, wanted: list[str]) -> Any:
    # movement has named these dimensions in the singular and in the plural.
    array = dataset[name].rename({d: d.removesuffix("s") for d in dataset[name].dims})
    if "individual" not in array.dims:
        array = array.expand_dims("individual")
    if set(array.dims) != set(wanted):
        raise ValueError(f"expected {name} over {_listed(wanted)}, got {dataset[name].dims}")
    return array.transpose(*wanted)


def _listed(dims: list[str]) -> str:
    names = {"time": "time", "space": "space", "keypoint": "keypoints"}
    return ", ".join(names[d] for d in names if d in dims) + " and individuals"


def _frame_rate(dataset: Any, position: Any) -> float:
    if "fps" in dataset.attrs:
        return float(dataset.attrs["fps"])
    in_seconds = dataset.attrs.get("time_unit") == "seconds" and "time" in position.coords
    if not in_seconds or position.sizes["time"] < 2:
        raise ValueError("expected a dataset with the attribute 'fps', got none: give fps=")
    return float(1 / np.median(np.diff(position["time"].values)))
