"""`write_poses`, and the readers of its formats."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .._files import atomic_path
from .._validation import did_you_mean, require
from ..motion.container import Motion, as_motion
from ..motion.skeletons import Skeleton
from ._limits import LimitError, check_unpacked
from ._tables import take_of_table
from ._take import NotPoses, Take

# Says that an NPZ is ours, and in which version of its layout.
MARK = "sklearn_asdf_poses"
_ARRAYS = (
    "position", "confidence", "velocity", "acceleration", "jerk", "curvature", "keyframes",
)  # fmt: skip
_SUFFIXES = (".npz", ".csv", ".parquet")


def write_poses(motion: Any, path: str | os.PathLike[str]) -> None:
    """Write poses to an NPZ, CSV or Parquet file.

    Parameters
    ----------
    motion : Motion or array-like of shape (n_clips, n_frames, n_joints, n_axes)
        The poses; an array is converted by `as_motion`.
    path : str or PathLike
        File to write. The suffix ``.npz``, ``.csv`` or ``.parquet`` selects the format. An existing
        file is replaced atomically.

    See Also
    --------
    read_poses : Reads the file.

    Notes
    -----
    NPZ stores every array of the motion exactly, with fps and skeleton, and without pickles.

    CSV and Parquet have one row per frame: ``clip`` (if there are several), ``frame``, ``time`` in
    s, then ``JOINT_x, JOINT_y``, ``JOINT_z`` and ``JOINT_confidence``. A joint that was not seen
    is an empty cell. Positions and confidence are read back exactly as float64, but a joint of
    confidence 0 is read as not seen. Derivatives and keyframes are not stored. In CSV, fps is
    given by the times, to nine digits, and a registered skeleton by the names of the joints.
    Parquet stores both, and custom bones too. Parquet needs pyarrow.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from pathlib import Path
    >>> from sklearn_asdf import Motion
    >>> from sklearn_asdf.io import read_poses, write_poses
    >>> motion = Motion(np.random.default_rng(0).normal(size=(2, 30, 17, 3)), skeleton="coco17")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "dance.npz")
    ...     write_poses(motion, path)
    ...     same = read_poses(path)
    >>> np.array_equal(same.position, motion.position), same.skeleton
    (True, get_skeleton('coco17'))
    """
    place = Path(path)
    suffix = place.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ValueError(
            f"expected a path that ends in {', '.join(_SUFFIXES)}, got {str(path)!r}."
            f"{did_you_mean(suffix, _SUFFIXES)}"
        )
    if not place.parent.is_dir():
        raise FileNotFoundError(
            f"expected a folder to write to, but there is no {str(place.parent)!r}: make it first"
        )
    motion = as_motion(motion)
    if not len(motion):
        raise ValueError("expected at least one clip to write, got none")
    if suffix == ".parquet":
        require("pyarrow", extra="parquet", purpose="writing poses to Parquet")
    with atomic_path(place) as temporary:
        if suffix == ".npz":
            contents: dict[str, Any] = arrays_of_motion(motion)
            np.savez(temporary, **contents)
        elif suffix == ".csv":
            table_of_motion(motion).to_csv(temporary, index=False)
        else:
            _write_parquet(motion, temporary)


def arrays_of_motion(motion: Motion) -> dict[str, np.ndarray]:
    """Return the contents of a motion as named arrays."""
    arrays: dict[str, Any] = {MARK: np.array(1), "fps": np.array(motion.fps)}
    arrays |= {name: getattr(motion, name) for name in _ARRAYS if getattr(motion, name) is not None}
    if motion.skeleton is not None:
        arrays["joints"] = np.array(motion.skeleton.joints)
        arrays["bones"] = np.array(motion.skeleton.bones, dtype=str).reshape(-1, 2)
        if motion.skeleton.name is not None:
            arrays["skeleton"] = np.array(motion.skeleton.name)
    return arrays


def motion_of_arrays(arrays: dict[str, np.ndarray]) -> Motion:
    """Return the motion of the arrays of `arrays_of_motion`."""
    if int(arrays[MARK]) != 1:
        raise NotPoses(
            f"was written by a newer version (layout {int(arrays[MARK])}): update sklearn_asdf"
        )
    if "position" not in arrays or "fps" not in arrays:
        raise NotPoses("says that write_poses wrote it, but has no position and fps")
    skeleton = None
    if "joints" in arrays:
        skeleton = Skeleton(
            arrays["joints"].tolist(),
            [tuple(bone) for bone in arrays["bones"].tolist()],
            name=str(arrays["skeleton"]) if "skeleton" in arrays else None,
        )
    known = {name: arrays[name] for name in _ARRAYS if name in arrays}
    return Motion(fps=float(arrays["fps"]), skeleton=skeleton, **known)


def table_of_motion(motion: Motion) -> pd.DataFrame:
    """Return one row per frame, with a column for each coordinate of each joint."""
    names = _joint_names(motion)
    n_clips, n_frames, _n_joints, n_axes = motion.shape
    if n_axes > 3:
        raise ValueError(f"expected at most 3 axes in a table, got {n_axes}: write an NPZ")
    values, columns = motion.position, [f"{j}_{a}" for j in names for a in "xyz"[:n_axes]]
    if motion.confidence is not None:
        values = np.concatenate([values, motion.confidence[..., None]], axis=-1)
        each = [*"xyz"[:n_axes], "confidence"]
        columns = [f"{j}_{a}" for j in names for a in each]
    frame = np.tile(np.arange(n_frames), n_clips)
    table = pd.DataFrame(np.asarray(values, float).reshape(len(frame), -1), columns=columns)
    table.insert(0, "frame", frame)
    table.insert(1, "time", frame / motion.fps)
    if n_clips > 1:
        table.insert(0, "clip", np.repeat(np.arange(n_clips), n_frames))
    return table


def _joint_names(motion: Motion) -> tuple[str, ...]:
    if motion.skeleton is None:
        return tuple(f"joint{i}" for i in range(motion.n_joints))
    return motion.skeleton.joints


def _write_parquet(motion: Motion, path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.Table.from_pandas(table_of_motion(motion), preserve_index=False)
    about: dict[str, Any] = {"version": 1, "fps": motion.fps}
    if motion.skeleton is not None:
        about["bones"] = [list(bone) for bone in motion.skeleton.bones]
    metadata = {**(table.schema.metadata or {}), MARK.encode(): json.dumps(about).encode()}
    parquet.write_table(table.replace_schema_metadata(metadata), path)


def _check_parquet(file: Any, stored: int) -> list[str]:
    """Refuse a table that is far larger than its file; return the names of columns of text."""
    from pyarrow import types

    about = file.metadata
    check_unpacked(8 * about.num_rows * about.num_columns, stored, "a table")
    # Not by column: pyarrow ends the process where what a file says of a column is damaged.
    size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    check_unpacked(size, stored, "a table")
    texts = []
    for field in file.schema_arrow:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if types.is_string(kind) or types.is_large_string(kind):
            texts.append(field.name)
        elif not types.is_primitive(kind):
            raise NotPoses(
                f"is Parquet with the column {field.name!r} of {field.type}, expected columns of "
                "numbers or text"
            )
    return texts


def take_of_parquet(content: bytes) -> Take:
    """Return the take in a Parquet table, ours or anybody's with the same columns."""
    require("pyarrow", extra="parquet", purpose="reading poses from Parquet")
    from pyarrow import parquet

    try:
        texts = _check_parquet(parquet.ParquetFile(io.BytesIO(content)), len(content))
        # A dictionary of texts, since one long text could stand in every row.
        table = parquet.read_table(io.BytesIO(content), read_dictionary=texts)
    except (OSError, ValueError) as error:
        if isinstance(error, (NotPoses, LimitError)):
            raise
        raise NotPoses(
            f"is Parquet, but cut off or damaged ({error}): copy or write it again"
        ) from error
    for name in texts:
        for chunk in table[name].chunks:
            if max(map(len, chunk.dictionary.to_pylist()), default=0) > 1000:
                raise NotPoses(f"is Parquet with a text of over 1,000 characters in {name!r}")
    about = json.loads((table.schema.metadata or {}).get(MARK.encode(), b"{}"))
    frame = table.to_pandas()
    frame = frame.astype({name: object for name in texts if name in frame})
    take = take_of_table(frame, fps=about.get("fps"))
    if take.joints is not None and "bones" in about:
        place = {joint: i for i, joint in enumerate(take.joints)}
        take.bones = tuple((place[a], place[b]) for a, b in about["bones"])
    return take
