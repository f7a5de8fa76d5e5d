"""`read_poses`: reads a pose file of any supported format as a `Motion`."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._files import one_line
from ..motion.container import Motion
from ..motion.skeletons import Skeleton, get_skeleton, named_skeleton
from ._arrays import arrays_of_zip, load_npy, take_of_arrays, take_of_hdf5, take_of_pickle
from ._bvh import parse_bvh
from ._c3d import parse_c3d
from ._captures import parse_capture
from ._content import decode, is_c3d, read_content, unpack
from ._json import parse_json, parse_json_folder
from ._limits import LimitError, Zip, check_size, check_tokens
from ._options import Options
from ._order import is_frame_file, is_hidden
from ._people import check_number, choose_person
from ._tables import parse_csv
from ._take import NotPoses, Take, hide_unseen
from ._write import MARK, motion_of_arrays, take_of_parquet

ASSUMED_FPS = 30.0
# Rates that differ by no more are the same, such as 29.97 and 30 Hz.
_SAME_RATE = 0.005
# Formats whose coordinates may be shares of the width and height of the picture.
_OF_PICTURES = ("MediaPipe", "RunwayML PoseNet", "tfjs")


def read_poses(
    path: str | os.PathLike[str],
    *,
    fps: float | None = None,
    skeleton: Skeleton | str | None = None,
    person: str | int = "largest",
    coordinates: str = "image",
    image_size: Sequence[float] | None = None,
    min_confidence: float = 0.0,
    camera: int = 0,
    end_sites: bool = False,
) -> Motion:
    """Read poses from a file of a pose tracker or a motion capture system.

    The format is recognized by the content, not by the name. Files may be compressed with gzip.

    Parameters
    ----------
    path : str or PathLike
        A file, or a folder (or ZIP) of JSON files of one frame each.
    fps : float or None, default=None
        Frame rate of the file in Hz, in place of the one that is stored in it. None uses the stored
        rate; if there is none, 30 is assumed with a warning. The frames are not resampled: see
        :meth:`Motion.resample <sklearn_asdf.Motion.resample>`.
    skeleton : Skeleton, str or None, default=None
        Names and bones of the joints. None uses the names in the file, or selects a skeleton by the
        number of joints.
    person : {"largest", "first", "follow"} or int, default="largest"
        Selection if frames have several people. If the file has identities (DeepLabCut's
        individuals, SLEAP and movement, ``track_id``, AlphaPose's ``idx``, a column ``track``), one
        person is read through the whole take: the one who is largest over the take (``"largest"``,
        ``"follow"``), the first (``"first"``), or the one at this index in the order of the
        identities. Without identities, ``"largest"`` starts with the person whose joints span the
        largest box, and continues with the nearest one. It changes, with a warning, to a person
        whose box is larger by half. ``"follow"`` never changes. ``"first"`` and a number are
        indices in each frame.
    coordinates : {"image", "world"}, default="image"
        Coordinates to read if a file has both: x and y in the image, or x, y and z in metres
        relative to the hips (MediaPipe, ``pose_keypoints_3d`` of OpenPose, ``keypoints3D`` of
        tfjs).
    image_size : (width, height) or None, default=None
        Pixels by which to multiply coordinates in [0, 1] (MediaPipe, RunwayML). Otherwise the
        dancer is distorted unless the picture is square, with a warning. Not used for world
        coordinates.
    min_confidence : float, default=0.0
        Joints of lower confidence are NaN. A joint of unknown confidence is kept.
    camera : int, default=0
        Index of the camera, of nine, in AIST++'s ``keypoints2d``.
    end_sites : bool, default=False
        Whether the end sites of a BVH file are joints too, named after their parent.

    Returns
    -------
    Motion
        One clip, the whole take, in the file's unit of length, with confidence if the file has it.
        Files of `write_poses` return all their clips.

    See Also
    --------
    write_poses : Write NPZ, CSV or Parquet.
    file_limits : Read files of unusual size that you trust.
    sklearn_asdf.datasets.load_folder : Pair pose and sound files, cut into clips.

    Notes
    -----
    ==================  ========================================================================
    format              what is read
    ==================  ========================================================================
    ASDF batch          JSON with ``frameRate`` and ``frames``; interpolated frames and those of
                        score 0 are NaN
    RunwayML            ``{"poses", "scores"}``, one frame per file or a list of frames
    tfjs, ml5           PoseNet, MoveNet and BlazePose: a list of frames (a flat list of poses
                        has one pose per frame)
    OpenPose            BODY_25 and COCO-18, a folder of frames or a list of them
    MMPose              predictions of the demos (``instance_info``, ``preds``) and of the
                        inferencer, a list of frames or a folder of pictures
    COCO, AlphaPose     results or annotations; images are in the order of their frame numbers,
                        file names or ids. AlphaPose's objects by image too
    MediaPipe           33 landmarks per frame, as objects or as lists x, y, z, visibility
    AIST++              ``keypoints3d_optim``, ``keypoints2d``, ``smpl_poses``, pickled or NPZ,
                        60 fps; SMPL rotations, also those of AMASS, are applied to an average
                        skeleton, 1.7 m tall
    Dance with Melody   NPZ with ``skeletons`` and ``center``: their sum
    NPZ, NPY            ``keypoints`` (or ``position``, ``poses``, ``landmarks``) of shape
                        (n_frames, n_joints, 2 to 4), ``fps``, ``confidence``
    BVH                 positions by forward kinematics; position channels replace the offset
                        unless they are all zero. Slightly wrong frame counts are accepted
    CSV, Parquet        ``JOINT_x, JOINT_y, [JOINT_z, JOINT_confidence]``, or one row per joint with
                        ``frame, joint, x, y``; DeepLabCut (2-D, triangulated, labelled) and SLEAP
                        exports; decimal commas if semicolons or tabs separate the columns; 72
                        columns without names are the Laban effort recordings (120 fps)
    HDF5                SLEAP analysis files, DeepLabCut tables and movement data sets (needs
                        h5py)
    TRC, Qualisys TSV,  all named markers (of Motive, the bones of the skeleton, if there are any),
    Motive, Nexus CSV   each ``subject:`` as a person; a marker at the origin is NaN
    MVNX                the origins of Xsens' segments
    C3D                 all markers, but no angles, forces, moments or powers; a point at the
                        origin that no camera saw is NaN
    ==================  ========================================================================

    Frames without a person, joints of confidence 0 and coordinates that are not finite are NaN. A
    confidence that is absent or NaN is unknown: the joint is kept, and its confidence is NaN (None
    if all are unknown). If a file has names but no bones, bones are added between the joints of
    known names, in any style (``RShoulder``, ``shoulder.R``, ``mixamorig:RightArm``). Files that
    macOS adds to folders and archives are ignored. Axes are those of the file: in an image, y
    points down. Pickles are not executed: only arrays of plain numbers are extracted.

    Any other or missing content raises a ValueError of one line that names the file.

    Only regular files are read, not pipes or devices, and no file makes another one be opened.
    Declared sizes are checked before anything is unpacked. The unpacked contents of a compressed or
    sparse file, and the array of all frames, people and joints, may be 100 times larger than the
    stored size, and always 16 MiB (compressed text: 64 MiB of Python objects). A file may have
    4 GiB, and a table 40,001 columns. `file_limits` raises the ratio and the size.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from pathlib import Path
    >>> from sklearn_asdf import Motion
    >>> from sklearn_asdf.io import read_poses, write_poses
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "dance.csv")
    ...     write_poses(Motion(np.zeros((1, 60, 17, 2)), fps=25, skeleton="coco17"), path)
    ...     read_poses(path)
    Motion(1 clip x 60 frames (2.4 s at 25 fps) x 17 joints (coco17) x 2 axes, float64)
    """
    options = Options(
        fps=fps,
        skeleton=skeleton,
        person=person,
        coordinates=coordinates,
        image_size=image_size,
        min_confidence=min_confidence,
        camera=camera,
        end_sites=end_sites,
    )
    motion, _, own_fps = read_with(path, options)
    if own_fps is None and fps is None:
        warnings.warn(
            f"{os.fspath(path)!r} does not tell its frame rate, {ASSUMED_FPS:g} fps are assumed: "
            "pass fps",
            UserWarning,
            stacklevel=2,
        )
    return motion


def contradicts(own_fps: float | None, fps: float | None) -> bool:
    """Tell whether a frame rate that was asked for differs from the one that a file has."""
    return own_fps is not None and fps is not None and abs(fps / own_fps - 1) > _SAME_RATE


def read_with(path: str | os.PathLike[str], options: Options) -> tuple[Motion, float, float | None]:
    """Return the motion, its start time in the sound, and the file's own fps, if it has one."""
    place = Path(path)
    if not place.exists():
        raise FileNotFoundError(f"expected a file of poses, but there is no {str(place)!r}")
    try:
        # Damaged numbers overflow; what they become is checked afterwards.
        with np.errstate(all="ignore"):
            motion, start, own_fps, jumps, shares = _take(place, options)
    except ImportError:
        raise
    except (NotPoses, LimitError) as error:
        raise _refused(place, str(error)) from error
    # A damaged file can fail anywhere in any parser; the user needs the file's name.
    except Exception as error:
        reason = f"{type(error).__name__}: {one_line(error, limit=300)}"
        raise _refused(
            place,
            f"is damaged or in an unknown variant of its format ({reason}): export it again, or as "
            "CSV with columns JOINT_x, JOINT_y",
        ) from error
    if shares:
        warnings.warn(
            f"{str(place)!r} has x as shares of the picture's width, and y of its height: unless "
            "the picture is square, this distorts the dancer and changes the features: pass "
            "image_size=(width, height)",
            UserWarning,
            stacklevel=3,
        )
    if jumps:
        warnings.warn(
            f"{str(place)!r} does not say who is who, and person='largest' changes to another "
            f"person {jumps} time(s): pass person='follow' to stay with one",
            UserWarning,
            stacklevel=3,
        )
    return motion, start, own_fps


