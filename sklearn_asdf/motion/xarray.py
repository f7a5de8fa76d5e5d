"""Poses to and from ``xarray.Dataset``, in the conventions of the package movement."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._validation import require
from .skeletons import Skeleton, named_skeleton

__all__ = ["from_xarray", "to_xarray"]


def to_xarray(
    position: np.ndarray,
    *,
    fps: float,
    skeleton: Skeleton | None = None,
    confidence: np.ndarray | None = None,
    beat: np.ndarray | None = None,
) -> Any:
    """Return poses as an ``xarray.Dataset``.

    Parameters
    ----------
    position : ndarray of shape (n_clips, n_frames, n_joints, n_axes)
        Poses.
    fps : float
        Frames per second (Hz).
    skeleton : Skeleton or None, default=None
        Names of the joints; None numbers them.
    confidence : ndarray of shape (n_clips, n_frames, n_joints) or None, default=None
        Confidence of the tracker.
    beat : ndarray of shape (n_clips, n_frames) or None, default=None
        Cosine of the phase of the beat.

    Returns
    -------
    xarray.Dataset
        See :meth:`sklearn_asdf.Motion.to_xarray`.
    """
    require("xarray", extra="xarray", purpose="Motion.to_xarray")
    import xarray

    n_clips, n_frames, n_joints, n_axes = position.shape
    joints = skeleton.joints if skeleton else range(n_joints)
    coords = {
        "time": np.arange(n_frames) / fps,
        "space": list("xyz")[:n_axes],
        "keypoints": [str(joint) for joint in joints],
        "individuals": [f"clip_{i}" for i in range(n_clips)],
    }
    data = {"position": (tuple(coords), position.transpose(1, 3, 2, 0))}
    if confidence is not None:
        dims = ("time", "keypoints", "individuals")
        data["confidence"] = (dims, confidence.transpose(1, 2, 0))
    if beat is not None:
        data["beat"] = (("time", "individuals"), beat.T)
    attrs: dict[str, Any] = {
        "fps": fps,
        "time_unit": "seconds",
        "ds_type": "poses",
        "source_software": "sklearn_asdf",
    }
    if skeleton and skeleton.name:
        attrs["skeleton"] = skeleton.name
    return xarray.Dataset(data, coords=coords, attrs=attrs)


def from_xarray(dataset: Any) -> dict[str, Any]:
    """Return the poses of an ``xarray.Dataset``.

    Parameters
    ----------
    dataset : xarray.Dataset
        See :meth:`sklearn_asdf.Motion.from_xarray`.

    Returns
    -------
    dict
        With `position`, `fps` (None if the dataset has none), `skeleton`, `confidence` and `beat`.
    """
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
    skeleton = None
    if "keypoint" in position.coords:
        skeleton = named_skeleton([str(k) for k in position["keypoint"].values])
    return {
        "position": position.values,
        "fps": _frame_rate(dataset, position),
        "skeleton": skeleton,
        "confidence": confidence,
        "beat": beat,
    }


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


def _frame_rate(dataset: Any, position: Any) -> float | None:
    if "fps" in dataset.attrs:
        return float(dataset.attrs["fps"])
    in_seconds = dataset.attrs.get("time_unit") == "seconds" and "time" in position.coords
    if not in_seconds or position.sizes["time"] < 2:
        return None
    return float(1 / np.median(np.diff(position["time"].values)))
