"""`read_poses`: a file of poses to a `Motion`, whoever wrote it."""

from __future__ import annotations

import gzip
import io
import os
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import Integral, Real, check_choice, raise_all
from ..motion.container import Motion
from ..motion.skeletons import Skeleton, get_skeleton, named_skeleton
from ._arrays import load_npz, take_of_arrays, take_of_hdf5, take_of_pickle
from ._bvh import parse_bvh
from ._c3d import parse_c3d
from ._json import parse_json, parse_json_folder
from ._order import is_frame_file, is_hidden
from ._people import PERSON_RULES, choose_person
from ._tables import parse_csv
from ._take import NotPoses, Take, hide_unseen
from ._write import MARK, motion_of_arrays, take_of_parquet

ASSUMED_FPS = 30.0

_FOREIGN = {
    b"RIFF": "sound or video",
    b"OggS": "sound",
    b"ID3": "sound",
    b"fLaC": "sound",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"%PDF": "a PDF",
    b"\x1aE\xdf\xa3": "a video",
}


@dataclass(frozen=True)
class Options:
    """How a file is to be understood; checked once, then passed on whole."""

    fps: float | None = None
    skeleton: Skeleton | str | None = None
    person: str | int = "largest"
    coordinates: str = "image"
    image_size: Sequence[float] | None = None
    min_confidence: float = 0.0
    camera: int = 0
    end_sites: bool = False

    def __post_init__(self) -> None:
        problems = []
        fps = self.fps
        if fps is not None and not (_is_number(fps) and 0 < fps < np.inf):
            problems.append(f"expected fps above 0 frames a second or None, got {fps!r}")
        if isinstance(self.person, str) or not _is_whole(self.person):
            try:
                check_choice(self.person, PERSON_RULES, name="person")
            except ValueError as error:
                problems.append(f"{error} A number picks a person by place.")
        if not (_is_number(self.min_confidence) and self.min_confidence >= 0):
            problems.append(f"expected min_confidence of at least 0, got {self.min_confidence!r}")
        if not _is_whole(self.camera) or self.camera < 0:
            problems.append(f"expected camera as a number from 0, got {self.camera!r}")
        size = self.image_size
        if size is not None and not (np.shape(size) == (2,) and min(size) > 0):
            problems.append(f"expected image_size as (width, height) in pixels, got {size!r}")
        raise_all(problems)
        check_choice(self.coordinates, ("image", "world"), name="coordinates")
        if isinstance(self.skeleton, str):
            object.__setattr__(self, "skeleton", get_skeleton(self.skeleton))


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
    """Read poses from a file, whichever tracker or motion capture wrote it.

    The format is told by the content, so a name may end as it likes; a file may be compressed
    with gzip.

    Parameters
    ----------
    path : str or PathLike
        A file, or a folder (or ZIP) of JSON files of one frame each.
    fps : float or None, default=None
        Frames a second of the file. None takes the file's word; where it tells nothing, 30 is
        assumed with a warning. The frames stay as they are: `Motion.resample` changes the rate.
    skeleton : Skeleton, str or None, default=None
        Who the joints are. None takes the file's names, or tells by their number.
    person : {"largest", "first", "follow"} or int, default="largest"
        Whose poses to keep where a frame has several people. Where the file has identities
        (DeepLabCut's individuals, SLEAP and movement, ``track_id``, AlphaPose's ``idx``, a column
        ``track``), one person is followed through the take: the one who is largest over the whole
        take (``"largest"``, ``"follow"``), the first (``"first"``), or the one at this place in the
        order of the identities. Without identities, ``"largest"`` begins with the person whose
        joints span the largest box, goes on with the nearest one, and changes to another person
        whose box is larger by half, with a warning; ``"follow"`` never changes; ``"first"`` and a
        number are places in each frame.
    coordinates : {"image", "world"}, default="image"
        What to take where a file has both: x and y in the image, or x, y and z in metres about
        the hips (MediaPipe, ``pose_keypoints_3d`` of OpenPose, ``keypoints3D`` of tfjs).
    image_size : (width, height) or None, default=None
        Pixels by which to multiply coordinates that lie in 0..1 (MediaPipe, RunwayML), lest a
        picture that is not square distorts the dancer. Not used in world coordinates.
    min_confidence : float, default=0.0
        Joints of lower confidence are NaN. A joint whose confidence is not known stays.
    camera : int, default=0
        Which of the nine cameras of AIST++'s ``keypoints2d``.
    end_sites : bool, default=False
        Whether the tips of a BVH's branches are joints too, named after their parent.

    Returns
    -------
    Motion
        One clip, the whole take, in the file's unit of length, with confidence where the file
        has it. Files that `write_poses` wrote give back all their clips.

    See Also
    --------
    write_poses : Write NPZ, CSV or Parquet.
    sklearn_asdf.datasets.load_folder : Pair pose and sound files, cut into clips.

    Notes
    -----
    ==================  ========================================================================
    format              what is read
    ==================  ========================================================================
    ASDF batch          JSON with ``frameRate`` and ``frames``; interpolated frames and those of
                        score 0 are NaN
    RunwayML            ``{"poses", "scores"}``, one frame a file or a list of frames
    tfjs, ml5           PoseNet, MoveNet and BlazePose: a list of frames (a flat list of poses
                        has one pose a frame)
    OpenPose            BODY_25 and COCO-18, a folder of frames or a list of them
    MMPose              predictions of the demos (``instance_info``, ``preds``) and of the
                        inferencer, a list of frames or a folder of pictures
    COCO, AlphaPose     results or annotations; images are in the order of their frame numbers,
                        file names or ids. AlphaPose's objects by image too
    MediaPipe           33 landmarks a frame, as objects or as lists x, y, z, visibility
    AIST++              ``keypoints3d_optim``, ``keypoints2d``, ``smpl_poses``, pickled or NPZ,
                        60 fps; SMPL rotations move a skeleton of average proportions, 1.7 m tall
    Dance with Melody   NPZ with ``skeletons`` and ``center``: their sum
    NPZ, NPY            ``keypoints`` (or ``position``, ``poses``, ``landmarks``) of shape
                        (n_frames, n_joints, 2 to 4), ``fps``, ``confidence``
    BVH                 positions by forward kinematics; position channels replace the offset
                        unless they are all zero. Frame counts may be off by some
    CSV, Parquet        ``JOINT_x, JOINT_y, [JOINT_z, JOINT_confidence]``, or one row a joint with
                        ``frame, joint, x, y``; DeepLabCut (2-D, triangulated, labelled) and SLEAP
                        exports; decimal commas where semicolons or tabs part the columns; 72
                        columns without names are the Laban effort recordings (120 fps)
    HDF5                SLEAP analysis files, DeepLabCut tables and movement data sets (needs
                        h5py)
    C3D                 all markers (needs ezc3d), but no angles, forces, moments or powers; a
                        point at the origin that no camera saw is NaN
    ==================  ========================================================================

    Frames without a person, joints of confidence 0 and coordinates that are not finite are NaN. A
    confidence that is absent or NaN is not known: the joint stays, and its confidence is NaN (None
    if it is known nowhere). Where a file has names but no bones, the bones are those between the
    joints whose names are known, whatever their style (``RShoulder``, ``shoulder.R``,
    ``mixamorig:RightArm``). Files that macOS adds to folders and archives are left out. Axes stay
    the file's own: in an image, y points down. Pickles are never run: only arrays of plain numbers
    are taken out of them.

    Whatever else a file holds, or lacks, ends in a ValueError that names the file.

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
    motion, _, assumed = read_with(path, options)
    if assumed:
        warnings.warn(
            f"{os.fspath(path)!r} does not tell its frame rate, {ASSUMED_FPS:g} fps are assumed: "
            "pass fps",
            UserWarning,
            stacklevel=2,
        )
    return motion


def read_with(path: str | os.PathLike[str], options: Options) -> tuple[Motion, float, bool]:
    """Return the motion, its start on the clock of the sound, and whether its fps is a guess."""
    place = Path(path)
    if not place.exists():
        raise FileNotFoundError(f"expected a file of poses, but there is no {str(place)!r}")
    try:
        found = _open(place, options)
        if isinstance(found, Motion):
            return _own(found, options), 0.0, False
        motion, jumps = _motion_of(found, options)
        if jumps:
            warnings.warn(
                f"{str(place)!r} does not say who is who, and person='largest' changes to another "
                f"person {jumps} time(s): pass person='follow' to stay with one",
                UserWarning,
                stacklevel=3,
            )
        start = found.start + found.first / motion.fps
        return motion, start, (options.fps or found.fps) is None
    except NotPoses as error:
        what = "folder" if place.is_dir() else "file"
        raise ValueError(f"expected poses in {str(place)!r}, but the {what} {error}") from error


def _open(path: Path, options: Options) -> Take | Motion:
    if path.is_dir():
        return _folder(path, options)
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise NotPoses(
                f"is compressed with gzip and cut off or damaged ({error}): copy it again"
            ) from error
    if not content.strip():
        raise NotPoses("is empty: export it again")
    try:
        return _parse(content, options)
    except (NotPoses, ImportError):
        raise
    # A damaged file can fail anywhere in any parser; the user needs the file's name.
    except Exception as error:
        raise NotPoses(
            f"is damaged or in an unknown variant of its format ({type(error).__name__}: {error}):"
            " export it again, or as CSV with columns JOINT_x, JOINT_y"
        ) from error


def _parse(content: bytes, options: Options) -> Take | Motion:
    if content[:4] == b"PK\x03\x04":
        return _zip(content, options)
    if content[:6] == b"\x93NUMPY":
        return take_of_arrays(load_npz(content), coordinates=options.coordinates)
    if content[:4] == b"PAR1":
        return take_of_parquet(content)
    if content[:8] == b"\x89HDF\r\n\x1a\n":
        return take_of_hdf5(content)
    if content[:1] == b"\x80":
        return take_of_pickle(content, camera=options.camera)
    if content[1:2] == b"P" and content[0] < 9:
        return parse_c3d(content)
    for magic, what in _FOREIGN.items():
        if content.startswith(magic):
            raise NotPoses(f"is {what}: find the poses in a video with a pose tracker first")
    if b"\x00" in content[:1000] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotPoses(
            "is binary and of no known format, expected JSON, NPZ, BVH, CSV, Parquet, HDF5, C3D "
            "or a pickle of arrays"
        )
    return _parse_text(_decode(content), options)


def _parse_text(text: str, options: Options) -> Take:
    start = text.lstrip()
    if start[:1] in ("{", "["):
        return parse_json(text, coordinates=options.coordinates)
    if start[:9].upper() == "HIERARCHY":
        return parse_bvh(start, end_sites=options.end_sites)
    if start.startswith("<"):
        raise NotPoses("is XML or HTML, perhaps a page that was saved in place of the file")
    if start.startswith("version https://git-lfs"):
        raise NotPoses("is a Git LFS pointer: fetch the real file with git lfs pull")
    skeleton = options.skeleton
    return parse_csv(text, n_joints=None if skeleton is None else len(skeleton))


def _zip(content: bytes, options: Options) -> Take | Motion:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            names = [n for n in file.namelist() if n.lower().endswith(".json") and not is_hidden(n)]
            if names:
                texts = {n: _decode(file.read(n)) for n in sorted(names)}
                return parse_json_folder(texts, coordinates=options.coordinates)
        arrays = load_npz(content)
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
    for file in files:
        content = file.read_bytes()
        try:
            texts[file.name] = _decode(
                gzip.decompress(content) if content[:1] == b"\x1f" else content
            )
        except (EOFError, OSError, zlib.error) as error:
            raise NotPoses(f"holds {file.name}, which is damaged ({error})") from error
    return parse_json_folder(texts, coordinates=options.coordinates)


def _decode(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")


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
    """Return the registered skeleton that a take names or has the joints of, or its own."""
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


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))