def _refused(path: Path, reason: str) -> ValueError:
    what = "folder" if path.is_dir() else "file"
    return ValueError(f"expected poses in {str(path)!r}, but the {what} {one_line(reason)}")


def _take(path: Path, options: Options) -> tuple[Motion, float, float | None, int, bool]:
    """Return what `read_with` does, and what it warns of.

    That is how often the motion jumps to another person, and whether coordinates are shares of the
    size of a picture that is not known.
    """
    if path.is_dir():
        found: Take | Motion = _folder(path, options)
    else:
        found = _file(path, options)
    if isinstance(found, Motion):
        return _own(found, options), 0.0, found.fps, 0, False
    motion, jumps = _motion_of(found, options)
    start = found.start + found.first / motion.fps
    shares = options.image_size is None and _are_shares(found, motion)
    return motion, start, found.fps, jumps, shares


def _are_shares(take: Take, motion: Motion) -> bool:
    """Return whether coordinates are shares of the width and height of a picture."""
    tracked = take.format in _OF_PICTURES or motion.n_joints == len(get_skeleton("mediapipe33"))
    if motion.n_axes != 2 or not tracked:
        return False
    # Joints outside of the picture are guessed; people of one pixel are not.
    low, middle, high = np.nanquantile(motion.position, [0, 0.5, 1])
    return bool(low >= -1 and 0 <= middle <= 1 and high <= 2)


