"""Poses in JSON: ASDF batches, RunwayML, tfjs and ml5, OpenPose, COCO, AlphaPose, MediaPipe.

Each of them says, in its own words, who stands where in one frame. `people_of` understands the
words of one frame; `parse_json` finds the frames and what the file tells about all of them.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ._limits import check_shape
from ._take import (
    NotPoses,
    Person,
    Take,
    gather,
    last_number,
    place_by_number,
    single,
)

COCO17 = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip

_CONFIDENCE = ("score", "confidence", "visibility", "likelihood", "presence", "c")
_IMAGE = ("pose_landmarks", "poseLandmarks", "landmarks", "image_landmarks", "landmark")
_WORLD = ("pose_world_landmarks", "poseWorldLandmarks", "worldLandmarks", "world_landmarks")
_OPENPOSE = {
    "image": ("pose_keypoints_2d", "pose_keypoints"),
    "world": ("pose_keypoints_3d",),
}


def parse_json(text: str, *, coordinates: str = "image") -> Take:
    """Return the take that one JSON document holds."""
    try:
        document = _decode(text)
    except json.JSONDecodeError as error:
        raise NotPoses(
            f"is no whole JSON ({error.msg} at line {error.lineno}, column {error.colno}): it is "
            "cut off or damaged, so export it again"
        ) from error
    return take_of(document, coordinates=coordinates)


def parse_json_folder(texts: dict[str, str], *, coordinates: str = "image") -> Take:
    """Return the take whose frames are one JSON document each, ordered by number in the name."""
    frames, kinds = [], set()
    for name, text in texts.items():
        try:
            people, kind = people_of(_decode(text), coordinates)
        except json.JSONDecodeError as error:
            raise NotPoses(
                f"holds {name}, which is no whole JSON ({error.msg} at line {error.lineno}): it "
                "is cut off or damaged, so export it again or remove it"
            ) from error
        except NotPoses as error:
            raise NotPoses(f"holds {name}, which {error}") from error
        frames.append(people)
        kinds.add(kind)
    kinds.discard("")
    if len(kinds) > 1:
        raise NotPoses(f"holds frames of several formats ({', '.join(sorted(kinds))})")
    numbers = [_frame_number(name) for name in texts]
    kind = kinds.pop() if kinds else "JSON frames"
    # Trackers write a file for every frame: where the numbers begin is where the take does.
    return _finish(place_by_number(frames, numbers)[0], format=kind)


def _decode(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise NotPoses("is JSON of lists within lists, nested far too deep") from None


def take_of(document: Any, *, coordinates: str = "image") -> Take:
    """Return the take of a decoded JSON document."""
    fps = None
    if isinstance(document, dict):
        if "annotations" in document:
            return _coco(document["annotations"], document)
        for key in ("fps", "frameRate", "frame_rate", "framerate"):
            if isinstance(document.get(key), (int, float)) and document[key] > 0:
                fps = float(document[key])
                break
        if isinstance(document.get("frames"), list):
            frames = document["frames"]
            if any(isinstance(f, dict) and "interpolation" in f for f in frames):
                return _asdf(frames, fps)
            document = frames
        else:
            document = [document]
    if not isinstance(document, list):
        raise NotPoses(f"holds {_name(document)} where poses were expected")
    if not document:
        raise NotPoses("holds no frames")
    first = next((entry for entry in document if entry), None)
    if isinstance(first, dict) and "image_id" in first and "keypoints" in first:
        return _coco(document, {})
    # A bare list of landmarks or of coordinates is one frame, not a frame a joint.
    if _is_joint(first):
        document = [document]
    frames, kinds = [], set()
    for i, entry in enumerate(document):
        try:
            people, kind = people_of(entry, coordinates)
        except NotPoses as error:
            raise NotPoses(f"holds frame {i}, which {error}") from error
        frames.append(people)
        kinds.add(kind)
    kinds.discard("")
    return _finish(frames, format=kinds.pop() if len(kinds) == 1 else "JSON frames", fps=fps)


def people_of(frame: Any, coordinates: str) -> tuple[list[Person], str]:
    """Return the people in one frame, and whose way of writing it is."""
    if not frame:
        return [], ""
    if isinstance(frame, dict):
        return _people_of_dict(frame, coordinates)
    if not isinstance(frame, list):
        raise NotPoses(f"is {_name(frame)} where a pose was expected")
    if _is_joint(frame[0]):
        return [_landmarks(frame, coordinates)], "MediaPipe"
    people: list[Person] = []
    kind = ""
    for entry in frame:
        found, kind = people_of(entry, coordinates)
        people += found
    return people, kind


def _people_of_dict(frame: dict, coordinates: str) -> tuple[list[Person], str]:
    if "people" in frame:
        return _each(frame["people"], lambda p: _openpose(p, coordinates)), "OpenPose"
    if any(key in frame for keys in _OPENPOSE.values() for key in keys):
        return [_openpose(frame, coordinates)], "OpenPose"
    if any(key in frame for key in _IMAGE + _WORLD):
        wanted = _IMAGE if coordinates == "image" else _WORLD
        found = next((frame[key] for key in wanted if key in frame), None)
        if found is None and not any(key in frame for key in wanted):
            raise NotPoses(
                f"has no {coordinates} landmarks: read it with coordinates="
                f"{'world' if coordinates == 'image' else 'image'!r}"
            )
        return people_of(found, coordinates)[0], "MediaPipe"
    if "poses" in frame:
        poses, scores = frame["poses"], frame.get("scores")
        if isinstance(scores, list) and isinstance(poses, list) and len(scores) == len(poses):
            return _each(list(zip(poses, scores)), lambda p: _runway(*p)), "RunwayML PoseNet"
        return people_of(poses, coordinates)
    if "pose" in frame:
        return people_of(frame["pose"], coordinates)
    key = "keypoints3D" if coordinates == "world" and "keypoints3D" in frame else "keypoints"
    if key in frame:
        if not frame[key]:
            return [], "tfjs"
        return [_keypoints(frame[key], coordinates)], "tfjs"
    raise NotPoses(
        f"has the keys {', '.join(map(repr, list(frame)[:8]))}, none of which names poses "
        "(people, poses, keypoints, landmarks)"
    )


def _openpose(person: dict, coordinates: str) -> Person:
    width = 3 if coordinates == "image" else 4
    flat = next((person[key] for key in _OPENPOSE[coordinates] if person.get(key)), None)
    if flat is None:
        raise NotPoses(f"has a person without {' or '.join(_OPENPOSE[coordinates])}")
    values = _numbers(flat)
    if values.ndim != 1 or len(values) % width:
        raise NotPoses(f"has a person of {values.size} numbers, expected {width} for each joint")
    values = values.reshape(-1, width)
    return Person(values[:, :-1], values[:, -1])


def _runway(pose: Any, score: Any) -> Person:
    position = _numbers(pose)
    if position.ndim != 2 or position.shape[1] < 2:
        raise NotPoses("has a pose that is no list of [x, y]")
    return Person(position[:, :2], np.full(len(position), float(score)))


def _keypoints(joints: Any, coordinates: str) -> Person:
    """tfjs and ml5: a list of named joints, with or without a `position` of their own."""
    if not isinstance(joints, list) or not all(isinstance(j, dict) for j in joints):
        values = _numbers(joints)
        if values.ndim == 1 and len(values) % 3 == 0:
            values = values.reshape(-1, 3)
            return Person(values[:, :2], values[:, 2])
        if values.ndim == 2 and values.shape[1] in (2, 3):
            return Person(values[:, :2], values[:, 2] if values.shape[1] == 3 else None)
        raise NotPoses("has keypoints that are neither named joints nor x, y, score")
    names = tuple(_snake(j.get("part") or j.get("name") or "") for j in joints)
    person = _landmarks([{**j, **(j.get("position") or {})} for j in joints], coordinates)
    if all(names) and len(set(names)) == len(names):
        person.joints = names
    return person


def _landmarks(joints: list, coordinates: str) -> Person:
    """Dicts of x, y, z, visibility or lists of them; depth is kept in world coordinates."""
    if isinstance(joints[0], dict):
        axes = "xyz" if coordinates == "world" and "z" in joints[0] else "xy"
        try:
            position = _numbers([[j[axis] for axis in axes] for j in joints])
        except (KeyError, TypeError) as error:
            raise NotPoses(f"has a joint without {' and '.join(axes)}") from error
        key = next((k for k in _CONFIDENCE if joints[0].get(k) is not None), None)
        confidence = None if key is None else _numbers([j.get(key) or 0.0 for j in joints])
        return Person(position, confidence)
    values = _numbers(joints)
    if values.ndim != 2:
        raise NotPoses("has joints of different length")
    n_axes = 3 if coordinates == "world" and values.shape[1] >= 3 else 2
    return Person(values[:, :n_axes], values[:, 3] if values.shape[1] == 4 else None)


def _asdf(frames: list, fps: float | None) -> Take:
    """The paper's batches: interpolated and score-0 frames hold no pose that was seen."""
    mask = np.array(
        [bool(not f.get("interpolation") and f.get("score") and f.get("data")) for f in frames]
    )
    seen = [frame for frame, has_pose in zip(frames, mask) if has_pose]
    if not seen:
        raise NotPoses(f"holds {len(frames)} frame(s) of an ASDF batch, none with a pose")
    counts = sorted({len(f["data"]) for f in seen})
    if len(counts) > 1:
        raise NotPoses(f"holds poses of {' and '.join(map(str, counts))} joints")
    numbers = [f.get("framRel", f.get("frameRel")) for f in frames]
    known = all(isinstance(n, int) for n in numbers)
    ordered = known and all(b > a for a, b in itertools.pairwise(numbers))
    at = np.array(numbers) - numbers[0] if ordered else np.arange(len(frames))
    if at[-1] >= 10 * len(frames) + 1000:
        at = np.arange(len(frames))
    values = _numbers([f["data"] for f in seen])
    if values.ndim != 3 or values.shape[2] < 2:
        raise NotPoses("holds an ASDF batch whose data is no list of [x, y]")
    check_shape((int(at[-1]) + 1, counts[0], 2), values.size, "an array of poses")
    position = np.full((at[-1] + 1, counts[0], 2), np.nan)
    confidence = np.zeros(position.shape[:2])
    position[at[mask]] = values[..., :2]
    confidence[at[mask]] = _numbers([f["score"] for f in seen])[:, None]
    skeleton = "coco17" if counts[0] == 17 else None
    return single(position, confidence, fps=fps, skeleton=skeleton, format="ASDF frame batch")