def _file(path: Path, options: Options) -> Take | Motion:
    content = read_content(path)
    stored = len(content)
    if content[:2] == b"\x1f\x8b":
        content = unpack(content)
    if not content.strip():
        raise NotPoses("is empty: export it again")
    return _parse(content, stored, options)


def _parse(content: bytes, stored: int, options: Options) -> Take | Motion:
    """Return what the unpacked content of a file of `stored` bytes holds."""
    if content[:4] == b"PK\x03\x04":
        return _zip(content, options)
    if content[:6] == b"\x93NUMPY":
        return take_of_arrays(load_npy(content), coordinates=options.coordinates)
    if content[:4] == b"PAR1":
        return take_of_parquet(content)
    if content[:8] == b"\x89HDF\r\n\x1a\n":
        return take_of_hdf5(content)
    if content[:1] == b"\x80":
        return take_of_pickle(content, camera=options.camera)
    if is_c3d(content):
        return parse_c3d(content)
    text = decode(content)
    if stored < len(content):
        check_tokens(text, stored)
    return _parse_text(text, options)


def _parse_text(text: str, options: Options) -> Take:
    start = text.lstrip()
    if start[:1] in ("{", "["):
        return parse_json(text, coordinates=options.coordinates)
    if start[:9].upper() == "HIERARCHY":
        return parse_bvh(start, end_sites=options.end_sites)
    capture = parse_capture(text)
    if capture is not None:
        return capture
    if start.startswith("<"):
        raise NotPoses("is XML or HTML, perhaps a page that was saved in place of the file")
    if start.startswith("version https://git-lfs"):
        raise NotPoses("is a Git LFS pointer: fetch the real file with git lfs pull")
    skeleton = options.skeleton
    return parse_csv(text, n_joints=None if skeleton is None else len(skeleton))


def _zip(content: bytes, options: Options) -> Take | Motion:
    try:
        with Zip(io.BytesIO(content), len(content)) as file:
            names = [n for n in file.namelist() if n.lower().endswith(".json") and not is_hidden(n)]
            if names:
                texts = {n: decode(file.whole(n)) for n in sorted(names)}
                check_tokens(texts.values(), len(content))
                return parse_json_folder(texts, coordinates=options.coordinates)
            arrays = arrays_of_zip(file)
    except zipfile.BadZipFile as error:
        raise NotPoses(
            f"is an NPZ or ZIP that is cut off or damaged ({error}): copy it again"
        ) from error
    if MARK in arrays:
        return motion_of_arrays(arrays)
    return take_of_arrays(arrays, coordinates=options.coordinates)


def _folder(path: Path, options: Options) -> Take:
    files = sorted(p for p in path.iterdir() if is_frame_file(p))
    if not files:
        raise NotPoses(
            f"has no JSON files of one frame each ({len(list(path.iterdir()))} other entries): "
            "give the path of one file, or see datasets.load_folder for many takes"
        )
    texts = {}
    total = 0
    for file in files:
        try:
            content = read_content(file)
            total += len(content)
            check_size(total)
            packed = content[:1] == b"\x1f"
            texts[file.name] = decode(unpack(content) if packed else content)
            if packed:
                check_tokens(texts[file.name], len(content))
        except ValueError as error:
            raise NotPoses(f"holds {file.name}, which {error}") from error
    return parse_json_folder(texts, coordinates=options.coordinates)


def _motion_of(take: Take, options: Options) -> tuple[Motion, int]:
    """Return the motion of one person, and how often it jumps to another one."""
    if not take.position.size:
        raise NotPoses("holds no frames")
    hide_unseen(take, options.min_confidence)
    if options.image_size is not None and options.coordinates == "image":
        width, height = options.image_size
        scale = np.array([width, height, width], dtype=float)
        take.position = take.position * scale[: take.position.shape[-1]]
    position, confidence, jumps = choose_person(take, options.person)
    if np.isnan(position).all():
        raise NotPoses(
            f"is read as {take.format}, but no joint is seen in any of its {len(position)} frames"
            + (": lower min_confidence" if options.min_confidence else "")
        )
    n_joints = position.shape[1]
    skeleton = options.skeleton or skeleton_of(take)
    if skeleton is not None and len(skeleton) != n_joints:
        raise NotPoses(
            f"is read as {take.format} with {n_joints} joints, but the skeleton has "
            f"{len(skeleton)}: give one with the file's joints, or None"
        )
    position = position.reshape(take.n_clips, -1, *position.shape[1:])
    if confidence is not None:
        confidence = confidence.reshape(position.shape[:3])
    fps = options.fps or take.fps or ASSUMED_FPS
    return Motion(position, fps=fps, skeleton=skeleton, confidence=confidence), jumps


def skeleton_of(take: Take) -> Skeleton | None:
    """Return the registered skeleton of the take's name or joints, or else its own."""
    n_joints = take.position.shape[2]
    if take.joints is not None:
        joints = take.joints
        bones = None if take.bones is None else [(joints[a], joints[b]) for a, b in take.bones]
        return named_skeleton(joints, bones)
    if take.skeleton is not None:
        return get_skeleton(take.skeleton)
    # Arrays without names: the layouts that only one tracker has.
    known = {17: "coco17", 18: "openpose18", 33: "mediapipe33"}
    return get_skeleton(known[n_joints]) if n_joints in known else None


def _own(motion: Motion, options: Options) -> Motion:
    """Apply what was asked for to a motion that came whole from our own NPZ."""
    check_number(options.person, 1)
    changes: dict[str, Any] = {}
    if options.fps is not None:
        changes["fps"] = options.fps
    if options.skeleton is not None:
        changes["skeleton"] = options.skeleton
    if options.min_confidence and motion.confidence is not None:
        low = motion.confidence < options.min_confidence
        changes["position"] = np.where(low[..., None], np.nan, motion.position)
    arrays = {name: getattr(motion, name) for name in motion.__dataclass_fields__}
    return Motion(**{**arrays, **changes}) if changes else motion