def _coco(entries: list, document: dict) -> Take:
    """COCO results, COCO annotations and AlphaPose: people that name the image they stand in."""
    images = {image["id"]: i for i, image in enumerate(document.get("images", ()))}
    categories = document.get("categories") or [{}]
    names = tuple(_snake(name) for name in categories[0].get("keypoints", ())) or None
    frames: dict[Any, list[Person]] = {image: [] for image in images}
    for entry in entries:
        if not entry.get("keypoints"):
            continue
        values = _numbers(entry["keypoints"])
        if values.size % 3:
            raise NotPoses(f"has keypoints of {values.size} numbers, expected x, y, c a joint")
        values = values.reshape(-1, 3)
        person = Person(values[:, :2], values[:, 2], names)
        frames.setdefault(entry["image_id"], []).append(person)
    numbers = [images.get(key, last_number(key)) for key in frames]
    placed, first = place_by_number(list(frames.values()), numbers)
    # Results leave out images without people; annotations list all images.
    return _finish(placed, first=0 if images else first, format="COCO keypoints")


def _finish(frames: list, **known: Any) -> Take:
    people = [person for frame in frames for person in frame]
    named = {joint for p in people if p.joints is not None for joint in p.joints}
    if named and named <= set(COCO17):
        return gather(frames, names=COCO17, skeleton="coco17", **known)
    layouts = {17: "coco17", 18: "openpose18", 25: "openpose25", 33: "mediapipe33"}
    skeleton = None if named or not people else layouts.get(len(people[0].position))
    return gather(frames, skeleton=skeleton, **known)


def _each(entries: Any, convert: Callable[[Any], Person]) -> list[Person]:
    if not isinstance(entries, list):
        raise NotPoses(f"has {_name(entries)} where a list of people was expected")
    return [convert(entry) for entry in entries if entry]


def _is_joint(entry: Any) -> bool:
    if isinstance(entry, dict):
        return "x" in entry and "y" in entry and "keypoints" not in entry
    return (
        isinstance(entry, list)
        and 2 <= len(entry) <= 4
        and all(isinstance(v, (int, float)) for v in entry)
    )


def _numbers(values: Any) -> np.ndarray:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise NotPoses(
            "has coordinates that are no numbers, or joints of unequal length"
        ) from error


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(name)).replace(" ", "_").lower()


def _frame_number(name: str) -> int | None:
    """The number before OpenPose's `_keypoints`, or the last one of the name."""
    return last_number(re.sub(r"\.json.*$", "", name))


def _name(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "text", type(None): "nothing"}.get(
        type(value), f"the value {value!r}"
    )
